package io.hotpair.internal;

import io.hotpair.HashOperations;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hashes, as {@link Members}. */
public final class HashCommands implements HashOperations {
    private final Executor executor;

    /** Creates them. */
    public HashCommands(Executor executor) {
        this.executor = executor;
    }

    private static Members open(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.HASH);
        return edit.members().open(record);
    }

    private static Members openToChange(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.HASH);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_HASH, false);
        }
        return edit.members().openToChange(record);
    }

    private static void put(Edit edit, Members members, byte[] field, byte[] value) {
        members.put(field, value, false);
        if (edit.wantsEffects()) {
            edit.effects().put(field, 0, field.length, value, 0, value.length, false);
        }
    }

    @Override
    public boolean hset(byte[] key, byte[] field, byte[] value) {
        return hset(key, new byte[][] {field, value}) == 1;
    }

    @Override
    public int hset(byte[] key, byte[]... fieldsAndValues) {
        if (fieldsAndValues.length == 0 || fieldsAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "fieldsAndValues.length=" + fieldsAndValues.length + ", expected pairs");
        }
        int[] added = new int[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            Members members = openToChange(edit, current);
                            long before = members.count();
                            for (int i = 0; i < fieldsAndValues.length; i += 2) {
                                put(edit, members, fieldsAndValues[i], fieldsAndValues[i + 1]);
                            }
                            added[0] = (int) (members.count() - before);
                            return members.record(Records.HASH, edit.deadlineMs(current));
                        });
        return added[0];
    }

    @Override
    public byte @Nullable [] hget(byte[] key, byte[] field) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    return record != 0 && members.find(field, 0, field.length)
                            ? members.leaf().value()
                            : null;
                });
    }

    @Override
    public List<Map.Entry<byte[], byte[]>> hgetAll(byte[] key) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    List<Map.Entry<byte[], byte[]>> all = new ArrayList<>();
                    boolean unused =
                            members.forEach(
                                    leaf -> {
                                        byte[] field = leaf.key(members.skipped());
                                        return all.add(Map.entry(field, leaf.value()));
                                    });
                    return all;
                });
    }

    @Override
    public int hdel(byte[] key, byte[]... fields) {
        int[] removed = new int[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            removed[0] = 0;
                            if (current == 0) {
                                return Mutation.UNCHANGED;
                            }
                            edit.shrinks();
                            Members members = openToChange(edit, current);
                            for (byte[] field : fields) {
                                if (members.remove(field, 0, field.length)) {
                                    removed[0]++;
                                    if (edit.wantsEffects()) {
                                        edit.effects().remove(field, 0, field.length);
                                    }
                                }
                            }
                            return removed[0] == 0
                                    ? Mutation.UNCHANGED
                                    : members.record(Records.HASH, edit.deadlineMs(current));
                        });
        return removed[0];
    }

    @Override
    public long hlen(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).count());
    }
}
