package io.hotpair.benchmarks.compare;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Stores} is to run.
 *
 * @param quick whether to take short turns, and few of them
 * @param json where the figures go, besides the table
 * @param directory where the stores keep their files
 * @param stores which of them, besides Hotpair with its default level
 * @param keyCount how many keys each holds
 * @param threadCounts how many threads put
 * @param rounds how many turns each has, or 0 for the mode's number
 */
record StoresOptions(
        boolean quick,
        @Nullable Path json,
        Path directory,
        Set<Store> stores,
        int keyCount,
        List<Integer> threadCounts,
        int rounds) {

    static final String USAGE =
            String.format(
                    Locale.ROOT,
                    """
                    ./benchmarks/stores [--quick] [--json FILE]
                      --quick          two minutes; else about ten
                      --json FILE      also write every figure
                      --stores LIST    of %s
                      --keys N         a million, if nothing is said
                      --threads LIST   1,2,8, if nothing is said
                      --rounds N       turns of each store
                    """,
                    Store.labels());

    private static final int QUICK_ROUNDS = 9;
    private static final int ROUNDS = 31;

    StoresOptions {
        if (keyCount < 1_000) {
            throw new IllegalArgumentException("keys=" + keyCount + ", expected 1000 or more");
        }
    }

    static StoresOptions parse(String... arguments) {
        boolean quick = false;
        Path json = null;
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        Set<Store> stores = EnumSet.allOf(Store.class);
        int keyCount = 1_000_000;
        List<Integer> threadCounts = List.of(1, 2, 8);
        int rounds = 0;
        List<String> left = List.of(arguments);
        while (!left.isEmpty()) {
            String name = left.get(0);
            if (name.equals("--quick")) {
                quick = true;
                left = left.subList(1, left.size());
                continue;
            }
            if (left.size() == 1) {
                throw new IllegalArgumentException(name + " is unknown, or without a value");
            }
            String value = left.get(1);
            switch (name) {
                case "--json" -> json = Path.of(value);
                case "--directory" -> directory = Path.of(value);
                case "--stores" -> stores = stores(value);
                case "--keys" -> keyCount = Integer.parseInt(value);
                case "--threads" ->
                        threadCounts = split(value).map(StoresOptions::positive).toList();
                case "--rounds" -> rounds = positive(value);
                default -> throw new IllegalArgumentException(name + " is unknown");
            }
            left = left.subList(2, left.size());
        }
        if (rounds == 0) {
            rounds = quick ? QUICK_ROUNDS : ROUNDS;
        }
        return new StoresOptions(quick, json, directory, stores, keyCount, threadCounts, rounds);
    }

    private static Set<Store> stores(String value) {
        Set<Store> stores = EnumSet.of(Store.HOTPAIR_LOG);
        split(value).map(Store::of).forEach(stores::add);
        return stores;
    }

    private static Stream<String> split(String value) {
        return Arrays.stream(value.split(",", -1));
    }

    private static int positive(String value) {
        int number = Integer.parseInt(value);
        if (number < 1) {
            throw new IllegalArgumentException(value + ", expected 1 or more");
        }
        return number;
    }
}
