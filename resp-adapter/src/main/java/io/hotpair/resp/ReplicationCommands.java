package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.Keyspace;
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
    private static final long END_POLL_NS = 1_000_000;

    private ReplicationCommands() {}

    static void register(CommandTable table) {
        table.add("role", 1, Group.SERVER)
                .categories(Category.ADMIN, Category.DANGEROUS)
                .flags(NOSCRIPT, LOADING, STALE, FAST)
                .since("2.8.12")
                .summary("Says whether this node is master or replica, and of whom.")
                .does(ReplicationCommands::role);
        table.add("monitor", 1, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                .since("1.0.0")
                .summary("Shows the commands that all clients execute from now on.")
                .does(ReplicationCommands::monitor);
        replicaOf(table, "replicaof", "5.0.0");
        replicaOf(table, "slaveof", "1.0.0");
    }

    private static void replicaOf(CommandTable table, String name, String since) {
        table.add(name, 3, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, STALE, NO_ASYNC_LOADING)
                .syntax("host port")
                .since(since)
                .summary("Has this node follow a Redis, and take all that it holds, until NO ONE.")
                .does(ReplicationCommands::replicaOf);
    }

    private static void monitor(Request request, Client client, ReplyBuffer reply) {
        if (client.transaction().isExecuting()) {
            throw new CommandException("ERR MONITOR isn't allowed for DENY BLOCKING client");
        }
        // As with Redis, who watches already gets no reply.
        if (!client.isMonitor()) {
            client.server().monitors().add(client);
            reply.ok();
        }
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

    /**
     * How many replicas are connected and in sync. Who does not follow is taken out of the in-sync
     * set, after the time that the pair allows.
     */
    static int goodReplicas(@Nullable Topology topology) {
        int count = 0;
        for (Member replica : replicas(topology)) {
            if (replica.connected() && replica.inSync()) {
                count++;
            }
        }
        return count;
    }

    /** Whether this is a master with fewer good replicas than a write needs. */
    static boolean lacksReplicas(RespServer server) {
        int wanted = server.settings().wantedReplicas();
        if (wanted == 0) {
            return false;
        }
        Topology topology = server.keyspace().topology();
        boolean isReplica =
                server.keyspace().migration().active() != null
                        || (topology != null && topology.role() == Role.REPLICA);
        return !isReplica && goodReplicas(topology) < wanted;
    }

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
        RedisMigration migration = client.keyspace().migration().active();
        if (migration != null) {
            role(migration.status(), reply);
            return;
        }
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

    private static void role(MigrationStatus migration, ReplyBuffer reply) {
        reply.array(5);
        reply.bulk("slave");
        reply.bulk(migration.host());
        reply.integer(migration.port());
        reply.bulk(
                switch (migration.state()) {
                    case HANDSHAKE -> "handshake";
                    case RECEIVING, LOADING -> "sync";
                    case FOLLOWING -> "connected";
                    default -> "connect";
                });
        reply.integer(
                migration.state() == MigrationStatus.State.FOLLOWING ? migration.offset() : -1);
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
        MigrationSlot slot = client.keyspace().migration();
        RedisMigration migration = slot.active();
        if (request.is(1, "NO") && request.is(2, "ONE")) {
            if (migration != null) {
                requireAllowed(client);
                end(migration, client, reply);
                return;
            }
            if (!isMaster) {
                throw decidedByPair();
            }
            reply.ok();
            return;
        }
        if (!request.isInteger(2) || request.integer(2) < 0 || request.integer(2) > MAX_PORT) {
            throw new CommandException("ERR Invalid master port");
        }
        String host = request.text(1);
        int port = (int) request.integer(2);
        if (isMaster && !isMember(topology, host, port)) {
            follow(host, port, client, reply);
            return;
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

    private static boolean isMember(@Nullable Topology topology, String host, int port) {
        return topology != null
                && topology.members().stream()
                        .anyMatch(
                                member ->
                                        member.clientHost().equals(host)
                                                && member.clientPort() == port);
    }

    private static void requireAllowed(Client client) {
        if (!client.server().config().replicaOfCommand()) {
            throw new CommandException(
                    "ERR REPLICAOF is off: enable-replicaof-command lets clients replace what this"
                            + " node holds by what another one has");
        }
    }

    private static void follow(String host, int port, Client client, ReplyBuffer reply) {
        requireAllowed(client);
        MigrationSlot slot = client.keyspace().migration();
        Keyspace keyspace = slot.keyspace();
        RedisMigration present = slot.active();
        if (keyspace == null || port == 0) {
            throw new CommandException("ERR Invalid master port");
        }
        if (present != null && present.source().equals(host + ":" + port)) {
            reply.status("OK Already connected to specified master");
            return;
        }
        RespConfig config = client.server().config();
        RedisMigration.Builder builder =
                RedisMigration.builder(keyspace, host, port)
                        .listener(config)
                        .listeningPort(client.server().port());
        String user = config.masterUser();
        String password = config.masterPassword();
        if (user != null) {
            builder.user(user);
        }
        if (password != null) {
            builder.password(password);
        }
        // It ends with REPLICAOF NO ONE, or when the keyspace does.
        RedisMigration unused = builder.start(present);
        RespServer.LOGGER.warn(
                "REPLICAOF {}:{} by client id={} addr={}: what this node holds is going to be"
                        + " replaced",
                host,
                port,
                client.id(),
                client.address());
        reply.ok();
    }

    /** Inside of EXEC nothing can wait: writes are refused for a moment longer then. */
    private static void end(RedisMigration migration, Client client, ReplyBuffer reply) {
        RespServer.LOGGER.warn(
                "REPLICAOF NO ONE by client id={} addr={}", client.id(), client.address());
        migration.stop();
        if (client.transaction().isExecuting()) {
            reply.ok();
            return;
        }
        client.park(
                out -> {
                    if (!migration.hasEnded()) {
                        return END_POLL_NS;
                    }
                    out.ok();
                    return Parked.DONE;
                });
    }

    private static CommandException decidedByPair() {
        return new CommandException(
                "ERR REPLICAOF is refused: the nodes of a pair decide among themselves which one is"
                        + " master");
    }
}
