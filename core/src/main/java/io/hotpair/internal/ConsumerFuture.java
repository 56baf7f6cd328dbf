package io.hotpair.internal;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The future of one that waits. Whoever cancels or completes it ends the wait, and only by that the
 * future; if something is being taken for the one that waits, or has been, it gets that instead.
 */
final class ConsumerFuture<R> extends CompletableFuture<R> {
    private volatile @Nullable BlockedConsumer<R> consumer;

    /** Names the one that waits. */
    void waitsAs(BlockedConsumer<R> toBe) {
        consumer = toBe;
    }

    /** Gives what the one that waits got. */
    void take(BlockedConsumer<R> from) {
        Throwable failure = from.failure();
        if (failure != null) {
            refuse(failure);
        } else {
            deliver(from.result());
        }
    }

    /** Gives a result; null if there is none. */
    @SuppressWarnings("NullAway")
    void deliver(@Nullable R result) {
        boolean unused = super.complete(result);
    }

    void refuse(Throwable failure) {
        boolean unused = super.completeExceptionally(failure);
    }

    private boolean end(Runnable how) {
        BlockedConsumer<R> waiting = consumer;
        return waiting != null && waiting.end(how);
    }

    @Override
    public boolean complete(R value) {
        return end(() -> deliver(value));
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
        return end(() -> refuse(failure));
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean unused = end(() -> super.cancel(mayInterruptIfRunning));
        return isCancelled();
    }

    @Override
    public CompletableFuture<R> completeAsync(Supplier<? extends R> supplier, Executor executor) {
        executor.execute(
                () -> {
                    try {
                        boolean unused = complete(supplier.get());
                    } catch (RuntimeException | Error e) {
                        boolean unused = completeExceptionally(e);
                    }
                });
        return this;
    }

    @Override
    public void obtrudeValue(R value) {
        throw new UnsupportedOperationException("what was taken can't be replaced");
    }

    @Override
    public void obtrudeException(Throwable failure) {
        throw new UnsupportedOperationException("what was taken can't be replaced");
    }
}
