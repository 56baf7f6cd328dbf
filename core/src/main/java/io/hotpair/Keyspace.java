package io.hotpair;

import io.hotpair.internal.Core;
import io.hotpair.internal.Engine;
import io.hotpair.internal.MemoryWalk;
import io.hotpair.internal.Mode;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A map of keys to values in off-heap memory, shared by all threads of the application, with every
 * change in a log. Thread-safe; usable from virtual threads.
 *
 * <p>What is done with keys is inherited from {@link KeyspaceOperations}: a write returns when it
 * has come as far as the {@link Acknowledgement} level of this keyspace asks, and as far as another
 * level asks if it is made {@link #at} that. After {@link #close()} whatever reads or writes keys
 * throws {@link IllegalStateException}; what only tells how the keyspace is set up may still
 * answer.
 *
 * <p>Reads on a master are linearisable with the writes of all threads. On a replica they give what
 * has arrived so far; while it loads a full copy of what the master has, they throw {@link
 * HotpairException} with {@code LOADING}, and so do writes.
 */
public final class Keyspace extends KeyspaceOperations implements AutoCloseable {
    /** The longest key, in bytes. */
    public static final int MAX_KEY_LENGTH = 65_535;

    /** The longest value, in bytes: 512 MiB, as in Redis. */
    public static final int MAX_VALUE_LENGTH = 512 << 20;

    private Keyspace(Core core) {
        super(core, core.config().acknowledgement());
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with every default set
     */
    public static KeyspaceBuilder builder() {
        return new KeyspaceBuilder();
    }

    /**
     * Opens a keyspace: takes its directory, verifies its log, loads the newest sound snapshot and
     * replays the log after it, and starts replication if there is any. Returns when a lone
     * keyspace takes writes; one of a pair is a replica until its pair has decided who is master,
     * which {@link #awaitMaster} waits for.
     *
     * @param config from {@link #builder()}
     * @return the keyspace; the caller closes it
     * @throws HotpairException {@code MISSING_JVM_FLAG}, {@code DIRECTORY_IN_USE}, {@code
     *     CORRUPTION}, {@code LOG_FAILED}, {@code NOT_RETAINED} if the log does not begin with the
     *     first operation and no snapshot is sound, {@code NODE_OF_PAIR} if the directory is that
     *     of a node of a pair and there is no replication, {@code NETWORK} or {@code CONSENSUS}
     * @throws IllegalArgumentException if the directory is a backup, which has to be restored to
     *     another one first: writing to it would make it useless
     * @throws IllegalStateException if a directory is given but no log is on the class path
     */
    public static Keyspace open(KeyspaceConfig config) {
        return new Keyspace(Core.open(config));
    }

    /**
     * What this keyspace was opened with.
     *
     * @return the configuration
     */
    public KeyspaceConfig config() {
        return core.config();
    }

    /**
     * The same operations, whose writes return when they have come as far as another level asks.
     * They hold nothing but that; whoever often needs them can keep them.
     *
     * @param level how far
     * @return the operations
     * @throws IllegalArgumentException if this keyspace does not have that level: without a log it
     *     has {@code MEMORY}, without replication {@code LOG} and {@code DISK} as well
     */
    public KeyspaceOperations at(Acknowledgement level) {
        core.checkLevel(level);
        return new KeyspaceOperations(core, level);
    }

    /**
     * Adds a listener of changes.
     *
     * @param listener hears of every change from now on, until it is removed
     */
    public void addChangeListener(ChangeListener listener) {
        engine.listen(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Adds a listener of writes, which hears more of them than a listener of changes.
     *
     * @param listener hears of every write from now on, until it is removed
     */
    public void addWriteListener(WriteListener listener) {
        engine.listen(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Removes a listener of writes.
     *
     * @param listener the listener; one that was not added is ignored
     */
    public void removeWriteListener(WriteListener listener) {
        engine.unlisten(listener);
    }

    /**
     * Removes a listener of changes.
     *
     * @param listener the listener; one that was not added is ignored
     */
    public void removeChangeListener(ChangeListener listener) {
        engine.unlisten(listener);
    }

    /**
     * Waits for keys to have something: the base of blocking consumers. The attempt is made at
     * once, and again after each change of one of the keys, until it gives a result. Those who wait
     * for the same key are served in the order in which they came. The wait holds no thread.
     *
     * @param <R> what the attempt gives
     * @param keys whose changes are worth an attempt
     * @param attempt gives a result, or null if there is nothing yet; run in a thread that changed
     *     a key, which it must not block
     * @return completed with the first result, or exceptionally with what the attempt threw, with
     *     {@code NOT_MASTER} when this node stops being master, or with {@link
     *     IllegalStateException} when the keyspace is closed. To cancel it, or to complete it by a
     *     time-out, ends the wait; while an attempt is being made only if that finds nothing, so
     *     that nothing is lost. It must not be done to a future made of this one
     */
    public <R> CompletableFuture<R> whenAvailable(
            List<byte[]> keys, Supplier<@Nullable R> attempt) {
        KeyspaceSession.checkKeys(keys.toArray(new byte[0][]));
        return engine.await(keys.toArray(new byte[0][]), attempt);
    }

    /**
     * Calls back when a write of a {@link Session} has come as far as a level asks and this node is
     * still the master that made it.
     *
     * @param level how far
     * @param opId the write's {@link Session#lastOpId()}
     * @param term the write's {@link Session#lastTerm()}
     * @param waiter called exactly once, perhaps at once and in this thread, else in a thread of
     *     the keyspace, which it must not block; false means that the outcome is unknown
     */
    public void whenAcknowledged(
            Acknowledgement level, long opId, long term, Watermark.Waiter waiter) {
        core.whenAcknowledged(level, opId, term, waiter);
    }

    /**
     * Does what {@link #whenAcknowledged} does for a write to come as far as a level asks, such as
     * to have it forced now and not when the interval is over; for who looks by itself whether it
     * has.
     *
     * @param level how far
     * @param opId the write's {@link Session#lastOpId()}
     */
    public void hasten(Acknowledgement level, long opId) {
        core.hasten(level, opId);
    }

    /**
     * Whether this node can answer for what it executed in a term: it still acts in that term, and
     * if it is the master, its lease has not ended. Asked after executing and before replying.
     *
     * @param term the term, as {@link #term()} gave it before executing
     * @return whether it can
     */
    public boolean vouches(long term) {
        return engine.mode().vouches(term);
    }

    /**
     * The term in which this node is master.
     *
     * @return the term, or 0 while it is not the master
     */
    public long term() {
        return engine.mode().term();
    }

    /**
     * Who is master.
     *
     * @return the topology, or null for a keyspace that is not one of a pair
     */
    public @Nullable Topology topology() {
        return core.replication();
    }

    /**
     * Waits until there is a master, as after {@link #open}: a keyspace of a pair is a replica
     * until the pair has decided, and refuses writes with {@code NOT_MASTER}. Answers at once if
     * there is one; a keyspace that is not one of a pair is its own master. What it answers may be
     * out of date on arrival: roles change.
     *
     * @param atMost for how long; zero or less only looks
     * @return {@code MASTER} if this node is the master, whose writes may still be refused, as with
     *     {@code NOT_ENOUGH_REPLICAS}; {@code REPLICA} if it follows another one, which {@link
     *     #topology()} names; empty if neither was so in time
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IllegalStateException if the keyspace is closed, also while this waits
     */
    public Optional<Role> awaitMaster(Duration atMost) throws InterruptedException {
        return core.awaitMaster(atMost);
    }

    /**
     * Changes the limit of its off-heap memory while it is in use. Of a lower one, what is above it
     * is given back within moments, as far as the policy lets keys be evicted; until then, and
     * where no key may be evicted until keys are deleted, writes that need memory are refused. One
     * that is less than what an empty keyspace takes refuses them all.
     *
     * @param bytes the limit, 1 byte to 4 TiB
     */
    public void maxMemory(long bytes) {
        if (bytes < 1 || bytes > KeyspaceConfig.MAX_MEMORY_BYTES) {
            throw new IllegalArgumentException(
                    "maxMemory="
                            + bytes
                            + ", expected 1 to "
                            + KeyspaceConfig.MAX_MEMORY_BYTES
                            + " bytes");
        }
        core.engine().maxMemoryBytes(bytes);
    }

    /**
     * Stops the clock by which deadlines are judged, while this keyspace follows another store that
     * says itself what has expired. What comes late from there would else find keys gone whose
     * deadlines it moves. A keyspace has one hold at a time.
     *
     * @return the hold; closing it lets the clock go on
     * @throws IllegalStateException if deadlines are held already
     */
    public DeadlineHold holdDeadlines() {
        return core.holdDeadlines();
    }

    /**
     * Leaves keys and fields that have expired where they are for a while, though nobody sees them:
     * for who is to find memory and the log unchanged meanwhile. Else they are removed within a
     * tenth of a second or two. Of several calls that which lasts longest counts, until one says
     * zero; a removal that is under way may still end.
     *
     * @param howLong from now on; zero lets them be removed again
     * @throws IllegalArgumentException if it is negative
     */
    public void keepExpired(Duration howLong) {
        if (howLong.isNegative()) {
            throw new IllegalArgumentException("howLong=" + howLong + ", expected 0 or more");
        }
        core.keepExpired(howLong);
    }

    /**
     * What this keyspace says of itself.
     *
     * @return the figures
     */
    public KeyspaceStatistics statistics() {
        return core.statistics();
    }

    /**
     * Counts the keys, those past their deadline but not yet removed included. Cheap; off by the
     * writes that are under way.
     *
     * @return how many there are
     */
    public long keyCount() {
        return engine.sum(Engine.Counter.KEYS);
    }

    /**
     * Counts the keys of an area, those past their deadline but not yet removed included. As cheap
     * as {@link #statistics()}, and as exact.
     *
     * @param area 0 to 255, or {@link KeyArea#NONE}
     * @return how many there are
     */
    public long keyCount(int area) {
        return engine.keyCount(checkArea(area));
    }

    /**
     * Whether an area has had no key since the keyspace was opened, what it was opened with
     * included. While writes go on {@link #keyCount} may be off by those, and say 0 of an area that
     * has a key; this is false from the moment in which the first write to the area returns.
     *
     * @param area 1 to 255, or {@link KeyArea#NONE}; of area 0 nothing is known
     * @return whether nothing needs to be looked for there
     */
    public boolean isUnused(int area) {
        return engine.isUnused(checkArea(area));
    }

    /**
     * Counts the keys of an area that have a deadline.
     *
     * @param area 0 to 255, or {@link KeyArea#NONE}
     * @return how many there are
     */
    public long deadlineCount(int area) {
        return engine.deadlineCount(checkArea(area));
    }

    private static int checkArea(int area) {
        if (area < 0 || area > KeyArea.NONE) {
            throw new IllegalArgumentException("area=" + area + ", expected 0 to " + KeyArea.NONE);
        }
        return area;
    }

    /**
     * Where the memory went, with the default options; see {@link
     * #memoryReport(MemoryReportOptions)}.
     *
     * @return the report
     */
    public MemoryReport memoryReport() {
        return memoryReport(MemoryReportOptions.defaults());
    }

    /**
     * Where the memory went: by type, by prefix, by key. Looks at every key, so it takes time in
     * proportion to the keyspace, and little heap whatever there is. Stops nobody: it takes no lock
     * and goes in small steps, between which memory can be reclaimed; a huge collection is measured
     * in several. On a replica it tells of what has arrived so far.
     *
     * @param options what is wanted
     * @return the report, exact as long as nothing is written meanwhile; see {@link MemoryReport}
     */
    public MemoryReport memoryReport(MemoryReportOptions options) {
        return new MemoryWalk(engine, options).run();
    }

    /**
     * What a key takes in off-heap memory: its record, with the key, and all the nodes of a large
     * value, each with the rounding of its block; not its entry in the index. Nothing is estimated
     * from a sample, so it takes time in proportion to a large value, and it stops nobody, as
     * {@link #memoryReport(MemoryReportOptions)}. What is added to a large value meanwhile may be
     * missed. Does not count as a use of the key.
     *
     * @param key the key
     * @return bytes, or empty if the key is absent
     * @see <a href="https://redis.io/docs/latest/commands/memory-usage/">Redis, MEMORY USAGE</a>
     */
    public OptionalLong memoryUsage(byte[] key) {
        KeyspaceSession.checkKey(key, 0, key.length);
        Mode before = engine.mode();
        OptionalLong bytes = MemoryWalk.usage(engine, key);
        core.checkRead(before);
        return bytes;
    }

    /**
     * How often a key is used, as Redis counts it: from 0 to 255, more and more seldom one more for
     * a use, and one less for each minute without. Kept where the policy is {@link
     * MaxMemoryPolicy#ALLKEYS_LFU} or {@link MaxMemoryPolicy#VOLATILE_LFU}; begins anew when the
     * keyspace is opened, and reads count on the node that serves them alone. Does not count as a
     * use of the key.
     *
     * @param key the key
     * @return the count, or empty if the key is absent or another policy evicts
     * @see <a href="https://redis.io/docs/latest/commands/object-freq/">Redis, OBJECT FREQ</a>
     */
    public OptionalInt useFrequency(byte[] key) {
        KeyspaceSession.checkKey(key, 0, key.length);
        Mode before = engine.mode();
        OptionalInt frequency = engine.frequency(key);
        core.checkRead(before);
        return frequency;
    }

    /**
     * For how long a key was not used, to a few tenths of a second. Kept where the policy is {@link
     * MaxMemoryPolicy#ALLKEYS_LRU} or {@link MaxMemoryPolicy#VOLATILE_LRU}; begins anew when the
     * keyspace is opened, and reads count on the node that serves them alone. Does not count as a
     * use of the key.
     *
     * @param key the key
     * @return the time, or empty if the key is absent or another policy evicts
     * @see <a href="https://redis.io/docs/latest/commands/object-idletime/">Redis, OBJECT
     *     IDLETIME</a>
     */
    public Optional<Duration> idleTime(byte[] key) {
        KeyspaceSession.checkKey(key, 0, key.length);
        Mode before = engine.mode();
        OptionalLong idleMs = engine.idleMs(key);
        core.checkRead(before);
        return idleMs.isEmpty()
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(idleMs.getAsLong()));
    }

    /**
     * Fixes the present state to read it at leisure, without a copy and without stopping anybody.
     * While {@link #saveSnapshot one is saved} this call waits until that is done.
     *
     * @return the snapshot; the caller closes it
     * @throws IllegalStateException if another one is open, or the keyspace is closed
     */
    public Snapshot snapshot() {
        return core.snapshot();
    }

    /**
     * Saves the present state to a file beside the log, as is done from time to time without being
     * asked; see {@link SnapshotOptions}. Nobody who reads or writes waits for it, and what is
     * overwritten meanwhile is kept in memory until it is done. The next opening begins with the
     * newest snapshot, and replays only what the log has after it.
     *
     * @return completed when the file will survive a crash of the machine; exceptionally with
     *     {@link HotpairException} of {@code LOG_FAILED} if it can't be written, or {@link
     *     IllegalStateException} if the keyspace has no log, if there is nothing to save, if a
     *     {@link #snapshot()} is open, or if the keyspace was closed or this node's role changed
     *     meanwhile
     */
    public CompletableFuture<SavedSnapshot> saveSnapshot() {
        return core.saveSnapshot();
    }

    /**
     * Makes a backup while the keyspace is in use: its newest snapshot, and the log after that. Any
     * moment since that snapshot can be restored from it, by {@link Backup#restore}. Disturbs
     * others as little as a snapshot does: see {@link SnapshotOptions}.
     *
     * @param directory where it goes; must not be there yet, or be empty. It appears when the
     *     backup is complete and on the device
     * @return completed with what the backup says of itself; exceptionally with {@link
     *     HotpairException} of {@code LOG_FAILED} if it can't be written, or {@link
     *     IllegalStateException} if the keyspace has no log, or was closed meanwhile
     * @throws IllegalStateException if the keyspace is closed
     */
    public CompletableFuture<BackupManifest> backup(Path directory) {
        return core.backups().backup(directory);
    }

    /**
     * The same as one stream, a ZIP file. It is made in the keyspace's own directory first, which
     * takes as much space until the stream has it.
     *
     * @param out receives it, from another thread; flushed, not closed. It may belong to any store
     * @return completed with what the backup says of itself; exceptionally as for a directory
     * @throws IllegalStateException if the keyspace is closed
     */
    public CompletableFuture<BackupManifest> backup(OutputStream out) {
        return core.backups().backup(out);
    }

    /**
     * Makes another keyspace of this one, as it was at some moment, while this one is in use. It
     * has a log of its own that goes on from there.
     *
     * @param directory where it goes; must not be there yet, or be empty. It appears when it is
     *     complete and on the device, and can be opened then
     * @param moment which moment, since the oldest of the {@link #savedSnapshots()} or since the
     *     log begins
     * @return completed with what the copy holds; exceptionally with {@link HotpairException} of
     *     {@code NOT_RETAINED} if neither the log nor a snapshot reaches back so far, {@code
     *     LOG_FAILED}, {@link IllegalArgumentException} if there is something in the directory or
     *     the moment has not come yet, or {@link IllegalStateException} if the keyspace has no log,
     *     or was closed meanwhile
     * @throws IllegalStateException if the keyspace is closed
     */
    public CompletableFuture<BackupManifest> cloneTo(Path directory, Moment moment) {
        return core.backups().cloneTo(directory, moment);
    }

    /**
     * Puts this keyspace back to what it held at some moment, while it is in use: undoes a flush,
     * or what a faulty release wrote. Only keys that differ are written, each in one step, by
     * operations like any others, which a replica follows, listeners hear of, and another roll back
     * can undo. Whoever writes meanwhile wins over it or loses, key by key. It loads a copy of what
     * there was beside this keyspace, which takes as much memory and disk until it is done.
     *
     * @param moment which moment, since the oldest of the {@link #savedSnapshots()} or since the
     *     log begins
     * @return completed when all of it has come as far as this keyspace's acknowledgement level
     *     says; exceptionally with {@link HotpairException} of {@code NOT_MASTER}, {@code
     *     NOT_RETAINED}, or as any write may fail, with a part of the keys put back; {@link
     *     IllegalArgumentException} if the moment has not come yet; or {@link
     *     IllegalStateException} if the keyspace has no log, or was closed meanwhile
     * @throws IllegalStateException if the keyspace is closed
     */
    public CompletableFuture<RollBackReport> rollBack(Moment moment) {
        KeyspaceSession session = new KeyspaceSession(core, acknowledgement());
        return core.backups().rollBack(moment, session, session.outcome());
    }

    /**
     * How the log and the snapshots are doing.
     *
     * @return what is known now
     * @throws IllegalStateException if the keyspace is closed
     */
    public PersistenceStatus persistenceStatus() {
        return core.persistenceStatus();
    }

    /**
     * The snapshots that are there.
     *
     * @return an immutable list, newest first
     */
    public List<SavedSnapshot> savedSnapshots() {
        return core.savedSnapshots();
    }

    /**
     * A digest of all keys with their values and deadlines, the same for equal contents wherever
     * they are held. Exact only while nothing is written. Takes time in proportion to the keyspace.
     *
     * @return 32 hexadecimal digits
     */
    public String digest() {
        return engine.digest();
    }

    /**
     * Closes: ends replication, brings what was written to the log, forces it, and gives memory
     * back when those inside have left. Idempotent.
     */
    @Override
    public void close() {
        core.close();
    }
}
