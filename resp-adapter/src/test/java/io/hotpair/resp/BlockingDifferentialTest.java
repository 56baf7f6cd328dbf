package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Clients that wait for lists, sorted sets and streams, to a real redis-server and to a listener:
 * in the same order the same ones must be served, with the same bytes, whoever leaves, is unblocked
 * or changes the keys.
 */
class BlockingDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 100 : 8);
    private static final int STEPS = 150;
    private static final int CLIENTS = 5;
    private static final int KEYS = 4;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_123);
    private static final Pattern CLIENT =
            Pattern.compile("id=(\\d+) .*? name=(\\w+) .*? flags=(\\w+) .*? cmd=(\\S+)");

    /** For what is waited. */
    enum Kind {
        LISTS,
        SORTED_SETS,
        STREAMS
    }

    @ParameterizedTest
    @CsvSource({
        "LISTS, 2",
        "LISTS, 3",
        "SORTED_SETS, 2",
        "SORTED_SETS, 3",
        "STREAMS, 2",
        "STREAMS, 3"
    })
    void shouldServeThoseWhoWaitAsRedisDoes(Kind kind, int protocol) {
        run(kind, protocol, false, TestListener.open());
    }

    /** On one event loop: on several ones those who have to wait anew have no common order. */
    @ParameterizedTest
    @CsvSource({"LISTS, 2", "LISTS, 3", "SORTED_SETS, 2", "SORTED_SETS, 3"})
    void shouldServeThoseWhoWaitInExchangedDatabasesAsRedisDoes(Kind kind, int protocol) {
        run(kind, protocol, true, TestListener.open(config -> config.eventLoopThreads(1)));
    }

    private static void run(
            Kind kind, int protocol, boolean hasDatabases, TestListener closedAtTheEnd) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = closedAtTheEnd) {
            for (int program = 0; program < PROGRAMS; program++) {
                try (Side theirs = new Side(redis.port(), protocol);
                        Side ours = new Side(listener.port(), protocol)) {
                    new Program(kind, hasDatabases, SEED + program, theirs, ours).run();
                }
            }
        }
    }

    /** One server with its clients, and one that looks after them. */
    private static final class Side implements AutoCloseable {
        private final int port;
        private final int protocol;
        private final RawClient controller;
        private final List<RawClient> clients = new ArrayList<>();

        Side(int port, int protocol) {
            this.port = port;
            this.protocol = protocol;
            controller = new RawClient(port);
            controller.call("HELLO", Integer.toString(protocol));
            controller.call("FLUSHALL");
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(connect(i));
            }
        }

        private RawClient connect(int who) {
            RawClient client = new RawClient(port);
            client.call("HELLO", Integer.toString(protocol));
            client.call("CLIENT", "SETNAME", "c" + who);
            return client;
        }

        void reconnect(int who) {
            clients.get(who).close();
            Await.until(() -> line(who) == null, () -> controller.call("CLIENT", "LIST"));
            clients.set(who, connect(who));
        }

        String id(int who) {
            return Objects.requireNonNull(line(who), "line")[0];
        }

        String @Nullable [] line(int who) {
            Matcher lines = CLIENT.matcher(controller.call("CLIENT", "LIST"));
            while (lines.find()) {
                if (lines.group(2).equals("c" + who)) {
                    return new String[] {lines.group(1), lines.group(3), lines.group(4)};
                }
            }
            return null;
        }

        /** Those who wait now. */
        Set<Integer> blocked() {
            Set<Integer> found = new TreeSet<>();
            for (int i = 0; i < CLIENTS; i++) {
                String[] line = line(i);
                if (line != null && line[1].equals("b")) {
                    found.add(i);
                }
            }
            return found;
        }

        /** Sends a command that may wait, and returns when it is being executed. */
        void begin(int who, String[] command) {
            clients.get(who).call("PING");
            clients.get(who).send(RawClient.command(command));
            Await.until(
                    () -> {
                        String[] line = line(who);
                        return line != null && !line[2].equals("ping");
                    },
                    () -> Arrays.toString(line(who)));
        }

        @Override
        public void close() {
            clients.forEach(RawClient::close);
            controller.close();
        }
    }

    /** A program by chance. */
    private static final class Program {
        private final Kind kind;
        private final long seed;
        private final Random random;
        private final Side theirs;
        private final Side ours;
        private final List<String> history = new ArrayList<>();
        private final Set<Integer> waiting = new TreeSet<>();
        private final boolean hasDatabases;
        private @Nullable String onlyKey;
        private int pushed;

        Program(Kind kind, boolean hasDatabases, long seed, Side theirs, Side ours) {
            this.kind = kind;
            this.seed = seed;
            this.theirs = theirs;
            this.ours = ours;
            random = new Random(seed);
            this.hasDatabases = hasDatabases;
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                step();
                settle();
            }
            for (int i = 0; i < KEYS; i++) {
                same("LRANGE", "k" + i, "0", "-1");
                same("ZRANGE", "k" + i, "0", "-1", "WITHSCORES");
                same("XRANGE", "k" + i, "-", "+");
            }
            assertEquals(
                    waiting.size(), blockedClients(theirs.controller), "seed=" + seed + history);
            assertEquals(waiting.size(), blockedClients(ours.controller), "seed=" + seed + history);
        }

        private static int blockedClients(RawClient controller) {
            Matcher matcher =
                    Pattern.compile("blocked_clients:(\\d+)")
                            .matcher(controller.call("INFO", "clients"));
            return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
        }

        private void step() {
            int who = random.nextInt(CLIENTS);
            int what = random.nextInt(20);
            if (what < 9 && !waiting.contains(who)) {
                // Which of several keys of another database serves first is by chance in Redis.
                onlyKey = hasDatabases ? key() : null;
                block(who, blocking(who));
                onlyKey = null;
            } else if (what == 9 && waiting.contains(who)) {
                unblock(who);
            } else if (what == 10) {
                history.add("\n  c" + who + " leaves");
                theirs.reconnect(who);
                ours.reconnect(who);
                waiting.remove(who);
            } else if (what == 11 && hasDatabases) {
                same(ofDatabases());
            } else {
                same(typed(change()));
            }
        }

        /** Who waits in a database that gets a value of another type waits behind others here. */
        private String[] typed(String[] change) {
            return hasDatabases && change[0].equals("SET")
                    ? new String[] {"DEL", change[1]}
                    : change;
        }

        /** Of streams Redis remembers from which entry on a client waits in another database. */
        private String[] ofDatabases() {
            return switch (random.nextInt(4)) {
                case 0 -> new String[] {"SELECT", Integer.toString(random.nextInt(3))};
                case 1 -> new String[] {"MOVE", key(), Integer.toString(random.nextInt(3))};
                case 2 -> new String[] {"COPY", key(), key(), "DB", "0"};
                default -> new String[] {"SWAPDB", "0", Integer.toString(random.nextInt(3))};
            };
        }

        private void block(int who, String[] command) {
            history.add("\n  c" + who + " " + Arrays.toString(command));
            theirs.begin(who, command);
            ours.begin(who, command);
            waiting.add(who);
        }

        private void unblock(int who) {
            String reason = random.nextBoolean() ? "ERROR" : "TIMEOUT";
            history.add("\n  CLIENT UNBLOCK c" + who + " " + reason);
            String theirId = theirs.id(who);
            String ourId = ours.id(who);
            assertEquals(
                    theirs.controller.call("CLIENT", "UNBLOCK", theirId, reason),
                    ours.controller.call("CLIENT", "UNBLOCK", ourId, reason),
                    "seed=" + seed + history);
        }

        private void same(String... command) {
            history.add("\n  " + Arrays.toString(command));
            assertEquals(
                    theirs.controller.call(command),
                    ours.controller.call(command),
                    "seed=" + seed + history);
        }

        /** Compares what those got who wait no longer, and who waits still. */
        private void settle() {
            Set<Integer> still = theirs.blocked();
            Set<Integer> served = new TreeSet<>(waiting);
            served.removeAll(still);
            for (int who : served) {
                assertEquals(
                        theirs.clients.get(who).reply(),
                        ours.clients.get(who).reply(),
                        "seed=" + seed + " c" + who + " of " + history);
            }
            waiting.retainAll(still);
            Await.until(
                    () -> ours.blocked().equals(waiting),
                    () -> "seed=" + seed + " waiting=" + waiting + " of " + history);
        }

        private String key() {
            String only = onlyKey;
            return only != null ? only : "k" + random.nextInt(KEYS);
        }

        private String end() {
            return random.nextBoolean() ? "LEFT" : "RIGHT";
        }

        private String[] blocking(int who) {
            return switch (kind) {
                case LISTS -> blockingOnLists();
                case SORTED_SETS -> blockingOnSortedSets();
                case STREAMS -> blockingOnStreams(who);
            };
        }

        private String[] change() {
            return switch (kind) {
                case LISTS -> changeOfLists();
                case SORTED_SETS -> changeOfSortedSets();
                case STREAMS -> changeOfStreams();
            };
        }

        private String[] blockingOnSortedSets() {
            return switch (random.nextInt(4)) {
                case 0 -> new String[] {"BZPOPMIN", key(), "0"};
                case 1 -> new String[] {"BZPOPMAX", key(), key(), key(), "1000"};
                case 2 -> new String[] {"BZPOPMAX", key(), "0"};
                default ->
                        new String[] {
                            "BZMPOP",
                            "0",
                            "2",
                            key(),
                            key(),
                            random.nextBoolean() ? "MIN" : "MAX",
                            "COUNT",
                            Integer.toString(1 + random.nextInt(3))
                        };
            };
        }

        private String[] changeOfSortedSets() {
            return switch (random.nextInt(11)) {
                case 0, 1, 2 -> new String[] {"ZADD", key(), score(), element()};
                case 3, 4 -> new String[] {"ZADD", key(), score(), element(), score(), element()};
                case 5 -> new String[] {"ZINCRBY", key(), score(), element()};
                // No *STORE: over another type it wakes nobody in Redis.
                case 6 -> new String[] {"ZREMRANGEBYRANK", key(), "1", "-1"};
                case 7 -> new String[] {"GEOADD", key(), "13.3", "38.1", element()};
                case 8 -> new String[] {"SET", key(), "text"};
                case 9 -> new String[] {"DEL", key()};
                default -> new String[] {"ZPOPMIN", key()};
            };
        }

        private String score() {
            return Integer.toString(random.nextInt(5));
        }

        private String[] blockingOnStreams(int who) {
            String consumer = "c" + who;
            return switch (random.nextInt(4)) {
                case 0 -> new String[] {"XREAD", "BLOCK", "0", "STREAMS", key(), "$"};
                case 1 ->
                        new String[] {
                            "XREAD", "COUNT", "2", "BLOCK", "0", "STREAMS", key(), key(), "$", "$"
                        };
                case 2 ->
                        new String[] {
                            "XREADGROUP",
                            "GROUP",
                            "g",
                            consumer,
                            "BLOCK",
                            "0",
                            "STREAMS",
                            key(),
                            ">"
                        };
                default ->
                        new String[] {
                            "XREADGROUP",
                            "GROUP",
                            "g",
                            consumer,
                            "COUNT",
                            "1",
                            "BLOCK",
                            "1000000",
                            "NOACK",
                            "STREAMS",
                            key(),
                            ">"
                        };
            };
        }

        private String[] changeOfStreams() {
            return switch (random.nextInt(14)) {
                case 0, 1, 2, 3, 4 ->
                        new String[] {"XADD", key(), ++pushed + "-1", "field", "value" + pushed};
                case 5, 6, 7, 8 -> new String[] {"XGROUP", "CREATE", key(), "g", "$", "MKSTREAM"};
                case 9 -> new String[] {"XGROUP", "DESTROY", key(), "g"};
                case 10 -> new String[] {"XDEL", key(), pushed + "-1"};
                case 11 -> new String[] {"XTRIM", key(), "MAXLEN", "0"};
                case 12 -> new String[] {random.nextBoolean() ? "DEL" : "XLEN", key()};
                default -> new String[] {random.nextInt(4) == 0 ? "GETDEL" : "XLEN", key()};
            };
        }

        private String[] blockingOnLists() {
            return switch (random.nextInt(7)) {
                case 0, 1 -> new String[] {"BLPOP", key(), "0"};
                case 2 -> new String[] {"BRPOP", key(), key(), key(), "1000"};
                case 3, 4 -> new String[] {"BLMOVE", key(), key(), end(), end(), "0"};
                case 5 -> new String[] {"BRPOPLPUSH", key(), key(), "0"};
                default ->
                        new String[] {
                            "BLMPOP",
                            "0",
                            "2",
                            key(),
                            key(),
                            end(),
                            "COUNT",
                            Integer.toString(1 + random.nextInt(3))
                        };
            };
        }

        private String[] changeOfLists() {
            return switch (random.nextInt(12)) {
                case 0, 1, 2 -> new String[] {"RPUSH", key(), element()};
                case 3, 4 -> new String[] {"LPUSH", key(), element(), element()};
                case 5 -> new String[] {"RPUSH", key(), element(), element(), element()};
                case 6 -> new String[] {"LPUSHX", key(), element()};
                case 7 -> new String[] {"LMOVE", key(), key(), end(), end()};
                case 8 -> new String[] {"SET", key(), "text"};
                case 9 -> new String[] {"DEL", key()};
                case 10 -> new String[] {"LPOP", key()};
                default -> new String[] {"LTRIM", key(), "0", "0"};
            };
        }

        private String element() {
            return "e" + pushed++;
        }
    }
}
