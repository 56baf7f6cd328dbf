package io.hotpair.resp;

import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/** Transactions over commands of all types, with watched keys. */
final class TransactionSource extends CommandSource {
    /**
     * What differs by chance or by the clock, which could not be told apart inside of EXEC; and
     * XSETID, which in Redis is no change for those who watch.
     */
    private static final Set<String> LEFT_OUT =
            Set.of(
                    "TTL",
                    "OBJECT",
                    "XPENDING",
                    "XINFO",
                    "XSETID",
                    "EXPIRE",
                    "PEXPIRE",
                    "EXPIRETIME",
                    "DBSIZE",
                    "SCAN",
                    "HSCAN",
                    "SSCAN",
                    "ZSCAN",
                    "HRANDFIELD",
                    "SRANDMEMBER",
                    "ZRANDMEMBER");

    private final List<CommandSource> families;
    private final RandomProgram strings;

    TransactionSource(Random random) {
        super(random);
        strings = new RandomProgram(random.nextLong());
        families =
                List.of(
                        new BitSource(random),
                        new GeoSource(random),
                        new HashSource(random),
                        new ListSource(random),
                        new SetSource(random),
                        new SortedSetSource(random),
                        new StreamSource(random));
    }

    @Override
    boolean mixes() {
        return false;
    }

    @Override
    String[] next() {
        return switch (random.nextInt(40)) {
            case 0, 1, 2 -> command(one("MULTI", "multi"));
            case 3, 4, 5 -> command("EXEC");
            case 6 -> command(one("DISCARD", "UNWATCH", "UNWATCH"));
            case 7, 8 -> command("WATCH", key());
            case 9 -> command("WATCH", key(), key());
            case 10 -> chance(3) ? odd() : command("SET", key(), below(100));
            case 11, 12 -> command(one("INCR", "APPEND", "STRLEN"), key());
            case 13 -> chance(3) ? command("FLUSHALL") : command("DEL", key());
            case 14 -> command(one("KEYS", "KEYS", "EXISTS"), "*");
            case 15 -> waiting();
            case 16 -> command(one("PING", "ECHO", "PERSIST"), key());
            default -> ofFamily();
        };
    }

    private String[] odd() {
        return switch (random.nextInt(6)) {
            case 0 -> command("nosuch", key());
            case 1 -> command("GET");
            case 2 -> command("EXEC", "x");
            case 3 -> command("WATCH");
            case 4 -> command("MULTI", "x");
            default -> command("DISCARD", "x");
        };
    }

    /** What would wait does not inside of EXEC, and only for a moment outside. */
    private String[] waiting() {
        return switch (random.nextInt(5)) {
            case 0 -> command("BLPOP", key(), "0.001");
            case 1 -> command("BZPOPMIN", key(), "0.001");
            case 2 -> command("BLMOVE", key(), key(), "LEFT", "RIGHT", "0.001");
            case 3 -> command("XREAD", "BLOCK", "1", "STREAMS", key(), "0");
            default -> command("BZMPOP", "0.001", "1", key(), "MAX");
        };
    }

    private String[] ofFamily() {
        while (true) {
            int family = random.nextInt(families.size() + 1);
            String[] command =
                    family == families.size() ? strings.next() : families.get(family).next();
            if (!LEFT_OUT.contains(command[0].toUpperCase(Locale.ROOT))) {
                return command;
            }
        }
    }
}
