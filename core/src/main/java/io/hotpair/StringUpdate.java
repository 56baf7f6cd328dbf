package io.hotpair;

/** A change of one key that depends on what the key holds: read, decide, write, as one step. */
@FunctionalInterface
public interface StringUpdate {

    /**
     * Looks at the entry and says what becomes of it. May be called several times for one change,
     * when other writers come first, so it must have no effect but on the entry; only the last call
     * counts.
     *
     * @param entry the key's current state; valid during the call only
     */
    void apply(StringEntry entry);
}
