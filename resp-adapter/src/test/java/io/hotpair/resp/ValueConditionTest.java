package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What SET, DELEX and MSETEX do on conditions, and DELIFEQ. The replies are those of a Valkey
 * 9.1.2; those of a Redis are in {@link NewerRepliesTest}.
 */
class ValueConditionTest {
    private static final String WRONG_TYPE =
            "-WRONGTYPE Operation against a key holding the wrong kind of value";
    private static final String SYNTAX = "-ERR syntax error";
    private static final String NULL = "$-1";

    static final String[][] OF_VALKEY = {
        {"SET k a IFEQ a", NULL},
        {"EXISTS k", ":0"},
        {"SET k a IFEQ a GET", NULL},
        {"SET k a", "+OK"},
        {"SET k b IFEQ x", NULL},
        {"SET k b IFEQ A", NULL},
        {"SET k b IFEQ aa", NULL},
        {"SET k b IFEQ x GET", "$1\r\na"},
        {"GET k", "$1\r\na"},
        {"SET k b IFEQ a", "+OK"},
        {"SET k c ifeq b GET EX 100", "$1\r\nb"},
        {"TTL k", ":100"},
        {"SET k d IFEQ c KEEPTTL", "+OK"},
        {"TTL k", ":100"},
        {"SET k e EX 50 IFEQ d", "+OK"},
        {"TTL k", ":50"},
        {"SET k f IFEQ e", "+OK"},
        {"TTL k", ":-1"},
        {"SET k f IFEQ", SYNTAX},
        {"SET k f IFEQ f NX", SYNTAX},
        {"SET k f XX IFEQ f", SYNTAX},
        {"SET k f IFEQ f IFEQ f", SYNTAX},
        {"SET k NX IFEQ f", "+OK"},
        {"SET k f IFEQ NX GET", "$2\r\nNX"},
        {"SET k 10 IFEQ f", "+OK"},
        {"INCR k", ":11"},
        {"SET k 12 IFEQ 11", "+OK"},
        {"SET k 13 IFEQ 012", NULL},
        {"DELIFEQ k", "-ERR wrong number of arguments for 'delifeq' command"},
        {"DELIFEQ k 12 12", "-ERR wrong number of arguments for 'delifeq' command"},
        {"DELIFEQ k 1", ":0"},
        {"DELIFEQ k 12", ":1"},
        {"DELIFEQ k 12", ":0"},
        {"LPUSH l a", ":1"},
        {"SET l a IFEQ a", WRONG_TYPE},
        {"SET l a IFEQ a GET", WRONG_TYPE},
        {"SET l a IFEQ aaa", WRONG_TYPE},
        {"DELIFEQ l a", WRONG_TYPE},
        {"DELIFEQ l aaa", WRONG_TYPE},
        {"LLEN l", ":1"},
        {"SET k \"\"", "+OK"},
        {"SET k a IFEQ \"\"", "+OK"},
        {"DELIFEQ k \"\"", ":0"},
    };

    private static void check(String[]... steps) {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            List<String> wanted = new ArrayList<>();
            List<String> given = new ArrayList<>();
            for (String[] step : steps) {
                wanted.add(step[0] + " -> " + step[1] + "\r\n");
                client.send(step[0] + "\r\n");
                given.add(step[0] + " -> " + client.reply());
            }
            assertEquals(String.join("", wanted), String.join("", given));
        }
    }

    @Test
    void shouldSetAndDeleteOnAValueAsValkeyDoes() {
        check(OF_VALKEY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 60, 5000, 300_000})
    void shouldCompareValuesOfEveryLength(int length) {
        String value = "v".repeat(length);
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("SET", "k", value);
            String digest = client.call("DIGEST", "k").substring("$16\r\n".length()).trim();
            assertEquals("$-1\r\n", client.call("SET", "k", "x", "IFDNE", digest));
            assertEquals("+OK\r\n", client.call("SET", "k", value, "IFDEQ", digest));
            assertEquals("$-1\r\n", client.call("SET", "k", "x", "IFEQ", value + "v"));
            assertEquals("$-1\r\n", client.call("SET", "k", "x", "IFNE", value));
            assertEquals(":0\r\n", client.call("DELEX", "k", "IFNE", value));
            assertEquals("+OK\r\n", client.call("SET", "k", value + "w", "IFEQ", value));
            assertEquals(":0\r\n", client.call("DELEX", "k", "IFEQ", value + "v"));
            assertEquals(":1\r\n", client.call("DELIFEQ", "k", value + "w"));
        }
    }

    @Test
    void shouldTellNobodyOfAValueWhoMayNotReadIt() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("SET", "k", "a");
            client.call("ACL", "SETUSER", "w", "on", "nopass", "%W~*", "+@all");
            client.call("AUTH", "w", "x");
            for (String refused :
                    List.of(
                            "SET k b IFEQ x",
                            "SET k b IFNE a",
                            "SET k b IFDEQ 0123456789abcdef",
                            "SET k b IFDNE 0123456789abcdef",
                            "DELEX k IFEQ x",
                            "DELEX k IFDEQ 0123456789abcdef",
                            "DELEX k IFDNE 0123456789abcdef",
                            "DELIFEQ k x",
                            "DIGEST k")) {
                client.send(refused + "\r\n");
                assertEquals(
                        "-NOPERM this user has no permissions to access one of the keys used as"
                                + " arguments\r\n",
                        client.reply());
            }
            assertEquals("+OK\r\n", client.call("SET", "k", "b"));
            assertEquals(":1\r\n", client.call("MSETEX", "2", "k", "c", "l", "d", "EX", "9"));
            assertEquals(":1\r\n", client.call("DELEX", "k"));
        }
    }

    @Test
    void shouldTellOfWhatItDeletes() {
        try (TestListener listener = TestListener.open(c -> c.notifyKeyspaceEvents("KEA"));
                RawClient client = listener.connect();
                RawClient subscriber = listener.connect()) {
            subscriber.call("PSUBSCRIBE", "__keyspace@0__:*");
            client.call("SET", "k", "a");
            client.call("DELEX", "k", "IFNE", "a");
            client.call("DELEX", "k", "IFEQ", "a");
            client.call("SET", "k", "a", "IFEQ", "b");
            client.call("SET", "k", "b");
            client.call("DELIFEQ", "k", "b");
            for (String event : List.of("set", "del", "set", "del")) {
                String message = subscriber.reply();
                assertEquals(event, message.split("\r\n", -1)[8], message);
            }
        }
    }

    @Test
    void shouldSetSeveralOnlyWhereAllMayBeWritten() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("ACL", "SETUSER", "w", "on", "nopass", "~own*", "%R~*", "+@all");
            client.call("AUTH", "w", "x");
            assertEquals(
                    "-NOPERM this user has no permissions to access one of the keys used as"
                            + " arguments\r\n",
                    client.call("MSETEX", "2", "own1", "a", "other", "b"));
            assertEquals(":0\r\n", client.call("EXISTS", "own1"));
            assertEquals(":1\r\n", client.call("MSETEX", "2", "own1", "a", "own2", "other"));
        }
    }

    /** As Redis tells of it, but that there the keys are seen to have expired a moment later. */
    @Test
    void shouldTellOfValuesWhoseDeadlineHasPassed() {
        try (TestListener listener = TestListener.open(c -> c.notifyKeyspaceEvents("KEAn"));
                RawClient client = listener.connect();
                RawClient subscriber = listener.connect()) {
            client.call("SET", "b", "1");
            subscriber.call("PSUBSCRIBE", "__keyspace@0__:*");
            assertEquals(":1\r\n", client.call("MSETEX", "2", "a", "1", "b", "2", "PXAT", "1"));
            assertEquals(":0\r\n", client.call("EXISTS", "a", "b"));
            List<String> events = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                String[] lines = subscriber.reply().split("\r\n", -1);
                events.add(lines[6].substring("__keyspace@0__:".length()) + " " + lines[8]);
            }
            assertEquals(
                    "a new,a expire,a set,b expire,b set,a expired,b expired",
                    String.join(",", events));
        }
    }

    @Test
    void shouldInvalidateAllThatItSets() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient tracker = listener.connect()) {
            client.call("MSET", "a", "1", "b", "1", "c", "1");
            tracker.call("HELLO", "3");
            tracker.call("CLIENT", "TRACKING", "ON");
            tracker.call("MGET", "a", "b", "c");
            assertEquals(":0\r\n", client.call("MSETEX", "2", "a", "2", "none", "2", "XX"));
            assertEquals(":1\r\n", client.call("MSETEX", "2", "a", "2", "b", "2", "KEEPTTL"));
            for (String key : List.of("a", "b")) {
                String told = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n" + key + "\r\n";
                assertEquals(told, tracker.reply());
            }
            assertEquals("+PONG\r\n", tracker.call("PING"));
        }
    }
}
