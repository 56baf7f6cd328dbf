package io.hotpair.persistence;

import io.hotpair.HotpairException;
import org.jspecify.annotations.Nullable;

/** The two failures that nearly every class here can meet. */
final class Failures {
    private Failures() {}

    static HotpairException logFailed(String message, @Nullable Throwable cause) {
        return new HotpairException(HotpairException.Category.LOG_FAILED, message, cause);
    }

    static HotpairException corruption(String message) {
        return new HotpairException(HotpairException.Category.CORRUPTION, message);
    }
}
