package io.hotpair.replication.internal;

import java.nio.file.Path;

/** Told of what a replica's session comes to. */
interface FollowerListener {

    /**
     * A tail was cut.
     *
     * @param fromOpId the last opId before the cut
     * @param toOpId the last opId that stays
     * @param savedTo where the tail went
     * @param durationNs how long it took
     */
    void onCut(long fromOpId, long toOpId, Path savedTo, long durationNs);

    /**
     * The logs agree and frames may come.
     *
     * @param opId the resume point
     */
    void onResumed(long opId);
}
