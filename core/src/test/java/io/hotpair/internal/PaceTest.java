package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.Clock;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How much a thread in the background rests. */
class PaceTest {
    private static final long WORK_NS = 20_000_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static long work() {
        long untilNs = THREADS.getCurrentThreadCpuTime() + WORK_NS;
        long sum = 0;
        while (THREADS.getCurrentThreadCpuTime() < untilNs) {
            sum += System.nanoTime();
        }
        return sum;
    }

    private static long tookNs(Pace pace, long doneBytes) {
        long beganNs = System.nanoTime();
        pace.at(doneBytes);
        return System.nanoTime() - beganNs;
    }

    @Test
    void shouldRestSoLongThatItsWorkIsAnEighthOfAllProcessorsTime() {
        int processors = Runtime.getRuntime().availableProcessors();
        assumeTrue(processors < 8 && THREADS.isCurrentThreadCpuTimeSupported());
        Pace pace = new Pace(Clock.SYSTEM, Long.MAX_VALUE, false, () -> {});
        pace.at(0);
        work();
        long tookNs = tookNs(pace, 1 << 20);
        // The work of the test itself has a clock of some milliseconds on some systems.
        long restNs = WORK_NS * (8 - processors) / processors / 2;
        assertTrue(tookNs >= restNs, "rested " + tookNs + " ns, expected " + restNs);
    }

    @Test
    void shouldMoveSoManyBytesASecond() {
        Pace pace = new Pace(Clock.SYSTEM, 10 << 20, true, () -> {});
        pace.at(0);
        long tookNs = tookNs(pace, 1 << 20);
        assertTrue(tookNs >= 90_000_000, tookNs + " ns");
    }

    @Test
    void shouldOnlyCountBytesWhenItHurries() {
        AtomicInteger looked = new AtomicInteger();
        Pace pace = new Pace(Clock.SYSTEM, Long.MAX_VALUE, true, looked::incrementAndGet);
        pace.at(0);
        work();
        pace.at(1 << 20);
        assertEquals(2, looked.get(), "rests");
    }

    @Test
    void shouldEndWhenTheKeyspaceIsClosed() {
        AtomicInteger looks = new AtomicInteger();
        Pace pace =
                new Pace(
                        Clock.SYSTEM,
                        1,
                        false,
                        () -> {
                            if (looks.incrementAndGet() == 3) {
                                throw new IllegalStateException("closed");
                            }
                        });
        assertThrows(IllegalStateException.class, () -> pace.at(1 << 20));
        assertEquals(3, looks.get());
    }
}
