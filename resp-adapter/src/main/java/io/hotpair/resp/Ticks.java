package io.hotpair.resp;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Has event loops look ten times a second after what no client asks for: time-outs, samples. The
 * time is told by a thread beside them: a loop with a timer of its own asks for the time at each
 * turn, several times, and has the kernel end each wait. That would be some hundredths of what a
 * command costs which comes alone.
 */
final class Ticks implements AutoCloseable {
    private static final long EVERY_MS = 100;

    private final ScheduledThreadPoolExecutor thread;

    Ticks(String keyspace) {
        thread =
                new ScheduledThreadPoolExecutor(
                        1, new DefaultThreadFactory("hotpair-ticks-" + keyspace, true));
    }

    /** Runs a task in a loop's thread, again and again. A loop that is late has one waiting. */
    @SuppressWarnings("FutureReturnValueIgnored") // It ends with the thread.
    void add(Executor loop, Runnable task) {
        AtomicBoolean waiting = new AtomicBoolean();
        Runnable tick =
                () -> {
                    waiting.set(false);
                    task.run();
                };
        thread.scheduleAtFixedRate(
                () -> {
                    if (!waiting.getAndSet(true)) {
                        begin(loop, tick, waiting);
                    }
                },
                0,
                EVERY_MS,
                TimeUnit.MILLISECONDS);
    }

    private static void begin(Executor loop, Runnable tick, AtomicBoolean waiting) {
        try {
            loop.execute(tick);
        } catch (RuntimeException | Error e) {
            // As when there is no memory for a moment: what is thrown here would be the last tick.
            waiting.set(false);
            say(e);
        }
    }

    private static void say(Throwable cause) {
        try {
            RespServer.LOGGER.warn("An event loop was not told the time, it is in a moment", cause);
        } catch (RuntimeException | Error unlogged) {
            // Nor was there memory to say so. The next tick matters more.
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
