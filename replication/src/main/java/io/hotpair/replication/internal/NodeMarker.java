package io.hotpair.replication.internal;

import org.jspecify.annotations.Nullable;

/**
 * What a node has to remember of itself to know, when it starts, whether its log may have lost what
 * it had acknowledged.
 */
interface NodeMarker {

    /**
     * What was remembered.
     *
     * @param bootId the boot of the machine during which this was written
     * @param clean whether the log was forced and nothing was written to it afterwards
     * @param alone whether everything that this node has acknowledged is forced, because it stands
     *     alone in the in-sync set, or is about to
     */
    record Mark(String bootId, boolean clean, boolean alone) {}

    /**
     * Reads it.
     *
     * @return the mark, or null if this directory has never been one of a pair
     */
    @Nullable Mark load();

    /** Replaces it; on return it survives a crash of the machine. */
    void store(Mark mark);

    /** The machine's present boot; never the same after a restart of the machine. */
    String currentBootId();
}
