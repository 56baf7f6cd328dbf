package io.hotpair.replication.internal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A full copy can't be taken here, or is no good. The node is as it was, and tries again; a person
 * may have to see to it.
 */
final class CopyException extends IOException {
    private static final long serialVersionUID = 1L;

    CopyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
