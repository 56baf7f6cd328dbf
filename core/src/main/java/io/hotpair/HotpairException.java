package io.hotpair;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The one exception for what the environment does to a keyspace: memory that is full, a log that
 * failed, a role that was lost. A caller's mistake is an {@link IllegalArgumentException} or {@link
 * IllegalStateException} instead.
 */
public final class HotpairException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, for code that must tell one failure from another. */
    public enum Category {
        /** The keyspace's memory limit leaves no room for the write. Nothing was changed. */
        MEMORY_LIMIT,
        /** This node is not the master, so it takes no writes. Nothing was changed. */
        NOT_MASTER,
        /**
         * The write is in memory, but the level asked for was not reached in time or the lease
         * ended meanwhile: it may or may not survive.
         */
        OUTCOME_UNKNOWN,
        /** Too few members are in sync for the write to be taken. Nothing was changed. */
        NOT_ENOUGH_REPLICAS,
        /** The log can't keep up, and the write waited in vain for room. Nothing was changed. */
        BUSY,
        /**
         * This node is replacing what it has in memory by a full copy of what the master has. Until
         * it is complete nothing is read here and nothing written; the log is whole at any time.
         */
        LOADING,
        /** The log can't be written any more; the keyspace takes no writes until it is reopened. */
        LOG_FAILED,
        /**
         * The log's file system has too little room left. Nothing was changed, reads go on, and
         * writes are taken again when there is room.
         */
        DISK_FULL,
        /** What was read back is not what was written. Names the place and both checksums. */
        CORRUPTION,
        /** Another keyspace, in this JVM or another, has the directory open. */
        DIRECTORY_IN_USE,
        /**
         * The directory is that of a node of a pair, and was to be opened without its pair. Nothing
         * was changed; see {@link KeyspaceBuilder#apartFromPair}.
         */
        NODE_OF_PAIR,
        /** The log no longer (or not yet) holds the operations that were asked for. */
        NOT_RETAINED,
        /** The JVM was started without a flag that the log needs; the message names the flags. */
        MISSING_JVM_FLAG,
        /**
         * A value that is not what the operation works on, such as text where a number is needed.
         */
        WRONG_VALUE,
        /** The key holds a value of another type than the operation works on. */
        WRONG_TYPE,
        /** A socket, a port or a peer that can't be reached or used. */
        NETWORK,
        /** The consensus engine did not answer, or refused. */
        CONSENSUS,
        /** A format version that this build does not know. */
        UNKNOWN_VERSION
    }

    /** What went wrong. */
    private final Category category;

    /**
     * Creates one.
     *
     * @param category what went wrong
     * @param message a sentence that says what, where, and what was expected
     */
    public HotpairException(Category category, String message) {
        this(category, message, null);
    }

    /**
     * Creates one with its cause.
     *
     * @param category what went wrong
     * @param message a sentence that says what, where, and what was expected
     * @param cause what led to it, or null
     */
    public HotpairException(Category category, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.category = Objects.requireNonNull(category, "category");
    }

    /**
     * What went wrong.
     *
     * @return the category
     */
    public Category category() {
        return category;
    }

    // The message alone is what people and clients are shown; a stack trace says the category, too.
    @SuppressWarnings("OverrideThrowableToString")
    @Override
    public String toString() {
        return getClass().getName() + ": " + category + ": " + getMessage();
    }
}
