package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a caller asks for where his stack ends: he may get a StackOverflowError, and nothing else
 * comes of it. A keyspace that one operation has not left can't be closed, and frees nothing.
 */
class StackEndTest {
    private static final int ROUNDS = Integer.getInteger("hotpair.stackRounds", 100);
    private static final byte[] KEY = "k".getBytes(UTF_8);
    private static final byte[] HASH = "h".getBytes(UTF_8);

    @SuppressWarnings("InfiniteRecursion")
    private static void deep(Runnable operation) {
        try {
            deep(operation);
        } catch (StackOverflowError e) {
            // What follows may have none either; then it is tried one call further up.
        }
        operation.run();
    }

    private static List<Runnable> operations(Keyspace keyspace) {
        byte[] into = new byte[100];
        List<Runnable> all = new ArrayList<>();
        all.add(() -> keyspace.get(KEY, into, 0));
        all.add(() -> keyspace.get(KEY));
        all.add(() -> keyspace.keys().exists(KEY));
        all.add(() -> keyspace.strings().mget(KEY, HASH));
        all.add(() -> keyspace.hashes().hget(HASH, KEY));
        all.add(() -> keyspace.put(KEY, KEY));
        all.add(() -> keyspace.transaction(view -> view.get(KEY)));
        return all;
    }

    @Test
    @Timeout(120)
    void shouldHoldNothingWhereTheStackEnds() throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            try (Keyspace keyspace =
                    Keyspace.open(Keyspace.builder().inMemory().maxMemory(8 << 20).build())) {
                keyspace.hashes().hset(HASH, KEY, KEY);
                for (Runnable operation : operations(keyspace)) {
                    // What the JVM could not link for want of stack it would never link again.
                    operation.run();
                    Thread thread = new Thread(null, () -> deep(operation), "deep", 256 << 10);
                    AtomicReference<Throwable> end = new AtomicReference<>();
                    thread.setUncaughtExceptionHandler((t, e) -> end.set(e));
                    thread.start();
                    thread.join();
                    assertTrue(
                            end.get() == null
                                    || end.get() instanceof VirtualMachineError
                                    || end.get() instanceof LinkageError,
                            () -> "ended by " + end.get());
                }
                assertEquals("k", keyspace.get("k"));
            }
        }
    }
}
