package io.hotpair.internal;

/**
 * Where typed operations run: straight on a keyspace, or inside a transaction that sees its own
 * writes. What a type does is written once, against this.
 */
public interface Executor {

    /** Looks at a key, at one moment. */
    <R> R read(byte[] key, Reader<R> reader);

    /** Changes a key; returns whether it was changed. */
    boolean write(byte[] key, Mutation mutation);
}
