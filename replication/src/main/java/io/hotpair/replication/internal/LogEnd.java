package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;

/**
 * The frame that a log has at an opId: what two logs compare to find out whether they are the same
 * there.
 *
 * @param firstOpId the frame's first opId, 0 if there is no such frame
 * @param lastOpId the frame's last opId
 * @param crc its checksum; of its last part if it has several
 */
record LogEnd(long firstOpId, long lastOpId, int crc) {

    private static final LogEnd NONE = new LogEnd(0, 0, 0);

    /**
     * Reads the frame that holds an opId.
     *
     * @param log the log
     * @param opId the opId; at most the log's last one
     * @return what identifies the frame; nothing if the log begins later, as it does right behind
     *     this opId where it was shortened that far
     * @throws io.hotpair.HotpairException {@code CORRUPTION}
     */
    static LogEnd at(OperationLog log, long opId) {
        if (opId == 0) {
            return NONE;
        }
        FrameBuffer frame = new FrameBuffer();
        try (OperationSource source = log.openSource()) {
            source.seekAfter(opId - 1);
            while (source.poll(frame)) {
                if (FrameDescriptor.lastOpId(frame) >= opId && FrameDescriptor.isComplete(frame)) {
                    return new LogEnd(
                            FrameDescriptor.firstOpId(frame),
                            FrameDescriptor.lastOpId(frame),
                            FrameDescriptor.crc(frame));
                }
            }
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NOT_RETAINED) {
                throw e;
            }
        }
        return NONE;
    }

    /** The highest term of a history that is not above a given one; 0 if there is none. */
    static long floorTerm(Lineage lineage, long term) {
        long floor = 0;
        for (Lineage.TermStart start : lineage.terms()) {
            if (start.term() <= term) {
                floor = start.term();
            }
        }
        return floor;
    }
}
