/**
 * How a pair works. From the outside in:
 *
 * <ul>
 *   <li>{@link io.hotpair.replication.internal.PairSession}: one keyspace's replication, its
 *       threads and sockets put together.
 *   <li>{@link io.hotpair.replication.internal.RoleAgent}: the state machine that asks the register
 *       who is master and acts on the answer. One thread steps it; time, register and transport
 *       come in from outside, so a simulation steps it as well.
 *   <li>{@link io.hotpair.replication.internal.InSyncSet}: the rule by which an operation counts as
 *       acknowledged.
 *   <li>{@link io.hotpair.replication.internal.FeedSession} and {@link
 *       io.hotpair.replication.internal.FollowerSession}: the two ends of the shipping protocol,
 *       without any input or output of their own.
 *   <li>{@link io.hotpair.replication.internal.ShippingServer} and {@link
 *       io.hotpair.replication.internal.FollowerLink}: the sockets and threads that drive these
 *       two.
 *   <li>{@link io.hotpair.replication.internal.WireDescriptor}: the bytes between them.
 * </ul>
 */
@NullMarked
package io.hotpair.replication.internal;

import org.jspecify.annotations.NullMarked;
