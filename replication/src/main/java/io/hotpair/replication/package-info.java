/** Makes a keyspace one of a pair. */
@NullMarked
package io.hotpair.replication;

import org.jspecify.annotations.NullMarked;
