package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.SortedSetCommands.add;
import static io.hotpair.resp.SortedSetCommands.sets;

import io.hotpair.Aggregate;
import io.hotpair.ScoredMember;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sorted sets: what several have in common, or not. */
final class SortedSetAlgebra {

    /** What is done with the sets. */
    private enum Operation {
        UNION,
        INTERSECTION,
        DIFFERENCE
    }

    private SortedSetAlgebra() {}

    static void register(CommandTable table) {
        String options = "numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]";
        read(table, "zunion", options + " [WITHSCORES]", Operation.UNION)
                .complexity("O(N*log(N)), N being the number of members of all keys")
                .summary("Returns the members that any of some keys has.");
        read(table, "zinter", options + " [WITHSCORES]", Operation.INTERSECTION)
                .complexity("O(N*K*log(M)), N members of the smallest of K keys, M of the largest")
                .summary("Returns the members that all of some keys have.");
        read(table, "zdiff", "numkeys key... [WITHSCORES]", Operation.DIFFERENCE)
                .complexity("O(N*K*log(M)), N members of the first of K keys, M of the largest")
                .summary("Returns the members of the first key that no other one has.");
        store(table, "zunionstore", "destination " + options, Operation.UNION)
                .since("2.0.0")
                .complexity("O(N*log(N)), N being the number of members of all keys")
                .summary("Puts the members that any of some keys has into another key.");
        store(table, "zinterstore", "destination " + options, Operation.INTERSECTION)
                .since("2.0.0")
                .complexity("O(N*K*log(M)), N members of the smallest of K keys, M of the largest")
                .summary("Puts the members that all of some keys have into another key.");
        store(table, "zdiffstore", "destination numkeys key...", Operation.DIFFERENCE)
                .since("6.2.0")
                .complexity("O(N*K*log(M)), N members of the first of K keys, M of the largest")
                .summary("Puts the members of the first key that no other one has into a key.");
        add(table, "zintercard", -3, "numkeys key... [LIMIT limit]")
                .flags(READONLY)
                .keys(KeySpec.counted(1, "RO", "access"))
                .since("7.0.0")
                .complexity("O(N*K*log(M)), N members of the smallest of K keys, M of the largest")
                .summary("Counts the members that all of some keys have.")
                .does(SortedSetAlgebra::zintercard);
    }

    private static Command read(
            CommandTable table, String name, String syntax, Operation operation) {
        return add(table, name, -3, syntax)
                .flags(READONLY)
                .keys(KeySpec.counted(1, "RO", "access"))
                .since("6.2.0")
                .does((r, c, out) -> read(r, c, out, name, operation));
    }

    private static Command store(
            CommandTable table, String name, String syntax, Operation operation) {
        return add(table, name, -4, syntax)
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .keys(KeySpec.counted(2, "RO", "access"))
                .does((r, c, out) -> store(r, c, out, name, operation));
    }

    private static void read(
            Request request,
            Client client,
            ReplyBuffer reply,
            String command,
            Operation operation) {
        Arguments given = Arguments.of(request, 1, command);
        boolean weighs = operation != Operation.DIFFERENCE;
        given.read(request, client, weighs, true, false);
        List<ScoredMember> found =
                switch (operation) {
                    case UNION -> sets(client).zunion(given.keys, given.weights, given.aggregate);
                    case INTERSECTION ->
                            sets(client).zinter(given.keys, given.weights, given.aggregate);
                    case DIFFERENCE -> sets(client).zdiff(given.keys);
                };
        SortedSetCommands.members(found, given.scores, reply);
    }

    private static void store(
            Request request,
            Client client,
            ReplyBuffer reply,
            String command,
            Operation operation) {
        Arguments given = Arguments.of(request, 2, command);
        boolean weighs = operation != Operation.DIFFERENCE;
        given.read(request, client, weighs, false, false);
        byte[] destination = request.copy(1);
        long count =
                switch (operation) {
                    case UNION ->
                            sets(client)
                                    .zunionStore(
                                            destination,
                                            given.keys,
                                            given.weights,
                                            given.aggregate);
                    case INTERSECTION ->
                            sets(client)
                                    .zinterStore(
                                            destination,
                                            given.keys,
                                            given.weights,
                                            given.aggregate);
                    case DIFFERENCE -> sets(client).zdiffStore(destination, given.keys);
                };
        client.noteWrite();
        reply.integer(count);
    }

    private static void zintercard(Request request, Client client, ReplyBuffer reply) {
        Arguments given = Arguments.of(request, 1, "zintercard");
        given.read(request, client, false, false, true);
        reply.integer(sets(client).zintercard(given.keys, given.limit));
    }

    /** What ZUNION and its kin are given. */
    private static final class Arguments {
        private final byte[][] keys;
        private final int options;
        private double @Nullable [] weights;
        private Aggregate aggregate = Aggregate.SUM;
        private boolean scores;
        private long limit;

        private Arguments(byte[][] keys, int options) {
            this.keys = keys;
            this.options = options;
        }

        static Arguments of(Request request, int countAt, String command) {
            long count = request.integer(countAt);
            if (count < 1) {
                throw new CommandException(
                        "ERR at least 1 input key is needed for '" + command + "' command");
            }
            if (count > request.count() - countAt - 1) {
                throw CommandException.syntax();
            }
            byte[][] keys = request.copies(countAt + 1, (int) count);
            return new Arguments(keys, countAt + 1 + (int) count);
        }

        void read(
                Request request,
                Client client,
                boolean weighs,
                boolean mayHaveScores,
                boolean mayBeLimited) {
            try {
                for (int i = options; i < request.count(); i++) {
                    i = option(request, i, weighs, mayHaveScores, mayBeLimited);
                }
            } catch (CommandException e) {
                // Redis looks at the keys before it reads the options.
                checkTypes(client);
                throw e;
            }
        }

        private int option(
                Request request,
                int i,
                boolean weighs,
                boolean mayHaveScores,
                boolean mayBeLimited) {
            int left = request.count() - i;
            if (weighs && left >= keys.length + 1 && request.is(i, "WEIGHTS")) {
                weights = weights(request, i + 1);
                return i + keys.length;
            }
            if (weighs && left >= 2 && request.is(i, "AGGREGATE")) {
                aggregate = aggregate(request, i + 1);
                return i + 1;
            }
            if (mayHaveScores && request.is(i, "WITHSCORES")) {
                scores = true;
                return i;
            }
            if (mayBeLimited && left >= 2 && request.is(i, "LIMIT")) {
                limit = request.integer(i + 1, 0, Long.MAX_VALUE, "ERR LIMIT can't be negative");
                return i + 1;
            }
            throw CommandException.syntax();
        }

        private double[] weights(Request request, int from) {
            double[] given = new double[keys.length];
            for (int i = 0; i < given.length; i++) {
                given[i] = request.floating(from + i, "ERR weight value is not a float");
            }
            return given;
        }

        private static Aggregate aggregate(Request request, int argument) {
            for (Aggregate each : Aggregate.values()) {
                if (request.is(argument, each.name())) {
                    return each;
                }
            }
            throw CommandException.syntax();
        }

        private void checkTypes(Client client) {
            for (byte[] key : keys) {
                String type = client.session().keys().type(key);
                if (type != null && !type.equals("zset") && !type.equals("set")) {
                    throw CommandException.wrongType();
                }
            }
        }
    }
}
