/**
 * The ports between a keyspace and whatever decides who is master: {@link
 * io.hotpair.topology.Replication} is what an application hands in, {@link
 * io.hotpair.topology.ReplicatedKeyspace} is what it gets to steer, {@link
 * io.hotpair.topology.Topology} is what anybody may ask.
 */
@NullMarked
package io.hotpair.topology;

import org.jspecify.annotations.NullMarked;
