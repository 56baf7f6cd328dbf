/**
 * The engine: a lock-free, off-heap keyspace, and the commit protocol between it and the log.
 *
 * <p>From the bottom: {@link io.hotpair.internal.Mem} is raw memory, {@link
 * io.hotpair.internal.Slab} cuts it into blocks, {@link io.hotpair.internal.Stripes} gives each
 * operation an epoch and a private corner to allocate in, {@link io.hotpair.internal.Index} maps
 * keys to {@link io.hotpair.internal.Records}, {@link io.hotpair.internal.Engine} runs the
 * operations, {@link io.hotpair.internal.OperationRing} numbers them and {@link
 * io.hotpair.internal.LogWriter} takes them to the log. The design and the proof are in {@code
 * core/docs/engine.md}.
 */
@NullMarked
package io.hotpair.internal;

import org.jspecify.annotations.NullMarked;
