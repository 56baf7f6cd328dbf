package io.hotpair.replication;

/**
 * One thing that happened to a node's role. The same is written to the log, one line each.
 *
 * @param kind what happened
 * @param atMs when, by the wall clock, milliseconds since 1970
 * @param node the node that tells it
 * @param term the term in which it happened
 * @param opId the opId that it is about, as {@link Kind} says; 0 if none
 * @param operations how many operations it is about, as {@link Kind} says; 0 if none
 * @param durationNs how long it took, as {@link Kind} says; 0 if that means nothing
 * @param text a sentence for people
 */
public record PairEvent(
        Kind kind,
        long atMs,
        String node,
        long term,
        long opId,
        long operations,
        long durationNs,
        String text) {

    /** What can happen. */
    public enum Kind {
        /**
         * The node's incarnation is in the register: from here on it may take part. The opId is the
         * last one in its log.
         */
        REGISTERED,
        /** The connection to the master broke. The opId is the last one received. */
        MASTER_LOST,
        /**
         * The master's lease has ended, so this node stands for master. The duration runs from the
         * last message that came from the master.
         */
        MASTER_DETECTED_DEAD,
        /**
         * The register has this node as the term's master. The opId is the last one before the
         * term; the duration runs from when it began to stand.
         */
        ELECTED,
        /**
         * The first write is possible. The opId is that of the term's barrier; the duration runs
         * from when it began to stand.
         */
        PROMOTED,
        /** This node is master no longer. The opId is the last one in its log. */
        DEMOTED,
        /**
         * A tail that the pair does not share was cut from the log and saved. The opId is the last
         * one that stays, operations how many opIds were cut, the duration how long it took.
         */
        CUT,
        /**
         * This node follows the master by resuming from its log. The opId is the resume point, the
         * duration runs from the first attempt to connect.
         */
        RESUMED,
        /**
         * This node can't resume from its log, and the master has begun to send a full copy. The
         * opId is the last one that the copy shows.
         */
        FULL_COPY_BEGUN,
        /**
         * A full copy has taken the place of this node's log and memory. The opId is the last one
         * that it shows, the duration runs from its first byte.
         */
        FULL_COPY_LOADED,
        /** The in-sync set changed; the text says to what. The opId is the last one in the log. */
        IN_SYNC_CHANGED,
        /**
         * Every voter takes part and every data node is in sync: any single node may fail. Told
         * again each time it becomes so after {@link #HA_LOST}.
         */
        HA_READY,
        /**
         * What {@link #HA_READY} told has not been so for a second; the text says why not. The
         * duration runs from when it was last so. If it lasts, {@link #OUT_OF_SYNC}, {@link
         * #VOTERS_SILENT} or {@link #ALARM} says what a person has to see to.
         */
        HA_LOST,
        /**
         * Data nodes have not been in sync for 10 s; the text names each, says why as far as this
         * node knows, and what follows. Told by each node that reaches the register, while it does,
         * again every minute for as long as it is so.
         */
        OUT_OF_SYNC,
        /** Data nodes of which {@link #OUT_OF_SYNC} told are in sync again; the text says which. */
        BACK_IN_SYNC,
        /**
         * Voters are silent: so many that none can decide any more, or fewer; the text names each
         * with its address, and says what follows. Told again every 30 s for as long as it is so.
         */
        VOTERS_SILENT,
        /** Voters that were silent answer again; the text says which. */
        VOTERS_BACK,
        /** Something is wrong that this node can't put right by itself; the text says what. */
        ALARM
    }
}
