package io.hotpair.replication.internal;

import static io.hotpair.log.FrameDescriptor.getInt;
import static io.hotpair.log.FrameDescriptor.getLong;
import static io.hotpair.log.FrameDescriptor.getShort;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * One message that has arrived: its header first, then the rest once the header was found to make
 * sense. Reused; not thread-safe.
 */
final class Message {
    private byte[] bytes = new byte[WireDescriptor.MAX_SMALL_LENGTH];
    private int length;

    /** Where the bytes of the header, then those of the rest, are to be put. */
    byte[] bytes() {
        return bytes;
    }

    /**
     * Checks a header that has been put at offset 0, before anything behind it is read, and makes
     * room for the rest.
     *
     * @return how many bytes follow the header
     */
    int checkHeader() throws ProtocolException {
        int stated = getInt(bytes, WireDescriptor.LENGTH_OFFSET);
        int type = getShort(bytes, WireDescriptor.TYPE_OFFSET);
        int reserved = getShort(bytes, WireDescriptor.RESERVED_OFFSET);
        if (!WireDescriptor.lengthFits(type, stated) || reserved != 0) {
            throw new ProtocolException(
                    "message type="
                            + type
                            + " length="
                            + stated
                            + " reserved="
                            + reserved
                            + ", expected a known type with its length");
        }
        if (bytes.length < stated) {
            bytes = Arrays.copyOf(bytes, stated);
        }
        length = stated;
        return stated - WireDescriptor.HEADER_LENGTH;
    }

    int length() {
        return length;
    }

    int type() {
        return getShort(bytes, WireDescriptor.TYPE_OFFSET);
    }

    long term() {
        return getLong(bytes, WireDescriptor.TERM_OFFSET);
    }

    long incarnation() {
        return getLong(bytes, WireDescriptor.INCARNATION_OFFSET);
    }

    /** A long of the body, at an offset that {@link WireDescriptor} gives for this type. */
    long longAt(int offset) {
        return getLong(bytes, offset);
    }

    /** An int of the body, at an offset that {@link WireDescriptor} gives for this type. */
    int intAt(int offset) {
        return getInt(bytes, offset);
    }

    UUID joinLogId() {
        return new UUID(
                getLong(bytes, WireDescriptor.JOIN_LOG_ID_OFFSET),
                getLong(bytes, WireDescriptor.JOIN_LOG_ID_OFFSET + Long.BYTES));
    }

    String joinNode() throws ProtocolException {
        return text(WireDescriptor.JOIN_NAMES_OFFSET, joinNodeLength());
    }

    String joinKeyspace() throws ProtocolException {
        int keyspaceLength = getShort(bytes, WireDescriptor.JOIN_KEYSPACE_LENGTH_OFFSET);
        return text(WireDescriptor.JOIN_NAMES_OFFSET + joinNodeLength(), keyspaceLength);
    }

    String refusalText() throws ProtocolException {
        return text(
                WireDescriptor.REFUSE_TEXT_OFFSET,
                getInt(bytes, WireDescriptor.REFUSE_TEXT_LENGTH_OFFSET));
    }

    void frameInto(FrameBuffer frame) {
        int frameLength = length - WireDescriptor.FRAME_BYTES_OFFSET;
        frame.ensureCapacity(frameLength);
        System.arraycopy(bytes, WireDescriptor.FRAME_BYTES_OFFSET, frame.bytes(), 0, frameLength);
        frame.length(frameLength);
    }

    Lineage copyTerms() throws ProtocolException {
        List<Lineage.TermStart> terms = new ArrayList<>();
        for (int at = WireDescriptor.COPY_BEGIN_TERMS_OFFSET;
                at < length;
                at += WireDescriptor.COPY_TERM_LENGTH) {
            terms.add(new Lineage.TermStart(getLong(bytes, at), getLong(bytes, at + Long.BYTES)));
        }
        try {
            return new Lineage(terms);
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("a copy's " + e.getMessage());
        }
    }

    int copyPartLength() {
        return length - WireDescriptor.COPY_PART_BYTES_OFFSET;
    }

    /** The checksum of a copy's part as it arrived. */
    int copyPartCrc() {
        return MessageWriter.crc(bytes, WireDescriptor.COPY_PART_BYTES_OFFSET, copyPartLength());
    }

    private int joinNodeLength() {
        return getShort(bytes, WireDescriptor.JOIN_NODE_LENGTH_OFFSET);
    }

    private String text(int offset, int textLength) throws ProtocolException {
        if (textLength < 0 || textLength > length - offset) {
            throw new ProtocolException(
                    "text length=" + textLength + ", expected 0 to " + (length - offset));
        }
        // What comes from outside is to be logged: a line break in it must not forge a log line.
        return new String(bytes, offset, textLength, StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "?");
    }
}
