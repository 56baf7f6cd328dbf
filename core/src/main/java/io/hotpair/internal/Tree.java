package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * The one tree for all large collections: a counted, copy-on-write B+tree off-heap. Elements are
 * (key, value, mark); they are in the order of their keys, as unsigned bytes, or, where keys are
 * empty, in the order in which they were put. A sorted set has keys of score and member, a hash
 * keys of hash and field, a stream keys of its ids; a list has positions only.
 *
 * <pre>
 *   node header:  count 12 | level 4 | birth 16 | length 32     one word; length is the block's,
 *                 birth the generation of the snapshot under which it was made (SnapshotView)
 *   leaf:         header 8, image (see Leaf)                    level 0
 *   inner node:   header 8, then for each child: address 8 | prefix 8 | elements below 8
 *                 prefix: the first 8 bytes of the first key below it, as a big-endian number
 * </pre>
 *
 * <ul>
 *   <li><b>T1</b> A node never changes once its root is published. A change copies the way from the
 *       root to the leaves that it touches, so whoever holds an old root sees an old moment, whole.
 *   <li><b>T2</b> All leaves are at the same depth. A leaf has at most {@link #MAX_LEAF} bytes, but
 *       for one of a single element; an inner node has at most {@link #MAX_FANOUT} children, the
 *       root at least 2, but for the moment in which a change is under way.
 *   <li><b>T3</b> A change is a splice: the elements from one position on are replaced by others.
 *       To put by key is to find the position first. So there is one algorithm that changes trees.
 * </ul>
 *
 * <p>Finding, counting and splicing take O(log n) node visits, plus the elements moved. A block is
 * as long as its content, so that a leaf half full wastes nothing.
 *
 * <p>An object is the working place of one thread at a time; the trees it works on are anybody's.
 * Paper: Rodeh, B-trees, shadowing, and clones (2008).
 */
final class Tree {
    static final int MAX_LEAF = 640;
    static final int MIN_LEAF = 160;
    static final int MAX_FANOUT = 42;
    static final int MIN_FANOUT = 10;
    static final int NODE_HEADER_LENGTH = 8;
    static final int MAX_BIRTH = 0xFFFF;

    private static final int CHILD_LENGTH = 24;
    private static final int CHILD_PREFIX = 8;
    private static final int CHILD_COUNT = 16;
    private static final int MAX_LEVELS = 15;
    private static final VarHandle BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** Receives elements; see {@link #range}. */
    interface Visitor {
        /**
         * Called with a leaf that looks at an element.
         *
         * @return whether to go on
         */
        boolean visit(Leaf leaf);
    }

    /** Nodes of one level, side by side. */
    private static final class Siblings {
        long[] addresses = new long[MAX_FANOUT * 2];
        long[] prefixes = new long[MAX_FANOUT * 2];
        long[] counts = new long[MAX_FANOUT * 2];
        int size;

        void add(long address, long prefix, long count) {
            if (size == addresses.length) {
                addresses = Arrays.copyOf(addresses, size * 2);
                prefixes = Arrays.copyOf(prefixes, size * 2);
                counts = Arrays.copyOf(counts, size * 2);
            }
            addresses[size] = address;
            prefixes[size] = prefix;
            counts[size] = count;
            size++;
        }

        void addAll(Siblings others) {
            for (int i = 0; i < others.size; i++) {
                add(others.addresses[i], others.prefixes[i], others.counts[i]);
            }
        }

        void replaceTwo(int at, long address, long prefix, long count) {
            addresses[at] = address;
            prefixes[at] = prefix;
            counts[at] = count;
            int moved = size - at - 2;
            System.arraycopy(addresses, at + 2, addresses, at + 1, moved);
            System.arraycopy(prefixes, at + 2, prefixes, at + 1, moved);
            System.arraycopy(counts, at + 2, counts, at + 1, moved);
            size--;
        }
    }

    private final Mem mem;
    private final Leaf leaf = new Leaf();
    private final Leaf firstLeaf = new Leaf();
    private final Elements elements = new Elements();
    private final Siblings[] levels = new Siblings[MAX_LEVELS];
    private Siblings spare = new Siblings();
    private byte[] image = new byte[MAX_LEAF];

    /** The node that {@link #leaf} holds. */
    private long leafNode;

    // The way to an element, or to where one would be, from the root on.
    private final long[] wayNodes = new long[MAX_LEVELS];
    private final int[] wayChildren = new int[MAX_LEVELS];
    private int wayDepth;
    private long wayLeaf;
    private int wayIndex;

    // The splice under way.
    private boolean atStart;
    private boolean atEnd;

    Tree(Mem mem) {
        this.mem = mem;
        for (int i = 0; i < MAX_LEVELS; i++) {
            levels[i] = new Siblings();
        }
    }

    // ---- nodes

    static int nodeCount(long header) {
        return (int) header & 0xFFF;
    }

    static int level(long header) {
        return (int) (header >>> 12) & 0xF;
    }

    static int birth(long header) {
        return (int) (header >>> 16) & MAX_BIRTH;
    }

    static long withBirth(long header, int birth) {
        return (header & ~((long) MAX_BIRTH << 16)) | ((long) birth << 16);
    }

    static int nodeLength(long header) {
        return (int) (header >>> 32);
    }

    static long child(Mem mem, long node, int index) {
        return mem.getLong(childAt(node, index));
    }

    static void putChild(Mem mem, long node, int index, long child) {
        mem.putLong(childAt(node, index), child);
    }

    /** How many elements are below a child. */
    static long childCount(Mem mem, long node, int index) {
        return mem.getLong(childAt(node, index) + CHILD_COUNT);
    }

    private static long childAt(long node, int index) {
        return node + NODE_HEADER_LENGTH + (long) index * CHILD_LENGTH;
    }

    private long header(long node) {
        return mem.getLong(node);
    }

    private long prefix(long node, int index) {
        return mem.getLong(childAt(node, index) + CHILD_PREFIX);
    }

    private long childCount(long node, int index) {
        return childCount(mem, node, index);
    }

    /** How many elements are below a node; 0 for no tree. */
    long count(long node) {
        if (node == 0) {
            return 0;
        }
        long header = header(node);
        if (level(header) == 0) {
            return nodeCount(header);
        }
        long sum = 0;
        for (int i = nodeCount(header) - 1; i >= 0; i--) {
            sum += childCount(node, i);
        }
        return sum;
    }

    private void load(long node) {
        leafNode = node;
        leaf.load(mem, node + NODE_HEADER_LENGTH, nodeLength(header(node)) - NODE_HEADER_LENGTH);
    }

    /** The first 8 bytes of a key, as a big-endian number; a shorter one is padded with zeros. */
    static long prefixOf(byte[] key, int offset, int length) {
        if (length >= Long.BYTES && key.length - offset >= Long.BYTES) {
            return (long) BIG_ENDIAN.get(key, offset);
        }
        long prefix = 0;
        for (int i = 0; i < Math.min(length, Long.BYTES); i++) {
            prefix |= (key[offset + i] & 0xFFL) << (56 - 8 * i);
        }
        return prefix;
    }

    // ---- reading

    /**
     * Finds a key. {@link #position()} is then its place, or the place where it would be; if it is
     * there, {@link #leaf()} looks at it.
     *
     * @param root not 0
     * @return whether it is there
     */
    boolean find(long root, byte[] key, int offset, int length) {
        long prefix = prefixOf(key, offset, length);
        int depth = 0;
        long node = root;
        for (long header = header(node); level(header) > 0; header = header(node)) {
            int index = childFor(node, nodeCount(header), prefix, key, offset, length);
            wayNodes[depth] = node;
            wayChildren[depth++] = index;
            node = child(mem, node, index);
        }
        load(node);
        int found = leaf.find(key, offset, length);
        wayDepth = depth;
        wayLeaf = node;
        wayIndex = found >= 0 ? found : -found - 1;
        return found >= 0;
    }

    /**
     * The last child whose first key is not above a key; the first one if there is none. Prefixes
     * are read one after the other: the processor has several of those reads under way at a time,
     * while each step of a binary search waits for the one before.
     */
    private int childFor(
            long node, int childCount, long prefix, byte[] key, int offset, int length) {
        int low = 1;
        while (low < childCount && Long.compareUnsigned(prefix(node, low), prefix) < 0) {
            low++;
        }
        int high = low;
        while (high < childCount && prefix(node, high) == prefix) {
            high++;
        }
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compareFirst(child(mem, node, middle), key, offset, length) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    private int compareFirst(long node, byte[] key, int offset, int length) {
        long first = node;
        while (level(header(first)) > 0) {
            first = child(mem, first, 0);
        }
        long header = header(first);
        return firstLeaf.compareFirst(
                mem,
                first + NODE_HEADER_LENGTH,
                nodeLength(header) - NODE_HEADER_LENGTH,
                nodeCount(header),
                key,
                offset,
                length);
    }

    /** Where the last search ended. To be asked for before the tree is changed. */
    long position() {
        long before = wayIndex;
        for (int i = 0; i < wayDepth; i++) {
            before += countBefore(i);
        }
        return before;
    }

    /** How many elements are below the children before the one on the way, at a depth of it. */
    private long countBefore(int depth) {
        long before = 0;
        for (int other = wayChildren[depth] - 1; other >= 0; other--) {
            before += childCount(wayNodes[depth], other);
        }
        return before;
    }

    /** What the last search or {@link #at} looks at. Valid until the next call. */
    Leaf leaf() {
        return leaf;
    }

    /** Looks at the element at a position, which must be there. */
    Leaf at(long root, long index) {
        goTo(root, index, 1);
        return leaf.at(wayIndex);
    }

    /** Whether a key may stand where the last search found one, as far as the leaf there tells. */
    boolean fitsFound(byte[] key, int offset, int length) {
        boolean alone = wayDepth == 0;
        int next = wayIndex + 1;
        return (wayIndex == 0 ? alone : leaf.at(wayIndex - 1).compareKey(key, offset, length) < 0)
                && (next == leaf.count()
                        ? alone
                        : leaf.at(next).compareKey(key, offset, length) > 0);
    }

    /**
     * Visits the elements of a range of positions in their order. The visitor must not use this
     * object.
     *
     * @return whether it went to the end
     */
    boolean range(long node, long from, long to, Visitor visitor) {
        if (node == 0 || from >= to) {
            return true;
        }
        long header = header(node);
        int count = nodeCount(header);
        if (level(header) == 0) {
            load(node);
            for (int i = (int) Math.max(0, from); i < Math.min(count, to); i++) {
                if (!visitor.visit(leaf.at(i))) {
                    return false;
                }
            }
            return true;
        }
        long start = 0;
        for (int i = 0; i < count && start < to; i++) {
            long below = childCount(node, i);
            if (start + below > from
                    && !range(child(mem, node, i), from - start, to - start, visitor)) {
                return false;
            }
            start += below;
        }
        return true;
    }

    /** As {@link #range}, from the last element of the range to the first. */
    boolean rangeReversed(long node, long from, long to, Visitor visitor) {
        if (node == 0 || from >= to) {
            return true;
        }
        long header = header(node);
        int count = nodeCount(header);
        if (level(header) == 0) {
            load(node);
            for (int i = (int) Math.min(count, to) - 1; i >= Math.max(0, from); i--) {
                if (!visitor.visit(leaf.at(i))) {
                    return false;
                }
            }
            return true;
        }
        long end = count(node);
        for (int i = count - 1; i >= 0 && end > from; i--) {
            long start = end - childCount(node, i);
            if (start < to
                    && !rangeReversed(child(mem, node, i), from - start, to - start, visitor)) {
                return false;
            }
            end = start;
        }
        return true;
    }

    // ---- moving

    /**
     * Replaces nodes by copies of them, of those that lead to a range of positions.
     *
     * @param moves says of an address whether the node there is to be replaced
     * @return the node, or the one in its place
     */
    long relocate(NodeStore store, long node, long from, long to, LongPredicate moves) {
        if (node == 0) {
            return 0;
        }
        long header = header(node);
        long moved = moves.test(node) ? copyNode(store, node, header) : node;
        long start = 0;
        for (int i = 0; level(header) > 0 && i < nodeCount(header) && start < to; i++) {
            long below = childCount(moved, i);
            if (start + below > from) {
                long child = child(mem, moved, i);
                long other = relocate(store, child, from - start, to - start, moves);
                if (other != child) {
                    moved = moved == node ? copyNode(store, node, header) : moved;
                    putChild(mem, moved, i, other);
                }
            }
            start += below;
        }
        return moved;
    }

    private long copyNode(NodeStore store, long node, long header) {
        int length = nodeLength(header);
        long copy = store.allocateNode(length);
        mem.copy(node, copy, length);
        putHeader(store, copy, nodeCount(header), level(header), length);
        store.replaceNode(node);
        return copy;
    }

    // ---- changing

    /**
     * Replaces elements.
     *
     * @param root the tree, or 0 for none
     * @param from the position of the first one
     * @param removed how many are taken away
     * @param inserted what comes in their place; not an object of this tree's
     * @return the new root, or 0 if nothing is left
     */
    long splice(NodeStore store, long root, long from, long removed, Elements inserted) {
        if (root != 0) {
            goTo(root, from, removed);
            return spliceFromWay(store, removed, inserted);
        }
        return newTree(store, inserted);
    }

    /**
     * As {@link #splice}, where the last {@link #find} or {@link #at} ended: saves the way down.
     *
     * @param root the tree in which that was, not changed since; or 0 for none
     */
    long spliceFound(NodeStore store, long root, int removed, Elements inserted) {
        if (root == 0) {
            return newTree(store, inserted);
        }
        if (root != (wayDepth == 0 ? wayLeaf : wayNodes[0])) {
            throw new IllegalStateException("the last search was in another tree");
        }
        if (leafNode != wayLeaf) {
            load(wayLeaf);
        }
        return spliceFromWay(store, removed, inserted);
    }

    private long spliceFromWay(NodeStore store, long removed, Elements inserted) {
        long spliced = spliceOneLeaf(store, removed, inserted);
        return spliced == 0 ? spliceWay(store, removed, inserted) : spliced;
    }

    private long newTree(NodeStore store, Elements elements) {
        clearLevels();
        writeLeaves(store, elements, levels[0]);
        return rootOver(store, 0);
    }

    /**
     * Goes to where elements are to be replaced: what is put between two leaves to the left one.
     */
    private void goTo(long root, long from, long removed) {
        int depth = 0;
        long rest = from;
        long node = root;
        long header = header(node);
        for (; level(header) > 0; header = header(node)) {
            int index = 0;
            long count = childCount(node, 0);
            while (rest > count || (rest == count && removed > 0)) {
                rest -= count;
                count = childCount(node, ++index);
            }
            wayNodes[depth] = node;
            wayChildren[depth++] = index;
            node = child(mem, node, index);
        }
        wayDepth = depth;
        load(node);
        wayLeaf = node;
        wayIndex = (int) rest;
    }

    /**
     * Splices where the leaf at the end of the way holds all that changes and is a good leaf
     * afterwards: then the nodes on the way are copied as they are but for one child. This is what
     * nearly every change of one element is.
     *
     * @return the new root, or 0 if it is not so, and then nothing has happened
     */
    private long spliceOneLeaf(NodeStore store, long removed, Elements inserted) {
        int from = wayIndex;
        int present = leaf.count();
        if (from + removed > present || (removed == present && inserted.count() == 0)) {
            return 0;
        }
        int to = from + (int) removed;
        long length = leaf.splicedLength(from, to, inserted);
        boolean shrinks = length < leaf.length();
        if (length > MAX_LEAF || (shrinks && isToMerge(NODE_HEADER_LENGTH + length))) {
            return 0;
        }
        ensureImage((int) length);
        leaf.writeSpliced(from, to, inserted, image);
        int count = present - (to - from) + inserted.count();
        long written = writeImage(store, (int) length, count);
        store.replaceNode(wayLeaf);
        boolean isFirst = from == 0;
        long prefix = isFirst ? Leaf.firstPrefix(image) : 0;
        return copyWay(store, wayDepth, written, isFirst, prefix, inserted.count() - removed);
    }

    /** Whether the leaf at the end of the way, so long then, is to be put to one beside it. */
    private boolean isToMerge(long nodeLength) {
        if (nodeLength >= MIN_LEAF || wayDepth == 0) {
            return false;
        }
        long parent = wayNodes[wayDepth - 1];
        int index = wayChildren[wayDepth - 1];
        return (index > 0 && fits(nodeLength, child(mem, parent, index - 1)))
                || (index + 1 < nodeCount(header(parent))
                        && fits(nodeLength, child(mem, parent, index + 1)));
    }

    private boolean fits(long nodeLength, long otherLeaf) {
        return nodeLength + nodeLength(header(otherLeaf)) <= MAX_LEAF;
    }

    /**
     * Copies the nodes on the way but for one child of each.
     *
     * @param depth how many nodes are above the one that was replaced
     * @param replacement what is in its place
     * @param isFirst whether its first key may be another one, of this prefix
     * @param added how many elements more are below it
     * @return the new root
     */
    private long copyWay(
            NodeStore store,
            int depth,
            long replacement,
            boolean isFirst,
            long prefix,
            long added) {
        long below = replacement;
        boolean changesPrefix = isFirst;
        for (int i = depth - 1; i >= 0; i--) {
            long node = wayNodes[i];
            // What this change has made itself, nobody else sees.
            long own = store.isFresh(node) ? node : copyNode(store, node, header(node));
            long at = childAt(own, wayChildren[i]);
            mem.putLong(at, below);
            if (changesPrefix) {
                mem.putLong(at + CHILD_PREFIX, prefix);
            }
            mem.putLong(at + CHILD_COUNT, mem.getLong(at + CHILD_COUNT) + added);
            changesPrefix &= wayChildren[i] == 0;
            below = own;
        }
        return below;
    }

    /**
     * Splices below the lowest node that holds all that changes, and then goes up the way: each
     * node gets what has come of its child, until that is one good node again.
     */
    private long spliceWay(NodeStore store, long removed, Elements inserted) {
        clearLevels();
        int depth = wayDepth;
        long node = wayLeaf;
        long from = wayIndex;
        while (from + removed > count(node)) {
            from += countBefore(--depth);
            node = wayNodes[depth];
        }
        atStart = from == 0;
        atEnd = from + removed == count(node);
        for (int i = 0; i < depth; i++) {
            atStart &= wayChildren[i] == 0;
            atEnd &= wayChildren[i] == nodeCount(header(wayNodes[i])) - 1;
        }
        int level = level(header(node));
        spliceNode(store, node, from, removed, inserted);
        while (depth > 0) {
            Siblings made = levels[level];
            if (made.size == 1 && !isSmall(made.addresses[0])) {
                long added = inserted.count() - removed;
                return copyWay(store, depth, made.addresses[0], true, made.prefixes[0], added);
            }
            replaceChild(store, --depth, level++);
        }
        return rootOver(store, level);
    }

    /** Gives the node at a depth of the way what was made of its child. */
    private void replaceChild(NodeStore store, int depth, int level) {
        long node = wayNodes[depth];
        int index = wayChildren[depth];
        long header = header(node);
        int count = nodeCount(header);
        Siblings made = levels[level];
        if (areGood(made, node, index, count)) {
            writeWithChildren(store, node, index, made, level + 1);
        } else {
            levels[level] = spare;
            spare = made;
            Siblings below = levels[level];
            below.size = 0;
            for (int i = 0; i < count; i++) {
                if (i == index) {
                    below.addAll(made);
                } else {
                    below.add(child(mem, node, i), prefix(node, i), childCount(node, i));
                }
            }
            mergeSmall(store, level, index, index + made.size);
            writeInners(store, level + 1);
        }
        made.size = 0;
        store.replaceNode(node);
    }

    /** Whether nothing is to be merged or split where a node gets others in place of a child. */
    private boolean areGood(Siblings others, long node, int index, int count) {
        int after = count - 1 + others.size;
        if (after == 0 || after > MAX_FANOUT) {
            return false;
        }
        for (int i = 0; i < others.size; i++) {
            if (isSmall(others.addresses[i])
                    && (isToMerge(others, i, i - 1, node, index, count)
                            || isToMerge(others, i, i + 1, node, index, count))) {
                return false;
            }
        }
        return true;
    }

    /** Whether one of a child's replacements fits together with what is to be beside it. */
    private boolean isToMerge(
            Siblings others, int at, int beside, long node, int index, int count) {
        long one = others.addresses[at];
        if (beside >= 0 && beside < others.size) {
            return fitTogether(one, others.addresses[beside]);
        }
        int neighbour = beside < 0 ? index - 1 : index + 1;
        return neighbour >= 0 && neighbour < count && fitTogether(one, child(mem, node, neighbour));
    }

    /** Writes a node anew with others in place of one child. */
    private void writeWithChildren(
            NodeStore store, long node, int index, Siblings others, int level) {
        int before = nodeCount(header(node));
        int count = before - 1 + others.size;
        long written = allocateInner(store, level, count);
        mem.copy(childAt(node, 0), childAt(written, 0), (long) index * CHILD_LENGTH);
        for (int i = 0; i < others.size; i++) {
            putChild(written, index + i, others, i);
        }
        mem.copy(
                childAt(node, index + 1),
                childAt(written, index + others.size),
                (long) (before - index - 1) * CHILD_LENGTH);
        levels[level].add(written, prefix(written, 0), count(written));
    }

    private void clearLevels() {
        for (Siblings siblings : levels) {
            siblings.size = 0;
        }
    }

    /** Puts one root over what there is at a level; returns it, or 0 if there is nothing. */
    private long rootOver(NodeStore store, int lowest) {
        int level = lowest;
        while (levels[level].size > 1) {
            writeInners(store, level + 1);
            level++;
        }
        return levels[level].size == 0 ? 0 : lowered(store, levels[level].addresses[0]);
    }

    private long lowered(NodeStore store, long root) {
        long node = root;
        for (long header = header(node);
                level(header) > 0 && nodeCount(header) == 1;
                header = header(node)) {
            long only = child(mem, node, 0);
            store.replaceNode(node);
            node = only;
        }
        return node;
    }

    /** Adds to the siblings of a node's level what a splice makes of it. */
    private void spliceNode(
            NodeStore store, long node, long from, long removed, Elements inserted) {
        long header = header(node);
        int level = level(header);
        if (level == 0) {
            spliceLeaf(store, node, header, (int) from, (int) removed, inserted);
            return;
        }
        Siblings below = levels[level - 1];
        below.size = 0;
        int firstNew = -1;
        int endNew = 0;
        boolean taken = inserted.count() == 0;
        long start = 0;
        for (int i = 0; i < nodeCount(header); i++) {
            long child = child(mem, node, i);
            long count = childCount(node, i);
            long localFrom = Math.max(0, Math.min(from - start, count));
            long localTo = Math.max(0, Math.min(from + removed - start, count));
            boolean takes = !taken && from <= start + count;
            if (localFrom == localTo && !takes) {
                below.add(child, prefix(node, i), count);
            } else if (localTo - localFrom == count && !takes) {
                store.dropTree(child);
                firstNew = firstNew < 0 ? below.size : firstNew;
                endNew = below.size;
            } else {
                firstNew = firstNew < 0 ? below.size : firstNew;
                taken |= takes;
                Elements part = takes ? inserted : NONE;
                spliceNode(store, child, localFrom, localTo - localFrom, part);
                endNew = below.size;
            }
            start += count;
        }
        store.replaceNode(node);
        mergeSmall(store, level - 1, firstNew, endNew);
        writeInners(store, level);
    }

    private static final Elements NONE = new Elements();

    private void spliceLeaf(
            NodeStore store, long node, long header, int from, int removed, Elements inserted) {
        Siblings here = levels[0];
        int count = nodeCount(header);
        load(node);
        boolean append = from > 0 && from + removed == count && atEnd;
        boolean prepend = removed == 0 && from == 0 && atStart;
        int kept = leaf.start(append ? from : count);
        if ((append || prepend) && kept + inserted.imageLength(0, inserted.count()) > MAX_LEAF) {
            // Filled in one direction, leaves stay full: the new elements begin a leaf.
            if (prepend) {
                writeLeaves(store, inserted, here);
            }
            keepFirst(store, node, count, append ? from : count);
            if (append) {
                writeLeaves(store, inserted, here);
            }
            return;
        }
        elements.clear();
        elements.add(leaf, 0, from);
        elements.add(inserted);
        elements.add(leaf, from + removed, count);
        store.replaceNode(node);
        writeLeaves(store, elements, here);
    }

    /** Keeps the first elements of the leaf that is loaded; the node itself if that is all. */
    private void keepFirst(NodeStore store, long node, int count, int kept) {
        if (kept == count) {
            leaf.at(0);
            long prefix = prefixOf(leaf.bytes(), leaf.keyOffset(), leaf.keyLength());
            levels[0].add(node, prefix, count);
            return;
        }
        elements.clear();
        elements.add(leaf, 0, kept);
        store.replaceNode(node);
        writeLeaves(store, elements, levels[0]);
    }

    /** Writes elements into as few leaves as hold them, about equally full. */
    private void writeLeaves(NodeStore store, Elements from, Siblings into) {
        int count = from.count();
        if (count == 0) {
            return;
        }
        int total = from.imageLength(0, count);
        int leaves = (total + MAX_LEAF - 1) / MAX_LEAF;
        int target = Math.min(MAX_LEAF, total / leaves + 1);
        int begin = 0;
        for (int i = 1; i <= count; i++) {
            if (i == count
                    || from.imageLength(begin, i + 1) > MAX_LEAF
                    || from.imageLength(begin, i) >= target) {
                into.add(writeLeaf(store, from, begin, i), from.prefix(begin), i - begin);
                begin = i;
            }
        }
    }

    private long writeLeaf(NodeStore store, Elements from, int begin, int end) {
        int imageLength = from.imageLength(begin, end);
        ensureImage(imageLength);
        from.writeImage(begin, end, image, 0);
        return writeImage(store, imageLength, end - begin);
    }

    private void ensureImage(int imageLength) {
        if (image.length < imageLength || image.length > Leaf.MAX_LENGTH) {
            image = new byte[Math.max(MAX_LEAF, imageLength)];
        }
    }

    private long writeImage(NodeStore store, int imageLength, int count) {
        long node = store.allocateNode(NODE_HEADER_LENGTH + imageLength);
        putHeader(store, node, count, 0, NODE_HEADER_LENGTH + imageLength);
        mem.copyIn(image, 0, node + NODE_HEADER_LENGTH, imageLength);
        return node;
    }

    private void putHeader(NodeStore store, long node, int count, int level, int length) {
        long birth = store.birth();
        mem.putLong(node, count | ((long) level << 12) | (birth << 16) | ((long) length << 32));
    }

    /** Writes inner nodes over the siblings of the level below. */
    private void writeInners(NodeStore store, int level) {
        Siblings below = levels[level - 1];
        int nodes = (below.size + MAX_FANOUT - 1) / MAX_FANOUT;
        int begin = 0;
        for (int i = 0; i < nodes; i++) {
            int end = (int) ((long) below.size * (i + 1) / nodes);
            writeInner(store, level, begin, end);
            begin = end;
        }
        below.size = 0;
    }

    private void writeInner(NodeStore store, int level, int begin, int end) {
        Siblings below = levels[level - 1];
        long node = allocateInner(store, level, end - begin);
        long total = 0;
        for (int i = begin; i < end; i++) {
            putChild(node, i - begin, below, i);
            total += below.counts[i];
        }
        levels[level].add(node, below.prefixes[begin], total);
    }

    private long allocateInner(NodeStore store, int level, int count) {
        int length = NODE_HEADER_LENGTH + count * CHILD_LENGTH;
        long node = store.allocateNode(length);
        putHeader(store, node, count, level, length);
        return node;
    }

    private void putChild(long node, int index, Siblings from, int at) {
        long child = childAt(node, index);
        mem.putLong(child, from.addresses[at]);
        mem.putLong(child + CHILD_PREFIX, from.prefixes[at]);
        mem.putLong(child + CHILD_COUNT, from.counts[at]);
    }

    /** Puts new siblings that are too small together with a neighbour, where the two fit. */
    private void mergeSmall(NodeStore store, int level, int firstNew, int endNew) {
        Siblings siblings = levels[level];
        int end = endNew;
        for (int i = Math.max(0, firstNew); i < end; i++) {
            if (!isSmall(siblings.addresses[i])) {
                continue;
            }
            if (i > 0 && fitTogether(siblings.addresses[i - 1], siblings.addresses[i])) {
                merge(store, level, i - 1);
                i--;
                end--;
            } else if (i + 1 < siblings.size
                    && fitTogether(siblings.addresses[i], siblings.addresses[i + 1])) {
                merge(store, level, i);
                i--;
                end = Math.max(i + 1, end - 1);
            }
        }
    }

    private boolean isSmall(long node) {
        long header = header(node);
        return level(header) == 0 ? nodeLength(header) < MIN_LEAF : nodeCount(header) < MIN_FANOUT;
    }

    private boolean fitTogether(long left, long right) {
        long leftHeader = header(left);
        long rightHeader = header(right);
        return level(leftHeader) == 0
                ? fits(nodeLength(leftHeader), right)
                : nodeCount(leftHeader) + nodeCount(rightHeader) <= MAX_FANOUT;
    }

    private void merge(NodeStore store, int level, int at) {
        Siblings siblings = levels[level];
        long left = siblings.addresses[at];
        long right = siblings.addresses[at + 1];
        long count = siblings.counts[at] + siblings.counts[at + 1];
        long node = level == 0 ? mergeLeaves(store, left, right) : mergeInners(store, left, right);
        store.replaceNode(left);
        store.replaceNode(right);
        siblings.replaceTwo(at, node, siblings.prefixes[at], count);
    }

    private long mergeLeaves(NodeStore store, long left, long right) {
        elements.clear();
        load(left);
        elements.add(leaf, 0, leaf.count());
        load(right);
        elements.add(leaf, 0, leaf.count());
        return writeLeaf(store, elements, 0, elements.count());
    }

    private long mergeInners(NodeStore store, long left, long right) {
        int leftCount = nodeCount(header(left));
        int rightCount = nodeCount(header(right));
        long node = allocateInner(store, level(header(left)), leftCount + rightCount);
        mem.copy(childAt(left, 0), childAt(node, 0), (long) leftCount * CHILD_LENGTH);
        mem.copy(childAt(right, 0), childAt(node, leftCount), (long) rightCount * CHILD_LENGTH);
        return node;
    }
}
