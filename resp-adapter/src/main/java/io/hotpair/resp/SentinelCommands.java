package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Group;
import io.hotpair.topology.Member;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What clients ask a Sentinel in order to find the master. Nothing can be changed: what a pair is,
 * and who its master is, the pair decides.
 */
final class SentinelCommands {
    private SentinelCommands() {}

    static void register(CommandTable table) {
        Command sentinel =
                table.add("sentinel", -2, Group.SERVER)
                        .since("2.8.4")
                        .summary("Tells of the pair as a Redis Sentinel does.");
        sub(
                        table,
                        sentinel,
                        "ckquorum",
                        3,
                        "Says whether there is a master and who could take over.")
                .does(SentinelCommands::checkQuorum);
        sub(table, sentinel, "get-master-addr-by-name", 3, "Says where the master is.")
                .does(SentinelCommands::address);
        sub(table, sentinel, "master", 3, "Describes the master.")
                .does(
                        (r, c, out) -> {
                            requireName(r, c);
                            master(c, out);
                        });
        sub(table, sentinel, "masters", 2, "Describes the master, as the only one in a list.")
                .does(
                        (r, c, out) -> {
                            out.array(1);
                            master(c, out);
                        });
        sub(table, sentinel, "myid", 2, "Says what identifies this node.")
                .since("6.2.0")
                .does((r, c, out) -> out.bulk(view(c).myId()));
        sub(table, sentinel, "replicas", 3, "Describes the nodes but the master.")
                .since("5.0.0")
                .does(SentinelCommands::replicas);
        sub(table, sentinel, "sentinels", 3, "Describes the nodes but this one.")
                .does(SentinelCommands::sentinels);
        sub(table, sentinel, "slaves", 3, "Describes the nodes but the master.")
                .does(SentinelCommands::replicas);
        table.addSubcommand(sentinel, "help", 2)
                .flags(LOADING, STALE)
                .since("6.2.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(sentinel, out));
    }

    private static Command sub(
            CommandTable table, Command sentinel, String name, int arity, String summary) {
        return table.addSubcommand(sentinel, name, arity)
                .flags(ADMIN, LOADING, STALE)
                .syntax(arity == 3 ? "master-name" : "")
                .since("2.8.4")
                .summary(summary);
    }

    private static SentinelView view(Client client) {
        return client.server().sentinel();
    }

    private static void requireName(Request request, Client client) {
        if (!view(client).isNamed(request.text(2))) {
            throw new CommandException("ERR No such master with that name");
        }
    }

    /** Where the client sees this node, without the port. */
    private static String seenAt(Client client) {
        String local = client.localAddress();
        return local.substring(0, local.lastIndexOf(':')).replaceAll("[\\[\\]]", "");
    }

    private static void address(Request request, Client client, ReplyBuffer reply) {
        SentinelView view = view(client);
        SentinelView.Address master =
                view.isNamed(request.text(2)) ? view.master(seenAt(client)) : null;
        if (master == null) {
            reply.nullArray();
            return;
        }
        reply.array(2);
        reply.bulk(master.host());
        reply.bulk(Integer.toString(master.port()));
    }

    private static void checkQuorum(Request request, Client client, ReplyBuffer reply) {
        requireName(request, client);
        SentinelView view = view(client);
        long usable = 1 + view.others().stream().filter(Member::connected).count();
        if (view.master(seenAt(client)) == null) {
            throw new CommandException(
                    "NOQUORUM " + usable + " usable Sentinels. This node knows of no master");
        }
        reply.status(
                "OK "
                        + usable
                        + " usable Sentinels. Quorum and failover authorization can be reached");
    }

    private static void master(Client client, ReplyBuffer reply) {
        SentinelView view = view(client);
        SentinelView.Address master = view.master(seenAt(client));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", view.name());
        fields.put("ip", master == null ? "" : master.host());
        fields.put("port", master == null ? 0 : master.port());
        fields.put("runid", view.masterId());
        fields.put("flags", master == null ? "s_down,o_down,master,disconnected" : "master");
        addLink(fields, master != null);
        fields.put("role-reported", "master");
        fields.put("role-reported-time", 0);
        fields.put("config-epoch", view.epoch());
        fields.put("num-slaves", view.replicas().size());
        fields.put("num-other-sentinels", view.others().size());
        fields.put("quorum", 1);
        fields.put("failover-timeout", 0);
        fields.put("parallel-syncs", 1);
        write(fields, reply);
    }

    private static void replicas(Request request, Client client, ReplyBuffer reply) {
        requireName(request, client);
        SentinelView view = view(client);
        SentinelView.Address master = view.master(seenAt(client));
        List<Member> replicas = view.replicas();
        reply.array(replicas.size());
        for (Member replica : replicas) {
            Map<String, Object> fields = node(view, replica, "slave");
            fields.put("role-reported", "slave");
            fields.put("role-reported-time", 0);
            fields.put("master-link-down-time", 0);
            fields.put("master-link-status", replica.connected() ? "ok" : "err");
            fields.put("master-host", master == null ? "?" : master.host());
            fields.put("master-port", master == null ? 0 : master.port());
            fields.put("slave-priority", 100);
            fields.put("slave-repl-offset", replica.loggedOpId());
            fields.put("replica-announced", 1);
            write(fields, reply);
        }
    }

    private static void sentinels(Request request, Client client, ReplyBuffer reply) {
        requireName(request, client);
        SentinelView view = view(client);
        List<Member> others = view.others();
        reply.array(others.size());
        for (Member other : others) {
            Map<String, Object> fields = node(view, other, "sentinel");
            fields.put("last-hello-message", 0);
            fields.put("voted-leader", "?");
            fields.put("voted-leader-epoch", 0);
            write(fields, reply);
        }
    }

    private static Map<String, Object> node(SentinelView view, Member member, String kind) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put(
                "name",
                kind.equals("slave")
                        ? member.clientHost() + ":" + member.clientPort()
                        : view.id(member.name()));
        fields.put("ip", member.clientHost());
        fields.put("port", member.clientPort());
        fields.put("runid", view.id(member.name()));
        fields.put("flags", member.connected() ? kind : "s_down," + kind + ",disconnected");
        addLink(fields, member.connected());
        return fields;
    }

    private static void addLink(Map<String, Object> fields, boolean isUp) {
        fields.put("link-pending-commands", 0);
        fields.put("link-refcount", 1);
        fields.put("last-ping-sent", 0);
        fields.put("last-ok-ping-reply", 0);
        fields.put("last-ping-reply", 0);
        fields.put("down-after-milliseconds", 1_000);
        fields.put("info-refresh", isUp ? 0 : 1_000);
    }

    private static void write(Map<String, Object> fields, ReplyBuffer reply) {
        reply.map(fields.size());
        fields.forEach(
                (name, value) -> {
                    reply.bulk(name);
                    reply.bulk(String.valueOf(value));
                });
    }
}
