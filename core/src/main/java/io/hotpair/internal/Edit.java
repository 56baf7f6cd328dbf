package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one change of a keyspace is built with: the nodes and records that it makes, those that it
 * has no use for any more, and its operations for the log. Nothing of it is published until the
 * engine installs it; then it is either committed or abandoned as a whole. Also the working place
 * of reads that look into collections. Belongs to a stripe.
 */
public final class Edit implements NodeStore {
    private static final int NODE = 0;
    private static final int RECORD = 1;
    private static final int BLOCK = 2;

    /** An address is a multiple of 8. */
    private static final int TAG_MASK = 7;

    private static final int MAX_KEPT = 4096;

    private final Engine engine;
    private final Mem mem;
    private final Slab slab;
    private final Stripe stripe;
    private final Tree tree;
    private final Members members;
    private final ListElements list;
    private final SortedSet sortedSet;
    private @Nullable Stream stream;
    private final Elements chunks = new Elements();
    private final Effects effects = new Effects();
    private final byte[] none = new byte[0];
    private final byte[] treeValue = new byte[Records.TREE_LENGTH];

    /** What the present mutation has made: addresses with a tag in the lowest bits. */
    private final AddressSet fresh = new AddressSet();

    // What the mutations before it have made, of a change of several keys.
    private long[] created = new long[16];
    private int createdCount;
    private boolean isAbandoned;
    private long[] replaced = new long[16];
    private int replacedCount;
    private long[] dropped = new long[4];
    private int droppedCount;

    private boolean wantsEffects;
    private boolean grouped;
    private boolean fromReserve;
    private boolean reused;
    private boolean fromNothing;
    private int expiredFields;
    private long presetVersion;
    private long found;
    private long groupEffect;
    private long base;
    private int effectsBefore;
    private @Nullable SnapshotView view;

    Edit(Engine engine, Mem mem, Slab slab, Stripe stripe) {
        this.engine = engine;
        this.mem = mem;
        this.slab = slab;
        this.stripe = stripe;
        tree = new Tree(mem);
        members = new Members(this, mem, tree);
        list = new ListElements(this);
        sortedSet = new SortedSet(this, mem, tree);
    }

    Mem mem() {
        return mem;
    }

    Tree tree() {
        return tree;
    }

    /** The working place for strings in chunks. */
    Elements chunks() {
        return chunks;
    }

    /** The working place for lists. */
    ListElements list() {
        return list;
    }

    /** The working place for hashes and sets. */
    Members members() {
        return members;
    }

    /** The working place for sorted sets. */
    SortedSet sortedSet() {
        return sortedSet;
    }

    /** The working place for streams; taken only by those who need it. */
    Stream stream() {
        Stream known = stream;
        if (known == null) {
            known = new Stream(this);
            stream = known;
        }
        return known;
    }

    Key key() {
        return stripe.key;
    }

    long nowMs() {
        return engine.nowMs();
    }

    /** The deadline of a record; 0 for none, or for no record. */
    long deadlineMs(long record) {
        return record == 0 ? 0 : Records.deadlineMs(mem, record);
    }

    /** The hash that orders the members of hashes and sets. */
    int memberHash(byte[] bytes, int offset, int length) {
        return engine.memberHash(bytes, offset, length);
    }

    /** Refuses a record that holds another type. */
    static void expect(Mem mem, long record, int type) {
        if (record != 0 && Records.type(mem, record) != type) {
            throw new HotpairException(
                    HotpairException.Category.WRONG_TYPE,
                    "the key holds a "
                            + KeyCommands.name(Records.type(mem, record))
                            + ", expected a "
                            + KeyCommands.name(type));
        }
    }

    // ---- one change

    /**
     * Starts anew.
     *
     * @param version the opId of what is built, where it is known before; else 0
     * @param withEffects whether operations for the log are wanted
     */
    void begin(long version, boolean withEffects) {
        if (isAbandoned) {
            abandon();
        }
        slab.drainIfAsked(stripe);
        view = engine.snapshotView();
        if (view == null && stripe.heldCount() > 0) {
            slab.releaseHeld(stripe);
        }
        presetVersion = version;
        wantsEffects = withEffects;
        grouped = false;
        createdCount = 0;
        fresh.clear();
        expiredFields = 0;
        replacedCount = 0;
        droppedCount = 0;
        effects.clear();
        nextKey(0, 0);
    }

    /** As {@link #begin}, for a change of several keys: their operations go to one block. */
    void beginGroup(long version, boolean withEffects) {
        begin(version, withEffects);
        grouped = true;
        groupEffect = 0;
    }

    /**
     * Goes on to a key.
     *
     * @param record what the index holds of it, or what this change has made of it so far
     * @param current the same, or 0 if the key counts as absent
     */
    void nextKey(long record, long current) {
        nextKey(record, current, record);
    }

    /**
     * As {@link #nextKey(long, long)}.
     *
     * @param published what the index holds of the key
     */
    void nextKey(long record, long current, long published) {
        found = record;
        base = published;
        effectsBefore = effects.length();
        fromNothing = current == 0;
        fromReserve = false;
        reused = false;
        keepFresh();
    }

    private void keepFresh() {
        for (int i = fresh.capacity() - 1; i >= 0; i--) {
            if (fresh.at(i) != 0) {
                if (createdCount == created.length) {
                    created = Arrays.copyOf(created, createdCount * 2);
                }
                created[createdCount++] = fresh.at(i);
            }
        }
        fresh.clear();
    }

    /** The record that the index holds, be it expired or a tombstone; or 0. */
    long found() {
        return found;
    }

    /** Says that the change removes so many fields whose deadline has passed. */
    void fieldsExpired(int count) {
        expiredFields += count;
    }

    /** Says that the change frees memory, so that it may use the reserve. */
    void shrinks() {
        fromReserve = true;
    }

    /** Says that the new record shares nodes with the present one, and accounts for the others. */
    void reuse() {
        reused = true;
    }

    /** The operations for the log; only asked for if {@link #wantsEffects()}. */
    Effects effects() {
        return effects;
    }

    boolean wantsEffects() {
        return wantsEffects;
    }

    // ---- what is built

    @Override
    public long allocateNode(int lengthBytes) {
        return allocate(lengthBytes, NODE, fromReserve);
    }

    private long allocate(long lengthBytes, int tag, boolean useReserve) {
        fresh.ensureRoom();
        long address = slab.allocate(stripe, lengthBytes, useReserve);
        if (address == 0) {
            throw engine.noRoom(lengthBytes);
        }
        // Should this be abandoned before it is written, the length must be there all the same.
        stripe.debt += lengthBytes;
        stripe.allocated += lengthBytes;
        mem.putLong(address, tag == NODE ? lengthBytes << 32 : lengthBytes);
        fresh.add(address | tag);
        return address;
    }

    @Override
    public int birth() {
        return view == null ? 0 : view.birth();
    }

    @Override
    public boolean isFresh(long node) {
        return fresh.contains(node | NODE);
    }

    @Override
    public void replaceNode(long node) {
        if (fresh.remove(node | NODE)) {
            // Nobody has seen it. So a change of many elements takes no more than its result.
            slab.free(stripe, node, Tree.nodeLength(mem.getLong(node)));
            return;
        }
        if (replacedCount == replaced.length) {
            replaced = Arrays.copyOf(replaced, replacedCount * 2);
        }
        replaced[replacedCount++] = node;
    }

    @Override
    public void dropTree(long root) {
        if (droppedCount == dropped.length) {
            dropped = Arrays.copyOf(dropped, droppedCount * 2);
        }
        dropped[droppedCount++] = root;
    }

    /** Makes the record of a string that stands in one piece. */
    long string(byte[] value, int offset, int length, long deadlineMs) {
        return record(Records.STRING, 0, deadlineMs, value, offset, length);
    }

    /** Makes a record that says that the key is absent. */
    long tombstone() {
        effects.cancel();
        fromReserve = true;
        return record(Records.TOMBSTONE, 0, 0, none, 0, 0);
    }

    /** Makes a tombstone that stands for a key which was never there. */
    long voidRecord() {
        Key key = stripe.key;
        long record = allocate(Records.blockLength(0, key.length, 0), RECORD, true);
        Records.writeHeader(mem, record, Records.TOMBSTONE, 0, key.length, 0, 0, 0);
        Records.presetVersion(mem, record, 1);
        mem.copyIn(key.bytes, key.offset, record + Records.keyOffset(mem, record), key.length);
        return record;
    }

    /** Makes a record whose value is one tree or two. */
    long tree(int type, long root, long count, long second, long deadlineMs) {
        FrameDescriptor.putLong(treeValue, Records.TREE_ROOT, root);
        FrameDescriptor.putLong(treeValue, Records.TREE_COUNT, count);
        FrameDescriptor.putLong(treeValue, Records.TREE_SECOND, second);
        boolean timed = type == Records.HASH && second != 0;
        int flags = Records.FLAG_TREE | (timed ? Records.FLAG_TIMED : 0);
        return record(type, flags, deadlineMs, treeValue, 0, Records.TREE_LENGTH);
    }

    /**
     * Makes a record for the present key. Ends the operation for the log that was begun; a string
     * in one piece and a tombstone need none.
     */
    long record(int type, int ownFlags, long deadlineMs, byte[] value, int offset, int length) {
        long effect = endEffect(type, deadlineMs, value, offset, length);
        int flags =
                ownFlags
                        | (deadlineMs == 0 ? 0 : Records.FLAG_DEADLINE)
                        | (effect == 0 ? 0 : Records.FLAG_EFFECT)
                        | (mayNeedLink() ? Records.FLAG_PREVIOUS : 0);
        Key key = stripe.key;
        long record = allocate(Records.blockLength(flags, key.length, length), RECORD, fromReserve);
        Records.writeHeader(mem, record, type, flags, key.length, length, deadlineMs, effect);
        Records.presetVersion(mem, record, presetVersion);
        if ((flags & Records.FLAG_PREVIOUS) != 0) {
            Records.setPrevious(mem, record, 0);
            if (base != 0) {
                link(record, base);
            }
        }
        long at = record + Records.keyOffset(mem, record);
        mem.copyIn(key.bytes, key.offset, at, key.length);
        mem.copyIn(value, offset, at + key.length, length);
        Records.setAccess(mem, record, engine.accessOf(key, base));
        return record;
    }

    /**
     * Whether the record before this one must be found through it. A key that a transaction finds
     * absent may come and go before the transaction commits, and a snapshot may be fixed meanwhile:
     * then there is a record before, after all.
     */
    private boolean mayNeedLink() {
        return view != null && (base != 0 || grouped);
    }

    /** Links a record to the one before it (V2). That one has its number. */
    void link(long record, long before) {
        SnapshotView present = view;
        if (present != null && (Records.flags(mem, record) & Records.FLAG_PREVIOUS) != 0) {
            boolean needed = present.mayNeed(Records.version(mem, before));
            Records.setPrevious(mem, record, needed ? before : Records.previous(mem, before));
        }
    }

    private long endEffect(int type, long deadlineMs, byte[] value, int offset, int length) {
        if (!wantsEffects) {
            return 0;
        }
        if (effects.isBegun()) {
            // What has expired is still there for whoever replays, unless this says otherwise.
            effects.end(stripe.key, deadlineMs, fromNothing);
        } else if (effects.length() > effectsBefore && type != Records.TOMBSTONE) {
            // The change has said it all, in several operations.
            return grouped ? 0 : effectBlock();
        } else if (type != Records.STRING && type != Records.TOMBSTONE) {
            throw new IllegalStateException("type=" + type + ", expected an effect for the log");
        } else if (grouped) {
            effects.operation(
                    type == Records.STRING ? OperationType.SET : OperationType.DELETE,
                    false,
                    stripe.key,
                    deadlineMs,
                    value,
                    offset,
                    length);
        }
        return grouped || effects.isEmpty() ? 0 : effectBlock();
    }

    /** Makes the descriptor of a change of several keys, its value still to be filled. */
    long descriptor(int valueLength) {
        if (groupEffect == 0 && wantsEffects && !effects.isEmpty()) {
            groupEffect = effectBlock();
        }
        int flags = Records.FLAG_EFFECT;
        long record = allocate(Records.blockLength(flags, 0, valueLength), RECORD, true);
        Records.writeHeader(mem, record, Records.DESCRIPTOR, flags, 0, valueLength, 0, groupEffect);
        Records.presetVersion(mem, record, presetVersion);
        return record;
    }

    /** Copies the operations off-heap, for the log role to take. */
    private long effectBlock() {
        int length = effects.length();
        long block = allocate((long) Long.BYTES + length, BLOCK, fromReserve);
        mem.putLong(block, (long) Long.BYTES + length);
        mem.copyIn(effects.bytes(), 0, block + Long.BYTES, length);
        return block;
    }

    /**
     * Makes the record that an operation makes of the present one, and tells the log the same
     * operation. Inside a transaction only, where the log is told by operations alone.
     */
    long replayed(OperationReader operation, Replay replay, long current) {
        boolean wanted = wantsEffects;
        wantsEffects = false;
        long record;
        try {
            record = replay.of(operation).apply(this, current);
        } finally {
            wantsEffects = wanted;
        }
        if (wanted && record != Mutation.UNCHANGED) {
            effects.operation(
                    operation.type(),
                    operation.replaces(),
                    stripe.key,
                    operation.deadlineMs(),
                    operation.bytes(),
                    operation.valueOffset(),
                    operation.valueLength());
        }
        return record;
    }

    /** Makes a record that holds what another one of the key holds, with another deadline. */
    long withDeadline(long record, long deadlineMs) {
        if (wantsEffects && !effects.isBegun()) {
            effects.begin(OperationType.EXPIRE, false);
        }
        reuse();
        int length = Records.valueLength(mem, record);
        byte[] value = new byte[length];
        mem.copyOut(Records.value(mem, record, 0), value, 0, length);
        int flags = Records.flags(mem, record) & Records.VALUE_FLAGS;
        return record(Records.type(mem, record), flags, deadlineMs, value, 0, length);
    }

    /**
     * Makes a record for the present key that takes over the value of another key's, with its
     * nodes. Whoever calls this buries the other key without dropping them.
     */
    long moved(long source) {
        dump(source);
        int length = Records.valueLength(mem, source);
        byte[] value = new byte[length];
        mem.copyOut(Records.value(mem, source, 0), value, 0, length);
        int flags = Records.flags(mem, source) & Records.VALUE_FLAGS;
        int type = Records.type(mem, source);
        return record(type, flags, Records.deadlineMs(mem, source), value, 0, length);
    }

    /**
     * Makes a record for the present key that holds what another key's does, in nodes of its own.
     */
    long copied(long source) {
        if (!Records.isTree(mem, source)) {
            return moved(source);
        }
        dump(source);
        long root = copyOfTree(mem.getLong(Records.value(mem, source, Records.TREE_ROOT)));
        long count = mem.getLong(Records.value(mem, source, Records.TREE_COUNT));
        long secondTree = Records.secondTree(mem, source);
        long second =
                secondTree != 0
                        ? copyOfTree(secondTree)
                        : mem.getLong(Records.value(mem, source, Records.TREE_SECOND));
        int type = Records.type(mem, source);
        return tree(type, root, count, second, Records.deadlineMs(mem, source));
    }

    private long copyOfTree(long node) {
        long header = mem.getLong(node);
        int length = Tree.nodeLength(header);
        long copy = allocateNode(length);
        mem.copy(node, copy, length);
        mem.putLong(copy, Tree.withBirth(header, birth()));
        if (Tree.level(header) > 0) {
            for (int i = 0; i < Tree.nodeCount(header); i++) {
                Tree.putChild(mem, copy, i, copyOfTree(Tree.child(mem, node, i)));
            }
        }
        return copy;
    }

    /**
     * Makes a record that says what the present one does, at another address.
     *
     * @param root the first tree of a value that is a tree
     * @param second the second one, or 0
     */
    long relocated(long root, long second) {
        long record = found;
        reuse();
        shrinks();
        int flags = Records.flags(mem, record) & (Records.FLAG_DEADLINE | Records.VALUE_FLAGS);
        int keyLength = Records.keyLength(mem, record);
        int valueLength = Records.valueLength(mem, record);
        long copy =
                allocate(Records.blockLength(flags, keyLength, valueLength), RECORD, fromReserve);
        Records.writeHeader(
                mem,
                copy,
                Records.type(mem, record),
                flags,
                keyLength,
                valueLength,
                Records.deadlineMs(mem, record),
                0);
        Records.presetVersion(mem, copy, presetVersion);
        Records.setAccess(mem, copy, Records.access(mem, record));
        long from = record + Records.keyOffset(mem, record);
        mem.copy(from, copy + Records.keyOffset(mem, copy), (long) keyLength + valueLength);
        if (root != 0) {
            mem.putLong(Records.value(mem, copy, Records.TREE_ROOT), root);
        }
        if (second != 0) {
            mem.putLong(Records.value(mem, copy, Records.TREE_SECOND), second);
        }
        return copy;
    }

    /** Whether a snapshot is open, so that what is replaced must be kept. */
    boolean hasSnapshot() {
        return view != null;
    }

    private void dump(long source) {
        long next = 0;
        while (wantsEffects && next >= 0) {
            next = Dump.encode(this, source, stripe.key, next, effects);
        }
    }

    // ---- a part of it

    /** How far a change has come. */
    record Savepoint(int replaced, int dropped, int effects) {}

    /** Notes how far it has come before a mutation begins. */
    Savepoint savepoint() {
        return new Savepoint(replacedCount, droppedCount, effects.length());
    }

    /** Undoes what the present mutation has built. */
    void rollBack(Savepoint to) {
        replacedCount = to.replaced();
        droppedCount = to.dropped();
        effects.rollBack(to.effects());
        freeFresh();
    }

    /** Frees a record that this change made and has another one for by now. */
    void discard(long record) {
        forget(record);
        free(record | RECORD);
    }

    /** Leaves a record of this change to somebody else. */
    void forget(long record) {
        if (fresh.remove(record | RECORD)) {
            return;
        }
        for (int i = createdCount - 1; i >= 0; i--) {
            if (created[i] == (record | RECORD)) {
                createdCount--;
                System.arraycopy(created, i + 1, created, i, createdCount - i);
                return;
            }
        }
        throw new IllegalStateException("record=" + record + ", expected one of this change");
    }

    // ---- its end

    /**
     * Takes into account that a record takes the place of the one found. Heap memory that the
     * commit needs is taken here, before anything is published.
     */
    void settle() {
        if (!reused && found != 0 && Records.isTree(mem, found)) {
            dropTree(mem.getLong(Records.value(mem, found, Records.TREE_ROOT)));
            long second = Records.secondTree(mem, found);
            if (second != 0) {
                dropTree(second);
            }
        }
        reserve(1);
    }

    /** Takes the heap memory with which the commit retires this and so many records. */
    void reserve(int records) {
        stripe.reserveLimbo(replacedCount + droppedCount + records);
        if (view != null) {
            stripe.reserveHeld(replacedCount + droppedCount + records);
        }
    }

    /** Retires a record that was unlinked, or holds it for the snapshot (V3). */
    void retire(long record) {
        SnapshotView present = view;
        stripe.debt -= Records.blockLength(mem, record);
        if (present != null && present.mayNeed(Records.version(mem, record))) {
            stripe.hold(record, Records.blockLength(mem, record));
        } else {
            slab.retire(stripe, record);
        }
    }

    private void retireNode(long node) {
        SnapshotView present = view;
        long header = mem.getLong(node);
        stripe.debt -= Tree.nodeLength(header);
        if (present == null || present.isBornAfter(Tree.birth(header))) {
            slab.retireNode(stripe, node);
        } else {
            stripe.hold(node, Slab.nodeKind(header));
        }
    }

    private void retireTree(long root) {
        if (view == null) {
            slab.retireTree(stripe, root);
        } else {
            stripe.hold(root, Slab.treeKind(mem.getLong(root)));
        }
    }

    /** Has the stripe forget this when the operation ends: an opened value took much room. */
    void tookMuchRoom() {
        stripe.holdsMuch = true;
    }

    /** Whether there is nothing that the next change must know of. */
    boolean isDone() {
        return !isAbandoned && createdCount == 0 && fresh.isEmpty();
    }

    /** Called when all that was built is published. */
    void commit() {
        if (replacedCount > 0) {
            Arrays.sort(created, 0, createdCount);
        }
        for (int i = 0; i < replacedCount; i++) {
            // A node of a mutation that another one replaced was never seen by anybody either.
            if (Arrays.binarySearch(created, 0, createdCount, replaced[i] | NODE) >= 0) {
                slab.free(stripe, replaced[i], Tree.nodeLength(mem.getLong(replaced[i])));
            } else {
                retireNode(replaced[i]);
            }
        }
        for (int i = 0; i < droppedCount; i++) {
            retireTree(dropped[i]);
        }
        createdCount = 0;
        fresh.clear();
        stripe.expiredFieldCount += expiredFields;
        if (created.length > MAX_KEPT) {
            created = new long[16];
            replaced = new long[16];
        }
    }

    /** Gives back all that was built; the next change goes on with it if the stack ends. */
    void abandon() {
        isAbandoned = true;
        while (createdCount > 0) {
            free(created[--createdCount]);
        }
        freeFresh();
        isAbandoned = false;
    }

    private void freeFresh() {
        for (int i = fresh.capacity() - 1; i >= 0; i--) {
            long address = fresh.take(i);
            if (address != 0) {
                free(address);
            }
        }
        fresh.clear();
    }

    private void free(long tagged) {
        long address = tagged & ~TAG_MASK;
        long length =
                switch ((int) tagged & TAG_MASK) {
                    case NODE -> Tree.nodeLength(mem.getLong(address));
                    case RECORD -> Records.blockLength(mem, address);
                    default -> mem.getLong(address);
                };
        stripe.debt -= length;
        slab.free(stripe, address, length);
    }
}
