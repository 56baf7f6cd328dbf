/**
 * The register on Apache Ratis, an implementation of Raft that runs inside the application's JVM.
 *
 * <p>{@link io.hotpair.replication.ratis.RatisRegister} is what a data node opens: a voter and the
 * way to whichever voter leads. {@link io.hotpair.replication.ratis.Witness} is a voter and nothing
 * else. Both are described by a {@link io.hotpair.replication.ratis.VoterConfig}.
 *
 * <p>Inside, from the middle outwards: {@code LeasedRegister} holds the state and, on the voter
 * that leads, the master's lease; it knows nothing of Ratis. {@code RegisterMachine} is the state
 * machine that Ratis drives it by. {@code Voter} is an embedded Ratis server with that machine, its
 * settings ({@code VoterSettings}) and a watchdog for its connections. {@code LeaderCaller} brings
 * a request to the voter that leads, in bounded time, and makes sure that it still led when it
 * answered.
 *
 * <p>{@code replication/docs/consensus.md} says why, and holds the formats.
 */
@NullMarked
package io.hotpair.replication.ratis;

import org.jspecify.annotations.NullMarked;
