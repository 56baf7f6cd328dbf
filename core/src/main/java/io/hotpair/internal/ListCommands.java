package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.ListEnd;
import io.hotpair.ListOperations;
import io.hotpair.PoppedElements;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Lists, as {@link ListElements}. */
public final class ListCommands implements ListOperations {
    private static final long NONE = -1;

    private final Executor executor;

    /** Creates them. */
    public ListCommands(Executor executor) {
        this.executor = executor;
    }

    private static HotpairException outOfRange() {
        return new HotpairException(HotpairException.Category.WRONG_VALUE, "index out of range");
    }

    // ---- ends

    @Override
    public long lpush(byte[] key, byte[]... elements) {
        return push(key, ListEnd.LEFT, true, elements);
    }

    @Override
    public long rpush(byte[] key, byte[]... elements) {
        return push(key, ListEnd.RIGHT, true, elements);
    }

    @Override
    public long lpushX(byte[] key, byte[]... elements) {
        return push(key, ListEnd.LEFT, false, elements);
    }

    @Override
    public long rpushX(byte[] key, byte[]... elements) {
        return push(key, ListEnd.RIGHT, false, elements);
    }

    private static List<byte[]> checked(byte[][] elements) {
        if (elements.length == 0) {
            throw new IllegalArgumentException("elements.length=0, expected at least 1");
        }
        return Arrays.asList(elements.clone());
    }

    private long push(byte[] key, ListEnd end, boolean creates, byte[]... elements) {
        List<byte[]> pushed = checked(elements);
        if (end == ListEnd.LEFT) {
            Collections.reverse(pushed);
        }
        long[] count = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            ListElements list = edit.list().openToChange(current);
                            count[0] = 0;
                            if (current == 0 && !creates) {
                                return Mutation.UNCHANGED;
                            }
                            list.splice(end == ListEnd.LEFT ? 0 : list.count(), 0, pushed);
                            count[0] = list.count();
                            return list.record(edit.deadlineMs(current));
                        });
        return count[0];
    }

    @Override
    public byte @Nullable [] lpop(byte[] key) {
        return popOne(key, ListEnd.LEFT);
    }

    @Override
    public byte @Nullable [] rpop(byte[] key) {
        return popOne(key, ListEnd.RIGHT);
    }

    private byte @Nullable [] popOne(byte[] key, ListEnd from) {
        List<byte[]> popped = pop(key, from, 1);
        return popped == null ? null : popped.get(0);
    }

    @Override
    public @Nullable List<byte[]> lpop(byte[] key, long count) {
        return pop(key, ListEnd.LEFT, count);
    }

    @Override
    public @Nullable List<byte[]> rpop(byte[] key, long count) {
        return pop(key, ListEnd.RIGHT, count);
    }

    private @Nullable List<byte[]> pop(byte[] key, ListEnd from, long count) {
        return pop(key, from, count, false);
    }

    /** Takes elements; with another type there are none, or it is refused. */
    private @Nullable List<byte[]> pop(
            byte[] key, ListEnd from, long count, boolean ignoresOthers) {
        if (count < 0) {
            throw new IllegalArgumentException("count=" + count + ", expected 0 or more");
        }
        List<byte[]> popped = new ArrayList<>();
        boolean[] present = new boolean[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            popped.clear();
                            present[0] = isThere(edit, current, ignoresOthers);
                            if (!present[0]) {
                                return Mutation.UNCHANGED;
                            }
                            edit.shrinks();
                            ListElements list = edit.list().openToChange(current);
                            long taken = Math.min(count, list.count());
                            if (taken == 0) {
                                return Mutation.UNCHANGED;
                            }
                            take(list, from, taken, popped);
                            return list.record(edit.deadlineMs(current));
                        });
        return present[0] ? popped : null;
    }

    private static boolean isThere(Edit edit, long record, boolean ignoresOthers) {
        if (!ignoresOthers) {
            Edit.expect(edit.mem(), record, Records.LIST);
        }
        return record != 0 && Records.type(edit.mem(), record) == Records.LIST;
    }

    private static void take(ListElements list, ListEnd from, long count, List<byte[]> into) {
        long first = from == ListEnd.LEFT ? 0 : list.count() - count;
        into.addAll(list.copy(first, first + count));
        if (from == ListEnd.RIGHT) {
            Collections.reverse(into);
        }
        list.splice(first, count, List.of());
    }

    // ---- positions

    @Override
    public long llen(byte[] key) {
        return executor.read(key, (edit, record) -> edit.list().open(record).count());
    }

    private static long position(ListElements list, long index) {
        long position = index < 0 ? index + list.count() : index;
        return position < 0 || position >= list.count() ? NONE : position;
    }

    @Override
    public byte @Nullable [] lindex(byte[] key, long index) {
        return executor.read(
                key,
                (edit, record) -> {
                    ListElements list = edit.list().open(record);
                    long position = position(list, index);
                    return position == NONE ? null : list.at(position).value();
                });
    }

    private static long start(ListElements list, long start) {
        long from = start < 0 ? Math.max(0, start + list.count()) : start;
        return Math.min(from, list.count());
    }

    /** The position behind the last element; not before the first one. */
    private static long end(ListElements list, long from, long stop) {
        long last = stop < 0 ? stop + list.count() : Math.min(stop, list.count() - 1);
        return Math.max(from, last + 1);
    }

    @Override
    public List<byte[]> lrange(byte[] key, long start, long stop) {
        return executor.read(
                key,
                (edit, record) -> {
                    ListElements list = edit.list().open(record);
                    long from = start(list, start);
                    return list.copy(from, end(list, from, stop));
                });
    }

    @Override
    public void lrange(byte[] key, long start, long stop, Consumer<byte[]> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            ListElements list = edit.list().open(record);
                            long from = start(list, start);
                            return list.range(
                                    from,
                                    end(list, from, stop),
                                    leaf -> {
                                        consumer.accept(leaf.value());
                                        return true;
                                    });
                        });
    }

    @Override
    public void ltrim(byte[] key, long start, long stop) {
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            edit.shrinks();
                            ListElements list = edit.list().openToChange(current);
                            long from = start(list, start);
                            long end = end(list, from, stop);
                            if (end - from == list.count()) {
                                return Mutation.UNCHANGED;
                            }
                            if (end < list.count()) {
                                list.splice(end, list.count() - end, List.of());
                            }
                            if (from > 0) {
                                list.splice(0, from, List.of());
                            }
                            return list.record(edit.deadlineMs(current));
                        });
    }

    @Override
    public void lset(byte[] key, long index, byte[] element) {
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            ListElements list = edit.list().openToChange(current);
                            if (current == 0) {
                                throw new HotpairException(
                                        HotpairException.Category.WRONG_VALUE, "no such key");
                            }
                            long position = position(list, index);
                            if (position == NONE) {
                                throw outOfRange();
                            }
                            list.splice(position, 1, List.of(element));
                            return list.record(edit.deadlineMs(current));
                        });
    }

    @Override
    public long linsertAt(byte[] key, long index, byte[]... elements) {
        List<byte[]> others = checked(elements);
        long[] count = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            ListElements list = edit.list().openToChange(current);
                            long at = index == list.count() ? index : position(list, index);
                            if (at == NONE) {
                                throw outOfRange();
                            }
                            list.splice(at, 0, others);
                            count[0] = list.count();
                            return list.record(edit.deadlineMs(current));
                        });
        return count[0];
    }

    // ---- searches

    @Override
    public long linsertBefore(byte[] key, byte[] pivot, byte[] element) {
        return insert(key, pivot, 0, element);
    }

    @Override
    public long linsertAfter(byte[] key, byte[] pivot, byte[] element) {
        return insert(key, pivot, 1, element);
    }

    private long insert(byte[] key, byte[] pivot, int behind, byte[] element) {
        long[] count = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            ListElements list = edit.list().openToChange(current);
                            Search found = new Search(list, pivot, 1, 1, 0);
                            count[0] = current == 0 ? 0 : NONE;
                            if (found.count == 0) {
                                return Mutation.UNCHANGED;
                            }
                            list.splice(found.positions[0] + behind, 0, List.of(element));
                            count[0] = list.count();
                            return list.record(edit.deadlineMs(current));
                        });
        return count[0];
    }

    /** A search in a list, and what it found. */
    private static final class Search {
        private long[] positions = new long[8];
        private int count;

        Search(ListElements list, byte[] element, long rank, long maxCount, long maxLength) {
            long compared = maxLength == 0 ? list.count() : Math.min(maxLength, list.count());
            boolean forward = rank > 0;
            long end = list.count();
            long[] position = {forward ? 0 : end - 1};
            long[] skipped = {Math.abs(rank) - 1};
            Tree.Visitor visitor =
                    leaf -> {
                        if (ListElements.isEqual(leaf, element) && skipped[0]-- <= 0) {
                            add(position[0]);
                        }
                        position[0] += forward ? 1 : -1;
                        return maxCount == 0 || count < maxCount;
                    };
            boolean unused =
                    forward
                            ? list.range(0, compared, visitor)
                            : list.rangeReversed(end - compared, end, visitor);
        }

        private void add(long position) {
            if (count == positions.length) {
                positions = Arrays.copyOf(positions, count * 2);
            }
            positions[count++] = position;
        }
    }

    @Override
    public long lrem(byte[] key, long count, byte[] element) {
        long maxCount = count == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(count);
        int[] removed = new int[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            edit.shrinks();
                            ListElements list = edit.list().openToChange(current);
                            Search found =
                                    new Search(list, element, count < 0 ? -1 : 1, maxCount, 0);
                            removed[0] = found.count;
                            if (found.count == 0) {
                                return Mutation.UNCHANGED;
                            }
                            Arrays.sort(found.positions, 0, found.count);
                            list.remove(found.positions, found.count);
                            return list.record(edit.deadlineMs(current));
                        });
        return removed[0];
    }

    @Override
    public @Nullable Long lpos(byte[] key, byte[] element) {
        List<Long> found = lpos(key, element, 1, 1, 0);
        return found.isEmpty() ? null : found.get(0);
    }

    @Override
    public List<Long> lpos(byte[] key, byte[] element, long rank, long count, long maxLength) {
        if (rank == 0 || rank == Long.MIN_VALUE) {
            throw new IllegalArgumentException(
                    "rank=" + rank + ", expected 1, 2 ... or -1, -2 ...");
        }
        if (count < 0 || maxLength < 0) {
            throw new IllegalArgumentException(
                    "count=" + count + ", maxLength=" + maxLength + ", expected 0 or more");
        }
        return executor.read(
                key,
                (edit, record) -> {
                    ListElements list = edit.list().open(record);
                    Search found = new Search(list, element, rank, count, maxLength);
                    List<Long> positions = new ArrayList<>();
                    for (int i = 0; i < found.count; i++) {
                        positions.add(found.positions[i]);
                    }
                    return positions;
                });
    }

    // ---- several keys

    @Override
    public byte @Nullable [] lmove(byte[] source, byte[] destination, ListEnd from, ListEnd to) {
        return move(source, destination, from, to, false);
    }

    private byte @Nullable [] move(
            byte[] source, byte[] destination, ListEnd from, ListEnd to, boolean ignoresOthers) {
        if (Arrays.equals(source, destination)) {
            return rotate(source, from, to, ignoresOthers);
        }
        List<byte[]> moved = new ArrayList<>();
        boolean present =
                executor.transact(
                        transaction -> {
                            moved.clear();
                            ListCommands lists = new ListCommands(transaction);
                            boolean there =
                                    transaction.read(
                                            source,
                                            (edit, record) -> isThere(edit, record, ignoresOthers));
                            if (!there) {
                                return false;
                            }
                            // Refused before anything is taken: a transaction around this one may
                            // go on after that.
                            long unused = lists.llen(destination);
                            List<byte[]> popped = lists.pop(source, from, 1, ignoresOthers);
                            if (popped == null) {
                                return false;
                            }
                            moved.addAll(popped);
                            return lists.push(destination, to, true, popped.get(0)) > 0;
                        });
        return present ? moved.get(0) : null;
    }

    private byte @Nullable [] rotate(byte[] key, ListEnd from, ListEnd to, boolean ignoresOthers) {
        List<byte[]> moved = new ArrayList<>();
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            moved.clear();
                            if (!isThere(edit, current, ignoresOthers)) {
                                return Mutation.UNCHANGED;
                            }
                            ListElements list = edit.list().openToChange(current);
                            long last = list.count() - 1;
                            if (from == to || last == 0) {
                                moved.add(list.at(from == ListEnd.LEFT ? 0 : last).value());
                                return Mutation.UNCHANGED;
                            }
                            take(list, from, 1, moved);
                            list.splice(to == ListEnd.LEFT ? 0 : last, 0, moved);
                            return list.record(edit.deadlineMs(current));
                        });
        return moved.isEmpty() ? null : moved.get(0);
    }

    @Override
    public @Nullable PoppedElements lmpop(ListEnd from, long count, byte[]... keys) {
        checkCount(count);
        if (keys.length == 1) {
            return popped(keys[0], pop(keys[0], from, count));
        }
        List<PoppedElements> found = new ArrayList<>();
        boolean present =
                executor.transact(
                        transaction -> {
                            found.clear();
                            ListCommands lists = new ListCommands(transaction);
                            for (byte[] key : keys) {
                                List<byte[]> popped = lists.pop(key, from, count);
                                if (popped != null) {
                                    return found.add(new PoppedElements(key, popped));
                                }
                            }
                            return false;
                        });
        return present ? found.get(0) : null;
    }

    private static void checkCount(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
    }

    private static @Nullable PoppedElements popped(byte[] key, @Nullable List<byte[]> elements) {
        return elements == null ? null : new PoppedElements(key, elements);
    }

    // ---- operations that wait

    /** Takes elements from the first list that is there. */
    @SuppressWarnings("ArrayRecordComponent") // Used for one call, and never compared.
    private record Pop(ListEnd from, long count, byte[][] keys)
            implements BlockingCommand<PoppedElements> {
        Pop {
            checkCount(count);
            if (keys.length == 0) {
                throw new IllegalArgumentException("keys.length=0, expected at least 1");
            }
        }

        @Override
        public Rivals rivals() {
            return Rivals.FOR_ELEMENTS;
        }

        @Override
        public @Nullable PoppedElements begin(Executor executor) {
            return new ListCommands(executor).lmpop(from, count, keys);
        }

        @Override
        public boolean mayWaitBehindOthers(Executor executor) {
            return isListOrAbsent(executor, keys);
        }

        @Override
        public @Nullable PoppedElements attempt(Executor executor, byte[] key) {
            return popped(key, new ListCommands(executor).pop(key, from, count, true));
        }
    }

    /** Refuses what comes before the first list and is none; true in all other cases. */
    private static boolean isListOrAbsent(Executor executor, byte[][] keys) {
        return executor.readAll(
                keys,
                (edit, records) -> {
                    for (long record : records) {
                        if (isThere(edit, record, false)) {
                            break;
                        }
                    }
                    return true;
                });
    }

    /** Moves an element. */
    @SuppressWarnings("ArrayRecordComponent") // Used for one call, and never compared.
    private record Move(byte[] source, byte[] destination, ListEnd from, ListEnd to)
            implements BlockingCommand<byte[]> {
        Move {
            source = source.clone();
            destination = destination.clone();
        }

        @Override
        public byte[][] keys() {
            return new byte[][] {source};
        }

        @Override
        public Rivals rivals() {
            return Rivals.FOR_ELEMENTS;
        }

        @Override
        public byte @Nullable [] begin(Executor executor) {
            return new ListCommands(executor).lmove(source, destination, from, to);
        }

        @Override
        public boolean mayWaitBehindOthers(Executor executor) {
            return isListOrAbsent(executor, keys());
        }

        @Override
        public byte @Nullable [] attempt(Executor executor, byte[] key) {
            return new ListCommands(executor).move(source, destination, from, to, true);
        }
    }

    @Override
    public @Nullable PoppedElements blpop(Duration timeout, byte[]... keys) {
        return blmpop(timeout, ListEnd.LEFT, 1, keys);
    }

    @Override
    public CompletableFuture<@Nullable PoppedElements> blpopAsync(
            Duration timeout, byte[]... keys) {
        return blmpopAsync(timeout, ListEnd.LEFT, 1, keys);
    }

    @Override
    public @Nullable PoppedElements brpop(Duration timeout, byte[]... keys) {
        return blmpop(timeout, ListEnd.RIGHT, 1, keys);
    }

    @Override
    public CompletableFuture<@Nullable PoppedElements> brpopAsync(
            Duration timeout, byte[]... keys) {
        return blmpopAsync(timeout, ListEnd.RIGHT, 1, keys);
    }

    @Override
    public @Nullable PoppedElements blmpop(
            Duration timeout, ListEnd from, long count, byte[]... keys) {
        return executor.block(new Pop(from, count, keys), timeout);
    }

    @Override
    public CompletableFuture<@Nullable PoppedElements> blmpopAsync(
            Duration timeout, ListEnd from, long count, byte[]... keys) {
        return executor.blockAsync(new Pop(from, count, keys), timeout);
    }

    @Override
    public byte @Nullable [] blmove(
            Duration timeout, byte[] source, byte[] destination, ListEnd from, ListEnd to) {
        return executor.block(new Move(source, destination, from, to), timeout);
    }

    @Override
    public CompletableFuture<byte @Nullable []> blmoveAsync(
            Duration timeout, byte[] source, byte[] destination, ListEnd from, ListEnd to) {
        return executor.blockAsync(new Move(source, destination, from, to), timeout);
    }
}
