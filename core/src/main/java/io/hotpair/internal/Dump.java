package io.hotpair.internal;

import io.hotpair.log.OperationType;

/**
 * Encodes a value, whatever it is, as operations that make it: a small one as one, a large one as
 * several, the first of which replaces what was there.
 */
final class Dump {
    /** An element can be as long as a string, so a piece is counted in elements. */
    private static final int PIECE_ELEMENTS = 1024;

    private static final int PIECE_LENGTH = 256 << 10;

    private Dump() {}

    /**
     * Encodes the next piece of a value.
     *
     * @param key the key that the operation is for
     * @param from the first element of the piece; of a string, its first byte
     * @return the same of the next piece, or -1 after the last
     */
    static long encode(Edit edit, long record, Key key, long from, Effects into) {
        Mem mem = edit.mem();
        long deadlineMs = Records.deadlineMs(mem, record);
        int type = Records.type(mem, record);
        if (type == Records.STRING && !Records.isTree(mem, record)) {
            byte[] value = Records.value(mem, record);
            into.operation(OperationType.SET, false, key, deadlineMs, value, 0, value.length);
            return -1;
        }
        if (type == Records.STRING) {
            into.begin(OperationType.PATCH_STRING, from == 0);
            long next = StringContent.describe(edit, record, from, PIECE_LENGTH, into);
            into.end(key, deadlineMs, false);
            return next == StringContent.length(mem, record) ? -1 : next;
        }
        long count = Values.count(edit, record);
        long to = Math.min(count, from + PIECE_ELEMENTS);
        into.begin(operation(type), from == 0);
        if (type == Records.LIST) {
            into.number(from);
            into.number(0);
            into.number(to - from);
        }
        int skipped = Values.skipped(mem, record);
        Values.range(edit, record, from, to, leaf -> add(type, skipped, leaf, into));
        into.end(key, deadlineMs, false);
        return to == count ? -1 : to;
    }

    private static OperationType operation(int type) {
        return switch (type) {
            case Records.HASH -> OperationType.CHANGE_HASH;
            case Records.LIST -> OperationType.SPLICE_LIST;
            case Records.SET -> OperationType.CHANGE_SET;
            case Records.SORTED_SET -> OperationType.CHANGE_SORTED_SET;
            case Records.STREAM -> OperationType.CHANGE_STREAM;
            default -> throw new IllegalStateException("record type=" + type);
        };
    }

    private static boolean add(int type, int skipped, Leaf leaf, Effects into) {
        byte[] bytes = leaf.bytes();
        if (type == Records.LIST) {
            into.block(bytes, leaf.valueOffset(), leaf.valueLength());
        } else if (type == Records.SORTED_SET) {
            SortedSet.dump(leaf, into);
        } else {
            into.put(
                    bytes,
                    leaf.keyOffset() + skipped,
                    leaf.keyLength() - skipped,
                    bytes,
                    leaf.valueOffset(),
                    leaf.valueLength(),
                    leaf.marked());
        }
        return true;
    }
}
