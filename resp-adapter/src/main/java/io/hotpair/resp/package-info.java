/**
 * Redis clients in: a listener that speaks RESP2 and RESP3 and works directly on a keyspace.
 *
 * <p>{@link io.hotpair.resp.RespListener} accepts connections on event loops. Each {@code
 * Connection} parses what arrives ({@code RequestParser}), has the {@code Dispatcher} execute it at
 * once on the loop's thread, gathers the replies of one read in the loop's {@code ReplyBuffer}, and
 * hands them to its {@code Outbox}, which holds them back until the batch's last write has come as
 * far as it must. What a command is stands in one place, {@code CommandTable}; from it come arity
 * errors, COMMAND, key extraction and {@code docs/commands.md}.
 */
@NullMarked
package io.hotpair.resp;

import org.jspecify.annotations.NullMarked;
