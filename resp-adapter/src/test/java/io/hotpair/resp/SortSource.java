package io.hotpair.resp;

import java.util.Random;

/**
 * SORT of lists, sets and sorted sets, by themselves and by other keys. What comes in no certain
 * order from Redis is left out: sets that are not sorted, and equal weights of their members, or
 * where only a part is sorted.
 */
final class SortSource extends CommandSource {
    private static final String[] NUMBERS = {
        "1", "2", "3", "10", "-7", "0", "1.5", "1e3", "-0.25", "0x10", "20", "30"
    };
    private static final String[] TEXTS = {"a", "b", "A", "abc", "ab", "\377", "z", "1", "2", "é"};
    private static final String[] WEIGHTS = {
        "5", "1", "1", "-3", "2.5", "x", "", " 7", "7 ", "inf", "nan"
    };
    private static final String[] NUMBERS_OR_NOT = {
        "0",
        "1",
        "2",
        "-1",
        "-2",
        "100",
        "abc",
        "",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808"
    };
    private static final String[] PATTERNS = {
        "#", "w*", "h*->f", "h*->g", "h*->", "w*->f", "x", "*", "*->f", "w*x", "l*", "w*w*", "w->*"
    };

    SortSource(Random random) {
        super(random);
    }

    /** Redis's SORT takes a number that overflowed in an earlier command for one of its own. */
    @Override
    boolean mixes() {
        return false;
    }

    @Override
    String[] next() {
        return switch (random.nextInt(12)) {
            case 0 -> command(one("RPUSH", "LPUSH"), "l" + below(3), element(), element());
            case 1 -> command("SADD", "s" + below(2), element(), element());
            case 2 -> command("ZADD", "z" + below(2), below(5), element());
            case 3 -> command("SET", "w" + element(), one(WEIGHTS));
            case 4 -> command("HSET", "h" + element(), one("f", "g"), one(WEIGHTS));
            case 5 -> command(one("DEL", "LLEN", "TYPE"), source());
            case 6 -> command("EXPIRE", "l" + below(3), "1000");
            default -> sort();
        };
    }

    private String element() {
        return chance(6) ? one(TEXTS) : one(NUMBERS);
    }

    private String source() {
        return one("l0", "l1", "l2", "s0", "s1", "z0", "z1", "w1", "none");
    }

    private String[] sort() {
        String source = source();
        boolean isSet = source.startsWith("s");
        String[] sort = command(one("SORT", "sort", "SORT_RO"), source);
        boolean text = chance(2);
        boolean stores = sort[0].length() == 4 && chance(3);
        boolean weighs = chance(2);
        String by = one(PATTERNS);
        if (text) {
            sort = plus(sort, "ALPHA");
        }
        boolean anyOrder = by.contains("*") ? text && !source.startsWith("l") : isSet;
        if (weighs && !anyOrder) {
            sort = plus(sort, "BY", by);
        } else if (chance(3)) {
            sort = plus(sort, "LIMIT", one(NUMBERS_OR_NOT), one(NUMBERS_OR_NOT));
        }
        while (chance(3)) {
            sort = plus(sort, one("ASC", "desc", "DESC"));
        }
        while (chance(3)) {
            sort = plus(sort, "GET", one(PATTERNS));
        }
        if (stores) {
            sort = plus(sort, "STORE", one("l0", "l2", "s1", "d"));
        }
        return isSet ? sort : perhapsBroken(sort);
    }
}
