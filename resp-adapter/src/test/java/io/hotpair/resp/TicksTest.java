package io.hotpair.resp;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TicksTest {
    @Test
    void loopThatIsLateHasOneTickWaiting() throws Exception {
        BlockingQueue<Runnable> late = new LinkedBlockingQueue<>();
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch others = new CountDownLatch(5);
        try (Ticks ticks = new Ticks("late")) {
            ticks.add(late::add, ran::incrementAndGet);
            ticks.add(Runnable::run, others::countDown);
            assertTrue(others.await(60, SECONDS));
            assertEquals(1, late.size());

            late.remove().run();
            Runnable next = late.poll(60, SECONDS);
            assertNotNull(next);
            next.run();
            assertEquals(2, ran.get());
        }
    }

    @Test
    void goesOnAfterLoopThatDidNotTakeOne() throws Exception {
        AtomicInteger refused = new AtomicInteger();
        Executor refuses =
                task -> {
                    if (refused.incrementAndGet() <= 2) {
                        if (refused.get() == 1) {
                            throw new RejectedExecutionException("planted");
                        }
                        throw new OutOfMemoryError("planted");
                    }
                    task.run();
                };
        CountDownLatch ran = new CountDownLatch(2);
        try (Ticks ticks = new Ticks("refused")) {
            ticks.add(refuses, ran::countDown);
            assertTrue(ran.await(60, SECONDS));
        }
    }
}
