package io.hotpair.replication.internal;

import java.io.IOException;

/** The other end said something that it must not. The connection is closed. */
final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String message) {
        super(message);
    }
}
