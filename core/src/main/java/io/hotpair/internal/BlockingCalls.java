package io.hotpair.internal;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs commands that wait, by {@link BlockedConsumers}: once for whoever begins, without waiting;
 * and then, if nothing was found, in the threads that change one of the keys.
 */
public final class BlockingCalls {
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final Core core;
    private final Engine engine;
    private final BlockedConsumers consumers;

    BlockingCalls(Core core) {
        this.core = core;
        engine = core.engine();
        consumers = engine.blockedConsumers();
    }

    /** One call: the command, and where its attempts are made. */
    private final class Call<R> {
        private final BlockingCommand<R> command;
        private final Executor executor;
        private final Outcome outcome;
        private Mode before = engine.mode();
        private volatile boolean begins;
        private @Nullable BlockedConsumer<R> consumer;

        Call(BlockingCommand<R> command, Executor executor, Outcome outcome) {
            this.command = command;
            this.executor = executor;
            this.outcome = outcome;
            before.checkOpen();
            outcome.begin(before.term());
        }

        /** The attempt with which it begins: others who wait go first. */
        @Nullable R begin() {
            boolean waits =
                    command.rivals().compete()
                            && consumers.areWaitedFor(command.keys())
                            && command.mayWaitBehindOthers(executor);
            if (!waits) {
                return command.begin(executor);
            }
            before.checkWritable();
            begins = true;
            return null;
        }

        /** Takes its place behind those who wait, and is served if there is something already. */
        void wait(BlockedConsumer<R> consumer) {
            consumers.add(consumer, command.keys());
            begins = false;
        }

        /** An attempt for one that waits, in any thread, but one at a time. */
        @Nullable R attempt(byte[] key) {
            before = engine.mode();
            try {
                R found;
                if (begins) {
                    // In its turn, but before the call could wait, it still looks at all its keys;
                    // once is enough, as it stands in all their lines.
                    found = command.begin(executor);
                    begins = false;
                } else {
                    found = command.attempt(executor, key);
                }
                if (found == null) {
                    lookAgain(command.againAtMs());
                }
                return found;
            } catch (HotpairException e) {
                if (e.category() == HotpairException.Category.NOT_ENOUGH_REPLICAS
                        || e.category() == HotpairException.Category.BUSY) {
                    throw BlockedConsumer.TryLater.INSTANCE;
                }
                throw e;
            } catch (VirtualMachineError e) {
                // It is the thread that changed the key which has no memory left, or no stack.
                if (!command.writes() || outcome.opId() == 0) {
                    throw BlockedConsumer.TryLater.INSTANCE;
                }
                throw new HotpairException(
                        HotpairException.Category.OUTCOME_UNKNOWN,
                        "opId=" + outcome.opId() + " took something that can't be given: " + e,
                        e);
            }
        }

        private void lookAgain(long atMs) {
            BlockedConsumer<R> waits = consumer;
            if (atMs != Long.MAX_VALUE && waits != null) {
                long delayMs = Math.max(1, atMs - engine.nowMs());
                consumers.serveLater(waits, atMs, TimeUnit.MILLISECONDS.toNanos(delayMs));
            }
        }

        BlockedConsumer<R> consumer(@Nullable Thread parked) {
            BlockedConsumer<R> created =
                    new BlockedConsumer<>(
                            consumers,
                            command.keys().length,
                            command.rivals(),
                            this::attempt,
                            parked);
            consumer = created;
            return created;
        }

        /** Refuses what a master found, or did not find, which may be one no longer. */
        void checkAnswer() {
            core.checkRead(before);
        }
    }

    private static long timeoutNs(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException(
                    "timeout=" + timeout + ", expected 0 for none, or more");
        }
        if (timeout.isZero()) {
            return FOR_EVER;
        }
        try {
            return timeout.toNanos();
        } catch (ArithmeticException e) {
            return FOR_EVER;
        }
    }

    // ---- a thread that waits

    /**
     * Runs a command, and waits.
     *
     * @param timeout how long; zero for ever
     * @param executor where its attempts are made, some of them in other threads while this one
     *     waits
     * @param outcome that of the executor
     * @return {@link BlockingCommand#nothing} if nothing came in time, or before the thread was
     *     interrupted
     */
    public <R> @Nullable R await(
            BlockingCommand<R> command, Duration timeout, Executor executor, Outcome outcome) {
        long timeoutNs = timeoutNs(timeout);
        Call<R> call = new Call<>(command, executor, outcome);
        R found = call.begin();
        if (found == null) {
            BlockedConsumer<R> consumer = call.consumer(Thread.currentThread());
            call.wait(consumer);
            park(consumer, timeoutNs);
            found = consumer.result();
        }
        if (found == null || !command.writes()) {
            call.checkAnswer();
        }
        return found == null ? command.nothing() : found;
    }

    private void park(BlockedConsumer<?> consumer, long timeoutNs) {
        long startNs = core.config().clock().nanoTime();
        boolean interrupted = false;
        boolean ending = false;
        while (!consumer.isDone()) {
            long leftNs = timeoutNs - (core.config().clock().nanoTime() - startNs);
            if (ending || (leftNs > 0 && timeoutNs == FOR_EVER)) {
                LockSupport.park(this);
            } else if (leftNs > 0) {
                LockSupport.parkNanos(this, leftNs);
            }
            // A park returns at once while the flag is up: lower it, and raise it again at the end.
            interrupted |= Thread.interrupted();
            if (!ending && (interrupted || leftNs <= 0)) {
                // Whoever is taking something for it finishes that first.
                ending = true;
                boolean unused = consumer.end(() -> {});
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Throwable failure = consumer.failure();
        if (failure != null) {
            throw asOfThisThread(failure);
        }
    }

    /** The same failure, with the trace of the thread that it concerns. */
    private static RuntimeException asOfThisThread(Throwable failure) {
        if (failure instanceof HotpairException known) {
            return new HotpairException(
                    known.category(), String.valueOf(known.getMessage()), known);
        }
        return new IllegalStateException(failure.getMessage(), failure);
    }

    // ---- no thread that waits

    /**
     * Runs a command, and completes a future when it has found something, and that is acknowledged
     * at a level.
     *
     * @param timeout how long it waits; zero for ever
     * @param executor where its attempts are made, one after the other, in any thread
     * @param outcome that of the executor
     * @param level how far what it wrote has come then
     * @return completed with {@link BlockingCommand#nothing} if nothing came in time
     */
    public <R> CompletableFuture<@Nullable R> start(
            BlockingCommand<R> command,
            Duration timeout,
            Executor executor,
            Outcome outcome,
            Acknowledgement level) {
        long timeoutNs = timeoutNs(timeout);
        Call<R> call = new Call<>(command, executor, outcome);
        ConsumerFuture<R> future = new ConsumerFuture<>();
        try {
            R found = call.begin();
            if (found == null) {
                startToWait(call, future, timeoutNs, level);
            } else {
                answer(call, future, found, level);
            }
        } catch (HotpairException | IllegalStateException e) {
            future.refuse(e);
        }
        return future;
    }

    private <R> void startToWait(
            Call<R> call, ConsumerFuture<R> future, long timeoutNs, Acknowledgement level) {
        BlockedConsumer<R> consumer = call.consumer(null);
        consumer.whenServed(
                () -> {
                    Throwable failure = consumer.failure();
                    if (failure != null) {
                        future.refuse(failure);
                    } else {
                        answer(call, future, consumer.result(), level);
                    }
                });
        future.waitsAs(consumer);
        if (timeoutNs != FOR_EVER) {
            consumers.addTimer(consumer, timeoutNs, () -> answer(call, future, null, level));
        }
        call.wait(consumer);
    }

    /** Gives a result once it is as good as the same one of a call that waits. */
    private <R> void answer(
            Call<R> call, ConsumerFuture<R> future, @Nullable R found, Acknowledgement level) {
        if (found == null || !call.command.writes()) {
            try {
                call.checkAnswer();
                future.deliver(found == null ? call.command.nothing() : found);
            } catch (HotpairException e) {
                future.refuse(e);
            }
            return;
        }
        core.whenAcknowledged(
                level,
                call.outcome,
                failure -> {
                    if (failure == null) {
                        future.deliver(found);
                    } else {
                        future.refuse(failure);
                    }
                });
    }
}
