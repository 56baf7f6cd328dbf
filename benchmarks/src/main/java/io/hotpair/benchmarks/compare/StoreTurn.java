package io.hotpair.benchmarks.compare;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Lets one store after the other be written by some threads for a moment. */
final class StoreTurn implements AutoCloseable {
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final ExecutorService threads =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task, "stores");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final Dataset dataset;
    private final long leadInNs;
    private final long turnNs;

    /**
     * What a turn has cost.
     *
     * @param count puts of all threads together
     * @param wallNs how long that took, until the store had taken them
     * @param cpuNs processor time of all threads of this JVM, until the store was at rest again
     * @param bytes given to the kernel to be written meanwhile
     */
    record Cost(long count, long wallNs, long cpuNs, long bytes) {
        double wallNsPerPut() {
            return (double) wallNs / count;
        }

        double cpuNsPerPut() {
            return (double) cpuNs / count;
        }
    }

    /**
     * Makes one.
     *
     * @param leadInNs unmeasured, at the beginning of each turn
     * @param turnNs measured
     */
    StoreTurn(Dataset dataset, long leadInNs, long turnNs) {
        this.dataset = dataset;
        this.leadInNs = leadInNs;
        this.turnNs = turnNs;
    }

    /** The store's data gets back into the caches; then it is measured, from rest to rest. */
    Cost measure(Contestant store, List<Seat> seats) {
        together(seats, leadInNs);
        store.drain();
        store.rest();
        long bytes = Machine.writtenBytes();
        long cpuNs = PROCESS.getProcessCpuTime();
        long startNs = System.nanoTime();
        long count = together(seats, turnNs);
        store.drain();
        long wallNs = System.nanoTime() - startNs;
        store.rest();
        cpuNs = PROCESS.getProcessCpuTime() - cpuNs;
        bytes = Machine.writtenBytes() - bytes;
        return new Cost(count, wallNs, cpuNs, bytes);
    }

    private long together(List<Seat> seats, long durationNs) {
        long untilNs = System.nanoTime() + durationNs;
        List<Future<Long>> counts = new ArrayList<>();
        for (Seat seat : seats) {
            counts.add(threads.submit(() -> Operation.PUT.repeat(seat, dataset, untilNs)));
        }
        return counts.stream().mapToLong(StoreTurn::get).sum();
    }

    private static long get(Future<Long> count) {
        try {
            return count.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
