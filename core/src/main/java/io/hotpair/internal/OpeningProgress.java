package io.hotpair.internal;

import io.hotpair.Progress;

/**
 * How far the opening of a keyspace is, over all its parts: the log is read, then a snapshot is
 * loaded and what was logged after it. How much the last two are is known only when the first is
 * done: then the total grows, once.
 */
final class OpeningProgress implements Progress {
    /** Who is told is told of each so many bytes, and of every beginning and end. */
    private static final long STEP_BYTES = 1024 * 1024;

    private final Progress to;
    private long before;
    private long done;
    private long total;
    private long told;

    OpeningProgress(Progress to) {
        this.to = to;
    }

    /** A part begins, and what was done until now stays done. */
    void begin(long totalBytes) {
        before += done;
        done = 0;
        total = totalBytes;
        tell();
    }

    /** So much of the present part is done; never less than before. */
    void at(long doneBytes) {
        done = Math.max(done, doneBytes);
        if (done >= total || done - told >= STEP_BYTES) {
            tell();
        }
    }

    /** So much was done in addition. */
    void add(long bytes) {
        at(done + bytes);
    }

    /** All is done. */
    void end() {
        at(total);
    }

    @Override
    public void at(long doneBytes, long totalBytes) {
        total = totalBytes;
        at(doneBytes);
    }

    private void tell() {
        told = done;
        to.at(before + done, Math.max(before + done, before + total));
    }
}
