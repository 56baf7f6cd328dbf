package io.hotpair.persistence;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Arrays;
import java.util.Locale;

/**
 * Walks the documents of a segment file, one after the other. Not thread-safe.
 *
 * <p>Reads the file with ordinary reads into an array of its own, and not through Chronicle. So a
 * checksum is computed over what is then given out, a file that shrinks is an error and not a
 * SIGBUS, an interrupt closes nothing, and nothing depends on Chronicle's index pages, which have
 * no checksum.
 *
 * <p>A document is a little-endian int and that many bytes, padded to four: the top bit says "not
 * complete", the next one "not data" (Chronicle's own: the file's header, its index pages). Zero
 * says that there is nothing yet, and both bits without a length that there will be nothing more.
 */
final class SegmentReader implements AutoCloseable {
    /** Length of a document's header. */
    static final int HEADER_LENGTH = 4;

    private static final int NOT_COMPLETE = 0x8000_0000;
    private static final int NOT_DATA = 0x4000_0000;
    private static final int LENGTH_MASK = 0x3FFF_FFFF;
    private static final int END_OF_SEGMENT = NOT_COMPLETE | NOT_DATA;

    /** What Chronicle writes behind the header that ends a segment: a tag and three letters. */
    private static final byte[] END_TEXT = {(byte) 0xC3, 'E', 'O', 'F'};

    private static final int CHUNK_LENGTH = 128 * 1024;
    private static final byte[] ZEROS = new byte[CHUNK_LENGTH];

    private final Segment segment;
    private final RandomAccessFile file;
    private byte[] chunk = new byte[CHUNK_LENGTH];
    private long chunkStart;
    private int chunkLength;
    private long header;
    private int length;
    private long position;
    private String damage = "";

    /** What stands at a position. */
    enum Document {
        /** A frame, not yet verified. */
        FRAME,
        /** A document of Chronicle's own. */
        METADATA,
        /** Nothing yet. */
        NOTHING,
        /** Nothing ever: the segment was left for the next one. */
        END,
        /** Something that can't be. */
        DAMAGED
    }

    SegmentReader(Segment segment) {
        this.segment = segment;
        try {
            file = new RandomAccessFile(segment.file().toFile(), "r");
        } catch (FileNotFoundException e) {
            throw Failures.logFailed(segment + " can't be opened", e);
        }
    }

    Segment segment() {
        return segment;
    }

    /** Where the next document will be looked for. */
    long position() {
        return position;
    }

    void position(long newPosition) {
        position = newPosition;
    }

    /** Where the last document begins. */
    long header() {
        return header;
    }

    /** Where the last document ends. */
    long end() {
        return header + HEADER_LENGTH + length;
    }

    /** What is wrong with a damaged document. */
    String damage() {
        return damage;
    }

    /** The last document's place, for messages. */
    String place() {
        return segment + " at position " + header;
    }

    long fileLength() {
        try {
            return file.length();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * Looks at the next document, and moves past it if it is a frame or metadata.
     *
     * @param limit nothing at or after this position is read
     */
    Document next(long limit) {
        header = position;
        length = 0;
        if (header + HEADER_LENGTH > limit) {
            return Document.NOTHING;
        }
        if (!load(header, HEADER_LENGTH, limit)) {
            return damaged("the file ends, expected " + limit + " bytes");
        }
        int word = FrameDescriptor.getInt(chunk, offsetOf(header));
        if (word == 0) {
            return Document.NOTHING;
        }
        if (word == END_OF_SEGMENT) {
            return Document.END;
        }
        if ((word & NOT_COMPLETE) != 0) {
            return damaged(String.format(Locale.ROOT, "document header=%08x", word));
        }
        return document((word & NOT_DATA) == 0, word & LENGTH_MASK, limit);
    }

    private Document document(boolean isFrame, int stated, long limit) {
        int needed = isFrame ? stated : Math.min(stated, Integer.BYTES);
        boolean plausible =
                isFrame
                        ? stated >= FrameDescriptor.HEADER_LENGTH
                                && stated <= FrameDescriptor.MAX_LENGTH
                        : stated > 0;
        long documentEnd = header + HEADER_LENGTH + stated;
        if (!plausible || documentEnd > limit) {
            return damaged("document length=" + stated);
        }
        if (!load(header, HEADER_LENGTH + needed, limit)) {
            return damaged("the file ends, expected " + limit + " bytes");
        }
        int offset = offsetOf(header) + HEADER_LENGTH;
        boolean hasMagic =
                needed >= Integer.BYTES
                        && FrameDescriptor.getInt(chunk, offset) == FrameDescriptor.MAGIC;
        if (hasMagic != isFrame) {
            return damaged(
                    isFrame
                            ? "no frame where one is expected"
                            : "a frame where one is not expected");
        }
        if (isFrame && header == 0) {
            return damaged("a frame where the file's header is expected");
        }
        length = stated;
        position = (documentEnd + 3) & ~3L;
        return isFrame ? Document.FRAME : Document.METADATA;
    }

    /** Copies the last document, a frame, and nothing more. */
    void copyTo(FrameBuffer frame) {
        frame.ensureCapacity(length);
        System.arraycopy(chunk, offsetOf(header) + HEADER_LENGTH, frame.bytes(), 0, length);
        frame.length(length);
    }

    /**
     * Where the mark of the segment's end ends, which is what the last document was. A process may
     * have died after any byte of it.
     */
    long endOfSegmentMark() {
        long at = header + HEADER_LENGTH;
        int stated = (int) Math.min(END_TEXT.length, fileLength() - at);
        byte[] found = bytes(at, stated);
        int same = Arrays.mismatch(found, END_TEXT);
        return same < 0 ? at + stated : at + same;
    }

    /** The first position that does not hold a zero, or -1. */
    long firstNonZero(long from) {
        long fileLength = fileLength();
        for (long at = from; at < fileLength; at += chunkLength) {
            load(at, (int) Math.min(CHUNK_LENGTH, fileLength - at), fileLength);
            int mismatch = Arrays.mismatch(chunk, 0, chunkLength, ZEROS, 0, chunkLength);
            if (mismatch >= 0) {
                return at + mismatch;
            }
        }
        return -1;
    }

    /** The last position that does not hold a zero, at least {@code from - 1}. */
    long lastNonZero(long from) {
        long last = from - 1;
        long next = firstNonZero(from);
        while (next >= 0) {
            int offset = chunkLength - 1;
            while (chunk[offset] == 0) {
                offset--;
            }
            last = chunkStart + offset;
            next = firstNonZero(chunkStart + chunkLength);
        }
        return last;
    }

    /** A part of the file as it is. */
    byte[] bytes(long from, int count) {
        byte[] copy = new byte[count];
        try {
            file.seek(from);
            file.readFully(copy);
        } catch (IOException e) {
            throw unreadable(e);
        }
        return copy;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw Failures.logFailed(segment + " can't be closed", e);
        }
    }

    private Document damaged(String what) {
        damage = what;
        return Document.DAMAGED;
    }

    private int offsetOf(long at) {
        return (int) (at - chunkStart);
    }

    /**
     * Brings a part of the file into the chunk. Never reads past the limit, so that what is
     * appended there later is not hidden by an older copy.
     *
     * @return whether all of it is there
     */
    private boolean load(long from, int count, long limit) {
        if (from >= chunkStart && from + count <= chunkStart + chunkLength) {
            return true;
        }
        if (chunk.length < count) {
            chunk = new byte[HEADER_LENGTH + FrameDescriptor.MAX_LENGTH];
        }
        int wanted = (int) Math.min(limit - from, Math.max(count, CHUNK_LENGTH));
        chunkStart = from;
        chunkLength = 0;
        try {
            file.seek(from);
            while (chunkLength < wanted) {
                int read = file.read(chunk, chunkLength, wanted - chunkLength);
                if (read < 0) {
                    break;
                }
                chunkLength += read;
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        return chunkLength >= count;
    }

    private RuntimeException unreadable(IOException e) {
        return Failures.logFailed(segment + " at position " + position + " can't be read", e);
    }
}
