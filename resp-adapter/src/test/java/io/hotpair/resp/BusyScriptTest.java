package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What others are told while a script runs, by a real redis-server and by a listener. */
class BusyScriptTest {
    private static final String LOOP = "while true do end";
    private static final String LIBRARY =
            "#!lua name=lib\nredis.register_function('loop', function() " + LOOP + " end)";

    private static final String[][] WHILE_BUSY = {
        {"PING"},
        {"GET", "k"},
        {"GET"},
        {"NOSUCH"},
        {"EVAL", "return 1", "0"},
        {"SCRIPT", "LOAD", "return 1"},
        {"SCRIPT", "NOSUCH"},
        {"FUNCTION", "LIST"},
        {"CLIENT", "PAUSE", "1"},
        {"CONFIG", "GET", "port"},
        {"SUBSCRIBE", "c"},
        {"AUTH", "x"},
        {"WATCH", "k"},
        {"UNWATCH"},
        {"MULTI"},
        {"INCR", "k"},
        {"DISCARD"},
        {"MULTI"},
        {"EXEC"},
        {"EXEC"},
        {"RESET"},
    };

    /** Connections to one server, and what they were answered. */
    private static final class Side implements AutoCloseable {
        private final List<String> answers = new ArrayList<>();
        private final RawClient runner;
        private final RawClient other;
        private final RawClient gathering;
        private final RawClient refused;

        Side(int port) {
            runner = new RawClient(port);
            other = new RawClient(port);
            gathering = new RawClient(port);
            refused = new RawClient(port);
            note(other.call("CONFIG", "SET", "lua-time-limit", "-1"));
            note(other.call("CONFIG", "SET", "lua-time-limit", "10"));
            note(other.call("CONFIG", "GET", "busy-reply-threshold"));
            note(other.call("CONFIG", "GET", "lua-time-limit"));
        }

        private void note(String answer) {
            // Where it was ended is not told here.
            answers.add(
                    answer.replaceAll("(duration_ms\r\n):\\d+", "$1:n")
                            .replaceAll("(?<=with SCRIPT KILL\\.).*", ""));
        }

        private void begin(String... command) {
            runner.send(RawClient.command(command));
            Await.until(() -> other.call("PING").startsWith("-BUSY"), () -> "not busy");
        }

        private void awaitEnd() {
            Await.until(() -> other.call("PING").equals("+PONG\r\n"), () -> "busy");
        }

        /** Has others do what they can while something runs that the last command ends. */
        List<String> run(String[] busy, String[]... ends) {
            note(gathering.call("MULTI"));
            note(gathering.call("INCR", "k"));
            note(refused.call("MULTI"));
            begin(busy);
            for (String[] command : WHILE_BUSY) {
                note(other.call(command));
            }
            note(refused.call("INCR", "k"));
            note(gathering.call("EXEC"));
            for (String[] command : ends) {
                note(other.call(command));
            }
            awaitEnd();
            note(runner.reply());
            note(refused.call("EXEC"));
            note(refused.call("PING"));
            note(other.call("SCRIPT", "KILL"));
            note(other.call("FUNCTION", "KILL"));
            note(other.call("GET", "k"));
            return answers;
        }

        @Override
        public void close() {
            runner.close();
            other.close();
            gathering.close();
            refused.close();
        }
    }

    private static void compare(String[] busy, String[]... ends) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                Side theirs = new Side(redis.port());
                Side ours = new Side(listener.port())) {
            theirs.other.call("FUNCTION", "LOAD", LIBRARY);
            ours.other.call("FUNCTION", "LOAD", LIBRARY);
            assertEquals(
                    String.join("\n", theirs.run(busy, ends)),
                    String.join("\n", ours.run(busy, ends)));
        }
    }

    @Test
    void shouldTellOthersOfAScriptAsRedisDoes() {
        compare(
                new String[] {"EVAL", LOOP, "0"},
                new String[] {"FUNCTION", "STATS"},
                new String[] {"FUNCTION", "KILL"},
                new String[] {"SCRIPT", "KILL"});
    }

    @Test
    void shouldTellOthersOfAFunctionAsRedisDoes() {
        compare(
                new String[] {"FCALL", "loop", "1", "k", "a"},
                new String[] {"FUNCTION", "STATS"},
                new String[] {"SCRIPT", "KILL"},
                new String[] {"FUNCTION", "KILL"});
    }

    @Test
    void shouldNotKillWhatHasWrittenWhileOthersWaitForIt() {
        String script = "redis.call('set', KEYS[1], '1') " + LOOP;
        try (RealRedis redis = RealRedis.start();
                TestListener listener =
                        TestListener.open(c -> c.scriptTimeout(Duration.ofSeconds(2)));
                Side theirs = new Side(redis.port());
                Side ours = new Side(listener.port())) {
            theirs.begin("EVAL", script, "1", "w");
            ours.begin("EVAL", script, "1", "w");
            Await.until(
                    () -> {
                        ScriptRun run = listener.server().scripts().anyRunning();
                        return run != null && !run.isKillable();
                    },
                    () -> "nothing written");
            assertEquals(theirs.other.call("SCRIPT", "KILL"), ours.other.call("SCRIPT", "KILL"));
            assertEquals(
                    theirs.other.call("FUNCTION", "KILL"), ours.other.call("FUNCTION", "KILL"));
            ours.awaitEnd();
            assertEquals('-', ours.runner.reply().charAt(0));
            assertEquals("$-1\r\n", ours.other.call("GET", "w"));
        }
    }

    @Test
    void shouldServeOthersAndKillAnythingUnlessAskedToBeBusy() {
        try (TestListener listener = TestListener.open();
                RawClient runner = listener.connect();
                RawClient other = listener.connect()) {
            runner.send(RawClient.command("EVAL", "redis.call('set', 'w', '1') " + LOOP, "0"));
            Await.until(() -> other.call("SCRIPT", "KILL").equals("+OK\r\n"), () -> "no script");
            assertEquals("+PONG\r\n", other.call("PING"));
            assertEquals('-', runner.reply().charAt(0));
            assertEquals("$-1\r\n", other.call("GET", "w"));
        }
    }

    @Test
    void shouldBeBusyFromTheBeginningWhereThatIsConfigured() {
        try (TestListener listener =
                        TestListener.open(c -> c.busyReplyThreshold(Duration.ofMillis(10)));
                RawClient runner = listener.connect();
                RawClient other = listener.connect()) {
            runner.send(RawClient.command("EVAL", LOOP, "0"));
            Await.until(() -> other.call("PING").startsWith("-BUSY"), () -> "not busy");
            assertEquals("+OK\r\n", other.call("SCRIPT", "KILL"));
        }
    }

    @Test
    void shouldNotHoldBackANewScriptThatSaysThatItWritesNothing() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            client.call("CLIENT", "PAUSE", "60000", "WRITE");
            assertEquals(":1\r\n", other.call("EVAL", "#!lua flags=no-writes\nreturn 1", "0"));
            other.send(RawClient.command("EVAL", "#!lua flags=nosuch\nreturn 1", "0"));
            client.call("CLIENT", "UNPAUSE");
            assertEquals('-', other.reply().charAt(0));
        }
    }
}
