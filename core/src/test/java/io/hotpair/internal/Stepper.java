package io.hotpair.internal;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A thread that a test stops and lets go on, access by access of a {@link StepMem}. */
final class Stepper implements AutoCloseable {
    private static final int DEADLINE_SECONDS = 60;

    /** Says before which access to stop. */
    interface Stop {
        boolean before(StepMem.Access access, long address, long value);
    }

    static final Stop NEVER = (access, address, value) -> false;

    private final StepMem mem;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Semaphore stopped = new Semaphore(0);
    private final Semaphore goOn = new Semaphore(0);
    private volatile Stop stop = NEVER;
    private volatile boolean done;
    private @Nullable Future<?> running;

    Stepper(StepMem mem) {
        this.mem = mem;
    }

    /** Stops before its k-th access, counted from now. */
    static Stop before(long k) {
        long[] count = new long[1];
        return (access, address, value) -> ++count[0] == k;
    }

    /** Begins something, and returns when it is done or stopped; true if it is stopped. */
    boolean start(Runnable task, Stop at) throws InterruptedException {
        stop = at;
        done = false;
        running =
                thread.submit(
                        () -> {
                            mem.hook(this::before);
                            try {
                                task.run();
                            } finally {
                                mem.unhook();
                                done = true;
                                stopped.release();
                            }
                        });
        return awaitStop();
    }

    private void before(StepMem.Access access, long address, long value) {
        if (stop.before(access, address, value)) {
            stop = NEVER;
            stopped.release();
            goOn.acquireUninterruptibly();
        }
    }

    private boolean awaitStop() throws InterruptedException {
        if (!stopped.tryAcquire(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("it neither ended nor came to its stop");
        }
        return !done;
    }

    /** Goes on to another stop or the end; true if it is stopped. */
    boolean goOn(Stop at) throws InterruptedException {
        if (done) {
            return false;
        }
        stop = at;
        goOn.release();
        return awaitStop();
    }

    /** Goes on to the end, and passes on what was thrown. */
    void end() throws InterruptedException, ExecutionException, TimeoutException {
        boolean unused = goOn(NEVER);
        Future<?> future = running;
        if (future != null) {
            Object unusedResult = future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        goOn.release(1_000);
        thread.shutdown();
    }
}
