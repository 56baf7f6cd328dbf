package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The elements of a list, opened to look at or to change: {@link OrderedElements} by position, with
 * empty keys.
 *
 * <p>Every change is a splice: from a position on, so many elements are replaced by others. So says
 * the operation in the log, for each splice: position, how many are removed, how many come in their
 * place (8 bytes each), and those, as blocks.
 */
final class ListElements {
    /** Survivors between two removed elements that are cheaper written anew than passed by. */
    private static final int MAX_GAP = 16;

    /** Elements that a splice takes at a time. */
    private static final int BATCH = 4096;

    private static final byte[] NO_KEY = {};

    private final Edit edit;
    private final Mem mem;
    private final OrderedElements all;
    private final Elements inserted = new Elements();

    ListElements(Edit edit) {
        this.edit = edit;
        mem = edit.mem();
        all = new OrderedElements(edit);
    }

    /** Opens a record's elements; 0 for none. Refuses another type. */
    ListElements open(long record) {
        Edit.expect(mem, record, Records.LIST);
        all.open(record);
        return this;
    }

    /** Opens a record's elements to change them. */
    ListElements openToChange(long record) {
        Edit.expect(mem, record, Records.LIST);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.SPLICE_LIST, false);
        }
        all.openToChange(record);
        return this;
    }

    long count() {
        return all.count();
    }

    /** Looks at the element at a position, which must be there. */
    Leaf at(long index) {
        return all.at(index);
    }

    /** A copy of the elements of a range of positions. */
    List<byte[]> copy(long from, long to) {
        List<byte[]> copy = new ArrayList<>((int) Math.max(0, Math.min(to - from, BATCH)));
        boolean unused = range(from, to, leaf -> copy.add(leaf.value()));
        return copy;
    }

    /** Visits the elements of a range of positions. The visitor must not use this object. */
    boolean range(long from, long to, Tree.Visitor visitor) {
        return all.range(from, to, visitor);
    }

    /** As {@link #range}, from the last one to the first. */
    boolean rangeReversed(long from, long to, Tree.Visitor visitor) {
        return all.rangeReversed(from, to, visitor);
    }

    static boolean isEqual(Leaf leaf, byte[] element) {
        int offset = leaf.valueOffset();
        return leaf.valueLength() == element.length
                && Arrays.equals(
                        leaf.bytes(), offset, offset + element.length, element, 0, element.length);
    }

    /** Replaces elements. */
    void splice(long from, long removed, List<byte[]> others) {
        log(from, removed, others);
        inserted.clear();
        for (byte[] other : others) {
            inserted.add(NO_KEY, 0, 0, other, 0, other.length, false);
        }
        all.splice(from, removed, inserted);
    }

    private void log(long from, long removed, List<byte[]> others) {
        if (edit.wantsEffects()) {
            edit.effects().number(from);
            edit.effects().number(removed);
            edit.effects().number(others.size());
            for (byte[] other : others) {
                edit.effects().block(other, 0, other.length);
            }
        }
    }

    /** Removes the elements at some positions, given from the lowest to the highest. */
    void remove(long[] positions, int positionCount) {
        int last = positionCount - 1;
        while (last >= 0) {
            int first = last;
            while (first > 0
                    && positions[first] - positions[first - 1] <= MAX_GAP
                    && positions[last] - positions[first - 1] < BATCH) {
                first--;
            }
            removeGroup(positions, first, last);
            last = first - 1;
        }
    }

    /** Removes neighbours by one splice that puts back what stands between them. */
    private void removeGroup(long[] positions, int first, int last) {
        for (int i = last; i >= first; i--) {
            log(positions[i], 1, List.of());
        }
        inserted.clear();
        long[] at = {positions[first]};
        int[] next = {first};
        boolean unused =
                range(
                        positions[first],
                        positions[last] + 1,
                        leaf -> {
                            if (at[0]++ == positions[next[0]]) {
                                next[0]++;
                            } else {
                                addInserted(leaf);
                            }
                            return true;
                        });
        all.splice(positions[first], positions[last] + 1 - positions[first], inserted);
    }

    private void addInserted(Leaf leaf) {
        inserted.add(NO_KEY, 0, 0, leaf.bytes(), leaf.valueOffset(), leaf.valueLength(), false);
    }

    /** The record of what the elements are now: a tombstone if there is none left. */
    long record(long deadlineMs) {
        return all.count() == 0 ? edit.tombstone() : all.record(Records.LIST, deadlineMs);
    }

    /** Does again what splices did. */
    static long replay(Edit edit, long base, ChangeReader changes, long deadlineMs) {
        ListElements list = edit.list().openToChange(base);
        while (changes.hasNext()) {
            long from = changes.number();
            long removed = changes.number();
            if (from < 0 || removed < 0 || removed > list.count() - from) {
                throw new HotpairException(
                        HotpairException.Category.CORRUPTION,
                        "operation is damaged: splice of "
                                + removed
                                + " elements at "
                                + from
                                + " in a list of "
                                + list.count());
            }
            List<byte[]> others = new ArrayList<>();
            for (long left = changes.number(); left > 0; left--) {
                int at = changes.block();
                others.add(Arrays.copyOfRange(changes.bytes(), at, at + changes.valueLength()));
            }
            list.splice(from, removed, others);
        }
        return list.record(deadlineMs);
    }
}
