package io.hotpair;

/**
 * What the references of consumer groups mean to an entry of a stream that is to be deleted: that
 * it is pending, and that it has yet to be read.
 *
 * @see <a href="https://redis.io/docs/latest/commands/xdelex/">Redis, XDELEX</a>
 */
public enum StreamDeletionPolicy {
    /** The entry goes, and is pending as before; Redis's {@code KEEPREF}. */
    KEEP_REFERENCES,
    /** The entry goes, and is not pending any more in any group; Redis's {@code DELREF}. */
    DELETE_REFERENCES,
    /** The entry goes if all groups have read and acknowledged it; Redis's {@code ACKED}. */
    ACKNOWLEDGED
}
