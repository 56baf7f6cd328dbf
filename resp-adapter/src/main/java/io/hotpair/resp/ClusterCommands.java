package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;

/**
 * The commands of a cluster, all of which are refused as by a Redis that is not a part of one: a
 * client that asks first learns so, and goes on without.
 */
final class ClusterCommands {
    private final CommandTable table;

    private ClusterCommands(CommandTable table) {
        this.table = table;
    }

    static void register(CommandTable table) {
        ClusterCommands commands = new ClusterCommands(table);
        for (String name : new String[] {"readonly", "readwrite"}) {
            commands.connection(name).flags(LOADING, STALE, FAST);
        }
        commands.connection("asking").flags(FAST);
        commands.registerCluster();
    }

    private Command connection(String name) {
        return refused(table.add(name, 1, Group.CLUSTER)).categories(Category.CONNECTION);
    }

    private void registerCluster() {
        Command cluster =
                table.add("cluster", -2, Group.CLUSTER)
                        .since("3.0.0")
                        .summary("Refuses: there are no slots here.");
        change(cluster, "addslots", -3, "slot...");
        change(cluster, "addslotsrange", -4, "(start-slot end-slot)...").since("7.0.0");
        change(cluster, "bumpepoch", 2, "").tips("nondeterministic_output");
        adminQuestion(cluster, "count-failure-reports", 3, "node-id")
                .tips("nondeterministic_output");
        question(cluster, "countkeysinslot", 3, "slot");
        change(cluster, "delslots", -3, "slot...");
        change(cluster, "delslotsrange", -4, "(start-slot end-slot)...").since("7.0.0");
        change(cluster, "failover", -2, "[FORCE|TAKEOVER]");
        change(cluster, "flushslots", 2, "");
        change(cluster, "forget", 3, "node-id");
        question(cluster, "getkeysinslot", 4, "slot count").tips("nondeterministic_output");
        question(cluster, "info", 2, "").tips("nondeterministic_output");
        question(cluster, "keyslot", 3, "key");
        question(cluster, "links", 2, "").since("7.0.0").tips("nondeterministic_output");
        change(cluster, "meet", -4, "ip port [cluster_bus_port]");
        question(cluster, "myid", 2, "");
        question(cluster, "nodes", 2, "").tips("nondeterministic_output");
        adminQuestion(cluster, "replicas", 3, "node-id")
                .since("5.0.0")
                .tips("nondeterministic_output");
        change(cluster, "replicate", 3, "node-id");
        sub(cluster, "reset", -2, "[HARD|SOFT]").flags(ADMIN, NOSCRIPT, STALE);
        change(cluster, "saveconfig", 2, "");
        change(cluster, "set-config-epoch", 3, "config-epoch");
        change(
                cluster,
                "setslot",
                -4,
                "slot (IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE)");
        question(cluster, "shards", 2, "").since("7.0.0").tips("nondeterministic_output");
        adminQuestion(cluster, "slaves", 3, "node-id").tips("nondeterministic_output");
        question(cluster, "slots", 2, "").tips("nondeterministic_output");
        refused(table.addSubcommand(cluster, "help", 2)).flags(LOADING, STALE).since("5.0.0");
    }

    private Command change(Command cluster, String name, int arity, String syntax) {
        return sub(cluster, name, arity, syntax).flags(ADMIN, STALE, NO_ASYNC_LOADING);
    }

    private Command question(Command cluster, String name, int arity, String syntax) {
        return sub(cluster, name, arity, syntax).flags(STALE);
    }

    private Command adminQuestion(Command cluster, String name, int arity, String syntax) {
        return sub(cluster, name, arity, syntax).flags(ADMIN, STALE);
    }

    private Command sub(Command cluster, String name, int arity, String syntax) {
        return refused(table.addSubcommand(cluster, name, arity)).syntax(syntax);
    }

    private static Command refused(Command command) {
        return command.since("3.0.0")
                .summary("Refuses: there are no slots here.")
                .does(
                        (request, client, reply) -> {
                            throw new CommandException(
                                    "ERR This instance has cluster support disabled");
                        });
    }
}
