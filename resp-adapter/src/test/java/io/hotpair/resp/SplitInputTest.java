package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Splits on the wire. */
class SplitInputTest {
    private static final String PIPELINE =
            RawClient.command("SET", "key", "value")
                    + RawClient.command("GET", "key")
                    + "INCR n\r\n"
                    + RawClient.command("MGET", "key", "nosuch")
                    + RawClient.command("DEL", "key", "n");
    private static final List<String> REPLIES =
            List.of(
                    "+OK\r\n",
                    "$5\r\nvalue\r\n",
                    ":1\r\n",
                    "*2\r\n$5\r\nvalue\r\n$-1\r\n",
                    ":2\r\n");

    @Test
    void shouldAnswerAPipelineThatIsSplitAnywhere() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            for (int at = 1; at < PIPELINE.length(); at++) {
                client.send(PIPELINE.substring(0, at));
                // The other client's command runs in between on one of the loops.
                assertEquals("+PONG\r\n", other.call("PING"));
                client.send(PIPELINE.substring(at));
                assertEquals(REPLIES, client.replies(5), "split at " + at);
            }
        }
    }

    @Test
    void shouldAnswerEveryByteByItself() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (int i = 0; i < PIPELINE.length(); i++) {
                client.send(PIPELINE.substring(i, i + 1));
            }
            assertEquals(REPLIES, client.replies(5));
        }
    }

    @Test
    void shouldCarryLargeValuesBothWays() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            long seed = 5;
            Random random = new Random(seed);
            int[] lengths = {
                0, 1, 9, 10, 99, 100, 16_384, 32_768, 65_535, 65_536, 131_073, 5_000_000
            };
            for (int length : lengths) {
                StringBuilder value = new StringBuilder(length);
                for (int i = 0; i < length; i++) {
                    value.append((char) random.nextInt(256));
                }
                assertEquals("+OK\r\n", client.call("SET", "big", value.toString()));
                assertEquals("$" + length + "\r\n" + value + "\r\n", client.call("GET", "big"));
            }
        }
    }

    @Test
    void shouldAnswerAPipelineOfAnyDepth() throws InterruptedException {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            int depth = 100_000;
            Thread sender =
                    new Thread(() -> client.send(RawClient.command("INCR", "n").repeat(depth)));
            sender.start();
            for (int i = 1; i <= depth; i++) {
                assertEquals(":" + i + "\r\n", client.reply());
            }
            sender.join();
        }
    }
}
