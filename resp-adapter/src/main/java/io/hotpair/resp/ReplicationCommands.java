package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Who is master, as Redis clients ask for it. The pair itself decides; nobody here can. */
final class ReplicationCommands {
    private static final int MAX_PORT = 65_535;

    private ReplicationCommands() {}

    static void register(CommandTable table) {
        table.add("role", 1, Group.SERVER)
                .categories(Category.ADMIN, Category.DANGEROUS)
                .flags(NOSCRIPT, LOADING, STALE, FAST)
                .since("2.8.12")
                .summary("Says whether this node is master or replica, and of whom.")
                .does(ReplicationCommands::role);
        replicaOf(table, "replicaof", "5.0.0");
        replicaOf(table, "slaveof", "1.0.0");
    }

    private static void replicaOf(CommandTable table, String name, String since) {
        table.add(name, 3, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, STALE, NO_ASYNC_LOADING)
                .syntax("host port")
                .since(since)
                .summary("Confirms the present master; anything else is decided by the pair.")
                .does(ReplicationCommands::replicaOf);
    }

    /** The members other than this node. */
    static List<Member> replicas(@Nullable Topology topology) {
        List<Member> replicas = new ArrayList<>();
        if (topology != null) {
            for (Member member : topology.members()) {
                if (!member.name().equals(topology.nodeName())) {
                    replicas.add(member);
                }
            }
        }
        return replicas;
    }

    /** How many replicas have an operation in their log. */
    /** How many of them have come to an opId, by one of their figures. */
    static int replicasWith(@Nullable Topology topology, ToLongFunction<Member> of, long opId) {
        int count = 0;
        for (Member replica : replicas(topology)) {
            if (replica.connected() && of.applyAsLong(replica) >= opId) {
                count++;
            }
        }
        return count;
    }

    private static void role(Request request, Client client, ReplyBuffer reply) {
        Topology topology = client.keyspace().topology();
        long opId = client.keyspace().statistics().lastOpId();
        if (topology == null || topology.role() == Role.MASTER) {
            List<Member> replicas = replicas(topology).stream().filter(Member::connected).toList();
            reply.array(3);
            reply.bulk("master");
            reply.integer(opId);
            reply.array(replicas.size());
            for (Member replica : replicas) {
                reply.array(3);
                reply.bulk(replica.clientHost());
                reply.bulkInteger(replica.clientPort());
                reply.bulkInteger(replica.loggedOpId());
            }
            return;
        }
        Member master = topology.master();
        reply.array(5);
        reply.bulk("slave");
        reply.bulk(master == null ? "" : master.clientHost());
        reply.integer(master == null ? 0 : master.clientPort());
        reply.bulk(isLinked(topology) ? "connected" : "connect");
        reply.integer(opId);
    }

    /** Whether a replica receives what its master writes. */
    static boolean isLinked(Topology topology) {
        if (topology.master() == null) {
            return false;
        }
        for (Member member : topology.members()) {
            if (member.name().equals(topology.nodeName())) {
                return member.connected();
            }
        }
        return false;
    }

    private static void replicaOf(Request request, Client client, ReplyBuffer reply) {
        Topology topology = client.keyspace().topology();
        boolean isMaster = topology == null || topology.role() == Role.MASTER;
        if (request.is(1, "NO") && request.is(2, "ONE")) {
            if (!isMaster) {
                throw decidedByPair();
            }
            reply.ok();
            return;
        }
        if (!request.isInteger(2) || request.integer(2) < 0 || request.integer(2) > MAX_PORT) {
            throw new CommandException("ERR Invalid master port");
        }
        Member master = topology == null ? null : topology.master();
        if (isMaster
                || master == null
                || !master.clientHost().equals(request.text(1))
                || master.clientPort() != request.integer(2)) {
            throw decidedByPair();
        }
        reply.status("OK Already connected to specified master");
    }

    private static CommandException decidedByPair() {
        return new CommandException(
                "ERR REPLICAOF is refused: the nodes of a pair decide among themselves which one is"
                        + " master");
    }
}
