package io.hotpair.resp;

import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Snapshots that clients ask for. Thread-safe. */
final class Saves {
    private final KeyspacePort keyspace;
    private final RdbCopies copies;
    private final long startedAtMs;
    private final AtomicReference<@Nullable CompletableFuture<SavedSnapshot>> asked =
            new AtomicReference<>();
    private volatile long answeredAtMs;
    private volatile boolean lastIsRewrite;

    Saves(KeyspacePort keyspace, RdbCopies copies) {
        this.keyspace = keyspace;
        this.copies = copies;
        startedAtMs = keyspace.currentTimeMs();
    }

    /**
     * Whether one is being saved, or asked for, or a file for SYNC is written: there is one
     * snapshot at a time, and to Redis that is the same.
     */
    boolean inProgress() {
        return isSaving() || !copies.written().isDone();
    }

    private boolean isSaving() {
        CompletableFuture<SavedSnapshot> last = asked.get();
        return (last != null && !last.isDone())
                || keyspace.persistenceStatus().savingSince() != null;
    }

    /** Whether one is in progress because BGREWRITEAOF asked for it. */
    boolean isRewriting() {
        return lastIsRewrite && isSaving();
    }

    /**
     * Asks for one, which begins when no file for SYNC is written.
     *
     * @param asRewrite whether it is asked for by BGREWRITEAOF
     * @return completed when it is on the device, or when it is known why it is not
     */
    CompletableFuture<SavedSnapshot> begin(boolean asRewrite) {
        lastIsRewrite = asRewrite && !inProgress();
        CompletableFuture<Void> written = copies.written();
        CompletableFuture<SavedSnapshot> saving =
                written.isDone()
                        ? keyspace.saveSnapshot()
                        : written.thenCompose(done -> keyspace.saveSnapshot());
        asked.set(saving);
        return saving.whenComplete(
                (saved, failure) -> {
                    if (failure == null) {
                        answeredAtMs = keyspace.currentTimeMs();
                    } else {
                        RespServer.LOGGER.warn("saving a snapshot failed: {}", reason(failure));
                    }
                });
    }

    /** When all that there was had been saved for the last time, or when the listener began. */
    long lastSavedAtMs() {
        PersistenceStatus status = keyspace.persistenceStatus();
        SavedSnapshot newest = status.newestSnapshot();
        long newestMs = newest == null ? startedAtMs : newest.time().toEpochMilli();
        return Math.max(answeredAtMs, newestMs);
    }

    static String reason(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
        return String.valueOf(cause == null ? failure.getMessage() : cause.getMessage());
    }
}
