package io.hotpair.internal;

/**
 * The layout of a record: a key with its value, off-heap. Immutable once published, but for its
 * version, which is set once, its access word, and its effect, which the log role takes away.
 *
 * <pre>
 *   offset size  field
 *        0    8  version       the opId that made it; 0 until it is numbered
 *        8    4  access        what eviction knows of it ({@link EvictionPolicy})
 *       12    4  head          flags 6 (1 deadline, 2 tree, 4 effect, 8 previous, 16 hash whose
 *                              fields have deadlines, 32 lengths), from the lowest bit; type 4, see
 *                              below; key length 8; length of the value as it stands here 14
 *      ...    8  deadline      milliseconds since 1970; only if flagged
 *      ...    8  effect        the block that holds the operation for the log, or 0; only if flagged
 *      ...    8  previous      the record before, for snapshots ({@link SnapshotView}); only if flagged
 *      ...    8  lengths       of the key 4, of the value 4; only if the head has no room for them
 *      ...       key, value
 * </pre>
 *
 * <p>The value of a string is its bytes. The value of a small collection is the image of its
 * elements ({@link Leaf}). A large value, flagged as a tree, is
 *
 * <pre>
 *   offset size  field
 *        0    8  root of the first tree
 *        8    8  of a string its length in bytes, else how many elements the first tree has
 *       16    8  root of the second tree of a sorted set or a hash, or 0
 * </pre>
 */
final class Records {
    static final int VERSION = 0;
    static final int ACCESS = 8;
    static final int HEAD = 12;
    static final int HEADER_LENGTH = 16;

    static final int STRING = 1;
    static final int TOMBSTONE = 2;
    static final int BARRIER = 3;
    static final int HASH = 4;
    static final int LIST = 5;
    static final int SET = 6;
    static final int SORTED_SET = 7;
    static final int STREAM = 8;
    static final int DESCRIPTOR = 9;

    /** Bytes of a value that is a tree. */
    static final int TREE_LENGTH = 24;

    static final int TREE_ROOT = 0;
    static final int TREE_COUNT = 8;
    static final int TREE_SECOND = 16;

    static final int FLAG_DEADLINE = 1;
    static final int FLAG_TREE = 2;
    static final int FLAG_EFFECT = 4;
    static final int FLAG_PREVIOUS = 8;
    static final int FLAG_TIMED = 16;
    static final int FLAG_LENGTHS = 32;

    private static final int FLAGS_MASK = 63;
    private static final int TYPE_SHIFT = 6;
    private static final int TYPE_MASK = 15;
    private static final int KEY_LENGTH_SHIFT = 10;
    private static final int VALUE_LENGTH_SHIFT = 18;

    /** The longest key, and the longest value, whose lengths the head has room for. */
    static final int MAX_SHORT_KEY = 255;

    static final int MAX_SHORT_VALUE = (1 << 14) - 1;

    private static final int OPTIONAL_FLAGS =
            FLAG_DEADLINE | FLAG_EFFECT | FLAG_PREVIOUS | FLAG_LENGTHS;

    /** The flags that go with a value, wherever it is. */
    static final int VALUE_FLAGS = FLAG_TREE | FLAG_TIMED;

    private Records() {}

    /** Bytes of a record with these flags. */
    static long blockLength(int flags, int keyLength, int valueLength) {
        return (long) keyOffset(withLengths(flags, keyLength, valueLength))
                + keyLength
                + valueLength;
    }

    static long blockLength(Mem mem, long record) {
        return (long) keyOffset(mem, record) + keyLength(mem, record) + valueLength(mem, record);
    }

    private static int withLengths(int flags, int keyLength, int valueLength) {
        boolean fit = keyLength <= MAX_SHORT_KEY && valueLength <= MAX_SHORT_VALUE;
        return fit ? flags : flags | FLAG_LENGTHS;
    }

    private static int keyOffset(int head) {
        // Decided, not reckoned, in the common cases: a processor guesses how it is decided, and so
        // loads key and value while it still waits for the flags.
        int optional = head & OPTIONAL_FLAGS;
        if (optional == 0) {
            return HEADER_LENGTH;
        }
        if (optional == FLAG_DEADLINE) {
            return HEADER_LENGTH + Long.BYTES;
        }
        return lengthsOffset(head) + ((head & FLAG_LENGTHS) >>> 2);
    }

    /**
     * Writes all but key and value.
     *
     * @param flags all but {@link #FLAG_LENGTHS}
     */
    static void writeHeader(
            Mem mem,
            long record,
            int type,
            int flags,
            int keyLength,
            int valueLength,
            long deadlineMs,
            long effect) {
        int head = withLengths(flags, keyLength, valueLength) | (type << TYPE_SHIFT);
        if ((head & FLAG_LENGTHS) == 0) {
            head |= (keyLength << KEY_LENGTH_SHIFT) | (valueLength << VALUE_LENGTH_SHIFT);
        } else {
            mem.putInt(record + lengthsOffset(head), keyLength);
            mem.putInt(record + lengthsOffset(head) + Integer.BYTES, valueLength);
        }
        mem.putLong(record + VERSION, 0);
        mem.putInt(record + ACCESS, 0);
        mem.putInt(record + HEAD, head);
        if ((flags & FLAG_DEADLINE) != 0) {
            mem.putLong(record + HEADER_LENGTH, deadlineMs);
        }
        if ((flags & FLAG_EFFECT) != 0) {
            mem.putLong(record + effectOffset(flags), effect);
        }
    }

    // Each flag of an optional word, shifted to 8.

    private static int effectOffset(int flags) {
        return HEADER_LENGTH + ((flags & FLAG_DEADLINE) << 3);
    }

    private static int previousOffset(int flags) {
        return effectOffset(flags) + ((flags & FLAG_EFFECT) << 1);
    }

    private static int lengthsOffset(int flags) {
        return previousOffset(flags) + (flags & FLAG_PREVIOUS);
    }

    /** The record before, as of a snapshot; 0 for none. */
    static long previous(Mem mem, long record) {
        int flags = flags(mem, record);
        return (flags & FLAG_PREVIOUS) == 0 ? 0 : mem.getLong(record + previousOffset(flags));
    }

    /** Sets the link of a record that nobody else has seen. */
    static void setPrevious(Mem mem, long record, long previous) {
        mem.putLong(record + previousOffset(flags(mem, record)), previous);
    }

    /** Gives a record that nobody else has seen its number. */
    static void presetVersion(Mem mem, long record, long version) {
        mem.putLong(record + VERSION, version);
    }

    /** What eviction knows of a record. Read and written without order. */
    static int access(Mem mem, long record) {
        return mem.getInt(record + ACCESS);
    }

    static void setAccess(Mem mem, long record, int access) {
        mem.putInt(record + ACCESS, access);
    }

    static int flags(Mem mem, long record) {
        return mem.getInt(record + HEAD) & FLAGS_MASK;
    }

    static boolean isTree(Mem mem, long record) {
        return (mem.getInt(record + HEAD) & FLAG_TREE) != 0;
    }

    /** The second tree of a value that is a tree, or 0. */
    static long secondTree(Mem mem, long record) {
        int type = type(mem, record);
        return type == SORTED_SET || type == HASH
                ? mem.getLong(value(mem, record, TREE_SECOND))
                : 0;
    }

    /** Whether elements of it have deadlines of their own. */
    static boolean isTimed(Mem mem, long record) {
        return (mem.getInt(record + HEAD) & FLAG_TIMED) != 0;
    }

    /** The block with the operation for the log; 0 if the record itself says it all. */
    static long effect(Mem mem, long record) {
        int flags = flags(mem, record);
        return (flags & FLAG_EFFECT) == 0 ? 0 : mem.getLong(record + effectOffset(flags));
    }

    /** Says that the log has taken the effect. */
    static void clearEffect(Mem mem, long record) {
        mem.putLong(record + effectOffset(flags(mem, record)), 0);
    }

    static boolean isValue(Mem mem, long record) {
        int type = type(mem, record);
        return type != TOMBSTONE && type != BARRIER;
    }

    /** Where the value begins. */
    static long value(Mem mem, long record, int offset) {
        return record + keyOffset(mem, record) + keyLength(mem, record) + offset;
    }

    static int type(Mem mem, long record) {
        return (mem.getInt(record + HEAD) >>> TYPE_SHIFT) & TYPE_MASK;
    }

    static int keyLength(Mem mem, long record) {
        return keyLength(mem, record, mem.getInt(record + HEAD));
    }

    private static int keyLength(Mem mem, long record, int head) {
        return (head & FLAG_LENGTHS) == 0
                ? (head >>> KEY_LENGTH_SHIFT) & MAX_SHORT_KEY
                : mem.getInt(record + lengthsOffset(head));
    }

    static int valueLength(Mem mem, long record) {
        int head = mem.getInt(record + HEAD);
        return (head & FLAG_LENGTHS) == 0
                ? head >>> VALUE_LENGTH_SHIFT
                : mem.getInt(record + lengthsOffset(head) + Integer.BYTES);
    }

    static int keyOffset(Mem mem, long record) {
        return keyOffset(mem.getInt(record + HEAD));
    }

    static long deadlineMs(Mem mem, long record) {
        return (mem.getInt(record + HEAD) & FLAG_DEADLINE) == 0
                ? 0
                : mem.getLong(record + HEADER_LENGTH);
    }

    static boolean hasKey(Mem mem, long record, byte[] key, int offset, int length) {
        int head = mem.getInt(record + HEAD);
        return keyLength(mem, record, head) == length
                && mem.equal(record + keyOffset(head), key, offset, length);
    }

    static byte[] key(Mem mem, long record) {
        byte[] key = new byte[keyLength(mem, record)];
        mem.copyOut(record + keyOffset(mem, record), key, 0, key.length);
        return key;
    }

    static byte[] value(Mem mem, long record) {
        byte[] value = new byte[valueLength(mem, record)];
        copyValue(mem, record, value, 0, value.length);
        return value;
    }

    static void copyValue(Mem mem, long record, byte[] into, int offset, int length) {
        copyValue(mem, record, keyLength(mem, record), into, offset, length);
    }

    /** As the other one, for whoever knows the key's length and so need not wait for it. */
    static void copyValue(
            Mem mem, long record, int keyLength, byte[] into, int offset, int length) {
        mem.copyOut(record + keyOffset(mem, record) + keyLength, into, offset, length);
    }

    /** The version, for whoever may meet a record before it is numbered. */
    static long version(Mem mem, long record) {
        return mem.getLongVolatile(record + VERSION);
    }

    static boolean number(Mem mem, long record, long opId) {
        return mem.compareAndSetLong(record + VERSION, 0, opId);
    }
}
