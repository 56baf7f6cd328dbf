package io.hotpair.benchmarks.hitratio;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the command line of {@link HitRatio} asks for. */
record Options(
        Path traces,
        List<Double> percents,
        Pattern policies,
        int seeds,
        boolean lengthsVary,
        @Nullable Path json,
        boolean check) {

    static Options parse(String[] args) {
        Path traces = Path.of("../shared/traces");
        List<Double> percents = List.of(0.5, 1.0, 5.0, 10.0, 25.0);
        Pattern policies = Pattern.compile("(?!candidate-).*");
        int seeds = 1;
        boolean lengthsVary = false;
        Path json = null;
        boolean check = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--traces" -> traces = Path.of(value(args, ++i));
                case "--sizes" -> percents = percents(value(args, ++i));
                case "--policies" -> policies = Pattern.compile(value(args, ++i));
                case "--seeds" -> seeds = Integer.parseInt(value(args, ++i));
                case "--vary-lengths" -> lengthsVary = true;
                case "--json" -> json = Path.of(value(args, ++i));
                case "--check" -> check = true;
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }
        if (!Files.isDirectory(traces)) {
            throw new IllegalArgumentException("--traces=" + traces + ", expected a directory");
        }
        return new Options(traces, percents, policies, seeds, lengthsVary, json, check);
    }

    private static String value(String[] args, int i) {
        if (i == args.length) {
            throw new IllegalArgumentException(args[i - 1] + " needs a value");
        }
        return args[i];
    }

    private static List<Double> percents(String list) {
        return Arrays.stream(list.split(",", -1)).map(Double::valueOf).toList();
    }
}
