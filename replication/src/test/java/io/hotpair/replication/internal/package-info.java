/** Tests of how a pair works, and the doubles that stand in for core and for the register. */
@NullMarked
package io.hotpair.replication.internal;

import org.jspecify.annotations.NullMarked;
