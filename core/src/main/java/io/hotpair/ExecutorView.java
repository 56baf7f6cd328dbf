package io.hotpair;

import io.hotpair.internal.DeleteKey;
import io.hotpair.internal.Executor;
import io.hotpair.internal.IncrementString;
import io.hotpair.internal.PutString;
import io.hotpair.internal.Transaction;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The view on an executor. */
final class ExecutorView extends ExecutorOperations implements TransactionView {
    private final Executor executor;

    ExecutorView(Executor executor) {
        this.executor = executor;
    }

    @Override
    Executor executor() {
        return executor;
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
}
