package io.hotpair.replication.internal;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.OperationReader;

/**
 * Takes from a frame the operations that a replica has already. Needed for the first frame after a
 * resume only: a torn tail that was cut on recovery may end in the middle of what the master holds
 * as one frame.
 */
final class FrameTrimmer {
    private FrameTrimmer() {}

    /**
     * Gives a frame without its first operations.
     *
     * @param frame a verified whole frame
     * @param opId the last opId that is not wanted; inside the frame
     * @return a frame that follows that opId, with the same term and timestamp, sealed anew
     */
    static FrameBuffer after(FrameBuffer frame, long opId) {
        FrameEncoder encoder = new FrameEncoder();
        encoder.begin(FrameDescriptor.term(frame), opId);
        OperationReader operations = new OperationReader();
        operations.wrap(frame);
        while (operations.next()) {
            if (operations.opId() > opId) {
                encoder.copyCommit(operations);
            }
        }
        return encoder.seal(FrameDescriptor.timestampMs(frame));
    }
}
