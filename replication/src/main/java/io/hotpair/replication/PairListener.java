package io.hotpair.replication;

/** Told of what happens to a node's role. */
@FunctionalInterface
public interface PairListener {

    /**
     * Something happened. Called in a thread of replication, one call at a time: it must be short
     * and must not block. What it throws is logged and otherwise ignored.
     *
     * @param event what happened
     */
    void onEvent(PairEvent event);
}
