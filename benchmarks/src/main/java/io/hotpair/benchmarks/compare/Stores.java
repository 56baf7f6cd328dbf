package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * What a put costs that outlives the process: Hotpair beside stores that keep their data in files,
 * none of which waits for the device. {@code ./benchmarks/stores} runs it; {@code
 * benchmarks/docs/stores.md} says how to read what it prints.
 */
public final class Stores {
    private static final long LEAD_IN_NS = 50_000_000;
    private static final long TURN_NS = 400_000_000;
    private static final long QUICK_TURN_NS = 200_000_000;
    private static final int WARM_UP_ROUNDS = 2;
    private static final long SEED = 11;

    private final StoresOptions options;
    private final Dataset dataset;
    private final StoresReport report;
    private final Map<Store, Contestant> stores = new EnumMap<>(Store.class);

    private Stores(StoresOptions options) {
        this.options = options;
        dataset = Dataset.withoutCounters(options.keyCount());
        report = new StoresReport(options);
    }

    /** Arguments: see {@link StoresOptions#USAGE}. */
    public static void main(String[] arguments) throws IOException {
        if (List.of(arguments).contains("--help")) {
            System.out.print(StoresOptions.USAGE);
            return;
        }
        try {
            new Stores(StoresOptions.parse(arguments)).run();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(StoresOptions.USAGE);
            System.exit(2);
        }
        // Some of the stores leave threads behind.
        System.exit(0);
    }

    private void run() throws IOException {
        try {
            for (Store store : options.stores()) {
                open(store);
            }
            for (int threads : options.threadCounts()) {
                measure(threads);
            }
        } finally {
            stores.values().forEach(Contestant::close);
        }
        report.print(System.out);
        if (options.json() != null) {
            Files.writeString(options.json(), report.json());
        }
    }

    private void open(Store store) throws IOException {
        progress("filling %s", store.label());
        Path directory = Files.createDirectory(options.directory().resolve(store.label()));
        Contestant contestant = store.open(dataset, directory);
        stores.put(store, contestant);
        Lineup.fill(contestant, dataset);
        Lineup.check(contestant, dataset);
        contestant.drain();
        contestant.rest();
    }

    private void measure(int threads) {
        int[] numbers = Access.draw(Distribution.UNIFORM, dataset.keyCount(), SEED);
        Map<Store, List<Seat>> seats = new EnumMap<>(Store.class);
        stores.forEach(
                (store, contestant) -> seats.put(store, seats(contestant, threads, numbers)));
        List<Store> order = new ArrayList<>(stores.keySet());
        Random random = new Random(SEED);
        try (StoreTurn turn =
                new StoreTurn(dataset, LEAD_IN_NS, options.quick() ? QUICK_TURN_NS : TURN_NS)) {
            for (int round = -WARM_UP_ROUNDS; round < options.rounds(); round++) {
                progress("%d threads, round %d of %d", threads, round + 1, options.rounds());
                Collections.shuffle(order, random);
                for (Store store : order) {
                    StoreTurn.Cost cost = turn.measure(of(stores, store), of(seats, store));
                    if (round >= 0) {
                        report.add(threads, store, cost);
                    }
                }
            }
        }
    }

    private static <T> T of(Map<Store, T> map, Store store) {
        T found = map.get(store);
        if (found == null) {
            throw new IllegalStateException(store.label());
        }
        return found;
    }

    /** Threads begin far from each other in the sequence. */
    private static List<Seat> seats(Contestant contestant, int threads, int[] numbers) {
        List<Seat> seats = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            int position = (int) ((long) thread * numbers.length / threads);
            seats.add(new Seat(contestant.caller(), Access.of(numbers, position)));
        }
        return seats;
    }

    private static void progress(String format, Object... arguments) {
        System.err.printf(Locale.ROOT, format + "%n", arguments);
    }
}
