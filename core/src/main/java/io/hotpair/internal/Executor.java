package io.hotpair.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where typed operations run: straight on a keyspace, or inside a transaction that sees its own
 * writes. What a type does is written once, against this.
 */
public interface Executor {

    /** Looks at a key, at one moment. */
    <R> R read(byte[] key, Reader<R> reader);

    /** Looks at several keys, at one moment. A key may be given twice. */
    <R> R readAll(byte[][] keys, MultiReader<R> reader);

    /** Changes a key; returns whether it was changed. */
    boolean write(byte[] key, Mutation mutation);

    /**
     * Does several things as one step: all of them happen, at one moment, or none. Inside a
     * transaction they become a part of it.
     *
     * @param body may be called several times, when other writers came first; what it throws is
     *     thrown, and nothing has happened
     */
    <R> R transact(Function<Executor, R> body);

    /**
     * Runs a command that waits for something to be there. Inside a transaction it does not wait.
     *
     * @param timeout how long it waits at most; zero for ever
     * @return {@link BlockingCommand#nothing} if nothing came in time
     */
    default <R> @Nullable R block(BlockingCommand<R> command, Duration timeout) {
        R found = command.begin(this);
        return found == null ? command.nothing() : found;
    }

    /** As {@link #block}, without a thread that waits. */
    default <R> CompletableFuture<@Nullable R> blockAsync(
            BlockingCommand<R> command, Duration timeout) {
        return CompletableFuture.completedFuture(block(command, timeout));
    }
}
