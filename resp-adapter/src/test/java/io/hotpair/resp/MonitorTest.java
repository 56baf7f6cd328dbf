package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What monitors see, compared with a real server. */
class MonitorTest {
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);
    private static final int COMMANDS = 2_000;

    /** All but when, and by whom. */
    private static String comparable(String line) {
        return line.replaceAll("^\\+\\d+\\.\\d{6} ", "+now ")
                .replaceAll("^\\+now \\[0 127\\.0\\.0\\.1:\\d+\\]", "+now [0 addr]");
    }

    /** What is shown of some commands, with their replies in between for the one who watches. */
    private static List<String> shown(int port, List<String[]> commands) {
        List<String> lines = new ArrayList<>();
        try (RawClient monitor = new RawClient(port);
                RawClient client = new RawClient(port)) {
            assertEquals("+OK\r\n", monitor.call("MONITOR"));
            for (String[] command : commands) {
                String unused = client.call(command);
            }
            client.call("ECHO", "the end");
            String line;
            do {
                line = comparable(monitor.reply());
                lines.add(line);
            } while (!line.contains("the end"));
        }
        return lines;
    }

    private static void assertSame(List<String[]> commands) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            assertEquals(
                    String.join("", shown(redis.port(), commands)),
                    String.join("", shown(listener.port(), commands)));
        }
    }

    @Test
    void shouldShowWhatARealServerShows() {
        StringBuilder all = new StringBuilder();
        for (char c = 0; c < 256; c++) {
            all.append(c);
        }
        String text =
                "GET a|MULTI|SET b 1|INCR b|EXEC|MULTI|nosuch|DISCARD|CONFIG GET port|AUTH x y|AUTH x"
                        + "|HELLO 2|HELLO 2 AUTH default x SETNAME n|SLOWLOG GET|CLIENT ID|CLIENT SETNAME"
                        + " n|CLIENT LIST|COMMAND COUNT|SET|LPUSH b 1|BLPOP q 0.01|ROLE|LASTSAVE|WAIT 0 1"
                        + "|SUBSCRIBE x|PING|UNSUBSCRIBE x|WATCH b|MULTI|GET b|MONITOR|EXEC|publish a b"
                        + "|EVAL return{redis.call('SET','m','1'),redis.pcall('nosuch'),redis.pcall('GET','m')} 0"
                        + "|EVAL redis.call('GET') 0|MULTI|EVAL return(redis.call('INCR','m')) 0|PING|EXEC"
                        + "|EVAL nonsense 0|EVAL_RO return(redis.call('GET','m')) 0|RESET|DBSIZE|FLUSHALL";
        List<String[]> commands = new ArrayList<>();
        commands.add(new String[] {"SET", "a", all.toString()});
        for (String line : text.split("\\|", -1)) {
            commands.add(line.split(" ", -1));
        }
        assertSame(commands);
    }

    @Test
    void shouldShowRandomProgramsAsARealServerDoes() {
        RandomProgram program = new RandomProgram(SEED);
        List<String[]> commands = new ArrayList<>();
        for (int i = 0; i < COMMANDS; i++) {
            String[] command = program.next();
            // Those are refused for other reasons, or end the connection.
            if (!Arrays.asList("OBJECT", "AUTH", "HELLO", "CLIENT").contains(command[0])) {
                commands.add(command);
            }
        }
        assertSame(commands);
    }

    @Test
    void shouldEndWithResetAndKeepAwayFromKeys() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            List<String> replies = new ArrayList<>();
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient monitor = new RawClient(port)) {
                    StringBuilder all = new StringBuilder(monitor.call("MONITOR"));
                    all.append(monitor.call("GET", "a")).append(monitor.call("SET", "a", "1"));
                    all.append(monitor.call("PUBLISH", "a", "1"));
                    monitor.send(RawClient.command("MONITOR") + RawClient.command("PING"));
                    all.append(monitor.reply()).append(comparable(monitor.reply()));
                    all.append(monitor.call("RESET")).append(monitor.call("GET", "a"));
                    replies.add(all.toString());
                }
            }
            assertEquals(replies.get(0), replies.get(1));
            Await.until(() -> !listener.server().monitors().isActive(), () -> "active");
        }
    }

    /** Whatever loops they are on. */
    @Test
    void shouldShowAllMonitorsTheSameOrder() throws InterruptedException {
        try (TestListener listener = TestListener.open(config -> config.eventLoopThreads(3))) {
            List<RawClient> monitors = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                RawClient monitor = listener.connect();
                assertEquals("+OK\r\n", monitor.call("MONITOR"));
                monitors.add(monitor);
            }
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                long seed = SEED + i;
                Thread writer =
                        new Thread(
                                () -> {
                                    Random random = new Random(seed);
                                    try (RawClient client = listener.connect()) {
                                        for (int n = 0; n < 500; n++) {
                                            client.call("INCRBY", "a", "" + random.nextInt(1_000));
                                        }
                                    }
                                });
                writer.start();
                writers.add(writer);
            }
            for (Thread writer : writers) {
                writer.join();
            }
            List<String> first = new ArrayList<>();
            for (RawClient monitor : monitors) {
                List<String> lines = new ArrayList<>();
                for (int i = 0; i < 2_000; i++) {
                    lines.add(monitor.reply());
                }
                if (first.isEmpty()) {
                    first.addAll(lines);
                }
                assertEquals(first, lines);
                monitor.close();
            }
        }
    }

    @Test
    void shouldShowAVeryLongCommandAtOnce() {
        String[] command = new String[200_000];
        Arrays.fill(command, "x");
        String[] beginning = {"MIGRATE", "127.0.0.1", "1", "", "0", "1", "AUTH", "secret"};
        System.arraycopy(beginning, 0, command, 0, beginning.length);
        try (TestListener listener = TestListener.open();
                RawClient monitor = listener.connect();
                RawClient client = listener.connect()) {
            assertEquals("+OK\r\n", monitor.call("MONITOR"));
            String reply = client.call(command);
            assertTrue(reply.startsWith("-ERR MIGRATE is off"), reply);
            String line = monitor.reply();
            assertTrue(line.contains("\"AUTH\" \"(redacted)\" \"x\""), line.substring(0, 200));
        }
    }

    @Test
    void shouldDisconnectAMonitorThatDoesNotRead() {
        try (TestListener listener =
                        TestListener.open(
                                config ->
                                        config.outputBufferLimit(1 << 20)
                                                .stallTimeout(Duration.ofMillis(500)));
                RawClient slow = listener.connect();
                RawClient client = listener.connect()) {
            assertEquals("+OK\r\n", slow.call("MONITOR"));
            assertTrue(listener.server().monitors().isActive());
            String value = "x".repeat(100_000);
            Await.until(
                    () -> {
                        client.call("SET", "a", value);
                        return !listener.server().monitors().isActive();
                    },
                    () -> listener.listener().clientCount());
            assertFalse(listener.server().monitors().isActive());
        }
    }
}
