package io.hotpair.internal;

/** A change of one key that depends on what the key holds. */
@FunctionalInterface
public interface Mutation {
    /** What a mutation returns that leaves the key alone. */
    long UNCHANGED = 0;

    /**
     * Builds what becomes of a key. Called inside an epoch, and again when another writer came
     * first: only the last call counts, so results that it keeps are set anew by every call.
     *
     * @param edit makes nodes and records
     * @param current the key's record, or 0 if the key is absent or has expired
     * @return the new record, made by the edit, or {@link #UNCHANGED}
     */
    long apply(Edit edit, long current);
}
