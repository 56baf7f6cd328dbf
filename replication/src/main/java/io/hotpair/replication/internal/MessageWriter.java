package io.hotpair.replication.internal;

import static io.hotpair.log.FrameDescriptor.putInt;
import static io.hotpair.log.FrameDescriptor.putLong;
import static io.hotpair.log.FrameDescriptor.putShort;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Collects messages that go out together. One end of one session writes to it, so term and
 * incarnation are always the same. Not thread-safe.
 */
final class MessageWriter {
    private static final int INITIAL_CAPACITY = 4096;

    private final long term;
    private final long incarnation;
    private byte[] bytes = new byte[INITIAL_CAPACITY];
    private int length;

    MessageWriter(long term, long incarnation) {
        this.term = term;
        this.incarnation = incarnation;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    void join(UUID logId, String node, String keyspace) {
        byte[] nodeBytes = node.getBytes(StandardCharsets.UTF_8);
        byte[] keyspaceBytes = keyspace.getBytes(StandardCharsets.UTF_8);
        int nodeOffset = WireDescriptor.JOIN_NAMES_OFFSET;
        int total = nodeOffset + nodeBytes.length + keyspaceBytes.length;
        int at = begin(WireDescriptor.JOIN, total);
        putLong(bytes, at + WireDescriptor.JOIN_LOG_ID_OFFSET, logId.getMostSignificantBits());
        putLong(
                bytes,
                at + WireDescriptor.JOIN_LOG_ID_OFFSET + Long.BYTES,
                logId.getLeastSignificantBits());
        putShort(bytes, at + WireDescriptor.JOIN_NODE_LENGTH_OFFSET, nodeBytes.length);
        putShort(bytes, at + WireDescriptor.JOIN_KEYSPACE_LENGTH_OFFSET, keyspaceBytes.length);
        System.arraycopy(nodeBytes, 0, bytes, at + nodeOffset, nodeBytes.length);
        System.arraycopy(
                keyspaceBytes, 0, bytes, at + nodeOffset + nodeBytes.length, keyspaceBytes.length);
    }

    void probe(long lastTerm, long lastOpId) {
        int at = begin(WireDescriptor.PROBE, WireDescriptor.PROBE_LENGTH);
        putLong(bytes, at + WireDescriptor.PROBE_TERM_OFFSET, lastTerm);
        putLong(bytes, at + WireDescriptor.PROBE_OP_ID_OFFSET, lastOpId);
    }

    void common(long opId, long termThere) {
        int at = begin(WireDescriptor.COMMON, WireDescriptor.COMMON_LENGTH);
        putLong(bytes, at + WireDescriptor.COMMON_OP_ID_OFFSET, opId);
        putLong(bytes, at + WireDescriptor.COMMON_TERM_OFFSET, termThere);
    }

    void follow(long opId, long frameFirstOpId, int frameCrc) {
        int at = begin(WireDescriptor.FOLLOW, WireDescriptor.FOLLOW_LENGTH);
        putLong(bytes, at + WireDescriptor.FOLLOW_OP_ID_OFFSET, opId);
        putLong(bytes, at + WireDescriptor.FOLLOW_FRAME_FIRST_OFFSET, frameFirstOpId);
        putInt(bytes, at + WireDescriptor.FOLLOW_FRAME_CRC_OFFSET, frameCrc);
        putInt(bytes, at + WireDescriptor.FOLLOW_RESERVED_OFFSET, 0);
    }

    void frame(FrameBuffer frame) {
        int at = begin(WireDescriptor.FRAME, WireDescriptor.FRAME_BYTES_OFFSET + frame.length());
        System.arraycopy(
                frame.bytes(), 0, bytes, at + WireDescriptor.FRAME_BYTES_OFFSET, frame.length());
    }

    void heartbeat(long lastOpId, long committedOpId) {
        int at = begin(WireDescriptor.HEARTBEAT, WireDescriptor.HEARTBEAT_LENGTH);
        putLong(bytes, at + WireDescriptor.HEARTBEAT_LAST_OFFSET, lastOpId);
        putLong(bytes, at + WireDescriptor.HEARTBEAT_COMMITTED_OFFSET, committedOpId);
    }

    void acknowledge(long opId, long frames, long forcedOpId) {
        int at = begin(WireDescriptor.ACK, WireDescriptor.ACK_LENGTH);
        putLong(bytes, at + WireDescriptor.ACK_OP_ID_OFFSET, opId);
        putLong(bytes, at + WireDescriptor.ACK_FRAMES_OFFSET, frames);
        putLong(bytes, at + WireDescriptor.ACK_FORCED_OFFSET, forcedOpId);
    }

    void force(long opId) {
        int at = begin(WireDescriptor.FORCE, WireDescriptor.FORCE_LENGTH);
        putLong(bytes, at + WireDescriptor.FORCE_OP_ID_OFFSET, opId);
    }

    void forced(long opId) {
        int at = begin(WireDescriptor.FORCED, WireDescriptor.FORCED_LENGTH);
        putLong(bytes, at + WireDescriptor.FORCED_OP_ID_OFFSET, opId);
    }

    void copy(long opId) {
        int at = begin(WireDescriptor.COPY, WireDescriptor.COPY_LENGTH);
        putLong(bytes, at + WireDescriptor.COPY_OP_ID_OFFSET, opId);
    }

    void copyBegin(long copyLength, long opId, List<Lineage.TermStart> terms) {
        int termsOffset = WireDescriptor.COPY_BEGIN_TERMS_OFFSET;
        int at =
                begin(
                        WireDescriptor.COPY_BEGIN,
                        termsOffset + terms.size() * WireDescriptor.COPY_TERM_LENGTH);
        putLong(bytes, at + WireDescriptor.COPY_BEGIN_BYTES_OFFSET, copyLength);
        putLong(bytes, at + WireDescriptor.COPY_BEGIN_OP_ID_OFFSET, opId);
        int next = at + termsOffset;
        for (Lineage.TermStart start : terms) {
            putLong(bytes, next, start.term());
            putLong(bytes, next + Long.BYTES, start.firstOpId());
            next += WireDescriptor.COPY_TERM_LENGTH;
        }
    }

    void copyPart(long position, byte[] part, int partLength) {
        int bytesOffset = WireDescriptor.COPY_PART_BYTES_OFFSET;
        int at = begin(WireDescriptor.COPY_PART, bytesOffset + partLength);
        putLong(bytes, at + WireDescriptor.COPY_PART_POSITION_OFFSET, position);
        putInt(bytes, at + WireDescriptor.COPY_PART_CRC_OFFSET, crc(part, 0, partLength));
        putInt(bytes, at + WireDescriptor.COPY_PART_RESERVED_OFFSET, 0);
        System.arraycopy(part, 0, bytes, at + bytesOffset, partLength);
    }

    static int crc(byte[] part, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(part, offset, length);
        return (int) crc.getValue();
    }

    void copyAcknowledge(long written) {
        int at = begin(WireDescriptor.COPY_ACK, WireDescriptor.COPY_ACK_LENGTH);
        putLong(bytes, at + WireDescriptor.COPY_ACK_BYTES_OFFSET, written);
    }

    void refuse(RefusalReason reason, String sentence) {
        byte[] text = sentence.getBytes(StandardCharsets.UTF_8);
        int textLength = Math.min(text.length, WireDescriptor.MAX_TEXT_LENGTH);
        int at = begin(WireDescriptor.REFUSE, WireDescriptor.REFUSE_TEXT_OFFSET + textLength);
        putInt(bytes, at + WireDescriptor.REFUSE_REASON_OFFSET, reason.code());
        putInt(bytes, at + WireDescriptor.REFUSE_TEXT_LENGTH_OFFSET, textLength);
        System.arraycopy(text, 0, bytes, at + WireDescriptor.REFUSE_TEXT_OFFSET, textLength);
    }

    private int begin(int type, int messageLength) {
        int at = length;
        if (bytes.length < at + messageLength) {
            bytes = Arrays.copyOf(bytes, Math.max(at + messageLength, bytes.length * 2));
        }
        putInt(bytes, at + WireDescriptor.LENGTH_OFFSET, messageLength);
        putShort(bytes, at + WireDescriptor.TYPE_OFFSET, type);
        putShort(bytes, at + WireDescriptor.RESERVED_OFFSET, 0);
        putLong(bytes, at + WireDescriptor.TERM_OFFSET, term);
        putLong(bytes, at + WireDescriptor.INCARNATION_OFFSET, incarnation);
        length = at + messageLength;
        return at;
    }
}
