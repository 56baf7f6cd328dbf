package io.hotpair.benchmarks.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * Puts and gets at a fixed rate, in turns, whatever happens: each one is due at its time, and its
 * latency counts from then, so that one that takes long makes all that are due meanwhile late.
 */
final class PacedLoad implements AutoCloseable {
    private final ExecutorService threads =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task, "load");
                        thread.setDaemon(true);
                        return thread;
                    });
    private final List<Future<?>> running = new ArrayList<>();
    private final int threadCount;
    private volatile Phase phase;
    private volatile boolean stopped;

    /** What was measured for some time. */
    static final class Phase {
        private final List<LatencyHistogram> puts = new ArrayList<>();
        private final List<LatencyHistogram> gets = new ArrayList<>();

        private Phase(int threads) {
            for (int thread = 0; thread < threads; thread++) {
                puts.add(new LatencyHistogram());
                gets.add(new LatencyHistogram());
            }
        }

        LatencyHistogram puts() {
            return sum(puts);
        }

        LatencyHistogram gets() {
            return sum(gets);
        }

        private static LatencyHistogram sum(List<LatencyHistogram> parts) {
            LatencyHistogram sum = new LatencyHistogram();
            parts.forEach(sum::add);
            return sum;
        }
    }

    /**
     * Begins.
     *
     * @param rate operations a second, of all threads together
     */
    PacedLoad(List<Seat> seats, Dataset dataset, double rate) {
        threadCount = seats.size();
        phase = new Phase(threadCount);
        long intervalNs = (long) (1e9 * threadCount / rate);
        long startNs = System.nanoTime();
        for (int thread = 0; thread < threadCount; thread++) {
            int id = thread;
            long firstNs = startNs + intervalNs * thread / threadCount;
            running.add(threads.submit(() -> run(id, seats.get(id), dataset, firstNs, intervalNs)));
        }
    }

    private void run(int id, Seat seat, Dataset dataset, long firstNs, long intervalNs) {
        long dueNs = firstNs;
        for (long turn = 0; !stopped; turn++) {
            while (System.nanoTime() - dueNs < 0) {
                LockSupport.parkNanos(dueNs - System.nanoTime());
            }
            boolean isPut = (turn & 1) == 0;
            Operation operation = isPut ? Operation.PUT : Operation.GET;
            int wrong = operation.once(seat.caller(), seat.access(), dataset, 0);
            if (wrong != 0) {
                throw new Operation.WrongAnswer("a get gave a wrong answer, or lost an entry");
            }
            Phase current = phase;
            (isPut ? current.puts : current.gets).get(id).record(System.nanoTime() - dueNs);
            dueNs += intervalNs;
        }
    }

    /**
     * Measures anew from here on; returns what was measured so far, which is to be read when the
     * load is closed: an operation that has just ended may still be noted in it.
     */
    Phase next() {
        Phase last = phase;
        phase = new Phase(threadCount);
        return last;
    }

    /** Ends the load; throws if one of its threads failed. */
    @Override
    public void close() {
        stopped = true;
        try {
            for (Future<?> thread : running) {
                thread.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}
