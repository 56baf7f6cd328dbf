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
     * The master has begun to send a full copy.
     *
     * @param opId the last one that it shows
     * @param length of it, bytes
     */
    void onCopyBegun(long opId, long length);

    /**
     * A full copy has taken the place of everything.
     *
     * @param opId the last one that it shows
     * @param length of it, bytes
     * @param durationNs since it was begun
     * @param savedTo where the part of the old log is that the master does not have
     */
    void onCopied(long opId, long length, long durationNs, Path savedTo);

    /**
     * The logs agree, and frames may come, unless the master refuses.
     *
     * @param opId the resume point
     */
    void onResumed(long opId);
}
