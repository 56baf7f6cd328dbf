package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.Watermark;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.OperationType;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.log.SnapshotSource;
import io.hotpair.log.SnapshotStore;
import io.hotpair.topology.Lease;
import io.hotpair.topology.Member;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Topology;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a keyspace with a log from one role to another: replays the log, applies a master's frames,
 * takes writes in a term, and puts memory back to what the log holds when that term turns out to be
 * over.
 *
 * <p>Steering calls come from one thread at a time. The log role is held for each of them, so the
 * log's own thread and helping writers keep away meanwhile.
 */
final class RoleSwitch implements ReplicatedKeyspace {
    private static final Logger LOGGER = LoggerFactory.getLogger(RoleSwitch.class);

    /** So much of a log is loaded sooner by one thread than others are started. */
    private static final long LOADED_ALONE_BYTES = 1024 * 1024;

    private static final long REPORT_NS = 5_000_000_000L;

    private final String name;
    private final Path directory;
    private final Engine engine;
    private final OperationRing ring;
    private final OperationLog log;
    private final LogWriter writer;
    private final Clock clock;
    private final ThreadFactory threadFactory;
    private final OpIdWatermark logged;
    private final OpIdWatermark durable;
    private final OpIdWatermark committed = new OpIdWatermark();
    private final OpIdWatermark committedToDisk = new OpIdWatermark();
    private final AtomicLong wantedOnDisk = new AtomicLong();
    private final List<Runnable> diskListeners = new CopyOnWriteArrayList<>();
    private final OperationReader reader = new OperationReader();
    private final Replay replay = new Replay();
    private final Mode replica = Mode.replica(this::describeMaster);
    private volatile @Nullable SnapshotSaver saver;
    private volatile @Nullable Topology topology;
    private long warnedAtBytes;

    RoleSwitch(
            String name,
            Path directory,
            Engine engine,
            OperationRing ring,
            OperationLog log,
            Clock clock,
            ThreadFactory threadFactory,
            long forceIntervalNs) {
        this.name = name;
        this.directory = directory;
        this.engine = engine;
        this.ring = ring;
        this.log = log;
        this.clock = clock;
        this.threadFactory = threadFactory;
        logged = new OpIdWatermark();
        durable = new OpIdWatermark();
        writer =
                new LogWriter(
                        engine,
                        ring,
                        log,
                        clock,
                        forceIntervalNs,
                        logged,
                        durable,
                        List.of(committed, committedToDisk));
        ring.suspend();
        engine.mode(replica);
    }

    LogWriter writer() {
        return writer;
    }

    /** Says who saves snapshots. */
    void savedBy(@Nullable SnapshotSaver by) {
        saver = by;
    }

    /** Says who knows the master. */
    void topology(Topology known) {
        topology = known;
    }

    /** For whoever wants to write here: where to go instead. */
    private String describeMaster() {
        Topology known = topology;
        Member master = known == null ? null : known.master();
        // Named as the master itself, it is about to become one, or has just ceased to be it.
        if (known == null || master == null || master.name().equals(known.nodeName())) {
            return "no master is known yet";
        }
        String address =
                master.clientHost().isEmpty()
                        ? ""
                        : " at " + master.clientHost() + ":" + master.clientPort();
        return "the master is " + master.name() + address;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public OperationLog log() {
        return log;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public ThreadFactory threadFactory() {
        return threadFactory;
    }

    @Override
    public Watermark logged() {
        return logged;
    }

    @Override
    public Watermark durable() {
        return durable;
    }

    @Override
    public Watermark committed() {
        return committed;
    }

    @Override
    public void commit(long opId) {
        committed.raise(opId);
    }

    @Override
    public Watermark committedToDisk() {
        return committedToDisk;
    }

    @Override
    public void commitToDisk(long opId) {
        committedToDisk.raise(opId);
    }

    @Override
    public long wantedOnDisk() {
        return wantedOnDisk.get();
    }

    @Override
    public void addDiskListener(Runnable listener) {
        diskListeners.add(listener);
    }

    @Override
    public void removeDiskListener(Runnable listener) {
        diskListeners.remove(listener);
    }

    @Override
    public void forceSoon(long opId) {
        writer.forcer().want(opId);
    }

    /** Sees to it that an opId is forced soon, here and on every member in sync. Never blocks. */
    void wantOnDisk(long opId) {
        forceSoon(opId);
        if (wantedOnDisk.get() < opId) {
            wantedOnDisk.accumulateAndGet(opId, Math::max);
            diskListeners.forEach(Runnable::run);
        }
    }

    @Override
    public void forceEveryBatch(boolean everyBatch) {
        writer.forcer().always(everyBatch);
    }

    @Override
    public void refuseWrites(@Nullable String refusal) {
        engine.changeMode(mode -> refusing(mode, refusal));
    }

    /** A failure of the log is set before the mode says so: it is not overwritten here. */
    private Mode refusing(Mode mode, @Nullable String refusal) {
        Lease lease = mode.lease();
        if (lease == null || writer.failure() != null) {
            return mode;
        }
        return refusal == null
                ? Mode.master(mode.term(), lease)
                : mode.refusing(HotpairException.Category.NOT_ENOUGH_REPLICAS, refusal);
    }

    /**
     * Brings empty memory to what the newest snapshot and the log after it hold.
     *
     * @return whether it did; if not, the snapshot is damaged, is set aside by now, and memory is
     *     good for nothing
     */
    boolean replay(OpeningProgress progress) {
        long lastOpId = log.lastOpId();
        try (RestorePoint from =
                restorePoint(lastOpId, () -> RestorePoint.findUnchecked(log, lastOpId))) {
            SavedSnapshot snapshot = from.snapshot();
            SnapshotSource blocks = from.blocks();
            SnapshotStore store = log.snapshots();
            long logBytes = store == null ? 0 : store.logBytesAfter(snapshot);
            if (store != null && snapshot != null && blocks != null) {
                progress.begin(snapshot.lengthBytes());
                if (!load(store, snapshot, blocks, progress)) {
                    return false;
                }
            }
            progress.begin(logBytes);
            loadAfter(from.opId(), from.operations(), progress);
            progress.end();
        }
        logged.reset(log.lastOpId());
        durable.reset(0);
        committed.reset(0);
        committedToDisk.reset(0);
        return true;
    }

    private boolean load(
            SnapshotStore store,
            SavedSnapshot snapshot,
            SnapshotSource blocks,
            OpeningProgress progress) {
        engine.expect(snapshot.operationCount());
        try {
            new SnapshotLoad(engine, clock, threadFactory).run(blocks, snapshot, progress::at);
        } catch (HotpairException e) {
            // What is not the file's fault is the same every time.
            if (store.verify(snapshot)) {
                throw e;
            }
            return false;
        }
        engine.applied(snapshot.opId());
        warnPastLimit();
        return true;
    }

    /** Brings the log after an opId into memory that nobody reads yet. */
    private void loadAfter(long opId, OperationSource source, OpeningProgress progress) {
        FrameBuffer frame = new FrameBuffer();
        long loaded = 0;
        while (loaded < LOADED_ALONE_BYTES && source.poll(frame)) {
            writer.noteTimestamp(frame);
            replayAll(frame, opId);
            loaded += frame.length();
        }
        progress.add(loaded);
        if (loaded >= LOADED_ALONE_BYTES) {
            loadWithAllCores(opId, source, progress);
        }
        engine.applied(log.lastOpId());
        warnPastLimit();
    }

    private void loadWithAllCores(long opId, OperationSource source, OpeningProgress progress) {
        LogLoad load = new LogLoad(engine, threadFactory);
        try {
            loadWithAllCores(load, opId, source, progress);
        } catch (RuntimeException | Error e) {
            load.fail(e);
        }
        load.end();
    }

    private void loadWithAllCores(
            LogLoad load, long opId, OperationSource source, OpeningProgress progress) {
        FrameBuffer frame = new FrameBuffer();
        long reportedNs = clock.nanoTime();
        while (source.poll(frame)) {
            writer.noteTimestamp(frame);
            if (LogLoad.takes(frame)) {
                load.add(frame, opId);
            } else {
                load.finish();
                replayAll(frame, opId);
            }
            progress.add(frame.length());
            if (clock.nanoTime() - reportedNs > REPORT_NS) {
                reportedNs = clock.nanoTime();
                reportReplay(frame, opId);
            }
        }
        load.finish();
    }

    private void reportReplay(FrameBuffer frame, long opId) {
        LOGGER.info(
                "replaying the log: at opId={} of {} to {}",
                FrameDescriptor.lastOpId(frame),
                opId + 1,
                log.lastOpId());
    }

    private void replayAfter(long opId, OperationSource source, LongConsumer onBytes) {
        FrameBuffer frame = new FrameBuffer();
        long reportedNs = clock.nanoTime();
        while (source.poll(frame)) {
            writer.noteTimestamp(frame);
            replayAll(frame, opId);
            onBytes.accept(frame.length());
            if (clock.nanoTime() - reportedNs > REPORT_NS) {
                reportedNs = clock.nanoTime();
                reportReplay(frame, opId);
            }
        }
    }

    /** What the state after an opId can be restored from; says what to do if there is nothing. */
    private RestorePoint restorePoint(long opId) {
        return restorePoint(opId, () -> RestorePoint.find(log, opId));
    }

    private RestorePoint restorePoint(long opId, Supplier<RestorePoint> find) {
        try {
            return find.get();
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NOT_RETAINED) {
                throw e;
            }
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "the state after opId="
                            + opId
                            + " can't be restored: the log in "
                            + directory
                            + " begins with opId="
                            + log.firstOpId()
                            + ", and none of its snapshots is sound and not newer. Stop this"
                            + " node, put a copy of another node's directory log, or a backup of"
                            + " it, in the place of its own, and start it again. A node of a pair"
                            + " whose other node has everything can also start with an empty"
                            + " directory: it gets a full copy",
                    e);
        }
    }

    /** Applies what a frame holds of operations after an opId. */
    private void replayAll(FrameBuffer frame, long afterOpId) {
        reader.wrap(frame);
        while (reader.next()) {
            if (reader.opId() <= afterOpId) {
                continue;
            }
            engine.applying(reader.opId());
            if (reader.hasMore()) {
                engine.applyGroup(reader, replay);
            } else if (reader.type() != OperationType.TERM_BARRIER) {
                apply(reader, false);
            }
            engine.applied(reader.opId());
        }
        warnPastLimit();
    }

    private void warnPastLimit() {
        long used = engine.usedMemoryBytes();
        if (used > engine.maxMemoryBytes() && used > warnedAtBytes + warnedAtBytes / 8) {
            warnedAtBytes = used;
            LOGGER.warn(
                    "the log's contents take {} bytes, above maxMemory={}: they are kept, and as a"
                            + " master this node refuses writes until there is room",
                    used,
                    engine.maxMemoryBytes());
        }
    }

    private void apply(OperationReader operation, boolean force) {
        engine.apply(
                operation.bytes(),
                operation.keyOffset(),
                operation.keyLength(),
                replay.of(operation),
                operation.opId(),
                force);
    }

    @Override
    public CompletableFuture<SavedSnapshot> saveSnapshot() {
        SnapshotSaver by = saver;
        return by == null
                ? CompletableFuture.failedFuture(
                        new IllegalStateException("log=" + directory + " has no snapshots"))
                : by.save();
    }

    @Override
    public long snapshotBytesPerSecond() {
        SnapshotSaver by = saver;
        return by == null ? Long.MAX_VALUE : by.bytesPerSecond();
    }

    @Override
    public long promote(long term, Lease lease) {
        checkLog();
        checkLoaded();
        if (engine.mode().isMaster()) {
            throw new IllegalStateException("role=MASTER, expected REPLICA before a promotion");
        }
        writer.takeRole();
        try {
            writer.begin(term, lease);
            // With the role held nobody poisons the barrier's place: it is the term's first opId.
            // And
            // the log can't fail before the mode says master, so that no failure is overwritten.
            long barrier = engine.writeBarrier();
            engine.mode(Mode.master(term, lease));
            writer.refuseIfFailed();
            return barrier;
        } finally {
            if (!engine.mode().isMaster()) {
                writer.abandon();
            }
            writer.leaveRole();
            writer.signal();
        }
    }

    /** Opens a lone keyspace for writes: it goes on in its log's term. */
    void openAlone(Lease lease) {
        long term = Math.max(1, log.lineage().lastTerm());
        writer.takeRole();
        try {
            writer.begin(term, lease);
            engine.mode(Mode.master(term, lease));
            writer.refuseIfFailed();
        } finally {
            writer.leaveRole();
        }
    }

    @Override
    public void demote() {
        if (!engine.mode().isMaster()) {
            return;
        }
        engine.unsettled();
        engine.mode(replica);
        engine.awaitGrace();
        writer.takeRole();
        try {
            // With a lease that still runs this is an orderly hand-over: what is in the ring
            // counts.
            writer.drainAll();
            long discarded = writer.discardAll();
            failWaiters();
            if (discarded > 0 || writer.failure() != null) {
                engine.dropSnapshot();
                long opId = log.lastOpId();
                try (RestorePoint from = restorePoint(opId)) {
                    restore(keysNewerThan(opId), from, opId);
                }
            } else {
                // The last numbers may have been claimed in vain: the next term begins with them.
                engine.dropSnapshotAfter(log.lastOpId());
            }
            engine.applied(log.lastOpId());
        } catch (RuntimeException | Error e) {
            // Memory may hold what the log does not: this node must not go on with it.
            writer.fail(e);
            throw e;
        } finally {
            writer.leaveRole();
        }
    }

    private void failWaiters() {
        writer.forcer().pause();
        failWaitersOfLevels();
    }

    /** With forces kept away, which go on afterwards. */
    private void failWaitersOfLevels() {
        logged.reset(log.lastOpId());
        writer.forcer().resume(log.lastOpId());
        committed.reset(Math.min(committed.get(), log.lastOpId()));
        wantedOnDisk.set(0);
        committedToDisk.reset(Math.min(committedToDisk.get(), log.lastOpId()));
    }

    @Override
    public long apply(FrameBuffer frame) {
        checkLog();
        checkLoaded();
        writer.takeRole();
        try {
            writer.append(frame);
        } finally {
            writer.leaveRole();
        }
        try {
            replayAll(frame, 0);
        } catch (RuntimeException | Error e) {
            // The log holds it and memory does not: what follows must not be built on that.
            writer.fail(e);
            throw e;
        }
        logged.raise(log.lastOpId());
        return log.lastOpId();
    }

    @Override
    public @Nullable HotpairException logFailure() {
        return writer.failure();
    }

    /**
     * The last opId in the log, if nothing is on its way there.
     *
     * @return the opId, or -1 while something is
     */
    long loggedEnd() {
        if (!ring.isEmpty()) {
            return -1;
        }
        // What has left the ring is in the log when whoever took it has left the role.
        writer.takeRole();
        try {
            return writer.isIdle() ? log.lastOpId() : -1;
        } finally {
            writer.leaveRole();
        }
    }

    void checkLog() {
        HotpairException failure = writer.failure();
        if (failure != null) {
            throw new HotpairException(
                    HotpairException.Category.LOG_FAILED,
                    "the log failed: " + failure.getMessage(),
                    failure);
        }
    }

    @Override
    public void force() {
        checkLog();
        writer.forcer().force();
    }

    /** A half loaded memory is good for nothing but to be loaded anew. */
    private void checkLoaded() {
        if (!engine.mode().readable()) {
            engine.mode().checkReadable();
        }
    }

    @Override
    public Path rewindTo(long opId) {
        checkLog();
        checkLoaded();
        if (engine.mode().isMaster()) {
            throw new IllegalStateException("role=MASTER, expected REPLICA before a rewind");
        }
        // Before anything is touched: without it this node goes on as it is, and says why.
        try (RestorePoint from = restorePoint(opId)) {
            return rewindTo(opId, from);
        }
    }

    private Path rewindTo(long opId, RestorePoint from) {
        writer.takeRole();
        try {
            engine.unsettled();
            engine.dropSnapshot();
            Set<ByteBuffer> keys = keysNewerThan(opId);
            addLoggedKeys(opId, keys);
            Path saved = cutLogAfter(opId);
            restore(keys, from, opId);
            engine.applied(opId);
            return saved;
        } catch (RuntimeException | Error e) {
            writer.fail(e);
            throw e;
        } finally {
            writer.leaveRole();
        }
    }

    private Path cutLogAfter(long opId) {
        writer.forcer().pause();
        try {
            return log.cutAfter(opId);
        } finally {
            failWaitersOfLevels();
        }
    }

    @Override
    public Path replaceWith(
            SnapshotReceiver copy, Lineage lineage, long sharedOpId, Runnable onProgress) {
        checkLog();
        if (engine.mode().isMaster()) {
            throw new IllegalStateException("role=MASTER, expected REPLICA before a full copy");
        }
        writer.takeRole();
        try {
            // No snapshot of the old state is sealed from here on, nor one of something in between.
            engine.unsettled();
            engine.dropSnapshot();
            Path saved = install(copy, lineage, sharedOpId);
            engine.mode(Mode.LOADING);
            // Whoever reads has entered before, and sees the old state to the end.
            engine.awaitGrace();
            load(onProgress);
            engine.applied(log.lastOpId());
            engine.mode(replica);
            return saved;
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            writer.fail(e);
            throw e;
        } finally {
            writer.leaveRole();
        }
    }

    private Path install(SnapshotReceiver copy, Lineage lineage, long sharedOpId) {
        writer.forcer().pause();
        try {
            return copy.install(lineage, sharedOpId);
        } finally {
            failWaitersOfLevels();
        }
    }

    /** Brings memory from whatever it holds to what the log's only snapshot shows. */
    private void load(Runnable onProgress) {
        long opId = log.lastOpId();
        try (RestorePoint from = restorePoint(opId)) {
            SavedSnapshot snapshot = from.snapshot();
            SnapshotSource blocks = from.blocks();
            if (snapshot == null || blocks == null) {
                throw new IllegalStateException("opId=" + opId + ", expected a snapshot of it");
            }
            clear(opId, onProgress);
            new SnapshotLoad(engine, clock, threadFactory)
                    .run(blocks, snapshot, position -> onProgress.run());
            replayAfter(from.opId(), from.operations(), bytes -> onProgress.run());
            warnPastLimit();
        }
    }

    /** Removes every key, segment by segment; what is newer than an opId is forgotten as well. */
    private void clear(long opId, Runnable onProgress) {
        Mem mem = engine.mem();
        List<ByteBuffer> keys = new ArrayList<>();
        int upper = 0;
        do {
            upper =
                    engine.walkSegment(
                            upper,
                            (edit, record) -> {
                                if (Records.isValue(mem, record)
                                        || Records.version(mem, record) > opId) {
                                    keys.add(ByteBuffer.wrap(Records.key(mem, record)));
                                }
                            });
            keys.forEach(key -> bury(key, opId));
            keys.clear();
            onProgress.run();
        } while (upper != 0);
    }

    /** The keys whose state in memory was made after an opId. */
    private Set<ByteBuffer> keysNewerThan(long opId) {
        Set<ByteBuffer> keys = new HashSet<>();
        Mem mem = engine.mem();
        engine.walk(
                record -> {
                    if (Records.version(mem, record) > opId) {
                        keys.add(ByteBuffer.wrap(Records.key(mem, record)));
                    }
                });
        return keys;
    }

    /** Adds the keys that the log's tail touched: a tombstone of one may be purged from memory. */
    private void addLoggedKeys(long opId, Set<ByteBuffer> keys) {
        try (OperationSource source = log.openSource()) {
            source.seekAfter(opId);
            eachOperation(
                    source,
                    operation -> {
                        if (operation.opId() > opId
                                && operation.type() != OperationType.TERM_BARRIER) {
                            keys.add(keyOf(operation));
                        }
                    });
        }
    }

    private static ByteBuffer keyOf(OperationReader operation) {
        int from = operation.keyOffset();
        return ByteBuffer.wrap(
                Arrays.copyOfRange(operation.bytes(), from, from + operation.keyLength()));
    }

    private static void eachOperation(OperationSource source, Consumer<OperationReader> visitor) {
        FrameBuffer frame = new FrameBuffer();
        OperationReader operations = new OperationReader();
        while (source.poll(frame)) {
            operations.wrap(frame);
            while (operations.next()) {
                visitor.accept(operations);
            }
        }
    }

    /**
     * Puts keys back to what a snapshot and the log say of them up to an opId: they are buried,
     * then one pass over both does again what they hold of them. Memory for the rest of the
     * keyspace stays as it is.
     */
    private void restore(Set<ByteBuffer> keys, RestorePoint from, long opId) {
        if (keys.isEmpty()) {
            return;
        }
        // Tombstones first, from the reserve: what they replace makes room for the values.
        for (ByteBuffer key : keys) {
            bury(key, Math.max(1, opId));
        }
        from.eachOfSnapshot(
                operation -> {
                    if (keys.contains(keyOf(operation))) {
                        apply(operation, true);
                    }
                });
        eachOperation(
                from.operations(),
                operation -> {
                    if (operation.opId() > from.opId()
                            && operation.opId() <= opId
                            && operation.type() != OperationType.TERM_BARRIER
                            && keys.contains(keyOf(operation))) {
                        apply(operation, true);
                    }
                });
    }

    private void bury(ByteBuffer key, long opId) {
        engine.apply(
                key.array(),
                key.arrayOffset() + key.position(),
                key.remaining(),
                (edit, current) -> edit.found() == 0 ? Mutation.UNCHANGED : edit.tombstone(),
                opId,
                true);
    }

    /**
     * Brings what is in the ring to the log and ends everything that waits. Writes are refused and
     * have left.
     */
    void close() {
        writer.takeRole();
        try {
            writer.drainAll();
            writer.forcer().forceRest();
            if (!writer.isIdle()) {
                LOGGER.error(
                        "{}: closed with writes that the log could not take any more; they are lost,"
                                + " and were not acknowledged at level LOG or above",
                        name);
            }
        } finally {
            writer.leaveRole();
        }
        writer.stop();
        writer.forcer().stop();
        logged.close();
        durable.close();
        committed.close();
        committedToDisk.close();
    }
}
