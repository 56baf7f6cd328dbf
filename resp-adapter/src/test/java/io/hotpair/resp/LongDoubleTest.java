package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.hotpair.LongDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LongDoubleTest {
    private static LongDouble number(String text) {
        LongDouble parsed = LongDouble.parse(text);
        assertNotNull(parsed, text);
        return parsed;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "-0, 0, 0",
        "3.0e3, 200, 3200",
        "0.1, 0.2, 0.3",
        "10.50, 0.1, 10.6",
        "1e-18, 0, 0",
        "-1e-20, 0, 0",
        "0x10, 0x1p-3, 16.125",
        "9007199254740993, 0, 9007199254740993",
        "18446744073709551615, 0, 18446744073709551615",
        "18446744073709551617, 0, 18446744073709551616",
        "5., .5, 5.5"
    })
    void shouldAddAndPrintAsAnX86Does(String left, String right, String sum) {
        assertEquals(sum, number(left).plus(number(right)).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " 1",
                "1 ",
                "abc",
                ".",
                "1e",
                "0x",
                "nan",
                "-nan",
                "1e5000",
                "1e-5000",
                "--1",
                "1e99999999999999999999",
                "inf1",
                "1_000",
                "0x1p99999999",
                "1f"
            })
    void shouldRefuseWhatIsNoNumber(String text) {
        assertNull(LongDouble.parse(text));
    }

    @Test
    void shouldKnowInfinity() {
        assertEquals(false, number("inf").isFinite());
        assertEquals(false, number("-Infinity").plus(number("1")).isFinite());
        assertEquals(false, number("1e4932").plus(number("1e4932")).isFinite());
    }

    @Test
    void shouldCountAsARealServerDoes() {
        long seed = 11;
        Random random = new Random(seed);
        try (RealRedis redis = RealRedis.start();
                RawClient client = new RawClient(redis.port())) {
            for (int i = 0; i < 5000; i++) {
                String left = text(random);
                String right = text(random);
                client.call("SET", "a", left);
                String sum = number(left).plus(number(right)).toString();
                assertEquals(
                        "$" + sum.length() + "\r\n" + sum + "\r\n",
                        client.call("INCRBYFLOAT", "a", right),
                        left + " + " + right + " seed=" + seed);
            }
        }
    }

    private static String text(Random random) {
        StringBuilder digits = new StringBuilder(random.nextBoolean() ? "-" : "");
        int length = 1 + random.nextInt(25);
        for (int i = 0; i < length; i++) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        if (random.nextBoolean()) {
            digits.append('.').append(random.nextInt(1_000_000_000));
        }
        int range = random.nextBoolean() ? 20 : 4800;
        return random.nextBoolean()
                ? digits.append('e').append(random.nextInt(2 * range) - range).toString()
                : digits.toString();
    }
}
