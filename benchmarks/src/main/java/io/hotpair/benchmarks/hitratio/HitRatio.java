package io.hotpair.benchmarks.hitratio;

import io.hotpair.benchmarks.hitratio.Contestants.Contestant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Plays traces to caches of several sizes and prints what share of the requests hit: every eviction
 * policy beside Caffeine and beside the optimum.
 */
public final class HitRatio {
    private static final String USAGE =
            """
            usage: hit-ratio [--traces DIR] [--sizes PERCENT,...] [--policies REGEX]
                             [--seeds N] [--vary-lengths] [--json FILE] [--check]
              --traces    directory of *.txt.gz, one decimal key a line (../shared/traces)
              --sizes     of the caches, in percent of a trace's distinct keys (0.5,1,5,10,25)
              --policies  which of them, by name (those that a keyspace offers; candidates are
                          named candidate-...)
              --seeds     plays that a ratio is the mean of (1)
              --vary-lengths  gives records different lengths, and the caches as much memory as
                          equal ones of mean length would take; the optimum ignores lengths
              --json      writes the ratios to a file, too
              --check     fails if the default policy is worse than it promises
            """;

    private HitRatio() {}

    /** Runs it; without arguments with all that a keyspace offers. */
    public static void main(String[] args) throws IOException {
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
            return;
        }
        System.exit(run(options));
    }

    private static int run(Options options) throws IOException {
        List<Contestant> contestants = Contestants.matching(options.policies());
        Results results = new Results(contestants.stream().map(Contestant::name).toList());
        for (Path file : Trace.list(options.traces())) {
            Trace trace = Trace.read(file);
            if (options.lengthsVary()) {
                trace.varyLengths();
            }
            for (double percent : options.percents()) {
                results.add(play(trace, percent, contestants, options.seeds()));
            }
            System.out.print(results.table(trace.name()));
            System.out.flush();
        }
        System.out.print(results.summary());
        if (options.json() != null) {
            Files.writeString(options.json(), results.json());
        }
        return options.check() && !results.areAsPromised() ? 1 : 0;
    }

    private static Results.Row play(
            Trace trace, double percent, List<Contestant> contestants, int seeds) {
        int capacity = (int) Math.max(1, Math.round(trace.keyCount() * percent / 100));
        List<Results.Cell> cells = new ArrayList<>();
        for (Contestant contestant : contestants) {
            cells.add(play(trace, capacity, contestant, seeds));
        }
        return new Results.Row(trace.name(), percent, capacity, cells);
    }

    private static Results.Cell play(Trace trace, int capacity, Contestant contestant, int seeds) {
        double hitRatio = 0;
        double writesPerHit = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            try (Replay cache = contestant.factory().make(trace, capacity, seed)) {
                hitRatio += Replay.hitRatio(trace, cache) / seeds;
                writesPerHit += cache.writesPerHit() / seeds;
            }
        }
        return new Results.Cell(hitRatio, writesPerHit);
    }
}
