package io.hotpair.internal;

import io.hotpair.Acknowledgement;
import io.hotpair.BackupManifest;
import io.hotpair.DeadlineHold;
import io.hotpair.HotpairException;
import io.hotpair.KeyspaceConfig;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.Snapshot;
import io.hotpair.Watermark;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import io.hotpair.log.SnapshotStore;
import io.hotpair.topology.Lease;
import io.hotpair.topology.Member;
import io.hotpair.topology.Replication;
import io.hotpair.topology.ReplicationSession;
import io.hotpair.topology.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of one open keyspace, put together: engine, log, role, threads. Opens them in order and
 * closes them in the reverse order.
 */
public final class Core {
    private static final Logger LOG = LoggerFactory.getLogger(Core.class);
    private static final int MAX_JOIN_MS = 10_000;
    private static final long ROLE_POLL_NS = 10_000_000;

    /** Each finds less damage than the one before; so many kinds of it there are not. */
    private static final int MAX_OPENINGS = 10;

    private final KeyspaceConfig config;
    private final Engine engine;
    private final @Nullable OperationLog log;
    private final @Nullable RoleSwitch roles;
    private final @Nullable SnapshotSaver saver;
    private final BackgroundCycle background;
    private final BlockingCalls blockingCalls;
    private final KeyspaceBackups backups;
    private final @Nullable BackupSchedule schedule;
    private final Tasks tasks;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean holdsDeadlines = new AtomicBoolean();
    private boolean releasedByBackground;
    private @Nullable ReplicationSession replication;

    private Core(KeyspaceConfig config, @Nullable OperationLog log) {
        this.config = config;
        this.log = log;
        engine =
                new Engine(
                        Mem.platform(),
                        config.maxMemoryBytes(),
                        config.maxMemoryPolicy(),
                        log != null,
                        config.clock(),
                        config.acknowledgementTimeout().toNanos());
        OperationRing ring = engine.ring();
        Path directory = config.directory();
        roles =
                log == null || ring == null || directory == null
                        ? null
                        : new RoleSwitch(
                                config.name(),
                                directory,
                                engine,
                                ring,
                                log,
                                config.clock(),
                                config.threadFactory(),
                                config.forceInterval().toNanos());
        background = new BackgroundCycle(engine, config.clock(), this::signal);
        blockingCalls = new BlockingCalls(this);
        tasks = new Tasks(config.threadFactory());
        backups = new KeyspaceBackups(this, log, tasks);
        schedule = backups.schedule();
        SnapshotStore snapshots = log == null ? null : log.snapshots();
        saver =
                roles == null || snapshots == null
                        ? null
                        : new SnapshotSaver(
                                engine,
                                roles,
                                snapshots,
                                schedule,
                                config.snapshotOptions(),
                                config.clock());
        if (roles != null) {
            roles.savedBy(saver);
        }
    }

    /**
     * Opens a keyspace; see {@link io.hotpair.Keyspace#open}. Damage that is met only when what the
     * log holds is loaded is set aside when the log is opened once more.
     */
    public static Core open(KeyspaceConfig config) {
        Core core = openLoaded(config);
        try {
            core.start();
            return core;
        } catch (RuntimeException | Error e) {
            core.close();
            throw e;
        }
    }

    private static Core openLoaded(KeyspaceConfig config) {
        int openings = 1;
        while (true) {
            try {
                return openOnce(config);
            } catch (HotpairException e) {
                if (!isDamage(e) || config.replication() == null || openings == MAX_OPENINGS) {
                    throw e;
                }
                openings++;
                LOG.error("keyspace={} is opened once more: {}", config.name(), e.getMessage(), e);
            }
        }
    }

    /** Without the snapshot that it begins with, a log holds too little to be loaded. */
    private static boolean isDamage(HotpairException e) {
        return e.category() == HotpairException.Category.CORRUPTION
                || e.category() == HotpairException.Category.NOT_RETAINED;
    }

    private static Core openOnce(KeyspaceConfig config) {
        Path directory = config.directory();
        OpeningProgress progress = new OpeningProgress(config.openingProgress());
        OperationLog log = directory == null ? null : openLog(config, directory, progress);
        try {
            return loaded(config, log, progress);
        } catch (RuntimeException | Error e) {
            if (log != null) {
                log.close();
            }
            throw e;
        }
    }

    /** Of what others hold copies of, damage can be fetched again. */
    private static OperationLog openLog(
            KeyspaceConfig config, Path directory, OpeningProgress progress) {
        Path home = directory.resolve("log");
        LogProvider provider = provider();
        if (config.replication() != null) {
            return provider.openSoundPart(home, progress);
        }
        if (!config.apartFromPair() && provider.belongsToPair(home)) {
            throw new HotpairException(
                    HotpairException.Category.NODE_OF_PAIR,
                    "directory="
                            + directory
                            + " is that of a node of a pair, expected replication(...) with it:"
                            + " what it takes alone is no part of the pair's history, and the other"
                            + " node would not feed it any more; to use what it holds alone, clone"
                            + " it to another directory, or give up its part in the pair with"
                            + " apartFromPair()");
        }
        OperationLog log = provider.open(home, progress);
        if (config.apartFromPair()) {
            boolean left = false;
            try {
                provider.leavePair(home);
                left = true;
            } finally {
                if (!left) {
                    log.close();
                }
            }
        }
        return log;
    }

    /**
     * One whose memory is what its log holds. A snapshot is loaded while it is checked, which is
     * done sooner than one after the other; should it turn out to be damaged, all of the memory is
     * given back, and it begins anew with the snapshot before.
     */
    private static Core loaded(
            KeyspaceConfig config, @Nullable OperationLog log, OpeningProgress progress) {
        while (true) {
            Core core = new Core(config, log);
            boolean isLoaded = false;
            try {
                isLoaded = core.roles == null || core.roles.replay(progress);
                if (isLoaded) {
                    return core;
                }
            } finally {
                if (!isLoaded) {
                    core.engine.release();
                }
            }
        }
    }

    static LogProvider provider() {
        return ServiceLoader.load(LogProvider.class, LogProvider.class.getClassLoader())
                .findFirst()
                .or(() -> ServiceLoader.load(LogProvider.class).findFirst())
                .orElseThrow(
                        () ->
                                new IllegalStateException(
                                        "no log on the class path: add"
                                                + " io.hotpair:hotpair-persistence, or say"
                                                + " inMemory()"));
    }

    private void start() {
        if (roles == null) {
            engine.mode(Mode.master(1, Lease.permanent(config.clock())));
        } else {
            startThread("log-writer", roles.writer());
            startThread("log-forcer", roles.writer().forcer());
            Replication replicate = config.replication();
            if (replicate == null) {
                roles.openAlone(Lease.permanent(config.clock()));
            } else {
                ReplicationSession begun = replicate.start(roles);
                replication = begun;
                roles.topology(begun);
            }
        }
        startThread("background", this::runBackground);
        if (saver != null) {
            startThread("snapshots", saver);
        }
    }

    /** Leaves what has expired in memory; see {@link io.hotpair.Keyspace#keepExpired}. */
    public void keepExpired(Duration howLong) {
        long mostNs = Long.MAX_VALUE / 4;
        boolean isLong = howLong.compareTo(Duration.ofNanos(mostNs)) > 0;
        background.keepExpired(isLong ? mostNs : howLong.toNanos());
    }

    /** Stops the clock of deadlines; see {@link io.hotpair.Keyspace#holdDeadlines}. */
    public DeadlineHold holdDeadlines() {
        if (holdsDeadlines.getAndSet(true)) {
            throw new IllegalStateException("deadlines are held already, expected one hold");
        }
        ClockCell clock = engine.deadlineClock();
        clock.hold();
        return new DeadlineHold() {
            private final AtomicBoolean released = new AtomicBoolean();

            @Override
            public long nowMs() {
                return clock.nowMs();
            }

            @Override
            public void reach(long timeMs) {
                if (!released.get()) {
                    long unused = clock.reach(Math.min(timeMs, config.clock().currentTimeMs()));
                }
            }

            @Override
            public void close() {
                if (!released.getAndSet(true)) {
                    clock.release();
                    holdsDeadlines.set(false);
                }
            }
        };
    }

    private void runBackground() {
        background.run();
        if (releasedByBackground) {
            engine.release();
        }
    }

    private void startThread(String role, Runnable task) {
        Thread thread = Tasks.thread(config.threadFactory(), role, task);
        threads.add(thread);
        thread.start();
    }

    /** The engine. */
    public Engine engine() {
        return engine;
    }

    /** Fixes the present state; see {@link io.hotpair.Keyspace#snapshot}. */
    public Snapshot snapshot() {
        requireOpen();
        return saver == null ? new EngineSnapshot(engine) : saver.open();
    }

    /** Saves the present state; see {@link io.hotpair.Keyspace#saveSnapshot}. */
    public CompletableFuture<SavedSnapshot> saveSnapshot() {
        requireOpen();
        return saver == null
                ? CompletableFuture.failedFuture(
                        new IllegalStateException(
                                "log=none, expected one that has snapshots beside it"))
                : saver.save();
    }

    /** Backups, clones, and the way back. */
    public KeyspaceBackups backups() {
        requireOpen();
        return backups;
    }

    /** The saved states; see {@link io.hotpair.Keyspace#savedSnapshots}. */
    public List<SavedSnapshot> savedSnapshots() {
        requireOpen();
        SnapshotStore snapshots = log == null ? null : log.snapshots();
        return snapshots == null ? List.of() : snapshots.list();
    }

    /** How persistence is doing; see {@link io.hotpair.Keyspace#persistenceStatus}. */
    public PersistenceStatus persistenceStatus() {
        requireOpen();
        Mode mode = engine.mode();
        HotpairException.Category category = mode.refusalCategory();
        boolean refuses =
                category == HotpairException.Category.LOG_FAILED
                        || category == HotpairException.Category.DISK_FULL;
        String refusal = refuses ? mode.refusal() : null;
        boolean loading = category == HotpairException.Category.LOADING;
        BackupManifest last = schedule == null ? null : schedule.last();
        Instant backupSince = schedule == null ? null : schedule.since();
        String backupFailure = schedule == null ? null : schedule.failure();
        return saver == null
                ? new PersistenceStatus(
                        refusal, loading, null, null, 0, null, null, null, null, null)
                : saver.status(refusal, loading, last, backupSince, backupFailure);
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("keyspace is closed");
        }
    }

    /** What the keyspace was opened with. */
    public KeyspaceConfig config() {
        return config;
    }

    /** Commands that wait. */
    public BlockingCalls blockingCalls() {
        return blockingCalls;
    }

    /** Replication, if there is any. */
    public @Nullable ReplicationSession replication() {
        return replication;
    }

    /** Waits for a master; see {@link io.hotpair.Keyspace#awaitMaster}. */
    public Optional<Role> awaitMaster(Duration atMost) throws InterruptedException {
        Duration most = Duration.ofNanos(Long.MAX_VALUE / 4);
        Duration wanted = atMost.isNegative() ? Duration.ZERO : atMost;
        long forNs = (wanted.compareTo(most) > 0 ? most : wanted).toNanos();
        long beganNs = config.clock().nanoTime();
        while (true) {
            requireOpen();
            Role role = decidedRole();
            long leftNs = forNs - (config.clock().nanoTime() - beganNs);
            if (role != null || leftNs <= 0) {
                return Optional.ofNullable(role);
            }
            // Asked again and again: it is once in a keyspace's life, and a listener would be one
            // more thing that every implementation of a topology has to get right.
            TimeUnit.NANOSECONDS.sleep(Math.min(leftNs, ROLE_POLL_NS));
        }
    }

    /** What this node does in a pair that has a master; null while it has none. */
    private @Nullable Role decidedRole() {
        Mode mode = engine.mode();
        if (mode.isMaster() && mode.vouches(mode.term())) {
            return Role.MASTER;
        }
        ReplicationSession session = replication;
        Member master = session == null ? null : session.master();
        if (session == null || master == null || master.name().equals(session.nodeName())) {
            return null;
        }
        // The one that was decided last may be dead, or not there yet.
        return master.connected() || session.receivesFullCopy() ? Role.REPLICA : null;
    }

    /** Tells the log's thread that something was written. */
    public void signal() {
        if (roles != null) {
            roles.writer().signal();
        }
    }

    /** Calls back when a write has come as far as a level asks; see {@link io.hotpair.Keyspace}. */
    public void whenAcknowledged(
            Acknowledgement level, long opId, long term, Watermark.Waiter waiter) {
        Watermark watermark = watermark(level);
        if (watermark == null || opId == 0) {
            waiter.done(engine.mode().vouches(term));
            return;
        }
        help(level, opId);
        // The opIds of a dead term are given again in the next one: only the term tells them apart.
        watermark.whenReached(opId, reached -> waiter.done(reached && engine.mode().vouches(term)));
    }

    /** Has a write come as far as a level asks, and leaves nobody waiting for it. */
    public void hasten(Acknowledgement level, long opId) {
        checkLevel(level);
        if (opId > 0) {
            help(level, opId);
        }
    }

    /** What a level waits for; null if it waits for nothing. */
    private @Nullable Watermark watermark(Acknowledgement level) {
        checkLevel(level);
        if (roles == null || level == Acknowledgement.MEMORY) {
            return null;
        }
        return switch (level) {
            case PEER -> roles.committed();
            case PEER_DISK -> roles.committedToDisk();
            case DISK -> roles.durable();
            default -> roles.logged();
        };
    }

    /** Does what this thread can do for a write to come as far as a level asks. */
    private void help(Acknowledgement level, long opId) {
        if (roles == null) {
            return;
        }
        if (roles.logged().get() < opId) {
            roles.writer().help(opId);
        }
        if (level == Acknowledgement.DISK) {
            roles.forceSoon(opId);
        } else if (level == Acknowledgement.PEER_DISK) {
            roles.wantOnDisk(opId);
        }
    }

    /** Refuses a level that this keyspace does not have. */
    public void checkLevel(Acknowledgement level) {
        if ((level.needsPeer() && config.replication() == null)
                || (level != Acknowledgement.MEMORY && roles == null)) {
            throw new IllegalArgumentException(
                    "level="
                            + level
                            + ", expected one that this keyspace has: without a log MEMORY,"
                            + " without replication MEMORY, LOG or DISK");
        }
    }

    /** Waits for a level; throws {@code OUTCOME_UNKNOWN} if it is not reached. */
    public void await(Acknowledgement level, Outcome outcome) {
        await(level, outcome.opId(), outcome.term());
    }

    /**
     * Waits for a level; throws {@code OUTCOME_UNKNOWN} if it is not reached.
     *
     * @param opId of the write; 0 if nothing was changed
     * @param term in which it was made
     */
    public void await(Acknowledgement level, long opId, long term) {
        Watermark watermark = watermark(level);
        if (opId == 0) {
            requireVouching(engine.mode(), term);
            return;
        }
        if (watermark != null) {
            help(level, opId);
            if (watermark.get() < opId) {
                CallerWait wait = new CallerWait(Thread.currentThread());
                watermark.whenReached(opId, wait);
                wait.await(config.clock(), config.acknowledgementTimeout().toNanos());
                if (!wait.isReached()) {
                    throw unknown(level, opId, term);
                }
            }
        }
        if (!vouches(term)) {
            throw unknown(level, opId, term);
        }
    }

    /**
     * Whether a write that was made in a term and has come as far as it should is there to stay.
     * That of a keyspace without replication is, also if it was closed meanwhile: nobody else can
     * have taken over.
     */
    private boolean vouches(long term) {
        Mode mode = engine.mode();
        return mode.vouches(term) || (mode.closed() && config.replication() == null);
    }

    /**
     * Calls back when a write has come as far as a level asks, or has not in time: at once, or in
     * the background thread, never in one that holds the log's role, as what a user has it do may
     * be another write.
     *
     * @param done called with null, or with what {@link #await} would throw; perhaps twice
     */
    void whenAcknowledged(
            Acknowledgement level, Outcome outcome, Consumer<@Nullable HotpairException> done) {
        Watermark watermark = watermark(level);
        if (watermark != null) {
            help(level, outcome.opId());
        }
        if (watermark == null || watermark.get() >= outcome.opId()) {
            done.accept(vouches(outcome.term()) ? null : unknown(level, outcome));
            return;
        }
        Timers timers = engine.blockedConsumers().timers();
        Timers.Key timer =
                timers.schedule(
                        config.acknowledgementTimeout().toNanos(),
                        () -> done.accept(unknown(level, outcome)));
        whenAcknowledged(
                level,
                outcome.opId(),
                outcome.term(),
                reached ->
                        timers.schedule(
                                0,
                                () -> {
                                    timers.cancel(timer);
                                    done.accept(reached ? null : unknown(level, outcome));
                                }));
    }

    private HotpairException unknown(Acknowledgement level, Outcome outcome) {
        return unknown(level, outcome.opId(), outcome.term());
    }

    private HotpairException unknown(Acknowledgement level, long opId, long term) {
        return new HotpairException(
                HotpairException.Category.OUTCOME_UNKNOWN,
                "opId="
                        + opId
                        + " term="
                        + term
                        + " did not reach level "
                        + level
                        + missed(engine.mode(), term)
                        + ": it may or may not survive");
    }

    private static String missed(Mode mode, long term) {
        if (mode.closed()) {
            return " before the keyspace was closed";
        }
        return mode.vouches(term) ? " in time" : " before this node lost the term";
    }

    /** Refuses with {@code NOT_MASTER} what a master read that may be one no longer. */
    public void checkRead(Mode before) {
        if (config.replication() != null && before.isMaster()) {
            requireVouching(before, before.term());
        }
    }

    /** A condition that did not hold is an answer like any other that a master gives. */
    private static void requireVouching(Mode mode, long term) {
        if (!mode.vouches(term)) {
            throw new HotpairException(
                    HotpairException.Category.NOT_MASTER,
                    "the lease ended meanwhile: another node may be master");
        }
    }

    /** The figures. */
    public KeyspaceStatistics statistics() {
        return new KeyspaceStatistics(
                engine.sum(Engine.Counter.KEYS),
                engine.sum(Engine.Counter.DEADLINES),
                engine.usedMemoryBytes(),
                engine.maxMemoryBytes(),
                engine.idleMemoryBytes(),
                engine.sum(Engine.Counter.HITS),
                engine.sum(Engine.Counter.MISSES),
                engine.sum(Engine.Counter.EXPIRED),
                engine.evictedCount(),
                engine.mode().isMaster() || log == null ? engine.lastOpId() : log.lastOpId(),
                roles == null ? 0 : roles.logged().get(),
                roles == null ? 0 : roles.durable().get(),
                roles == null ? 0 : roles.committed().get());
    }

    /** Closes everything; see {@link io.hotpair.Keyspace#close}. */
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        ReplicationSession session = replication;
        try {
            if (session != null) {
                session.close();
            }
        } finally {
            background.stop();
            tasks.close();
            if (saver != null) {
                saver.stop();
            }
            engine.refuseAll();
            closeLog();
        }
    }

    private void closeLog() {
        boolean ended = false;
        try {
            if (roles != null) {
                roles.close();
            }
        } finally {
            ended = joinThreads();
            engine.blockedConsumers().close();
            if (log != null) {
                log.close();
            }
        }
        if (ended) {
            release();
        }
    }

    private void release() {
        if (background.isRunByThisThread()) {
            // Something that followed the end of a wait has closed the keyspace.
            releasedByBackground = true;
        } else {
            engine.release();
        }
    }

    /** Waits for the threads; memory that one may still touch is better leaked than unmapped. */
    private boolean joinThreads() {
        long giveUpNs = config.clock().nanoTime() + MAX_JOIN_MS * 1_000_000L;
        boolean interrupted = false;
        boolean ended = true;
        for (Thread thread : threads) {
            if (thread == Thread.currentThread() && background.isRunByThisThread()) {
                continue;
            }
            while (thread.isAlive() && config.clock().nanoTime() - giveUpNs < 0) {
                try {
                    thread.join(MAX_JOIN_MS);
                } catch (InterruptedException e) {
                    // An interrupt must not leave the log to two threads, nor memory behind.
                    interrupted = true;
                }
            }
            ended &= !thread.isAlive();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ended;
    }
}
