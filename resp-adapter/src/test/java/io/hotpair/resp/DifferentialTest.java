package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same commands to a real redis-server and to a listener: the replies must be the same bytes.
 */
class DifferentialTest {
    private static final int PROGRAMS = Integer.getInteger("hotpair.programs", isCi() ? 1000 : 60);
    private static final int COMMANDS = 500;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_121);

    static boolean isCi() {
        return "true".equalsIgnoreCase(System.getenv("CI"));
    }

    /**
     * A difference that is meant.
     *
     * @param why the reason
     * @param applies whether a command may differ in this way, given both replies
     */
    private record Difference(String why, BiPredicate<String[], String[]> applies) {}

    private static final String[] UNORDERED = {
        "KEYS",
        "SCAN",
        "ZSCAN",
        "HGETALL",
        "HKEYS",
        "HVALS",
        "HSCAN",
        "SMEMBERS",
        "SSCAN",
        "SINTER",
        "SUNION",
        "SDIFF",
        "SPOP"
    };

    private static final List<Difference> TOLERATED =
            List.of(
                    new Difference(
                            "walks go in an order of their own",
                            (command, replies) ->
                                    is(command, UNORDERED)
                                            && sortedLines(unsigned(replies[0]))
                                                    .equals(sortedLines(unsigned(replies[1])))),
                    new Difference(
                            "what is chosen at random differs; how many does not",
                            (command, replies) ->
                                    is(command, "ZRANDMEMBER", "HRANDFIELD", "SRANDMEMBER")
                                            && replies[0].startsWith("$-")
                                                    == replies[1].startsWith("$-")
                                            && shape(replies[0]).equals(shape(replies[1]))),
                    new Difference(
                            "Redis forgets the sign of a zero in a small sorted set, not in a"
                                    + " large one",
                            (command, replies) ->
                                    command[0].matches("(?i)B?Z.*")
                                            && unsigned(replies[0]).equals(unsigned(replies[1]))),
                    new Difference(
                            "sines of Java and of C differ in their last digit, so stored distances"
                                    + " do too",
                            (command, replies) ->
                                    command[0].matches("(?i)B?Z.*|EXEC")
                                            && rounded(replies[0]).equals(rounded(replies[1]))),
                    new Difference(
                            "and where that digit decides the rounding, so do printed distances,"
                                    + " for a few of a million",
                            (command, replies) ->
                                    command[0].matches("(?i)GEO.*|EXEC")
                                            && areTies(replies[0], replies[1])),
                    new Difference(
                            "how long ago an entry was delivered is measured by two clocks",
                            (command, replies) ->
                                    is(command, "XPENDING", "XINFO")
                                            && timeless(replies[0]).equals(timeless(replies[1]))),
                    new Difference(
                            "inside of EXEC too, sets have an order of their own",
                            (command, replies) ->
                                    is(command, "EXEC")
                                            && sortedLines(unsigned(replies[0]))
                                                    .equals(sortedLines(unsigned(replies[1])))),
                    new Difference(
                            "a part of a walk over a large collection has other elements",
                            (command, replies) ->
                                    is(command, "HSCAN", "SSCAN", "ZSCAN")
                                            && replies[0].startsWith("*2\r\n$")
                                            && !replies[0].startsWith("*2\r\n$1\r\n0\r\n")
                                            && replies[1].startsWith("*2\r\n$")),
                    new Difference(
                            "Redis shares the objects of small integers and says that they have"
                                    + " very many references",
                            (command, replies) ->
                                    is(command, "OBJECT")
                                            && replies[0].equals(":2147483647\r\n")
                                            && replies[1].equals(":1\r\n")),
                    new Difference(
                            "the encoding is told from the value; Redis also remembers how it came"
                                    + " about, by APPEND or INCRBYFLOAT for example",
                            (command, replies) ->
                                    is(command, "OBJECT")
                                            && replies[0].matches("(?s).*(raw|embstr).*")
                                            && replies[1].matches("(?s).*(int|embstr).*")),
                    new Difference(
                            "Redis keeps what once was large in the form for large values",
                            (command, replies) ->
                                    is(command, "OBJECT")
                                            && replies[0].matches("(?s).*(hashtable|skiplist).*")
                                            && replies[1].matches("(?s).*(listpack|intset).*")),
                    new Difference(
                            "the two read their clocks at different moments",
                            (command, replies) ->
                                    is(command, "TTL", "EXPIRETIME")
                                            && Math.abs(number(replies[0]) - number(replies[1]))
                                                    <= 5),
                    new Difference(
                            "the same time from now is later for who executes later",
                            (command, replies) ->
                                    is(command, "EXPIRE", "PEXPIRE")
                                            && String.join(" ", command)
                                                    .toUpperCase(Locale.ROOT)
                                                    .matches("(?s).* (GT|LT)\\b.*")
                                            && Math.abs(number(replies[0]) - number(replies[1]))
                                                    == 1),
                    new Difference(
                            "an expired key is counted until it is removed, which either does when"
                                    + " it comes to it",
                            (command, replies) -> is(command, "DBSIZE")));

    private static boolean is(String[] command, String... names) {
        return Arrays.asList(names).contains(command[0].toUpperCase(Locale.ROOT));
    }

    private static long number(String reply) {
        return reply.matches(":-?\\d+\r\n")
                ? Long.parseLong(reply.substring(1, reply.length() - 2))
                : Long.MIN_VALUE / 4;
    }

    private static String unsigned(String reply) {
        return reply.replace("$2\r\n-0\r\n", "$1\r\n0\r\n").replace(",-0\r\n", ",0\r\n");
    }

    /** A reply with its numbers rounded, as far as Java and C may calculate them differently. */
    static String rounded(String reply) {
        return Pattern.compile("(?:\\$\\d+\r\n|,)(-?\\d+\\.\\d{9,})\r\n")
                .matcher(reply)
                .replaceAll(
                        found ->
                                String.format(
                                        Locale.ROOT, ",%.6f\r\n", Double.valueOf(found.group(1))));
    }

    /** Whether replies are the same but for distances that are one apart in the last place. */
    private static boolean areTies(String one, String other) {
        Pattern distance = Pattern.compile("\\$\\d+\r\n(\\d+\\.\\d{4})\r\n");
        if (!distance.matcher(one).replaceAll("").equals(distance.matcher(other).replaceAll(""))) {
            return false;
        }
        Matcher ones = distance.matcher(one);
        Matcher others = distance.matcher(other);
        while (ones.find()) {
            if (!others.find()
                    || new BigDecimal(ones.group(1))
                                    .subtract(new BigDecimal(others.group(1)))
                                    .abs()
                                    .compareTo(new BigDecimal("0.0001"))
                            > 0) {
                return false;
            }
        }
        return !others.find();
    }

    /** A reply of XPENDING or XINFO without times of now and what was measured from there. */
    private static String timeless(String reply) {
        return reply.replaceAll(
                        "(?s)((?<=\\r\n)\\$\\d+\r\n[^\r]*\r\n):\\d+\r\n(:\\d+\r\n)", "$1:t\r\n$2")
                .replaceAll("((?:idle|seen-time)\r\n):\\d+", "$1:t")
                .replaceAll(":\\d{13}\r\n", ":t\r\n");
    }

    /** How many elements a reply has on each level, without what they are. */
    private static List<String> shape(String reply) {
        return Stream.of(reply.split("\r\n", -1)).filter(line -> line.startsWith("*")).toList();
    }

    private static List<String> sortedLines(String reply) {
        List<String> lines = new ArrayList<>(Arrays.asList(reply.split("\r\n", -1)));
        Collections.sort(lines);
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldAnswerRandomProgramsAsRedisDoes(int protocol) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            theirs.call("HELLO", Integer.toString(protocol));
            ours.call("HELLO", Integer.toString(protocol));
            for (int program = 0; program < PROGRAMS; program++) {
                run(SEED + program, DifferentialTest::strings, theirs, ours);
            }
        }
    }

    private static List<String[]> strings(long seed) {
        RandomProgram program = new RandomProgram(seed);
        List<String[]> commands = new ArrayList<>();
        for (int i = 0; i < COMMANDS; i++) {
            commands.add(program.next());
        }
        return commands;
    }

    /** Sends a program as one pipeline to both, with nothing there at first. */
    static void run(
            long seed, Function<Long, List<String[]>> programs, RawClient theirs, RawClient ours) {
        for (String command : List.of("DISCARD", "UNWATCH", "FLUSHALL")) {
            assertEquals(theirs.call(command), ours.call(command), "seed=" + seed);
        }
        List<String[]> commands = programs.apply(seed);
        StringBuilder pipeline = new StringBuilder();
        commands.forEach(command -> pipeline.append(RawClient.command(command)));
        theirs.send(pipeline.toString());
        ours.send(pipeline.toString());
        for (int i = 0; i < commands.size(); i++) {
            compare(seed, commands, i, theirs.reply(), ours.reply());
        }
    }

    /** What came before with the same key, or all of it if the command has none. */
    private static String history(List<String[]> commands, int last) {
        StringBuilder text = new StringBuilder();
        String key = commands.get(last).length > 1 ? commands.get(last)[1] : "";
        boolean all = !key.matches("[kx]\\d");
        for (int i = 0; i <= last; i++) {
            if (all || Arrays.asList(commands.get(i)).contains(key)) {
                text.append("\n  ").append(i).append(' ').append(Arrays.toString(commands.get(i)));
            }
        }
        return text.toString();
    }

    /** Compares the replies to one command of a program. */
    static void compare(long seed, List<String[]> commands, int index, String theirs, String ours) {
        if (theirs.equals(ours)) {
            return;
        }
        String[] command = commands.get(index);
        String[] replies = {theirs, ours};
        for (Difference difference : TOLERATED) {
            if (difference.applies().test(command, replies)) {
                return;
            }
        }
        String where = "seed=" + seed + " command " + index + " of " + history(commands, index);
        assertEquals(theirs, ours, where);
    }

    @Test
    void shouldAnswerMistakesAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            muteSlowLog(redis.port());
            muteSlowLog(listener.port());
            for (String line : Mistakes.LINES) {
                try (RawClient theirs = new RawClient(redis.port());
                        RawClient ours = listener.connect()) {
                    theirs.send(line + "\r\n");
                    ours.send(line + "\r\n");
                    assertEquals(theirs.reply(), ours.reply(), line);
                }
            }
        }
    }

    /** What takes long depends on the machine, not on the server. */
    private static void muteSlowLog(int port) {
        try (RawClient client = new RawClient(port)) {
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
        }
    }

    @Test
    void shouldAnswerBrokenInputAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String input : Mistakes.BROKEN) {
                try (RawClient theirs = new RawClient(redis.port());
                        RawClient ours = listener.connect()) {
                    theirs.send(input);
                    ours.send(input);
                    assertEquals(theirs.untilClosed(), ours.untilClosed(), shortened(input));
                }
            }
        }
    }

    private static String shortened(String input) {
        return input.length() > 80 ? input.substring(0, 80) + "..." : input;
    }

    @Test
    void shouldAskForThePasswordAsRedisDoes() {
        try (RealRedis redis = RealRedis.start("--requirepass", "pw");
                TestListener listener = TestListener.open(config -> config.password("pw"))) {
            for (String line : Mistakes.UNAUTHENTICATED) {
                try (RawClient theirs = new RawClient(redis.port());
                        RawClient ours = listener.connect()) {
                    theirs.send(line + "\r\nquit\r\n");
                    ours.send(line + "\r\nquit\r\n");
                    assertEquals(
                            withoutId(theirs.untilClosed()), withoutId(ours.untilClosed()), line);
                }
            }
        }
    }

    private static String withoutId(String reply) {
        return reply.replaceAll("(\\$2\r\nid\r\n):\\d+", "$1:n");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldDescribeItsCommandsAsRedisDoes(int protocol) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            theirs.call("HELLO", Integer.toString(protocol));
            ours.call("HELLO", Integer.toString(protocol));
            for (Command command : listener.server().commands().everything()) {
                // A container also lists its subcommands, of which there are fewer here.
                boolean newer =
                        command.since().compareTo("7.1") > 0
                                || command.fullName().startsWith("sentinel");
                if (command.subcommands().isEmpty() && !newer) {
                    String expected = theirs.call("COMMAND", "INFO", command.fullName());
                    if (command.name().matches("zrank|zrevrank")) {
                        // With their option of 7.2.
                        expected = expected.replaceFirst("\r\n:3\r\n", "\r\n:-3\r\n");
                    }
                    assertEquals(
                            expected,
                            ours.call("COMMAND", "INFO", command.fullName()),
                            command.fullName());
                }
            }
        }
    }
}
