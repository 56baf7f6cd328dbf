package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What {@link ReferenceParser} says, a real server must say, too. */
class ReferenceParserTest {
    private static final int INPUTS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 3_000 : 1_000);
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);
    private static final int SHOWN = 128;
    private static final String UNKNOWN = "-ERR unknown command ";

    @Test
    void shouldBeRightAboutARealServer() throws IOException {
        ParserSource source = new ParserSource(new SplittableRandom(SEED));
        int compared = 0;
        try (RealRedis redis = RealRedis.start()) {
            for (int i = 0; i < INPUTS; i++) {
                byte[] input = source.next();
                if (isComparable(input)) {
                    compare(input, answer(redis.port(), input));
                    compared++;
                }
            }
        }
        assertTrue(compared > INPUTS / 4, "compared=" + compared);
    }

    /** Zero bytes end a line there, a TLS handshake is a line, and long lines come in parts. */
    private static boolean isComparable(byte[] input) {
        for (byte b : input) {
            if (b == 0 || b == 22) {
                return false;
            }
        }
        return input.length < 16_000;
    }

    /** What it says to all of it, and that nothing more comes. */
    private static byte[] answer(int port, byte[] input) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        try (RawClient client = new RawClient(socket)) {
            client.send(input);
            socket.shutdownOutput();
            return client.untilClosed().getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    private static void compare(byte[] input, byte[] answer) {
        ReferenceParser parser = new ReferenceParser(input, input.length, 0, 512 << 20);
        List<String> expected = new ArrayList<>();
        parser.commands().forEach(command -> expected.add(unknown(command.arguments())));
        if (!parser.error().isEmpty()) {
            expected.add(line("-ERR Protocol error: " + parser.error()));
        }
        List<String> actual = new ArrayList<>();
        for (int at = 0; at < answer.length; ) {
            WireReply reply = WireReply.read(answer, at, answer.length, 2);
            at = reply.end();
            boolean isKnown = !("-" + reply.text()).startsWith(UNKNOWN);
            boolean isCommand = actual.size() < parser.commands().size();
            // What it executes is a reply, whatever it is.
            actual.add(isKnown && isCommand ? expected.get(actual.size()) : "-" + reply.text());
        }
        assertEquals(expected, actual, () -> "seed=" + SEED + " " + FuzzBytes.literal(input));
    }

    private static String unknown(List<byte[]> arguments) {
        StringBuilder shown = new StringBuilder();
        for (int i = 1; i < arguments.size() && shown.length() < SHOWN; i++) {
            String text = text(arguments.get(i));
            int length = Math.min(text.length(), SHOWN - shown.length());
            shown.append('\'').append(text, 0, length).append("' ");
        }
        String name = text(arguments.get(0));
        return line(
                UNKNOWN
                        + "'"
                        + name.substring(0, Math.min(SHOWN, name.length()))
                        + "', with args beginning with: "
                        + shown);
    }

    /** It is shown up to a zero byte, which an escape in quotes can make. */
    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int zero = text.indexOf(0);
        return zero < 0 ? text : text.substring(0, zero);
    }

    private static String line(String text) {
        return text.replace('\r', ' ').replace('\n', ' ');
    }
}
