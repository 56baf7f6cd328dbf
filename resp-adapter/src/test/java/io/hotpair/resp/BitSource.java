package io.hotpair.resp;

import java.util.Random;

/** Commands on several strings, on their bits, and on HyperLogLogs. */
final class BitSource extends CommandSource {
    private static final String[] VALUES = {
        "",
        "a",
        "\0",
        "\377",
        "\377\377\0\360",
        "foobar",
        "\0\0\1",
        "abcdefghij",
        "10",
        "-7",
        "ohmytext",
        "mynewtext",
        "\377\377\377\377\377\377\377\377\377"
    };
    private static final String[] OFFSETS = {
        "0",
        "1",
        "7",
        "8",
        "15",
        "100",
        "1000",
        "-1",
        "abc",
        "",
        "4294967296",
        "007",
        "9223372036854775807"
    };
    private static final String[] PLACES = {
        "0",
        "1",
        "2",
        "-1",
        "-2",
        "5",
        "-5",
        "100",
        "-100",
        "7",
        "8",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808"
    };
    private static final String[] TYPES = {
        "u1", "u4", "u8", "i8", "u16", "i16", "i5", "u63", "i64", "u64", "i65", "u0", "i1", "x8",
        "", "u", "i-1", "I8", "u08"
    };
    private static final String[] FIELD_OFFSETS = {
        "0",
        "1",
        "7",
        "8",
        "13",
        "#0",
        "#1",
        "#2",
        "100",
        "-1",
        "#-1",
        "abc",
        "#",
        "",
        "9223372036854775807",
        "4294967296"
    };
    private static final String[] OPERANDS = {
        "0",
        "1",
        "-1",
        "10",
        "100",
        "127",
        "-128",
        "255",
        "256",
        "1000",
        "-1000",
        "abc",
        "9223372036854775807",
        "-9223372036854775808"
    };

    BitSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return perhapsBroken(valid());
    }

    private String[] valid() {
        return switch (random.nextInt(22)) {
            case 0, 1 -> command("SET", key(), one(VALUES));
            case 2 -> command(one("SET", "DEL", "TYPE"), chance(9) ? counter() : "s", one(VALUES));
            case 3 -> pairs("MSET");
            case 4 -> pairs("MSETNX");
            case 5, 6 -> command("SETBIT", key(), offset(), one("0", "1", "1", "2", "x", "-1"));
            case 7 -> command("GETBIT", key(), offset());
            case 8, 9 -> bitcount();
            case 10, 11 -> bitpos();
            case 12, 13 -> bitop();
            case 14, 15, 16 -> bitfield();
            case 17 -> lcs();
            case 18, 19 -> several("PFADD", counter());
            case 20 ->
                    chance(2)
                            ? counters(command("PFCOUNT"))
                            : counters(command("PFMERGE", counter()));
            default -> command(one("GET", "STRLEN", "DEL", "TYPE"), key());
        };
    }

    private String offset() {
        return chance(3) ? one(OFFSETS) : below(40);
    }

    private String[] pairs(String name) {
        String[] command = command(name);
        do {
            command = plus(command, key(), one(VALUES));
        } while (chance(2));
        return command;
    }

    private String[] bitcount() {
        String[] command = command("BITCOUNT", key());
        if (chance(2)) {
            command = plus(command, one(PLACES), one(PLACES));
        }
        return chance(3) ? plus(command, one("BIT", "BYTE", "bit", "foo")) : command;
    }

    private String[] bitpos() {
        String[] command = command("BITPOS", key(), one("0", "1", "1", "0", "2", "x"));
        if (chance(2)) {
            command = plus(command, one(PLACES));
            if (chance(2)) {
                command = plus(command, one(PLACES));
                if (chance(2)) {
                    command = plus(command, one("BIT", "BYTE", "foo"));
                }
            }
        }
        return command;
    }

    private String[] bitop() {
        String[] command = command("BITOP", one("AND", "OR", "XOR", "NOT", "not", "NAND"), key());
        do {
            command = plus(command, key());
        } while (chance(2));
        return command;
    }

    private String[] bitfield() {
        String[] command = command(chance(4) ? "BITFIELD_RO" : "BITFIELD", key());
        int steps = random.nextInt(5);
        for (int i = 0; i < steps; i++) {
            command =
                    switch (random.nextInt(4)) {
                        case 0 ->
                                plus(command, "OVERFLOW", one("WRAP", "SAT", "FAIL", "fail", "x"));
                        case 1 -> plus(command, "GET", type(), fieldOffset());
                        default ->
                                plus(
                                        command,
                                        one("SET", "INCRBY"),
                                        type(),
                                        fieldOffset(),
                                        one(OPERANDS));
                    };
        }
        return command;
    }

    private String type() {
        return chance(6) ? one(TYPES) : one("u4", "u8", "i8", "i16", "i64", "u63");
    }

    private String fieldOffset() {
        return chance(6) ? one(FIELD_OFFSETS) : one("0", "3", "8", "#1", "#3", "40");
    }

    private String[] lcs() {
        String[] command = command("LCS", key(), key());
        while (chance(2)) {
            command =
                    chance(4)
                            ? plus(command, "MINMATCHLEN", one("0", "2", "-1", "x", "3"))
                            : plus(command, one("IDX", "IDX", "LEN", "WITHMATCHLEN", "foo"));
        }
        return command;
    }

    private String[] several(String name, String key) {
        String[] command = command(name, key);
        while (chance(2)) {
            command = plus(command, below(1000));
        }
        return command;
    }

    /** Read by nothing else: the bytes of a HyperLogLog hold an estimate in Redis only. */
    private String counter() {
        return "h" + random.nextInt(4);
    }

    private String[] counters(String[] command) {
        String[] longer = command;
        do {
            longer = plus(longer, chance(15) ? key() : counter());
        } while (chance(2));
        return longer;
    }
}
