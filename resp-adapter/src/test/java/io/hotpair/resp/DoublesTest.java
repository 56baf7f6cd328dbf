package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DoublesTest {
    private static final long SEED = 20_261_121;

    private static @Nullable Double strict(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return Doubles.strict(bytes, 0, bytes.length);
    }

    private static @Nullable Double lenient(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return Doubles.lenient(bytes, 0, bytes.length);
    }

    /** What C prints, taken down from it. */
    @ParameterizedTest
    @CsvSource({
        "0.1, 0.10000000000000001",
        "1.5, 1.5",
        "-0.0, -0",
        "1e16, 10000000000000000",
        "1e17, 1e+17",
        "-123456789012345678, -1.2345678901234568e+17",
        "0.0001, 0.0001",
        "0.00001, 1.0000000000000001e-05",
        "4.9e-324, 4.9406564584124654e-324",
        "1.7976931348623157e308, 1.7976931348623157e+308",
        "Infinity, inf",
        "-Infinity, -inf",
        "3.1415926535897931, 3.1415926535897931"
    })
    void shouldPrintAsCDoes(double value, String expected) {
        assertEquals(expected, Doubles.text(value));
    }

    @Test
    void shouldReadWhatItPrints() {
        Random random = new Random(SEED);
        for (int i = 0; i < 100_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (!Double.isNaN(value)) {
                assertEquals(value, strict(Doubles.text(value)), "seed=" + SEED + " i=" + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " 1",
                "1 ",
                "abc",
                "nan",
                "-nan",
                "1e",
                "0x",
                "1e400",
                "-1e400",
                "1e-400",
                "0x1p-2000",
                "1d",
                "1f",
                ".",
                "+",
                "1\0",
                "in",
                "infinit",
                "0x.p1"
            })
    void shouldRefuseWhatIsNoScore(String text) {
        assertNull(strict(text));
    }

    @ParameterizedTest
    @CsvSource({
        "007, 7",
        "+5, 5",
        "5., 5",
        ".5, 0.5",
        "0x10, 16",
        "0X1.8p1, 3",
        "1E2, 100",
        "InFiNiTy, Infinity",
        "-inf, -Infinity",
        "0e-999, 0",
        "4.9e-324, 4.9e-324"
    })
    void shouldReadWhatCReads(String text, double expected) {
        assertEquals(expected, strict(text));
    }

    @Test
    void shouldReadTheEndsOfRangesMoreKindly() {
        assertEquals(0, lenient(""));
        assertEquals(1, lenient(" \t1"));
        assertEquals(1, lenient("1\0x"));
        assertEquals(Double.POSITIVE_INFINITY, lenient("1e400"));
        assertEquals(0, lenient("1e-400"));
        assertNull(lenient("1 "));
        assertNull(lenient(" "));
        assertNull(lenient("nan"));
    }
}
