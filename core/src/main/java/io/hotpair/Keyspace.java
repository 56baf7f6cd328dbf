package io.hotpair;

import io.hotpair.topology.Topology;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A map of keys to values in off-heap memory, shared by all threads of the application, with every
 * change in a log. Thread-safe; usable from virtual threads.
 *
 * <p>A write returns when it has come as far as its {@link Acknowledgement} level asks. Every write
 * may throw {@link HotpairException}: with {@code MEMORY_LIMIT}, {@code NOT_MASTER}, {@code
 * NOT_ENOUGH_REPLICAS} or {@code LOG_FAILED} nothing was changed; with {@code OUTCOME_UNKNOWN} the
 * change is made but its level was not reached in time. A key has at most {@link #MAX_KEY_LENGTH}
 * bytes and a value at most {@link #MAX_VALUE_LENGTH}: longer ones are refused with {@link
 * IllegalArgumentException}. After {@link #close()} every method throws {@link
 * IllegalStateException}.
 *
 * <p>Reads on a master are linearisable with the writes of all threads. On a replica they give what
 * has arrived so far.
 */
public final class Keyspace implements AutoCloseable {
    /** The longest key, in bytes. */
    public static final int MAX_KEY_LENGTH = 65_535;

    /** The longest value, in bytes: 512 MiB, as in Redis. */
    public static final int MAX_VALUE_LENGTH = 512 << 20;

    private final KeyspaceConfig config;

    private Keyspace(KeyspaceConfig config) {
        this.config = config;
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
     * Opens a keyspace: takes its directory, verifies and replays its log, and starts replication
     * if there is any. Returns when a lone keyspace takes writes; one of a pair is a replica until
     * its pair has decided who is master.
     *
     * @param config from {@link #builder()}
     * @return the keyspace; the caller closes it
     * @throws HotpairException {@code MISSING_JVM_FLAG}, {@code DIRECTORY_IN_USE}, {@code
     *     CORRUPTION}, {@code MEMORY_LIMIT} if the log holds more than fits, {@code LOG_FAILED},
     *     {@code NETWORK} or {@code CONSENSUS}
     */
    public static Keyspace open(KeyspaceConfig config) {
        return new Keyspace(config);
    }

    /**
     * What this keyspace was opened with.
     *
     * @return the configuration
     */
    public KeyspaceConfig config() {
        return config;
    }

    /**
     * A handle for a caller that works on parts of arrays and waits for acknowledgements itself.
     *
     * @return a new session
     */
    public Session session() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a value.
     *
     * @param key the key
     * @return the value, the caller's own, or null if the key is absent
     */
    public byte @Nullable [] get(byte[] key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a value as text in UTF-8.
     *
     * @param key the key, in UTF-8
     * @return the value, or null if the key is absent
     */
    public @Nullable String get(String key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sets a value without a deadline, whatever was there, at the keyspace's level.
     *
     * @param key the key
     * @param value the value
     */
    public void put(byte[] key, byte[] value) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sets a value without a deadline, whatever was there.
     *
     * @param key the key
     * @param value the value
     * @param level how far it must have come when this returns
     */
    public void put(byte[] key, byte[] value, Acknowledgement level) {
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
    }

    /**
     * Whether this node can vouch for what it reads and writes in a term: it is the master of that
     * term and its lease has not ended. Asked after executing and before replying.
     *
     * @param term the term, as {@link #term()} gave it before executing
     * @return whether it can; true on a replica for reads in its own term, which promise less
     */
    public boolean vouches(long term) {
        throw new UnsupportedOperationException();
    }

    /**
     * The term in which this node acts.
     *
     * @return the term
     */
    public long term() {
        throw new UnsupportedOperationException();
    }

    /**
     * Who is master.
     *
     * @return the topology, or null for a keyspace that is not one of a pair
     */
    public @Nullable Topology topology() {
        throw new UnsupportedOperationException();
    }

    /**
     * What this keyspace says of itself.
     *
     * @return the figures
     */
    public KeyspaceStatistics statistics() {
        throw new UnsupportedOperationException();
    }

    /**
     * A digest of all keys with their values and deadlines, the same for equal contents wherever
     * they are held. Exact only while nothing is written. Takes time in proportion to the keyspace.
     *
     * @return 32 hexadecimal digits
     */
    public String digest() {
        throw new UnsupportedOperationException();
    }

    /**
     * Sets when a key expires.
     *
     * @param key the key
     * @param deadline when; a moment that has passed deletes the key
     * @return whether the key was there
     */
    public boolean expireAt(byte[] key, Instant deadline) {
        throw new UnsupportedOperationException();
    }

    /** Closes: ends replication, forces the log, gives memory back when its readers have left. */
    @Override
    public void close() {}
}
