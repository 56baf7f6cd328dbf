package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import io.hotpair.MaxMemoryPolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Events of keys that are not a command's own, and when nobody pays for them. */
class KeyEventsTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The events of a message: the last two of its lines. */
    private static String event(String message) {
        String[] lines = message.split("\r\n", -1);
        return lines[6].substring(lines[6].indexOf(':') + 1) + " " + lines[8];
    }

    private static Watched hearer(int port) {
        Watched hearer = new Watched(port);
        hearer.call("PSUBSCRIBE", "__keyevent@0__:*");
        return hearer;
    }

    @Test
    void shouldTellOfWhatThreadsOfTheApplicationDo() {
        try (TestListener listener =
                        TestListener.open(config -> config.notifyKeyspaceEvents("EAn"));
                Watched hearer = hearer(listener.port())) {
            Keyspace keyspace = listener.keyspace();
            keyspace.put(bytes("s"), bytes("v"));
            keyspace.hashes().hset(bytes("h"), bytes("f"), bytes("v"));
            keyspace.transaction(
                    view -> {
                        view.put(bytes("t"), bytes("v"), 0);
                        return view.delete(bytes("t"));
                    });
            keyspace.lists().rpush(bytes("l"), bytes("a"));
            List<String> events = hearer.arrived().stream().map(KeyEventsTest::event).toList();
            assertEquals(
                    List.of(
                            "new s", "set s", "new h", "hset h", "new t", "set t", "del t", "new l",
                            "lset l"),
                    events);
        }
    }

    @Test
    void shouldTellThatAKeyExpiredThoughNobodyAsksForIt() {
        try (TestListener listener =
                        TestListener.open(config -> config.notifyKeyspaceEvents("Ex"));
                Watched hearer = hearer(listener.port());
                RawClient client = listener.connect()) {
            client.call("SET", "k", "v", "PX", "20");
            assertEquals("expired k", event(hearer.client().reply()));
            client.call("SET", "k", "v", "PX", "1");
            // Whoever comes first: the one that removes what has expired, or the next write.
            Await.until(() -> client.call("SET", "k", "w", "NX").equals("+OK\r\n"), () -> "there");
            assertEquals("expired k", event(hearer.client().reply()));
            assertTrue(hearer.arrived().isEmpty());
            client.call("CONFIG", "SET", "notify-keyspace-events", "Ehg");
            client.call("HSET", "h", "f", "v");
            client.call("HPEXPIRE", "h", "20", "FIELDS", "1", "f");
            assertEquals("hset h", event(hearer.client().reply()));
            assertEquals("hexpire h", event(hearer.client().reply()));
            assertEquals("hexpired h", event(hearer.client().reply()));
            assertEquals("del h", event(hearer.client().reply()));
        }
    }

    @Test
    void shouldTellOfEvictedKeys() {
        try (Keyspace keyspace =
                        Keyspace.open(
                                Keyspace.builder()
                                        .inMemory()
                                        .maxMemory(8 << 20)
                                        .maxMemoryPolicy(MaxMemoryPolicy.ALLKEYS_LRU)
                                        .build());
                RespListener listener =
                        RespListener.open(
                                keyspace,
                                RespConfig.builder().port(0).notifyKeyspaceEvents("Ee").build());
                Watched hearer = hearer(listener.port());
                RawClient client = new RawClient(listener.port())) {
            String value = "v".repeat(10_000);
            for (int i = 0; i < 2_000; i++) {
                client.call("SET", "k" + i, value);
            }
            List<String> evicted = hearer.arrived();
            assertEquals(keyspace.statistics().evictedCount(), evicted.size());
            assertTrue(evicted.stream().allMatch(each -> event(each).startsWith("evicted k")));
        }
    }

    @Test
    void shouldListenToTheKeyspaceOnlyWhileSomethingIsToBeTold() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            KeyEvents events = listener.server().keyEvents();
            assertFalse(events.isListening());
            client.call("CONFIG", "SET", "notify-keyspace-events", "KE");
            assertFalse(events.isListening());
            client.call("CONFIG", "SET", "notify-keyspace-events", "Eg");
            assertTrue(events.isListening());
            client.call("CONFIG", "SET", "notify-keyspace-events", "");
            assertFalse(events.isListening());
            client.call("CONFIG", "SET", "notify-keyspace-events", "KA");
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> RespConfig.builder().notifyKeyspaceEvents("KEy"));
    }

    @Test
    void shouldKeepTheOrderOfAKeysEventsThoughClientsAreOnSeveralLoops() {
        long seed = Long.getLong("hotpair.seed", 20_261_125);
        Random random = new Random(seed);
        try (TestListener listener =
                        TestListener.open(config -> config.notifyKeyspaceEvents("E$gn"));
                Watched hearer = hearer(listener.port())) {
            List<RawClient> clients = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(listener.connect());
            }
            boolean present = false;
            for (int i = 0; i < 3_000; i++) {
                RawClient client = clients.get(random.nextInt(clients.size()));
                boolean delete = random.nextBoolean();
                client.call(delete ? new String[] {"DEL", "k"} : new String[] {"SET", "k", "v"});
                if (delete && present) {
                    expected.add("del k");
                } else if (!delete) {
                    if (!present) {
                        expected.add("new k");
                    }
                    expected.add("set k");
                }
                present = !delete;
            }
            List<String> heard = hearer.arrived().stream().map(KeyEventsTest::event).toList();
            assertEquals(expected, heard, "seed=" + seed);
            clients.forEach(RawClient::close);
        }
    }
}
