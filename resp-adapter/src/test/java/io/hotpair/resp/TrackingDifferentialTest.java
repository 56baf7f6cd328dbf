package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Clients that track keys, of a real redis-server and of a listener, must be told the same. */
class TrackingDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 300 : 30);
    private static final int COMMANDS = 200;
    private static final int CONNECTIONS = 3;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_126);

    @Test
    void shouldTellEachConnectionWhatRedisTellsIt() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int program = 0; program < PROGRAMS; program++) {
                run(SEED + program, redis.port(), listener.port());
            }
        }
    }

    private static void run(long seed, int theirPort, int ourPort) {
        Random random = new Random(seed);
        TrackingSource source = new TrackingSource(random);
        List<String> history = new ArrayList<>();
        try (Side theirs = new Side(theirPort);
                Side ours = new Side(ourPort)) {
            for (int i = 0; i < COMMANDS; i++) {
                int who = random.nextInt(CONNECTIONS);
                String[] command = source.next();
                history.add(who + ": " + Arrays.toString(command));
                List<String> expected = theirs.step(who, command);
                List<String> actual = ours.step(who, command);
                // Who is told in another one's place of its own write: behind the reply here, and
                // before it with most commands of Redis.
                boolean order =
                        expected.get(0).contains("invalidate")
                                && sorted(expected).equals(sorted(actual));
                if (!expected.equals(actual) && !order) {
                    String where = "seed=" + seed + "\n" + String.join("\n", history);
                    assertEquals(
                            String.join("\n--\n", expected), String.join("\n--\n", actual), where);
                }
            }
        }
    }

    private static List<String> sorted(List<String> replies) {
        return Stream.of(String.join("", replies).split("\r\n", -1)).sorted().toList();
    }

    /** The connections to one server. */
    private static final class Side implements AutoCloseable {
        private static final Pattern REDIRECTED =
                Pattern.compile("((?:redirect|redir-broken)\r\n:)([1-9]\\d*)");

        private final List<Watched> connections = new ArrayList<>();
        private final List<String> ids = new ArrayList<>();

        /** Tracks all the time: when nobody does, what was noted is forgotten here alone. */
        private final RawClient always;

        Side(int port) {
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(new Watched(port));
                ids.add("");
                learnId(i);
            }
            connections.get(0).call("FLUSHALL");
            always = new RawClient(port);
            always.call("CLIENT", "TRACKING", "ON");
        }

        private void learnId(int i) {
            ids.set(i, connections.get(i).client().call("CLIENT", "ID").replaceAll("\\D", ""));
        }

        /** What each connection got, the ids of connections named by their places. */
        List<String> step(int who, String[] command) {
            String[] own = command.clone();
            for (int i = 0; i < own.length; i++) {
                if (own[i].startsWith("@")) {
                    own[i] = ids.get(own[i].charAt(1) - '0');
                }
            }
            List<String> got = new ArrayList<>();
            String reply = named(connections.get(who).call(own));
            // An id alone differs from server to server.
            boolean isId = command.length > 1 && command[1].equals("GETREDIR");
            got.add(isId ? reply.replaceAll("^:[1-9]\\d*", ":id") : reply);
            if (command[0].equals("QUIT")) {
                learnId(who);
            }
            for (int i = 0; i < CONNECTIONS; i++) {
                if (i != who) {
                    got.add(i + " " + named(connections.get(i).arrived()));
                }
            }
            return got;
        }

        private String named(List<String> replies) {
            String text = withoutId(String.join("", replies));
            return REDIRECTED
                    .matcher(text)
                    .replaceAll(found -> found.group(1) + "@" + ids.indexOf(found.group(2)));
        }

        @Override
        public void close() {
            connections.forEach(connection -> connection.call("QUIT"));
            connections.forEach(Watched::close);
            always.close();
        }
    }

    @Test
    void shouldTellWithinTransactionsAndPipelinesAsRedisDoes() {
        String[] lines = {
            "hello 3|client tracking on|multi|get a|set a 1|get b|exec|set b 1|mget a b c|del a b c",
            "hello 3|client tracking on bcast|multi|set x 1|set y 2|set x 3|exec|set z 1|set y 1",
            "hello 3|client tracking on bcast prefix y prefix x|set x1 1|set y1 1|set z1 1|set x0 1",
            "hello 3|client tracking on bcast noloop|set x 1|flushall|set y 1",
            "hello 3|client tracking on|client reply off|get k|set k 2|client reply on|get k",
            "hello 3|client tracking on optin|client caching yes|multi|get a|get b|exec|set a 1"
                    + "|get b|set b 1",
            "hello 3|client tracking on optout|client caching no|get a|set a 1|get a|set a 2",
            "hello 3|client tracking on|get k|multi|set k 1|flushall|set l 1|exec|get k",
            "client tracking on|get k|set k 1|client trackinginfo|client tracking off",
            "hello 3|client tracking on redirect 0 redirect 0|client tracking on redirect",
            "hello 3|client tracking on|eval \"return redis.call('get','z')\" 2 a b|set z 1|set b 1"
                    + "|set a 1|eval \"return redis.call('set','z','1')\" 2 a b|set a 1"
                    + "|eval_ro \"return redis.call('ping')\" 1 a|set a 1"
                    + "|eval_ro \"return redis.call('get','z')\" 1 a|set a 2"
                    + "|multi|eval \"return redis.call('get','z')\" 1 a|exec|set z 3|set a 1",
            "hello 3|client tracking on|get k|eval \"local x = 0 for i = 1, 3000000 do x = x + i end"
                    + " return redis.call('set', 'k', '1')\" 1 k|ping|set k 2|ping",
            "hello 3|client tracking on optin|eval \"return redis.call('get','a')\" 1 a|set a 1"
                    + "|client caching yes|eval \"return redis.call('get','a')\" 1 a|set a 2",
            "config get tracking-table-max-keys|config set tracking-table-max-keys -1",
        };
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String line : lines) {
                try (RawClient theirs = new RawClient(redis.port());
                        RawClient ours = listener.connect()) {
                    theirs.call("FLUSHALL");
                    ours.call("FLUSHALL");
                    String program = line.replace("|", "\r\n") + "\r\nquit\r\n";
                    theirs.send(program);
                    ours.send(program);
                    assertEquals(
                            withoutId(theirs.untilClosed()), withoutId(ours.untilClosed()), line);
                }
            }
        }
    }

    private static String withoutId(String reply) {
        return reply.replaceAll("(\\$2\r\nid\r\n):\\d+", "$1:n");
    }

    @Test
    void shouldForgetKeysBeyondTheLimitAndSaySo() {
        try (TestListener listener = TestListener.open()) {
            try (RawClient client = listener.connect();
                    RawClient other = listener.connect()) {
                checkLimit(client, other);
            }
            Await.until(() -> listener.server().tracking().keyCount() == 0, () -> "noted");
            Await.until(() -> !listener.server().keyEvents().isListening(), () -> "listening");
        }
    }

    private static void checkLimit(RawClient client, RawClient other) {
        client.call("CONFIG", "SET", "tracking-table-max-keys", "3");
        client.call("HELLO", "3");
        client.call("CLIENT", "TRACKING", "ON");
        int told = 0;
        for (int i = 0; i < 10; i++) {
            assertEquals("_\r\n", client.call("GET", "k" + i));
            if (i >= 3) {
                assertTrue(client.reply().startsWith(">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk"));
                told++;
            }
        }
        assertEquals(7, told);
        String info = other.call("INFO", "stats");
        assertTrue(info.contains("tracking_total_keys:3\r\ntracking_total_items:3\r\n"), info);
        assertTrue(other.call("INFO", "clients").contains("tracking_clients:1\r\n"));
        assertTrue(other.call("CLIENT", "LIST").contains(" flags=t "));
        other.call("CONFIG", "SET", "tracking-table-max-keys", "1");
        assertTrue(client.reply().startsWith(">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk"));
        assertTrue(client.reply().startsWith(">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk"));
    }

    @Test
    void shouldTellWhoWaitedOfItsOwnWriteBehindItsReply() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String how :
                    List.of("OPTOUT 0", "BCAST 0", "OPTOUT 3", "BCAST 3", "OPTOUT swap")) {
                for (int i = 0; i < 20; i++) {
                    assertEquals(served(redis.port(), how), served(listener.port(), how), how);
                }
            }
        }
    }

    /** What a client is told that reads a list, and waits for an element to append to it. */
    private static List<String> served(int port, String how) {
        String mode = how.split(" ", -1)[0];
        boolean swaps = how.endsWith("swap");
        String database = how.endsWith("0") ? "0" : "3";
        try (RawClient tracker = new RawClient(port);
                RawClient other = new RawClient(port)) {
            other.call("SELECT", database);
            other.call("DEL", "from", "to");
            tracker.call("HELLO", "3");
            tracker.call("SELECT", database);
            tracker.call("CLIENT", "TRACKING", "ON", mode);
            tracker.call("LRANGE", "to", "0", "-1");
            tracker.send(RawClient.command("BLMOVE", "from", "to", "LEFT", "LEFT", "0"));
            tracker.send(RawClient.command("PING"));
            Await.until(
                    () -> other.call("INFO", "clients").contains("blocked_clients:1\r\n"),
                    () -> "not blocked");
            if (swaps) {
                other.call("SWAPDB", "3", "4");
                other.call("DEL", "from");
            }
            other.call("RPUSH", "from", "x");
            // In BCAST mode Redis tells of it when it has executed what it has read.
            return sortedBehindFirst(tracker.replies(3));
        }
    }

    private static List<String> sortedBehindFirst(List<String> replies) {
        List<String> all = new ArrayList<>(replies.subList(0, 1));
        all.addAll(replies.subList(1, replies.size()).stream().sorted().toList());
        return all;
    }

    @Test
    void shouldForgetWhoHasQuitWhileItsSocketIsStillOpen() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient tracker = new RawClient(port);
                        RawClient other = new RawClient(port)) {
                    tracker.call("CLIENT", "TRACKING", "ON");
                    assertEquals("+OK\r\n", tracker.call("QUIT"));
                    String info = other.call("INFO", "clients");
                    assertTrue(info.contains("tracking_clients:0\r\n"), info);
                }
            }
        }
    }

    /** Whoever caches what it reads until it is told otherwise never keeps an old value. */
    @Test
    void shouldNeverLeaveAnOldValueInACacheThoughWritersAreOnOtherLoops() throws Exception {
        try (TestListener listener = TestListener.open();
                RawClient reader = listener.connect()) {
            reader.call("HELLO", "3");
            reader.call("CLIENT", "TRACKING", "ON");
            Thread[] writers = new Thread[2];
            for (int i = 0; i < writers.length; i++) {
                int writer = i;
                writers[i] =
                        new Thread(
                                () -> {
                                    try (RawClient client = listener.connect()) {
                                        for (int n = 0; n < 3_000; n++) {
                                            client.call("SET", "k", writer + ":" + n);
                                        }
                                    }
                                });
                writers[i].start();
            }
            String cached = null;
            int told = 0;
            while (writers[0].isAlive() || writers[1].isAlive()) {
                if (cached == null) {
                    cached = readKey(reader);
                } else {
                    reader.timeout(200);
                    if (!reader.isSilentFor(5)) {
                        assertTrue(reader.reply().contains("invalidate"));
                        cached = null;
                        told++;
                    }
                }
            }
            for (Thread writer : writers) {
                writer.join();
            }
            reader.send(RawClient.command("PING"));
            for (String next = reader.reply(); !next.equals("+PONG\r\n"); next = reader.reply()) {
                cached = null;
            }
            try (RawClient client = listener.connect()) {
                String last = client.call("GET", "k");
                assertTrue(cached == null || cached.equals(last), cached + " is not " + last);
            }
            assertTrue(told > 10, "told=" + told);
        }
    }

    /** The value, unless an invalidation came behind the reply. */
    private static String readKey(RawClient reader) {
        reader.send(RawClient.command("GET", "k"));
        String value = null;
        while (value == null) {
            String next = reader.reply();
            value = next.startsWith(">") ? null : next;
        }
        return value;
    }

    @Test
    void shouldSayThatTheOtherClientIsGoneWhileItsSocketIsStillOpen() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            assertEquals(broken(redis.port()), broken(listener.port()));
        }
    }

    /** What a client is told whose messages go to another one that has quit. */
    private static String broken(int port) {
        try (RawClient tracker = new RawClient(port);
                RawClient target = new RawClient(port);
                RawClient writer = new RawClient(port)) {
            tracker.call("HELLO", "3");
            String id = target.call("CLIENT", "ID").substring(1).trim();
            target.call("SUBSCRIBE", "__redis__:invalidate");
            tracker.call("CLIENT", "TRACKING", "ON", "REDIRECT", id);
            tracker.call("GET", "k");
            assertEquals("+OK\r\n", target.call("QUIT"));
            assertEquals("+OK\r\n", writer.call("SET", "k", "1"));
            assertFalse(writer.call("CLIENT", "LIST").contains("id=" + id + " "));
            return tracker.call("PING").replace(":" + id + "\r\n", ":id\r\n");
        }
    }
}
