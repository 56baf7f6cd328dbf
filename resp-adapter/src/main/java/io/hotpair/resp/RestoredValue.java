package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.ScoredMember;
import io.hotpair.Session;
import io.hotpair.TransactionView;
import io.hotpair.ZaddCondition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the value of a {@link RdbPayload} to a key that is absent, inside of a transaction, so
 * that nobody sees a part of it.
 */
final class RestoredValue implements RdbPayload.Sink {
    private static final int BATCH = 128;

    /** Takes a value without keeping anything of it, to see whether it can be read. */
    static final RdbPayload.Sink NOWHERE =
            new RdbPayload.Sink() {
                @Override
                public void string(byte[] value) {}

                @Override
                public void listElement(byte[] element) {}

                @Override
                public void member(byte[] member) {}

                @Override
                public void scoredMember(byte[] member, double score) {}

                @Override
                public void field(byte[] field, byte[] value, long deadlineMs) {}

                @Override
                public void stream(RdbStream stream) {}
            };

    /** Writes a batch, and says how many elements are new. */
    @FunctionalInterface
    private interface Writer {
        long write();
    }

    private final TransactionView view;
    private final byte[] key;
    private final long nowMs;
    private final List<byte[]> batch = new ArrayList<>();
    private final List<ScoredMember> scored = new ArrayList<>();
    private @Nullable Writer writer;
    private int count;
    private boolean isThere;

    RestoredValue(TransactionView view, byte[] key, long nowMs) {
        this.view = view;
        this.key = key;
        this.nowMs = nowMs;
    }

    /** Ends the value, and says whether there is one: all fields of a hash may have expired. */
    boolean end() {
        flush();
        return isThere;
    }

    @Override
    public void string(byte[] value) {
        view.put(key, value, Session.NEVER);
        isThere = true;
    }

    @Override
    public void listElement(byte[] element) {
        batch.add(element);
        written(
                () -> {
                    int count = batch.size();
                    long unused = view.lists().rpush(key, elements());
                    return count;
                });
    }

    private byte[][] elements() {
        return batch.toArray(byte[][]::new);
    }

    @Override
    public void member(byte[] member) {
        batch.add(member);
        written(() -> view.sets().sadd(key, elements()));
    }

    private void written(Writer by) {
        writer = by;
        count++;
        if (count == BATCH) {
            flush();
        }
    }

    /** What is there twice is no value that Redis has written. */
    private void flush() {
        Writer by = writer;
        if (by == null) {
            return;
        }
        if (by.write() != count) {
            throw RdbReader.damaged();
        }
        isThere = true;
        writer = null;
        count = 0;
        batch.clear();
        scored.clear();
    }

    @Override
    public void scoredMember(byte[] member, double score) {
        scored.add(new ScoredMember(member, score));
        written(
                () ->
                        view.sortedSets()
                                .zadd(
                                        key,
                                        ZaddCondition.ALWAYS,
                                        false,
                                        scored.toArray(ScoredMember[]::new)));
    }

    @Override
    public void field(byte[] field, byte[] value, long deadlineMs) {
        if (deadlineMs == 0) {
            batch.add(field);
            batch.add(value);
            written(() -> view.hashes().hset(key, elements()));
        } else if (deadlineMs > nowMs) {
            if (!view.hashes().hset(key, field, value)) {
                throw RdbReader.damaged();
            }
            isThere = true;
            int[] unused =
                    view.hashes()
                            .hexpireAt(
                                    key,
                                    Instant.ofEpochMilli(deadlineMs),
                                    DeadlineCondition.ALWAYS,
                                    field);
        }
    }

    @Override
    public void stream(RdbStream stream) {
        try {
            stream.writeTo(view.streams(), key);
            isThere = true;
        } catch (IllegalArgumentException e) {
            throw RdbReader.damaged();
        } catch (HotpairException e) {
            if (e.category() == HotpairException.Category.WRONG_VALUE) {
                throw RdbReader.damaged();
            }
            throw e;
        }
    }
}
