package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Commands newer than the redis-server that the other tests compare with: {@code newer/replies.txt}
 * has what Redis 8.0.6 answered, and which events of keys it told of; {@code newer/replies-8.6.txt}
 * has what Redis 8.6.3 did of commands that 8.0 does not have. With {@code
 * -Dhotpair.newerRedis=/path/of/redis-server} the one is recorded anew, with {@code
 * -Dhotpair.newestRedis=...} the other.
 *
 * <p>A line that begins with {@code ==} begins anew with nothing there, in a protocol; one with
 * {@code >} is a command, below it are the reply, line breaks told as {@code |}, and the events.
 */
class NewerRepliesTest {
    private static final Path FILES = Path.of("src", "test", "resources", "newer");

    @ParameterizedTest
    @CsvSource({
        "replies.txt, " + RealRedis.NEWER,
        "replies-8.6.txt, " + RealRedis.NEWEST,
    })
    void shouldAnswerAsTheNewerRedisDid(String name, String property) throws IOException {
        Path file = FILES.resolve(name);
        if (System.getProperty(property) != null) {
            try (RealRedis redis = RealRedis.startNewer(property)) {
                Files.write(file, answered(file, redis.port()));
            }
        }
        try (TestListener listener = TestListener.open()) {
            String recorded = String.join("\n", Files.readAllLines(file));
            assertEquals(recorded, String.join("\n", answered(file, listener.port())));
        }
    }

    /** The file's commands, with what the server at a port answers. */
    private static List<String> answered(Path file, int port) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Watched hearer = new Watched(port)) {
            hearer.call("CONFIG", "SET", "notify-keyspace-events", "EAn");
            hearer.call("PSUBSCRIBE", "*");
            RawClient client = new RawClient(port);
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith("== RESP")) {
                    client.close();
                    client = new RawClient(port);
                    client.call("FLUSHALL");
                    client.call("HELLO", line.substring(7, 8));
                }
                if (line.startsWith(">")) {
                    client.send(RawClient.command(arguments(line.substring(1))));
                    lines.add(line);
                    lines.add("  " + shown(client.reply()));
                    hearer.arrived().forEach(message -> lines.add("  " + event(message)));
                } else if (!line.startsWith(" ")) {
                    lines.add(line);
                }
            }
            client.close();
        }
        return lines;
    }

    private static String[] arguments(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.ISO_8859_1);
        Request request = new Request();
        if (!InlineArguments.split(bytes, 0, bytes.length, request)) {
            throw new IllegalArgumentException("line=" + line + ", expected its quotes in pairs");
        }
        String[] arguments = new String[request.count()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = new String(request.copy(i), StandardCharsets.ISO_8859_1);
        }
        return arguments;
    }

    private static String shown(String reply) {
        return reply.replace("\r\n", "|");
    }

    /** What a message of a subscription tells: its channel's event, and the key. */
    private static String event(String message) {
        String[] lines = message.split("\r\n", -1);
        return "event " + lines[6].replaceFirst("__keyevent@(\\d+)__:", "$1 ") + " " + lines[8];
    }
}
