package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import io.hotpair.log.MemoryLog;
import io.hotpair.log.OperationType;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.topology.Lease;
import io.hotpair.topology.ReplicatedKeyspace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What replication steers, in memory. Written against the port's words alone, so that what it does
 * is what core's engine must do.
 */
final class MemoryKeyspace implements ReplicatedKeyspace {
    private final Path directory;
    private final MemoryLog log;
    private final Clock clock;
    private final boolean forcesAtOnce;
    private final MemoryWatermark logged = new MemoryWatermark();
    private final MemoryWatermark durable = new MemoryWatermark();
    private final MemoryWatermark committed = new MemoryWatermark();
    private final MemoryWatermark committedToDisk = new MemoryWatermark();
    private final List<Runnable> diskListeners = new CopyOnWriteArrayList<>();
    private volatile long wantedOnDisk;
    private final FrameEncoder encoder = new FrameEncoder();

    private boolean master;
    private Runnable forceWanted = () -> {};
    private @Nullable Lease lease;
    private long term;
    private volatile boolean forcing;
    private volatile boolean hanging;
    private @Nullable String refusal;
    private final AtomicInteger startableThreads = new AtomicInteger();
    private final AtomicInteger unstartableThreads = new AtomicInteger();
    private final AtomicBoolean failsDurable = new AtomicBoolean();
    private int promotions;
    private volatile @Nullable HotpairException logFailure;

    MemoryKeyspace(Path directory, MemoryLog log, Clock clock, boolean forcesAtOnce) {
        this.directory = directory;
        this.log = log;
        this.clock = clock;
        this.forcesAtOnce = forcesAtOnce;
        logged.raise(log.lastOpId());
        durable.raise(log.forcedOpId());
    }

    /** Says who forces when every batch is to be forced; called whenever there is something to. */
    void onForceWanted(Runnable wanted) {
        forceWanted = wanted;
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public MemoryLog log() {
        return log;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public ThreadFactory threadFactory() {
        return task -> {
            if (startableThreads.getAndUpdate(left -> Math.max(0, left - 1)) == 0
                    && unstartableThreads.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            Thread thread = new Thread(task, "test-" + directory.getFileName());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public MemoryWatermark logged() {
        return logged;
    }

    @Override
    public MemoryWatermark durable() {
        if (failsDurable.getAndSet(false)) {
            throw new OutOfMemoryError("Java heap space");
        }
        return durable;
    }

    @Override
    public MemoryWatermark committed() {
        return committed;
    }

    @Override
    public void commit(long opId) {
        committed.raise(opId);
    }

    @Override
    public MemoryWatermark committedToDisk() {
        return committedToDisk;
    }

    @Override
    public void commitToDisk(long opId) {
        committedToDisk.raise(opId);
    }

    @Override
    public long wantedOnDisk() {
        return wantedOnDisk;
    }

    @Override
    public void addDiskListener(Runnable listener) {
        diskListeners.add(listener);
    }

    @Override
    public void removeDiskListener(Runnable listener) {
        diskListeners.remove(listener);
    }

    /** A client waits for this to be on every member's device. */
    void wantOnDisk(long opId) {
        forceSoon(opId);
        wantedOnDisk = Math.max(wantedOnDisk, opId);
        diskListeners.forEach(Runnable::run);
    }

    @Override
    public void forceSoon(long opId) {
        if (!forcesAtOnce) {
            forceWanted.run();
        } else if (!hanging) {
            force();
        }
    }

    /** The device takes no force, or takes one again; nobody who wants one waits for it here. */
    void hang(boolean forNow) {
        hanging = forNow;
        forceIfWanted();
    }

    @Override
    public void forceEveryBatch(boolean everyBatch) {
        forcing = everyBatch;
        forceIfWanted();
    }

    private void forceIfWanted() {
        if (forcing) {
            forceSoon(log.lastOpId());
        }
    }

    boolean forcing() {
        return forcing;
    }

    @Override
    public synchronized void refuseWrites(@Nullable String sentence) {
        refusal = sentence;
    }

    synchronized boolean takesWrites() {
        Lease held = lease;
        return master && held != null && held.isValid() && refusal == null;
    }

    synchronized boolean isLeasedMaster() {
        Lease held = lease;
        return master && held != null && held.isValid();
    }

    synchronized long term() {
        return term;
    }

    synchronized int promotions() {
        return promotions;
    }

    @Override
    public synchronized long promote(long newTerm, Lease newLease) {
        if (master || newTerm <= log.lineage().lastTerm()) {
            throw new IllegalStateException(
                    "term="
                            + newTerm
                            + " master="
                            + master
                            + ", expected a replica and a term"
                            + " above "
                            + log.lineage().lastTerm());
        }
        if (!newLease.isValid()) {
            throw new HotpairException(Category.NOT_MASTER, "the lease has ended");
        }
        resetCommitted();
        master = true;
        promotions++;
        term = newTerm;
        lease = newLease;
        long opId = log.lastOpId() + 1;
        encoder.begin(term, log.lastOpId());
        int unused = encoder.beginOperation(OperationType.TERM_BARRIER, opId, 0, 0, 0);
        encoder.commitOperation();
        append();
        return opId;
    }

    @Override
    public synchronized void demote() {
        master = false;
        lease = null;
        resetCommitted();
    }

    private void resetCommitted() {
        committed.reset(0);
        wantedOnDisk = 0;
        committedToDisk.reset(0);
    }

    /** A client's write. */
    synchronized long put(String key, String value) {
        if (refusal != null && master) {
            throw new HotpairException(Category.NOT_ENOUGH_REPLICAS, refusal);
        }
        checkLog();
        if (!takesWrites()) {
            throw new HotpairException(Category.NOT_MASTER, "not master");
        }
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
        long opId = log.lastOpId() + 1;
        encoder.begin(term, log.lastOpId());
        int at =
                encoder.beginOperation(
                        OperationType.SET, opId, 0, keyBytes.length, valueBytes.length);
        System.arraycopy(keyBytes, 0, encoder.bytes(), at, keyBytes.length);
        System.arraycopy(valueBytes, 0, encoder.bytes(), at + keyBytes.length, valueBytes.length);
        encoder.commitOperation();
        append();
        return opId;
    }

    @Override
    public long apply(FrameBuffer frame) {
        synchronized (this) {
            if (master) {
                throw new IllegalStateException("apply on a master");
            }
            checkLog();
            FrameDescriptor.verify(frame, "arrival");
            log.append(frame);
        }
        logged.raise(log.lastOpId());
        return log.lastOpId();
    }

    @Override
    public @Nullable HotpairException logFailure() {
        return logFailure;
    }

    /** There is no memory for whoever asks next what is forced. */
    void failDurableOnce() {
        failsDurable.set(true);
    }

    /** So many more threads can't be started. */
    void failThreads(int count) {
        unstartableThreads.set(count);
    }

    /** So many more threads can be started, and so many after them can't. */
    void failThreadsAfter(int startable, int count) {
        startableThreads.set(startable);
        unstartableThreads.set(count);
    }

    int diskListenerCount() {
        return diskListeners.size();
    }

    int unstartableThreads() {
        return unstartableThreads.get();
    }

    /** From now on the log takes nothing, as if the disk were gone. */
    void failLog() {
        logFailure = new HotpairException(Category.LOG_FAILED, "no disk");
    }

    private void checkLog() {
        HotpairException failure = logFailure;
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void force() {
        checkLog();
        durable.raise(log.force());
    }

    @Override
    public synchronized Path rewindTo(long opId) {
        if (master) {
            throw new IllegalStateException("rewind of a master");
        }
        Path saved = log.cutAfter(opId);
        logged.reset(log.lastOpId());
        durable.reset(log.forcedOpId());
        return saved;
    }

    @Override
    public CompletableFuture<SavedSnapshot> saveSnapshot() {
        return CompletableFuture.failedFuture(new IllegalStateException("no snapshots in memory"));
    }

    @Override
    public long snapshotBytesPerSecond() {
        return Long.MAX_VALUE;
    }

    @Override
    public Path replaceWith(
            SnapshotReceiver copy, Lineage lineage, long sharedOpId, Runnable onProgress) {
        throw new IllegalStateException("no snapshots in memory");
    }

    /** How a client learns that its write is acknowledged at level peer. */
    synchronized boolean isAcknowledged(long opId, long inTerm) {
        Lease held = lease;
        return master
                && term == inTerm
                && committed.get() >= opId
                && held != null
                && held.isValid();
    }

    /** The same at level peer-disk. */
    synchronized boolean isAcknowledgedOnDisk(long opId, long inTerm) {
        return isAcknowledged(opId, inTerm) && committedToDisk.get() >= opId;
    }

    private void append() {
        int parts = encoder.fragmentCount();
        if (parts == 1) {
            log.append(encoder.seal(clock.currentTimeMs()));
        } else {
            FrameBuffer part = new FrameBuffer();
            for (int i = 0; i < parts; i++) {
                encoder.fragment(i, clock.currentTimeMs(), part);
                log.append(part);
            }
        }
        forceIfWanted();
        logged.raise(log.lastOpId());
    }
}
