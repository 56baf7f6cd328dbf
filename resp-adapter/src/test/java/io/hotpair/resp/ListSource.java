package io.hotpair.resp;

import java.util.Random;

/** Commands on lists. Those that wait are given a key that is there, or hardly any time. */
final class ListSource extends CommandSource {
    private static final String[] ELEMENTS = {
        "a", "b", "c", "", "10", "-7", "\0\1\377", "line\r\n", "long element ".repeat(30)
    };
    private static final String[] INDEXES = {
        "0",
        "1",
        "2",
        "-1",
        "-2",
        "5",
        "-5",
        "100",
        "-100",
        "abc",
        "",
        "1.5",
        "9223372036854775807",
        "-9223372036854775808"
    };
    private static final String[] COUNTS = {
        "0",
        "1",
        "2",
        "3",
        "100",
        "-1",
        "-2",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808"
    };
    private static final String[] TIMEOUTS = {
        "0.01", "0.01", "0.01", "0.001", "1e-2", "0x1p-7", "-1", "abc", "", "inf", "1e30", "nan"
    };

    ListSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return chance(40) ? blocking() : perhapsBroken(valid());
    }

    private String[] valid() {
        return switch (random.nextInt(27)) {
            case 0, 1, 2, 3 -> push(one("LPUSH", "RPUSH", "LPUSHX", "RPUSHX"));
            case 4, 5 -> pop();
            case 6 -> command("LLEN", key());
            case 7, 8 -> command("LINDEX", key(), one(INDEXES));
            case 9, 10 -> command("LRANGE", key(), one(INDEXES), one(INDEXES));
            case 11 -> command("LRANGE", key(), "0", "-1");
            case 12, 13 -> command("LSET", key(), one(INDEXES), element());
            case 14, 15 -> command("LINSERT", key(), one("BEFORE", "after", "foo"), element(), "x");
            case 16 -> command("LREM", key(), one(COUNTS), element());
            case 17 -> command("LTRIM", key(), one("0", "1", "-3", "abc"), one(INDEXES));
            case 18, 19 -> position();
            case 20 -> command("LMOVE", key(), key(), end(), end());
            case 21 -> command("RPOPLPUSH", key(), key());
            case 22 -> mpop(command("LMPOP"));
            case 23 -> many();
            case 24 -> command("OBJECT", "ENCODING", key());
            case 25 -> command(one("TYPE", "EXISTS", "DEL", "PERSIST", "TTL"), key());
            default -> command("SET", key(), element());
        };
    }

    private String[] push(String name) {
        String[] command = command(name, key());
        do {
            command = plus(command, element());
        } while (chance(2));
        return command;
    }

    /** So many elements that the list is kept in another form, here as there. */
    private String[] many() {
        String[] command = command(one("RPUSH", "LPUSH"), "k0");
        for (int i = 0; i < 150; i++) {
            command = plus(command, element());
        }
        return command;
    }

    private String[] pop() {
        String[] command = command(one("LPOP", "RPOP"), key());
        return chance(2) ? plus(command, one(COUNTS)) : command;
    }

    private String[] position() {
        String[] command = command("LPOS", key(), element());
        while (chance(2)) {
            command = plus(command, one("RANK", "COUNT", "MAXLEN", "rank", "foo"), one(COUNTS));
        }
        return command;
    }

    private String[] mpop(String[] beginning) {
        int keys = 1 + random.nextInt(3);
        String[] command = plus(beginning, chance(8) ? one(COUNTS) : Integer.toString(keys));
        for (int i = 0; i < keys; i++) {
            command = plus(command, key());
        }
        command = plus(command, end());
        return chance(2) ? plus(command, "COUNT", one(COUNTS)) : command;
    }

    private String[] blocking() {
        return switch (random.nextInt(4)) {
            case 0 -> command(one("BLPOP", "BRPOP"), key(), one(TIMEOUTS));
            case 1 -> command("BLPOP", key(), key(), key(), one(TIMEOUTS));
            case 2 -> command("BLMOVE", key(), key(), end(), end(), one(TIMEOUTS));
            default ->
                    chance(2)
                            ? command("BRPOPLPUSH", key(), key(), one(TIMEOUTS))
                            : mpop(command("BLMPOP", one(TIMEOUTS)));
        };
    }

    private String end() {
        return chance(15) ? "foo" : one("LEFT", "RIGHT", "left", "right");
    }

    private String element() {
        return one(ELEMENTS);
    }
}
