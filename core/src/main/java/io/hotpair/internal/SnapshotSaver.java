package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.Clock;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.OperationReader;
import io.hotpair.log.SnapshotStore;
import io.hotpair.log.SnapshotWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves snapshots, when it is asked to and when one is due, shortens the log, and looks whether a
 * backup is due. It is a thread of its own: nobody who reads or writes waits for it.
 *
 * <pre>
 *   fix the state ──► its opId is in the log ──► walk and write ──► the log is forced so far ──► seal
 * </pre>
 *
 * <p>So a sealed file never shows what the log may lose. Should the node's role change meanwhile in
 * a way that takes operations back, the snapshot is broken, which is looked at after the log was
 * forced: up to then it was this history that reached the device, and what is cut later the store
 * knows of.
 */
final class SnapshotSaver implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(SnapshotSaver.class);
    private static final long ROUND_NS = 200_000_000;
    private static final long POLL_NS = 2_000_000;
    private static final long RETAIN_EVERY_NS = 60_000_000_000L;
    private static final long RETRY_AFTER_NS = 30_000_000_000L;

    private final Engine engine;
    private final RoleSwitch roles;
    private final SnapshotStore store;
    private final @Nullable BackupSchedule backups;
    private final SnapshotOptions options;
    private final Clock clock;
    private final ReentrantLock saving = new ReentrantLock();
    private final Queue<CompletableFuture<SavedSnapshot>> requests = new ConcurrentLinkedQueue<>();
    private final AtomicLong savedCount = new AtomicLong();
    private final Instant began;
    private volatile boolean stopped;
    private volatile @Nullable Thread thread;
    private volatile @Nullable Instant savingSince;
    private volatile @Nullable Duration lastSaving;
    private volatile @Nullable String failure;
    private long notBeforeNs;
    private long retainedNs;

    SnapshotSaver(
            Engine engine,
            RoleSwitch roles,
            SnapshotStore store,
            @Nullable BackupSchedule backups,
            SnapshotOptions options,
            Clock clock) {
        this.engine = engine;
        this.roles = roles;
        this.store = store;
        this.backups = backups;
        this.options = options;
        this.clock = clock;
        began = now();
        notBeforeNs = clock.nanoTime();
        retainedNs = clock.nanoTime() - RETAIN_EVERY_NS;
    }

    // ---- by anybody

    /** Asks for a snapshot of a state that is not older than this call. */
    CompletableFuture<SavedSnapshot> save() {
        CompletableFuture<SavedSnapshot> asked = new CompletableFuture<>();
        requests.add(asked);
        LockSupport.unpark(thread);
        if (stopped) {
            // Perhaps nobody looks any more.
            refuseRequests();
        }
        return asked;
    }

    /** Opens a snapshot for somebody else, after the one that is being saved, if there is one. */
    EngineSnapshot open() {
        saving.lock();
        try {
            return new EngineSnapshot(engine);
        } finally {
            saving.unlock();
        }
    }

    long bytesPerSecond() {
        return options.bytesPerSecond();
    }

    /** How saving is doing; see {@link PersistenceStatus}. */
    PersistenceStatus status(
            @Nullable String refusal,
            boolean loading,
            @Nullable BackupManifest lastBackup,
            @Nullable Instant backupSince,
            @Nullable String backupFailure) {
        return new PersistenceStatus(
                refusal,
                loading,
                newest(),
                savingSince,
                savedCount.get(),
                lastSaving,
                failure,
                lastBackup,
                backupSince,
                backupFailure);
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    // ---- by its own thread

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!stopped) {
            if (!requests.isEmpty()) {
                answerRequests();
            } else if (isDue()) {
                saveDue();
            }
            if (clock.nanoTime() - retainedNs >= RETAIN_EVERY_NS) {
                retain();
            }
            if (backups != null && roles.log().lastOpId() > 0) {
                backups.check();
            }
            pause(ROUND_NS);
        }
        refuseRequests();
    }

    private void pause(long ns) {
        if (requests.isEmpty() && !stopped) {
            LockSupport.parkNanos(this, ns);
        }
        if (Thread.interrupted()) {
            LOGGER.warn("snapshot saver was interrupted; it goes on until the keyspace is closed");
        }
    }

    private void answerRequests() {
        List<CompletableFuture<SavedSnapshot>> asked = new ArrayList<>();
        for (var next = requests.poll(); next != null; next = requests.poll()) {
            asked.add(next);
        }
        try {
            SavedSnapshot saved = saveNow();
            retain();
            asked.forEach(request -> request.complete(saved));
        } catch (RuntimeException | Error e) {
            asked.forEach(request -> request.completeExceptionally(e));
        }
    }

    private void refuseRequests() {
        for (var next = requests.poll(); next != null; next = requests.poll()) {
            next.completeExceptionally(new IllegalStateException("keyspace is closed"));
        }
    }

    private boolean isDue() {
        if (clock.nanoTime() - notBeforeNs < 0 || roles.writer().failure() != null) {
            return false;
        }
        SavedSnapshot newest = newest();
        if (roles.log().lastOpId() <= (newest == null ? 0 : newest.opId())) {
            return false;
        }
        long length = newest == null ? 0 : newest.lengthBytes();
        Duration age = Duration.between(newest == null ? began : newest.time(), now());
        return age.compareTo(options.interval()) >= 0
                || store.logBytesAfter(newest) >= Math.max(options.afterLogBytes(), length);
    }

    private void saveDue() {
        try {
            saveNow();
            retain();
        } catch (RuntimeException | Error e) {
            notBeforeNs = clock.nanoTime() + RETRY_AFTER_NS;
            if (!stopped) {
                LOGGER.warn("saving a snapshot failed, it is tried again: {}", e.getMessage(), e);
            }
        }
    }

    private void retain() {
        retainedNs = clock.nanoTime();
        if (roles.writer().failure() != null) {
            return;
        }
        try {
            store.retain(options.retention(), options.retentionBytes());
        } catch (RuntimeException e) {
            if (!stopped) {
                LOGGER.error("shortening the log failed: {}", e.getMessage(), e);
            }
        }
    }

    private SavedSnapshot saveNow() {
        savingSince = now();
        try {
            SavedSnapshot saved = save(clock.nanoTime());
            failure = null;
            return saved;
        } catch (RuntimeException | Error e) {
            failure = String.valueOf(e.getMessage());
            throw e;
        } finally {
            savingSince = null;
        }
    }

    private SavedSnapshot save(long beganNs) {
        engine.makeHeadroom();
        saving.lock();
        try (EngineSnapshot snapshot = new EngineSnapshot(engine)) {
            long opId = awaitLogged(snapshot.opId());
            snapshot.requireUnbroken();
            SavedSnapshot newest = newest();
            if (newest != null && newest.opId() == opId) {
                return newest;
            }
            if (opId == 0) {
                throw new IllegalStateException("opId=0, expected something to save");
            }
            SavedSnapshot saved = write(snapshot, opId);
            lastSaving = Duration.ofNanos(clock.nanoTime() - beganNs);
            savedCount.incrementAndGet();
            return saved;
        } finally {
            saving.unlock();
        }
    }

    private SavedSnapshot write(EngineSnapshot snapshot, long opId) {
        long beganNs = clock.nanoTime();
        // One that had to give way, or failed, is to get done before it happens again.
        Pace pace = new Pace(clock, options.bytesPerSecond(), failure != null, this::requireOpen);
        try (SnapshotWriter writer = store.begin(opId, written -> step(pace, written))) {
            snapshot.forEach(operation -> add(writer, operation));
            awaitDurable(snapshot, opId);
            snapshot.requireUnbroken();
            SavedSnapshot saved = writer.seal();
            LOGGER.info(
                    "saved snapshot {}: opId={}, {} operations, {} bytes in {} ms",
                    saved.file(),
                    opId,
                    saved.operationCount(),
                    saved.lengthBytes(),
                    (clock.nanoTime() - beganNs) / 1_000_000);
            return saved;
        }
    }

    private static void step(Pace pace, long written) {
        TimeSlice.giveUp();
        pace.at(written);
    }

    private void add(SnapshotWriter writer, OperationReader operation) {
        requireOpen();
        writer.add(operation);
    }

    /**
     * Waits until all up to an opId is in the log.
     *
     * @return that opId; a lower one if nothing was ever logged under the numbers behind it
     */
    private long awaitLogged(long opId) {
        while (roles.logged().get() < opId) {
            requireOpen();
            long end = roles.loggedEnd();
            if (end >= 0) {
                return Math.min(opId, end);
            }
            LockSupport.parkNanos(this, POLL_NS);
        }
        return opId;
    }

    private void awaitDurable(EngineSnapshot snapshot, long opId) {
        while (roles.durable().get() < opId) {
            roles.writer().forcer().want(opId);
            requireOpen();
            snapshot.requireUnbroken();
            LockSupport.parkNanos(this, POLL_NS);
        }
    }

    private void requireOpen() {
        if (stopped) {
            throw new IllegalStateException("keyspace is closed");
        }
        roles.checkLog();
    }

    private @Nullable SavedSnapshot newest() {
        List<SavedSnapshot> all = store.list();
        return all.isEmpty() ? null : all.get(0);
    }

    private Instant now() {
        return Instant.ofEpochMilli(clock.currentTimeMs());
    }
}
