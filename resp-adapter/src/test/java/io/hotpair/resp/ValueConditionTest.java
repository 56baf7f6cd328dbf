package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What SET and DELEX do on a value, and DELIFEQ. The replies of the first part are those of a
 * Valkey 9.1.2; those of the second are what Redis 8.4 documents.
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

    private static final String[][] OF_REDIS = {
        {"SET k a IFNE a", "+OK"},
        {"SET k b IFNE a", NULL},
        {"SET k b IFNE a GET", "$1\r\na"},
        {"SET k b IFNE x GET", "$1\r\na"},
        {"SET k c IFNE bb", "+OK"},
        {"SET k c IFNE", SYNTAX},
        {"SET k c IFNE b NX", SYNTAX},
        {"SET k c IFNE b IFEQ c", SYNTAX},
        {"DELEX", "-ERR wrong number of arguments for 'delex' command"},
        {"DELEX k IFEQ", "-ERR wrong number of arguments for 'delex' command"},
        {"DELEX k IFEQ c c", "-ERR wrong number of arguments for 'delex' command"},
        {"DELEX k FOO c", "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"},
        {"DELEX k IFEQ b", ":0"},
        {"DELEX k IFNE c", ":0"},
        {"DELEX k IFEQ c", ":1"},
        {"DELEX k IFEQ c", ":0"},
        {"DELEX k IFNE c", ":0"},
        {"DELEX k", ":0"},
        {"SET k a", "+OK"},
        {"DELEX k IFNE b", ":1"},
        {"LPUSH l a", ":1"},
        {"SET l a IFNE a", WRONG_TYPE},
        {"DELEX l FOO a", "-ERR Key should be of string type if conditions are specified"},
        {"DELEX l IFEQ a", "-ERR Key should be of string type if conditions are specified"},
        {"DELEX l IFNE aaa", "-ERR Key should be of string type if conditions are specified"},
        {"DELEX l", ":1"},
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

    @Test
    void shouldSetAndDeleteOnAValueAsRedisDoes() {
        check(OF_REDIS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 60, 5000, 300_000})
    void shouldCompareValuesOfEveryLength(int length) {
        String value = "v".repeat(length);
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("SET", "k", value);
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
                    List.of("SET k b IFEQ x", "SET k b IFNE a", "DELEX k IFEQ x", "DELIFEQ k x")) {
                client.send(refused + "\r\n");
                assertEquals(
                        "-NOPERM this user has no permissions to access one of the keys used as"
                                + " arguments\r\n",
                        client.reply());
            }
            assertEquals("+OK\r\n", client.call("SET", "k", "b"));
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
}
