package io.hotpair.internal;

import io.hotpair.HyperLogLogOperations;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** HyperLogLogs, as {@link HyperLogLog}. */
public final class HyperLogLogCommands implements HyperLogLogOperations {
    /** A sparse one has two bytes for each register at most. */
    private static final long MAX_LENGTH = 1 << 16;

    private final Executor executor;

    /** Creates them. */
    public HyperLogLogCommands(Executor executor) {
        this.executor = executor;
    }

    private static @Nullable HyperLogLog open(Edit edit, long record) {
        if (record == 0) {
            return null;
        }
        StringContent content = new StringContent(edit).open(record);
        if (content.length() > MAX_LENGTH) {
            throw HyperLogLog.invalid();
        }
        return new HyperLogLog(content.bytes(0, content.length()));
    }

    private static HyperLogLog openOrNew(Edit edit, long record) {
        HyperLogLog kept = open(edit, record);
        return kept == null ? new HyperLogLog() : kept;
    }

    /** The record of a changed one; to the log goes no more of a dense one than what changed. */
    private static long record(Edit edit, long current, HyperLogLog changed) {
        byte[] bytes = changed.bytes();
        int length = changed.length();
        if (length != StringContent.length(edit.mem(), current)) {
            return edit.string(bytes, 0, length, edit.deadlineMs(current));
        }
        StringContent content = new StringContent(edit).openToChange(current);
        byte[] before = content.bytes(0, length);
        int from = Arrays.mismatch(before, 0, length, bytes, 0, length);
        for (int at = from; at >= 0 && at < length; ) {
            int end = at + 1;
            while (end < length && before[end] != bytes[end]) {
                end++;
            }
            content.write(at, bytes, at, end - at);
            int next = Arrays.mismatch(before, end, length, bytes, end, length);
            at = next < 0 ? length : end + next;
        }
        return content.record(edit.deadlineMs(current));
    }

    @Override
    public boolean pfAdd(byte[] key, byte[]... elements) {
        return executor.write(
                key,
                (edit, current) -> {
                    HyperLogLog counter = openOrNew(edit, current);
                    boolean changed = current == 0;
                    if (changed) {
                        counter.estimateIsOutOfDate();
                    }
                    for (byte[] element : elements) {
                        changed |= counter.add(element);
                    }
                    return changed ? record(edit, current, counter) : Mutation.UNCHANGED;
                });
    }

    @Override
    public long pfCount(byte[]... keys) {
        if (keys.length == 1) {
            return executor.read(
                    keys[0],
                    (edit, record) ->
                            record == 0 ? 0L : Objects.requireNonNull(open(edit, record)).count());
        }
        return HyperLogLog.count(new Union(executor, keys).values);
    }

    /** The highest values of the registers of several, and whether one of them is dense. */
    private static final class Union {
        private final byte[] values = new byte[HyperLogLog.REGISTERS];
        private final boolean dense;

        Union(Executor executor, byte[][] keys) {
            if (keys.length == 0) {
                throw new IllegalArgumentException("keys.length=0, expected at least 1");
            }
            dense = executor.readAll(keys, this::read);
        }

        private boolean read(Edit edit, long[] records) {
            Arrays.fill(values, (byte) 0);
            boolean any = false;
            for (long record : records) {
                HyperLogLog counter = open(edit, record);
                if (counter != null) {
                    counter.raiseAll(values);
                    any |= counter.isDense();
                }
            }
            return any;
        }
    }

    @Override
    public void pfMerge(byte[] destination, byte[]... sources) {
        byte[][] keys = new byte[sources.length + 1][];
        keys[0] = destination;
        System.arraycopy(sources, 0, keys, 1, sources.length);
        boolean unused =
                executor.transact(
                        transaction -> {
                            Union union = new Union(transaction, keys);
                            return transaction.write(
                                    destination,
                                    (edit, current) -> {
                                        HyperLogLog merged = openOrNew(edit, current);
                                        merged.merge(union.values, union.dense);
                                        return record(edit, current, merged);
                                    });
                        });
    }
}
