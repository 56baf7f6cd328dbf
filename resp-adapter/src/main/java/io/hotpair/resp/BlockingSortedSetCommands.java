package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.BLOCKING;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.SortedSetCommands.add;
import static io.hotpair.resp.SortedSetCommands.sets;

import io.hotpair.KeyArea;
import io.hotpair.ScoredMember;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What waits for a member of a sorted set. */
final class BlockingSortedSetCommands {
    private BlockingSortedSetCommands() {}

    static void register(CommandTable table) {
        pop(table, "bzpopmin", false)
                .summary("Removes and returns the member with the lowest score, or waits for one.");
        pop(table, "bzpopmax", true)
                .summary(
                        "Removes and returns the member with the highest score, or waits for one.");
        add(table, "bzmpop", -5, "timeout numkeys key... (MIN|MAX) [COUNT count]")
                .flags(WRITE, BLOCKING)
                .keys(KeySpec.counted(2, "RW", "access", "delete"))
                .since("7.0.0")
                .complexity("O(K)+O(M*log(N)), K keys, N members, M of them removed")
                .summary("Removes and returns members of a sorted set, or waits for one.")
                .does(BlockingSortedSetCommands::bzmpop);
    }

    private static Command pop(CommandTable table, String name, boolean highest) {
        return add(table, name, -3, "key... timeout")
                .flags(WRITE, NOSCRIPT, BLOCKING, FAST)
                .keys(1, -2, 1, "RW", "access", "delete")
                .since("5.0.0")
                .complexity("O(log(N)), N being the number of members")
                .does((r, c, out) -> pop(r, c, out, highest));
    }

    private static void pop(Request request, Client client, ReplyBuffer reply, boolean highest) {
        int last = request.count() - 1;
        Duration timeout = BlockedClient.timeout(request, last);
        byte[][] keys = request.copies(1, last - 1);
        BlockedClient.await(
                client,
                reply,
                highest
                        ? sets(client).bzpopmaxAsync(timeout, keys)
                        : sets(client).bzpopminAsync(timeout, keys),
                true,
                BlockingSortedSetCommands::popped);
    }

    private static void popped(
            Map.@Nullable Entry<byte[], ScoredMember> popped, ReplyBuffer reply) {
        if (popped == null) {
            reply.nullArray();
            return;
        }
        reply.array(3);
        reply.bulk(KeyArea.name(popped.getKey()));
        reply.bulk(popped.getValue().member());
        reply.number(popped.getValue().score());
    }

    private static void bzmpop(Request request, Client client, ReplyBuffer reply) {
        PopArguments arguments = PopArguments.of(request, 2, "MIN", "MAX");
        Duration timeout = BlockedClient.timeout(request, 1);
        CompletableFuture<Map.@Nullable Entry<byte[], List<ScoredMember>>> popped =
                sets(client)
                        .bzmpopAsync(
                                timeout, arguments.keys(), arguments.isSecond(), arguments.count());
        BlockedClient.await(client, reply, popped, true, SortedSetCommands::popped);
    }
}
