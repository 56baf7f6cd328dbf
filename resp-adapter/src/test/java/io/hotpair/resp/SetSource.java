package io.hotpair.resp;

import java.util.Random;

/** Commands on sets. What is popped by chance is all there is, so that both go on alike. */
final class SetSource extends CommandSource {
    private static final String[] MEMBERS = {
        "a",
        "b",
        "c",
        "d",
        "",
        "1",
        "2",
        "3",
        "10",
        "-7",
        "007",
        "\0\1\377",
        "line\r\n",
        "9223372036854775807",
        "long member ".repeat(30)
    };
    private static final String[] COUNTS = {
        "0",
        "1",
        "2",
        "3",
        "1000",
        "-1",
        "-3",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808"
    };

    SetSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return chance(9) ? pops() : perhapsBroken(valid());
    }

    private String[] pops() {
        return switch (random.nextInt(3)) {
            case 0 -> command("SPOP", key(), one("1000", "0", "-1", "abc", "2000", ""));
            case 1 -> command("SADD", "single", "one");
            default -> command("SPOP", "single");
        };
    }

    private String[] valid() {
        return switch (random.nextInt(28)) {
            case 0, 1, 2, 3, 4 -> members("SADD");
            case 5 -> members("SREM");
            case 6 -> members("SMISMEMBER");
            case 7 -> command("SISMEMBER", key(), member());
            case 8 -> command("SCARD", key());
            case 9, 10 -> command("SMEMBERS", key());
            case 11, 12 -> command("SMOVE", key(), key(), member());
            case 13 -> random();
            case 14, 15, 16, 17, 18, 19 -> several(command(one("SINTER", "SUNION", "SDIFF")));
            case 20, 21 -> several(command(one("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), key()));
            case 22, 23 -> intercard();
            case 24 -> scan();
            case 25 -> many();
            case 26 -> command(one("TYPE", "EXISTS", "DEL", "PERSIST", "TTL"), key());
            default ->
                    chance(3) ? command("SET", key(), "x") : command("OBJECT", "ENCODING", key());
        };
    }

    private String[] members(String name) {
        String[] command = command(name, key());
        do {
            command = plus(command, member());
        } while (chance(2));
        return command;
    }

    private String[] random() {
        String[] command = command("SRANDMEMBER", key());
        if (chance(3)) {
            return command;
        }
        command = plus(command, one(COUNTS));
        return chance(15) ? plus(command, "x") : command;
    }

    private String[] several(String[] beginning) {
        String[] command = beginning;
        do {
            command = plus(command, key());
        } while (chance(2));
        return command;
    }

    private String[] intercard() {
        int keys = 1 + random.nextInt(3);
        String[] command = command("SINTERCARD", chance(6) ? one(COUNTS) : Integer.toString(keys));
        for (int i = 0; i < keys; i++) {
            command = plus(command, key());
        }
        return chance(2) ? plus(command, one("LIMIT", "limit", "foo"), one(COUNTS)) : command;
    }

    private String[] scan() {
        String[] command = command("SSCAN", key(), one("0", "0", "0", "abc", "-0", ""));
        if (chance(2)) {
            command = plus(command, "MATCH", one("*", "a*", "?", "[a-c]"));
        }
        command = plus(command, "COUNT", chance(6) ? one("0", "abc") : "10000");
        return chance(10) ? plus(command, one("TYPE", "foo"), "set") : command;
    }

    /** So many members that the set is kept in another form, here as there. */
    private String[] many() {
        String[] command = command("SADD", "k" + random.nextInt(2));
        int from = random.nextInt(600);
        for (int i = from; i < from + 100; i++) {
            command = plus(command, Integer.toString(i));
        }
        return command;
    }

    private String member() {
        return one(MEMBERS);
    }
}
