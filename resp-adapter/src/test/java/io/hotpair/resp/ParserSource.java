package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Makes what a client may send by chance: commands in both forms, whole and spoilt. */
final class ParserSource {
    private static final String[] NUMBERS = {
        "0",
        "1",
        "2",
        "3",
        "-1",
        "-0",
        "00",
        "01",
        "+1",
        " 1",
        "1 ",
        "",
        "-",
        "10",
        "11",
        "16384",
        "16385",
        "1024",
        "1025",
        "65536",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967297",
        "536870912",
        "536870913",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999",
        "1e1",
        "0x1",
        "abc",
        "1\0"
    };
    private static final String[] EMPTIES = {
        "\r\n", "\n", "*0\r\n", "*-1\r\n", "*-100\r\n", "   \r\n", "\t\n", "\r\r\n", "*0\rX"
    };
    private static final String[] PIECES = {
        "*",
        "$",
        "\r",
        "\n",
        "\r\n",
        "*1\r\n",
        "$1\r\n",
        "$-1\r\n",
        "$0\r\n\r\n",
        "\0",
        "\377",
        "\"",
        "'",
        "\\",
        "\\x41",
        "\\x4",
        "\\n",
        " ",
        "\t",
        "\u000b",
        "\f",
        ":1\r\n",
        "+OK\r\n",
        "\u0016\u0003\u0001",
        "*3\r\n$3\r\n",
        "GET",
        "-"
    };
    private static final String WORDS = "abcGETset01239*$-+:\"'\\x \t\u000b\f\r\0\377";
    private static final int LONG_LINE = 65_536;

    private final SplittableRandom random;
    private final FuzzBytes out = new FuzzBytes();

    ParserSource(SplittableRandom random) {
        this.random = random;
    }

    /** The next input. */
    byte[] next() {
        out.clear();
        if (chance(200)) {
            multiBulk(2);
            longLine();
            return out.toArray();
        }
        int commands = 1 + random.nextInt(chance(4) ? 24 : 4);
        for (int i = 0; i < commands; i++) {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> inline();
                case 3 -> out.add(one(EMPTIES));
                case 4 -> oddMultiBulk();
                default -> multiBulk(argumentCount());
            }
        }
        byte[] input = out.toArray();
        for (int left = chance(2) ? 1 + random.nextInt(3) : 0; left > 0; left--) {
            input = spoilt(input);
        }
        return input;
    }

    private int argumentCount() {
        return chance(50) ? 9 + random.nextInt(60) : 1 + random.nextInt(4);
    }

    private void multiBulk(int count) {
        out.add("*" + count + "\r\n");
        for (int i = 0; i < count; i++) {
            int length = chance(300) ? 16_380 + random.nextInt(8) : random.nextInt(12);
            out.add("$" + length + "\r\n");
            bytes(length);
            out.add("\r\n");
        }
    }

    /** Its numbers, or what stands behind them, are not what they should be. */
    private void oddMultiBulk() {
        int count = 1 + random.nextInt(3);
        out.add("*").add(chance(2) ? one(NUMBERS) : Integer.toString(count)).add(lineEnd());
        for (int i = 0; i < count; i++) {
            int length = random.nextInt(4);
            out.add(chance(8) ? one(PIECES) : "$");
            out.add(chance(3) ? one(NUMBERS) : Integer.toString(length)).add(lineEnd());
            bytes(length);
            out.add(lineEnd());
        }
    }

    private String lineEnd() {
        return chance(8) ? one("\r", "\n", "\n\r", "", "\r\r\n", "\r\n\n", "\rX") : "\r\n";
    }

    private void inline() {
        for (int words = random.nextInt(5); words > 0; words--) {
            switch (random.nextInt(5)) {
                case 0 -> quoted('"');
                case 1 -> quoted('\'');
                case 2 -> {
                    bytes(random.nextInt(4));
                    quoted(chance(2) ? '"' : '\'');
                }
                default -> bytes(1 + random.nextInt(6));
            }
            out.add(one(" ", " ", " ", "  ", "\t", "\u000b", ""));
        }
        out.add(one("\r\n", "\r\n", "\n"));
    }

    private void quoted(char quote) {
        out.add(quote);
        for (int left = random.nextInt(5); left > 0; left--) {
            out.add(chance(3) ? one(PIECES) : Character.toString(WORDS.charAt(random.nextInt(9))));
        }
        if (!chance(10)) {
            out.add(quote);
        }
    }

    /** A line about as long as any may be, complete or not. */
    private void longLine() {
        out.add(one("*", "$", "x", "*1\r\n$", "*2\r\n$1\r\na\r\n$", "*1\r\n"));
        int length = LONG_LINE - 2 + random.nextInt(4);
        byte[] line = new byte[length];
        Arrays.fill(line, (byte) one("1", "x", " ").charAt(0));
        out.add(line).add(one("", "", "\r\n", "\r", "\n"));
    }

    private void bytes(int length) {
        if (length > 64) {
            out.add(new byte[length]);
            return;
        }
        for (int i = 0; i < length; i++) {
            out.add(WORDS.charAt(random.nextInt(WORDS.length())));
        }
    }

    private byte[] spoilt(byte[] input) {
        if (input.length == 0) {
            return input;
        }
        int at = random.nextInt(input.length);
        int to = at + random.nextInt(Math.min(20, input.length - at + 1));
        return switch (random.nextInt(8)) {
            case 0 -> {
                input[at] ^= (byte) (1 << random.nextInt(8));
                yield input;
            }
            case 1 -> joined(input, at, "", to);
            case 2 -> joined(input, to, latin(input, at, to), to);
            case 3 -> joined(input, at, one(PIECES), at);
            case 4 -> joined(input, at, one(PIECES), to);
            case 5, 6 -> {
                int digits = at;
                while (digits < input.length && !isDigit(input[digits])) {
                    digits++;
                }
                int end = digits;
                while (end < input.length && isDigit(input[end])) {
                    end++;
                }
                yield joined(input, digits, one(NUMBERS), end);
            }
            default -> joined(input, at, "", input.length);
        };
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static String latin(byte[] input, int from, int to) {
        return new String(input, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static byte[] joined(byte[] input, int to, String middle, int from) {
        return new FuzzBytes()
                .add(Arrays.copyOf(input, to))
                .add(middle)
                .add(Arrays.copyOfRange(input, from, input.length))
                .toArray();
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
