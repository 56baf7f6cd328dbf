package io.hotpair.internal;

import io.hotpair.ChangeListener;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Consumers that wait for a key to have something for them: what a blocking pop needs. A consumer
 * that waits is an entry in a queue for each of its keys, and holds nothing else, no thread either.
 *
 * <p>Whoever changes a key serves those who wait for it, in the order in which they came, until one
 * finds nothing. Serving a key is done by one thread at a time: one that finds another at it leaves
 * the work to that one, by a count of what is to be done. So no thread waits for another here.
 *
 * <p>No wake-up is lost: a consumer is in the queues before its first attempt, and an attempt that
 * found nothing is followed by another one if the key was changed since it began.
 */
final class BlockedConsumers implements ChangeListener {

    /** One that waits. */
    private static final class Consumer<R> {
        final byte[][] keys;
        final Supplier<@Nullable R> attempt;
        final CompletableFuture<R> result = new CompletableFuture<>();
        final AtomicInteger work = new AtomicInteger();

        Consumer(byte[][] keys, Supplier<@Nullable R> attempt) {
            this.keys = keys;
            this.attempt = attempt;
        }

        /**
         * Tries until nothing has changed meanwhile; returns whether it waits no more. If another
         * thread is at it, for another key, that one tries once more.
         */
        boolean tryNow() {
            if (work.getAndIncrement() > 0) {
                return false;
            }
            int done = 1;
            do {
                if (!result.isDone()) {
                    tryOnce();
                }
                done = work.addAndGet(-done);
            } while (done > 0);
            return result.isDone();
        }

        private void tryOnce() {
            try {
                R found = attempt.get();
                if (found != null) {
                    result.complete(found);
                }
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        }
    }

    /** Those who wait for one key. */
    private static final class Line {
        final Queue<Consumer<?>> consumers = new ConcurrentLinkedQueue<>();
        final AtomicInteger work = new AtomicInteger();
    }

    private final Map<ByteBuffer, Line> lines = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();

    int waitingCount() {
        return waiting.get();
    }

    /**
     * Lets a consumer wait until an attempt succeeds.
     *
     * @param keys whose changes are worth an attempt
     * @param attempt gives a result, or null; run in threads that change the keys
     * @return completed with the first result; whoever cancels it, or completes it, ends the wait
     */
    <R> CompletableFuture<R> await(byte[][] keys, Supplier<@Nullable R> attempt) {
        Consumer<R> consumer = new Consumer<>(keys, attempt);
        waiting.incrementAndGet();
        for (byte[] key : keys) {
            lines.compute(
                    ByteBuffer.wrap(key.clone()),
                    (name, line) -> {
                        Line present = line == null ? new Line() : line;
                        present.consumers.add(consumer);
                        return present;
                    });
        }
        CompletableFuture<R> unused =
                consumer.result.whenComplete((result, failure) -> leave(consumer));
        for (byte[] key : keys) {
            serve(key);
        }
        return consumer.result;
    }

    private void leave(Consumer<?> consumer) {
        waiting.decrementAndGet();
        for (byte[] key : consumer.keys) {
            lines.computeIfPresent(
                    ByteBuffer.wrap(key),
                    (name, line) -> {
                        line.consumers.remove(consumer);
                        return line.consumers.isEmpty() ? null : line;
                    });
        }
    }

    @Override
    public void changed(byte[] key, Event event, long opId) {
        if (waiting.get() > 0 && event == Event.CHANGED) {
            serve(key);
        }
    }

    private void serve(byte[] key) {
        Line line = lines.get(ByteBuffer.wrap(key));
        if (line == null || line.work.getAndIncrement() > 0) {
            return;
        }
        int done = 1;
        do {
            Consumer<?> first = line.consumers.peek();
            while (first != null && first.tryNow()) {
                // Done ones leave by themselves; one that was cancelled may still be on its way.
                line.consumers.remove(first);
                first = line.consumers.peek();
            }
            done = line.work.addAndGet(-done);
        } while (done > 0);
    }

    /** Ends every wait, for a node that takes no writes any more. */
    void failAll(RuntimeException reason) {
        List<Consumer<?>> all = new ArrayList<>();
        lines.values().forEach(line -> all.addAll(line.consumers));
        all.forEach(consumer -> consumer.result.completeExceptionally(reason));
    }
}
