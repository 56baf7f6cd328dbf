package io.hotpair;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;

/**
 * A snapshot in a file: a keyspace as it was after one operation. Immutable.
 *
 * @param opId the last operation that it shows
 * @param term the term in which that operation was made
 * @param time when it was begun
 * @param file where it is
 * @param lengthBytes how long the file is
 * @param operationCount how many operations it consists of: one for each key, more for large values
 */
public record SavedSnapshot(
        long opId, long term, Instant time, Path file, long lengthBytes, long operationCount) {

    /**
     * Checks what is given.
     *
     * @param opId the last operation that it shows
     * @param term the term in which that operation was made
     * @param time when it was begun
     * @param file where it is
     * @param lengthBytes how long the file is
     * @param operationCount how many operations it consists of
     */
    public SavedSnapshot {
        Objects.requireNonNull(time, "time");
        Objects.requireNonNull(file, "file");
    }
}
