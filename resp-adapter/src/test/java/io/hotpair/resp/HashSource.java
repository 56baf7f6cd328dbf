package io.hotpair.resp;

import java.util.Random;

/** Commands on hashes. */
final class HashSource extends CommandSource {
    private static final String[] FIELDS = {
        "a", "b", "c", "d", "", "10", "\0\1\377", "line\r\n", "long field ".repeat(8), "n", "m"
    };
    private static final String[] VALUES = {
        "",
        "v",
        "10",
        "-7",
        "3.5",
        "9223372036854775807",
        "-9223372036854775808",
        "line\r\nbreak",
        "\0\1\377",
        "007",
        "0x10",
        " 1",
        "long value ".repeat(20)
    };
    private static final String[] INCREMENTS = {
        "1",
        "-1",
        "10",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "0.1",
        "-1.5",
        "1e3",
        "1e-5",
        "3.0",
        "abc",
        "",
        " 1",
        "inf",
        "-inf",
        "nan",
        "1e4932",
        "0x1p-3",
        "007",
        "+5"
    };
    private static final String[] COUNTS = {
        "0",
        "1",
        "2",
        "3",
        "100",
        "-1",
        "-3",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808",
        "4611686018427387904"
    };

    HashSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return perhapsBroken(valid());
    }

    private String[] valid() {
        return switch (random.nextInt(26)) {
            case 0, 1, 2, 3 -> pairs(one("HSET", "HSET", "HSET", "HMSET"));
            case 4 -> command("HSETNX", key(), field(), value());
            case 5, 6 -> command(one("HGET", "HEXISTS", "HSTRLEN"), key(), field());
            case 7, 8 -> fields("HMGET");
            case 9, 10 -> fields("HDEL");
            case 11 -> command("HLEN", key());
            case 12, 13 -> command("HGETALL", key());
            case 14 -> command(one("HKEYS", "HVALS"), key());
            case 15, 16 -> command("HINCRBY", key(), number(), one(INCREMENTS));
            case 17, 18 -> command("HINCRBYFLOAT", key(), number(), one(INCREMENTS));
            case 19 -> random();
            case 20 -> scan();
            case 21 -> many();
            case 22 -> command("OBJECT", "ENCODING", key());
            case 23 -> command(one("TYPE", "EXISTS", "DEL", "PERSIST", "TTL"), key());
            case 24 -> command("EXPIRE", key(), one("100", "100", "-1"), one("NX", "LT", "GT"));
            default -> command("SET", key(), value());
        };
    }

    private String[] pairs(String name) {
        String[] command = command(name, key());
        do {
            command = plus(command, field(), value());
        } while (chance(2));
        return chance(20) ? plus(command, field()) : command;
    }

    /** So many fields that the hash is kept in another form, here as there. */
    private String[] many() {
        String[] command = command("HSET", "big");
        int from = random.nextInt(1000);
        for (int i = from; i < from + 100; i++) {
            command = plus(command, "field" + i, value());
        }
        return command;
    }

    private String[] fields(String name) {
        String[] command = command(name, chance(6) ? "big" : key());
        do {
            command = plus(command, chance(4) ? "field" + below(1100) : field());
        } while (chance(2));
        return command;
    }

    private String[] random() {
        String[] command = command("HRANDFIELD", chance(6) ? "big" : key());
        if (chance(3)) {
            return command;
        }
        command = plus(command, one(COUNTS));
        return chance(2) ? plus(command, one("WITHVALUES", "withvalues", "foo")) : command;
    }

    private String[] scan() {
        String[] command = command("HSCAN", key(), one("0", "0", "0", "abc", "-0", ""));
        if (chance(2)) {
            command = plus(command, "MATCH", one("*", "a*", "?", "[a-c]"));
        }
        if (chance(2)) {
            command = plus(command, "COUNT", one("100", "1000", "0", "abc"));
        }
        return chance(10) ? plus(command, one("TYPE", "MATCH", "foo"), "hash") : command;
    }

    private String number() {
        return chance(2) ? one("n", "m") : field();
    }

    private String field() {
        return one(FIELDS);
    }

    private String value() {
        return one(VALUES);
    }
}
