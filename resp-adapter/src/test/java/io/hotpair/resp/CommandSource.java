package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/** Makes commands by chance, from a seed: valid ones, nearly valid ones, and odd values. */
abstract class CommandSource {
    private static final int KEYS = 8;

    final Random random;

    CommandSource(Random random) {
        this.random = random;
    }

    /** The next command, with its name first. */
    abstract String[] next();

    /** Whether commands of other sources may come in between. */
    boolean mixes() {
        return true;
    }

    /** One of a few keys, which all sources share, so that wrong types are met. */
    final String key() {
        return "k" + random.nextInt(KEYS);
    }

    final boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    final String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** A small number as text. */
    final String below(int bound) {
        return Integer.toString(random.nextInt(bound));
    }

    static String[] command(String... arguments) {
        return arguments;
    }

    static String[] plus(String[] command, String... more) {
        String[] longer = Arrays.copyOf(command, command.length + more.length);
        System.arraycopy(more, 0, longer, command.length, more.length);
        return longer;
    }

    /** Takes a value to another key, whatever it is. */
    final String[] move() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> command("RENAME", key(), key());
            case 2 -> command("RENAMENX", key(), key());
            case 3 -> command("COPY", key(), key());
            case 4 -> command("COPY", key(), key(), one("replace", "REPLACE", "DB", "foo"));
            default -> command("COPY", key(), key(), "DB", one("0", "99", "-1", "x", "4294967296"));
        };
    }

    /** Goes to another database, or takes something there. */
    final String[] ofDatabases() {
        return switch (random.nextInt(14)) {
            case 0, 1, 2, 3 -> command("SELECT", below(3));
            case 4, 5, 6 -> command("MOVE", key(), below(3));
            case 7, 8 -> command("COPY", key(), key(), "DB", below(3));
            case 9 -> command("COPY", key(), key(), "REPLACE", "db", below(3));
            case 10 -> command("SWAPDB", below(3), below(3));
            case 11 -> chance(3) ? command("FLUSHDB") : command("KEYS", "*");
            case 12 -> mixes() ? command("DBSIZE") : command("EXISTS", key());
            default -> oddOfDatabases();
        };
    }

    private String[] oddOfDatabases() {
        String number = one("15", "16", "-1", "x", "", "99999999999", "2147483648", " 1");
        return switch (random.nextInt(5)) {
            case 0 -> command("SWAPDB", number, "0");
            case 1 -> command("SWAPDB", "1", number);
            case 2 -> command("MOVE", key(), number);
            case 3 -> command("COPY", key(), key(), "DB", number);
            default -> number.equals("15") ? command("MOVE", key()) : command("SELECT", number);
        };
    }

    /** Leaves one argument out, or repeats one, in a few commands. */
    final String[] perhapsBroken(String[] command) {
        if (!chance(25) || command.length < 2) {
            return command;
        }
        int at = 1 + random.nextInt(command.length - 1);
        if (chance(2)) {
            return plus(command, command[at]);
        }
        String[] shorter = Arrays.copyOf(command, command.length - 1);
        System.arraycopy(command, at + 1, shorter, at, command.length - at - 1);
        return shorter;
    }
}
