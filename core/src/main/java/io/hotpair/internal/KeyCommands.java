package io.hotpair.internal;

import io.hotpair.KeyOperations;
import io.hotpair.Session;
import io.hotpair.log.OperationReader;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Keys, whatever they hold. */
public final class KeyCommands implements KeyOperations {
    private final Executor executor;

    /** Creates them. */
    public KeyCommands(Executor executor) {
        this.executor = executor;
    }

    @Override
    @SuppressWarnings("NullAway")
    public @Nullable String type(byte[] key) {
        return executor.read(
                key, (edit, record) -> record == 0 ? null : name(Records.type(edit.mem(), record)));
    }

    /** Redis's name of a record's type. */
    static String name(int type) {
        return switch (type) {
            case Records.STRING -> "string";
            case Records.HASH -> "hash";
            case Records.LIST -> "list";
            case Records.SET -> "set";
            case Records.SORTED_SET -> "zset";
            case Records.STREAM -> "stream";
            default -> throw new IllegalStateException("record type=" + type);
        };
    }

    @Override
    public int exists(byte[]... keys) {
        return executor.readAll(
                keys, (edit, records) -> (int) Arrays.stream(records).filter(r -> r != 0).count());
    }

    @Override
    public int del(byte[]... keys) {
        if (keys.length == 1) {
            return executor.write(keys[0], DeleteKey.DELETE) ? 1 : 0;
        }
        return executor.transact(
                transaction -> {
                    int deleted = 0;
                    for (byte[] key : keys) {
                        deleted += transaction.write(key, DeleteKey.DELETE) ? 1 : 0;
                    }
                    return deleted;
                });
    }

    @Override
    public boolean rename(byte[] from, byte[] to) {
        return executor.transact(
                transaction -> {
                    if (!isThere(transaction, from)) {
                        return false;
                    }
                    move(transaction, from, to);
                    return true;
                });
    }

    @Override
    public int renameNx(byte[] from, byte[] to) {
        return executor.transact(
                transaction -> {
                    if (!isThere(transaction, from)) {
                        return -1;
                    }
                    if (isThere(transaction, to)) {
                        return 0;
                    }
                    move(transaction, from, to);
                    return 1;
                });
    }

    private static boolean isThere(Executor executor, byte[] key) {
        return executor.read(key, (edit, record) -> record != 0);
    }

    /** The value's nodes stay where they are: the new record takes them over. */
    private static void move(Executor transaction, byte[] from, byte[] to) {
        if (Arrays.equals(from, to)) {
            return;
        }
        long source = transaction.read(from, (edit, record) -> record);
        boolean unused = transaction.write(to, (edit, current) -> edit.moved(source));
        unused =
                transaction.write(
                        from,
                        (edit, current) -> {
                            edit.reuse();
                            return edit.tombstone();
                        });
    }

    @Override
    public boolean copy(byte[] from, byte[] to, boolean replace) {
        if (Arrays.equals(from, to)) {
            throw new IllegalArgumentException("from=to, expected two keys");
        }
        return executor.transact(
                transaction -> {
                    if (!isThere(transaction, from) || (!replace && isThere(transaction, to))) {
                        return false;
                    }
                    long source = transaction.read(from, (edit, record) -> record);
                    return transaction.write(to, (edit, current) -> edit.copied(source));
                });
    }

    @Override
    public boolean pexpireAt(byte[] key, long deadlineMs, DeadlineCondition condition) {
        return executor.write(
                key,
                (edit, current) -> {
                    if (current == 0 || !holds(condition, edit.deadlineMs(current), deadlineMs)) {
                        return Mutation.UNCHANGED;
                    }
                    return deadlineMs <= edit.nowMs()
                            ? edit.tombstone()
                            : edit.withDeadline(current, deadlineMs);
                });
    }

    /** Whether a deadline is taken in the place of the present one; 0 is none. */
    static boolean holds(DeadlineCondition condition, long presentMs, long newMs) {
        return switch (condition) {
            case ALWAYS -> true;
            case NX -> presentMs == 0;
            case XX -> presentMs != 0;
            case GT -> presentMs != 0 && newMs > presentMs;
            case LT -> presentMs == 0 || newMs < presentMs;
        };
    }

    @Override
    public boolean persist(byte[] key) {
        return executor.write(
                key,
                (edit, current) ->
                        edit.deadlineMs(current) == 0
                                ? Mutation.UNCHANGED
                                : edit.withDeadline(current, 0));
    }

    @Override
    public long pexpireTime(byte[] key) {
        return executor.read(
                key, (edit, record) -> record == 0 ? Session.ABSENT : edit.deadlineMs(record));
    }

    @Override
    public boolean describe(byte[] key, Consumer<OperationReader> consumer) {
        return executor.read(
                key,
                (edit, record) -> {
                    if (record != 0) {
                        describe(edit, record, key, consumer);
                    }
                    return record != 0;
                });
    }

    private static void describe(
            Edit edit, long record, byte[] name, Consumer<OperationReader> consumer) {
        Key key = new Key();
        key.set(name, 0, name.length, 0);
        Effects effects = new Effects();
        OperationReader reader = new OperationReader();
        long position = 0;
        do {
            effects.clear();
            position = Dump.encode(edit, record, key, position, effects);
            reader.wrap(effects.bytes(), 0, effects.length());
            while (reader.next()) {
                consumer.accept(reader);
            }
        } while (position >= 0);
    }
}
