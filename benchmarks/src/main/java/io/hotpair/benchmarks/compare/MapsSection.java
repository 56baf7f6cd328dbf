package io.hotpair.benchmarks.compare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The operations, contestant beside contestant. A round visits every cell of the table; in a cell
 * the contestants take short turns, in an order that changes each time. So what disturbs the
 * machine for longer than a moment disturbs all of them.
 */
final class MapsSection {
    private static final long SEED = 20261121;
    private static final int WARM_UP_ROUNDS = 2;
    private static final int MIN_ROUNDS = 5;

    /** Those to which it makes a difference whether values vary in size. */
    private static final Set<Peer> MOST_AFFECTED = EnumSet.of(Peer.CHRONICLE_MAP, Peer.OHC_LINKED);

    private final Options options;
    private final Report report;
    private final Random order = new Random(SEED);

    /** One row of the table. */
    private record Cell(
            String label, Operation operation, int threadCount, Distribution distribution) {}

    MapsSection(Options options, Report report) {
        this.options = options;
        this.report = report;
    }

    void run() {
        for (int keyCount : options.keyCounts()) {
            Dataset dataset = new Dataset(keyCount, false);
            for (Set<Peer> group : Lineup.groups(options.peers(), keyCount, options.quick())) {
                compare(dataset, group, cells(dataset, keyCount));
            }
            if (keyCount <= 1_000_000) {
                compareVarying(keyCount);
            }
        }
    }

    /** Values of varying size; a few cells are enough to see what they cost. */
    private void compareVarying(int keyCount) {
        Dataset dataset = new Dataset(keyCount, true);
        Set<Peer> peers = EnumSet.of(Peer.HOTPAIR, Peer.CHM);
        options.peers().stream()
                .filter(Peer::holdsVaryingValues)
                .filter(peer -> !options.quick() || MOST_AFFECTED.contains(peer))
                .forEach(peers::add);
        List<Cell> cells = new ArrayList<>();
        for (Operation operation : List.of(Operation.GET, Operation.PUT)) {
            if (options.operations().contains(operation)) {
                String label = operation.label() + "." + dataset.label() + ".vary";
                cells.add(new Cell(label, operation, 1, Distribution.UNIFORM));
            }
        }
        if (!cells.isEmpty()) {
            compare(dataset, peers, cells);
        }
    }

    private List<Cell> cells(Dataset dataset, int keyCount) {
        List<Cell> cells = new ArrayList<>();
        for (Distribution distribution : options.distributions()) {
            for (int threadCount : options.threadCounts()) {
                if (options.quick()
                        && threadCount > 1
                        && (keyCount > 2_000_000 || distribution != Distribution.UNIFORM)) {
                    continue;
                }
                for (Operation operation : options.operations()) {
                    String label =
                            operation.label() + "." + dataset.label() + "." + distribution.label();
                    cells.add(
                            new Cell(
                                    threadCount == 1 ? label : label + ".t" + threadCount,
                                    operation,
                                    threadCount,
                                    distribution));
                }
            }
        }
        return cells;
    }

    private void compare(Dataset dataset, Set<Peer> peers, List<Cell> cells) {
        report.progress(
                "loading %s keys%s into %s",
                dataset.label(),
                dataset.varying() ? " with values of varying size" : "",
                peers.stream().map(Peer::label).toList());
        // What the last line-up left would else be taken for what lives.
        System.gc();
        try (Lineup lineup = new Lineup(dataset, report);
                Crew crew = new Crew(timing())) {
            lineup.load(peers);
            System.gc();
            new Rounds(dataset, lineup, crew, cells).run();
        }
    }

    private Crew.Timing timing() {
        return options.quick()
                ? new Crew.Timing(ms(5), ms(20), ms(5))
                : new Crew.Timing(ms(10), ms(40), ms(15));
    }

    private static long ms(long count) {
        return TimeUnit.MILLISECONDS.toNanos(count);
    }

    private int rounds() {
        if (options.rounds() > 0) {
            return options.rounds();
        }
        return options.quick() ? 12 : 30;
    }

    /** A busy machine takes longer for a round; the quick mode has to keep its word. */
    private long maxDurationNs() {
        return options.quick() ? TimeUnit.SECONDS.toNanos(150) : Long.MAX_VALUE;
    }

    /** The rounds of one line-up. */
    private final class Rounds {
        private final Dataset dataset;
        private final Lineup lineup;
        private final Crew crew;
        private final List<Cell> cells;
        private final Map<Distribution, List<int[]>> sequences = new EnumMap<>(Distribution.class);
        private final Map<Peer, List<Caller>> callers = new EnumMap<>(Peer.class);
        private final Map<Cell, Map<Peer, Figures>> results = new LinkedHashMap<>();

        Rounds(Dataset dataset, Lineup lineup, Crew crew, List<Cell> cells) {
            this.dataset = dataset;
            this.lineup = lineup;
            this.crew = crew;
            this.cells = cells;
        }

        void run() {
            prepare();
            long startNs = System.nanoTime();
            for (int round = 1 - WARM_UP_ROUNDS; round <= rounds(); round++) {
                if (round > MIN_ROUNDS && System.nanoTime() - startNs > maxDurationNs()) {
                    break;
                }
                for (Cell cell : cells) {
                    visit(cell, round > 0);
                }
                report.progress("round %d of %d", round, rounds());
            }
            results.forEach((cell, figures) -> report.add(cell.label(), figures));
        }

        private void prepare() {
            int threadCount = cells.stream().mapToInt(Cell::threadCount).max().orElse(1);
            for (Cell cell : cells) {
                sequences.computeIfAbsent(cell.distribution(), d -> draw(d, threadCount));
            }
            lineup.contestants()
                    .forEach(
                            (peer, contestant) -> {
                                List<Caller> own = new ArrayList<>();
                                for (int i = 0; i < threadCount; i++) {
                                    own.add(contestant.caller());
                                }
                                callers.put(peer, own);
                            });
        }

        private List<int[]> draw(Distribution distribution, int threadCount) {
            List<int[]> drawn = new ArrayList<>();
            for (int i = 0; i < threadCount; i++) {
                drawn.add(Access.draw(distribution, dataset.keyCount(), SEED + i));
            }
            return drawn;
        }

        private void visit(Cell cell, boolean measured) {
            List<Peer> turns = new ArrayList<>();
            lineup.contestants()
                    .forEach(
                            (peer, contestant) -> {
                                if (contestant.supports(cell.operation())) {
                                    turns.add(peer);
                                }
                            });
            Collections.shuffle(turns, order);
            for (Peer peer : turns) {
                turn(cell, peer, measured);
            }
        }

        // A peer may fail by any error; the others go on without it.
        private void turn(Cell cell, Peer peer, boolean measured) {
            try {
                Figures figures = measured ? figures(cell, peer) : new Figures();
                figures.add(
                        crew.measure(
                                cell.operation(), seats(cell, peer), dataset, figures.latency));
            } catch (RuntimeException | LinkageError e) {
                if (peer == Peer.HOTPAIR) {
                    throw e;
                }
                lineup.drop(peer, e);
            }
        }

        private Figures figures(Cell cell, Peer peer) {
            return results.computeIfAbsent(cell, c -> new EnumMap<>(Peer.class))
                    .computeIfAbsent(peer, p -> new Figures());
        }

        /** Everybody goes through the same keys, from another place in each chunk. */
        private List<Seat> seats(Cell cell, Peer peer) {
            List<Seat> seats = new ArrayList<>();
            for (int i = 0; i < cell.threadCount(); i++) {
                int[] numbers = Objects.requireNonNull(sequences.get(cell.distribution())).get(i);
                Caller caller = Objects.requireNonNull(callers.get(peer)).get(i);
                seats.add(new Seat(caller, Access.of(numbers, order.nextInt())));
            }
            return seats;
        }
    }
}
