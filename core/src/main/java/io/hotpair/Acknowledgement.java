package io.hotpair;

/**
 * How far a write has come when its call returns. {@link #DISK} and {@link #PEER} include {@link
 * #LOG}, but not each other; {@link #PEER_DISK} includes both.
 *
 * <p>A time-out while waiting means "unknown", never "failed": the write is in the keyspace and may
 * still reach the level.
 */
public enum Acknowledgement {
    /** Published in this JVM's memory. A crash of the process may lose it. */
    MEMORY,

    /**
     * In the log's mapped page as well: survives a crash of the process, not of the machine. The
     * default of a keyspace with a log.
     */
    LOG,

    /**
     * Forced to this node's device as well: survives a crash of the machine. One force serves all
     * who wait at that time, so this costs each of many writers little more than a few; a lone
     * writer waits for the device every time.
     */
    DISK,

    /**
     * In the log of every member of the in-sync set as well. While the set has one member only, the
     * write is forced to that member's device instead.
     */
    PEER,

    /**
     * Forced to the device of every member of the in-sync set: survives a crash of all machines at
     * once. One force on each serves all who wait at that time.
     */
    PEER_DISK;

    /**
     * Whether only a keyspace that is one of a pair has this level.
     *
     * @return whether
     */
    public boolean needsPeer() {
        return this == PEER || this == PEER_DISK;
    }
}
