package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What HOTKEYS tells of keys, beside what Redis 8.6.3 told; compared with it again where {@code
 * -Dhotpair.newestRedis} names one. What it refuses is in {@link NewerRepliesTest}.
 */
class HotKeysTest {
    private static final String[] START = {"HOTKEYS", "START", "METRICS", "1", "NET"};
    private static final Pattern TIME = Pattern.compile("-ms\r\n:\\d+");

    private TestListener listener;
    private RawClient client;

    @BeforeEach
    void open() {
        listener = TestListener.open();
        client = listener.connect();
    }

    @AfterEach
    void close() {
        client.close();
        listener.close();
    }

    private static void compare(List<String> expected, IntFunction<List<String>> run, int ours) {
        if (System.getProperty(RealRedis.NEWEST) != null) {
            try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWEST)) {
                assertEquals(lines(expected), lines(run.apply(redis.port())));
            }
        }
        assertEquals(lines(expected), lines(run.apply(ours)));
    }

    private static String lines(List<String> all) {
        return String.join("\n", all);
    }

    /** The integer behind a name in a reply. */
    private static long number(String reply, String name) {
        Matcher found = Pattern.compile(name + "\r\n:(\\d+)").matcher(reply);
        assertTrue(found.find(), reply);
        return Long.parseLong(found.group(1));
    }

    /** What keys have by a metric, by their names. */
    private static NavigableMap<String, Long> costs(String reply, String metric) {
        NavigableMap<String, Long> costs = new TreeMap<>();
        String list = reply.substring(reply.indexOf(metric));
        Matcher found = Pattern.compile("\\$\\d+\r\n([^\r]*)\r\n:(\\d+)").matcher(list);
        while (found.find()) {
            costs.put(found.group(1), Long.parseLong(found.group(2)));
        }
        return costs;
    }

    // ---- in bytes, as Redis counts them

    private static List<String> costsOfEach(int port, List<String> expected) {
        List<String> told = new ArrayList<>();
        try (RawClient client = new RawClient(port)) {
            for (String line : expected) {
                String command = line.substring(0, line.indexOf(": "));
                assertEquals("+OK\r\n", client.call(START));
                client.call(command.split(" ", -1));
                String reply = client.call("HOTKEYS", "GET");
                assertEquals("+OK\r\n", client.call("HOTKEYS", "STOP"));
                StringBuilder text = new StringBuilder(command).append(": ");
                costs(reply, "by-net-bytes")
                        .forEach((key, sum) -> text.append(key + " " + sum + " "));
                text.append("/ ").append(number(reply, "total-net-bytes")).append(" of ");
                told.add(text.append(number(reply, "net-bytes-all-commands-all-slots")).toString());
            }
        }
        return told;
    }

    @Test
    void shouldCountForEachKeyTheBytesOfACommandAndItsReply() {
        List<String> expected =
                List.of(
                        "set a 1: a 32 / 32 of 32",
                        "get a: a 27 / 27 of 27",
                        "mset b 1 c 2 d 3: b 20 c 20 d 20 / 60 of 61",
                        "get nosuch: nosuch 30 / 30 of 30",
                        "lpush l x y: l 40 / 40 of 40",
                        "get l: l 88 / 88 of 88",
                        "lrange l 0 -1: l 56 / 56 of 56",
                        "eval return(redis.call(\"get\",\"a\")) 1 e: e 71 / 71 of 71",
                        "object encoding a: a 46 / 46 of 46",
                        "xadd s 1-1 f v: s 53 / 53 of 53",
                        "xread streams s 0: s 92 / 92 of 92",
                        "sort l alpha store m: l 27 m 27 / 54 of 54",
                        "blpop l 0: l 47 / 47 of 47",
                        "zunionstore u 2 x y: u 18 x 18 y 18 / 54 of 54",
                        "incr b: b 25 / 25 of 25",
                        "rename b q: b 17 q 17 / 34 of 35",
                        "exists a a a: a 39 / 39 of 41",
                        "watch a: a 27 / 27 of 27",
                        "touch: / 0 of 0",
                        "publish x y: / 0 of 0",
                        "config get maxmemory: / 0 of 0");
        compare(expected, port -> costsOfEach(port, expected), listener.port());
    }

    // ---- what is told

    private static List<String> forms(int port) {
        List<String> replies = new ArrayList<>();
        try (RawClient client = new RawClient(port)) {
            for (String metrics : List.of("1 CPU", "1 net", "2 NET x SAMPLE 5", "2 NET CPU")) {
                for (String protocol : List.of("2", "3")) {
                    client.call("HELLO", protocol);
                    String start = "HOTKEYS START METRICS " + metrics;
                    assertEquals("+OK\r\n", client.call(start.split(" ", -1)));
                    String reply = client.call("HOTKEYS", "GET");
                    replies.add(TIME.matcher(reply).replaceAll("-ms\r\n:T").replace("\r\n", "|"));
                    assertEquals("+OK\r\n", client.call("HOTKEYS", "STOP"));
                }
            }
        }
        return replies;
    }

    private static String form(String map, int ratio, String... rest) {
        return "*1|"
                + map
                + "|$15|tracking-active|:1|$12|sample-ratio|:"
                + ratio
                + "|$14|selected-slots|*1|*2|:0|:16383|$25|all-commands-all-slots-us|:0|"
                + "$32|net-bytes-all-commands-all-slots|:0|"
                + "$29|collection-start-time-unix-ms|:T|$22|collection-duration-ms|:T|"
                + String.join("", rest);
    }

    @Test
    void shouldTellOfWhatWasAskedForInTheFormOfRedis() {
        String process = "$22|total-cpu-time-user-ms|:T|$21|total-cpu-time-sys-ms|:T|";
        String bytes = "$15|total-net-bytes|:0|";
        String byTime = "$14|by-cpu-time-us|*0|";
        String byBytes = "$12|by-net-bytes|*0|";
        List<String> expected =
                List.of(
                        form("*20", 1, process, byTime),
                        form("%10", 1, process, byTime),
                        form("*18", 1, bytes, byBytes),
                        form("%9", 1, bytes, byBytes),
                        form("*18", 5, bytes, byBytes),
                        form("%9", 5, bytes, byBytes),
                        form("*24", 1, process, bytes, byTime, byBytes),
                        form("%12", 1, process, bytes, byTime, byBytes));
        compare(expected, HotKeysTest::forms, listener.port());
    }

    @Test
    void shouldTellTheMostExpensiveKeysFirstAndNoMoreThanAskedFor() {
        client.call("HOTKEYS", "START", "METRICS", "1", "NET", "COUNT", "2");
        client.call("SET", "a", "x".repeat(100));
        client.call("SET", "b", "x".repeat(300));
        client.call("SET", "c", "x".repeat(200));
        String reply = client.call("HOTKEYS", "GET");
        String told = reply.substring(reply.indexOf("by-net-bytes"));
        assertEquals("by-net-bytes|*4|$1|b|:333|$1|c|:233|", told.replace("\r\n", "|"));
    }

    @Test
    void shouldCountHowLongCommandsTake() {
        client.call("HOTKEYS", "START", "METRICS", "1", "CPU");
        client.call("SET", "short", "x");
        client.call("EVAL", "for i = 1, 300000 do end", "1", "long");
        String reply = client.call("HOTKEYS", "GET");
        NavigableMap<String, Long> costs = costs(reply, "by-cpu-time-us");
        long sum = costs.values().stream().mapToLong(each -> each).sum();
        long all = number(reply, "all-commands-all-slots-us");
        assertTrue(costs.getOrDefault("long", 0L) > costs.getOrDefault("short", 0L), reply);
        assertTrue(sum <= all && sum >= all - 2, reply);
        assertTrue(reply.contains("by-cpu-time-us\r\n*4\r\n$4\r\nlong\r\n"), reply);
    }

    // ---- which commands are looked at

    /** Unlike in Redis, which counts what EXEC and the replies before it have for each of them. */
    @Test
    void shouldCountEachCommandOfATransactionForItself() {
        client.call("SET", "a", "1");
        client.call(START);
        client.call("MULTI");
        client.call("GET", "a");
        client.call("INCR", "b");
        client.call("EVAL", "return redis.call('get', KEYS[1])", "1", "a");
        client.call("EXEC");
        assertEquals("{a=102, b=25}", bytes());
    }

    private String bytes() {
        return costs(client.call("HOTKEYS", "GET"), "by-net-bytes").toString();
    }

    @Test
    void shouldCountACommandThatWaitedWhenItIsServed() {
        client.call(START);
        try (RawClient other = listener.connect()) {
            other.send(RawClient.command("BLPOP", "l", "0"));
            Await.until(
                    () -> client.call("INFO", "clients").contains("blocked_clients:1"), () -> "");
            assertEquals("{}", bytes());
            client.call("LPUSH", "l", "x");
            assertEquals("*2\r\n$1\r\nl\r\n$1\r\nx\r\n", other.reply());
        }
        // 33 and 47.
        Await.until(() -> bytes().equals("{l=80}"), this::bytes);
    }

    @Test
    void shouldLookAtNothingWhatIsNotToBeSampled() {
        client.call("HOTKEYS", "START", "METRICS", "1", "NET", "SAMPLE", "2147483647");
        client.call("SET", "a", "1");
        String reply = client.call("HOTKEYS", "GET");
        assertEquals("{}", costs(reply, "by-net-bytes").toString());
        assertEquals(0, number(reply, "total-net-bytes"));
        assertEquals(32, number(reply, "net-bytes-all-commands-all-slots"));
        client.call("HOTKEYS", "STOP");
        client.call("HOTKEYS", "START", "METRICS", "1", "NET", "SAMPLE", "10");
        for (int i = 0; i < 10_000; i++) {
            client.call("GET", "x");
        }
        long seen = costs(client.call("HOTKEYS", "GET"), "by-net-bytes").getOrDefault("x", 0L) / 25;
        assertTrue(seen > 700 && seen < 1_300, "seen=" + seen);
    }

    @Test
    void shouldEndByItselfAfterATime() {
        client.call("HOTKEYS", "START", "METRICS", "1", "NET", "DURATION", "1");
        client.call("SET", "a", "1");
        Await.until(() -> number(client.call("HOTKEYS", "GET"), "tracking-active") == 0, () -> "");
        client.call("SET", "b", "1");
        assertEquals("{a=32}", bytes());
        assertEquals(1_000, number(client.call("HOTKEYS", "GET"), "collection-duration-ms"));
        assertEquals("$-1\r\n", client.call("HOTKEYS", "STOP"));
        assertEquals("+OK\r\n", client.call(START));
        assertEquals("{}", bytes());
    }

    @Test
    void shouldKeepWhatItFoundUntilItIsReset() {
        client.call(START);
        client.call("SET", "a", "1");
        client.call("HOTKEYS", "STOP");
        client.call("SET", "a", "1");
        String reply = client.call("HOTKEYS", "GET");
        assertEquals(0, number(reply, "tracking-active"));
        assertEquals("{a=32}", costs(reply, "by-net-bytes").toString());
        assertEquals(reply, client.call("HOTKEYS", "GET"));
        assertEquals("+OK\r\n", client.call("HOTKEYS", "RESET"));
        assertEquals("$-1\r\n", client.call("HOTKEYS", "GET"));
    }

    /** Databases are told apart in the keyspace, by what stands before a key. */
    @Test
    void shouldTellKeysByTheNamesThatClientsGiveThem() {
        client.call(START);
        client.call("SET", "a", "1");
        client.call("SELECT", "1");
        client.call("SET", "a", "1");
        assertEquals("{a=64}", bytes());
    }
}
