package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.resp.RequestParser.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestParserTest {
    private static final String STREAM =
            RawClient.command("SET", "key", "value\r\n$5\r\n")
                    + "*0\r\n\r\n  \r\n*-1\r\n"
                    + RawClient.command("GET", "")
                    + "PING\r\nset 'a b' \"\\x41\\n\" plain\n"
                    + RawClient.command("ECHO", "*1\r\n\0\377")
                    + RawClient.command("MGET", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
                    + "  get\tx  \r\n";
    private static final List<List<String>> COMMANDS =
            List.of(
                    List.of("SET", "key", "value\r\n$5\r\n"),
                    List.of("GET", ""),
                    List.of("PING"),
                    List.of("set", "a b", "A\n", "plain"),
                    List.of("ECHO", "*1\r\n\0\377"),
                    List.of("MGET", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"),
                    List.of("get", "x"));

    /** Feeds pieces as a connection does: what is left moves to another array each time. */
    private static List<List<String>> parse(String... pieces) {
        RequestParser parser = new RequestParser(1 << 20);
        List<List<String>> commands = new ArrayList<>();
        byte[] left = {};
        for (String piece : pieces) {
            byte[] added = piece.getBytes(StandardCharsets.ISO_8859_1);
            byte[] array = Arrays.copyOf(new byte[3], 3 + left.length + added.length);
            System.arraycopy(left, 0, array, 3, left.length);
            System.arraycopy(added, 0, array, 3 + left.length, added.length);
            parser.input(array, 3, array.length);
            while (parser.next(true) == Outcome.REQUEST) {
                commands.add(arguments(parser.request()));
            }
            assertEquals("", parser.error());
            left = Arrays.copyOfRange(array, parser.start(), array.length);
        }
        assertEquals(0, left.length);
        return commands;
    }

    private static List<String> arguments(Request request) {
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < request.count(); i++) {
            arguments.add(request.text(i));
        }
        return arguments;
    }

    @Test
    void shouldFindEveryCommandOfAStream() {
        assertEquals(COMMANDS, parse(STREAM));
    }

    @Test
    void shouldSurviveASplitAtEveryByte() {
        for (int i = 0; i <= STREAM.length(); i++) {
            assertEquals(COMMANDS, parse(STREAM.substring(0, i), STREAM.substring(i)), "at " + i);
        }
    }

    @Test
    void shouldSurviveEveryByteByItself() {
        assertEquals(COMMANDS, parse(STREAM.split("")));
    }

    @Test
    void shouldSurviveRandomSplits() {
        long seed = 20_261_121;
        Random random = new Random(seed);
        for (int run = 0; run < 2000; run++) {
            List<String> pieces = new ArrayList<>();
            for (int from = 0; from < STREAM.length(); ) {
                int to = Math.min(STREAM.length(), from + 1 + random.nextInt(20));
                pieces.add(STREAM.substring(from, to));
                from = to;
            }
            assertEquals(COMMANDS, parse(pieces.toArray(new String[0])), "seed=" + seed);
        }
    }

    @Test
    void shouldSayTheSameOfBrokenInputHoweverItIsSplit() {
        for (String input : Mistakes.BROKEN) {
            if (input.length() < 100) {
                String whole = errorOf(input, input.length());
                for (int size = 1; size < input.length(); size++) {
                    assertEquals(whole, errorOf(input, size), input + " by " + size);
                }
            }
        }
    }

    private static String errorOf(String input, int pieceLength) {
        RequestParser parser = new RequestParser(512 << 20);
        byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
        for (int to = 0; to < bytes.length; ) {
            to = Math.min(bytes.length, to + pieceLength);
            parser.input(bytes, parser.start(), to);
            Outcome outcome = parser.next(true);
            while (outcome == Outcome.REQUEST) {
                outcome = parser.next(true);
            }
            if (outcome == Outcome.ERROR) {
                return parser.error();
            }
        }
        return "";
    }

    @Test
    void shouldNeverFailOnRandomInput() {
        long seed = 7;
        Random random = new Random(seed);
        String alphabet = "*$-:0123456789\r\n\r\n\r\naA\"'\\x \0\377";
        for (int run = 0; run < 20_000; run++) {
            StringBuilder input = new StringBuilder(random.nextBoolean() ? "*2\r\n$3\r\n" : "");
            for (int i = random.nextInt(40); i > 0; i--) {
                input.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String whole = input.toString();
            assertEquals(errorOf(whole, whole.length()), errorOf(whole, 1), "seed=" + seed);
        }
    }

    @Test
    void shouldTakeARareBlankForAPartOfAWordThatHasBegun() {
        assertEquals(
                List.of(List.of("echo", "a\u000bb\f"), List.of("ping"), List.of("x")),
                parse("echo a\u000bb\f\r\n\u000bping \f\r\n\"x\"\u000b\n"));
    }

    @Test
    void shouldTakeNoMemoryForLessThanNoArguments() {
        for (String count : List.of("-1", "-2147483648", "-2147483649", "-9223372036854775808")) {
            RequestParser parser = new RequestParser(1024);
            byte[] bytes = ("*" + count + "\r\n").getBytes(StandardCharsets.US_ASCII);
            parser.input(bytes, 0, bytes.length);
            assertEquals(Outcome.INCOMPLETE, parser.next(false), count);
            assertEquals(new Request().indexBytes(), parser.request().indexBytes(), count);
            assertEquals(0, parser.remaining(), count);
        }
    }

    @Test
    void shouldCountAllOfALineThatIsTooLong() {
        for (String begin : List.of("*", "*1\r\n$", "x")) {
            String line = begin + "1".repeat(RequestParser.MAX_LINE - 1);
            int before = begin.length() - 1;
            assertEquals("", errorOf(line, line.length()), begin);
            String longer = line + "1";
            assertEquals(before + RequestParser.MAX_LINE + 1, longer.length());
            assertTrue(errorOf(longer, longer.length()).startsWith("too big"), begin);
        }
    }

    @Test
    void shouldAllowLittleBeforeAuthentication() {
        assertEquals("unauthenticated multibulk length", errorBeforeAuth("*11\r\n"));
        assertEquals("unauthenticated bulk length", errorBeforeAuth("*2\r\n$16385\r\n"));
        assertEquals("", errorBeforeAuth("*10\r\n$16384\r\n"));
    }

    private static String errorBeforeAuth(String input) {
        RequestParser parser = new RequestParser(512 << 20);
        byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
        parser.input(bytes, 0, bytes.length);
        parser.next(false);
        return parser.error();
    }

    @Test
    void shouldGiveACommandAgainWhenItIsPutBack() {
        RequestParser parser = new RequestParser(1024);
        byte[] bytes = RawClient.command("GET", "a").getBytes(StandardCharsets.US_ASCII);
        parser.input(bytes, 0, bytes.length);
        int before = parser.start();
        assertEquals(Outcome.REQUEST, parser.next(true));
        parser.rewindTo(before);
        assertEquals(Outcome.REQUEST, parser.next(true));
        assertEquals(List.of("GET", "a"), arguments(parser.request()));
        assertEquals(Outcome.INCOMPLETE, parser.next(true));
    }

    @Test
    void shouldNotScanALongCommandFromItsStartForEachByte() {
        // Half a million arguments of one byte, which come 64 bytes at a time: 50000 calls.
        int count = 500_000;
        byte[] bytes =
                ("*" + count + "\r\n" + "$1\r\nx\r\n".repeat(count))
                        .getBytes(StandardCharsets.US_ASCII);
        RequestParser parser = new RequestParser(1024);
        long startNs = System.nanoTime();
        Outcome outcome = Outcome.INCOMPLETE;
        for (int to = 64; outcome == Outcome.INCOMPLETE; to = Math.min(bytes.length, to + 64)) {
            parser.input(bytes, 0, to);
            outcome = parser.next(true);
        }
        assertEquals(Outcome.REQUEST, outcome);
        assertEquals(count, parser.request().count());
        long tookMs = (System.nanoTime() - startNs) / 1_000_000;
        assertTrue(tookMs < 10_000, "tookMs=" + tookMs);
    }
}
