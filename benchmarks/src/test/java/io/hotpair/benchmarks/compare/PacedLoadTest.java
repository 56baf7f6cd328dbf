package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PacedLoadTest {
    private static final Dataset DATASET = Dataset.withoutCounters(1_000);
    private static final int OPERATIONS_PER_SECOND = 1_000;

    /** One put of 200 ms makes some 200 operations late that were due meanwhile. */
    @Test
    void shouldCountFromWhenAnOperationWasDue() {
        Staller staller = new Staller();
        PacedLoad.Phase phase;
        try (PacedLoad load = load(staller)) {
            while (staller.calls.get() < 400) {
                LockSupport.parkNanos(1_000_000);
            }
            phase = load.next();
        }
        long lateNs = TimeUnit.MILLISECONDS.toNanos(50);
        assertTrue(phase.puts().quantileNs(0.7) > lateNs, "puts were not late");
        assertTrue(phase.gets().quantileNs(0.7) > lateNs, "gets were not late");
    }

    @Test
    void shouldNotHideThatAnEntryIsLost() {
        Staller staller = new Staller();
        staller.answer = Caller.ABSENT;
        PacedLoad load = load(staller);
        while (staller.calls.get() < 2) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThrows(IllegalStateException.class, load::close);
    }

    private static PacedLoad load(Caller caller) {
        int[] numbers = Access.draw(Distribution.UNIFORM, DATASET.keyCount(), 1);
        return new PacedLoad(
                List.of(new Seat(caller, Access.of(numbers, 0))), DATASET, OPERATIONS_PER_SECOND);
    }

    private static final class Staller extends Caller {
        final AtomicInteger calls = new AtomicInteger();
        volatile int answer;

        @Override
        int get() {
            calls.incrementAndGet();
            return answer;
        }

        @Override
        void put(int length) {
            if (calls.getAndIncrement() == 0) {
                long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(200);
                while (System.nanoTime() - untilNs < 0) {
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }

        @Override
        long increment() {
            throw new UnsupportedOperationException("nobody counts here");
        }

        @Override
        byte @Nullable [] read() {
            return null;
        }
    }
}
