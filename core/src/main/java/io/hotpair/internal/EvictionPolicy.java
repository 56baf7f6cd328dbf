package io.hotpair.internal;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Decides which of a few records at hand is worth least. What it knows about a record is in the
 * record's access word, 32 bits whose layout is the policy's own; the rest is small and global. So
 * there is nothing to link, to lock or to allocate, and any number of threads may ask at once.
 *
 * <p>Access words are read and written without order. An update that is lost to a race, or that
 * lands on a word a little older, makes one record look less used than it is and nothing else:
 * every method accepts every bit pattern.
 */
public interface EvictionPolicy {
    /**
     * The present, in this policy's unit, for the other methods. Cheap enough for every read: a
     * field that seldom changes, or arithmetic on the clock.
     *
     * @param clockMs the keyspace's clock, in milliseconds since 1970
     */
    int now(long clockMs);

    /**
     * The access word of a record that did not exist.
     *
     * @param hash the key's 64-bit hash
     */
    int onCreate(long hash, int now);

    /**
     * The access word after an access: a read, or a write that carries it over to the record's
     * successor. Often the same word, and then nothing is to be stored: readers share the memory.
     */
    int onAccess(int access, int now);

    /**
     * What keeping a record is worth, in relation to others only: the lowest is evicted.
     *
     * @param deadlineMs when it expires, in milliseconds since 1970; 0 if never
     * @param length bytes that evicting it would free
     */
    long priority(int access, int now, long deadlineMs, long length);

    /** How often a record is used, as Redis counts it; empty if this policy counts otherwise. */
    default OptionalInt useFrequency(int access, int now) {
        return OptionalInt.empty();
    }

    /** For how long a record was not used; empty if this policy does not go by time. */
    default OptionalLong idleMs(int access, int now) {
        return OptionalLong.empty();
    }

    /** Whether a record may be evicted at all. */
    default boolean isEligible(long deadlineMs) {
        return true;
    }

    /** Takes note of a record that was evicted. Not called for deleted or expired ones. */
    default void onEvict(long hash, int access, int now) {}

    /**
     * Takes note of memory that was allocated for records, which is what time is measured in where
     * a policy has no use for seconds. A caller may add up many allocations before it tells.
     */
    default void onAllocate(long bytes) {}
}
