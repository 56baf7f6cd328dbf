package io.hotpair.internal;

import io.hotpair.log.OperationType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a string, opened to look at parts of it or to change parts. A string stands in one
 * piece until a part of it is changed while it is longer than {@link #MAX_PIECE}; then it becomes a
 * tree of chunks, by position, as is from the beginning what is made in parts ({@link Bits}):
 *
 * <ul>
 *   <li><b>S1</b> Chunk n holds the bytes from n × {@link #CHUNK_LENGTH} on. All chunks but the
 *       last one are full.
 *   <li><b>S2</b> A chunk of zeros is an element without bytes, of which a leaf holds more than a
 *       hundred. So a bit set far behind the end takes 4 bytes for each 4 KiB skipped.
 * </ul>
 *
 * <p>So a change copies the chunks that it touches and the way to them. Its operation in the log
 * has the bytes written only, each part as its offset (8 bytes) and a block; what lies between the
 * former end and an offset is zero.
 */
final class StringContent {
    /** A chunk's leaf is to fill a block of 4 KiB. */
    static final int CHUNK_LENGTH = 4080;

    /**
     * The longest string that is copied as a whole when a part is changed, in bytes. To copy 12 KiB
     * takes as long as to replace a chunk.
     */
    static final int MAX_PIECE = 16 << 10;

    /** A string no longer than this goes to the log as a whole, which needs no block beside it. */
    private static final int MAX_WHOLE_IN_LOG = 256;

    /** Chunks that a splice takes at a time. */
    private static final int BATCH = 128;

    private static final byte[] ZEROS = new byte[CHUNK_LENGTH];

    /** Receives bytes of a string. */
    interface Visitor {
        /**
         * Called with the next bytes, in an array that is valid during the call only.
         *
         * @return whether to go on
         */
        boolean visit(byte[] bytes, int offset, int count);
    }

    private final Edit edit;
    private final Mem mem;
    private long record;
    private boolean isTree;
    private long root;
    private long length;
    private byte @Nullable [] changed;
    private boolean isChanged;
    private long loggedLength;

    StringContent(Edit edit) {
        this.edit = edit;
        mem = edit.mem();
    }

    /** Opens a record's bytes; 0 for none. Refuses another type. */
    StringContent open(long of) {
        Edit.expect(mem, of, Records.STRING);
        record = of;
        isTree = of != 0 && Records.isTree(mem, of);
        root = isTree ? mem.getLong(Records.value(mem, of, Records.TREE_ROOT)) : 0;
        length = length(mem, of);
        changed = null;
        isChanged = false;
        loggedLength = 0;
        return this;
    }

    /** Opens a record's bytes to change them. */
    StringContent openToChange(long of) {
        open(of);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.PATCH_STRING, false);
        }
        if (of != 0) {
            edit.reuse();
        }
        return this;
    }

    /** Begins the bytes of a string that takes the place of whatever the key holds. */
    StringContent begin() {
        open(0);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.PATCH_STRING, true);
        }
        return this;
    }

    // ---- reading

    /** The length of a string's record in bytes; 0 for none. */
    static long length(Mem mem, long record) {
        if (record == 0) {
            return 0;
        }
        return Records.isTree(mem, record)
                ? mem.getLong(Records.value(mem, record, Records.TREE_COUNT))
                : Records.valueLength(mem, record);
    }

    /** A copy of a string; null for no record. Refuses another type. */
    static byte @Nullable [] copy(Edit edit, long record) {
        if (record == 0) {
            return null;
        }
        Mem mem = edit.mem();
        if (Records.isTree(mem, record)) {
            StringContent content = new StringContent(edit).open(record);
            return content.bytes(0, content.length);
        }
        Edit.expect(mem, record, Records.STRING);
        return Records.value(mem, record);
    }

    long length() {
        return length;
    }

    /** A copy of a part, which must be there. */
    byte[] bytes(long from, long to) {
        byte[] bytes = new byte[Math.toIntExact(to - from)];
        copyOut(from, bytes, 0, bytes.length);
        return bytes;
    }

    /** Copies a part; what is behind the end is zero. */
    void copyOut(long from, byte[] into, int offset, int count) {
        int there = (int) Math.max(0, Math.min(count, length - from));
        if (!isTree && changed == null && there > 0) {
            mem.copyOut(Records.value(mem, record, 0) + from, into, offset, there);
        } else {
            int[] at = {offset};
            boolean unused =
                    range(
                            from,
                            from + there,
                            (bytes, begin, part) -> {
                                System.arraycopy(bytes, begin, into, at[0], part);
                                at[0] += part;
                                return true;
                            });
        }
        Arrays.fill(into, offset + there, offset + count, (byte) 0);
    }

    /** Visits the bytes of a range in their order; returns whether it went to the end. */
    boolean range(long from, long to, Visitor visitor) {
        if (from >= to) {
            return true;
        }
        byte[] bytes = changed;
        if (isTree) {
            return rangeOfTree(from, to, visitor);
        }
        return bytes == null
                ? rangeOfPiece(from, to, visitor)
                : visitor.visit(bytes, (int) from, (int) (to - from));
    }

    private boolean rangeOfPiece(long from, long to, Visitor visitor) {
        byte[] block = new byte[(int) Math.min(CHUNK_LENGTH, to - from)];
        long start = Records.value(mem, record, 0);
        for (long at = from; at < to; at += block.length) {
            int count = (int) Math.min(block.length, to - at);
            mem.copyOut(start + at, block, 0, count);
            if (!visitor.visit(block, 0, count)) {
                return false;
            }
        }
        return true;
    }

    private boolean rangeOfTree(long from, long to, Visitor visitor) {
        long[] at = {from};
        return edit.tree()
                .range(
                        root,
                        from / CHUNK_LENGTH,
                        chunkCount(to),
                        leaf -> {
                            int start = (int) (at[0] % CHUNK_LENGTH);
                            int count = (int) Math.min(CHUNK_LENGTH - start, to - at[0]);
                            at[0] += count;
                            return leaf.valueLength() == 0
                                    ? visitor.visit(ZEROS, 0, count)
                                    : visitor.visit(
                                            leaf.bytes(), leaf.valueOffset() + start, count);
                        });
    }

    private static long chunkCount(long bytes) {
        return (bytes + CHUNK_LENGTH - 1) / CHUNK_LENGTH;
    }

    /**
     * Says in an operation what stands in a part of a string's record, as {@link #write} does.
     *
     * @param from where to begin, 0 or what the last call returned
     * @return where to go on; the string's length when all was said
     */
    static long describe(Edit edit, long record, long from, int maxLength, Effects effects) {
        StringContent content = new StringContent(edit).open(record);
        long[] at = {from};
        int before = effects.payloadLength();
        boolean unused =
                content.range(
                        from,
                        content.length,
                        (bytes, offset, count) -> {
                            long begin = at[0];
                            at[0] += count;
                            if (bytes != ZEROS || at[0] == content.length) {
                                effects.number(begin);
                                effects.block(bytes, offset, count);
                            }
                            return effects.payloadLength() - before < maxLength;
                        });
        return at[0];
    }

    // ---- changing

    /** Makes it at least so long, with zeros. */
    void growTo(long newLength) {
        if (newLength > length) {
            write(newLength - 1, ZEROS, 0, 1);
        }
    }

    /** Overwrites a part, with zeros before it if it begins behind the end. */
    void write(long offset, byte[] from, int at, int count) {
        isChanged = true;
        if (edit.wantsEffects()) {
            edit.effects().number(offset);
            edit.effects().block(from, at, count);
            loggedLength += Long.BYTES + count;
        }
        long end = Math.max(length, offset + count);
        if (!isTree && end > MAX_PIECE && (length > 0 || offset > 0)) {
            becomeTree();
        }
        if (isTree) {
            growTree(offset);
            writeTree(offset, from, at, count);
        } else {
            System.arraycopy(from, at, piece((int) end), (int) offset, count);
        }
        length = end;
    }

    /**
     * Writes at or behind the end, from a chunk's beginning on. Chunks of zeros are left out: they
     * come to be when something is written behind them, and need no word in the log.
     */
    void writeButZeros(long offset, byte[] from, int count) {
        int at = 0;
        while (at < count) {
            int begin = at;
            while (at < count && !isZero(from, at, count)) {
                at += CHUNK_LENGTH;
            }
            if (at > begin) {
                write(offset + begin, from, begin, Math.min(at, count) - begin);
            }
            at += CHUNK_LENGTH;
        }
        edit.effects().setAside();
    }

    private static boolean isZero(byte[] bytes, int chunk, int end) {
        int length = Math.min(CHUNK_LENGTH, end - chunk);
        return Arrays.equals(bytes, chunk, chunk + length, ZEROS, 0, length);
    }

    /** The whole string on the heap, to be changed. */
    private byte[] piece(int newLength) {
        byte[] present = changed;
        if (present == null) {
            present = new byte[newLength];
            copyOut(0, present, 0, (int) length);
        } else if (present.length < newLength) {
            present = Arrays.copyOf(present, newLength);
        }
        changed = present;
        return present;
    }

    private void becomeTree() {
        Elements elements = edit.chunks().clear();
        long[] count = new long[1];
        boolean unused =
                inChunks(
                        (bytes, offset, length) -> {
                            addChunk(elements, bytes, offset, length);
                            if (elements.count() == BATCH) {
                                append(elements, count);
                            }
                            return true;
                        });
        append(elements, count);
        changed = null;
        isTree = true;
    }

    private boolean inChunks(Visitor visitor) {
        byte[] bytes = changed;
        if (bytes == null) {
            return range(0, length, visitor);
        }
        for (int at = 0; at < bytes.length; at += CHUNK_LENGTH) {
            boolean unused = visitor.visit(bytes, at, Math.min(CHUNK_LENGTH, bytes.length - at));
        }
        return true;
    }

    private void append(Elements elements, long[] count) {
        if (elements.count() > 0) {
            root = edit.tree().splice(edit, root, count[0], 0, elements);
        }
        count[0] += elements.count();
        elements.clear();
    }

    private static void addChunk(Elements elements, byte[] bytes, int offset, int count) {
        boolean isZero = Arrays.equals(bytes, offset, offset + count, ZEROS, 0, count);
        elements.add(ZEROS, 0, 0, bytes, offset, isZero ? 0 : count, false);
    }

    /** Puts zeros at the end. */
    private void growTree(long newLength) {
        if (newLength <= length) {
            return;
        }
        Elements elements = edit.chunks().clear();
        long present = chunkCount(length);
        long from = present;
        if (length % CHUNK_LENGTH != 0) {
            from--;
            long start = from * CHUNK_LENGTH;
            int count = (int) Math.min(CHUNK_LENGTH, newLength - start);
            addChunk(elements, chunk(from, count), 0, count);
        }
        for (long i = present; i < chunkCount(newLength); i++) {
            elements.add(ZEROS, 0, 0, ZEROS, 0, 0, false);
        }
        root = edit.tree().splice(edit, root, from, present - from, elements);
        length = newLength;
    }

    /** The bytes of a chunk, with zeros behind what is there. */
    private byte[] chunk(long index, int count) {
        byte[] bytes = new byte[count];
        copyOut(index * CHUNK_LENGTH, bytes, 0, count);
        return bytes;
    }

    private void writeTree(long offset, byte[] from, int at, int count) {
        long end = Math.max(length, offset + count);
        int done = 0;
        while (done < count) {
            long first = (offset + done) / CHUNK_LENGTH;
            long chunk = first;
            Elements elements = edit.chunks().clear();
            for (; done < count && elements.count() < BATCH; chunk++) {
                int start = (int) ((offset + done) % CHUNK_LENGTH);
                int part = Math.min(CHUNK_LENGTH - start, count - done);
                int chunkLength = (int) Math.min(CHUNK_LENGTH, end - chunk * CHUNK_LENGTH);
                if (part == chunkLength) {
                    addChunk(elements, from, at + done, part);
                } else {
                    byte[] bytes = chunk(chunk, chunkLength);
                    System.arraycopy(from, at + done, bytes, start, part);
                    addChunk(elements, bytes, 0, chunkLength);
                }
                done += part;
            }
            long removed = Math.max(0, Math.min(chunkCount(length), chunk) - first);
            root = edit.tree().splice(edit, root, first, removed, elements);
        }
    }

    /** Whether something was written. */
    boolean isChanged() {
        return isChanged;
    }

    /** The record of what the bytes are now; something must have been written. */
    long record(long deadlineMs) {
        if (isTree) {
            return edit.tree(Records.STRING, root, length, 0, deadlineMs);
        }
        byte[] bytes = piece((int) length);
        if (length <= MAX_WHOLE_IN_LOG || loggedLength > length) {
            edit.effects().cancel();
        }
        return edit.string(bytes, 0, (int) length, deadlineMs);
    }

    /** Does again what {@link #write} did. */
    static long replay(Edit edit, long base, ChangeReader changes, long deadlineMs) {
        StringContent content = new StringContent(edit).openToChange(base);
        while (changes.hasNext()) {
            long offset = changes.number();
            int at = changes.block();
            content.write(offset, changes.bytes(), at, changes.valueLength());
        }
        return content.record(deadlineMs);
    }
}
