package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.BLOCKING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;

import io.hotpair.Acknowledgement;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.util.concurrent.TimeUnit;

/** WAIT and WAITAOF: how far a connection's last write has come. */
final class WaitCommands {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(2);

    private WaitCommands() {}

    static void register(CommandTable table) {
        table.add("wait", 3, Group.GENERIC)
                .categories(Category.CONNECTION)
                .syntax("numreplicas timeout")
                .flags(NOSCRIPT)
                .tips("request_policy:all_shards", "response_policy:agg_min")
                .since("3.0.0")
                .summary(
                        "Waits until so many replicas have this connection's last write in their"
                                + " log, and says how many have.")
                .does(WaitCommands::await);
        table.add("waitaof", 4, Group.GENERIC)
                .categories(Category.CONNECTION)
                .syntax("numlocal numreplicas timeout")
                .flags(BLOCKING)
                .tips("request_policy:all_shards", "response_policy:agg_min")
                .since("7.2.0")
                .summary(
                        "Waits until this node and so many replicas have this connection's last"
                                + " write on their device, and says how many have.")
                .does(WaitCommands::awaitOnDisk);
    }

    private static void await(Request request, Client client, ReplyBuffer reply) {
        if (isReplica(client)) {
            throw new CommandException(
                    "ERR WAIT cannot be used with replica instances. Please also note that since"
                            + " Redis 4.0 if a replica is configured to be writable (which is not"
                            + " the default) writes to replicas are just local and are not"
                            + " propagated.");
        }
        long replicas = request.integer(1);
        long timeoutMs = timeoutMs(request, 2);
        begin(client, timeoutMs, reply, new Reached(client, 0, replicas, false));
    }

    private static void awaitOnDisk(Request request, Client client, ReplyBuffer reply) {
        long local = request.integer(1);
        if (local < 0 || local > 1) {
            throw CommandException.notBetween(0, 1);
        }
        long replicas =
                request.integer(
                        2, 0, Long.MAX_VALUE, "ERR value is out of range, must be positive");
        long timeoutMs = timeoutMs(request, 3);
        if (isReplica(client)) {
            throw new CommandException(
                    "ERR WAITAOF cannot be used with replica instances. Please also note that"
                            + " writes to replicas are just local and are not propagated.");
        }
        if (local > 0 && !client.keyspace().hasLog()) {
            throw new CommandException(
                    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
        }
        Reached reached = new Reached(client, local, replicas, true);
        reached.hurry();
        begin(client, timeoutMs, reply, reached);
    }

    private static long timeoutMs(Request request, int index) {
        if (!request.isInteger(index)) {
            throw new CommandException("ERR timeout is not an integer or out of range");
        }
        long timeoutMs = request.integer(index);
        if (timeoutMs < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        return timeoutMs;
    }

    static boolean isReplica(Client client) {
        Topology topology = client.keyspace().topology();
        return topology != null && topology.role() == Role.REPLICA;
    }

    private static boolean cannotWait(Client client) {
        return client.transaction().isExecuting() || client.transaction().isScripted();
    }

    private static void begin(Client client, long timeoutMs, ReplyBuffer reply, Reached reached) {
        if (reached.isDecided() || cannotWait(client)) {
            reached.answer(reply);
            return;
        }
        KeyspacePort keyspace = client.keyspace();
        long beganNs = keyspace.nanoTime();
        client.park(
                out -> {
                    long waitedMs = TimeUnit.NANOSECONDS.toMillis(keyspace.nanoTime() - beganNs);
                    boolean inTime = timeoutMs == 0 || waitedMs < timeoutMs;
                    if (inTime && !reached.isDecided()) {
                        return POLL_NS;
                    }
                    reached.answer(out);
                    return Parked.DONE;
                });
    }

    /**
     * How far a client's last write has come.
     *
     * @param opId the write
     * @param term in which it was made
     * @param local how many of this node are asked for: 0 or 1
     * @param replicas how many of the others
     * @param onDisk whether on their devices, or in their logs
     */
    private record Reached(
            Client client, long opId, long term, long local, long replicas, boolean onDisk) {

        Reached(Client client, long local, long replicas, boolean onDisk) {
            this(client, client.lastOpId(), client.lastTerm(), local, replicas, onDisk);
        }

        /** Whether so many have it as were asked for, or nobody can say any more. */
        boolean isDecided() {
            return isLost() || (localCount() >= local && replicaCount() >= replicas);
        }

        /**
         * Whether this node was not the master all the time since. Then the write may have been
         * discarded, and its opId given to another one: it counts as reached nowhere.
         */
        private boolean isLost() {
            return opId > 0 && !client.keyspace().vouches(term);
        }

        private int localCount() {
            boolean there =
                    onDisk
                            && !isLost()
                            && client.keyspace().hasLog()
                            && client.keyspace().statistics().durableOpId() >= opId;
            return there ? 1 : 0;
        }

        private int replicaCount() {
            if (isLost()) {
                return 0;
            }
            Topology topology = client.keyspace().topology();
            return onDisk
                    ? ReplicationCommands.replicasWith(topology, Member::durableOpId, opId)
                    : ReplicationCommands.replicasWith(topology, Member::loggedOpId, opId);
        }

        /** Has it forced now, not when the interval is over. */
        void hurry() {
            KeyspacePort keyspace = client.keyspace();
            if (opId > 0 && keyspace.hasLog()) {
                Acknowledgement level =
                        keyspace.topology() == null
                                ? Acknowledgement.DISK
                                : Acknowledgement.PEER_DISK;
                keyspace.hasten(level, opId);
            }
        }

        void answer(ReplyBuffer reply) {
            if (onDisk) {
                reply.array(2);
                reply.integer(localCount());
            }
            reply.integer(replicaCount());
        }
    }
}
