package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.PUBSUB;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Channels;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.Topic.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Publish and subscribe. */
final class PubSubCommands {
    private static final Flag[] SUBSCRIBING = {PUBSUB, NOSCRIPT, LOADING, STALE};

    private PubSubCommands() {}

    static void register(CommandTable table) {
        registerKind(table, Kind.CHANNEL, "channel", "2.0.0");
        registerKind(table, Kind.PATTERN, "pattern", "2.0.0");
        registerKind(table, Kind.SHARD, "shardchannel", "7.0.0");
        table.add("publish", 3, Group.PUBSUB)
                .heldWithWrites()
                .flags(PUBSUB, LOADING, STALE, FAST)
                .channels(Channels.PUBLISHED)
                .since("2.0.0")
                .syntax("channel message")
                .complexity(
                        "O(N+M), N being the number of the channel's subscribers, M that of all"
                                + " patterns")
                .summary(
                        "Sends a message to the subscribers of a channel that are connected to"
                                + " this node, and says how many there are.")
                .does((r, c, out) -> publish(Kind.CHANNEL, r, c, out));
        table.add("spublish", 3, Group.PUBSUB)
                .heldWithWrites()
                .flags(PUBSUB, LOADING, STALE, FAST)
                .keys(1, 1, 1, "not_key")
                .channels(Channels.PUBLISHED)
                .since("7.0.0")
                .syntax("shardchannel message")
                .complexity("O(N), N being the number of the channel's subscribers")
                .summary("Sends a message to the subscribers of a shard channel.")
                .does((r, c, out) -> publish(Kind.SHARD, r, c, out));
        registerPubSub(table);
    }

    /** What the nodes of a pair say to the clients of a Sentinel nobody else may say. */
    private static void checkNotForged(Kind kind, Request request, Client client) {
        if (kind == Kind.CHANNEL
                && request.is(1, SentinelView.SWITCHED_CHANNEL)
                && client.server().keyspace().topology() != null) {
            throw new CommandException(
                    "ERR " + SentinelView.SWITCHED_CHANNEL + " is said by the nodes alone");
        }
    }

    private static void registerKind(CommandTable table, Kind kind, String what, String since) {
        Command subscribe =
                table.add(kind.word("subscribe"), -2, Group.PUBSUB)
                        .flags(SUBSCRIBING)
                        .inSubscribedMode()
                        .channels(kind == Kind.PATTERN ? Channels.PATTERNS : Channels.SUBSCRIBED)
                        .since(since)
                        .syntax(what + "...")
                        .complexity("O(N), N being the number of arguments")
                        .summary("Receives what is published to a " + what + " from now on.")
                        .does((r, c, out) -> subscribe(kind, r, c, out));
        Command unsubscribe =
                table.add(kind.word("unsubscribe"), -1, Group.PUBSUB)
                        .flags(SUBSCRIBING)
                        .inSubscribedMode()
                        .since(since)
                        .syntax("[" + what + "...]")
                        .complexity("O(N), N being the number of arguments")
                        .summary("Ends subscriptions to a " + what + ", all of them without one.")
                        .does((r, c, out) -> unsubscribe(kind, r, c, out));
        if (kind.isShard()) {
            subscribe.keys(1, -1, 1, "not_key");
            unsubscribe.keys(1, -1, 1, "not_key");
        }
    }

    private static void registerPubSub(CommandTable table) {
        Command pubsub =
                table.add("pubsub", -2, Group.PUBSUB)
                        .since("2.8.0")
                        .summary("Tells of channels and their subscribers.");
        sub(table, pubsub, "channels", -2, "[pattern]")
                .since("2.8.0")
                .complexity("O(N), N being the number of channels")
                .summary("Lists the channels that have a subscriber.")
                .does((r, c, out) -> channels(Kind.CHANNEL, r, c, out));
        sub(table, pubsub, "numsub", -2, "[channel...]")
                .since("2.8.0")
                .complexity("O(N), N being the number of arguments")
                .summary("Counts the subscribers of channels.")
                .does((r, c, out) -> numSub(Kind.CHANNEL, r, c, out));
        sub(table, pubsub, "numpat", 2, "")
                .since("2.8.0")
                .summary("Counts the patterns that have a subscriber.")
                .does(
                        (r, c, out) ->
                                out.integer(
                                        c.server().pubSub().count(Kind.PATTERN)
                                                - c.subscriptions().countLeft(Kind.PATTERN)));
        sub(table, pubsub, "shardchannels", -2, "[pattern]")
                .since("7.0.0")
                .complexity("O(N), N being the number of shard channels")
                .summary("Lists the shard channels that have a subscriber.")
                .does((r, c, out) -> channels(Kind.SHARD, r, c, out));
        sub(table, pubsub, "shardnumsub", -2, "[shardchannel...]")
                .since("7.0.0")
                .complexity("O(N), N being the number of arguments")
                .summary("Counts the subscribers of shard channels.")
                .does((r, c, out) -> numSub(Kind.SHARD, r, c, out));
        table.addSubcommand(pubsub, "help", 2)
                .flags(LOADING, STALE)
                .since("6.2.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(pubsub, out));
    }

    private static Command sub(
            CommandTable table, Command pubsub, String name, int arity, String syntax) {
        return table.addSubcommand(pubsub, name, arity)
                .flags(PUBSUB, LOADING, STALE)
                .syntax(syntax);
    }

    private static void subscribe(Kind kind, Request request, Client client, ReplyBuffer reply) {
        if (kind.isShard() && client.transaction().isExecuting()) {
            throw new CommandException("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
        }
        Subscriptions subscriptions = client.subscriptions();
        for (int i = 1; i < request.count(); i++) {
            byte[] name = request.copy(i);
            subscriptions.add(kind, name);
            subscriptions.confirm(kind, "subscribe", name, reply);
        }
    }

    private static void unsubscribe(Kind kind, Request request, Client client, ReplyBuffer reply) {
        Subscriptions subscriptions = client.subscriptions();
        if (request.count() > 1) {
            for (int i = 1; i < request.count(); i++) {
                unsubscribe(subscriptions, kind, request.copy(i), reply);
            }
            return;
        }
        List<byte[]> all = subscriptions.names(kind);
        if (all.isEmpty()) {
            subscriptions.confirm(kind, "unsubscribe", null, reply);
        }
        for (byte[] name : all) {
            unsubscribe(subscriptions, kind, name, reply);
        }
    }

    private static void unsubscribe(
            Subscriptions subscriptions, Kind kind, byte[] name, ReplyBuffer reply) {
        subscriptions.remove(kind, name);
        subscriptions.confirm(kind, "unsubscribe", name, reply);
    }

    private static void publish(Kind kind, Request request, Client client, ReplyBuffer reply) {
        checkNotForged(kind, request, client);
        byte[] channel = request.copy(1);
        byte[] payload = request.copy(2);
        PubSub pubSub = client.server().pubSub();
        reply.integer(
                client.transaction().isExecuting()
                        ? client.transaction().publishLater(kind, channel, payload)
                        : pubSub.publish(kind, channel, payload, null));
    }

    private static void channels(Kind kind, Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw new CommandException(
                    "ERR unknown subcommand or wrong number of arguments for '"
                            + request.inError(1, 128)
                            + "'. Try PUBSUB HELP.");
        }
        @Nullable GlobPattern pattern =
                request.count() == 3 ? new GlobPattern(request.copy(2), false) : null;
        PubSub pubSub = client.server().pubSub();
        List<byte[]> names = pubSub.names(kind, pattern);
        names.removeIf(
                name ->
                        client.subscriptions().countLeaving(kind, name) == 1
                                && pubSub.subscribers(kind, name) == 1);
        reply.array(names.size());
        names.forEach(reply::bulk);
    }

    private static void numSub(Kind kind, Request request, Client client, ReplyBuffer reply) {
        int channels = request.count() - 2;
        reply.array(2L * channels);
        for (int i = 2; i < request.count(); i++) {
            byte[] name = request.copy(i);
            reply.bulk(name);
            reply.integer(
                    client.server().pubSub().subscribers(kind, name)
                            - client.subscriptions().countLeaving(kind, name));
        }
    }
}
