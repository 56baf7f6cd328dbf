/** The public API of the keyspace. */
@NullMarked
package io.hotpair;

import org.jspecify.annotations.NullMarked;
