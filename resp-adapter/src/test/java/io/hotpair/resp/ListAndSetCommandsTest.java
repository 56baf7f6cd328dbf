package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a comparison with a real server does not show of lists and sets. */
class ListAndSetCommandsTest {
    private final TestListener listener =
            TestListener.open(config -> config.outputBufferLimit(1 << 20));
    private final RawClient client = listener.connect();

    @AfterEach
    void close() {
        client.close();
        listener.close();
    }

    private String call(String line) {
        return client.call(line.split(" "));
    }

    private void assertRefused(String line) {
        String reply = call(line);
        assertTrue(reply.startsWith("-ERR the reply is longer than the limit"), line + reply);
    }

    @Test
    void shouldWalkOverAllMembersExactlyOnce() {
        for (int i = 0; i < 5000; i++) {
            call("SADD s member:" + i);
        }
        Set<String> seen = new HashSet<>();
        String cursor = "0";
        Pattern members = Pattern.compile("member:\\d+");
        do {
            String reply = client.call("SSCAN", "s", cursor, "COUNT", "100");
            cursor = reply.split("\r\n", -1)[2];
            Matcher matcher = members.matcher(reply);
            while (matcher.find()) {
                assertTrue(seen.add(matcher.group()), matcher.group() + " came twice");
            }
        } while (!cursor.equals("0"));
        assertEquals(5000, seen.size());
    }

    @Test
    void shouldPopMembersByChanceOnceEach() {
        StringBuilder command = new StringBuilder("SADD s");
        for (int i = 0; i < 1000; i++) {
            command.append(" m").append(i);
        }
        assertEquals(":1000\r\n", call(command.toString()));
        Set<String> popped = new HashSet<>();
        while (popped.size() < 500) {
            assertTrue(popped.add(call("SPOP s")));
        }
        String[] rest = call("SPOP s 499").split("\r\n", -1);
        for (int i = 2; i < rest.length; i += 2) {
            assertTrue(popped.add(rest[i - 1] + "\r\n" + rest[i] + "\r\n"));
        }
        assertEquals(999, popped.size());
        String last = call("SRANDMEMBER s");
        assertTrue(popped.add(last));
        assertEquals(last, call("SPOP s"));
        assertEquals("$-1\r\n", call("SPOP s"));
        assertEquals(":0\r\n", call("EXISTS s"));
    }

    @Test
    void shouldRefuseRepliesOverTheLimitAndRemoveNothing() {
        String element = "x".repeat(1000);
        for (int i = 0; i < 1500; i++) {
            client.call("RPUSH", "l", element);
            client.call("SADD", "s", element + i);
        }
        for (String line :
                List.of(
                        "LRANGE l 0 -1",
                        "SMEMBERS s",
                        "SINTER s s",
                        "SRANDMEMBER s 1500",
                        "SRANDMEMBER s -1500",
                        "SRANDMEMBER s -9223372036854775807")) {
            assertRefused(line);
        }
        for (int i = 0; i < 400; i++) {
            call("RPUSH m" + " a".repeat(100));
        }
        for (String line : List.of("LPOP m 40000", "LMPOP 2 none m LEFT COUNT 40000")) {
            assertRefused(line);
        }
        assertEquals(":40000\r\n", call("LLEN m"));
        assertTrue(call("LPOP m 1000").startsWith("*1000\r\n"));
        assertTrue(call("LRANGE m 0 -1").startsWith("*39000\r\n"));
    }
}
