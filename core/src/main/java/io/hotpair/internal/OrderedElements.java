package io.hotpair.internal;

/**
 * The elements of a value in an order of their own, or in that of their keys as unsigned bytes,
 * opened to look at or to change. While small they stand in the record, past {@link #MAX_SMALL}
 * bytes they are a tree.
 */
final class OrderedElements {
    static final int MAX_SMALL = 1024;

    /** A tree of one leaf no longer than this is made small again. */
    private static final int MIN_TREE = 384;

    private final Edit edit;
    private final Mem mem;
    private final Tree tree;
    private final Leaf small = new Leaf();
    private final Elements elements = new Elements();
    private boolean isTree;
    private long root;
    private long count;
    private long position;

    OrderedElements(Edit edit) {
        this.edit = edit;
        mem = edit.mem();
        tree = edit.tree();
    }

    /** Opens a record's elements; 0 for none. */
    void open(long record) {
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
    }

    /** Opens a record's elements to change them: the new record takes over what is shared. */
    void openToChange(long record) {
        open(record);
        if (record != 0) {
            edit.reuse();
        }
    }

    long count() {
        return count;
    }

    /** Finds a key; {@link #position()} is then its place, or the place where it would be. */
    boolean find(byte[] key, int length) {
        if (isTree) {
            boolean found = tree.find(root, key, 0, length);
            position = tree.position();
            return found;
        }
        int found = small.find(key, 0, length);
        position = found >= 0 ? found : -found - 1;
        return found >= 0;
    }

    /** Where the last search ended. */
    long position() {
        return position;
    }

    /** What the last successful search or {@link #at} looks at. Valid until the next call. */
    Leaf leaf() {
        return isTree ? tree.leaf() : small;
    }

    /** Looks at the element at a place, which must be there. */
    Leaf at(long index) {
        return isTree ? tree.at(root, index) : small.at((int) index);
    }

    /** Visits the elements from one place to another. The visitor must not use this object. */
    boolean range(long from, long to, Tree.Visitor visitor) {
        if (isTree) {
            return tree.range(root, from, to, visitor);
        }
        for (int i = (int) from; i < to; i++) {
            if (!visitor.visit(small.at(i))) {
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
        for (int i = (int) to - 1; i >= from; i--) {
            if (!visitor.visit(small.at(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Replaces elements.
     *
     * @param from the place of the first one
     * @param removed how many are taken away
     * @param inserted what comes in their place; not an object of this one's
     */
    void splice(long from, long removed, Elements inserted) {
        count += inserted.count() - removed;
        if (isTree) {
            root = tree.splice(edit, root, from, removed, inserted);
            becomeSmallIfSo();
            return;
        }
        int to = (int) (from + removed);
        if (!small.splice((int) from, to, inserted, MAX_SMALL)) {
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
            long image = root + Tree.NODE_HEADER_LENGTH;
            small.load(mem, image, Tree.nodeLength(header) - Tree.NODE_HEADER_LENGTH);
            edit.replaceNode(root);
        }
        root = 0;
        isTree = false;
    }

    /** The record of what the elements are now. */
    long record(int type, long deadlineMs) {
        return isTree
                ? edit.tree(type, root, count, 0, deadlineMs)
                : edit.record(type, 0, deadlineMs, small.bytes(), 0, small.length());
    }
}
