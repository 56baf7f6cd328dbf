package io.hotpair.resp;

import java.util.concurrent.TimeUnit;

/**
 * How much may wait for a client that others send to, as Redis's {@code client-output-buffer-limit}
 * says it.
 *
 * @param hardBytes more than this at any time ends the connection; 0 for no such limit
 * @param softBytes more than this for a while ends it; 0 for no such limit
 * @param softSeconds how long that while is
 */
record OutputLimit(long hardBytes, long softBytes, long softSeconds) {
    /** Redis's for subscribers. */
    static final OutputLimit PUBSUB = new OutputLimit(32 << 20, 8 << 20, 60);

    /** No limit. */
    static final OutputLimit NONE = new OutputLimit(0, 0, 0);

    boolean isOverHard(long bytes) {
        return hardBytes > 0 && bytes > hardBytes;
    }

    boolean isOverSoft(long bytes) {
        return softBytes > 0 && bytes > softBytes;
    }

    long softNs() {
        return TimeUnit.SECONDS.toNanos(softSeconds);
    }

    /** As CONFIG GET has it. */
    String text() {
        return hardBytes + " " + softBytes + " " + softSeconds;
    }
}
