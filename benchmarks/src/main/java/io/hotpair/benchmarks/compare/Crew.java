package io.hotpair.benchmarks.compare;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The threads that measure. Each chunk is done by as many of them as there are seats. */
final class Crew implements AutoCloseable {
    private static final long SLICE_NS = 1_000_000;

    private final ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean processTimes =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final ExecutorService threads = Executors.newCachedThreadPool(Crew::daemon);
    private final Timing timing;

    /**
     * How long a chunk takes.
     *
     * @param leadInNs unmeasured, to get the contestant's data back into the caches
     * @param chunkNs measured as a whole
     * @param latencyNs measured call by call
     */
    record Timing(long leadInNs, long chunkNs, long latencyNs) {}

    /**
     * A part of a chunk in one thread, short enough to come out undisturbed now and then, also on a
     * machine that has other work.
     *
     * @param count operations
     * @param wallNs how long it took
     * @param cpuNs how long it kept its thread's processor busy
     */
    record Slice(long count, long wallNs, long cpuNs) {}

    /**
     * The outcome of a chunk.
     *
     * @param slices of all threads
     * @param processNs the processor time of all threads of this JVM, be they callers, collectors
     *     or the contestant's own
     */
    record Chunk(List<Slice> slices, long processNs) {}

    Crew(Timing timing) {
        this.timing = timing;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "compare");
        thread.setDaemon(true);
        return thread;
    }

    /** Measures one chunk, and the latencies of another. */
    Chunk measure(
            Operation operation, List<Seat> seats, Dataset dataset, LatencyHistogram latency) {
        CyclicBarrier start = new CyclicBarrier(seats.size());
        List<Callable<Chunk>> tasks = new ArrayList<>();
        List<LatencyHistogram> latencies = new ArrayList<>();
        for (Seat seat : seats) {
            LatencyHistogram own = new LatencyHistogram();
            latencies.add(own);
            tasks.add(
                    () -> {
                        await(start);
                        return share(operation, seat, dataset, own);
                    });
        }
        Chunk chunk = together(tasks);
        latencies.forEach(latency::add);
        return chunk;
    }

    private Chunk share(
            Operation operation, Seat seat, Dataset dataset, LatencyHistogram histogram) {
        operation.repeat(seat, dataset, System.nanoTime() + timing.leadInNs());
        List<Slice> slices = new ArrayList<>();
        long processNs = processTimes.getProcessCpuTime();
        long endNs = System.nanoTime() + timing.chunkNs();
        while (System.nanoTime() - endNs < 0) {
            slices.add(slice(operation, seat, dataset));
        }
        processNs = processTimes.getProcessCpuTime() - processNs;
        long untilNs = System.nanoTime() + timing.latencyNs();
        operation.repeatTimed(seat, dataset, untilNs, histogram);
        return new Chunk(slices, processNs);
    }

    private Slice slice(Operation operation, Seat seat, Dataset dataset) {
        long cpuNs = threadTimes.getCurrentThreadCpuTime();
        long startNs = System.nanoTime();
        long count = operation.repeat(seat, dataset, startNs + SLICE_NS);
        long wallNs = System.nanoTime() - startNs;
        return new Slice(count, wallNs, threadTimes.getCurrentThreadCpuTime() - cpuNs);
    }

    /** All threads' slices; the process's time is what each of them saw, so the mean of it. */
    private Chunk together(List<Callable<Chunk>> tasks) {
        List<Slice> slices = new ArrayList<>();
        long processNs = 0;
        for (Future<Chunk> future : startAll(tasks)) {
            Chunk chunk = get(future);
            slices.addAll(chunk.slices());
            processNs += chunk.processNs() / tasks.size();
        }
        return new Chunk(slices, processNs);
    }

    private <T> List<Future<T>> startAll(List<Callable<T>> tasks) {
        try {
            return threads.invokeAll(tasks);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (BrokenBarrierException e) {
            throw new IllegalStateException("another thread of the crew failed", e);
        }
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
