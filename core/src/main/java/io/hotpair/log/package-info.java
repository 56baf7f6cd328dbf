/**
 * The log as core sees it: the frame format, which has its one owner here, and the ports through
 * which a log is written ({@link io.hotpair.log.OperationLog}) and read ({@link
 * io.hotpair.log.OperationSource}). The persistence module implements the ports on Chronicle Queue;
 * the replication module ships frames as they are.
 */
@NullMarked
package io.hotpair.log;

import org.jspecify.annotations.NullMarked;
