package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/** Commands on sorted sets. */
final class SortedSetSource extends CommandSource {
    private static final String[] SCORES = {
        "0",
        "1",
        "2",
        "3",
        "-1",
        "1.5",
        "0.1",
        "0.2",
        "1e3",
        "1e18",
        "1e-7",
        "3.0",
        "inf",
        "-inf",
        "+inf",
        "-0",
        "123456789012345678",
        "99999999999999999",
        "1e17",
        "1e300",
        "-1e300",
        "nan",
        "abc",
        "",
        " 1",
        "1 ",
        "0x10",
        "0x1p-3",
        "1e400",
        "1e-400",
        "5e-324",
        ".5",
        "5.",
        "1e",
        "infinity",
        "0.30000000000000004",
        "12345.678",
        "-17.25",
        "4503599627370497",
        "007",
        "+5"
    };
    private static final String[] BOUNDS = {
        "0", "1", "2", "(1", "(2", "-inf", "+inf", "(inf", "-1", "(0.1", "1e3", "abc", "", "(",
        "((1", " 1", "1 ", "1e400", "nan", "(nan", "1\0x"
    };
    private static final String[] LEX = {
        "-", "+", "[a", "(a", "[c", "(c", "[", "(", "[member", "a", "", "--", "+x", "[\377", "-\0"
    };
    private static final String[] MEMBERS = {
        "a", "b", "c", "d", "e", "f", "member", "", "10", "\0\1\377", "line\r\n", "aa", "ab"
    };
    private static final String[] COUNTS = {
        "0",
        "1",
        "2",
        "3",
        "10",
        "-1",
        "-3",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808",
        "-9223372036854775807",
        "4611686018427387905"
    };
    private static final String[] INDEXES = {
        "0",
        "1",
        "2",
        "-1",
        "-2",
        "-100",
        "100",
        "abc",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        ""
    };

    SortedSetSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        String[] command = perhapsBroken(valid());
        // From 7.2 on that has an option.
        boolean newer = command.length == 4 && command[0].matches("ZRANK|ZREVRANK");
        return newer ? Arrays.copyOf(command, 3) : command;
    }

    private String[] valid() {
        return switch (random.nextInt(32)) {
            case 0, 1, 2, 3 -> zadd();
            case 4 -> command("ZADD", lexKey(), "0", member(), "0", member());
            case 5 -> command("ZINCRBY", key(), score(), member());
            case 6 -> members(one("ZREM", "ZMSCORE"));
            case 7 -> command("ZCARD", key());
            case 8 -> command("ZSCORE", key(), member());
            case 9 -> command(one("ZRANK", "ZREVRANK"), key(), member());
            case 10 -> command("ZCOUNT", key(), one(BOUNDS), one(BOUNDS));
            case 11 -> command("ZLEXCOUNT", lexKey(), one(LEX), one(LEX));
            case 12, 13, 14 -> zrange(command("ZRANGE"));
            case 15 -> zrange(command("ZRANGESTORE", key()));
            case 16 -> rank(command("ZREVRANGE", key()));
            case 17 -> score(command(one("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"), key()));
            case 18 -> lex(command(one("ZRANGEBYLEX", "ZREVRANGEBYLEX"), lexKey()));
            case 19 -> command("ZREMRANGEBYRANK", key(), one(INDEXES), one(INDEXES));
            case 20 -> command("ZREMRANGEBYSCORE", key(), one(BOUNDS), one(BOUNDS));
            case 21 -> command("ZREMRANGEBYLEX", lexKey(), one(LEX), one(LEX));
            case 22 -> pop();
            case 23 -> mpop("ZMPOP");
            case 24, 25 -> algebra(one("ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"));
            case 26, 27 -> algebra(one("ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"), key());
            case 28 -> random();
            case 29 -> scan();
            case 30 -> command(one("TYPE", "EXISTS", "DEL", "PERSIST", "TTL"), key());
            default -> command("EXPIRE", key(), one("100", "100", "-1"), one("NX", "LT", "GT"));
        };
    }

    private String[] zadd() {
        String[] command = command("ZADD", key());
        while (chance(3)) {
            command = plus(command, one("NX", "XX", "GT", "LT", "CH", "INCR", "ch"));
        }
        do {
            command = plus(command, score(), member());
        } while (chance(2));
        return command;
    }

    private String[] members(String name) {
        String[] command = command(name, key());
        do {
            command = plus(command, member());
        } while (chance(2));
        return command;
    }

    private String[] zrange(String[] command) {
        return switch (random.nextInt(4)) {
            case 0 -> rank(plus(command, key()));
            case 1 -> plus(score(plus(command, key())), perhaps("BYSCORE"));
            case 2 -> plus(lex(plus(command, lexKey())), perhaps("BYLEX"));
            default ->
                    plus(
                            score(plus(command, key())),
                            "BYSCORE",
                            one("REV", "LIMIT", "foo", "WITHSCORES"));
        };
    }

    /** One whose members have one score: else what a range of members is, nobody says. */
    private String lexKey() {
        return chance(8) ? "nosuch" : "x" + random.nextInt(3);
    }

    private String perhaps(String option) {
        return chance(10) ? one("REV", "WITHSCORES", "foo", "LIMIT") : option;
    }

    private String[] rank(String[] command) {
        return options(plus(command, one(INDEXES), one(INDEXES)), 4);
    }

    private String[] score(String[] command) {
        return options(plus(command, one(BOUNDS), one(BOUNDS)), 2);
    }

    private String[] lex(String[] command) {
        return options(plus(command, one(LEX), one(LEX)), 2);
    }

    private String[] options(String[] command, int rarity) {
        String[] longer = command;
        if (chance(rarity)) {
            longer = plus(longer, "LIMIT", one(COUNTS), one(COUNTS));
        }
        if (chance(2)) {
            longer = plus(longer, "WITHSCORES");
        }
        if (chance(3)) {
            longer = plus(longer, one("REV", "rev", "WITHSCORES"));
        }
        return longer;
    }

    private String[] pop() {
        String[] command = command(one("ZPOPMIN", "ZPOPMAX"), key());
        if (chance(2)) {
            command = plus(command, one(COUNTS));
        }
        return command;
    }

    private String[] mpop(String name) {
        String[] command = command(name);
        int keys = 1 + random.nextInt(3);
        command = plus(command, chance(8) ? one(COUNTS) : Integer.toString(keys));
        for (int i = 0; i < keys; i++) {
            command = plus(command, key());
        }
        command = plus(command, one("MIN", "MAX", "min", "MAX", "LEFT"));
        if (chance(2)) {
            command = plus(command, "COUNT", one(COUNTS));
        }
        return command;
    }

    private String[] algebra(String... beginning) {
        int keys = 1 + random.nextInt(3);
        String[] command = plus(beginning, chance(8) ? one(COUNTS) : Integer.toString(keys));
        for (int i = 0; i < keys; i++) {
            command = plus(command, key());
        }
        if (chance(3)) {
            command = plus(command, "WEIGHTS");
            for (int i = 0; i < keys; i++) {
                command = plus(command, chance(3) ? score() : one("1", "2", "-1", "0.5"));
            }
        }
        if (chance(3)) {
            command = plus(command, "AGGREGATE", one("SUM", "MIN", "MAX", "sum", "foo"));
        }
        if (chance(3)) {
            command = plus(command, "WITHSCORES");
        }
        if (chance(5)) {
            command = plus(command, "LIMIT", one(COUNTS));
        }
        return command;
    }

    private String[] random() {
        String[] command = command("ZRANDMEMBER", key());
        if (chance(2)) {
            command = plus(command, one("0", "1", "2", "3", "-1", "-3", "abc", "4"));
            if (chance(2)) {
                command = plus(command, one("WITHSCORES", "withscores", "foo"));
            }
        } else if (chance(8)) {
            command = plus(command, one("-9223372036854775808", "x"));
        }
        return command;
    }

    private String[] scan() {
        String[] command = command("ZSCAN", key(), one("0", "0", "0", "abc", "-0", ""));
        if (chance(2)) {
            command = plus(command, "MATCH", one("*", "a*", "?", "[a-c]"));
        }
        if (chance(2)) {
            command = plus(command, "COUNT", one("100", "1000", "0", "abc"));
        }
        if (chance(10)) {
            command = plus(command, one("TYPE", "MATCH", "foo"), "zset");
        }
        return command;
    }

    private String score() {
        return chance(3) ? one(SCORES) : below(5);
    }

    private String member() {
        return one(MEMBERS);
    }
}
