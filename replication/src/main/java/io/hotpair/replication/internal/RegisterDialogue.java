package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an agent asks the register and what it has heard: at most one read, one change and one
 * renewal under way at a time. Answers are taken by {@link #takeAnswers}, so that everything
 * happens in the agent's thread. Not thread-safe.
 */
final class RegisterDialogue {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterDialogue.class);
    private static final long NONE = -1;

    /** After this long an unanswered renewal no longer keeps the next one from being sent. */
    private static final long RENEWAL_PATIENCE_NS = TimeUnit.MILLISECONDS.toNanos(400);

    /** Half of what the lease leaves room for. */
    private static final long SLOW_RENEWAL_NS = TimeUnit.MILLISECONDS.toNanos(350);

    /** What became of a change. */
    enum Outcome {
        ACCEPTED,
        REFUSED,
        /** No answer: it may have been made, or may yet be. */
        UNKNOWN
    }

    private record Call(CompletableFuture<RegisterView> future, long sentNs) {}

    private final TopologyRegister register;
    private final Clock clock;
    private final Runnable wake;
    private final VoterWatch voters;

    private @Nullable Call read;
    private @Nullable Call renewal;
    private @Nullable Call change;
    private LongConsumer onRenewed = sentNs -> {};
    private Consumer<Outcome> onChanged = outcome -> {};
    private long changeBase;

    private @Nullable TopologyState state;
    private long viewSentNs;
    private long viewTakenNs;
    private long leaseLeftMs;
    private long unsettledVersion = NONE;

    RegisterDialogue(TopologyRegister register, Clock clock, Runnable wake, VoterWatch voters) {
        this.register = register;
        this.clock = clock;
        this.wake = wake;
        this.voters = voters;
        viewSentNs = clock.nanoTime();
    }

    /** The newest state that was heard, or null before the first answer. */
    @Nullable TopologyState state() {
        return state;
    }

    /** When the question was sent whose answer is the newest that was heard. */
    long viewSentNs() {
        return viewSentNs;
    }

    /** How much of the master's lease was left at that time. */
    long leaseLeftMs() {
        return leaseLeftMs;
    }

    /** When, as far as was heard, the lease ends unless it is renewed. */
    long leaseEndNs() {
        return viewTakenNs + TimeUnit.MILLISECONDS.toNanos(leaseLeftMs);
    }

    boolean changePending() {
        return change != null;
    }

    /** Whether a change that was never answered may still be made. */
    boolean unsettled() {
        TopologyState known = state;
        return known != null && known.version() == unsettledVersion;
    }

    /** Asks, unless a question is under way. */
    void read() {
        if (read == null) {
            read = call(register::read);
        }
    }

    /** Asks for a change of the newest state that was heard. */
    void change(TopologyState next, Consumer<Outcome> handler) {
        changeBase = next.version() - 1;
        onChanged = handler;
        change = call(() -> register.compareAndSet(changeBase, next));
    }

    /** Renews a lease, unless the answer to a recent renewal is still to come. */
    void renew(long term, long incarnation, LongConsumer handler) {
        Call before = renewal;
        if (before == null || clock.nanoTime() - before.sentNs() > RENEWAL_PATIENCE_NS) {
            onRenewed = handler;
            renewal = call(() -> register.renewLease(term, incarnation));
        }
    }

    /** Takes what was answered since the last time. */
    void takeAnswers() {
        Call aRead = read;
        if (aRead != null && aRead.future().isDone()) {
            read = null;
            take(aRead);
        }
        Call aRenewal = renewal;
        if (aRenewal != null && aRenewal.future().isDone()) {
            renewal = null;
            RegisterView view = take(aRenewal);
            noteSlowRenewal(aRenewal, view);
            if (view != null && view.accepted()) {
                onRenewed.accept(aRenewal.sentNs());
            }
        }
        Call aChange = change;
        if (aChange != null && aChange.future().isDone()) {
            change = null;
            takeChange(take(aChange));
        }
    }

    private void noteSlowRenewal(Call asked, @Nullable RegisterView view) {
        long tookNs = clock.nanoTime() - asked.sentNs();
        if (tookNs > SLOW_RENEWAL_NS || view == null) {
            LOG.warn(
                    "renewal of the lease took {} ms, answered={}",
                    TimeUnit.NANOSECONDS.toMillis(tookNs),
                    view != null);
        }
    }

    private void takeChange(@Nullable RegisterView view) {
        if (view == null) {
            unsettledVersion = changeBase;
            read();
            onChanged.accept(Outcome.UNKNOWN);
        } else {
            onChanged.accept(view.accepted() ? Outcome.ACCEPTED : Outcome.REFUSED);
        }
    }

    private @Nullable RegisterView take(Call call) {
        try {
            RegisterView view = call.future().join();
            voters.answered(view, call.sentNs(), clock.nanoTime());
            observe(view, call.sentNs());
            return view;
        } catch (CompletionException e) {
            voters.unanswered(call.sentNs());
            // Not an error of ours: without an answer the lease ends, which is what must happen.
            LOG.debug("the register did not answer: {}", String.valueOf(e.getCause()));
            return null;
        }
    }

    private void observe(RegisterView view, long sentNs) {
        TopologyState known = state;
        boolean older = known != null && view.state().version() < known.version();
        if (!older && sentNs - viewSentNs >= 0) {
            viewSentNs = sentNs;
            viewTakenNs = clock.nanoTime();
            leaseLeftMs = view.leaseLeftMs();
        }
        if (!older) {
            state = view.state();
        }
    }

    /** The time is taken before the question is sent: a lease runs from then. */
    private Call call(Supplier<CompletableFuture<RegisterView>> question) {
        long sentNs = clock.nanoTime();
        return new Call(ask(question), sentNs);
    }

    private CompletableFuture<RegisterView> ask(
            Supplier<CompletableFuture<RegisterView>> question) {
        try {
            return question.get().whenComplete((view, failure) -> wake.run());
        } catch (OutOfMemoryError e) {
            // A machine without a thread or memory to spare may have one again later. Perhaps the
            // question is on its way all the same: as with any other that is not answered.
            return CompletableFuture.failedFuture(e);
        }
    }
}
