/**
 * The register in which it is decided who is master. {@link
 * io.hotpair.replication.register.TopologyRegister} is the port; a consensus engine stands behind
 * it.
 */
@NullMarked
package io.hotpair.replication.register;

import org.jspecify.annotations.NullMarked;
