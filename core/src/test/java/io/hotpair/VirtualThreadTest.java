package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Virtual threads wait without holding the thread that carries them. */
@Timeout(120)
class VirtualThreadTest {
    private static final int COUNT = 2_000;

    static Stream<Path> javas() throws Exception {
        return BareJvmTest.javas();
    }

    @ParameterizedTest
    @MethodSource("javas")
    void shouldLetThousandsOfVirtualThreadsWaitOnOneCarrier(Path java) throws Exception {
        Process process =
                new ProcessBuilder(
                                java.toString(),
                                "-Djdk.virtualThreadScheduler.parallelism=1",
                                "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Program.class.getName())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), out);
        assertEquals("done\n", out, java.toString());
    }

    /** What the child JVM does; nothing where there are no virtual threads. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            if (Runtime.version().feature() >= 21) {
                try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
                    waitAndServe(keyspace);
                }
            }
            System.out.println("done");
        }

        private static void waitAndServe(Keyspace keyspace) throws Exception {
            Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
            CountDownLatch begun = new CountDownLatch(COUNT);
            CountDownLatch served = new CountDownLatch(COUNT);
            byte[] key = {'k'};
            for (int i = 0; i < COUNT; i++) {
                Runnable waiting =
                        () -> {
                            begun.countDown();
                            Objects.requireNonNull(keyspace.lists().blpop(Duration.ZERO, key));
                            served.countDown();
                        };
                Object unused = start.invoke(null, waiting);
            }
            // With one carrier the last one begins when all others are parked.
            await(begun, "begun");
            for (int i = 0; i < COUNT; i++) {
                long unused = keyspace.lists().rpush(key, new byte[] {1});
            }
            await(served, "served");
        }

        private static void await(CountDownLatch latch, String what) throws InterruptedException {
            if (!latch.await(20, TimeUnit.SECONDS)) {
                System.out.println(what + ": all but " + latch.getCount());
                Runtime.getRuntime().halt(1);
            }
        }
    }
}
