package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/** A change of one key that depends on what the key holds. */
public interface Decision {

    /**
     * Decides what becomes of a key. May be called several times for one change.
     *
     * @param current its value; null if it is absent
     * @param deadlineMs its deadline; 0 for none
     * @return whether anything changes
     */
    boolean decide(byte @Nullable [] current, long deadlineMs);

    /** The array that holds the new value; null to delete the key. */
    byte @Nullable [] value();

    /** Where the new value begins. */
    int valueOffset();

    /** The new value's bytes. */
    int valueLength();

    /** The new deadline; 0 for none. */
    long deadlineMs();
}
