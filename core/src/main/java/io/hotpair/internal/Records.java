package io.hotpair.internal;

/**
 * The layout of a record: a key with its value, off-heap. Immutable once published, but for its
 * version, which is set once, and its access word.
 *
 * <pre>
 *   offset size  field
 *        0    8  version       the opId that made it; 0 until it is numbered
 *        8    4  access        reserved for eviction
 *       12    1  flags         1 = has a deadline
 *       13    1  type          1 string, 2 tombstone, 3 barrier
 *       14    2  key length    unsigned
 *       16    4  value length
 *       20    4  hash          upper 32 bits: directory from the top, bucket in the lowest 8
 *       24    8  deadline      milliseconds since 1970; only if flagged
 *      ...       key, value
 * </pre>
 */
final class Records {
    static final int VERSION = 0;
    static final int ACCESS = 8;
    static final int HEAD = 12;
    static final int VALUE_LENGTH = 16;
    static final int HASH = 20;
    static final int HEADER_LENGTH = 24;

    static final int STRING = 1;
    static final int TOMBSTONE = 2;
    static final int BARRIER = 3;

    private static final int FLAG_DEADLINE = 1;

    private Records() {}

    static long blockLength(int keyLength, int valueLength, long deadlineMs) {
        return (long) HEADER_LENGTH + (deadlineMs == 0 ? 0 : 8) + keyLength + valueLength;
    }

    static long blockLength(Mem mem, long record) {
        return (long) keyOffset(mem, record) + keyLength(mem, record) + valueLength(mem, record);
    }

    static void writeHeader(
            Mem mem,
            long record,
            int type,
            int hash,
            int keyLength,
            int valueLength,
            long deadlineMs,
            long version) {
        int flags = deadlineMs == 0 ? 0 : FLAG_DEADLINE;
        mem.putLong(record + VERSION, version);
        mem.putInt(record + ACCESS, 0);
        mem.putInt(record + HEAD, flags | (type << 8) | (keyLength << 16));
        mem.putInt(record + VALUE_LENGTH, valueLength);
        mem.putInt(record + HASH, hash);
        if (deadlineMs != 0) {
            mem.putLong(record + HEADER_LENGTH, deadlineMs);
        }
    }

    static int type(Mem mem, long record) {
        return (mem.getInt(record + HEAD) >>> 8) & 0xff;
    }

    static int keyLength(Mem mem, long record) {
        return mem.getInt(record + HEAD) >>> 16;
    }

    static int valueLength(Mem mem, long record) {
        return mem.getInt(record + VALUE_LENGTH);
    }

    static int hash(Mem mem, long record) {
        return mem.getInt(record + HASH);
    }

    static int keyOffset(Mem mem, long record) {
        return (mem.getInt(record + HEAD) & FLAG_DEADLINE) == 0 ? HEADER_LENGTH : HEADER_LENGTH + 8;
    }

    static long deadlineMs(Mem mem, long record) {
        return (mem.getInt(record + HEAD) & FLAG_DEADLINE) == 0
                ? 0
                : mem.getLong(record + HEADER_LENGTH);
    }

    static boolean hasKey(Mem mem, long record, byte[] key, int offset, int length) {
        int head = mem.getInt(record + HEAD);
        return head >>> 16 == length
                && mem.equal(
                        record + ((head & FLAG_DEADLINE) == 0 ? HEADER_LENGTH : HEADER_LENGTH + 8),
                        key,
                        offset,
                        length);
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
        mem.copyOut(record + keyOffset(mem, record) + keyLength(mem, record), into, offset, length);
    }

    /** The version, for whoever may meet a record before it is numbered. */
    static long version(Mem mem, long record) {
        return mem.getLongVolatile(record + VERSION);
    }

    static boolean number(Mem mem, long record, long opId) {
        return mem.compareAndSetLong(record + VERSION, 0, opId);
    }
}
