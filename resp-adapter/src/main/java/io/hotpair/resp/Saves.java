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
    private final long startedAtMs;
    private final AtomicReference<@Nullable CompletableFuture<SavedSnapshot>> asked =
            new AtomicReference<>();
    private volatile long answeredAtMs;
    private volatile boolean lastIsRewrite;

    Saves(KeyspacePort keyspace) {
        this.keyspace = keyspace;
        startedAtMs = keyspace.currentTimeMs();
    }

    /** Whether one is being saved, or asked for. */
    boolean inProgress() {
        CompletableFuture<SavedSnapshot> last = asked.get();
        return (last != null && !last.isDone())
                || keyspace.persistenceStatus().savingSince() != null;
    }

    /** Whether one is in progress because BGREWRITEAOF asked for it. */
    boolean isRewriting() {
        return lastIsRewrite && inProgress();
    }

    /**
     * Asks for one.
     *
     * @param asRewrite whether it is asked for by BGREWRITEAOF
     * @return completed when it is on the device, or when it is known why it is not
     */
    CompletableFuture<SavedSnapshot> begin(boolean asRewrite) {
        lastIsRewrite = asRewrite && !inProgress();
        CompletableFuture<SavedSnapshot> saving = keyspace.saveSnapshot();
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
