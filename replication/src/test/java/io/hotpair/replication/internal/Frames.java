package io.hotpair.replication.internal;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.MemoryLog;
import io.hotpair.log.OperationType;
import java.nio.charset.StandardCharsets;

/** Frames for tests. */
final class Frames {
    private Frames() {}

    /** Appends one frame with an operation for each key, the key being its value. */
    static void append(MemoryLog log, FrameEncoder encoder, long term, String... keys) {
        log.append(of(encoder, term, log.lastOpId(), keys));
    }

    /** One sealed frame with an operation for each key. */
    static FrameBuffer of(FrameEncoder encoder, long term, long previousOpId, String... keys) {
        encoder.begin(term, previousOpId);
        long opId = previousOpId;
        for (String key : keys) {
            byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
            int at = encoder.beginOperation(OperationType.SET, ++opId, 0, bytes.length, 0);
            System.arraycopy(bytes, 0, encoder.bytes(), at, bytes.length);
            encoder.commitOperation();
        }
        return encoder.seal(1);
    }
}
