package io.hotpair.internal;

import io.hotpair.SetOperations;
import io.hotpair.log.OperationType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Sets, as {@link Members} without values. */
public final class SetCommands implements SetOperations {
    /** So many members at a time are compared with other sets. */
    private static final int CHUNK = 1024;

    private final Executor executor;

    /** Creates them. */
    public SetCommands(Executor executor) {
        this.executor = executor;
    }

    private static Members open(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.SET);
        return edit.members().open(record);
    }

    private static Members openToChange(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.SET);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_SET, false);
        }
        return edit.members().openToChange(record);
    }

    @Override
    public int sadd(byte[] key, byte[]... members) {
        if (members.length == 0) {
            throw new IllegalArgumentException("members.length=0, expected 1 or more");
        }
        int[] added = new int[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            added[0] = 0;
                            Members set = openToChange(edit, current);
                            for (byte[] member : members) {
                                added[0] += set.add(member) ? 1 : 0;
                            }
                            return added[0] == 0 ? Mutation.UNCHANGED : record(edit, set, current);
                        });
        return added[0];
    }

    private static long record(Edit edit, Members set, long current) {
        return set.record(Records.SET, edit.deadlineMs(current));
    }

    @Override
    public int srem(byte[] key, byte[]... members) {
        int[] removed = new int[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            removed[0] = 0;
                            edit.shrinks();
                            Members set = openToChange(edit, current);
                            for (byte[] member : members) {
                                removed[0] += set.remove(member) ? 1 : 0;
                            }
                            return removed[0] == 0
                                    ? Mutation.UNCHANGED
                                    : record(edit, set, current);
                        });
        return removed[0];
    }

    @Override
    public boolean sismember(byte[] key, byte[] member) {
        return executor.read(key, (edit, record) -> open(edit, record).find(member));
    }

    @Override
    public boolean[] smismember(byte[] key, byte[]... members) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members set = open(edit, record);
                    boolean[] present = new boolean[members.length];
                    for (int i = 0; i < members.length; i++) {
                        present[i] = set.find(members[i]);
                    }
                    return present;
                });
    }

    @Override
    public long scard(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).count());
    }

    @Override
    public List<byte[]> smembers(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).keys());
    }

    @Override
    public void smembers(byte[] key, Consumer<byte[]> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members set = open(edit, record);
                            return set.forEach(leaf -> give(set, leaf, consumer));
                        });
    }

    private static boolean give(Members set, Leaf leaf, Consumer<byte[]> consumer) {
        consumer.accept(set.key(leaf));
        return true;
    }

    @Override
    public byte @Nullable [] spop(byte[] key) {
        return firstOrNull(spop(key, 1));
    }

    private static byte @Nullable [] firstOrNull(List<byte[]> members) {
        return members.isEmpty() ? null : members.get(0);
    }

    @Override
    public List<byte[]> spop(byte[] key, long count) {
        if (count < 0) {
            throw new IllegalArgumentException("count=" + count + ", expected 0 or more");
        }
        List<byte[]> popped = new ArrayList<>();
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            popped.clear();
                            Members set = open(edit, current);
                            if (count == 0 || current == 0) {
                                return Mutation.UNCHANGED;
                            }
                            edit.shrinks();
                            if (count >= set.count()) {
                                popped.addAll(set.keys());
                                return edit.tombstone();
                            }
                            return pop(edit, current, count, popped);
                        });
        return popped;
    }

    private static long pop(Edit edit, long current, long count, List<byte[]> popped) {
        Members set = openToChange(edit, current);
        long[] places = set.sample(count, false);
        Arrays.sort(places);
        for (int i = places.length - 1; i >= 0; i--) {
            // From the last one on, so that the places of the others stay.
            popped.add(set.removeAt(places[i]));
        }
        return record(edit, set, current);
    }

    @Override
    public byte @Nullable [] srandmember(byte[] key) {
        return firstOrNull(srandmember(key, 1));
    }

    @Override
    public List<byte[]> srandmember(byte[] key, long count) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members set = open(edit, record);
                    List<byte[]> chosen = new ArrayList<>();
                    boolean unused = set.forEachChosen(count, leaf -> chosen.add(set.key(leaf)));
                    return chosen;
                });
    }

    @Override
    public void srandmember(byte[] key, long count, Consumer<byte[]> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members set = open(edit, record);
                            return set.forEachChosen(count, leaf -> give(set, leaf, consumer));
                        });
    }

    @Override
    public long sscan(byte[] key, long cursor, int count, Consumer<byte[]> consumer) {
        Members.checkScanCount(count);
        List<byte[]> found = new ArrayList<>();
        long next =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members set = open(edit, record);
                            found.clear();
                            return set.scan(cursor, count, leaf -> found.add(set.key(leaf)));
                        });
        // The consumer may take its time: it holds no epoch.
        found.forEach(consumer);
        return next;
    }

    // ---- several sets

    @Override
    public boolean smove(byte[] source, byte[] destination, byte[] member) {
        return executor.transact(
                in -> {
                    SetCommands sets = new SetCommands(in);
                    if (!in.read(source, (edit, record) -> record != 0)) {
                        return false;
                    }
                    boolean present = sets.sismember(source, member);
                    // A destination of another type is refused even if there is nothing to move.
                    boolean there = sets.sismember(destination, member);
                    if (present && !Arrays.equals(source, destination)) {
                        int removed = sets.srem(source, member);
                        int added = there ? 0 : sets.sadd(destination, member);
                        assert removed == 1 && added == (there ? 0 : 1);
                    }
                    return present;
                });
    }

    @Override
    public List<byte[]> sinter(byte[]... keys) {
        return combined(keys, intersection(Long.MAX_VALUE));
    }

    @Override
    public long sinterCard(long limit, byte[]... keys) {
        if (limit < 0) {
            throw new IllegalArgumentException("limit=" + limit + ", expected 0 or more");
        }
        return combined(keys, intersection(limit == 0 ? Long.MAX_VALUE : limit)).size();
    }

    @Override
    public long sinterStore(byte[] destination, byte[]... keys) {
        return store(destination, keys, intersection(Long.MAX_VALUE));
    }

    @Override
    public List<byte[]> sunion(byte[]... keys) {
        return combined(keys, SetCommands::union);
    }

    @Override
    public long sunionStore(byte[] destination, byte[]... keys) {
        return store(destination, keys, SetCommands::union);
    }

    @Override
    public List<byte[]> sdiff(byte[]... keys) {
        return combined(keys, SetCommands::difference);
    }

    @Override
    public long sdiffStore(byte[] destination, byte[]... keys) {
        return store(destination, keys, SetCommands::difference);
    }

    private List<byte[]> combined(byte[][] keys, MultiReader<List<byte[]>> combination) {
        if (keys.length == 0) {
            throw new IllegalArgumentException("keys.length=0, expected 1 or more");
        }
        return executor.readAll(
                keys,
                (edit, records) -> {
                    for (long record : records) {
                        Edit.expect(edit.mem(), record, Records.SET);
                    }
                    return combination.read(edit, records);
                });
    }

    private long store(byte[] destination, byte[][] keys, MultiReader<List<byte[]>> combination) {
        return executor.transact(
                in -> {
                    List<byte[]> result = new SetCommands(in).combined(keys, combination);
                    boolean unused =
                            in.write(
                                    destination,
                                    result.isEmpty()
                                            ? DeleteKey.DELETE
                                            : (edit, current) -> filled(edit, result));
                    return (long) result.size();
                });
    }

    private static long filled(Edit edit, List<byte[]> members) {
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_SET, true);
        }
        Members set = edit.members().open(0);
        set.fill(members);
        return set.record(Records.SET, 0);
    }

    /** The members of the smallest set that all others have; those are asked in order of size. */
    private static MultiReader<List<byte[]>> intersection(long limit) {
        return (edit, records) -> {
            long[] bySize =
                    LongStream.of(records)
                            .boxed()
                            .sorted(Comparator.comparingLong(record -> count(edit, record)))
                            .mapToLong(Long::longValue)
                            .toArray();
            return filtered(edit, bySize, true, limit);
        };
    }

    private static long count(Edit edit, long record) {
        return edit.members().open(record).count();
    }

    private static List<byte[]> difference(Edit edit, long[] records) {
        return filtered(edit, records, false, Long.MAX_VALUE);
    }

    /** The members of the first set that all the others have, or none of them. */
    private static List<byte[]> filtered(Edit edit, long[] records, boolean have, long limit) {
        List<byte[]> result = new ArrayList<>();
        long count = count(edit, records[0]);
        for (long from = 0; from < count && result.size() < limit; from += CHUNK) {
            List<byte[]> chunk = edit.members().open(records[0]).keys(from, from + CHUNK);
            for (int i = 1; i < records.length && !chunk.isEmpty(); i++) {
                Members other = edit.members().open(records[i]);
                chunk.removeIf(member -> other.find(member) != have);
            }
            result.addAll(chunk);
        }
        return result.size() <= limit ? result : result.subList(0, (int) limit);
    }

    private static List<byte[]> union(Edit edit, long[] records) {
        // A hash map of comparable keys stays quick whatever the members are.
        Map<ByteBuffer, byte[]> members = new LinkedHashMap<>();
        for (long record : records) {
            for (byte[] member : edit.members().open(record).keys()) {
                members.put(ByteBuffer.wrap(member), member);
            }
        }
        return new ArrayList<>(members.values());
    }
}
