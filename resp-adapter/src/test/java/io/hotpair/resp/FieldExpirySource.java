package io.hotpair.resp;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Commands on deadlines of fields, and others on the same hashes. A deadline has either passed or
 * is far away; no two that are given from now are close to each other.
 */
final class FieldExpirySource extends CommandSource {
    private static final String[] FIELDS = {"a", "b", "c", "d", "e", "", "n", "fields", "EX"};
    private static final String[] NUMBERS = {
        "0",
        "-1",
        "x",
        "",
        "1.5",
        " 1",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "70368744177664"
    };
    private static final String[] PAST = {"0", "1", "1000", "1700000000"};
    private static final String[] FAR = {
        "40000000000", "40000000000", "40000000001", "50000000000", "70368744177", "70368744178"
    };

    /** How far apart deadlines are that are given from now. */
    private static final int STEP_SECONDS = 200;

    /** A prime number: whatever the stride, no deadline comes again before all others have. */
    private static final int STEPS = 10_007;

    private final int stride;
    private int step;

    FieldExpirySource(Random random) {
        super(random);
        stride = 1 + random.nextInt(STEPS - 1);
    }

    @Override
    String[] next() {
        return perhapsScripted(perhapsBroken(chance(3) ? other() : perhapsCut(newer())));
    }

    private String[] perhapsCut(String[] command) {
        return chance(25) ? Arrays.copyOf(command, 1 + random.nextInt(command.length)) : command;
    }

    private String[] newer() {
        return switch (random.nextInt(14)) {
            case 0, 1, 2 -> expire();
            case 3, 4 ->
                    fields(command(one("HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME"), key()));
            case 5 -> fields(command("HPERSIST", key()));
            case 6 -> fields(command("HGETDEL", key()));
            case 7, 8, 9 -> hgetex();
            default -> hsetex();
        };
    }

    /** What Redis 7.0 has too, on the same hashes. */
    private String[] other() {
        return switch (random.nextInt(16)) {
            case 0, 1 -> command("HSET", key(), field(), value(), field(), value());
            case 2 -> command("HSETNX", key(), field(), value());
            case 3, 4 -> command("HDEL", key(), field(), field(), field());
            case 5 -> command("HINCRBY", key(), "n", "5");
            case 6 -> command("HINCRBYFLOAT", key(), "n", "0.5");
            case 7 -> command("HGETALL", key());
            case 8 -> command(one("HLEN", "HKEYS", "HVALS"), key());
            case 9 -> command("HMGET", key(), field(), field());
            case 10 -> command("HSCAN", key(), "0", one("NOVALUES", "novalues"));
            case 11 -> command("HRANDFIELD", key(), "100", "WITHVALUES");
            case 12 -> command(one("EXISTS", "TYPE", "DEL", "PERSIST"), key());
            case 13 -> move();
            case 14 -> command("SET", key(), value());
            default -> command("HSETEX", "big", "FIELDS", "1", "f" + below(600), value());
        };
    }

    private String field() {
        return one(FIELDS);
    }

    private String value() {
        return one("v", "", "7", "3.5", "long value ".repeat(10), "\0\r\n");
    }

    /** The fields behind their number, which is seldom a wrong one. */
    private String[] fields(String[] command) {
        int count = 1 + random.nextInt(4);
        String[] all = plus(command, word("FIELDS"), count(count));
        for (int i = 0; i < count; i++) {
            all = plus(all, field());
        }
        return all;
    }

    private String count(int right) {
        return chance(30) ? one(NUMBERS) : Integer.toString(right + (chance(40) ? 1 : 0));
    }

    /** The word as it is, or in small letters, or seldom another one. */
    private String word(String word) {
        if (chance(60)) {
            return one("FIELD", "NX", "PERSIST", "KEEPTTL", "FNX", "10");
        }
        return chance(6) ? word.toLowerCase(Locale.ROOT) : word;
    }

    private String[] expire() {
        String unit = one("HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT");
        String[] command = command(unit, key(), time(unit.startsWith("HP"), unit.endsWith("AT")));
        return fields(chance(2) ? plus(command, word(one("NX", "XX", "GT", "LT"))) : command);
    }

    private String time(boolean milliseconds, boolean absolute) {
        if (chance(20)) {
            return one(NUMBERS);
        }
        if (!absolute) {
            return chance(8) ? "0" : fromNow(milliseconds);
        }
        String seconds = chance(4) ? one(PAST) : one(FAR);
        return milliseconds ? seconds + "000" : seconds;
    }

    private String fromNow(boolean milliseconds) {
        step = (step + stride) % STEPS;
        String seconds = Integer.toString((step + 10) * STEP_SECONDS);
        return milliseconds ? seconds + "000" : seconds;
    }

    private String[] expiry(String[] command, String other) {
        return switch (random.nextInt(6)) {
            case 0 -> plus(command, word("EX"), time(false, false));
            case 1 -> plus(command, word("PX"), time(true, false));
            case 2 -> plus(command, word("EXAT"), time(false, true));
            case 3 -> plus(command, word("PXAT"), time(true, true));
            case 4 -> plus(command, word(other));
            default -> command;
        };
    }

    private String[] hgetex() {
        String[] command = expiry(command("HGETEX", key()), "PERSIST");
        return fields(chance(30) ? expiry(command, "PERSIST") : command);
    }

    private String[] hsetex() {
        String[] command = command("HSETEX", key());
        boolean conditionFirst = chance(2);
        if (conditionFirst && chance(3)) {
            command = plus(command, word(one("FNX", "FXX")));
        }
        command = expiry(command, "KEEPTTL");
        if (!conditionFirst && chance(3)) {
            command = plus(command, word(one("FNX", "FXX")));
        }
        if (chance(30)) {
            command = expiry(command, "KEEPTTL");
        }
        int count = 1 + random.nextInt(3);
        command = plus(command, word("FIELDS"), count(count));
        for (int i = 0; i < count; i++) {
            command = plus(command, field(), value());
        }
        return command;
    }

    private String[] perhapsScripted(String[] command) {
        if (command.length == 1 || !chance(12)) {
            return command;
        }
        String[] script = {"EVAL", "return redis.pcall(unpack(ARGV))", "1", command[1]};
        return plus(script, command);
    }
}
