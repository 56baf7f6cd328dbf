package io.hotpair.internal;

import java.util.function.LongPredicate;

/**
 * Replaces a record, and nodes of its trees, by copies at other addresses. Of a large collection a
 * part at a time, so that no change is a large one: what a change in between does to the positions
 * is no harm, as a node that is missed is found by the next pass.
 */
final class Relocation implements Mutation {
    private static final long PART = 2048;

    private final LongPredicate moves;
    private long from;
    private long next;
    private int misses;

    /**
     * Creates one.
     *
     * @param moves says of an address whether what is there is to be replaced
     */
    Relocation(LongPredicate moves) {
        this.moves = moves;
    }

    /** Starts with the first part. */
    void begin() {
        from = 0;
        next = 0;
    }

    /** Says that the key is gone, or is to be left alone. */
    void end() {
        next = 0;
    }

    /** Whether what is at an address is to be replaced. */
    boolean moves(long address) {
        return moves.test(address);
    }

    /** Says that there was no room for a copy: this part of the key is left alone. */
    void miss() {
        misses++;
        next = next > from ? next : 0;
    }

    /** How often there was no room for a copy. */
    int misses() {
        return misses;
    }

    /** Goes on to the next part; false after the last one. */
    boolean advance() {
        from = next;
        return next != 0;
    }

    @Override
    public long apply(Edit edit, long record) {
        Mem mem = edit.mem();
        Tree tree = edit.tree();
        boolean moved = from == 0 && moves.test(record);
        next = 0;
        if (!Records.isTree(mem, record)) {
            return moved ? edit.relocated(0, 0) : UNCHANGED;
        }
        long root = mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
        long second = Records.secondTree(mem, record);
        long to = from + PART;
        next = Math.max(tree.count(root), tree.count(second)) > to ? to : 0;
        long movedRoot = tree.relocate(edit, root, from, to, moves);
        long movedSecond = tree.relocate(edit, second, from, to, moves);
        moved |= movedRoot != root || movedSecond != second;
        return moved ? edit.relocated(movedRoot, movedSecond) : UNCHANGED;
    }
}
