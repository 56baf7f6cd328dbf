package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoadThreadsTest {
    private final List<Thread> started = Collections.synchronizedList(new ArrayList<>());

    private LoadThreads threads() {
        return new LoadThreads(
                task -> {
                    Thread thread = new Thread(task);
                    started.add(thread);
                    return thread;
                });
    }

    private void assertEnded() {
        assertTrue(started.stream().noneMatch(Thread::isAlive), started.toString());
    }

    @Test
    void shouldDoWhatAThreadIsGivenInOrder() {
        LoadThreads threads = threads();
        List<List<Integer>> done = new ArrayList<>();
        for (int i = 0; i < threads.count(); i++) {
            done.add(new ArrayList<>());
        }
        List<Integer> expected = new ArrayList<>();
        for (int n = 0; n < 1_000; n++) {
            int number = n;
            expected.add(n);
            for (int i = 0; i < threads.count(); i++) {
                List<Integer> own = done.get(i);
                assertTrue(threads.give(i, () -> own.add(number)));
            }
            if (n % 100 == 0) {
                threads.finish();
                done.forEach(own -> assertEquals(number + 1, own.size()));
            }
        }
        threads.end();
        assertEnded();
        done.forEach(own -> assertEquals(expected, own));
    }

    @Test
    void shouldEndAllWithTheFirstFailure() {
        LoadThreads threads = threads();
        assertTrue(
                threads.give(
                        0,
                        () -> {
                            throw new IllegalStateException("planted");
                        }));
        IllegalStateException thrown = assertThrows(IllegalStateException.class, threads::finish);
        assertEquals("planted", thrown.getMessage());
        assertFalse(threads.give(0, () -> {}));
        assertThrows(IllegalStateException.class, threads::end);
        assertEnded();
    }

    @Test
    void shouldEndWhenWhoGivesHasFailed() {
        LoadThreads threads = threads();
        threads.fail(new OutOfMemoryError("planted"));
        assertThrows(OutOfMemoryError.class, threads::end);
        assertEnded();
    }

    @Test
    void shouldDoAllThoughWhoGivesIsInterrupted() {
        LoadThreads threads = threads();
        List<Integer> done = new ArrayList<>();
        Thread.currentThread().interrupt();
        for (int n = 0; n < 20; n++) {
            int number = n;
            assertTrue(threads.give(0, () -> done.add(number)));
        }
        threads.finish();
        threads.end();
        assertTrue(Thread.interrupted());
        assertEquals(20, done.size());
        assertEnded();
    }
}
