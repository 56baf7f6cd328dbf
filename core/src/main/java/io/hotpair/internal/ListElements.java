package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The elements of a list, opened to look at or to change. While small they stand in the record;
 * past {@link Members#MAX_SMALL} bytes they are a tree by position, with empty keys.
 *
 * <p>Every change is a splice: from a position on, so many elements are replaced by others. So says
 * the operation in the log, for each splice: position, how many are removed, how many come in their
 * place (8 bytes each), and those, as blocks.
 */
final class ListElements {
    /** A tree of one leaf no longer than this is made small again. */
    private static final int MIN_TREE = 384;

    /** Survivors between two removed elements that are cheaper written anew than passed by. */
    private static final int MAX_GAP = 16;

    /** Elements that a splice takes at a time. */
    private static final int BATCH = 4096;

    private static final byte[] NO_KEY = {};

    private final Edit edit;
    private final Mem mem;
    private final Tree tree;
    private final Leaf small = new Leaf();
    private final Elements elements = new Elements();
    private final Elements inserted = new Elements();
    private boolean isTree;
    private long root;
    private long count;

    ListElements(Edit edit, Mem mem, Tree tree) {
        this.edit = edit;
        this.mem = mem;
        this.tree = tree;
    }

    /** Opens a record's elements; 0 for none. Refuses another type. */
    ListElements open(long record) {
        Edit.expect(mem, record, Records.LIST);
        isTree = record != 0 && Records.isTree(mem, record);
        root = 0;
        if (isTree) {
            root = mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
            count = mem.getLong(Records.value(mem, record, Records.TREE_COUNT));
        } else if (record != 0) {
            small.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
            count = small.count();
        } else {
            small.clear();
            count = 0;
        }
        return this;
    }

    /** Opens a record's elements to change them. */
    ListElements openToChange(long record) {
        open(record);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.SPLICE_LIST, false);
        }
        if (record != 0) {
            edit.reuse();
        }
        return this;
    }

    long count() {
        return count;
    }

    /** Looks at the element at a position, which must be there. */
    Leaf at(long index) {
        return isTree ? tree.at(root, index) : small.at((int) index);
    }

    /** A copy of the elements of a range of positions. */
    List<byte[]> copy(long from, long to) {
        List<byte[]> copy = new ArrayList<>((int) Math.max(0, Math.min(to - from, BATCH)));
        boolean unused = range(from, to, leaf -> copy.add(leaf.value()));
        return copy;
    }

    /** Visits the elements of a range of positions. The visitor must not use this object. */
    boolean range(long from, long to, Tree.Visitor visitor) {
        if (isTree) {
            return tree.range(root, from, to, visitor);
        }
        for (long i = from; i < to; i++) {
            if (!visitor.visit(small.at((int) i))) {
                return false;
            }
        }
        return true;
    }

    /** As {@link #range}, from the last one to the first. */
    boolean rangeReversed(long from, long to, Tree.Visitor visitor) {
        if (isTree) {
            return tree.rangeReversed(root, from, to, visitor);
        }
        for (long i = to - 1; i >= from; i--) {
            if (!visitor.visit(small.at((int) i))) {
                return false;
            }
        }
        return true;
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
        change(from, removed);
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
        change(positions[first], positions[last] + 1 - positions[first]);
    }

    private void addInserted(Leaf leaf) {
        inserted.add(NO_KEY, 0, 0, leaf.bytes(), leaf.valueOffset(), leaf.valueLength(), false);
    }

    private void change(long from, long removed) {
        count += inserted.count() - removed;
        if (isTree) {
            root = tree.splice(edit, root, from, removed, inserted);
            becomeSmallIfSo();
            return;
        }
        int to = (int) (from + removed);
        if (!small.splice((int) from, to, inserted, Members.MAX_SMALL)) {
            elements.clear();
            elements.add(small, 0, (int) from);
            elements.add(inserted);
            elements.add(small, to, small.count());
            isTree = true;
            root = tree.splice(edit, 0, 0, 0, elements);
        }
    }

    private void becomeSmallIfSo() {
        long header = root == 0 ? 0 : mem.getLong(root);
        if (Tree.level(header) > 0 || Tree.nodeLength(header) > MIN_TREE) {
            return;
        }
        small.clear();
        if (root != 0) {
            int imageLength = Tree.nodeLength(header) - Tree.NODE_HEADER_LENGTH;
            small.load(mem, root + Tree.NODE_HEADER_LENGTH, imageLength);
            edit.replaceNode(root);
        }
        root = 0;
        isTree = false;
    }

    /** The record of what the elements are now: a tombstone if there is none left. */
    long record(long deadlineMs) {
        if (count == 0) {
            return edit.tombstone();
        }
        return isTree
                ? edit.tree(Records.LIST, root, count, 0, deadlineMs)
                : edit.record(Records.LIST, 0, deadlineMs, small.bytes(), 0, small.length());
    }

    /** Does again what splices did. */
    static long replay(Edit edit, long base, ChangeReader changes, long deadlineMs) {
        ListElements list = edit.list().openToChange(base);
        while (changes.hasNext()) {
            long from = changes.number();
            long removed = changes.number();
            if (from < 0 || removed < 0 || removed > list.count - from) {
                throw new HotpairException(
                        HotpairException.Category.CORRUPTION,
                        "operation is damaged: splice of "
                                + removed
                                + " elements at "
                                + from
                                + " in a list of "
                                + list.count);
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
