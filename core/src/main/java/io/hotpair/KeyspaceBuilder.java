package io.hotpair;

import io.hotpair.topology.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link KeyspaceConfig}. A setter checks its value, {@link #build()} checks them
 * together; neither touches a disk or a network. Not thread-safe.
 */
public final class KeyspaceBuilder {

    private String name = "default";
    private long maxMemoryBytes = 256L << 20;
    private MaxMemoryPolicy maxMemoryPolicy = MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU;
    private @Nullable Path directory;
    private boolean inMemory;
    private @Nullable Acknowledgement acknowledgement;

    /** What is counted in nanoseconds: 292 years. */
    private static final Duration MAX_DURATION = Duration.ofNanos(Long.MAX_VALUE);

    private Duration acknowledgementTimeout = Duration.ofSeconds(5);
    private Duration forceInterval = Duration.ofSeconds(1);
    private SnapshotOptions snapshotOptions = SnapshotOptions.defaults();
    private BackupOptions backupOptions = BackupOptions.defaults();
    private Progress openingProgress = Progress.NONE;
    private @Nullable Replication replication;
    private boolean apartFromPair;
    private Clock clock = Clock.SYSTEM;
    private @Nullable ThreadFactory threadFactory;

    KeyspaceBuilder() {}

    /**
     * Names the keyspace. The default is {@code default}.
     *
     * @param name lower-case letters, digits and hyphens, at most 64
     * @return this
     */
    public KeyspaceBuilder name(String name) {
        if (!name.matches("[a-z0-9-]{1,64}")) {
            throw new IllegalArgumentException(
                    "name=" + name + ", expected 1 to 64 of a-z, 0-9 and hyphen");
        }
        this.name = name;
        return this;
    }

    /**
     * Limits the off-heap memory. The default is 256 MiB.
     *
     * @param bytes the limit, 4 MiB to 4 TiB
     * @return this
     */
    public KeyspaceBuilder maxMemory(long bytes) {
        maxMemoryBytes = checkMaxMemory(bytes);
        return this;
    }

    static long checkMaxMemory(long bytes) {
        if (bytes < KeyspaceConfig.MIN_MEMORY_BYTES || bytes > KeyspaceConfig.MAX_MEMORY_BYTES) {
            throw new IllegalArgumentException(
                    "maxMemory="
                            + bytes
                            + ", expected "
                            + KeyspaceConfig.MIN_MEMORY_BYTES
                            + " to "
                            + KeyspaceConfig.MAX_MEMORY_BYTES
                            + " bytes");
        }
        return bytes;
    }

    /**
     * Says what happens when the limit leaves no room for a write. The default is {@link
     * MaxMemoryPolicy#ALLKEYS_WINDOWED_LFU}: keys that are used least make room. With {@link
     * MaxMemoryPolicy#NOEVICTION} the write is refused.
     *
     * @param policy the policy
     * @return this
     */
    public KeyspaceBuilder maxMemoryPolicy(MaxMemoryPolicy policy) {
        maxMemoryPolicy = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Says where the keyspace keeps its log. Either this or {@link #inMemory()} is needed.
     *
     * @param directory the directory, made when the keyspace is opened
     * @return this
     */
    public KeyspaceBuilder directory(Path directory) {
        this.directory = Objects.requireNonNull(directory, "directory");
        return this;
    }

    /**
     * Does without a log: what the keyspace holds ends with the JVM.
     *
     * @return this
     */
    public KeyspaceBuilder inMemory() {
        inMemory = true;
        return this;
    }

    /**
     * Sets the level that a write waits for if it says nothing else. The default is {@link
     * Acknowledgement#LOG} with a log and {@link Acknowledgement#MEMORY} without.
     *
     * @param level the level
     * @return this
     */
    public KeyspaceBuilder acknowledgement(Acknowledgement level) {
        acknowledgement = Objects.requireNonNull(level, "level");
        return this;
    }

    /**
     * Sets how long a write waits for its level before it fails with {@code OUTCOME_UNKNOWN}. The
     * default is 5 s.
     *
     * @param timeout above zero
     * @return this
     */
    public KeyspaceBuilder acknowledgementTimeout(Duration timeout) {
        acknowledgementTimeout = positive("acknowledgementTimeout", timeout);
        return this;
    }

    /**
     * Sets how often the log is forced to the device. The default is 1 s.
     *
     * @param interval above zero
     * @return this
     */
    public KeyspaceBuilder forceInterval(Duration interval) {
        forceInterval = positive("forceInterval", interval);
        return this;
    }

    /**
     * Says when snapshots are saved beside the log, and how much of the log is kept. The default is
     * {@link SnapshotOptions#defaults()}.
     *
     * @param options the options
     * @return this
     */
    public KeyspaceBuilder snapshots(SnapshotOptions options) {
        snapshotOptions = Objects.requireNonNull(options, "options");
        return this;
    }

    /**
     * Says when backups are made, where they go, and how many are kept. The default is {@link
     * BackupOptions#defaults()}: one a day. There are none of a keyspace in memory only.
     *
     * @param options the options
     * @return this
     */
    public KeyspaceBuilder backups(BackupOptions options) {
        backupOptions = Objects.requireNonNull(options, "options");
        return this;
    }

    /**
     * Says who is told how far {@link Keyspace#open} is: it reads what is new in the log, loads the
     * newest snapshot, and what was logged after it. The default tells nobody; what takes longer
     * than five seconds is in the application's log in any case.
     *
     * @param progress called by the thread that opens, with bytes; the total grows when it is known
     *     what is to be loaded. What it throws ends the opening
     * @return this
     */
    public KeyspaceBuilder openingProgress(Progress progress) {
        openingProgress = Objects.requireNonNull(progress, "progress");
        return this;
    }

    /**
     * Makes the keyspace one of a pair.
     *
     * @param replication from the replication module
     * @return this
     */
    public KeyspaceBuilder replication(Replication replication) {
        this.replication = Objects.requireNonNull(replication, "replication");
        return this;
    }

    /**
     * Lets the directory of a node of a pair be opened without {@link #replication}, which is
     * refused otherwise, and makes it a directory of no pair from then on: what is written is no
     * part of the pair's history, so the pair refuses it, and to come back the node has to begin
     * with an empty directory. So this is for a pair that is given up. To look at what a node
     * holds, clone its directory instead.
     *
     * @return this
     */
    public KeyspaceBuilder apartFromPair() {
        apartFromPair = true;
        return this;
    }

    /**
     * Sets where time comes from. The default is {@link Clock#SYSTEM}.
     *
     * @param clock the clock
     * @return this
     */
    public KeyspaceBuilder clock(Clock clock) {
        this.clock = Objects.requireNonNull(clock, "clock");
        return this;
    }

    /**
     * Sets what makes the keyspace's threads. The default makes daemon threads named {@code
     * hotpair-<name>-<n>}. What a thread is there for is added to the name that the factory gives.
     *
     * @param threadFactory the factory
     * @return this
     */
    public KeyspaceBuilder threadFactory(ThreadFactory threadFactory) {
        this.threadFactory = Objects.requireNonNull(threadFactory, "threadFactory");
        return this;
    }

    /**
     * Checks and makes the configuration.
     *
     * @return the configuration
     * @throws IllegalStateException if the settings do not fit each other
     */
    public KeyspaceConfig build() {
        if (inMemory == (directory != null)) {
            throw new IllegalStateException(
                    "directory="
                            + directory
                            + " inMemory="
                            + inMemory
                            + ", expected a directory for the log, or inMemory() to do without"
                            + " one");
        }
        if (apartFromPair && (inMemory || replication != null)) {
            throw new IllegalStateException(
                    "apartFromPair() with "
                            + (inMemory ? "inMemory()" : "replication")
                            + ", expected a directory that is opened without its pair");
        }
        if (inMemory && replication != null) {
            throw new IllegalStateException(
                    "replication with inMemory(), expected a directory: what is shipped is the"
                            + " log");
        }
        Acknowledgement level = acknowledgement;
        if (level == null) {
            level = inMemory ? Acknowledgement.MEMORY : Acknowledgement.LOG;
        }
        if (inMemory && level != Acknowledgement.MEMORY) {
            throw new IllegalStateException(
                    "acknowledgement=" + level + " with inMemory(), expected MEMORY");
        }
        if (replication == null && level.needsPeer()) {
            throw new IllegalStateException(
                    "acknowledgement="
                            + level
                            + " without replication, expected MEMORY, LOG or DISK");
        }
        ThreadFactory factory = threadFactory;
        return new KeyspaceConfig(
                name,
                maxMemoryBytes,
                maxMemoryPolicy,
                directory,
                level,
                acknowledgementTimeout,
                forceInterval,
                snapshotOptions,
                backupOptions,
                openingProgress,
                replication,
                apartFromPair,
                clock,
                factory == null ? new DaemonThreadFactory(name) : factory);
    }

    private static Duration positive(String what, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(what + "=" + duration + ", expected above zero");
        }
        if (duration.compareTo(MAX_DURATION) > 0) {
            throw new IllegalArgumentException(
                    what + "=" + duration + ", expected at most " + MAX_DURATION);
        }
        return duration;
    }
}
