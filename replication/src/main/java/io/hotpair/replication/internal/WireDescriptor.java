package io.hotpair.replication.internal;

import io.hotpair.log.FrameDescriptor;

/**
 * The bytes between a replica and its master. The format document is {@code
 * replication/docs/wire-format.md}; a test holds the two together. Little-endian throughout.
 *
 * <p>A connection begins with greetings and proofs of fixed length, then carries messages. Nothing
 * of variable length is read before the proofs have been checked.
 */
final class WireDescriptor {
    /** "HPR1", read as a little-endian int. */
    static final int GREETING_MAGIC = 0x31525048;

    static final int VERSION = 1;

    static final int GREETING_MAGIC_OFFSET = 0;
    static final int GREETING_VERSION_OFFSET = 4;
    static final int GREETING_FLAGS_OFFSET = 6;
    static final int GREETING_NONCE_OFFSET = 8;
    static final int NONCE_LENGTH = 32;
    static final int GREETING_LENGTH = GREETING_NONCE_OFFSET + NONCE_LENGTH;

    /** The sender knows a shared secret, so a proof follows. */
    static final int FLAG_SECRET = 1;

    static final int PROOF_LENGTH = 32;

    static final int LENGTH_OFFSET = 0;
    static final int TYPE_OFFSET = 4;
    static final int RESERVED_OFFSET = 6;
    static final int TERM_OFFSET = 8;
    static final int INCARNATION_OFFSET = 16;
    static final int HEADER_LENGTH = 24;

    /** Replica: who I am, and which log I have. */
    static final int JOIN = 1;

    static final int JOIN_LOG_ID_OFFSET = 24;
    static final int JOIN_NODE_LENGTH_OFFSET = 40;
    static final int JOIN_KEYSPACE_LENGTH_OFFSET = 42;
    static final int JOIN_NAMES_OFFSET = 44;
    static final int MAX_NAME_LENGTH = 64;

    /** Replica: a term's part of my log ends here; how much of that do you have? */
    static final int PROBE = 2;

    static final int PROBE_TERM_OFFSET = 24;
    static final int PROBE_OP_ID_OFFSET = 32;
    static final int PROBE_LENGTH = 40;

    /** Master: this much, and there I have this term. */
    static final int COMMON = 3;

    static final int COMMON_OP_ID_OFFSET = 24;
    static final int COMMON_TERM_OFFSET = 32;
    static final int COMMON_LENGTH = 40;

    /** Replica: my log ends here now; send what comes after. */
    static final int FOLLOW = 4;

    static final int FOLLOW_OP_ID_OFFSET = 24;
    static final int FOLLOW_FRAME_FIRST_OFFSET = 32;
    static final int FOLLOW_FRAME_CRC_OFFSET = 40;
    static final int FOLLOW_RESERVED_OFFSET = 44;
    static final int FOLLOW_LENGTH = 48;

    /** Master: a frame of the log, verbatim. */
    static final int FRAME = 5;

    static final int FRAME_BYTES_OFFSET = 24;

    /** Master: I am here, and this far. */
    static final int HEARTBEAT = 6;

    static final int HEARTBEAT_LAST_OFFSET = 24;
    static final int HEARTBEAT_COMMITTED_OFFSET = 32;
    static final int HEARTBEAT_LENGTH = 40;

    /** Replica: everything up to here is in my log. */
    static final int ACK = 7;

    static final int ACK_OP_ID_OFFSET = 24;
    static final int ACK_FRAMES_OFFSET = 32;
    static final int ACK_FORCED_OFFSET = 40;
    static final int ACK_LENGTH = 48;

    /** Master: I will not feed you, because. */
    static final int REFUSE = 8;

    static final int REFUSE_REASON_OFFSET = 24;
    static final int REFUSE_TEXT_LENGTH_OFFSET = 28;
    static final int REFUSE_TEXT_OFFSET = 32;
    static final int MAX_TEXT_LENGTH = 480;

    /** Replica: I can't resume; send a full copy that shows at least this opId. */
    static final int COPY = 9;

    static final int COPY_OP_ID_OFFSET = 24;
    static final int COPY_LENGTH = 32;

    /** Master: this is the copy that comes, and these terms wrote what it shows. */
    static final int COPY_BEGIN = 10;

    static final int COPY_BEGIN_BYTES_OFFSET = 24;
    static final int COPY_BEGIN_OP_ID_OFFSET = 32;
    static final int COPY_BEGIN_TERMS_OFFSET = 40;

    /** A term, and its first opId. */
    static final int COPY_TERM_LENGTH = 2 * Long.BYTES;

    /** Older ones are left out: without them two histories part earlier than they did. */
    static final int MAX_COPY_TERMS = 4096;

    /** Master: a part of the copy. */
    static final int COPY_PART = 11;

    static final int COPY_PART_POSITION_OFFSET = 24;
    static final int COPY_PART_CRC_OFFSET = 32;
    static final int COPY_PART_RESERVED_OFFSET = 36;
    static final int COPY_PART_BYTES_OFFSET = 40;
    static final int MAX_COPY_PART_LENGTH = 64 * 1024;

    /** Replica: so much of the copy is in my file; when it is all, also: I am still at work. */
    static final int COPY_ACK = 12;

    static final int COPY_ACK_BYTES_OFFSET = 24;
    static final int COPY_ACK_LENGTH = 32;

    /** Master: somebody waits for this to be on your device. */
    static final int FORCE = 13;

    static final int FORCE_OP_ID_OFFSET = 24;
    static final int FORCE_LENGTH = 32;

    /** Replica: everything up to here is on my device. */
    static final int FORCED = 14;

    static final int FORCED_OP_ID_OFFSET = 24;
    static final int FORCED_LENGTH = 32;

    /** No message but a frame and those of a copy is longer. */
    static final int MAX_SMALL_LENGTH = 512;

    private WireDescriptor() {}

    /** Whether a length that was read can be that of a message of that type. */
    static boolean lengthFits(int type, int length) {
        return switch (type) {
            case JOIN ->
                    length >= JOIN_NAMES_OFFSET + 2
                            && length <= JOIN_NAMES_OFFSET + 2 * MAX_NAME_LENGTH;
            case PROBE -> length == PROBE_LENGTH;
            case COMMON -> length == COMMON_LENGTH;
            case FOLLOW -> length == FOLLOW_LENGTH;
            case FRAME ->
                    length >= FRAME_BYTES_OFFSET + FrameDescriptor.HEADER_LENGTH
                            && length <= FRAME_BYTES_OFFSET + FrameDescriptor.MAX_LENGTH;
            case HEARTBEAT -> length == HEARTBEAT_LENGTH;
            case ACK -> length == ACK_LENGTH;
            case REFUSE ->
                    length >= REFUSE_TEXT_OFFSET && length <= REFUSE_TEXT_OFFSET + MAX_TEXT_LENGTH;
            case COPY -> length == COPY_LENGTH;
            case COPY_BEGIN ->
                    length > COPY_BEGIN_TERMS_OFFSET
                            && length <= COPY_BEGIN_TERMS_OFFSET + MAX_COPY_TERMS * COPY_TERM_LENGTH
                            && (length - COPY_BEGIN_TERMS_OFFSET) % COPY_TERM_LENGTH == 0;
            case COPY_PART ->
                    length > COPY_PART_BYTES_OFFSET
                            && length <= COPY_PART_BYTES_OFFSET + MAX_COPY_PART_LENGTH;
            case COPY_ACK -> length == COPY_ACK_LENGTH;
            case FORCE -> length == FORCE_LENGTH;
            case FORCED -> length == FORCED_LENGTH;
            default -> false;
        };
    }
}
