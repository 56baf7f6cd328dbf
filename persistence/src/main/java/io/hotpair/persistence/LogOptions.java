package io.hotpair.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * What a log takes from its surroundings, so that a test can supply it.
 *
 * @param wallClockMs milliseconds since 1970; may step back
 * @param freeSpace how much of the file system may still be used
 * @param bootId names the boot of the machine; empty if the system does not tell
 * @param watermarkBytes below this much free space the log stops
 * @param segmentBytes a segment that has so much gets no further operation
 * @param summaryStepBytes when so much was appended, it is read in the background and summarised
 * @param summaryRoundNs how often that is looked for
 */
record LogOptions(
        LongSupplier wallClockMs,
        FreeSpace freeSpace,
        String bootId,
        long watermarkBytes,
        long segmentBytes,
        long summaryStepBytes,
        long summaryRoundNs) {
    /**
     * Chronicle maps a segment in pieces of this size. A document can have a quarter of it, and a
     * frame of the greatest length, with its header, must fit with room to spare.
     */
    static final int BLOCK_BYTES = 8 * 1024 * 1024;

    /** Small beside the limit of a log, since it is shortened by segments; large beside a roll. */
    private static final long SEGMENT_BYTES = 256L << 20;

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /** How much of a file system may still be used. */
    interface FreeSpace {
        long usableBytes(Path directory);
    }

    static LogOptions standard() {
        return new LogOptions(
                System::currentTimeMillis,
                directory -> directory.toFile().getUsableSpace(),
                currentBootId(),
                2L * BLOCK_BYTES,
                SEGMENT_BYTES,
                64L << 20,
                1_000_000_000);
    }

    LogOptions withWallClock(LongSupplier clockMs) {
        return new LogOptions(
                clockMs,
                freeSpace,
                bootId,
                watermarkBytes,
                segmentBytes,
                summaryStepBytes,
                summaryRoundNs);
    }

    LogOptions withFreeSpace(FreeSpace space) {
        return new LogOptions(
                wallClockMs,
                space,
                bootId,
                watermarkBytes,
                segmentBytes,
                summaryStepBytes,
                summaryRoundNs);
    }

    LogOptions withBootId(String id) {
        return new LogOptions(
                wallClockMs,
                freeSpace,
                id,
                watermarkBytes,
                segmentBytes,
                summaryStepBytes,
                summaryRoundNs);
    }

    LogOptions withSegmentBytes(long bytes) {
        return new LogOptions(
                wallClockMs,
                freeSpace,
                bootId,
                watermarkBytes,
                bytes,
                summaryStepBytes,
                summaryRoundNs);
    }

    LogOptions withSummaries(long stepBytes, long roundNs) {
        return new LogOptions(
                wallClockMs, freeSpace, bootId, watermarkBytes, segmentBytes, stepBytes, roundNs);
    }

    private static String currentBootId() {
        try {
            return Files.isReadable(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
        } catch (IOException e) {
            // Only Linux has it. Without it every unclean end is taken for a power cut.
            return "";
        }
    }
}
