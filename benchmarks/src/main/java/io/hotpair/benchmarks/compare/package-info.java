/**
 * Hotpair beside its peers in one JVM; {@code ./benchmarks/compare} builds and runs it, and {@code
 * benchmarks/docs/compare.md} says how to read what it prints.
 *
 * <ul>
 *   <li>{@link io.hotpair.benchmarks.compare.Compare} runs the sections: maps, memory, pauses, log,
 *       collections.
 *   <li>{@link io.hotpair.benchmarks.compare.Contestant} is a map under comparison, {@link
 *       io.hotpair.benchmarks.compare.Caller} one thread's way into it; {@link
 *       io.hotpair.benchmarks.compare.Peer} lists them.
 *   <li>{@link io.hotpair.benchmarks.compare.Operation} is what is done to each of them, by {@link
 *       io.hotpair.benchmarks.compare.Crew} in short chunks that take turns.
 *   <li>{@link io.hotpair.benchmarks.compare.CollectionCommand} is what is done to collections,
 *       here and in a {@link io.hotpair.benchmarks.compare.RedisServer}.
 *   <li>{@link io.hotpair.benchmarks.compare.Report} turns the figures into ratios.
 * </ul>
 *
 * <p>{@link io.hotpair.benchmarks.compare.Stores}, which {@code ./benchmarks/stores} runs, compares
 * the cost of puts with that of stores that keep files. {@link
 * io.hotpair.benchmarks.compare.Snapshots}, which {@code ./benchmarks/snapshots} runs, compares
 * what a snapshot does to those who write meanwhile with what Redis's does.
 */
@NullMarked
package io.hotpair.benchmarks.compare;

import org.jspecify.annotations.NullMarked;
