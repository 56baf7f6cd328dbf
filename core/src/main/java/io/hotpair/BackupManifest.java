package io.hotpair;

import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * What a backup, or a copy of a keyspace, says of itself. Immutable.
 *
 * @param keyspace the name of the keyspace that it was made of
 * @param logId the identity of the log in it
 * @param created when it was made
 * @param firstOpId the earliest moment that can be restored from it: after this operation; 0 if
 *     that is the empty keyspace
 * @param lastOpId the last operation in it
 * @param lastTerm the term of that operation; 0 if there is none
 * @param lastTime when that operation was logged; when the backup was made if there is none
 */
public record BackupManifest(
        String keyspace,
        UUID logId,
        Instant created,
        long firstOpId,
        long lastOpId,
        long lastTerm,
        Instant lastTime) {

    /**
     * Checks what is given.
     *
     * @param keyspace the name of the keyspace that it was made of
     * @param logId the identity of the log in it
     * @param created when it was made
     * @param firstOpId the earliest moment that can be restored from it
     * @param lastOpId the last operation in it
     * @param lastTerm the term of that operation
     * @param lastTime when that operation was logged
     */
    public BackupManifest {
        Objects.requireNonNull(keyspace, "keyspace");
        Objects.requireNonNull(logId, "logId");
        Objects.requireNonNull(created, "created");
        Objects.requireNonNull(lastTime, "lastTime");
    }
}
