package io.hotpair.replication.ratis;

/** This voter does not lead, or not yet. Whoever asked should look for the one that does. */
final class NotLeadingException extends Exception {
    private static final long serialVersionUID = 1L;

    NotLeadingException(String message) {
        // Not a fault, and thrown often while leaders change: no stack trace.
        super(message, null, false, false);
    }
}
