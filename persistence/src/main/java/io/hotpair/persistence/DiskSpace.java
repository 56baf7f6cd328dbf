package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The room that the file system of a log has left.
 *
 * <p>Below a watermark the log is <em>short of space</em>. It goes on taking what is on its way,
 * and gives back a reserve for that, which it held all the time; its owner refuses what is new. It
 * is short no more when there is room for the reserve again. A log that is short can be opened as
 * long as there is as much as the reserve, so that what it holds can be read.
 *
 * <p>Used by any thread.
 */
final class DiskSpace {
    static final String RESERVE_FILE = "reserve";
    static final int RESERVE_BYTES = 4 * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(DiskSpace.class);
    private static final long CHECK_NS = 50_000_000;

    private final Path home;
    private final Path reserve;
    private final LogOptions options;
    private volatile boolean isShort;
    private volatile long checkedNs;

    /**
     * Finds out how much there is, and takes the reserve if it can.
     *
     * @param home the log's directory
     * @throws HotpairException {@code DISK_FULL} if there is too little to open a log at all
     */
    DiskSpace(Path home, LogOptions options) throws IOException {
        this.home = home;
        this.options = options;
        reserve = home.resolve(RESERVE_FILE);
        check();
        long usable = usableBytes();
        if (isShort && usable < RESERVE_BYTES) {
            throw full(usable, RESERVE_BYTES, null);
        }
        if (!isShort && !isHeld()) {
            holdReserve();
        }
    }

    LogOptions options() {
        return options;
    }

    /** Takes note of it if there is little left. Called from time to time as the log grows. */
    synchronized void check() {
        long usable = usableBytes();
        if (usable >= options.watermarkBytes() || isShort) {
            return;
        }
        LOG.error(
                "log={}: its file system has {} bytes left, below {}: no more writes are taken until"
                        + " there is room again",
                home,
                usable,
                options.watermarkBytes());
        isShort = true;
        giveBack();
    }

    /** Whether there is little left; looks again from time to time while it is so. */
    boolean isShort() {
        if (isShort && System.nanoTime() - checkedNs > CHECK_NS) {
            lookAgain();
        }
        return isShort;
    }

    private synchronized void lookAgain() {
        if (!isShort || System.nanoTime() - checkedNs <= CHECK_NS) {
            return;
        }
        checkedNs = System.nanoTime();
        if (usableBytes() >= options.watermarkBytes() + RESERVE_BYTES && holdReserve()) {
            LOG.info("log={}: there is room again", home);
            isShort = false;
        }
    }

    private void giveBack() {
        try {
            Files.deleteIfExists(reserve);
        } catch (IOException e) {
            LOG.warn("log={}: its reserve can't be given back", home, e);
        }
    }

    private long usableBytes() {
        return options.freeSpace().usableBytes(home);
    }

    private boolean isHeld() throws IOException {
        return Files.exists(reserve) && Files.size(reserve) == RESERVE_BYTES;
    }

    /** Writes the reserve, so that the file system really has it set aside. */
    private boolean holdReserve() {
        try {
            Directories.createFileIfAbsent(reserve);
            try (FileOutputStream out = new FileOutputStream(reserve.toFile())) {
                byte[] zeros = new byte[64 * 1024];
                for (int written = 0; written < RESERVE_BYTES; written += zeros.length) {
                    out.write(zeros);
                }
            }
            return true;
        } catch (IOException e) {
            giveBack();
            LOG.warn("log={}: can't set a reserve of {} bytes aside", home, RESERVE_BYTES, e);
            return false;
        }
    }

    /**
     * What to throw when a file could not be made longer: {@code DISK_FULL} if that is why, else
     * the cause.
     */
    synchronized IOException orFull(IOException cause) {
        String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        long usable = usableBytes();
        if (message.contains("no space left")
                || message.contains("quota")
                || usable < AllocatedFile.STEP_BYTES) {
            isShort = true;
            giveBack();
            throw full(usable, AllocatedFile.STEP_BYTES, cause);
        }
        return cause;
    }

    private HotpairException full(long usable, long expected, @Nullable IOException cause) {
        return new HotpairException(
                HotpairException.Category.DISK_FULL,
                home + ": free space=" + usable + " bytes, expected at least " + expected,
                cause);
    }
}
