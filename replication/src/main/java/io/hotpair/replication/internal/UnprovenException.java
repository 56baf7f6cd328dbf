package io.hotpair.replication.internal;

import java.io.IOException;

/**
 * The other end did not prove that it is one of the pair, or did not believe this one. The message
 * goes on after its name or address.
 */
final class UnprovenException extends IOException {
    private static final long serialVersionUID = 1L;

    UnprovenException(String message) {
        super(message);
    }
}
