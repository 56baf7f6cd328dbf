package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.ChangeListener.Event;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BlockedConsumerTest extends TypeTest {
    private static final byte[] A = bytes("a");
    private static final byte[] B = bytes("b");

    /** Takes a string away, if it is there. */
    private @Nullable String take(byte[] key) {
        return keyspace.transaction(
                view -> {
                    String found = text(view.get(key));
                    view.delete(key);
                    return found;
                });
    }

    private CompletableFuture<String> await(byte[]... keys) {
        return keyspace.whenAvailable(
                List.of(keys),
                () -> {
                    for (byte[] key : keys) {
                        String found = take(key);
                        if (found != null) {
                            return found;
                        }
                    }
                    return null;
                });
    }

    @Test
    void shouldServeThoseWhoWaitInTheirOrder() throws Exception {
        keyspace.put(A, bytes("0"));
        assertEquals("0", await(A).get());
        List<CompletableFuture<String>> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(i % 2 == 0 ? await(A, B) : await(B, A));
        }
        assertTrue(waiting.get(1).cancel(false));
        for (int i : new int[] {0, 2, 3, 4}) {
            assertFalse(waiting.get(i).isDone());
            keyspace.put(i == 3 ? B : A, bytes("v" + i));
            assertEquals("v" + i, waiting.get(i).get(1, TimeUnit.SECONDS));
        }
        keyspace.put(A, bytes("left"));
        assertEquals("left", keyspace.get("a"));
    }

    @Test
    void shouldLoseNoWakeUp() throws Exception {
        int rounds = 3_000;
        ExecutorService threads = Executors.newCachedThreadPool();
        List<String> taken = Collections.synchronizedList(new ArrayList<>());
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (byte[] key : new byte[][] {A, B}) {
                futures.add(
                        threads.submit(
                                () -> {
                                    for (int i = 0; i < rounds; i++) {
                                        String value = text(key) + i;
                                        while (!keyspace.putIfAbsent(key, bytes(value))) {
                                            Thread.onSpinWait();
                                        }
                                    }
                                    return 0;
                                }));
                futures.add(
                        threads.submit(
                                () -> {
                                    for (int i = 0; i < rounds; i++) {
                                        taken.add(await(A, B).get(20, TimeUnit.SECONDS));
                                    }
                                    return 0;
                                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(2L * rounds, taken.stream().distinct().count());
    }

    @Test
    void shouldEndEveryWaitWhenClosed() {
        CompletableFuture<String> waiting = await(A);
        String digest = keyspace.digest();
        keyspace.close();
        ExecutionException failure = assertThrows(ExecutionException.class, waiting::get);
        assertTrue(failure.getCause() instanceof IllegalStateException);
        open();
        assertEquals(digest, keyspace.digest());
    }

    @Test
    void shouldTellListenersOfEveryChange() {
        List<String> heard = new ArrayList<>();
        ChangeListener listener =
                (key, event, opId) -> heard.add(text(key) + " " + event + " " + (opId > 0));
        keyspace.addChangeListener(listener);
        keyspace.put(A, bytes("x"));
        keyspace.delete(A);
        assertFalse(keyspace.delete(A));
        keyspace.transaction(
                view -> {
                    view.put(A, bytes("y"), Session.NEVER);
                    view.put(B, bytes("z"), Session.NEVER);
                    return view.delete(A);
                });
        keyspace.removeChangeListener(listener);
        keyspace.put(A, bytes("unheard"));
        assertEquals(
                List.of(
                        "a " + Event.CHANGED + " true",
                        "a " + Event.DELETED + " true",
                        "a " + Event.DELETED + " true",
                        "b " + Event.CHANGED + " true"),
                heard);
    }
}
