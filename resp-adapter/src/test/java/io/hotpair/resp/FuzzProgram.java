package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Some commands, and what happens between them, by chance.
 *
 * @param seed decides how they are delivered
 * @param steps what is done, one after the other
 */
record FuzzProgram(long seed, List<Step> steps) {
    private static final int STEPS = 60;
    private static final String KEYS = "kkkhlszxp";

    /**
     * A command, or time that passes.
     *
     * @param command its arguments; empty if time passes
     * @param ms how much
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Step(byte[][] command, long ms) {
        boolean isNamed(String name) {
            return command.length > 0 && latin(command[0]).equalsIgnoreCase(name);
        }

        @Override
        public String toString() {
            return command.length == 0
                    ? "pass(" + ms + ")"
                    : Stream.of(command)
                            .map(FuzzBytes::literal)
                            .collect(Collectors.joining(", ", "call(", ")"));
        }
    }

    /** Makes one. */
    static FuzzProgram of(long seed, TableSource table) {
        Random random = new Random(seed);
        List<Step> steps = new ArrayList<>();
        steps.add(command("HELLO", random.nextBoolean() ? "2" : "3"));
        CommandSource[] families = {
            new HashSource(random),
            new ListSource(random),
            new SetSource(random),
            new SortedSetSource(random),
            new BitSource(random),
            new GeoSource(random),
            new StreamSource(random),
            new SortSource(random),
        };
        RandomProgram strings = new RandomProgram(seed);
        // Few families in each, as commands on other types' keys mostly say so and nothing else.
        CommandSource first = families[random.nextInt(families.length)];
        CommandSource second = families[random.nextInt(families.length)];
        boolean hasDatabases = random.nextInt(8) == 0;
        boolean isOpen = false;
        while (steps.size() < STEPS) {
            isOpen |= steps.get(steps.size() - 1).isNamed("MULTI");
            if (isOpen && random.nextInt(5) == 0) {
                steps.add(command(random.nextInt(8) == 0 ? "DISCARD" : "EXEC"));
                isOpen = false;
            }
            switch (random.nextInt(24)) {
                case 0, 1, 2, 3, 4, 5 -> add(steps, command(first.next()));
                case 6, 7, 8 -> add(steps, command(second.next()));
                case 9, 10, 11 -> add(steps, command(strings.next()));
                case 12 -> between(steps, random, isOpen);
                case 13 -> add(steps, command(hasDatabases ? first.ofDatabases() : first.move()));
                case 14 -> steps.add(command("EXPIRE", anyKey(random), "1000"));
                default -> add(steps, new Step(table.next(random), 0));
            }
        }
        return new FuzzProgram(random.nextLong(), steps);
    }

    /** One that programs use, of any type: what is written to it then must keep its deadline. */
    private static String anyKey(Random random) {
        return KEYS.charAt(random.nextInt(KEYS.length())) + Integer.toString(random.nextInt(3));
    }

    private static void between(List<Step> steps, Random random, boolean isOpen) {
        switch (random.nextInt(6)) {
            case 0, 1 -> steps.add(new Step(new byte[0][], 1 + random.nextInt(5_000)));
            case 2 -> steps.add(command("MULTI"));
            case 3 -> {
                // In the middle of EXEC its reply would be half of the one, half of the other.
                if (!isOpen) {
                    steps.add(command("HELLO", random.nextBoolean() ? "2" : "3"));
                }
            }
            case 4 -> steps.add(command("WATCH", "k1"));
            default -> {
                if (random.nextInt(3) == 0) {
                    steps.add(command("FLUSHALL"));
                }
            }
        }
    }

    private static void add(List<Step> steps, Step step) {
        String name = latin(step.command()[0]).toLowerCase(Locale.ROOT);
        String full =
                step.command().length > 1
                        ? name + "|" + latin(step.command()[1]).toLowerCase(Locale.ROOT)
                        : name;
        if (!TableSource.EXCLUDED.containsKey(name) && !TableSource.EXCLUDED.containsKey(full)) {
            steps.add(step);
        }
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static Step command(String... words) {
        return new Step(
                Stream.of(words)
                        .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                        .toArray(byte[][]::new),
                0);
    }

    /** The same without some steps. */
    FuzzProgram without(int from, int to) {
        List<Step> fewer = new ArrayList<>(steps.subList(0, from));
        fewer.addAll(steps.subList(to, steps.size()));
        return new FuzzProgram(seed, fewer);
    }

    @Override
    public String toString() {
        return steps.stream().map(Step::toString).collect(Collectors.joining(";\n", "", ";"));
    }
}
