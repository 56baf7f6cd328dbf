package io.hotpair;

import io.hotpair.internal.DeleteKey;
import io.hotpair.internal.Executor;
import io.hotpair.internal.GeoCommands;
import io.hotpair.internal.HashCommands;
import io.hotpair.internal.HyperLogLogCommands;
import io.hotpair.internal.IncrementString;
import io.hotpair.internal.KeyCommands;
import io.hotpair.internal.ListCommands;
import io.hotpair.internal.PutString;
import io.hotpair.internal.SetCommands;
import io.hotpair.internal.SortedSetCommands;
import io.hotpair.internal.StreamCommands;
import io.hotpair.internal.StringCommands;
import io.hotpair.internal.Transaction;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The view on an executor. */
final class ExecutorView implements TransactionView {
    private final Executor executor;

    ExecutorView(Executor executor) {
        this.executor = executor;
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        return executor.read(key, PutString::read);
    }

    @Override
    public void put(byte[] key, byte[] value, long deadlineMs) {
        KeyspaceSession.checkKey(key, 0, key.length);
        KeyspaceSession.checkValue(value, 0, value.length);
        KeyspaceSession.checkDeadline(deadlineMs);
        boolean unused =
                executor.write(key, new PutString().of(value, 0, value.length, deadlineMs));
    }

    @Override
    public boolean update(byte[] key, StringUpdate update) {
        KeyspaceSession.checkKey(key, 0, key.length);
        Objects.requireNonNull(update, "update");
        return executor.write(key, new KeyspaceSession.UserDecision().take(update));
    }

    @Override
    public long increment(byte[] key, long delta) {
        KeyspaceSession.checkKey(key, 0, key.length);
        IncrementString increment = new IncrementString().of(delta);
        boolean unused = executor.write(key, increment);
        return increment.sum();
    }

    @Override
    public boolean delete(byte[] key) {
        return executor.write(key, DeleteKey.DELETE);
    }

    @Override
    public long version(byte[] key) {
        return ((Transaction) executor).version(key);
    }

    @Override
    public HashOperations hashes() {
        return new HashCommands(executor);
    }

    @Override
    public KeyOperations keys() {
        return new KeyCommands(executor);
    }

    @Override
    public SetOperations sets() {
        return new SetCommands(executor);
    }

    @Override
    public HyperLogLogOperations hyperLogLogs() {
        return new HyperLogLogCommands(executor);
    }

    @Override
    public ListOperations lists() {
        return new ListCommands(executor);
    }

    @Override
    public StringOperations strings() {
        return new StringCommands(executor);
    }

    @Override
    public GeoOperations geo() {
        return new GeoCommands(executor);
    }

    @Override
    public SortedSetOperations sortedSets() {
        return new SortedSetCommands(executor);
    }

    @Override
    public StreamOperations streams() {
        return new StreamCommands(executor);
    }
}
