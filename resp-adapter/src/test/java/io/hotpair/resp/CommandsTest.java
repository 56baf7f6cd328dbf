package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a comparison with a real server does not show. */
class CommandsTest {
    private final TestListener listener = TestListener.open();
    private final RawClient client = listener.connect();

    @AfterEach
    void close() {
        client.close();
        listener.close();
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    @Test
    void shouldWalkOverAllKeysExactlyOnce() {
        for (int i = 0; i < 5000; i++) {
            listener.keyspace().put("key:" + i, "v");
        }
        Set<String> seen = new HashSet<>();
        String cursor = "0";
        Pattern keys = Pattern.compile("key:\\d+");
        do {
            String reply = client.call("SCAN", cursor, "COUNT", "100");
            cursor = reply.split("\r\n", -1)[2];
            Matcher matcher = keys.matcher(reply);
            while (matcher.find()) {
                assertTrue(seen.add(matcher.group()), matcher.group() + " came twice");
            }
        } while (!cursor.equals("0"));
        assertEquals(5000, seen.size());
        assertTrue(client.call("KEYS", "key:*").startsWith("*5000\r\n"));
        assertTrue(client.call("SCAN", "0", "COUNT", "9223372036854775807").startsWith("*2\r\n"));
        assertTrue(client.call("SCAN", "12345678901234567890").startsWith("*2\r\n"));
        assertEquals("+OK\r\n", client.call("FLUSHALL"));
        assertEquals(":0\r\n", client.call("DBSIZE"));
    }

    @Test
    void shouldGiveInOneGoWhatRedisKeepsPacked() {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            for (RawClient each : List.of(theirs, client)) {
                for (int i = 0; i < 100; i++) {
                    each.call("HSET", "h", "f" + i, "v".repeat(60));
                    each.call("ZADD", "z", "" + i, "m".repeat(60) + i);
                    each.call("SADD", "s", "" + i);
                }
                for (String scan : List.of("HSCAN h 200", "ZSCAN z 200", "SSCAN s 100")) {
                    String[] words = scan.split(" ", -1);
                    String reply = each.call(words[0], words[1], "0", "COUNT", "5");
                    String whole = "*2\r\n$1\r\n0\r\n*" + words[2] + "\r\n";
                    assertTrue(reply.startsWith(whole), reply);
                }
            }
        }
    }

    @Test
    void shouldTellTheScoreWithTheRankAsRedisDoesFrom72On() {
        client.call("ZADD", "z", "1", "a", "2.5", "b");
        client.call("SET", "s", "v");
        assertEquals("*2\r\n:1\r\n$3\r\n2.5\r\n", client.call("ZRANK", "z", "b", "WITHSCORE"));
        assertEquals("*2\r\n:1\r\n$1\r\n1\r\n", client.call("ZREVRANK", "z", "a", "withscore"));
        assertEquals("*-1\r\n", client.call("ZRANK", "z", "c", "WITHSCORE"));
        assertEquals("*-1\r\n", client.call("ZREVRANK", "none", "c", "WITHSCORE"));
        assertEquals("$-1\r\n", client.call("ZRANK", "none", "c"));
        assertTrue(client.call("ZRANK", "s", "c", "WITHSCORE").startsWith("-WRONGTYPE "));
        assertEquals("-ERR syntax error\r\n", client.call("ZRANK", "s", "c", "WITHSCORES"));
        assertEquals(
                "-ERR wrong number of arguments for 'zrevrank' command\r\n",
                client.call("ZREVRANK", "z", "b", "WITHSCORE", "x"));
        client.call("HELLO", "3");
        assertEquals("*2\r\n:1\r\n,2.5\r\n", client.call("ZRANK", "z", "b", "WITHSCORE"));
        assertEquals("_\r\n", client.call("ZRANK", "z", "c", "WITHSCORE"));
        assertEquals("_\r\n", client.call("ZREVRANK", "none", "c"));
    }

    @Test
    void shouldLeaveValuesAndScoresOutOfAWalkIfAskedTo() {
        client.call("HSET", "h", "field", "NOVALUES");
        client.call("ZADD", "z", "1", "a", "2", "b");
        client.call("SADD", "s", "m");
        String field = "*2\r\n$1\r\n0\r\n*1\r\n$5\r\nfield\r\n";
        String members = "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
        String nothing = "*2\r\n$1\r\n0\r\n*0\r\n";
        assertEquals(field, client.call("HSCAN", "h", "0", "NOVALUES"));
        assertEquals(field, client.call("HSCAN", "h", "0", "novalues", "COUNT", "1"));
        assertEquals(field, client.call("HSCAN", "h", "0", "MATCH", "f*", "NOVALUES"));
        assertEquals(nothing, client.call("HSCAN", "h", "0", "MATCH", "NOVALUES"));
        assertEquals(members, client.call("ZSCAN", "z", "0", "NOSCORES"));
        assertEquals(members, client.call("ZSCAN", "z", "0", "noscores", "MATCH", "?"));
        for (String refused :
                List.of(
                        "HSCAN h 0 NOSCORES",
                        "HSCAN h 0 NOVALUES x",
                        "HSCAN h 0 COUNT NOVALUES x",
                        "ZSCAN z 0 NOVALUES",
                        "SSCAN s 0 NOVALUES",
                        "SCAN 0 NOVALUES")) {
            String reply = client.call(refused.split(" ", -1));
            boolean isNoNumber = refused.contains("COUNT");
            assertEquals(
                    isNoNumber
                            ? "-ERR value is not an integer or out of range\r\n"
                            : "-ERR syntax error\r\n",
                    reply,
                    refused);
        }
        // Also where a walk takes several steps.
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 2_000; i++) {
            client.call("HSET", "big", "f" + i, "v" + i);
        }
        String cursor = "0";
        do {
            String[] lines =
                    client.call("HSCAN", "big", cursor, "COUNT", "100", "NOVALUES")
                            .split("\r\n", -1);
            cursor = lines[2];
            for (int i = 5; i < lines.length; i += 2) {
                assertTrue(seen.add(lines[i]), lines[i] + " came twice");
            }
        } while (!cursor.equals("0"));
        assertEquals(2_000, seen.size());
        assertTrue(seen.stream().allMatch(each -> each.startsWith("f")));
    }

    private static String lastEntry(String id) {
        String text = "$" + id.length() + "\r\n" + id + "\r\n";
        return "*1\r\n*2\r\n$1\r\nx\r\n*1\r\n*2\r\n" + text + "*2\r\n$1\r\nf\r\n$1\r\nv\r\n";
    }

    @Test
    void shouldReadTheLastEntryOfAStream() {
        assertEquals("*-1\r\n", client.call("XREAD", "STREAMS", "x", "+"));
        client.call("XADD", "x", "1-0", "f", "v");
        client.call("XADD", "x", "3-0", "f", "v");
        assertEquals(lastEntry("3-0"), client.call("XREAD", "STREAMS", "x", "+"));
        client.call("XADD", "x", "3-18446744073709551615", "f", "v");
        String highest = lastEntry("3-18446744073709551615");
        assertEquals(highest, client.call("XREAD", "COUNT", "2", "STREAMS", "x", "+"));
        assertEquals(highest, client.call("XREAD", "BLOCK", "0", "STREAMS", "none", "x", "+", "+"));
        client.call("XDEL", "x", "3-18446744073709551615");
        assertEquals(lastEntry("3-0"), client.call("XREAD", "STREAMS", "x", "+"));
        String both = client.call("XREAD", "STREAMS", "x", "x", "0", "+");
        assertEquals("*2\r\n", both.substring(0, 4));
        assertTrue(both.endsWith(lastEntry("3-0").substring(4)), both);
        client.call("MULTI");
        client.call("XADD", "x", "4-0", "f", "v");
        client.call("XREAD", "BLOCK", "0", "STREAMS", "x", "+");
        assertTrue(client.call("EXEC").endsWith(lastEntry("4-0")));

        client.call("XTRIM", "x", "MAXLEN", "0");
        assertEquals("*-1\r\n", client.call("XREAD", "STREAMS", "x", "+"));
        assertEquals("*-1\r\n", client.call("XREAD", "BLOCK", "1", "STREAMS", "x", "+"));
        try (RawClient waiting = listener.connect()) {
            waiting.send(
                    RawClient.command("XREAD", "BLOCK", "0", "STREAMS", "none", "x", "+", "+"));
            Await.until(
                    () -> client.call("INFO", "clients").contains("blocked_clients:1\r"),
                    () -> client.call("INFO", "clients"));
            client.call("XADD", "x", "5-0", "f", "v");
            assertEquals(lastEntry("5-0"), waiting.reply());
        }

        client.call("SET", "s", "v");
        assertTrue(client.call("XREAD", "STREAMS", "s", "+").startsWith("-WRONGTYPE "));
        client.call("XGROUP", "CREATE", "x", "g", "0");
        assertEquals(
                "-ERR Invalid stream ID specified as stream command argument\r\n",
                client.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", "+"));
    }

    @Test
    void shouldServeOthersWhileKeysAreListedOrDeleted() {
        for (int i = 0; i < 20_000; i++) {
            listener.keyspace().put("key:" + i, "v");
        }
        try (RawClient other = listener.connect()) {
            client.send(RawClient.command("KEYS", "*") + RawClient.command("FLUSHDB", "ASYNC"));
            for (int i = 0; i < 50; i++) {
                assertEquals("+PONG\r\n", other.call("PING"));
            }
            assertTrue(client.reply().startsWith("*20000\r\n"));
            assertEquals("+OK\r\n", client.reply());
        }
        assertEquals(0, listener.keyspace().statistics().keyCount());
    }

    @Test
    void shouldExpireKeys() {
        client.call("SET", "a", "1", "PX", "30");
        Await.until(
                () -> client.call("GET", "a").equals("$-1\r\n"), () -> client.call("PTTL", "a"));
        assertEquals(":-2\r\n", client.call("TTL", "a"));
        client.call("SET", "b", "1", "EX", "100");
        assertEquals(":100\r\n", client.call("TTL", "b"));
        client.call("SET", "c", "1", "PXAT", "1");
        assertEquals("$-1\r\n", client.call("GET", "c"));
    }

    @Test
    void shouldHoldCommandsBackDuringAPause() {
        try (RawClient other = listener.connect()) {
            assertEquals("+OK\r\n", client.call("CLIENT", "PAUSE", "100000", "WRITE"));
            assertEquals("$-1\r\n", other.call("GET", "a"));
            other.send(RawClient.command("SET", "a", "1") + RawClient.command("GET", "a"));
            assertTrue(other.isSilentFor(50));
            assertEquals("$-1\r\n", client.call("GET", "a"));
            assertEquals("+OK\r\n", client.call("CLIENT", "UNPAUSE"));
            assertEquals(List.of("+OK\r\n", bulk("1")), other.replies(2));
            assertEquals("+OK\r\n", client.call("CLIENT", "PAUSE", "50"));
            assertEquals(bulk("1"), other.call("GET", "a"));
        }
    }

    @Test
    void shouldAnswerTheEndOfAPauseWhenWhatWasHeldBackHadItsTurn() {
        try (RawClient writer = listener.connect();
                RawClient waiter = listener.connect()) {
            String id = waiter.call("CLIENT", "ID").replaceAll("\\D", "");
            for (int i = 0; i < 20; i++) {
                client.call("CLIENT", "PAUSE", "100000", "WRITE");
                writer.send(RawClient.command("SET", "k" + i, "1"));
                waiter.send(RawClient.command("BLPOP", "list", "0"));
                Await.until(
                        () -> client.call("INFO", "clients").contains("blocked_clients:2\r\n"),
                        () -> client.call("CLIENT", "LIST"));
                assertEquals("+OK\r\n", client.call("CLIENT", "UNPAUSE"));
                assertEquals(":1\r\n", client.call("EXISTS", "k" + i));
                assertEquals(":1\r\n", client.call("CLIENT", "UNBLOCK", id));
                assertEquals("+OK\r\n", writer.reply());
                assertEquals("*-1\r\n", waiter.reply());
            }
        }
    }

    @Test
    void shouldEndAPauseWithinATransaction() {
        try (RawClient other = listener.connect()) {
            client.call("CLIENT", "PAUSE", "100000");
            other.send(RawClient.command("SET", "a", "1"));
            Await.until(
                    () -> client.call("CLIENT", "LIST").contains("flags=b"),
                    () -> client.call("CLIENT", "LIST"));
            client.send(RawClient.command("CLIENT", "UNPAUSE"));
            assertEquals(List.of("+OK\r\n", "+OK\r\n"), List.of(other.reply(), client.reply()));
            client.call("CLIENT", "PAUSE", "100000", "WRITE");
            other.send(RawClient.command("SET", "a", "2"));
            client.call("MULTI");
            client.call("CLIENT", "UNPAUSE");
            assertEquals("*1\r\n+OK\r\n", client.call("EXEC"));
            assertEquals("+OK\r\n", other.reply());
        }
    }

    @Test
    void shouldTellWhatTakesMemory() {
        client.call("SET", "k", "x".repeat(100_000));
        String stats = client.call("MEMORY", "STATS");
        assertTrue(stats.contains("$10\r\nkeys.count\r\n:1\r\n"), stats);
        Matcher perKey = Pattern.compile("keys.bytes-per-key\r\n:(\\d+)").matcher(stats);
        assertTrue(perKey.find(), stats);
        assertTrue(Long.parseLong(perKey.group(1)) > 100_000, stats);
        assertTrue(client.call("MEMORY", "MALLOC-STATS").contains(" bytes.\n"));
    }

    @Test
    void shouldTellOfMemoryWhatRedisTells() {
        Pattern name = Pattern.compile("\\$\\d+\r\n([a-z][a-z.-]+)\r\n");
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            List<String> expected =
                    name.matcher(theirs.call("MEMORY", "STATS"))
                            .results()
                            .map(found -> found.group(1))
                            .toList();
            List<String> actual =
                    name.matcher(client.call("MEMORY", "STATS"))
                            .results()
                            .map(found -> found.group(1))
                            .toList();
            assertEquals(expected, actual);
        }
    }

    private String info(String field) {
        Matcher value = Pattern.compile("\r\n" + field + ":([^\r]*)").matcher(client.call("INFO"));
        assertTrue(value.find(), field);
        return value.group(1);
    }

    @Test
    void shouldTellHowMuchIsGoingOnAndHowMuchMemoryThereWas() {
        client.call("SET", "k", "x".repeat(1_000_000));
        assertTrue(Long.parseLong(info("used_memory_peak")) > 1_000_000);
        client.call("DEL", "k");
        assertTrue(Long.parseLong(info("used_memory_peak")) > 1_000_000);
        Await.until(
                () ->
                        Long.parseLong(info("instantaneous_ops_per_sec")) > 0
                                && Double.parseDouble(info("instantaneous_input_kbps")) > 0
                                && Double.parseDouble(info("instantaneous_output_kbps")) > 0,
                () -> client.call("INFO", "stats"));
    }

    @Test
    void shouldCountAnewFromTheAnswerToResetStatOn() {
        for (int i = 0; i < 20; i++) {
            try (RawClient other = listener.connect()) {
                other.call("GET", "k");
                client.call("GET", "k");
                assertEquals("+OK\r\n", client.call("CONFIG", "RESETSTAT"));
                String stats = other.call("INFO", "commandstats");
                assertTrue(stats.contains("cmdstat_config|resetstat:calls=1,"), stats);
                assertFalse(stats.contains("cmdstat_get"), stats);
                assertEquals("0", info("keyspace_misses"));
                assertTrue(other.call("LATENCY", "HISTOGRAM").contains("config|resetstat"));
            }
        }
        client.call("MULTI");
        client.call("CONFIG", "RESETSTAT");
        assertEquals("*1\r\n+OK\r\n", client.call("EXEC"));
    }

    @Test
    void shouldServeNobodyAnyMoreWhoWasKilled() {
        for (int i = 0; i < 50; i++) {
            try (RawClient other = listener.connect()) {
                String id = other.call("CLIENT", "ID").substring(1).trim();
                assertEquals(":1\r\n", client.call("CLIENT", "KILL", "ID", id));
                assertEquals("", other.untilClosed());
                assertFalse(client.call("CLIENT", "LIST").contains("id=" + id + " "), id);
            }
        }
    }

    @Test
    void shouldDescribeAndKillClients() {
        try (RawClient other = listener.connect()) {
            other.call("CLIENT", "SETNAME", "other");
            other.call("CLIENT", "SETINFO", "LIB-NAME", "raw");
            other.call("HELLO", "3");
            String list = client.call("CLIENT", "LIST");
            assertTrue(
                    list.matches(
                            "(?s).*id=\\d+ addr=127.0.0.1:\\d+ laddr=127.0.0.1:\\d+ fd=-1"
                                    + " name=other .* cmd=hello user=default redir=-1 resp=3"
                                    + " lib-name=raw lib-ver=\n.*"),
                    list);
            assertEquals(bulk("other"), other.call("CLIENT", "GETNAME"));
            String id = other.call("CLIENT", "ID").substring(1).trim();
            assertEquals(":1\r\n", client.call("CLIENT", "KILL", "ID", id));
            assertEquals("", other.untilClosed());
        }
        assertEquals(":1\r\n", client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"));
        assertEquals("", client.untilClosed());
    }

    @Test
    void shouldTakeTheLastOfAFilterThatIsGivenTwice() {
        try (RawClient one = listener.connect();
                RawClient other = listener.connect()) {
            String first = one.call("CLIENT", "ID").substring(1).trim();
            String second = other.call("CLIENT", "ID").substring(1).trim();
            assertEquals(":1\r\n", client.call("CLIENT", "KILL", "ID", first, "id", second));
            assertEquals("", other.untilClosed());
            assertEquals(
                    ":1\r\n", client.call("CLIENT", "KILL", "TYPE", "replica", "TYPE", "normal"));
            assertEquals("", one.untilClosed());
        }
        assertEquals(
                "-ERR client-id should be greater than 0\r\n",
                client.call("CLIENT", "KILL", "ID", "0", "ID", "1"));
    }

    @Test
    void shouldKillWhoIsConnectedForLong() {
        String one = "-ERR maxage should be greater than 0\r\n";
        assertEquals(one, client.call("CLIENT", "KILL", "MAXAGE", "0"));
        assertEquals(one, client.call("CLIENT", "KILL", "ID", "1", "maxage", "-1"));
        assertEquals(
                "-ERR maxage is not an integer or out of range\r\n",
                client.call("CLIENT", "KILL", "MAXAGE", "x"));
        try (RawClient other = listener.connect()) {
            String id = other.call("CLIENT", "ID").substring(1).trim();
            assertEquals(":0\r\n", client.call("CLIENT", "KILL", "MAXAGE", "86400"));
            Await.until(
                    () -> client.call("CLIENT", "KILL", "ID", id, "MAXAGE", "1").equals(":1\r\n"),
                    () -> client.call("CLIENT", "LIST"));
            assertEquals("", other.untilClosed());
        }
    }

    @Test
    void shouldSuppressRepliesWhenAsked() {
        client.send(
                RawClient.command("CLIENT", "REPLY", "OFF")
                        + RawClient.command("SET", "a", "1")
                        + RawClient.command("nosuch")
                        + RawClient.command("KEYS", "*")
                        + RawClient.command("CLIENT", "REPLY", "ON")
                        + RawClient.command("CLIENT", "REPLY", "SKIP")
                        + RawClient.command("PING")
                        + RawClient.command("GET", "a"));
        assertEquals(List.of("+OK\r\n", bulk("1")), client.replies(2));
    }

    @Test
    void shouldRememberSlowCommands() {
        client.call("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "3");
        client.call("SET", "a", "x".repeat(200));
        client.call("AUTH", "default", "secret");
        String[] many = new String[40];
        Arrays.fill(many, "k");
        many[0] = "MGET";
        client.call(many);
        String entries = client.call("SLOWLOG", "GET");
        assertTrue(entries.contains("... (72 more bytes)"), entries);
        assertTrue(entries.contains("... (9 more arguments)"), entries);
        assertFalse(entries.contains("secret"), entries);
        assertEquals(":3\r\n", client.call("SLOWLOG", "LEN"));
        client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
        assertEquals("+OK\r\n", client.call("SLOWLOG", "RESET"));
        assertEquals("*0\r\n", client.call("SLOWLOG", "GET"));
    }

    @Test
    void shouldChangeTheMemoryLimit() {
        assertEquals("+OK\r\n", client.call("CONFIG", "SET", "maxmemory", "48mb"));
        assertEquals(
                "*2\r\n" + bulk("maxmemory") + bulk(Integer.toString(48 << 20)),
                client.call("CONFIG", "GET", "maxmemory"));
        String info = client.call("INFO", "memory");
        assertTrue(info.contains("maxmemory:" + (48 << 20) + "\r\n"), info);
        assertTrue(info.matches("(?s).*allocator_frag_ratio:[1-9]\\d*\\.\\d\\d\r\n.*"), info);
        assertEquals(
                "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must"
                        + " be between 0 and 4398046511104 inclusive\r\n",
                client.call("CONFIG", "SET", "maxmemory", "4398046511105"));
        assertEquals(
                "-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must"
                        + " be a memory value\r\n",
                client.call("CONFIG", "SET", "maxmemory", "much"));
    }

    @Test
    void shouldCountWhatItDoes() {
        client.call("SET", "a", "1");
        client.call("GET", "a");
        client.call("GET", "nosuch");
        client.call("INCR");
        client.call("SET", "t", "x");
        client.call("INCR", "t");
        String info = client.call("INFO", "commandstats", "errorstats", "stats", "keyspace");
        assertTrue(info.contains("cmdstat_get:calls=2,"), info);
        assertTrue(
                info.matches("(?s).*cmdstat_incr:calls=1,.*,rejected_calls=1,failed_calls=1\r\n.*"),
                info);
        assertTrue(info.contains("errorstat_ERR:count=2\r\n"), info);
        assertTrue(info.contains("keyspace_hits:"), info);
        assertTrue(info.contains("db0:keys=2,expires=0,avg_ttl=0\r\n"), info);
        assertEquals("+OK\r\n", client.call("CONFIG", "RESETSTAT"));
        Await.until(
                () -> !client.call("INFO", "commandstats").contains("cmdstat_get"),
                () -> client.call("INFO", "commandstats"));
    }

    @Test
    void shouldGiveEverySectionOfInfo() {
        String info = client.call("INFO");
        for (String section :
                List.of(
                        "Server",
                        "Clients",
                        "Memory",
                        "Persistence",
                        "Stats",
                        "Replication",
                        "CPU",
                        "Errorstats",
                        "Keyspace")) {
            assertTrue(info.contains("# " + section + "\r\n"), section);
        }
        assertFalse(info.contains("# Commandstats"));
        assertTrue(client.call("INFO", "everything").contains("# Commandstats"));
        assertTrue(client.call("INFO", "nosuch").equals("$0\r\n\r\n"));
        assertTrue(info.contains("role:master\r\n"));
        client.call("HELLO", "3");
        assertTrue(client.call("INFO", "server").startsWith("="));
    }

    @Test
    void shouldBeUnknownWhatIsNotThereYet() {
        for (String name : List.of("PFDEBUG", "RESTORE-ASKING")) {
            assertEquals(
                    "-ERR unknown command '" + name + "', with args beginning with: 'a' 'b' \r\n",
                    client.call(name, "a", "b"));
        }
        assertTrue(client.call("SHUTDOWN").startsWith("-ERR SHUTDOWN is refused"));
        assertEquals("+PONG\r\n", client.call("PING"));
    }

    @Test
    void shouldReadManyKeysAsTheyWereAtOneMoment() throws InterruptedException {
        client.call("SET", "x", "0");
        Thread writer =
                new Thread(
                        () -> {
                            for (int i = 1; i <= 20_000; i++) {
                                String n = Integer.toString(i);
                                listener.keyspace().put("x", n);
                            }
                        });
        writer.start();
        while (writer.isAlive()) {
            String[] lines = client.call("MGET", "x", "x").split("\r\n", -1);
            assertEquals(lines[2], lines[4]);
        }
        writer.join();
    }
}
