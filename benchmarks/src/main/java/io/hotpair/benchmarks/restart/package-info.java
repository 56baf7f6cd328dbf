/** How long a restart takes until the first read is answered; run by {@code benchmarks/restart}. */
@NullMarked
package io.hotpair.benchmarks.restart;

import org.jspecify.annotations.NullMarked;
