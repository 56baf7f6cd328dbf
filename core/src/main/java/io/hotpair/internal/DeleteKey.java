package io.hotpair.internal;

/** Deletes a key, whatever it holds. */
public final class DeleteKey implements Mutation {
    /** The one there is. */
    public static final DeleteKey DELETE = new DeleteKey();

    private DeleteKey() {}

    @Override
    public long apply(Edit edit, long current) {
        return current == 0 ? UNCHANGED : edit.tombstone();
    }
}
