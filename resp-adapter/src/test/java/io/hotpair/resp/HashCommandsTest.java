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

/** What a comparison with a real server of version 7.0 does not show of hashes. */
class HashCommandsTest {
    private static final String NO_FIELDS =
            "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n";

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

    @Test
    void shouldSetAndRemoveDeadlinesOfFields() {
        call("HSET h a 1 b 2 c 3");
        assertEquals("*2\r\n:1\r\n:-2\r\n", call("HEXPIRE h 100 FIELDS 2 a x"));
        assertEquals("*3\r\n:100\r\n:-1\r\n:-2\r\n", call("HTTL h FIELDS 3 a b x"));
        assertEquals("*1\r\n:0\r\n", call("HEXPIRE h 200 NX FIELDS 1 a"));
        assertEquals("*1\r\n:0\r\n", call("HEXPIRE h 200 xx fields 1 b"));
        assertEquals("*1\r\n:0\r\n", call("HEXPIRE h 50 GT FIELDS 1 a"));
        assertEquals("*2\r\n:1\r\n:1\r\n", call("HEXPIRE h 50 LT FIELDS 2 a b"));
        assertEquals("*1\r\n:1\r\n", call("HPEXPIREAT h 4000000000123 FIELDS 1 a"));
        assertEquals("*1\r\n:4000000000123\r\n", call("HPEXPIRETIME h FIELDS 1 a"));
        assertEquals("*1\r\n:4000000001\r\n", call("HEXPIRETIME h FIELDS 1 a"));
        assertEquals("*1\r\n:1\r\n", call("HEXPIREAT h 4000000000 FIELDS 1 b"));
        assertTrue(call("HPTTL h FIELDS 1 a").matches("\\*1\r\n:\\d{13}\r\n"));
        assertEquals("*3\r\n:1\r\n:-1\r\n:-2\r\n", call("HPERSIST h FIELDS 3 a c x"));
        assertEquals("*1\r\n:-1\r\n", call("HTTL h FIELDS 1 a"));
        assertEquals("*2\r\n:2\r\n:2\r\n", call("HPEXPIRE h 0 FIELDS 2 a b"));
        assertEquals("*1\r\n:2\r\n", call("HEXPIREAT h 1 FIELDS 1 c"));
        assertEquals("*1\r\n:-2\r\n", call("HEXPIRE h 1 FIELDS 1 c"));
        assertEquals(":0\r\n", call("EXISTS h"));
    }

    @Test
    void shouldHideFieldsThatHaveExpired() {
        call("HSET h a 1 b 2");
        call("HPEXPIRE h 20 FIELDS 1 a");
        Await.until(() -> call("HGET h a").equals("$-1\r\n"), () -> call("HPTTL h FIELDS 1 a"));
        assertEquals(":1\r\n", call("HLEN h"));
        assertEquals("*2\r\n$1\r\nb\r\n$1\r\n2\r\n", call("HGETALL h"));
        assertEquals("*1\r\n$1\r\n2\r\n", call("HVALS h"));
    }

    @Test
    void shouldGetFieldsAndChangeThemInOneStep() {
        call("HSET h a 1 b 2 c 3");
        assertEquals("*2\r\n$1\r\n1\r\n$-1\r\n", call("HGETDEL h FIELDS 2 a x"));
        assertEquals(":2\r\n", call("HLEN h"));
        assertEquals("*1\r\n$1\r\n2\r\n", call("HGETEX h EX 100 FIELDS 1 b"));
        assertEquals("*1\r\n:100\r\n", call("HTTL h FIELDS 1 b"));
        assertEquals("*1\r\n$1\r\n2\r\n", call("HGETEX h FIELDS 1 b"));
        assertEquals("*1\r\n:100\r\n", call("HTTL h FIELDS 1 b"));
        assertEquals("*1\r\n$1\r\n2\r\n", call("HGETEX h PERSIST FIELDS 1 b"));
        assertEquals("*1\r\n:-1\r\n", call("HTTL h FIELDS 1 b"));
        assertEquals(":0\r\n", call("HSETEX h FNX FIELDS 2 a 9 b 9"));
        assertEquals(":1\r\n", call("HSETEX h FXX PX 100000 FIELDS 1 b 9"));
        assertEquals("*2\r\n:100\r\n:-1\r\n", call("HTTL h FIELDS 2 b c"));
        assertEquals(":1\r\n", call("HSETEX h KEEPTTL FIELDS 1 b 8"));
        assertEquals("*1\r\n:100\r\n", call("HTTL h FIELDS 1 b"));
        assertEquals(":1\r\n", call("HSETEX h FIELDS 1 b 7"));
        assertEquals("*1\r\n:-1\r\n", call("HTTL h FIELDS 1 b"));
        assertEquals("*2\r\n$-1\r\n$-1\r\n", call("HGETDEL nokey FIELDS 2 a b"));
    }

    @Test
    void shouldRefuseWrongArgumentsInTheirOrder() {
        call("SET s v");
        call("HSET h a 1");
        String wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
        for (String line :
                List.of(
                        "HEXPIRE s x FIELDS 1 f",
                        "HTTL s FOO 1 f",
                        "HPERSIST s FOO 1 f",
                        "HGETDEL s FOO 1 f",
                        "HGETEX s FOO 1 f",
                        "HSETEX s FIELDS 1 f v")) {
            assertEquals(wrongType, call(line), line);
        }
        assertEquals(
                "-ERR value is not an integer or out of range\r\n", call("HEXPIRE h x FIELDS 1 f"));
        assertEquals("-ERR invalid expire time, must be >= 0\r\n", call("HEXPIRE h -1 FIELDS 1 f"));
        assertEquals(
                "-ERR invalid expire time in 'hexpire' command\r\n",
                call("HEXPIRE h 70368744178 FIELDS 1 f"));
        assertEquals(
                "-ERR invalid expire time in 'hpexpireat' command\r\n",
                call("HPEXPIREAT h 70368744177664 FIELDS 1 f"));
        assertEquals(NO_FIELDS, call("HEXPIRE h 1 FOO FIELDS 1 f"));
        assertEquals(NO_FIELDS, call("HTTL h FOO 1 f"));
        assertEquals(
                "-ERR Parameter `numFields` should be greater than 0\r\n",
                call("HEXPIRE h 1 FIELDS 0 f"));
        assertEquals(
                "-ERR Number of fields must be a positive integer\r\n", call("HTTL h FIELDS x f"));
        String mismatch = "-ERR The `numfields` parameter must match the number of arguments\r\n";
        assertEquals(mismatch, call("HEXPIRE h 1 FIELDS 2 f"));
        assertEquals(mismatch, call("HPERSIST h FIELDS 1 f g"));
        assertEquals(mismatch, call("HGETEX h FIELDS 2 f"));
        String wrongNumber = "-ERR wrong number of arguments for 'hsetex' command\r\n";
        assertEquals(wrongNumber, call("HSETEX h FIELDS 1 f v g"));
        assertEquals(wrongNumber, call("HSETEX h FNX EX 1 FIELDS"));
        assertEquals("-ERR invalid number of fields\r\n", call("HSETEX h FIELDS 0 f v"));
        assertEquals("-ERR unknown argument: BOGUS\r\n", call("HSETEX h BOGUS FIELDS 1 f v"));
        assertEquals(
                "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified\r\n",
                call("HSETEX h EX 60 KEEPTTL FIELDS 1 f v"));
        assertEquals(
                "-ERR wrong number of arguments for 'hexpire' command\r\n",
                call("HEXPIRE h 1 NX FIELDS"));
        assertEquals(NO_FIELDS, call("HGETEX h EX 1 PERSIST FIELDS 1 a"));
        assertEquals(
                "-ERR wrong number of arguments for 'hgetex' command\r\n",
                call("HGETEX h EX 1 FIELDS"));
        assertEquals(NO_FIELDS, call("HGETEX h FNX FIELDS 1 a"));
        assertEquals(
                "-ERR Only one of FXX or FNX arguments can be specified\r\n",
                call("HSETEX h FNX FXX FIELDS 1 a 1"));
    }

    @Test
    void shouldWalkOverAllFieldsExactlyOnce() {
        for (int i = 0; i < 5000; i++) {
            client.call("HSET", "h", "field:" + i, "v");
        }
        Set<String> seen = new HashSet<>();
        String cursor = "0";
        Pattern fields = Pattern.compile("field:\\d+");
        do {
            String reply = client.call("HSCAN", "h", cursor, "COUNT", "100");
            cursor = reply.split("\r\n", -1)[2];
            Matcher matcher = fields.matcher(reply);
            while (matcher.find()) {
                assertTrue(seen.add(matcher.group()), matcher.group() + " came twice");
            }
        } while (!cursor.equals("0"));
        assertEquals(5000, seen.size());
        assertTrue(client.call("HGETALL", "h").startsWith("*10000\r\n"));
    }

    @Test
    void shouldRefuseRepliesOverTheLimitAndStayUsable() {
        String value = "x".repeat(1000);
        for (int i = 0; i < 1500; i++) {
            client.call("HSET", "h", "field:" + i, value);
        }
        for (String line :
                List.of(
                        "HGETALL h",
                        "HVALS h",
                        "HRANDFIELD h -1500 WITHVALUES",
                        "HRANDFIELD h -9223372036854775807")) {
            String reply = call(line);
            assertTrue(reply.startsWith("-ERR the reply is longer than the limit"), reply);
        }
        String repeated = " field:1".repeat(2000);
        for (String line : List.of("HMGET h", "HGETEX h PERSIST FIELDS 2000")) {
            String reply = call(line + repeated);
            assertTrue(reply.startsWith("-ERR the reply is longer than the limit"), reply);
        }
        assertTrue(call("HKEYS h").startsWith("*1500\r\n"));
        assertEquals(":1500\r\n", call("HLEN h"));
    }
}
