package io.hotpair.internal;

import io.hotpair.log.FrameDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;

/**
 * The elements of a hash or a set, opened to look at or to change. While small they stand in the
 * record, in the order in which they came; past {@link #MAX_SMALL} bytes they are a tree, in the
 * order of (hash, key). The hash is keyed, so nobody can choose members that fall together, and it
 * makes a place in the tree a cursor that means the same after any change.
 *
 * <p>A marked element has a deadline, the first {@link #DEADLINE_LENGTH} bytes of its value. Past
 * it the element is hidden, but stands there until a master removes it. In a tree a second one has
 * for each marked element (deadline, hash), so what has expired is found, and counted, without
 * looking at the rest. In that tree a key may stand several times.
 *
 * <p>A change writes its own effects for the log.
 */
final class Members {
    static final int MAX_SMALL = 1024;

    /** A tree of one leaf no longer than this is made small again. */
    private static final int MIN_TREE = 384;

    /** In a tree a key begins with its hash. */
    static final int HASH_LENGTH = Integer.BYTES;

    /** A marked value begins with its deadline: milliseconds since 1970, little-endian. */
    static final int DEADLINE_LENGTH = Long.BYTES;

    private static final int DEADLINE_KEY_LENGTH = DEADLINE_LENGTH + HASH_LENGTH;
    private static final byte[] NO_BYTES = new byte[0];

    /** More than this no answer can hold. */
    private static final long MAX_REPEATED = Integer.MAX_VALUE - 16;

    private final Edit edit;
    private final Mem mem;
    private final Tree tree;
    private final Leaf small = new Leaf();
    private final Elements elements = new Elements();
    private final byte[] deadlineKey = new byte[DEADLINE_KEY_LENGTH];
    private byte[] probe = new byte[64];
    private boolean isTree;
    private long root;
    private long count;
    private long deadlines;
    private boolean timed;
    private long nowMs;
    private int foundAt;

    Members(Edit edit, Mem mem, Tree tree) {
        this.edit = edit;
        this.mem = mem;
        this.tree = tree;
    }

    /** Opens a record's elements; 0 for none. */
    Members open(long record) {
        isTree = record != 0 && Records.isTree(mem, record);
        timed = record != 0 && Records.isTimed(mem, record);
        nowMs = timed ? edit.nowMs() : 0;
        root = 0;
        deadlines = 0;
        if (isTree) {
            root = mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
            count = mem.getLong(Records.value(mem, record, Records.TREE_COUNT));
            deadlines = mem.getLong(Records.value(mem, record, Records.TREE_SECOND));
        } else if (record != 0) {
            small.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
            count = small.count();
            if (small.isHuge()) {
                edit.tookMuchRoom();
            }
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

    /** How many elements there are, those that have expired included. */
    long count() {
        return count;
    }

    /** How many elements have not expired. */
    long liveCount() {
        if (!timed) {
            return count;
        }
        if (isTree) {
            return count - expiredBefore(nowMs + 1);
        }
        long live = 0;
        for (int i = 0; i < small.count(); i++) {
            live += isLive(small.at(i)) ? 1 : 0;
        }
        return live;
    }

    /** Whether an element has expired. */
    boolean hasExpired() {
        return liveCount() < count;
    }

    private long expiredBefore(long deadlineMs) {
        if (deadlines == 0) {
            return 0;
        }
        putDeadlineKey(deadlineMs, 0);
        boolean unused = tree.find(deadlines, deadlineKey, 0, DEADLINE_LENGTH);
        return tree.position();
    }

    // ---- an element

    /** When an element expires; 0 for never. */
    static long deadlineMs(Leaf leaf) {
        return leaf.marked() ? FrameDescriptor.getLong(leaf.bytes(), leaf.valueOffset()) : 0;
    }

    /** Whether an element is there for readers. */
    boolean isLive(Leaf leaf) {
        return !hasExpired(leaf, nowMs);
    }

    /** Whether an element had expired at a moment; 0 is before any deadline. */
    static boolean hasExpired(Leaf leaf, long nowMs) {
        return nowMs != 0 && leaf.marked() && deadlineMs(leaf) <= nowMs;
    }

    /** The value of an element without its deadline. */
    static byte[] value(Leaf leaf) {
        int from = leaf.valueOffset() + (leaf.marked() ? DEADLINE_LENGTH : 0);
        return Arrays.copyOfRange(leaf.bytes(), from, leaf.valueOffset() + leaf.valueLength());
    }

    /** The length of an element's value without its deadline. */
    static int valueLength(Leaf leaf) {
        return leaf.valueLength() - (leaf.marked() ? DEADLINE_LENGTH : 0);
    }

    /** The moment by which it is judged what has expired; 0 if nothing can. */
    long nowMs() {
        return nowMs;
    }

    /** The key of an element that a visitor sees, or that was found. */
    byte[] key(Leaf leaf) {
        return leaf.key(isTree ? HASH_LENGTH : 0);
    }

    /** What the last successful {@link #find} looks at, until the next change. */
    Leaf leaf() {
        return isTree ? tree.leaf() : small;
    }

    /** Finds an element that has not expired. */
    boolean find(byte[] key) {
        return count > 0 && findAny(key, 0, key.length) && isLive(leaf());
    }

    private boolean findAny(byte[] key, int offset, int length) {
        if (!isTree) {
            foundAt = small.scan(key, offset, length);
            return foundAt >= 0;
        }
        return tree.find(root, probe(key, offset, length), 0, HASH_LENGTH + length);
    }

    /** The key of a member in a tree. Valid until the next call. */
    byte[] probe(byte[] key, int offset, int length) {
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

    private static int hash(byte[] from, int offset) {
        return Integer.reverseBytes(FrameDescriptor.getInt(from, offset));
    }

    // ---- putting

    /** Adds a member without a value, unless it is there; returns whether it was added. */
    boolean add(byte[] member) {
        if (!isTree) {
            return small.scan(member, 0, member.length) < 0 && put(member, NO_BYTES);
        }
        if (findAny(member, 0, member.length)) {
            return false;
        }
        if (edit.wantsEffects()) {
            edit.effects().put(member, 0, member.length, NO_BYTES, 0, 0, false);
        }
        elements.clear();
        elements.add(probe, 0, HASH_LENGTH + member.length, NO_BYTES, 0, 0, false);
        root = tree.spliceFound(edit, root, 0, elements);
        count++;
        return true;
    }

    /** Puts an element that never expires; returns whether it is new. */
    boolean put(byte[] key, byte[] value) {
        return put(key, 0, key.length, value, 0, value.length, false);
    }

    /** Puts an element with a deadline, or 0; returns whether it is new. */
    boolean put(byte[] key, byte[] value, long deadlineMs) {
        if (deadlineMs == 0) {
            return put(key, value);
        }
        byte[] marked = new byte[DEADLINE_LENGTH + value.length];
        FrameDescriptor.putLong(marked, 0, deadlineMs);
        System.arraycopy(value, 0, marked, DEADLINE_LENGTH, value.length);
        return put(key, 0, key.length, marked, 0, marked.length, true);
    }

    /**
     * Puts an element, whether it is there or not.
     *
     * @param mark whether the value begins with a deadline
     * @return whether it is new to readers
     */
    boolean put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        if (edit.wantsEffects()) {
            edit.effects().put(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
        }
        timed |= mark;
        if (!isTree) {
            int at = small.scan(key, keyOffset, keyLength);
            boolean added = at < 0 || !isLive(small);
            elements.clear();
            elements.add(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
            int from = at < 0 ? small.count() : at;
            if (small.splice(from, at < 0 ? from : at + 1, elements, MAX_SMALL)) {
                count = small.count();
                return added;
            }
            becomeTree();
            boolean unused =
                    putIntoTree(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
            return added;
        }
        return putIntoTree(key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
    }

    private boolean putIntoTree(
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
        boolean added = !present || !isLive(tree.leaf());
        long formerMs = present ? deadlineMs(tree.leaf()) : 0;
        long deadlineMs = mark ? FrameDescriptor.getLong(value, valueOffset) : 0;
        elements.clear();
        elements.add(member, 0, memberLength, value, valueOffset, valueLength, mark);
        root = tree.spliceFound(edit, root, present ? 1 : 0, elements);
        count += present ? 0 : 1;
        moveDeadline(formerMs, deadlineMs, hash(member, 0));
        return added;
    }

    private void becomeTree() {
        isTree = true;
        root = 0;
        count = 0;
        for (int i = 0; i < small.count(); i++) {
            small.at(i);
            boolean unused =
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

    /** Notes in the tree of deadlines that an element's has changed; 0 for none. */
    private void moveDeadline(long fromMs, long toMs, int hash) {
        if (fromMs == toMs) {
            return;
        }
        if (fromMs != 0) {
            putDeadlineKey(fromMs, hash);
            boolean found = tree.find(deadlines, deadlineKey, 0, DEADLINE_KEY_LENGTH);
            elements.clear();
            deadlines = tree.spliceFound(edit, deadlines, found ? 1 : 0, elements);
        }
        if (toMs != 0) {
            putDeadlineKey(toMs, hash);
            boolean unused =
                    deadlines != 0 && tree.find(deadlines, deadlineKey, 0, DEADLINE_KEY_LENGTH);
            elements.clear();
            elements.add(deadlineKey, 0, DEADLINE_KEY_LENGTH, NO_BYTES, 0, 0, false);
            deadlines = tree.spliceFound(edit, deadlines, 0, elements);
        }
    }

    private void putDeadlineKey(long deadlineMs, int hash) {
        FrameDescriptor.putLong(deadlineKey, 0, Long.reverseBytes(deadlineMs));
        putHash(deadlineKey, DEADLINE_LENGTH, hash);
    }

    /**
     * Fills a collection that is empty with members that are all different, in one go. Sorts them.
     */
    void fill(List<byte[]> members) {
        long length = 0;
        for (byte[] member : members) {
            length += member.length + HASH_LENGTH;
        }
        if (length <= MAX_SMALL) {
            members.forEach(member -> put(member, NO_BYTES));
            return;
        }
        byte[][] sorted = new byte[members.size()][];
        for (int i = 0; i < sorted.length; i++) {
            byte[] member = members.get(i);
            if (edit.wantsEffects()) {
                edit.effects().put(member, 0, member.length, NO_BYTES, 0, 0, false);
            }
            sorted[i] = Arrays.copyOf(probe(member, 0, member.length), HASH_LENGTH + member.length);
        }
        Arrays.sort(sorted, Arrays::compareUnsigned);
        elements.clear();
        for (byte[] member : sorted) {
            elements.add(member, 0, member.length, NO_BYTES, 0, 0, false);
        }
        isTree = true;
        count = sorted.length;
        root = tree.splice(edit, 0, 0, 0, elements);
    }

    // ---- removing

    /** Removes an element; returns whether it was there for readers. */
    boolean remove(byte[] key) {
        return remove(key, 0, key.length);
    }

    /** Removes an element; returns whether it was there for readers. */
    boolean remove(byte[] key, int keyOffset, int keyLength) {
        if (count == 0 || !findAny(key, keyOffset, keyLength)) {
            return false;
        }
        boolean live = isLive(leaf());
        removeFound(foundAt);
        return live;
    }

    /** Removes the element at a place, and returns its key. */
    byte[] removeAt(long index) {
        byte[] key = key(at(index));
        removeFound((int) index);
        return key;
    }

    /**
     * Removes the element that is looked at.
     *
     * @param index its place, of a small one
     */
    private void removeFound(int index) {
        Leaf found = leaf();
        int skipped = isTree ? HASH_LENGTH : 0;
        if (edit.wantsEffects()) {
            edit.effects()
                    .remove(
                            found.bytes(),
                            found.keyOffset() + skipped,
                            found.keyLength() - skipped);
        }
        count--;
        if (isTree) {
            long formerMs = deadlineMs(found);
            int hash = hash(found.bytes(), found.keyOffset());
            elements.clear();
            root = tree.spliceFound(edit, root, 1, elements);
            moveDeadline(formerMs, 0, hash);
            becomeSmallIfSo();
            return;
        }
        boolean unused = small.splice(index, index + 1, elements.clear(), MAX_SMALL);
    }

    private void becomeSmallIfSo() {
        long header = root == 0 ? 0 : mem.getLong(root);
        if (Tree.level(header) > 0 || Tree.nodeLength(header) > MIN_TREE) {
            return;
        }
        elements.clear();
        boolean unused =
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
        if (deadlines != 0) {
            edit.dropTree(deadlines);
        }
        small.take(elements);
        root = 0;
        deadlines = 0;
        isTree = false;
    }

    /** Removes elements that have expired, about so many at most; returns how many. */
    int removeExpired(int limit) {
        int removed = 0;
        while (timed && removed < limit && isTree && expiredBefore(nowMs + 1) > 0) {
            lookAtFirstExpired();
            removeFound(0);
            removed++;
        }
        for (int i = isTree || !timed ? -1 : small.count() - 1; i >= 0; i--) {
            if (!isLive(small.at(i))) {
                removeFound(i);
                removed++;
            }
        }
        return removed;
    }

    private void lookAtFirstExpired() {
        Leaf first = tree.at(deadlines, 0);
        System.arraycopy(first.bytes(), first.keyOffset(), deadlineKey, 0, DEADLINE_KEY_LENGTH);
        long deadlineMs = Long.reverseBytes(FrameDescriptor.getLong(deadlineKey, 0));
        boolean unused = tree.find(root, deadlineKey, DEADLINE_LENGTH, HASH_LENGTH);
        long at = tree.position();
        // Of the few members with this hash one has this deadline.
        while (at < count && deadlineMs(tree.at(root, at)) != deadlineMs) {
            at++;
        }
        long unusedPlace = Objects.checkIndex(at, count);
    }

    // ---- walking

    /** Visits the elements that have not expired. The visitor must not use this object. */
    boolean forEach(Tree.Visitor visitor) {
        Tree.Visitor live = timed ? leaf -> !isLive(leaf) || visitor.visit(leaf) : visitor;
        if (isTree) {
            return tree.range(root, 0, count, live);
        }
        for (int i = 0; i < small.count(); i++) {
            if (!live.visit(small.at(i))) {
                return false;
            }
        }
        return true;
    }

    /** The keys of the elements that have not expired. */
    List<byte[]> keys() {
        List<byte[]> keys = new ArrayList<>();
        boolean unused = forEach(leaf -> keys.add(key(leaf)));
        return keys;
    }

    /** The keys of the elements from one place to another, which may lie behind the end. */
    List<byte[]> keys(long from, long to) {
        List<byte[]> keys = new ArrayList<>();
        if (isTree) {
            boolean unused = tree.range(root, from, to, leaf -> keys.add(key(leaf)));
        } else {
            for (long i = from; i < Math.min(to, count); i++) {
                keys.add(key(small.at((int) i)));
            }
        }
        return keys;
    }

    /**
     * Visits elements chosen at random, as HRANDFIELD and SRANDMEMBER count them.
     *
     * @param chosen how many different ones, or, negative, how many with repetitions
     */
    boolean forEachChosen(long chosen, Tree.Visitor visitor) {
        if (chosen < -MAX_REPEATED) {
            throw new IllegalArgumentException(
                    "count=" + chosen + ", expected at least " + -MAX_REPEATED);
        }
        long live = liveCount();
        if (live == 0 || chosen >= live) {
            return forEach(visitor);
        }
        for (long place : sample(Math.abs(chosen), chosen < 0)) {
            if (!visitor.visit(at(place))) {
                return false;
            }
        }
        return true;
    }

    /** Looks at the element at a place, be it expired or not. */
    Leaf at(long index) {
        if (isTree) {
            return tree.at(root, index);
        }
        return small.at((int) index);
    }

    /**
     * Chooses elements at random, each with the same chance, among those that have not expired.
     *
     * @param wanted how many, less than there are unless they may repeat
     * @return their places, in no particular order
     */
    long[] sample(long wanted, boolean repeated) {
        long live = liveCount();
        long[] places;
        if (repeated) {
            places = random(live).limit(wanted).toArray();
        } else if (wanted <= live / 2) {
            places = random(live).distinct().limit(wanted).toArray();
        } else {
            // To choose those that are left out is quicker than to wait for the last ones.
            long[] without = random(live).distinct().limit(live - wanted).sorted().toArray();
            places =
                    LongStream.range(0, live)
                            .filter(place -> Arrays.binarySearch(without, place) < 0)
                            .toArray();
        }
        return live == count ? places : amongLive(places);
    }

    private static LongStream random(long bound) {
        return ThreadLocalRandom.current().longs(0, bound);
    }

    /** What has expired is soon removed, so this need not be fast. */
    private long[] amongLive(long[] places) {
        long[] live = LongStream.range(0, count).filter(place -> isLive(at(place))).toArray();
        return LongStream.of(places).map(place -> live[(int) place]).toArray();
    }

    /**
     * Goes on with a walk in the order of hashes: whatever changes meanwhile, what is there all the
     * time is visited once. A small collection is visited to its end.
     *
     * @param cursor 0 to begin, else what the last call returned
     * @param atLeast how many to visit, if there are so many
     * @return where to go on, or 0 at the end
     */
    long scan(long cursor, long atLeast, Tree.Visitor visitor) {
        if (cursor < 0 || cursor > 0xFFFF_FFFFL) {
            return 0;
        }
        return isTree ? scanTree(cursor, atLeast, visitor) : scanSmall((int) cursor, visitor);
    }

    static void checkScanCount(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
    }

    private long scanSmall(int firstHash, Tree.Visitor visitor) {
        for (int i = 0; i < small.count(); i++) {
            small.at(i);
            int hash = edit.memberHash(small.bytes(), small.keyOffset(), small.keyLength());
            if (Integer.compareUnsigned(hash, firstHash) >= 0 && isLive(small)) {
                boolean unused = visitor.visit(small);
            }
        }
        return 0;
    }

    private long scanTree(long cursor, long atLeast, Tree.Visitor visitor) {
        byte[] first = new byte[HASH_LENGTH];
        putHash(first, 0, (int) cursor);
        boolean unused = tree.find(root, first, 0, HASH_LENGTH);
        long[] seen = new long[1];
        long[] last = {cursor};
        boolean ended =
                tree.range(
                        root,
                        tree.position(),
                        count,
                        leaf -> {
                            long hash = hash(leaf.bytes(), leaf.keyOffset()) & 0xFFFF_FFFFL;
                            boolean stops = seen[0] >= atLeast && hash != last[0];
                            last[0] = hash;
                            seen[0]++;
                            return !stops && (!isLive(leaf) || visitor.visit(leaf));
                        });
        return ended ? 0 : last[0];
    }

    /** Does again what {@link #put} and {@link #remove} wrote into the log. */
    static long replay(Edit edit, long base, int type, ChangeReader changes, long deadlineMs) {
        Edit.expect(edit.mem(), base, type);
        Members members = edit.members().openToChange(base);
        while (changes.next()) {
            members.replay(changes);
        }
        return members.record(type, deadlineMs);
    }

    private void replay(ChangeReader change) {
        if (change.kind() == Effects.REMOVE) {
            boolean unused = remove(change.bytes(), change.keyOffset(), change.keyLength());
            return;
        }
        boolean unused =
                put(
                        change.bytes(),
                        change.keyOffset(),
                        change.keyLength(),
                        change.bytes(),
                        change.valueOffset(),
                        change.valueLength(),
                        change.mark());
    }

    /** The record of what the elements are now: a tombstone if there is none left. */
    long record(int type, long deadlineMs) {
        if (count == 0) {
            return edit.tombstone();
        }
        if (isTree) {
            return edit.tree(type, root, count, deadlines, deadlineMs);
        }
        int flags = timed && hasDeadlines() ? Records.FLAG_TIMED : 0;
        return edit.record(type, flags, deadlineMs, small.bytes(), 0, small.length());
    }

    private boolean hasDeadlines() {
        for (int i = 0; i < small.count(); i++) {
            if (small.at(i).marked()) {
                return true;
            }
        }
        return false;
    }
}
