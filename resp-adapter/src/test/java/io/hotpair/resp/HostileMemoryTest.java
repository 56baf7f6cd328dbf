package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What attackers can take of the heap: 64 MiB beyond what a server takes that has nothing to do. A
 * JVM with no more heap than that, and its limits as they are by default, is attacked; it ends with
 * the first error for want of memory. Meanwhile and afterwards a good client gets the right
 * replies.
 *
 * <p>Covered are the heap, and direct memory by a limit of its own. Not covered are the stacks of
 * scripts that take long, the keyspace, which has its own limit, and what the JVM takes for itself.
 * The collector is the serial one, with few young objects, so that all of the heap is for whoever
 * needs it: G1 gives each large array whole regions and does not move it, and can run out of a
 * small heap that is half empty.
 */
@Timeout(300)
class HostileMemoryTest {
    /**
     * With {@code -Dhotpair.hostileHeapMiB=64} it is the limit that is claimed. A build has a
     * quarter more: how much garbage waits for the collector depends on what else the machine does.
     */
    private static final long EXTRA_BYTES = Long.getLong("hotpair.hostileHeapMiB", 80) << 20;

    private static final long EXTRA_DIRECT_BYTES = 24 << 20;
    private static final int LEFT_BYTES = 24 << 20;
    private static final int WARM_UP = 2_000;
    private static final int SCRIPT_CLIENTS = 3;
    private static HostileTarget.Use idle = new HostileTarget.Use(0, 0);

    /** Attacks that one JVM stands one after the other. */
    enum Group {
        CONNECTIONS,
        MEMORIES,
        COMMANDS,
        SCRIPTS,
        SCRIPTS_THEMSELVES;

        Map<String, HostileClients.Attack> attacks() {
            return switch (this) {
                case CONNECTIONS -> HostileClients.onConnections();
                case MEMORIES -> HostileClients.onMemories();
                case COMMANDS -> HostileClients.onCommands();
                case SCRIPTS -> HostileClients.onScripts();
                case SCRIPTS_THEMSELVES -> scripts();
            };
        }
    }

    private static Map<String, HostileClients.Attack> scripts() {
        Map<String, List<String>> families = new LinkedHashMap<>();
        families.put("memory", HostileScripts.memory());
        // What the good client has is not to be deleted.
        families.put(
                "replies",
                HostileScripts.replies().stream()
                        .filter(each -> !each.contains("flushall"))
                        .toList());
        families.put("depth", HostileScripts.depth());
        families.put("sources", some(HostileScripts.sources(), 3));
        families.put("arguments", some(HostileScripts.arguments(), 5));
        // These take time and little else.
        families.put("catching", some(HostileScripts.catching(), 7));
        families.put("long work", some(HostileScripts.longWork(), 7));
        Map<String, HostileClients.Attack> all = new LinkedHashMap<>();
        families.forEach(
                (name, scripts) -> all.put(name, c -> c.evaluate(SCRIPT_CLIENTS, scripts)));
        return all;
    }

    /** Each n-th. */
    private static List<String> some(List<String> scripts, int n) {
        List<String> some = new ArrayList<>();
        for (int i = 0; i < scripts.size(); i += n) {
            some.add(scripts.get(i));
        }
        return some;
    }

    @BeforeAll
    static void shouldTakeLittleWhenItHasNothingToDo() throws IOException {
        try (HostileTarget calm = HostileTarget.start("-XX:+UseSerialGC", "-Xmx256m")) {
            warmUp(calm);
            idle = calm.use();
        }
    }

    private static void warmUp(HostileTarget target) {
        try (RawClient client = new RawClient(target.port())) {
            assertEquals("+OK\r\n", client.call("SET", "kept", "value"));
            for (int i = 0; i < WARM_UP; i++) {
                assertEquals("$5\r\nvalue\r\n", client.call("GET", "kept"));
                assertEquals(":1\r\n", client.call("EVAL", "return 1", "0"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Group.class)
    void shouldStandAttacksWithLittleHeap(Group group) throws Exception {
        HostileTarget target =
                HostileTarget.start(
                        "-XX:+UseSerialGC",
                        "-Xmn8m",
                        "-Xmx" + (idle.heapBytes() + EXTRA_BYTES) / 1024 + "k",
                        "-XX:MaxDirectMemorySize="
                                + (idle.directBytes() + EXTRA_DIRECT_BYTES) / 1024
                                + "k",
                        "-XX:+ExitOnOutOfMemoryError");
        try (target) {
            warmUp(target);
            GoodClient good = new GoodClient(target.port());
            for (Map.Entry<String, HostileClients.Attack> each : group.attacks().entrySet()) {
                attack(target, each.getKey(), each.getValue());
                good.check(each.getKey());
            }
            good.stop();
            Await.until(
                    () -> target.use().heapBytes() < idle.heapBytes() + LEFT_BYTES,
                    () -> "left: " + target.use());
        }
        assertEquals(0, target.exitValue(), target::said);
        for (String sign : List.of("OutOfMemory", "OutOfDirectMemory")) {
            assertFalse(target.said().contains(sign), target::said);
        }
    }

    private static void attack(HostileTarget target, String name, HostileClients.Attack attack) {
        try {
            HostileClients.attack(target.port(), attack);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(name + ": " + target.said(), e);
        }
        assertTrue(target.isAlive(), () -> name + ": " + target.said());
    }

    /** One that asks for little, and knows what it must be answered. */
    private static final class GoodClient {
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final AtomicLong answers = new AtomicLong();
        private final List<Throwable> wrong = new ArrayList<>();
        private final Thread thread;
        private long seen;

        GoodClient(int port) {
            thread = new Thread(() -> ask(port), "good-client");
            thread.start();
        }

        private void ask(int port) {
            try (RawClient client = new RawClient(port)) {
                for (long i = 1; !stopped.get(); i++) {
                    assertEquals("$5\r\nvalue\r\n", client.call("GET", "kept"));
                    String text = Long.toString(i);
                    assertEquals(
                            "$" + text.length() + "\r\n" + text + "\r\n",
                            client.call("ECHO", text));
                    answers.incrementAndGet();
                }
            } catch (RuntimeException | AssertionError e) {
                synchronized (wrong) {
                    wrong.add(e);
                }
            }
        }

        /** Looks whether it was served since this was asked last. */
        void check(String when) {
            synchronized (wrong) {
                if (!wrong.isEmpty()) {
                    throw new AssertionError(when, wrong.get(0));
                }
            }
            Await.until(() -> answers.get() > seen, () -> "no answer since " + when);
            seen = answers.get();
        }

        void stop() throws InterruptedException {
            check("the last attack");
            stopped.set(true);
            thread.join();
            assertEquals(List.of(), wrong);
        }
    }
}
