package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/** What Redis 8.2 has new of bits: ways of combining strings. */
final class BitOperatorSource extends CommandSource {
    /** Redis combines 32 bytes and more, as far as all strings have them, in another way. */
    private static final int[] LENGTHS = {0, 1, 7, 31, 32, 33, 64, 100, 200};

    BitOperatorSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> command("SET", key(), value());
            case 2, 3, 4, 5 -> operation();
            case 6 -> command("GET", key());
            default -> other();
        };
    }

    private String[] operation() {
        String operator =
                one("DIFF", "DIFF1", "ANDOR", "ONE", "diff", "AndOr", "AND", "OR", "XOR", "NOT");
        String[] command = command("BITOP", chance(30) ? one("NAND", "") : operator, key());
        do {
            command = plus(command, key());
        } while (!chance(3));
        return chance(20) ? Arrays.copyOf(command, 1 + random.nextInt(command.length)) : command;
    }

    private String[] other() {
        return switch (random.nextInt(8)) {
            case 0 -> command("DEL", key(), key());
            case 1 -> command("RPUSH", key(), "x");
            case 2 -> command("SET", key(), one("10", "-7"));
            case 3 -> command("EXPIRE", key(), "20000");
            case 4 -> command("TTL", key());
            case 5 -> move();
            default -> command("STRLEN", key());
        };
    }

    private String value() {
        StringBuilder bytes = new StringBuilder();
        int length = LENGTHS[random.nextInt(LENGTHS.length)];
        while (bytes.length() < length) {
            bytes.append(chance(4) ? '\0' : (char) random.nextInt(256));
        }
        return bytes.toString();
    }
}
