package io.hotpair.persistence;

import org.jspecify.annotations.Nullable;

/** Releases one thing after the other, all of them even if some fail. */
final class Release {
    private @Nullable Throwable failure;

    /** Runs a step, unless there is none; keeps what it throws. */
    void run(@Nullable AutoCloseable step) {
        if (step == null) {
            return;
        }
        try {
            step.close();
        } catch (Exception | Error e) {
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
        }
    }

    boolean isClean() {
        return failure == null;
    }

    /**
     * Says what went wrong, if something did.
     *
     * @throws io.hotpair.HotpairException {@code LOG_FAILED}
     */
    void throwAs(String message) {
        if (failure != null) {
            throw Failures.logFailed(message + ": " + failure, failure);
        }
    }
}
