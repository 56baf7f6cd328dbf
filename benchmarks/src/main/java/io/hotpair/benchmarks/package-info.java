/** JMH benchmarks; {@code ./benchmarks/run} builds and runs them. */
@NullMarked
package io.hotpair.benchmarks;

import org.jspecify.annotations.NullMarked;
