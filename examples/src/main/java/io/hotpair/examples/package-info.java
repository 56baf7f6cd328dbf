/** Runnable examples; {@code ./examples/run} lists them. */
@NullMarked
package io.hotpair.examples;

import org.jspecify.annotations.NullMarked;
