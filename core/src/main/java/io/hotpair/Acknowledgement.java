package io.hotpair;

/**
 * How far a write has come when its call returns. Each level includes the ones before it.
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
     * In the log of every member of the in-sync set as well. While the set has one member only, the
     * write is forced to that member's device instead.
     */
    PEER
}
