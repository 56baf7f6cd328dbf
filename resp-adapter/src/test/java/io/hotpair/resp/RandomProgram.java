package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/** Commands made by chance, from a seed: valid ones, nearly valid ones, and odd values. */
final class RandomProgram {
    private static final String[] NUMBERS = {
        "0",
        "1",
        "-1",
        "10",
        "-10",
        "007",
        "+5",
        "-0",
        "3.14",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "9223372036854775",
        "1e3",
        "",
        " 1",
        "1 ",
        "abc",
        "4611686018427387904",
        "100"
    };
    private static final String[] FLOATS = {
        "0", "1", "-1", "0.1", "-0.1", "3.0e3", "1e-5", "1e18", "1e300", "1e-300", "inf", "-inf",
        "nan", "0x10", "0x1p-3", ".5", "5.", "1e", "", "abc", " 1", "5e4932", "1e4000", "1e-5000",
        "0.1234567890123456789", "123456789012345678901234567890", "9007199254740993", "infinity"
    };
    private static final String[] VALUES = {
        "",
        "a",
        "hello",
        "10",
        "-7",
        "3.5",
        "9223372036854775807",
        "line\r\nbreak",
        "\0\1\377",
        "0123456789012345678901234567890123456789abcd",
        "0123456789012345678901234567890123456789abcde"
    };
    private static final String[] TIME_OPTIONS = {"EX", "PX", "EXAT", "PXAT", "ex", "pxat"};
    private static final String[] PATTERNS = {
        "*", "k*", "k?", "k[0-3]", "k[^0-3]", "[k", "k\\1", "*1", "k[3-0]", "[]", "", "?[1-",
        "k[\\1]", "**k*1**", "k[^]", "nosuch"
    };
    private static final int KEYS = 8;

    private final Random random;

    RandomProgram(long seed) {
        random = new Random(seed);
    }

    /** The next command, with its name first. */
    String[] next() {
        return switch (random.nextInt(34)) {
            case 0, 1, 2 -> command("SET", key(), value());
            case 3, 4 -> set();
            case 5, 6 -> command("GET", key());
            case 7 -> command(one("INCR", "DECR"), key());
            case 8 -> command(one("INCRBY", "DECRBY"), key(), one(NUMBERS));
            case 9, 10 -> command("INCRBYFLOAT", key(), floating());
            case 11 -> command("APPEND", key(), value());
            case 12 -> command(one("GETRANGE", "SUBSTR"), key(), offset(), offset());
            case 13 -> command("SETRANGE", key(), offset(), value());
            case 14 -> command("STRLEN", key());
            case 15 -> command("GETSET", key(), value());
            case 16 -> command("GETDEL", key());
            case 17 -> getex();
            case 18 -> command("SETNX", key(), value());
            case 19 -> command(one("SETEX", "PSETEX"), key(), time(), value());
            case 20 -> several("MGET");
            case 21 -> several(one("DEL", "UNLINK", "EXISTS", "TOUCH"));
            case 22, 23 -> expire();
            case 24 -> command(one("TTL", "EXPIRETIME"), key());
            case 25 -> command("PERSIST", key());
            case 26 -> command("TYPE", key());
            case 27 -> command("OBJECT", one("REFCOUNT", "FREQ", "ENCODING"), key());
            case 28 -> command("KEYS", one(PATTERNS));
            case 29 -> scan();
            case 30 -> command("DBSIZE");
            case 31 -> odd();
            case 32 -> command("SET", key(), floating());
            default -> command("ECHO", value());
        };
    }

    private String[] set() {
        String[] command = command("SET", key(), value());
        int options = random.nextInt(4);
        for (int i = 0; i < options; i++) {
            command =
                    switch (random.nextInt(7)) {
                        case 0 -> plus(command, "NX");
                        case 1 -> plus(command, "XX");
                        case 2 -> plus(command, "GET");
                        case 3 -> plus(command, "KEEPTTL");
                        case 4, 5 -> plus(command, one(TIME_OPTIONS), time());
                        default -> plus(command, one("PERSIST", "foo", "EX", "nx"));
                    };
        }
        return command;
    }

    private String[] getex() {
        String[] command = command("GETEX", key());
        int options = random.nextInt(3);
        for (int i = 0; i < options; i++) {
            command =
                    switch (random.nextInt(4)) {
                        case 0 -> plus(command, "PERSIST");
                        case 1 -> plus(command, one("foo", "EX", "KEEPTTL", "NX"));
                        default -> plus(command, one(TIME_OPTIONS), time());
                    };
        }
        return command;
    }

    private String[] expire() {
        String[] command =
                command(one("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"), key(), time());
        int options = random.nextInt(3);
        for (int i = 0; i < options; i++) {
            command = plus(command, one("NX", "XX", "GT", "LT", "gt", "foo"));
        }
        return command;
    }

    private String[] scan() {
        String[] command =
                command("SCAN", one("0", "0", "0", "abc", "-0", "+0", "", "18446744073709551616"));
        command = plus(command, "COUNT", one("1000", "1000", "0", "-1", "abc"));
        if (random.nextBoolean()) {
            command = plus(command, "MATCH", one(PATTERNS));
        }
        if (random.nextInt(3) == 0) {
            command = plus(command, "TYPE", one("string", "STRING", "hash", "foo"));
        }
        if (random.nextInt(8) == 0) {
            command = plus(command, one("MATCH", "foo"));
        }
        return command;
    }

    private String[] several(String name) {
        String[] command = command(name);
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) {
            command = plus(command, key());
        }
        return command;
    }

    /** What is wrong before it is looked at closely. */
    private String[] odd() {
        return switch (random.nextInt(13)) {
            case 0 -> command(one("nosuch", "GETX", "\r\n", ""), key(), value());
            case 1 -> command(one("GET", "SET", "INCRBY", "DBSIZE", "OBJECT", "CLIENT"));
            case 2 -> command("GET", key(), key());
            case 3 -> command("OBJECT", one("foo", "encoding", "REFCOUNT"), key(), "x");
            case 4 -> command("SELECT", one("0", "abc", "-1", "0"));
            case 5 -> command("WAIT", one("0", "abc"), one("0", "-1", "abc", "10"));
            case 6 -> command("COMMAND", one("COUNTS", "GETKEYS"), "GET", "a");
            case 7 -> command("PING", value());
            case 8 -> command("AUTH", one("x", ""), "y", "z");
            case 9 -> command("HELLO", one("4", "1", "abc"), "x");
            case 10 -> command("CONFIG", "SET", "nosuch", "x");
            case 11 -> command("CLIENT", one("SETNAME", "KILL", "REPLY", "NO-EVICT"), "a b");
            default -> command("a".repeat(200), "b".repeat(100), "c".repeat(100));
        };
    }

    private String time() {
        // Past or far in the future in every unit, so that no key expires between two servers.
        return one(
                "100000",
                "100000",
                "2000000",
                "0",
                "-1",
                "4000000000",
                "4000000000000",
                "abc",
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775",
                "100000.5");
    }

    private String floating() {
        if (random.nextInt(3) > 0) {
            return one(FLOATS);
        }
        String digits = Long.toString(random.nextLong());
        int point = 1 + random.nextInt(digits.length());
        String number = digits.substring(0, point) + "." + digits.substring(point);
        return random.nextInt(3) == 0 ? number + "e" + (random.nextInt(60) - 30) : number;
    }

    private String offset() {
        return one(
                "0",
                "1",
                "-1",
                "3",
                "-3",
                "100",
                "-100",
                "20",
                "abc",
                "600000000",
                "9223372036854775807",
                "-9223372036854775808",
                "1000");
    }

    private String key() {
        return "k" + random.nextInt(KEYS);
    }

    private String value() {
        return one(VALUES);
    }

    private String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static String[] command(String... arguments) {
        return arguments;
    }

    private static String[] plus(String[] command, String... more) {
        String[] longer = Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, longer, command.length, more.length);
        return longer;
    }
}
