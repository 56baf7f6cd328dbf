package io.hotpair.log;

import io.hotpair.HotpairException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * The layout of a frame, the unit in which operations are logged and shipped. The format document
 * is {@code core/docs/frame-format.md}; a test holds the two together.
 *
 * <pre>
 *   offset size  field
 *        0    4  magic            "HPF1"
 *        4    2  version          1
 *        6    2  fragment index   0 for a whole frame; else which part of one large operation
 *        8    4  length           bytes, this header included
 *       12    4  CRC32C           of all bytes but these four
 *       16    8  term
 *       24    8  first opId
 *       32    8  last opId
 *       40    8  previous opId    the last one before the first
 *       48    4  count            operations; 1 for each fragment of a large one
 *       52    4  fragment count   1 for a whole frame
 *       56    8  timestamp        milliseconds since 1970, never below the frame before
 *       64       operations, or a part of the encoding of one
 * </pre>
 *
 * <pre>
 *   operation, 8-byte aligned, its length the multiple of 8 that holds it
 *        0    4  length           bytes, this header and the padding included
 *        4    1  type             {@link OperationType}
 *        5    1  flags            1 = has a deadline
 *        6    2  key length       unsigned
 *        8    4  value length
 *       12    4  reserved, 0
 *       16    8  opId
 *       24    8  previous opId
 *       32    8  deadline         milliseconds since 1970; only if flagged
 *      ...       key, value, zeros
 * </pre>
 *
 * <p>Little-endian throughout.
 */
public final class FrameDescriptor {
    /** "HPF1", read as a little-endian int. */
    public static final int MAGIC = 0x31465048;

    /** The version that this build writes, and the only one that it reads. */
    public static final short VERSION = 1;

    /** Offset of the magic. */
    public static final int MAGIC_OFFSET = 0;

    /** Offset of the version. */
    public static final int VERSION_OFFSET = 4;

    /** Offset of the fragment index. */
    public static final int FRAGMENT_INDEX_OFFSET = 6;

    /** Offset of the length. */
    public static final int LENGTH_OFFSET = 8;

    /** Offset of the checksum. */
    public static final int CRC_OFFSET = 12;

    /** Offset of the term. */
    public static final int TERM_OFFSET = 16;

    /** Offset of the first opId. */
    public static final int FIRST_OP_ID_OFFSET = 24;

    /** Offset of the last opId. */
    public static final int LAST_OP_ID_OFFSET = 32;

    /** Offset of the previous opId. */
    public static final int PREVIOUS_OP_ID_OFFSET = 40;

    /** Offset of the count. */
    public static final int COUNT_OFFSET = 48;

    /** Offset of the fragment count. */
    public static final int FRAGMENT_COUNT_OFFSET = 52;

    /** Offset of the timestamp. */
    public static final int TIMESTAMP_OFFSET = 56;

    /** Length of the header; the operations begin here. */
    public static final int HEADER_LENGTH = 64;

    /** A batch is closed when it has grown to this many bytes: the measured knee. */
    public static final int BATCH_LENGTH = 16 * 1024;

    /** No frame is longer. A larger operation is written as fragments. */
    public static final int MAX_LENGTH = 1024 * 1024;

    /** Offset of an operation's length. */
    public static final int OP_LENGTH_OFFSET = 0;

    /** Offset of an operation's type. */
    public static final int OP_TYPE_OFFSET = 4;

    /** Offset of an operation's flags. */
    public static final int OP_FLAGS_OFFSET = 5;

    /** Offset of an operation's key length. */
    public static final int OP_KEY_LENGTH_OFFSET = 6;

    /** Offset of an operation's value length. */
    public static final int OP_VALUE_LENGTH_OFFSET = 8;

    /** Offset of an operation's opId. */
    public static final int OP_ID_OFFSET = 16;

    /** Offset of an operation's previous opId. */
    public static final int OP_PREVIOUS_OFFSET = 24;

    /** Longest operation, all its fragments together. */
    public static final int MAX_OPERATION_LENGTH = 0x7FFF_FF00;

    /** Length of an operation's header; deadline, key and value follow. */
    public static final int OP_HEADER_LENGTH = 32;

    /** Flag of an operation that carries a deadline. */
    public static final int OP_FLAG_DEADLINE = 1;

    /** Flag of an operation that is followed by another one of the same opId: one commit. */
    public static final int OP_FLAG_MORE = 2;

    /** Flag of an operation before which the key's former value is gone. */
    public static final int OP_FLAG_REPLACES = 4;

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private FrameDescriptor() {}

    /**
     * Reads a little-endian long.
     *
     * @param bytes the array
     * @param offset where
     * @return the value
     */
    public static long getLong(byte[] bytes, int offset) {
        return (long) LONGS.get(bytes, offset);
    }

    /**
     * Writes a little-endian long.
     *
     * @param bytes the array
     * @param offset where
     * @param value the value
     */
    public static void putLong(byte[] bytes, int offset, long value) {
        LONGS.set(bytes, offset, value);
    }

    /**
     * Reads a little-endian int.
     *
     * @param bytes the array
     * @param offset where
     * @return the value
     */
    public static int getInt(byte[] bytes, int offset) {
        return (int) INTS.get(bytes, offset);
    }

    /**
     * Writes a little-endian int.
     *
     * @param bytes the array
     * @param offset where
     * @param value the value
     */
    public static void putInt(byte[] bytes, int offset, int value) {
        INTS.set(bytes, offset, value);
    }

    /**
     * Reads a little-endian unsigned short.
     *
     * @param bytes the array
     * @param offset where
     * @return the value, 0 to 65,535
     */
    public static int getShort(byte[] bytes, int offset) {
        return (short) SHORTS.get(bytes, offset) & 0xFFFF;
    }

    /**
     * Writes a little-endian unsigned short.
     *
     * @param bytes the array
     * @param offset where
     * @param value the value, 0 to 65,535
     */
    public static void putShort(byte[] bytes, int offset, int value) {
        SHORTS.set(bytes, offset, (short) value);
    }

    /**
     * Where an operation's key begins.
     *
     * @param flags the operation's flags
     * @return the offset from the operation's beginning
     */
    public static int operationContentOffset(int flags) {
        return OP_HEADER_LENGTH + ((flags & OP_FLAG_DEADLINE) == 0 ? 0 : Long.BYTES);
    }

    /**
     * The length of an operation with its padding.
     *
     * @param contentLength header, deadline, key and value
     * @return a multiple of 8
     * @throws IllegalArgumentException if an operation can't be that long
     */
    public static int alignedOperationLength(long contentLength) {
        if (contentLength > MAX_OPERATION_LENGTH) {
            throw new IllegalArgumentException(
                    "operation of "
                            + contentLength
                            + " bytes, expected at most "
                            + MAX_OPERATION_LENGTH);
        }
        return (int) (contentLength + 7) & ~7;
    }

    /**
     * Writes the header of an operation, its opIds left 0, and zeroes the padding.
     *
     * @param bytes receives it
     * @param offset where the operation begins
     * @param type what it did
     * @param flags its flags
     * @param operationLength its length with padding
     * @param keyLength bytes
     * @param valueLength bytes
     */
    public static void putOperationHeader(
            byte[] bytes,
            int offset,
            OperationType type,
            int flags,
            int operationLength,
            int keyLength,
            int valueLength) {
        // The last word is padding in part; zeroing it whole makes equal frames equal to the byte.
        putLong(bytes, offset + operationLength - Long.BYTES, 0);
        putInt(bytes, offset + OP_LENGTH_OFFSET, operationLength);
        bytes[offset + OP_TYPE_OFFSET] = type.code();
        bytes[offset + OP_FLAGS_OFFSET] = (byte) flags;
        putShort(bytes, offset + OP_KEY_LENGTH_OFFSET, keyLength);
        putInt(bytes, offset + OP_VALUE_LENGTH_OFFSET, valueLength);
        putInt(bytes, offset + OP_VALUE_LENGTH_OFFSET + Integer.BYTES, 0);
        putLong(bytes, offset + OP_ID_OFFSET, 0);
        putLong(bytes, offset + OP_PREVIOUS_OFFSET, 0);
    }

    /**
     * The term of a frame.
     *
     * @param frame the frame
     * @return the term
     */
    public static long term(FrameBuffer frame) {
        return getLong(frame.bytes(), TERM_OFFSET);
    }

    /**
     * The first opId of a frame.
     *
     * @param frame the frame
     * @return the opId
     */
    public static long firstOpId(FrameBuffer frame) {
        return getLong(frame.bytes(), FIRST_OP_ID_OFFSET);
    }

    /**
     * The last opId of a frame.
     *
     * @param frame the frame
     * @return the opId
     */
    public static long lastOpId(FrameBuffer frame) {
        return getLong(frame.bytes(), LAST_OP_ID_OFFSET);
    }

    /**
     * The opId before the first one of a frame.
     *
     * @param frame the frame
     * @return the opId, 0 at the beginning of a history
     */
    public static long previousOpId(FrameBuffer frame) {
        return getLong(frame.bytes(), PREVIOUS_OP_ID_OFFSET);
    }

    /**
     * Which part of a large operation a frame holds.
     *
     * @param frame the frame
     * @return the index, 0 for a whole frame
     */
    public static int fragmentIndex(FrameBuffer frame) {
        return getShort(frame.bytes(), FRAGMENT_INDEX_OFFSET);
    }

    /**
     * Of how many parts a large operation consists.
     *
     * @param frame the frame
     * @return the count, 1 for a whole frame
     */
    public static int fragmentCount(FrameBuffer frame) {
        return getInt(frame.bytes(), FRAGMENT_COUNT_OFFSET);
    }

    /**
     * Whether a frame completes the operations in it: every frame but a fragment that is not the
     * last.
     *
     * @param frame the frame
     * @return whether it does
     */
    public static boolean isComplete(FrameBuffer frame) {
        return fragmentIndex(frame) == fragmentCount(frame) - 1;
    }

    /**
     * When a frame was sealed.
     *
     * @param frame the frame
     * @return milliseconds since 1970
     */
    public static long timestampMs(FrameBuffer frame) {
        return getLong(frame.bytes(), TIMESTAMP_OFFSET);
    }

    /**
     * The checksum that a frame carries.
     *
     * @param frame the frame
     * @return the CRC32C as it stands in the header
     */
    public static int crc(FrameBuffer frame) {
        return getInt(frame.bytes(), CRC_OFFSET);
    }

    /**
     * Lets a frame follow another operation than it did, for a log that never had those between.
     *
     * @param frame a verified frame; sealed anew
     * @param previousOpId the last opId before it; below its first
     */
    public static void follow(FrameBuffer frame, long previousOpId) {
        putLong(frame.bytes(), PREVIOUS_OP_ID_OFFSET, previousOpId);
        putInt(frame.bytes(), CRC_OFFSET, computeCrc(frame.bytes(), frame.length()));
    }

    /**
     * The checksum that a frame's bytes have.
     *
     * @param bytes the array that holds the frame from offset 0
     * @param length the frame's length
     * @return the CRC32C of all bytes but the checksum's own
     */
    public static int computeCrc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, CRC_OFFSET);
        crc.update(bytes, CRC_OFFSET + Integer.BYTES, length - CRC_OFFSET - Integer.BYTES);
        return (int) crc.getValue();
    }

    /**
     * Checks everything about a frame that can be checked without its neighbours. Reads nothing
     * past its length, whatever the bytes say.
     *
     * @param frame the frame
     * @param place where it was read, for the message
     * @throws HotpairException {@code CORRUPTION} with both checksums, or {@code UNKNOWN_VERSION}
     */
    public static void verify(FrameBuffer frame, String place) {
        verify(frame, () -> place);
    }

    /**
     * Checks a frame, and asks where it was read only if something is wrong with it.
     *
     * @param frame the frame
     * @param place where it was read, for the message
     * @throws HotpairException {@code CORRUPTION} with both checksums, or {@code UNKNOWN_VERSION}
     */
    public static void verify(FrameBuffer frame, Supplier<String> place) {
        byte[] bytes = frame.bytes();
        int length = frame.length();
        if (length < HEADER_LENGTH || length > MAX_LENGTH) {
            throw corrupt(place, "length=" + length + ", expected 64 to " + MAX_LENGTH);
        }
        int magic = getInt(bytes, MAGIC_OFFSET);
        if (magic != MAGIC) {
            throw corrupt(
                    place, String.format(Locale.ROOT, "magic=%08x, expected %08x", magic, MAGIC));
        }
        int stated = getInt(bytes, LENGTH_OFFSET);
        if (stated != length) {
            throw corrupt(place, "length field=" + stated + ", expected " + length);
        }
        int found = getInt(bytes, CRC_OFFSET);
        int computed = computeCrc(bytes, length);
        if (found != computed) {
            throw corrupt(
                    place,
                    String.format(Locale.ROOT, "checksum=%08x, computed %08x", found, computed));
        }
        int version = getShort(bytes, VERSION_OFFSET);
        if (version != VERSION) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    "frame version="
                            + version
                            + ", expected 1, at "
                            + place.get()
                            + ": written by a newer build");
        }
    }

    private static HotpairException corrupt(Supplier<String> place, String what) {
        return new HotpairException(
                HotpairException.Category.CORRUPTION,
                "frame at " + place.get() + " is damaged: " + what);
    }
}
