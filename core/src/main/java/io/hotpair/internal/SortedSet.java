package io.hotpair.internal;

import io.hotpair.LexBound;
import io.hotpair.ScoreBound;
import io.hotpair.ScoredMember;
import io.hotpair.SortedSetRange;
import io.hotpair.log.FrameDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The members of a sorted set, opened to look at or to change. Each is an element whose key is its
 * score, as 8 bytes that are in the order of scores, and then the member, so the order of elements
 * is the order of the set; its mark says that the score is -0.0, which stands where 0.0 does. While
 * small these are the record. Past {@link #MAX_SMALL} bytes they are a tree, and a second tree, in
 * the order of {@link Members}, leads from each member to its score.
 *
 * <p>To find, rank, add, move or remove a member takes O(log n).
 */
final class SortedSet {
    static final int MAX_SMALL = 1024;
    static final int SCORE_LENGTH = Long.BYTES;

    /** A first tree of one leaf no longer than this is made small again. */
    private static final int MIN_TREE = 384;

    /** The highest hash, as an unsigned number. */
    private static final long MAX_HASH = 0xFFFF_FFFFL;

    /** Where one of so few members goes, the second tree is written anew. */
    private static final int REBUILD_PART = 16;

    private static final byte[] NOTHING = new byte[0];

    private static final Comparator<ScoredMember> BY_MEMBER =
            (left, right) -> Arrays.compareUnsigned(left.member(), right.member());

    /** The order of a sorted set. */
    static final Comparator<ScoredMember> ORDER =
            (left, right) -> {
                int order = Long.compareUnsigned(sortable(left.score()), sortable(right.score()));
                return order == 0 ? BY_MEMBER.compare(left, right) : order;
            };

    private final Edit edit;
    private final Mem mem;
    private final Tree tree;
    private final Leaf small = new Leaf();
    private final Elements elements = new Elements();
    private final byte[] scoreBits = new byte[SCORE_LENGTH];
    private byte[] key = new byte[64];
    private int keyLength;
    private boolean isTree;
    private long root;
    private long second;
    private long count;

    // What the last find saw.
    private double score;
    private long foundAt;

    SortedSet(Edit edit, Mem mem, Tree tree) {
        this.edit = edit;
        this.mem = mem;
        this.tree = tree;
    }

    /** Opens a record's members; 0 for none. */
    SortedSet open(long record) {
        Edit.expect(mem, record, Records.SORTED_SET);
        clear();
        if (record != 0 && Records.isTree(mem, record)) {
            isTree = true;
            root = mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
            count = mem.getLong(Records.value(mem, record, Records.TREE_COUNT));
            second = mem.getLong(Records.value(mem, record, Records.TREE_SECOND));
        } else if (record != 0) {
            small.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
            count = small.count();
        }
        return this;
    }

    /** Opens a record's members to change them: the new record takes over what is shared. */
    SortedSet openToChange(long record) {
        open(record);
        if (record != 0) {
            edit.reuse();
        }
        return this;
    }

    private void clear() {
        isTree = false;
        root = 0;
        second = 0;
        count = 0;
        small.clear();
    }

    long count() {
        return count;
    }

    // ---- scores as bytes

    /** A number that, unsigned, has the order of scores; the same for 0.0 and -0.0. */
    static long sortable(double score) {
        long bits = Double.doubleToRawLongBits(score == 0 ? 0.0 : score);
        return bits ^ ((bits >> 63) | Long.MIN_VALUE);
    }

    /** The score of the element that a leaf looks at. */
    static double score(Leaf leaf) {
        if (leaf.marked()) {
            return -0.0;
        }
        long sortable = Tree.prefixOf(leaf.bytes(), leaf.keyOffset(), SCORE_LENGTH);
        return Double.longBitsToDouble(sortable ^ ((~sortable >> 63) | Long.MIN_VALUE));
    }

    static ScoredMember scoredMember(Leaf leaf) {
        return new ScoredMember(leaf.key(SCORE_LENGTH), score(leaf));
    }

    private static boolean isNegativeZero(double score) {
        return Double.doubleToRawLongBits(score) == Long.MIN_VALUE;
    }

    private void key(double ofScore, byte[] member, int offset, int length) {
        keyLength = SCORE_LENGTH + length;
        if (key.length < keyLength) {
            key = new byte[keyLength];
        }
        FrameDescriptor.putLong(key, 0, Long.reverseBytes(sortable(ofScore)));
        System.arraycopy(member, offset, key, SCORE_LENGTH, length);
    }

    private byte[] bits(double ofScore) {
        FrameDescriptor.putLong(scoreBits, 0, Double.doubleToRawLongBits(ofScore));
        return scoreBits;
    }

    // ---- looking

    /** Finds a member; {@link #score()} is then its score. */
    boolean find(byte[] member, int offset, int length) {
        return count > 0
                && (isTree
                        ? findInTree(member, offset, length)
                        : findInSmall(member, offset, length));
    }

    private boolean findInSmall(byte[] member, int offset, int length) {
        for (int i = 0; i < small.count(); i++) {
            int at = small.at(i).keyOffset() + SCORE_LENGTH;
            if (small.keyLength() == SCORE_LENGTH + length
                    && Arrays.equals(
                            small.bytes(), at, at + length, member, offset, offset + length)) {
                foundAt = i;
                score = score(small);
                return true;
            }
        }
        return false;
    }

    private boolean findInTree(byte[] member, int offset, int length) {
        byte[] probe = edit.members().probe(member, offset, length);
        boolean found = tree.find(second, probe, 0, Members.HASH_LENGTH + length);
        if (found) {
            Leaf leaf = tree.leaf();
            long bits = FrameDescriptor.getLong(leaf.bytes(), leaf.valueOffset());
            score = Double.longBitsToDouble(bits);
        }
        return found;
    }

    /** The score of the member that was found. */
    double score() {
        return score;
    }

    /** The place of the member that was found. */
    long rank(byte[] member) {
        if (!isTree) {
            return foundAt;
        }
        key(score, member, 0, member.length);
        return placeOfKey();
    }

    /** The place of the key, or where it would be. */
    private long placeOfKey() {
        boolean unused = findKey();
        return foundAt;
    }

    private boolean findKey() {
        if (isTree) {
            boolean found = tree.find(root, key, 0, keyLength);
            foundAt = tree.position();
            return found;
        }
        int at = small.find(key, 0, keyLength);
        foundAt = at < 0 ? -at - 1 : at;
        return at >= 0;
    }

    /** Looks at the element at a place. */
    Leaf at(long place) {
        return isTree ? tree.at(root, place) : small.at((int) place);
    }

    /**
     * Visits the members from one place to another. The visitor must not use this object.
     *
     * @return whether it went to the end
     */
    boolean range(long from, long to, boolean reversed, Tree.Visitor visitor) {
        if (isTree) {
            return reversed
                    ? tree.rangeReversed(root, from, to, visitor)
                    : tree.range(root, from, to, visitor);
        }
        int step = reversed ? -1 : 1;
        for (long i = reversed ? to - 1 : from; i >= from && i < to; i += step) {
            if (!visitor.visit(small.at((int) i))) {
                return false;
            }
        }
        return true;
    }

    List<ScoredMember> list(long from, long to, boolean reversed) {
        List<ScoredMember> list = new ArrayList<>((int) Math.max(0, Math.min(to - from, 1 << 16)));
        boolean unused = range(from, to, reversed, leaf -> list.add(scoredMember(leaf)));
        return list;
    }

    /**
     * Visits members in the order of their hashes, from one hash on and at least so many, then the
     * others with the last one's hash.
     *
     * @return the hash to go on with, or 0 at the end
     */
    long scan(long fromHash, int atLeast, List<ScoredMember> into) {
        if (fromHash < 0 || fromHash > MAX_HASH) {
            return 0;
        }
        if (!isTree) {
            for (ScoredMember each : list(0, count, false)) {
                if (Integer.toUnsignedLong(hash(each)) >= fromHash) {
                    into.add(each);
                }
            }
            return 0;
        }
        byte[] from = new byte[Integer.BYTES];
        FrameDescriptor.putInt(from, 0, Integer.reverseBytes((int) fromHash));
        boolean unused = tree.find(second, from, 0, from.length);
        long[] last = new long[1];
        boolean ended =
                tree.range(
                        second,
                        tree.position(),
                        count,
                        leaf -> {
                            long hash = Tree.prefixOf(leaf.bytes(), leaf.keyOffset(), 4) >>> 32;
                            if (into.size() >= atLeast && hash != last[0]) {
                                return false;
                            }
                            last[0] = hash;
                            long bits = FrameDescriptor.getLong(leaf.bytes(), leaf.valueOffset());
                            double itsScore = Double.longBitsToDouble(bits);
                            byte[] member = leaf.key(Members.HASH_LENGTH);
                            return into.add(new ScoredMember(member, itsScore));
                        });
        return ended ? 0 : last[0] + 1;
    }

    private int hash(ScoredMember of) {
        return edit.memberHash(of.member(), 0, of.member().length);
    }

    // ---- ranges

    /** The places of a range, from the low end: the first one, and the one after the last. */
    long[] places(SortedSetRange range) {
        long from;
        long to;
        if (range.ends() instanceof SortedSetRange.Indexes indexes) {
            long start = indexes.start() < 0 ? indexes.start() + count : indexes.start();
            long stop = indexes.stop() < 0 ? indexes.stop() + count : indexes.stop();
            // Brought into the set first: a difference of what is given could overflow.
            from = Math.min(count, Math.max(0, start));
            to = Math.max(0, Math.min(count - 1, stop) + 1);
            if (range.isReversed()) {
                long swap = count - to;
                to = count - from;
                from = swap;
            }
        } else if (range.ends() instanceof SortedSetRange.Scores scores) {
            from = place(scores.min(), false);
            to = place(scores.max(), true);
        } else {
            SortedSetRange.Members members = (SortedSetRange.Members) range.ends();
            from = place(members.min(), false);
            to = place(members.max(), true);
        }
        return limited(range, from, to);
    }

    private static long[] limited(SortedSetRange range, long from, long to) {
        long length = Math.max(0, to - from);
        long skipped = range.offset() < 0 ? length : Math.min(length, range.offset());
        long taken = length - skipped;
        taken = range.count() < 0 ? taken : Math.min(taken, range.count());
        long first = range.isReversed() ? to - skipped - taken : from + skipped;
        return new long[] {first, first + taken};
    }

    /** How many members are below a bound; those at it count if it is an end that includes them. */
    private long place(ScoreBound bound, boolean isEnd) {
        if (count == 0) {
            return 0;
        }
        key(bound.score(), NOTHING, 0, 0);
        if (bound.isExclusive() != isEnd) {
            long next = sortable(bound.score()) + 1;
            FrameDescriptor.putLong(key, 0, Long.reverseBytes(next));
        }
        return placeOfKey();
    }

    private long place(LexBound bound, boolean isEnd) {
        if (count == 0 || bound.infinity() < 0) {
            return 0;
        }
        if (bound.infinity() > 0) {
            return count;
        }
        boolean after = bound.isExclusive() != isEnd;
        double first = score(at(0));
        if (first != score(at(count - 1))) {
            return placeAmongScores(bound, after);
        }
        key(first, bound.member(), 0, bound.member().length);
        boolean found = findKey();
        return foundAt + (found && after ? 1 : 0);
    }

    /** With different scores there is no order of members: what a search by halves ends at. */
    private long placeAmongScores(LexBound bound, boolean after) {
        byte[] member = bound.member();
        long low = 0;
        long high = count;
        while (low < high) {
            long middle = (low + high) >>> 1;
            Leaf leaf = at(middle);
            int from = leaf.keyOffset() + SCORE_LENGTH;
            int to = leaf.keyOffset() + leaf.keyLength();
            int order = Arrays.compareUnsigned(leaf.bytes(), from, to, member, 0, member.length);
            if (order < 0 || (order == 0 && after)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    // ---- changing

    /** Adds a member that {@link #find} has just not found. */
    void insert(byte[] member, int offset, int length, double newScore) {
        if (edit.wantsEffects()) {
            byte[] bits = bits(newScore);
            edit.effects().put(member, offset, length, bits, 0, SCORE_LENGTH, false);
        }
        if (!isTree) {
            if (insertIntoSmall(member, offset, length, newScore)) {
                return;
            }
            becomeTree();
            boolean unused = findInTree(member, offset, length);
        }
        putScore(member, offset, length, newScore, 0);
        key(newScore, member, offset, length);
        boolean unused = tree.find(root, key, 0, keyLength);
        root = tree.spliceFound(edit, root, 0, keyElement(newScore));
        count++;
    }

    private boolean insertIntoSmall(byte[] member, int offset, int length, double newScore) {
        key(newScore, member, offset, length);
        int at = (int) placeOfKey();
        boolean fits = small.splice(at, at, keyElement(newScore), MAX_SMALL);
        count += fits ? 1 : 0;
        return fits;
    }

    /** Writes a member's score into the second tree, where the last find ended. */
    private void putScore(byte[] member, int offset, int length, double newScore, int replaced) {
        byte[] probe = edit.members().probe(member, offset, length);
        int probeLength = Members.HASH_LENGTH + length;
        elements.clear();
        elements.add(probe, 0, probeLength, bits(newScore), 0, SCORE_LENGTH, false);
        second = tree.spliceFound(edit, second, replaced, elements);
    }

    private Elements keyElement(double ofScore) {
        elements.clear();
        elements.add(key, 0, keyLength, NOTHING, 0, 0, isNegativeZero(ofScore));
        return elements;
    }

    /** Gives a member that {@link #find} has just found another score. */
    void move(byte[] member, int offset, int length, double newScore) {
        if (edit.wantsEffects()) {
            byte[] bits = bits(newScore);
            edit.effects().put(member, offset, length, bits, 0, SCORE_LENGTH, false);
        }
        if (!isTree) {
            removeFromSmall((int) foundAt);
            boolean unused = insertIntoSmall(member, offset, length, newScore);
            return;
        }
        putScore(member, offset, length, newScore, 1);
        key(score, member, offset, length);
        boolean unused = tree.find(root, key, 0, keyLength);
        key(newScore, member, offset, length);
        if (tree.fitsFound(key, 0, keyLength)) {
            root = tree.spliceFound(edit, root, 1, keyElement(newScore));
        } else {
            root = tree.spliceFound(edit, root, 1, elements.clear());
            unused = tree.find(root, key, 0, keyLength);
            root = tree.spliceFound(edit, root, 0, keyElement(newScore));
        }
    }

    private void removeFromSmall(int at) {
        boolean unused = small.splice(at, at + 1, elements.clear(), MAX_SMALL);
        count--;
    }

    /** Removes a member; returns whether it was there. */
    boolean remove(byte[] member, int offset, int length) {
        if (!find(member, offset, length)) {
            return false;
        }
        if (edit.wantsEffects()) {
            edit.effects().remove(member, offset, length);
        }
        if (!isTree) {
            removeFromSmall((int) foundAt);
            return true;
        }
        second = tree.spliceFound(edit, second, 1, elements.clear());
        key(score, member, offset, length);
        boolean unused = tree.find(root, key, 0, keyLength);
        root = tree.spliceFound(edit, root, 1, elements.clear());
        count--;
        becomeSmallIfSo();
        return true;
    }

    /** Removes the members from one place to another; the range is not empty. */
    void removeRange(long from, long to) {
        if (edit.wantsEffects()) {
            edit.effects().removeRange(at(from).key(), at(to - 1).key());
        }
        if (!isTree) {
            boolean unused = small.splice((int) from, (int) to, elements.clear(), MAX_SMALL);
        } else {
            removeFromSecond(from, to);
            root = tree.splice(edit, root, from, to - from, elements.clear());
        }
        count -= to - from;
        becomeSmallIfSo();
    }

    private void removeFromSecond(long from, long to) {
        if (to - from == count) {
            edit.dropTree(second);
            second = 0;
        } else if (to - from > count / REBUILD_PART) {
            rebuildSecond(from, to);
        } else {
            for (ScoredMember each : list(from, to, false)) {
                boolean unused = findInTree(each.member(), 0, each.member().length);
                second = tree.spliceFound(edit, second, 1, elements.clear());
            }
        }
    }

    private void rebuildSecond(long from, long to) {
        byte[] first = at(from).key();
        byte[] last = at(to - 1).key();
        elements.clear();
        boolean unused =
                tree.range(
                        second,
                        0,
                        count,
                        leaf -> {
                            long bits = FrameDescriptor.getLong(leaf.bytes(), leaf.valueOffset());
                            int at = leaf.keyOffset() + Members.HASH_LENGTH;
                            int length = leaf.keyLength() - Members.HASH_LENGTH;
                            key(Double.longBitsToDouble(bits), leaf.bytes(), at, length);
                            if (compareKey(first) < 0 || compareKey(last) > 0) {
                                elements.add(
                                        leaf.bytes(),
                                        leaf.keyOffset(),
                                        leaf.keyLength(),
                                        leaf.bytes(),
                                        leaf.valueOffset(),
                                        leaf.valueLength(),
                                        false);
                            }
                            return true;
                        });
        edit.dropTree(second);
        second = tree.splice(edit, 0, 0, 0, elements);
    }

    private int compareKey(byte[] other) {
        return Arrays.compareUnsigned(key, 0, keyLength, other, 0, other.length);
    }

    private void becomeSmallIfSo() {
        long header = root == 0 ? 0 : mem.getLong(root);
        if (!isTree || Tree.level(header) > 0 || Tree.nodeLength(header) > MIN_TREE) {
            return;
        }
        elements.clear();
        if (root != 0) {
            Leaf leaf = tree.at(root, 0);
            elements.add(leaf, 0, leaf.count());
            edit.replaceNode(root);
            edit.dropTree(second);
        }
        small.take(elements);
        root = 0;
        second = 0;
        isTree = false;
    }

    private void becomeTree() {
        List<ScoredMember> members = list(0, count, false);
        elements.clear();
        elements.add(small, 0, small.count());
        root = tree.splice(edit, 0, 0, 0, elements);
        second = byHash(members);
        isTree = true;
    }

    /** Becomes these members, in any order; of what was there nothing is shared. */
    SortedSet become(Collection<ScoredMember> members) {
        List<ScoredMember> sorted = new ArrayList<>(members);
        sorted.sort(ORDER);
        clear();
        elements.clear();
        count = sorted.size();
        for (ScoredMember each : sorted) {
            byte[] member = each.member();
            key(each.score(), member, 0, member.length);
            elements.add(key, 0, keyLength, NOTHING, 0, 0, isNegativeZero(each.score()));
            if (edit.wantsEffects()) {
                byte[] bits = bits(each.score());
                edit.effects().put(member, 0, member.length, bits, 0, SCORE_LENGTH, false);
            }
        }
        if (count <= 1 || elements.imageLength(0, elements.count()) <= MAX_SMALL) {
            small.take(elements);
        } else {
            root = tree.splice(edit, 0, 0, 0, elements);
            second = byHash(sorted);
            isTree = true;
        }
        return this;
    }

    /** Writes the second tree for these members. */
    private long byHash(List<ScoredMember> members) {
        long[] order = new long[members.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = ((long) (hash(members.get(i)) ^ Integer.MIN_VALUE) << 32) | i;
        }
        Arrays.sort(order);
        List<ScoredMember> sorted = new ArrayList<>(order.length);
        int sameFrom = 0;
        for (int i = 0; i < order.length; i++) {
            if (order[i] >> 32 != order[sameFrom] >> 32) {
                sameFrom = i;
            }
            ScoredMember next = members.get((int) order[i]);
            int at = i;
            while (at > sameFrom && BY_MEMBER.compare(sorted.get(at - 1), next) > 0) {
                at--;
            }
            sorted.add(at, next);
        }
        elements.clear();
        for (ScoredMember each : sorted) {
            byte[] member = each.member();
            byte[] probe = edit.members().probe(member, 0, member.length);
            int probeLength = Members.HASH_LENGTH + member.length;
            elements.add(probe, 0, probeLength, bits(each.score()), 0, SCORE_LENGTH, false);
        }
        return tree.splice(edit, 0, 0, 0, elements);
    }

    /** The record of what the members are now: a tombstone if there is none left. */
    long record(long deadlineMs) {
        if (count == 0) {
            return edit.tombstone();
        }
        return isTree
                ? edit.tree(Records.SORTED_SET, root, count, second, deadlineMs)
                : edit.record(Records.SORTED_SET, 0, deadlineMs, small.bytes(), 0, small.length());
    }

    // ---- the log

    /** Tells the log of the member that a leaf looks at. */
    static void dump(Leaf leaf, Effects into) {
        byte[] bits = new byte[SCORE_LENGTH];
        FrameDescriptor.putLong(bits, 0, Double.doubleToRawLongBits(score(leaf)));
        int length = leaf.keyLength() - SCORE_LENGTH;
        int offset = leaf.keyOffset() + SCORE_LENGTH;
        into.put(leaf.bytes(), offset, length, bits, 0, SCORE_LENGTH, false);
    }

    /** Does again what the log says happened to a sorted set; see {@link Replay}. */
    static long replay(Edit edit, long base, ChangeReader changes, long deadlineMs) {
        if (base == 0) {
            Map<ByteBuffer, ScoredMember> members = new HashMap<>();
            while (changes.next()) {
                ScoredMember put = scoredMember(changes);
                members.put(ByteBuffer.wrap(put.member()), put);
            }
            return edit.sortedSet().become(members.values()).record(deadlineMs);
        }
        SortedSet set = edit.sortedSet().openToChange(base);
        while (changes.next()) {
            set.replay(changes);
        }
        return set.record(deadlineMs);
    }

    private static ScoredMember scoredMember(ChangeReader change) {
        int from = change.keyOffset();
        long bits = FrameDescriptor.getLong(change.bytes(), change.valueOffset());
        return new ScoredMember(
                Arrays.copyOfRange(change.bytes(), from, from + change.keyLength()),
                Double.longBitsToDouble(bits));
    }

    private void replay(ChangeReader change) {
        byte[] bytes = change.bytes();
        int offset = change.keyOffset();
        int length = change.keyLength();
        if (change.kind() == Effects.REMOVE) {
            boolean unused = remove(bytes, offset, length);
        } else if (change.kind() == Effects.PUT) {
            long bits = FrameDescriptor.getLong(bytes, change.valueOffset());
            double newScore = Double.longBitsToDouble(bits);
            if (find(bytes, offset, length)) {
                move(bytes, offset, length, newScore);
            } else {
                insert(bytes, offset, length, newScore);
            }
        } else if (count > 0) {
            long from = placeOf(bytes, offset, length);
            removeRange(from, placeOf(bytes, change.valueOffset(), change.valueLength()) + 1);
        }
    }

    private long placeOf(byte[] bytes, int offset, int length) {
        keyLength = length;
        key = Arrays.copyOfRange(bytes, offset, offset + Math.max(length, SCORE_LENGTH));
        return placeOfKey();
    }
}
