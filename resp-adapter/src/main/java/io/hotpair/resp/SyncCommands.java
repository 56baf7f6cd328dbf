package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.NO_MULTI;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Group;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.util.Locale;

/**
 * What {@code redis-cli --rdb} fetches an RDB file with. Redis's replicas say the same to get a
 * copy and then every write; those are told that there is none of that here.
 */
final class SyncCommands {
    private static final int MAX_HOST = 255;

    /** How errors begin that tell a replica to give up. */
    static final String NO_STREAM = "ERR no replica of Redis can follow this node";

    /**
     * What a client has said of the file that it wants.
     *
     * @param takesMark whether it takes files whose length it is not told before
     * @param isAlone whether it wants the file and no stream of writes behind it
     */
    record Wishes(boolean takesMark, boolean isAlone, boolean hasKeys, boolean hasFunctions) {
        static final Wishes NONE = new Wishes(false, false, true, true);

        private Wishes withMark() {
            return new Wishes(true, isAlone, hasKeys, hasFunctions);
        }

        private Wishes alone(boolean whether) {
            return new Wishes(takesMark, whether, hasKeys, hasFunctions);
        }

        private Wishes withoutKeys(boolean andFunctions) {
            return new Wishes(takesMark, isAlone, false, !andFunctions);
        }

        private boolean isForAll() {
            return hasKeys && hasFunctions;
        }
    }

    private SyncCommands() {}

    static void register(CommandTable table) {
        table.add("sync", 1, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI)
                .complexity("O(N), N being the number of keys")
                .summary(
                        "Sends all databases and functions as an RDB file, and ends the"
                                + " connection; for who has said REPLCONF rdb-only 1 and may read"
                                + " all keys.")
                .does(SyncCommands::sync);
        table.add("psync", -3, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI)
                .syntax("replicationid offset")
                .since("2.8.0")
                .summary(
                        "Refuses: no replica of Redis can follow this node, whose replica is the"
                                + " pair's other one.")
                .does(
                        (r, c, out) -> {
                            throw noStream("REPLCONF rdb-only 1 and SYNC give an RDB file");
                        });
        table.add("replconf", -1, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE, ALLOW_BUSY)
                .syntax("[option value]...")
                .since("3.0.0")
                .summary("Says which RDB file SYNC is to send.")
                .does(SyncCommands::replconf);
    }

    private static CommandException noStream(String instead) {
        return new CommandException(NO_STREAM + "; " + instead);
    }

    private static void sync(Request request, Client client, ReplyBuffer reply) {
        if (client.isMonitor()) {
            return;
        }
        requireCurrent(client);
        if (reply.length() > 0 || !client.connection().outbox().isEmpty()) {
            throw new CommandException("ERR SYNC and PSYNC are invalid with pending output");
        }
        Wishes wishes = client.wishes();
        if (!wishes.isForAll() && !wishes.takesMark()) {
            throw new CommandException("ERR Filtered replica requires EOF capability");
        }
        if (!wishes.isAlone()) {
            throw noStream("REPLCONF rdb-only 1 has SYNC send an RDB file");
        }
        if (wishes.hasKeys() && !client.readsAllKeys(request)) {
            throw new CommandException(
                    "NOPERM this user has no permissions to read all keys, which SYNC sends");
        }
        RdbCopy.begin(client, new RdbExport.Parts(wishes.hasKeys(), wishes.hasFunctions()));
    }

    /** Refuses where there is no whole state to be had. */
    static void requireCurrent(Client client) {
        if (!isCurrent(client)) {
            throw new CommandException(
                    "NOMASTERLINK Can't SYNC while not connected with my master");
        }
    }

    /** Whether this node has what there is, or follows who has. */
    private static boolean isCurrent(Client client) {
        RedisMigration migration = client.keyspace().migration().active();
        if (migration != null) {
            return migration.status().state() == MigrationStatus.State.FOLLOWING;
        }
        Topology topology = client.keyspace().topology();
        return topology == null
                || topology.role() == Role.MASTER
                || ReplicationCommands.isLinked(topology);
    }

    private static void replconf(Request request, Client client, ReplyBuffer reply) {
        if (request.count() % 2 == 0) {
            throw CommandException.syntax();
        }
        for (int i = 1; i < request.count(); i += 2) {
            int value = i + 1;
            Wishes wishes = client.wishes();
            switch (request.text(i).toLowerCase(Locale.ROOT)) {
                case "capa" -> {
                    if (request.is(value, "EOF")) {
                        client.wishes(wishes.withMark());
                    }
                }
                case "rdb-only" -> {
                    long number = request.integer(value);
                    if (number < 0 || number > 1) {
                        throw CommandException.notBetween(0, 1);
                    }
                    client.wishes(wishes.alone(number == 1));
                }
                case "rdb-filter-only" -> filter(request, value, client);
                case "listening-port" -> {
                    long unused = request.integer(value);
                }
                case "ip-address" -> {
                    if (request.length(value) > MAX_HOST) {
                        throw new CommandException(
                                "ERR REPLCONF ip-address provided by replica instance is too long: "
                                        + request.length(value)
                                        + " bytes");
                    }
                }
                case "ack", "getack" -> {
                    // Between replicas and their masters, who do not answer it.
                    return;
                }
                default ->
                        throw new CommandException(
                                "ERR Unrecognized REPLCONF option: " + request.inError(i));
            }
        }
        reply.ok();
    }

    private static void filter(Request request, int value, Client client) {
        byte[] text = request.copy(value);
        Request words = new Request();
        if (!InlineArguments.split(text, 0, text.length, words)) {
            throw new CommandException("ERR Missing rdb-filter-only values");
        }
        boolean hasFunctions = false;
        for (int i = 0; i < words.count(); i++) {
            if (!words.is(i, "FUNCTIONS")) {
                throw new CommandException(
                        "ERR Unsupported rdb-filter-only option: " + words.inError(i));
            }
            hasFunctions = true;
        }
        client.wishes(client.wishes().withoutKeys(!hasFunctions));
    }
}
