package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GlobPatternTest {
    private static boolean matches(String pattern, String text) {
        return new GlobPattern(bytes(pattern), false).matches(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void shouldMatchAsRedisDocuments() {
        assertTrue(matches("h?llo", "hallo"));
        assertTrue(matches("h*llo", "heeeello"));
        assertTrue(matches("h[ae]llo", "hello"));
        assertFalse(matches("h[ae]llo", "hillo"));
        assertTrue(matches("h[^e]llo", "hallo"));
        assertTrue(matches("h[a-b]llo", "hbllo"));
        assertTrue(matches("h\\*llo", "h*llo"));
        assertFalse(matches("h\\*llo", "hello"));
        assertTrue(new GlobPattern(bytes("HeLLo*"), true).matches(bytes("hEllO!")));
    }

    @Test
    void shouldMatchAsARealServerDoes() {
        long seed = 3;
        Random random = new Random(seed);
        try (RealRedis redis = RealRedis.start();
                RawClient client = new RawClient(redis.port())) {
            for (int i = 0; i < 5000; i++) {
                String text = random(random, "aab]-^", 5);
                String pattern = random(random, "aab**?[[]^-\\", 8);
                client.call("SET", text, "1");
                boolean theirs = client.call("KEYS", pattern).startsWith("*1");
                client.call("DEL", text);
                assertEquals(
                        theirs, matches(pattern, text), pattern + " on " + text + " seed=" + seed);
            }
        }
    }

    private static String random(Random random, String alphabet, int maxLength) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxLength + 1); i > 0; i--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    @Test
    void shouldNotBlowUpOnManyStars() {
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () ->
                        assertFalse(
                                matches("*a".repeat(512).substring(1) + "b", "a".repeat(65_535))));
    }
}
