/**
 * The fail-over example: a witness, a master and a replica as three JVMs, load from inside and from
 * a Redis client, a SIGKILL in the middle, and an auditor outside who counts what was acknowledged.
 */
@NullMarked
package io.hotpair.examples.failover;

import org.jspecify.annotations.NullMarked;
