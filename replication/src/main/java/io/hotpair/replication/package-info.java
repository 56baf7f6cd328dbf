/**
 * Makes a keyspace one of a pair: a master that takes writes and a replica that holds the same log
 * and takes over by itself.
 *
 * <p>{@link io.hotpair.replication.Pair} is what an application hands to {@code
 * KeyspaceBuilder.replication}. {@link io.hotpair.replication.PairListener} and {@link
 * io.hotpair.replication.PairStatus} say what the pair does. How it works stands in {@code
 * replication/docs/replication.md}; what travels between the nodes, in {@code
 * replication/docs/wire-format.md}.
 */
@NullMarked
package io.hotpair.replication;

import org.jspecify.annotations.NullMarked;
