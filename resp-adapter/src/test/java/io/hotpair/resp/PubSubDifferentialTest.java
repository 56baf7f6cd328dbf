package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Publishers and subscribers of a real redis-server and of a listener: each connection must get the
 * same bytes, messages and replies in the same order.
 */
class PubSubDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 300 : 30);
    private static final int COMMANDS = 200;
    private static final int CONNECTIONS = 4;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_123);

    @Test
    void shouldGiveEachConnectionWhatRedisGivesIt() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int program = 0; program < PROGRAMS; program++) {
                run(SEED + program, redis.port(), listener.port());
            }
        }
    }

    private static void run(long seed, int theirPort, int ourPort) {
        Random random = new Random(seed);
        PubSubSource source = new PubSubSource(random);
        List<Watched> theirs = new ArrayList<>();
        List<Watched> ours = new ArrayList<>();
        List<String> history = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                theirs.add(new Watched(theirPort));
                ours.add(new Watched(ourPort));
            }
            theirs.get(0).call("FLUSHALL");
            ours.get(0).call("FLUSHALL");
            for (int i = 0; i < COMMANDS; i++) {
                int who = random.nextInt(CONNECTIONS);
                String[] command = source.next();
                history.add(who + ": " + Arrays.toString(command));
                step(seed, history, who, command, theirs, ours);
            }
            for (int i = 0; i < CONNECTIONS; i++) {
                // Gone from all channels when the next program begins.
                theirs.get(i).call("QUIT");
                ours.get(i).call("QUIT");
            }
        } finally {
            theirs.forEach(Watched::close);
            ours.forEach(Watched::close);
        }
    }

    private static void step(
            long seed,
            List<String> history,
            int who,
            String[] command,
            List<Watched> theirs,
            List<Watched> ours) {
        for (int turn = 0; turn < CONNECTIONS; turn++) {
            int at = (who + turn) % CONNECTIONS;
            List<String> expected =
                    turn == 0 ? theirs.get(at).call(command) : theirs.get(at).arrived();
            List<String> actual = turn == 0 ? ours.get(at).call(command) : ours.get(at).arrived();
            if (!isSame(command, expected, actual)) {
                String where =
                        "seed=" + seed + " connection " + at + "\n" + String.join("\n", history);
                assertEquals(String.join("", expected), String.join("", actual), where);
            }
        }
    }

    private static boolean isSame(String[] command, List<String> theirs, List<String> ours) {
        String expected = withoutId(String.join("", theirs));
        String actual = withoutId(String.join("", ours));
        if (expected.equals(actual)) {
            return true;
        }
        // Names are in the order of Redis's tables where it goes through them.
        boolean ordered =
                expected.split("pmessage", -1).length <= 2
                        && !command[0].matches("P?S?UNSUBSCRIBE|PUBSUB|EXEC");
        return !ordered && sortedLines(expected).equals(sortedLines(actual));
    }

    private static String withoutId(String reply) {
        return reply.replaceAll("(\\$2\r\nid\r\n):\\d+", "$1:n");
    }

    private static List<String> sortedLines(String replies) {
        List<String> lines = new ArrayList<>(Arrays.asList(replies.split("\r\n", -1)));
        Collections.sort(lines);
        return lines;
    }

    @Test
    void shouldAnswerInEachModeAsRedisDoes() {
        String[] lines = {
            "client reply off|subscribe a|publish a 1|unsubscribe a|get k|client reply on|get k",
            "client reply skip|subscribe a|ping|publish a 1",
            "client reply skip|unsubscribe|get k",
            "hello 3|client reply off|subscribe a b|publish a 3|get k|client reply on|unsubscribe a",
            "hello 3|client reply off|subscribe a|publish a 3|publish a 4|hello 3|client reply on",
            "subscribe a|client list|auth x|multi|watch a|exec|discard|nosuch|get|hello 3|ping",
            "subscribe a|ping a b|reset|ping|publish a 1",
            "multi|subscribe a b|publish a 1|unsubscribe a b|exec|get k",
            "multi|ssubscribe a|sunsubscribe|psubscribe *|publish x y|exec|get k|ping",
            "multi|subscribe a|get k|exec|get k|set k v",
            "hello 3|multi|subscribe a|publish a 1|get k|publish a 2|publish a 3|exec|publish a 4",
            "hello 3|subscribe a|hello 2|get k|ping|unsubscribe|get k",
            "pubsub|pubsub foo|pubsub numsub|pubsub numsub a|pubsub help x|pubsub channels a b"
                    + "|pubsub shardchannels a b|pubsub shardnumsub",
            "command getkeys spublish a b|command getkeys ssubscribe a|command getkeys publish a b",
            "publish a b c|spublish a|subscribe|psubscribe|ssubscribe|client list type pubsub",
            "subscribe a|quit",
        };
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String line : lines) {
                try (RawClient theirs = new RawClient(redis.port());
                        RawClient ours = listener.connect()) {
                    String program = line.replace("|", "\r\n") + "\r\nquit\r\n";
                    theirs.send(program);
                    ours.send(program);
                    assertEquals(
                            withoutId(theirs.untilClosed()), withoutId(ours.untilClosed()), line);
                }
            }
        }
    }
}
