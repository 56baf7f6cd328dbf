package io.hotpair.replication.internal;

import java.io.IOException;

/** The master will not feed this replica. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    private final RefusalReason reason;

    RefusedException(RefusalReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    RefusalReason reason() {
        return reason;
    }
}
