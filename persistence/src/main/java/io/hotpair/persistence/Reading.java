package io.hotpair.persistence;

import io.hotpair.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says how far the reading of a log is, to its opener and in the application's log. */
final class Reading {
    private static final Logger LOG = LoggerFactory.getLogger(Reading.class);
    private static final long REPORT_NS = 5_000_000_000L;

    /** The callback is told of each so many bytes. */
    private static final long STEP_BYTES = 4 * 1024 * 1024;

    private final Path home;
    private final Progress progress;
    private final long beganNs = System.nanoTime();
    private long reportedNs = beganNs;
    private long totalBytes;
    private long doneBytes;
    private long told;

    Reading(Path home, Progress progress) {
        this.home = home;
        this.progress = progress;
    }

    /** What there is to read at most. */
    void begin(List<Path> files) throws IOException {
        for (Path file : files) {
            totalBytes += Files.size(file);
        }
    }

    /** So much of the present segment is done. */
    void at(long position) {
        if (doneBytes + position - told >= STEP_BYTES) {
            tell(doneBytes + position);
        }
    }

    /** The present segment is done, read or skipped. */
    void segmentDone(long fileLength) {
        doneBytes = Math.min(totalBytes, doneBytes + fileLength);
        tell(doneBytes);
    }

    /** All is done. */
    void end() {
        tell(totalBytes);
        long tookNs = System.nanoTime() - beganNs;
        if (tookNs > REPORT_NS) {
            LOG.info("log={}: read in {} ms", home, tookNs / 1_000_000);
        }
    }

    private void tell(long done) {
        told = done;
        progress.at(done, totalBytes);
        if (System.nanoTime() - reportedNs > REPORT_NS) {
            reportedNs = System.nanoTime();
            LOG.info(
                    "log={}: reading, {} % of {} bytes",
                    home, totalBytes == 0 ? 100 : done * 100 / totalBytes, totalBytes);
        }
    }
}
