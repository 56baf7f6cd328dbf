package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.BLOCKING;
import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.ListCommands.add;
import static io.hotpair.resp.ListCommands.end;
import static io.hotpair.resp.ListCommands.lists;
import static io.hotpair.resp.ListCommands.move;

import io.hotpair.KeyArea;
import io.hotpair.ListEnd;
import io.hotpair.PoppedElements;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What waits for an element of a list. */
final class BlockingListCommands {
    private BlockingListCommands() {}

    static void register(CommandTable table) {
        pop(table, "blpop", ListEnd.LEFT)
                .summary("Removes and returns the first element of a list, or waits for one.");
        pop(table, "brpop", ListEnd.RIGHT)
                .summary("Removes and returns the last element of a list, or waits for one.");
        add(table, "blmpop", -5, "timeout numkeys key... (LEFT|RIGHT) [COUNT count]")
                .flags(WRITE, BLOCKING)
                .keys(KeySpec.counted(2, "RW", "access", "delete"))
                .since("7.0.0")
                .floating("timeout")
                .complexity("O(N+M), N being the number of keys, M that of elements removed")
                .summary("Removes and returns elements of a list, or waits for one.")
                .does(BlockingListCommands::blmpop);
        move(table, "blmove", 6, "source destination (LEFT|RIGHT) (LEFT|RIGHT) timeout")
                .flags(WRITE, DENYOOM, NOSCRIPT, BLOCKING)
                .since("6.2.0")
                .floating("timeout")
                .summary("Moves an element from one list to another, or waits for one.")
                .does((r, c, out) -> blmove(r, c, out, end(r, 3), end(r, 4), 5));
        move(table, "brpoplpush", 4, "source destination timeout")
                .flags(WRITE, DENYOOM, NOSCRIPT, BLOCKING)
                .since("2.2.0")
                .floating("timeout")
                .summary("Moves the last element of a list to another, or waits for one.")
                .does((r, c, out) -> blmove(r, c, out, ListEnd.RIGHT, ListEnd.LEFT, 3));
    }

    private static Command pop(CommandTable table, String name, ListEnd from) {
        return add(table, name, -3, "key... timeout")
                .flags(WRITE, NOSCRIPT, BLOCKING)
                .keys(1, -2, 1, "RW", "access", "delete")
                .since("2.0.0")
                .floating("timeout")
                .complexity("O(N), N being the number of keys")
                .does((r, c, out) -> pop(r, c, out, from));
    }

    private static void pop(Request request, Client client, ReplyBuffer reply, ListEnd from) {
        int last = request.count() - 1;
        Duration timeout = BlockedClient.timeout(request, last);
        byte[][] keys = request.copies(1, last - 1);
        BlockedClient.await(
                client,
                reply,
                lists(client).blmpopAsync(timeout, from, 1, keys),
                true,
                BlockingListCommands::popped);
    }

    private static void popped(@Nullable PoppedElements popped, ReplyBuffer reply) {
        if (popped == null) {
            reply.nullArray();
            return;
        }
        reply.array(2);
        reply.bulk(KeyArea.name(popped.key()));
        reply.bulk(popped.elements().get(0));
    }

    private static void blmpop(Request request, Client client, ReplyBuffer reply) {
        PopArguments arguments = PopArguments.of(request, 2, "LEFT", "RIGHT");
        Duration timeout = BlockedClient.timeout(request, 1);
        CompletableFuture<@Nullable PoppedElements> popped =
                lists(client)
                        .blmpopAsync(timeout, end(arguments), arguments.count(), arguments.keys());
        BlockedClient.await(client, reply, popped, true, ListCommands::popped);
    }

    private static void blmove(
            Request request,
            Client client,
            ReplyBuffer reply,
            ListEnd from,
            ListEnd to,
            int timeoutAt) {
        Duration timeout = BlockedClient.timeout(request, timeoutAt);
        BlockedClient.await(
                client,
                reply,
                lists(client).blmoveAsync(timeout, request.copy(1), request.copy(2), from, to),
                true,
                (element, out) -> moved(element, client, out));
    }

    private static void moved(byte @Nullable [] element, Client client, ReplyBuffer reply) {
        if (element == null && client.transaction().isExecuting()) {
            // There it does not wait.
            reply.nullValue();
        } else if (element == null) {
            // As of any other that waits for a list; only one that does not wait gives no string.
            reply.nullArray();
        } else {
            reply.bulk(element);
        }
    }
}
