package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.topology.Lease;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a keyspace may do right now. Immutable: one volatile load tells an operation everything.
 *
 * @param term the term in which this node is master; 0 while it is not
 * @param lease the master's lease; null while this node is not master
 * @param refusal why writes are refused; null if they are taken
 * @param refusalCategory its category; null if writes are taken
 * @param circumstances asked for the rest of that sentence when a write is refused, since it may
 *     change while the mode does not; null if there is no more to say
 * @param readable whether memory shows a state that there was, so that reads are answered
 * @param closed whether the keyspace is closed
 */
public record Mode(
        long term,
        @Nullable Lease lease,
        @Nullable String refusal,
        HotpairException.@Nullable Category refusalCategory,
        @Nullable Supplier<String> circumstances,
        boolean readable,
        boolean closed) {

    static final Mode REPLICA = replica(() -> "no master is known yet");

    /** A replica whose memory is being replaced as a whole. */
    static final Mode LOADING =
            new Mode(
                    0,
                    null,
                    "this node is loading a full copy of what the master has",
                    HotpairException.Category.LOADING,
                    null,
                    false,
                    false);

    static Mode master(long term, Lease lease) {
        return new Mode(term, lease, null, null, null, true, false);
    }

    /**
     * A replica.
     *
     * @param master says who is master, when a write is refused
     */
    static Mode replica(Supplier<String> master) {
        return new Mode(
                0,
                null,
                "this node is a replica",
                HotpairException.Category.NOT_MASTER,
                master,
                true,
                false);
    }

    Mode refusing(HotpairException.Category category, String sentence) {
        return new Mode(term, lease, sentence, category, null, readable, closed);
    }

    Mode accepting() {
        return new Mode(term, lease, null, null, null, readable, closed);
    }

    Mode close() {
        return new Mode(
                0,
                null,
                "keyspace is closed",
                HotpairException.Category.NOT_MASTER,
                null,
                false,
                true);
    }

    boolean isMaster() {
        return lease != null;
    }

    /** Whether what was executed in a term may be answered for. */
    public boolean vouches(long executedTerm) {
        Lease held = lease;
        return executedTerm == term && (held == null || held.isValid());
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("keyspace is closed");
        }
    }

    /** Refuses a read if it can't be answered. */
    void checkReadable() {
        checkOpen();
        if (!readable && refusal != null && refusalCategory != null) {
            throw new HotpairException(refusalCategory, refusal);
        }
    }

    public void checkWritable() {
        checkOpen();
        if (refusal != null && refusalCategory != null) {
            throw new HotpairException(
                    refusalCategory,
                    circumstances == null ? refusal : refusal + "; " + circumstances.get());
        }
    }
}
