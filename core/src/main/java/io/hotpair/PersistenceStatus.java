package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a keyspace's persistence is doing, for those who watch over it. Immutable.
 *
 * @param refusal why no writes are taken: the log failed, or its file system is full; null if they
 *     are, or for other reasons
 * @param loading whether a full copy of the master's keyspace is being loaded
 * @param newestSnapshot the newest snapshot that is there; null if there is none
 * @param savingSince when the snapshot that is being saved was begun; null if none is
 * @param savedCount how many were saved since the keyspace was opened
 * @param lastSaving how long the last one took; null if none was saved since then
 * @param savingFailure why the last attempt to save one failed; null if it did not
 * @param lastBackup what was backed up by itself last since the keyspace was opened; null if
 *     nothing was
 * @param backupSince when the backup that is being made by itself was begun; null if none is
 * @param backupFailure why the last attempt to do so failed; null if it did not
 */
public record PersistenceStatus(
        @Nullable String refusal,
        boolean loading,
        @Nullable SavedSnapshot newestSnapshot,
        @Nullable Instant savingSince,
        long savedCount,
        @Nullable Duration lastSaving,
        @Nullable String savingFailure,
        @Nullable BackupManifest lastBackup,
        @Nullable Instant backupSince,
        @Nullable String backupFailure) {}
