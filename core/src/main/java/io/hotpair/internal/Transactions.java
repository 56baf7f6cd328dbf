package io.hotpair.internal;

import io.hotpair.ChangeListener.Event;
import io.hotpair.HotpairException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs transactions until they commit. One that lost to others several times asks them to let it
 * through: those that begin then wait a moment. That is advice only, so a thread that was stopped
 * while it asked delays the others by that moment and no more.
 */
final class Transactions {
    private static final int MAX_ATTEMPTS = 1_000;
    private static final int ATTEMPTS_BEFORE_PRIORITY = 4;
    private static final int COURTESY_PARKS = 100;
    private static final long COURTESY_PARK_NS = 10_000;

    private final Engine engine;
    private final Stripes stripes;
    private final AtomicReference<@Nullable Thread> priority = new AtomicReference<>();

    Transactions(Engine engine) {
        this.engine = engine;
        stripes = engine.stripes();
    }

    <R> R run(Function<Executor, R> body, Outcome outcome) {
        Thread self = Thread.currentThread();
        int memoryAttempt = 0;
        try {
            for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
                giveWay(self, attempt);
                Transaction transaction = null;
                try {
                    transaction = engine.beginTransaction(outcome);
                    R result = transaction.apply(body);
                    if (transaction.commit(outcome)) {
                        return result;
                    }
                } catch (NoRoomNow e) {
                    // Waits below, holding nothing.
                } finally {
                    if (transaction != null) {
                        try {
                            transaction.end(outcome);
                        } finally {
                            try {
                                stripes.leave(transaction.stripe);
                            } catch (StackOverflowError noStack) {
                                transaction.stripe.isLeft = true;
                            }
                        }
                        engine.tell(transaction);
                    }
                }
                if (transaction == null || !transaction.isConflict()) {
                    engine.makeRoom(memoryAttempt++, Event.DELETED);
                }
            }
        } finally {
            priority.compareAndSet(self, null);
        }
        throw new HotpairException(
                HotpairException.Category.BUSY,
                "the transaction lost to other writers " + MAX_ATTEMPTS + " times");
    }

    private void giveWay(Thread self, int attempt) {
        if (attempt >= ATTEMPTS_BEFORE_PRIORITY && priority.compareAndSet(null, self)) {
            return;
        }
        for (int i = 0; i < COURTESY_PARKS && isOthers(priority.get(), self); i++) {
            LockSupport.parkNanos(this, COURTESY_PARK_NS);
        }
    }

    private static boolean isOthers(@Nullable Thread holder, Thread self) {
        return holder != null && holder != self;
    }
}
