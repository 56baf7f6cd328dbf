package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;
import java.util.Arrays;

/**
 * A HyperLogLog on the heap, as the bytes that Redis keeps:
 *
 * <pre>
 *   offset size  field
 *        0    4  "HYLL"
 *        4    1  encoding: 0 dense, 1 sparse
 *        5    3  zero
 *        8    8  the last estimate, little-endian; the highest bit says that it is out of date
 *       16       dense: 16384 registers of 6 bits, each from the lowest free bit on
 *                sparse: runs of registers, from the first to the last
 *                  00llllll            l + 1 zeros
 *                  01llllll llllllll   l + 1 zeros
 *                  1vvvvvll            l + 1 times v + 1
 * </pre>
 *
 * <p>The estimate is the one of Ertl, New cardinality estimation algorithms for HyperLogLog
 * sketches (2017), section 4.
 */
final class HyperLogLog {
    static final int REGISTERS = 1 << 14;

    private static final int HEADER_LENGTH = 16;
    private static final int DENSE_LENGTH = HEADER_LENGTH + REGISTERS * 6 / 8;
    private static final int MAX_SPARSE_LENGTH = 3000;
    private static final int ENCODING = 4;
    private static final int ESTIMATE = 8;
    private static final int OUT_OF_DATE = 15;
    private static final byte DENSE = 0;
    private static final byte SPARSE = 1;
    private static final int INDEX_BITS = 14;

    /** Bits of a hash that are not the index, so the highest value of a register but one. */
    private static final int PATTERN_BITS = 50;

    private static final double ALPHA = 0.7213475204444817;

    // Sparse runs.
    private static final int MAX_ZEROS = 64;
    private static final int MAX_SPARSE_VALUE = 32;
    private static final int MAX_EQUALS = 4;

    /** So many runs, from the one before a change on, are looked at for equal neighbours. */
    private static final int MERGED_RUNS = 5;

    private static final long SEED = 0xadc83b19L;

    private byte[] bytes;
    private int length;

    // The run looked at.
    private int runOffset;
    private int runLength;
    private int runValue;
    private int runBytes;

    /** An empty one. */
    HyperLogLog() {
        bytes = new byte[64];
        bytes[0] = 'H';
        bytes[1] = 'Y';
        bytes[2] = 'L';
        bytes[3] = 'L';
        bytes[ENCODING] = SPARSE;
        length = HEADER_LENGTH + putZeros(bytes, HEADER_LENGTH, REGISTERS);
    }

    /** One that is kept; the array becomes its own. */
    HyperLogLog(byte[] kept) {
        boolean valid =
                kept.length >= HEADER_LENGTH
                        && kept[0] == 'H'
                        && kept[1] == 'Y'
                        && kept[2] == 'L'
                        && kept[3] == 'L'
                        && (kept[ENCODING] == SPARSE
                                || (kept[ENCODING] == DENSE && kept.length == DENSE_LENGTH));
        if (!valid) {
            throw invalid();
        }
        bytes = kept;
        length = kept.length;
    }

    static HotpairException invalid() {
        return new HotpairException(
                HotpairException.Category.WRONG_TYPE,
                "Key is not a valid HyperLogLog string value.");
    }

    private static HotpairException corrupted() {
        return new HotpairException(
                HotpairException.Category.WRONG_VALUE, "Corrupted HLL object detected");
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    boolean isDense() {
        return bytes[ENCODING] == DENSE;
    }

    // ---- adding

    /** Adds an element; returns whether a register changed. */
    boolean add(byte[] element) {
        long hash = hash(element);
        int index = (int) hash & (REGISTERS - 1);
        long pattern = (hash >>> INDEX_BITS) | (1L << PATTERN_BITS);
        boolean changed = raise(index, Long.numberOfTrailingZeros(pattern) + 1);
        if (changed) {
            estimateIsOutOfDate();
        }
        return changed;
    }

    /**
     * Says that the estimate kept beside the registers is not theirs; Redis says so of new ones.
     */
    void estimateIsOutOfDate() {
        bytes[OUT_OF_DATE] |= (byte) 0x80;
    }

    /** Takes registers' values where they are higher; dense if asked for. */
    void merge(byte[] values, boolean dense) {
        if (dense) {
            becomeDense();
        }
        for (int i = 0; i < REGISTERS; i++) {
            if (values[i] != 0) {
                boolean unused = raise(i, values[i]);
            }
        }
        estimateIsOutOfDate();
    }

    private boolean raise(int index, int value) {
        return isDense() ? raiseDense(index, value) : raiseSparse(index, value);
    }

    private int denseRegister(int index) {
        int bit = index * 6;
        int at = HEADER_LENGTH + (bit >>> 3);
        int low = bytes[at] & 0xFF;
        int high = at + 1 < length ? bytes[at + 1] & 0xFF : 0;
        return ((low | (high << 8)) >>> (bit & 7)) & 63;
    }

    private boolean raiseDense(int index, int value) {
        if (denseRegister(index) >= value) {
            return false;
        }
        int bit = index * 6;
        int at = HEADER_LENGTH + (bit >>> 3);
        int shift = bit & 7;
        bytes[at] = (byte) ((bytes[at] & ~(63 << shift)) | (value << shift));
        if (shift > 2) {
            int rest = 8 - shift;
            bytes[at + 1] = (byte) ((bytes[at + 1] & ~(63 >>> rest)) | (value >>> rest));
        }
        return true;
    }

    private void becomeDense() {
        if (isDense()) {
            return;
        }
        byte[] values = new byte[REGISTERS];
        raiseAll(values);
        byte[] dense = Arrays.copyOf(Arrays.copyOf(bytes, HEADER_LENGTH), DENSE_LENGTH);
        dense[ENCODING] = DENSE;
        bytes = dense;
        length = DENSE_LENGTH;
        for (int i = 0; i < REGISTERS; i++) {
            if (values[i] != 0) {
                boolean unused = raiseDense(i, values[i]);
            }
        }
    }

    private boolean raiseDenseNow(int index, int value) {
        becomeDense();
        return raiseDense(index, value);
    }

    // ---- sparse

    /** Looks at the run at an offset. */
    private void run(int offset) {
        int first = bytes[offset] & 0xFF;
        runOffset = offset;
        runBytes = 1;
        runValue = 0;
        if ((first & 0x80) != 0) {
            runValue = ((first >>> 2) & 31) + 1;
            runLength = (first & 3) + 1;
        } else if ((first & 0x40) == 0) {
            runLength = (first & 63) + 1;
        } else if (offset + 1 < length) {
            runBytes = 2;
            runLength = (((first & 63) << 8) | (bytes[offset + 1] & 0xFF)) + 1;
        } else {
            throw corrupted();
        }
    }

    private static byte valueRun(int value, int count) {
        return (byte) (0x80 | ((value - 1) << 2) | (count - 1));
    }

    /** Writes a run of zeros; returns how many bytes it takes. */
    private static int putZeros(byte[] into, int offset, int count) {
        int field = count - 1;
        if (count <= MAX_ZEROS) {
            into[offset] = (byte) field;
            return 1;
        }
        into[offset] = (byte) (0x40 | (field >>> 8));
        into[offset + 1] = (byte) field;
        return 2;
    }

    private boolean raiseSparse(int index, int value) {
        if (value > MAX_SPARSE_VALUE) {
            return raiseDenseNow(index, value);
        }
        int previous = -1;
        int first = 0;
        int at = HEADER_LENGTH;
        while (true) {
            if (at >= length) {
                throw corrupted();
            }
            run(at);
            if (index < first + runLength) {
                break;
            }
            previous = at;
            first += runLength;
            at += runBytes;
        }
        if (runValue >= value) {
            return false;
        }
        byte[] runs = new byte[5];
        int runsLength = split(runs, index - first, value);
        int growth = runsLength - runBytes;
        if (growth > 0 && length + growth > MAX_SPARSE_LENGTH) {
            return raiseDenseNow(index, value);
        }
        replaceRun(runs, runsLength);
        mergeRuns(previous < 0 ? HEADER_LENGTH : previous);
        return true;
    }

    /** The runs that a run becomes when one of its registers gets another value. */
    private int split(byte[] into, int before, int value) {
        int behind = runLength - before - 1;
        int at = putSame(into, 0, before);
        into[at++] = valueRun(value, 1);
        return at + putSame(into, at, behind);
    }

    private int putSame(byte[] into, int offset, int count) {
        if (count == 0) {
            return 0;
        }
        if (runValue == 0) {
            return putZeros(into, offset, count);
        }
        into[offset] = valueRun(runValue, count);
        return 1;
    }

    private void replaceRun(byte[] runs, int runsLength) {
        int growth = runsLength - runBytes;
        if (length + growth > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + growth, 2 * bytes.length));
        }
        int rest = runOffset + runBytes;
        System.arraycopy(bytes, rest, bytes, rest + growth, length - rest);
        System.arraycopy(runs, 0, bytes, runOffset, runsLength);
        length += growth;
    }

    /** Puts neighbours of the same value together, where a run can hold both. */
    private void mergeRuns(int from) {
        int at = from;
        for (int i = 0; i < MERGED_RUNS && at < length; i++) {
            run(at);
            if (runValue == 0 || !mergesWithNext(at)) {
                at += runBytes;
            }
        }
    }

    private boolean mergesWithNext(int at) {
        if (at + 1 >= length || bytes[at + 1] >= 0) {
            return false;
        }
        int value = runValue;
        int count = runLength;
        run(at + 1);
        boolean merges = runValue == value && count + runLength <= MAX_EQUALS;
        if (merges) {
            bytes[at + 1] = valueRun(value, count + runLength);
            System.arraycopy(bytes, at + 1, bytes, at, length - at - 1);
            length--;
        }
        runBytes = 1;
        return merges;
    }

    // ---- counting

    /** Raises values to those of the registers. */
    void raiseAll(byte[] values) {
        if (isDense()) {
            raiseAllDense(values);
            return;
        }
        int index = 0;
        for (int at = HEADER_LENGTH; at < length; at += runBytes) {
            run(at);
            if (index + runLength > REGISTERS) {
                throw corrupted();
            }
            for (int i = 0; i < runLength; i++, index++) {
                values[index] = (byte) Math.max(values[index], runValue);
            }
        }
        if (index != REGISTERS) {
            throw corrupted();
        }
    }

    /** Four registers stand in three bytes. */
    private void raiseAllDense(byte[] values) {
        int at = HEADER_LENGTH;
        for (int i = 0; i < REGISTERS; i += 4, at += 3) {
            int four =
                    (bytes[at] & 0xFF)
                            | ((bytes[at + 1] & 0xFF) << 8)
                            | ((bytes[at + 2] & 0xFF) << 16);
            values[i] = (byte) Math.max(values[i], four & 63);
            values[i + 1] = (byte) Math.max(values[i + 1], (four >>> 6) & 63);
            values[i + 2] = (byte) Math.max(values[i + 2], (four >>> 12) & 63);
            values[i + 3] = (byte) Math.max(values[i + 3], four >>> 18);
        }
    }

    /** The estimate. */
    long count() {
        if (bytes[OUT_OF_DATE] >= 0) {
            return FrameDescriptor.getLong(bytes, ESTIMATE);
        }
        byte[] values = new byte[REGISTERS];
        raiseAll(values);
        return count(values);
    }

    /** The estimate that registers' values give. */
    static long count(byte[] values) {
        int[] histogram = new int[64];
        for (byte value : values) {
            histogram[value]++;
        }
        double m = REGISTERS;
        double z = m * tau((m - histogram[PATTERN_BITS + 1]) / m);
        for (int i = PATTERN_BITS; i >= 1; i--) {
            z = (z + histogram[i]) * 0.5;
        }
        z += m * sigma(histogram[0] / m);
        return Math.round(ALPHA * m * m / z);
    }

    private static double sigma(double of) {
        if (of == 1) {
            return Double.POSITIVE_INFINITY;
        }
        double x = of;
        double y = 1;
        double z = x;
        double before;
        do {
            x *= x;
            before = z;
            z += x * y;
            y += y;
        } while (before != z);
        return z;
    }

    private static double tau(double of) {
        if (of == 0 || of == 1) {
            return 0;
        }
        double x = of;
        double y = 1;
        double z = 1 - x;
        double before;
        do {
            x = Math.sqrt(x);
            before = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
        } while (before != z);
        return z / 3;
    }

    /** MurmurHash64A, by Austin Appleby, with the seed that Redis takes. */
    private static long hash(byte[] element) {
        long m = 0xc6a4a7935bd1e995L;
        long hash = SEED ^ (element.length * m);
        int at = 0;
        for (; at + Long.BYTES <= element.length; at += Long.BYTES) {
            long word = FrameDescriptor.getLong(element, at) * m;
            word = (word ^ (word >>> 47)) * m;
            hash = (hash ^ word) * m;
        }
        if (at < element.length) {
            long rest = 0;
            for (int i = element.length - 1; i >= at; i--) {
                rest = (rest << 8) | (element[i] & 0xFF);
            }
            hash = (hash ^ rest) * m;
        }
        hash = (hash ^ (hash >>> 47)) * m;
        return hash ^ (hash >>> 47);
    }
}
