/** Tests of what an application sees of a pair. */
@NullMarked
package io.hotpair.replication;

import org.jspecify.annotations.NullMarked;
