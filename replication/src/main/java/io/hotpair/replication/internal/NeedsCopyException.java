package io.hotpair.replication.internal;

import java.io.IOException;

/** This replica can't resume from its log. */
final class NeedsCopyException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The last opId of this log that the master has as well. */
    private final long sharedOpId;

    NeedsCopyException(long sharedOpId, String message) {
        super(message);
        this.sharedOpId = sharedOpId;
    }

    long sharedOpId() {
        return sharedOpId;
    }
}
