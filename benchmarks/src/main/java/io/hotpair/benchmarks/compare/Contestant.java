package io.hotpair.benchmarks.compare;

/** A map under comparison. */
interface Contestant extends AutoCloseable {
    /** What {@link #ownBytes()} answers if the contestant does not count. */
    long UNKNOWN = -1;

    /** One thread's way in. */
    Caller caller();

    /** The off-heap memory that it says it takes. */
    default long ownBytes() {
        return UNKNOWN;
    }

    /** Whether it can do that at all. */
    default boolean supports(Operation operation) {
        return true;
    }

    /** Whether it holds what was put, rather than being a yardstick only. */
    default boolean isMap() {
        return true;
    }

    /** Waits until what was written is where a write goes without anybody waiting for it. */
    default void drain() {}

    /**
     * Waits until the contestant's own threads have nothing to do on account of what was written.
     */
    default void rest() {}

    @Override
    void close();
}
