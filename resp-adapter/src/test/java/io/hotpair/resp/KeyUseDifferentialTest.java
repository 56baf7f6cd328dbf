package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MaxMemoryPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What commands count of the keys that they look for: the hits and misses of INFO beside those of a
 * real redis-server, and which of them are uses of a key.
 */
class KeyUseDifferentialTest {
    private static final String[] SETUP = {
        "set s abc",
        "set long " + "x".repeat(70_000),
        "setbit b 7 1",
        "hset h f v g w",
        "rpush l a b c",
        "rpush n 3 1 2",
        "sadd t a b",
        "sadd i 1 2",
        "sadd u a c",
        "zadd z 1 a 2 b",
        "geoadd p 13.361389 38.115556 a 15.087269 37.502669 c",
        "xadd x 1-1 f v",
        "xgroup create x g 0",
        "pfadd q a b",
        "pfadd r c",
        "set d v px 100000000",
    };

    /**
     * Lines; one with a name after an @ is sent with that key, and then with one that is absent.
     */
    private static final String[] LINES = {
        "get @s",
        "get long",
        "get h",
        "mget @s",
        "mget s - s h",
        "strlen @s",
        "strlen h",
        "getrange @s 0 1",
        "getrange @s 0 -1",
        "getrange @s -2 1",
        "substr @s 0 -1",
        "lcs @s s",
        "lcs s b len",
        "lcs s - idx",
        "bitcount @b",
        "bitcount @b 0 -1",
        "bitpos @b 1",
        "bitpos @b 0 0 -1",
        "getbit @b 7",
        "bitfield_ro @b get u8 0 get u8 1",
        "bitfield @b get u8 0",
        "exists @s",
        "exists s - s",
        "touch @s",
        "touch s - s",
        "type @s",
        "ttl @d",
        "ttl s",
        "pttl @d",
        "expiretime @d",
        "pexpiretime @d",
        "dump @s",
        "dump @h",
        "dump long",
        "object encoding @s",
        "object encoding @h",
        "object encoding l",
        "object encoding t",
        "object encoding i",
        "object encoding z",
        "object encoding x",
        "object refcount @s",
        "object idletime @s",
        "object freq @s",
        "memory usage @s",
        "memory usage @h",
        "sort @l alpha",
        "sort @n",
        "sort @n store o",
        "sort_ro @n",
        "sort_ro n by nosort",
        "scan 0 count 100",
        "scan 0 count 100 type hash",
        "keys *",
        "randomkey",
        "dbsize",
        "hget @h f",
        "hget h nosuch",
        "hmget @h f g x",
        "hgetall @h",
        "hkeys @h",
        "hvals @h",
        "hlen @h",
        "hexists @h f",
        "hstrlen @h f",
        "hrandfield @h",
        "hrandfield @h 2",
        "hrandfield @h -2 withvalues",
        "hscan @h 0",
        "llen @l",
        "lindex @l 0",
        "lindex l 9",
        "lrange @l 0 -1",
        "lrange l 2 1",
        "lpos @l a",
        "lpos @l a count 0 rank -1",
        "scard @t",
        "sismember @t a",
        "smismember @t a b",
        "smembers @t",
        "srandmember @t",
        "srandmember @t 2",
        "srandmember @t -2",
        "sscan @t 0",
        "sinter @t u",
        "sinter t @u",
        "sinter t",
        "sunion @t u",
        "sdiff @t u",
        "sdiff t t",
        "sintercard 2 @t u",
        "sintercard 2 t u limit 1",
        "zcard @z",
        "zscore @z a",
        "zmscore @z a b",
        "zcount @z 0 5",
        "zlexcount @z - +",
        "zrange @z 0 -1",
        "zrange @z 0 5 byscore",
        "zrange @z - + bylex",
        "zrange @z 0 -1 rev withscores",
        "zrevrange @z 0 -1",
        "zrangebyscore @z 0 5",
        "zrangebyscore @z 0 5 limit 0 1",
        "zrevrangebyscore @z 5 0",
        "zrangebylex @z - +",
        "zrevrangebylex @z + -",
        "zrank @z a",
        "zrevrank @z a",
        "zscan @z 0",
        "zrandmember @z",
        "zrandmember @z 2",
        "zrandmember @z -2 withscores",
        "zunion 2 @z t",
        "zinter 2 @z t",
        "zinter 2 t @z withscores",
        "zdiff 2 @z z",
        "zintercard 2 @z z",
        "geopos @p a",
        "geodist @p a c",
        "geohash @p a",
        "geosearch @p fromlonlat 15 37 byradius 200 km",
        "geosearch @p frommember a byradius 200 km",
        "georadius_ro @p 15 37 200 km",
        "georadiusbymember_ro @p a 200 km",
        "georadius @p 15 37 200 km",
        "georadiusbymember @p a 200 km",
        "xlen @x",
        "xrange @x - +",
        "xrevrange @x + -",
        "xread streams @x 0",
        "xread streams @x x 0 0",
        "xpending @x g",
        "xpending @x g - + 10",
        "xinfo stream @x",
        "xinfo stream @x full",
        "xinfo groups @x",
        "xinfo consumers @x g",
        "pfcount @q",
        "pfcount @q r",
        "pfcount q @r",
        "watch @s",
        "unwatch",
        "set k v",
        "set k v get",
        "set k v xx",
        "set k v nx",
        "getset @k v",
        "getex @k",
        "getex @k px 100000",
        "getex @k persist",
        "getdel @k",
        "append k v",
        "setrange k 1 v",
        "incr c",
        "incrbyfloat c 1",
        "setnx k v",
        "mset k v",
        "msetnx k v",
        "expire @k 100",
        "persist @k",
        "del nosuch",
        "setbit b 3 1",
        "bitfield b set u8 0 1",
        "hset h f v",
        "hsetnx h f v",
        "hincrby h c 1",
        "hdel @h nosuch",
        "rpush l a",
        "lpushx @l a",
        "linsert @l before a b",
        "lset l 0 x",
        "lrem @l 0 x",
        "ltrim @l 0 9",
        "lpop @l",
        "lpop @l 1",
        "sadd t a",
        "srem @t nosuch",
        "spop @u",
        "zadd z 1 a",
        "zincrby z 0 a",
        "zrem @z nosuch",
        "zpopmin nosuch",
        "zremrangebyrank @z 5 6",
        "zremrangebyscore @z 50 60",
        "zremrangebylex @z [zz [zzz",
        "geoadd p 13.361389 38.115556 a",
        "xadd x * f v",
        "xadd @x nomkstream * f v",
        "xdel @x 5-5",
        "xtrim @x maxlen 100",
        "pfadd q a",
        "xack @x g 1-1",
        "xclaim @x g c 0 1-1",
        "xautoclaim @x g c 0 0",
        "copy @s copied",
        "copy @s copied replace",
        "bitop and o @b b",
        "bitop not o @b",
        "sinterstore o @t i",
        "sunionstore o @t i",
        "sdiffstore o t @i",
        "zunionstore o 2 @z t",
        "zinterstore o 2 @z t weights 1 2",
        "zdiffstore o 2 z @t",
        "zrangestore o @z 0 -1",
        "geosearchstore o @p fromlonlat 15 37 byradius 200 km",
        "georadius @p 15 37 200 km store o",
        "pfmerge absent @q r",
        "pfmerge q",
        "restore s 0 x",
    };

    private static final Pattern COUNTS =
            Pattern.compile("keyspace_hits:(\\d+)\r\nkeyspace_misses:(\\d+)\r\n");

    /** Hits and misses so far. */
    private static long[] counts(RawClient client) {
        Matcher found = COUNTS.matcher(client.call("INFO", "stats"));
        assertTrue(found.find());
        return new long[] {Long.parseLong(found.group(1)), Long.parseLong(found.group(2))};
    }

    private static List<String> counted(int port, String... lines) {
        List<String> counted = new ArrayList<>();
        try (RawClient client = new RawClient(port)) {
            for (String line : SETUP) {
                client.call(line.split(" ", -1));
            }
            for (String line : lines) {
                String absent = line.replaceAll("@\\w+", "-");
                count(client, line.replace("@", ""), counted);
                if (!absent.equals(line)) {
                    count(client, absent, counted);
                }
            }
        }
        return counted;
    }

    private static void count(RawClient client, String line, List<String> into) {
        long[] before = counts(client);
        String unused = client.call(line.split(" ", -1));
        long[] after = counts(client);
        into.add(
                line.replaceAll("x{20,}", "x*")
                        + ": "
                        + (after[0] - before[0])
                        + " hits, "
                        + (after[1] - before[1])
                        + " misses");
    }

    @Test
    void shouldCountHitsAndMissesAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            List<String> expected = counted(redis.port(), LINES);
            List<String> actual = counted(listener.port(), LINES);
            StringBuilder differences = new StringBuilder();
            for (int i = 0; i < expected.size(); i++) {
                if (!expected.get(i).equals(actual.get(i))) {
                    differences.append(expected.get(i)).append(", but ").append(actual.get(i));
                    differences.append('\n');
                }
            }
            assertEquals("", differences.toString());
        }
    }

    /** What Redis 8.6.3 counted; compared with it again where {@code newestRedis} names one. */
    @Test
    void shouldCountHitsAndMissesOfNewerCommandsAsTheNewestRedisDoes() {
        String[] lines = {
            "xdelex @x ids 1 5-5", "xackdel @x g ids 1 5-5", "xackdel x nosuch ids 1 1-1"
        };
        List<String> expected =
                List.of(
                        "xdelex x ids 1 5-5: 0 hits, 0 misses",
                        "xdelex - ids 1 5-5: 0 hits, 0 misses",
                        "xackdel x g ids 1 5-5: 1 hits, 0 misses",
                        "xackdel - g ids 1 5-5: 0 hits, 1 misses",
                        "xackdel x nosuch ids 1 1-1: 1 hits, 0 misses");
        if (System.getProperty(RealRedis.NEWEST) != null) {
            try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWEST)) {
                assertEquals(expected, counted(redis.port(), lines));
            }
        }
        try (TestListener listener = TestListener.open()) {
            assertEquals(expected, counted(listener.port(), lines));
        }
    }

    @Test
    void shouldKnowOfAllCommandsThatRead() {
        Set<String> known = new TreeSet<>();
        for (String line : LINES) {
            String[] words = line.split(" ", -1);
            known.add(words[0]);
            known.add(words[0] + "|" + words[Math.min(1, words.length - 1)]);
        }
        for (Command command : new CommandTable().everything()) {
            boolean reads = command.has(Command.Flag.READONLY) && command.hasKeys();
            boolean isOld = command.since().compareTo("7.1") < 0;
            if (reads && isOld && command.group() != Command.Group.SCRIPTING) {
                assertTrue(known.contains(command.fullName()), command.fullName());
            }
        }
    }

    /** Waits until a key was not used for a second. */
    private static void awaitIdle(RawClient client, String key) {
        Await.until(() -> isIdle(client, key), () -> client.call("OBJECT", "IDLETIME", key));
    }

    private static boolean isIdle(RawClient client, String key) {
        return !client.call("OBJECT", "IDLETIME", key).equals(":0\r\n");
    }

    /** Has a command look at the key until that is a use of it. */
    private static void awaitUse(RawClient client, String... command) {
        Await.until(
                () -> {
                    client.call(command);
                    return !isIdle(client, command[1]);
                },
                () -> client.call("OBJECT", "IDLETIME", command[1]));
    }

    @Test
    void shouldNotUseAKeyByLookingWhetherItIsThere() {
        try (RealRedis redis = RealRedis.start("--maxmemory-policy", "allkeys-lru");
                TestListener listener =
                        TestListener.open(64 << 20, MaxMemoryPolicy.ALLKEYS_LRU, c -> c)) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient client = new RawClient(port)) {
                    client.call("SET", "k", "v");
                    awaitIdle(client, "k");
                    for (String line :
                            List.of(
                                    "exists k",
                                    "type k",
                                    "ttl k",
                                    "pexpiretime k",
                                    "object encoding k",
                                    "object refcount k",
                                    "memory usage k",
                                    "scan 0 type string")) {
                        client.call(line.split(" ", -1));
                        assertTrue(isIdle(client, "k"), line);
                    }
                    awaitUse(client, "TOUCH", "k");
                    awaitIdle(client, "k");
                    awaitUse(client, "STRLEN", "k");
                }
            }
        }
    }

    @Test
    void shouldNotUseWhatAClientReadsThatDoesNotTouch() {
        try (TestListener listener =
                        TestListener.open(64 << 20, MaxMemoryPolicy.ALLKEYS_LRU, c -> c);
                RawClient client = listener.connect()) {
            client.call("SET", "k", "v");
            client.call("SADD", "t", "a");
            assertEquals("+OK\r\n", client.call("CLIENT", "NO-TOUCH", "ON"));
            assertTrue(client.call("CLIENT", "INFO").contains(" flags=T "));
            awaitIdle(client, "k");
            awaitIdle(client, "t");
            for (String line : List.of("get k", "mget k t", "strlen k", "getrange k 0 -1")) {
                client.call(line.split(" ", -1));
                assertTrue(isIdle(client, "k"), line);
            }
            for (String line : List.of("sinter t t", "smembers t", "sscan t 0")) {
                client.call(line.split(" ", -1));
                assertTrue(isIdle(client, "t"), line);
            }
            long[] before = counts(client);
            client.call("GET", "k");
            assertEquals(before[0] + 1, counts(client)[0]);
            awaitUse(client, "TOUCH", "k");
            client.call("CLIENT", "NO-TOUCH", "OFF");
            awaitIdle(client, "k");
            awaitUse(client, "GET", "k");
            awaitUse(client, "SINTER", "t");
        }
    }
}
