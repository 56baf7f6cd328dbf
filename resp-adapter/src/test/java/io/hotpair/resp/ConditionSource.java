package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What Redis 8.4 has new of strings: writes on conditions, digests, and several values with one
 * deadline. Deadlines are far away, and no command has two conditions, which versions take for
 * different things.
 */
final class ConditionSource extends CommandSource {
    private static final String[] VALUES = {
        "", "a", "hello", "v8", "10", "-7", "007", "\0\r\n", "long value ".repeat(30)
    };

    ConditionSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> set();
            case 3 -> perhapsCut(plus(command("DELEX", key()), condition(true)));
            case 4, 5 -> perhapsCut(msetex());
            case 6 -> command("DIGEST", key());
            default -> other();
        };
    }

    private String[] perhapsCut(String[] command) {
        return chance(25) ? Arrays.copyOf(command, 1 + random.nextInt(command.length)) : command;
    }

    /** One that asks for the value before and for a digest that is too short is answered twice. */
    private String[] set() {
        boolean get = chance(3);
        List<String> words = new ArrayList<>(List.of("SET", key(), value()));
        List<String[]> options = new ArrayList<>();
        options.add(condition(!get));
        if (get) {
            options.add(command("GET"));
        }
        if (chance(2)) {
            options.add(time());
        }
        for (int i = options.size(); i > 0; i--) {
            words.addAll(List.of(options.remove(random.nextInt(i))));
        }
        return words.toArray(new String[0]);
    }

    private String[] condition(boolean perhapsShort) {
        String digest = ValueDigest.of(value().getBytes(StandardCharsets.ISO_8859_1));
        if (perhapsShort && chance(6)) {
            digest = one("", "0123", digest + "0", digest.substring(1));
        } else if (chance(4)) {
            digest = one(digest.toUpperCase(Locale.ROOT), "zzzzzzzzzzzzzzzz");
        }
        return chance(2)
                ? command(one("IFEQ", "IFNE", "ifeq"), value())
                : command(one("IFDEQ", "IFDNE", "ifdne"), digest);
    }

    private String[] time() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> command("KEEPTTL");
            case 2 -> command("EX", one("20000", "40000", "0", "x"));
            case 3 -> command("px", one("20000000", "-1", "9223372036854775807"));
            case 4 -> command("EXAT", one("40000000000", "0", "9223372036854775807"));
            default -> command("PXAT", one("40000000000000", "1.5"));
        };
    }

    private String[] msetex() {
        int pairs = 1 + random.nextInt(3);
        List<String> words = new ArrayList<>(List.of("MSETEX"));
        words.add(chance(20) ? one("0", "4", "x", "2147483648") : Integer.toString(pairs));
        for (int i = 0; i < pairs; i++) {
            words.add(key());
            words.add(value());
        }
        if (chance(2)) {
            words.add(one("NX", "XX", "xx"));
        }
        if (chance(2)) {
            words.addAll(List.of(time()));
        }
        if (chance(20)) {
            words.addAll(List.of(one("GET", "IFEQ", "XX", "KEEPTTL", "EX")));
        }
        return words.toArray(new String[0]);
    }

    private String[] other() {
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> command("DEL", key(), key());
            case 3 -> command("RPUSH", key(), "x");
            case 4 -> command("APPEND", key(), value());
            case 5 -> command("INCR", key());
            case 6 -> command(one("TTL", "PTTL", "TYPE", "EXISTS"), key());
            case 7 -> move();
            default -> command("GET", key());
        };
    }

    private String value() {
        return one(VALUES);
    }
}
