package io.hotpair.replication.ratis;

import org.jspecify.annotations.Nullable;

/**
 * The leading voter did not take a change into the log. Ratis carries only the message of such an
 * exception to the caller, so that is where it is known by.
 */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final String MARK = "hotpair-refused";

    RefusedException(String why) {
        super(MARK + ": " + why, null, false, false);
    }

    static boolean isIn(@Nullable Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            String message = t.getMessage();
            if (message != null && message.contains(MARK)) {
                return true;
            }
        }
        return false;
    }
}
