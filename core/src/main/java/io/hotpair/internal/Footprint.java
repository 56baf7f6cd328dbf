package io.hotpair.internal;

/**
 * What the blocks of one key take: its record, and the nodes of its trees. The nodes of a huge
 * value are counted in several steps, each in an epoch of its own; between two of them the value
 * may change.
 *
 * <ul>
 *   <li><b>F1</b> A step goes on at a position in the tree, which any later tree of the key has,
 *       too: it counts the nodes whose first element stands at that position or behind it.
 *   <li><b>F2</b> Once a node is counted, so are those that begin with the same element, which are
 *       at most one for each level. So the next step can begin with the next element, and of a tree
 *       that does not change each node is counted once.
 *   <li><b>F3</b> No step begins behind what was the end of the tree at the first one, so that this
 *       comes to an end even if somebody goes on appending.
 * </ul>
 *
 * <p>A leaf is not read but for its header, so to count nodes is far less work than to visit the
 * elements.
 */
final class Footprint {
    private static final int TREES = 2;

    private final Engine engine;
    private final Mem mem;
    private int type;
    private long elementCount;
    private long memoryBytes;
    private long contentBytes;

    // Where the measuring stands: which of the value's trees, up to where, and where that ends.
    private int tree = TREES;
    private long position;
    private long end;

    // The step under way.
    private int nodesLeft;
    private long lastStart;
    private long resumeAt;

    Footprint(Engine engine) {
        this.engine = engine;
        mem = engine.mem();
    }

    /** The type of the value; 0 if the key is gone. */
    int type() {
        return type;
    }

    /** Elements that somebody may want to know the number of; 1 for a string. */
    long elementCount() {
        return elementCount;
    }

    /** Bytes that the blocks take. */
    long memoryBytes() {
        return memoryBytes;
    }

    /** Bytes of what stands in them. */
    long contentBytes() {
        return contentBytes;
    }

    /** Nodes that the last step did not count of those it might have. */
    int nodesLeft() {
        return nodesLeft;
    }

    /** Measures a record from the beginning. */
    boolean begin(Edit edit, long record, int maxNodes) {
        type = 0;
        return step(edit, record, maxNodes);
    }

    /**
     * Measures a part.
     *
     * @param record the key's present value, or 0 if it is gone
     * @param maxNodes after so many nodes the step ends, give or take one for each level
     * @return whether all is measured
     */
    boolean step(Edit edit, long record, int maxNodes) {
        nodesLeft = maxNodes;
        if (record == 0) {
            type = 0;
            return true;
        }
        boolean isTree = Records.isTree(mem, record);
        if (type != Records.type(mem, record) || !isTree) {
            start(edit, record);
            tree = isTree ? 0 : TREES;
        }
        while (tree < TREES && nodesLeft > 0) {
            if (measure(edit, root(record))) {
                tree++;
                position = 0;
            }
        }
        return tree == TREES;
    }

    private void start(Edit edit, long record) {
        type = Records.type(mem, record);
        elementCount = elementCount(edit, record);
        memoryBytes = 0;
        contentBytes = 0;
        position = 0;
        count(Records.blockLength(mem, record));
    }

    private long elementCount(Edit edit, long record) {
        return switch (type) {
            case Records.STRING -> 1;
            case Records.STREAM -> Stream.open(edit, record).length();
            default -> Values.count(edit, record);
        };
    }

    private void count(long lengthBytes) {
        contentBytes += lengthBytes;
        memoryBytes += engine.occupiedBytes(lengthBytes);
    }

    private long root(long record) {
        return tree == 0
                ? mem.getLong(Records.value(mem, record, Records.TREE_ROOT))
                : Records.secondTree(mem, record);
    }

    /** Measures a part of a tree; returns whether it came to its end. */
    private boolean measure(Edit edit, long root) {
        if (root == 0) {
            return true;
        }
        if (position == 0) {
            end = edit.tree().count(root);
        }
        lastStart = -1;
        if (measureNode(root, 0)) {
            return true;
        }
        position = resumeAt;
        return position >= end;
    }

    /**
     * Measures what begins at the position or behind it.
     *
     * @param start how many elements stand before the node
     * @return false if the step is over
     */
    private boolean measureNode(long node, long start) {
        long header = mem.getLong(node);
        if (start >= position) {
            if (nodesLeft <= 0 && start > lastStart) {
                resumeAt = start;
                return false;
            }
            lastStart = start;
            nodesLeft--;
            count(Tree.nodeLength(header));
        }
        return Tree.level(header) == 0 || measureChildren(node, Tree.nodeCount(header), start);
    }

    private boolean measureChildren(long node, int childCount, long start) {
        long at = start;
        for (int i = 0; i < childCount; i++) {
            long below = Tree.childCount(mem, node, i);
            if (at + below > position && !measureNode(Tree.child(mem, node, i), at)) {
                return false;
            }
            at += below;
        }
        return true;
    }
}
