package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.Session;
import io.hotpair.Session.ReadTrace;
import io.hotpair.Snapshot;
import io.hotpair.Watermark;
import io.hotpair.WriteListener;
import io.hotpair.topology.Topology;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the listener needs of a keyspace, so that a test can stand in for one of a pair. */
interface KeyspacePort {

    /** The port to a real keyspace. */
    static KeyspacePort of(Keyspace keyspace) {
        return of(keyspace, keyspace.config().clock()::currentTimeMs, MigrationSlot.of(keyspace));
    }

    /**
     * The port to a real keyspace, for what works on it by itself.
     *
     * @param nowMs tells how late it is
     */
    static KeyspacePort of(Keyspace keyspace, LongSupplier nowMs) {
        return of(keyspace, nowMs, MigrationSlot.EMPTY);
    }

    private static KeyspacePort of(Keyspace keyspace, LongSupplier nowMs, MigrationSlot slot) {
        return new KeyspacePort() {
            @Override
            public Session session() {
                return keyspace.at(Acknowledgement.MEMORY).session();
            }

            @Override
            public void whenAcknowledged(
                    Acknowledgement level, long opId, long term, Watermark.Waiter waiter) {
                keyspace.whenAcknowledged(level, opId, term, waiter);
            }

            @Override
            public void addWriteListener(WriteListener listener) {
                keyspace.addWriteListener(listener);
            }

            @Override
            public void removeWriteListener(WriteListener listener) {
                keyspace.removeWriteListener(listener);
            }

            @Override
            public void hasten(Acknowledgement level, long opId) {
                keyspace.hasten(level, opId);
            }

            @Override
            public boolean vouches(long term) {
                return keyspace.vouches(term);
            }

            @Override
            public long term() {
                return keyspace.term();
            }

            @Override
            public @Nullable Topology topology() {
                return keyspace.topology();
            }

            @Override
            public KeyspaceStatistics statistics() {
                return keyspace.statistics();
            }

            @Override
            public boolean isUnused(int area) {
                return keyspace.isUnused(area);
            }

            @Override
            public long keyCount(int area) {
                return keyspace.keyCount(area);
            }

            @Override
            public long deadlineCount(int area) {
                return keyspace.deadlineCount(area);
            }

            @Override
            public PersistenceStatus persistenceStatus() {
                return keyspace.persistenceStatus();
            }

            @Override
            public CompletableFuture<SavedSnapshot> saveSnapshot() {
                return keyspace.saveSnapshot();
            }

            @Override
            public Snapshot snapshot() {
                return keyspace.snapshot();
            }

            @Override
            public OptionalLong memoryUsage(byte[] key) {
                return keyspace.memoryUsage(key);
            }

            @Override
            public OptionalInt useFrequency(byte[] key) {
                return keyspace.useFrequency(key);
            }

            @Override
            public Optional<Duration> idleTime(byte[] key) {
                return keyspace.idleTime(key);
            }

            @Override
            public void maxMemory(long bytes) {
                keyspace.maxMemory(bytes);
            }

            @Override
            public void keepExpired(Duration howLong) {
                keyspace.keepExpired(howLong);
            }

            @Override
            public MaxMemoryPolicy maxMemoryPolicy() {
                return keyspace.config().maxMemoryPolicy();
            }

            @Override
            public String name() {
                return keyspace.config().name();
            }

            @Override
            public boolean hasLog() {
                return keyspace.config().directory() != null;
            }

            @Override
            public Acknowledgement acknowledgement() {
                return keyspace.config().acknowledgement();
            }

            @Override
            public Duration acknowledgementTimeout() {
                return keyspace.config().acknowledgementTimeout();
            }

            @Override
            public long currentTimeMs() {
                return nowMs.getAsLong();
            }

            @Override
            public long nanoTime() {
                return keyspace.config().clock().nanoTime();
            }

            @Override
            public MigrationSlot migration() {
                return slot;
            }
        };
    }

    /**
     * One whose writes wait for nothing, also where it waits itself: who replies waits for them.
     */
    Session session();

    /** One whose reads are neither a hit or a miss nor a use of a key. */
    default Session unnoticed() {
        Session session = session();
        session.readTrace(ReadTrace.NONE, ReadTrace.NONE);
        return session;
    }

    void whenAcknowledged(Acknowledgement level, long opId, long term, Watermark.Waiter waiter);

    void addWriteListener(WriteListener listener);

    void removeWriteListener(WriteListener listener);

    void hasten(Acknowledgement level, long opId);

    boolean vouches(long term);

    long term();

    @Nullable Topology topology();

    KeyspaceStatistics statistics();

    boolean isUnused(int area);

    long keyCount(int area);

    long deadlineCount(int area);

    PersistenceStatus persistenceStatus();

    CompletableFuture<SavedSnapshot> saveSnapshot();

    Snapshot snapshot();

    OptionalLong memoryUsage(byte[] key);

    /** How often a key is used, if the policy tells. */
    OptionalInt useFrequency(byte[] key);

    /** For how long a key was not used, if the policy tells. */
    Optional<Duration> idleTime(byte[] key);

    void maxMemory(long bytes);

    void keepExpired(Duration howLong);

    MaxMemoryPolicy maxMemoryPolicy();

    String name();

    boolean hasLog();

    Acknowledgement acknowledgement();

    Duration acknowledgementTimeout();

    long currentTimeMs();

    long nanoTime();

    /** Whether keys are being taken from a Redis, and which one. */
    default MigrationSlot migration() {
        return MigrationSlot.EMPTY;
    }
}
