package io.hotpair.internal;

import io.hotpair.log.FrameDescriptor;

/**
 * The elements of a hash or a set, opened to look at or to change. While small they stand in the
 * record, in the order in which they came; past {@link #MAX_SMALL} bytes they are a tree, in the
 * order of (hash, key). The hash is keyed, so nobody can choose members that fall together, and it
 * makes a place in the tree a cursor that means the same after any change.
 */
final class Members {
    static final int MAX_SMALL = 1024;

    /** A tree of one leaf no longer than this is made small again. */
    private static final int MIN_TREE = 384;

    /** In a tree a key begins with its hash. */
    static final int HASH_LENGTH = Integer.BYTES;

    private final Edit edit;
    private final Mem mem;
    private final Tree tree;
    private final Leaf small = new Leaf();
    private final Elements elements = new Elements();
    private byte[] probe = new byte[64];
    private boolean isTree;
    private long root;
    private long count;
    private long second;
    private int foundAt;

    Members(Edit edit, Mem mem, Tree tree) {
        this.edit = edit;
        this.mem = mem;
        this.tree = tree;
    }

    /** Opens a record's elements; 0 for none. */
    Members open(long record) {
        isTree = record != 0 && Records.isTree(mem, record);
        root = 0;
        second = 0;
        if (isTree) {
            root = mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
            count = mem.getLong(Records.value(mem, record, Records.TREE_COUNT));
            second = mem.getLong(Records.value(mem, record, Records.TREE_SECOND));
        } else if (record != 0) {
            small.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
            count = small.count();
        } else {
            small.clear();
            count = 0;
        }
        return this;
    }

    /** Opens a record's elements to change them: the new record takes over what is shared. */
    Members openToChange(long record) {
        open(record);
        if (record != 0) {
            edit.reuse();
        }
        return this;
    }

    long count() {
        return count;
    }

    /** A number of the owner's that goes with a tree: a hash's earliest deadline. */
    long second() {
        return second;
    }

    void second(long number) {
        second = number;
    }

    /** How many bytes of a key that a visitor sees are not the member's own. */
    int skipped() {
        return isTree ? HASH_LENGTH : 0;
    }

    /** What the last successful {@link #find} looks at, until the next change. */
    Leaf leaf() {
        return isTree ? tree.leaf() : small;
    }

    boolean find(byte[] key, int offset, int length) {
        if (!isTree) {
            foundAt = small.scan(key, offset, length);
            return foundAt >= 0;
        }
        return tree.find(root, probe(key, offset, length), 0, HASH_LENGTH + length);
    }

    private byte[] probe(byte[] key, int offset, int length) {
        if (probe.length < HASH_LENGTH + length) {
            probe = new byte[HASH_LENGTH + length];
        }
        putHash(probe, 0, edit.memberHash(key, offset, length));
        System.arraycopy(key, offset, probe, HASH_LENGTH, length);
        return probe;
    }

    private static void putHash(byte[] into, int offset, int hash) {
        FrameDescriptor.putInt(into, offset, Integer.reverseBytes(hash));
    }

    /** Puts an element, whether it is there or not. */
    void put(byte[] key, byte[] value, boolean mark) {
        put(key, 0, key.length, value, 0, value.length, mark);
    }

    /** Puts an element, whether it is there or not. */
    void put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        if (!isTree) {
            int at = small.scan(key, keyOffset, keyLength);
            elements.clear();
            elements.add(small, 0, at < 0 ? small.count() : at);
            elements.add(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
            elements.add(small, at < 0 ? small.count() : at + 1, small.count());
            int imageLength = elements.imageLength(0, elements.count());
            if (elements.count() == 1 || imageLength <= MAX_SMALL) {
                count = elements.count();
                small.take(elements);
                return;
            }
            becomeTree();
        }
        putIntoTree(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
    }

    private void putIntoTree(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        byte[] member = probe(key, keyOffset, keyLength);
        int memberLength = HASH_LENGTH + keyLength;
        boolean present = root != 0 && tree.find(root, member, 0, memberLength);
        long at = root == 0 ? 0 : tree.position();
        elements.clear();
        elements.add(member, 0, memberLength, value, valueOffset, valueLength, mark);
        root = tree.splice(edit, root, at, present ? 1 : 0, elements);
        count += present ? 0 : 1;
    }

    private void becomeTree() {
        isTree = true;
        root = 0;
        count = 0;
        for (int i = 0; i < small.count(); i++) {
            small.at(i);
            putIntoTree(
                    small.bytes(),
                    small.keyOffset(),
                    small.keyLength(),
                    small.bytes(),
                    small.valueOffset(),
                    small.valueLength(),
                    small.marked());
        }
    }

    /** Removes an element; returns whether it was there. */
    boolean remove(byte[] key, int keyOffset, int keyLength) {
        if (count == 0 || !find(key, keyOffset, keyLength)) {
            return false;
        }
        count--;
        elements.clear();
        if (isTree) {
            root = tree.splice(edit, root, tree.position(), 1, elements);
            becomeSmallIfSo();
            return true;
        }
        elements.add(small, 0, foundAt);
        elements.add(small, foundAt + 1, small.count());
        small.take(elements);
        return true;
    }

    private void becomeSmallIfSo() {
        long header = root == 0 ? 0 : mem.getLong(root);
        if (Tree.level(header) > 0 || Tree.nodeLength(header) > MIN_TREE) {
            return;
        }
        elements.clear();
        tree.range(
                root,
                0,
                count,
                leaf -> {
                    elements.add(
                            leaf.bytes(),
                            leaf.keyOffset() + HASH_LENGTH,
                            leaf.keyLength() - HASH_LENGTH,
                            leaf.bytes(),
                            leaf.valueOffset(),
                            leaf.valueLength(),
                            leaf.marked());
                    return true;
                });
        if (root != 0) {
            edit.replaceNode(root);
        }
        small.take(elements);
        root = 0;
        isTree = false;
    }

    /** Visits all elements. The visitor must not use this object; see {@link #skipped()}. */
    boolean forEach(Tree.Visitor visitor) {
        return range(0, count, visitor);
    }

    /** Visits the elements from one place to another. */
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

    /** Looks at the element at a place. */
    Leaf at(long index) {
        return isTree ? tree.at(root, index) : small.at((int) index);
    }

    /** The record of what the elements are now: a tombstone if there is none left. */
    long record(int type, long deadlineMs) {
        if (count == 0) {
            return edit.tombstone();
        }
        return isTree
                ? edit.tree(type, root, count, second, deadlineMs)
                : edit.record(type, 0, deadlineMs, small.bytes(), 0, small.length());
    }
}
