package io.hotpair.benchmarks.compare;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a snapshot does to those who write and read meanwhile: Hotpair's, its backup, and the
 * background save of a redis-server, one after the other under the same load. {@code
 * ./benchmarks/snapshots} runs it; {@code benchmarks/docs/snapshots.md} says how to read what it
 * prints.
 */
public final class Snapshots {
    private static final int THREADS = 2;
    private static final long CALIBRATION_NS = TimeUnit.SECONDS.toNanos(3);
    private static final long SETTLE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long SAMPLE_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final double TARGET = 1.5;
    private static final long SEED = 13;

    private final Settings settings;
    private final Dataset dataset;
    private final int[] numbers;
    private final Map<String, List<Row>> rows = new LinkedHashMap<>();

    /**
     * What to do.
     *
     * @param keyCount keys in each of the two
     * @param rounds how often each thing is done
     * @param rate operations a second, or 0 for half of what Redis does with the same clients
     * @param seconds how long the load is measured with nothing else going on
     * @param directory for the files of Hotpair
     * @param port of the redis-server
     * @param json where the figures go, besides the table
     */
    record Settings(
            int keyCount,
            int rounds,
            int rate,
            int seconds,
            Path directory,
            int port,
            @Nullable Path json) {
        static final String USAGE =
                """
                ./benchmarks/snapshots
                  --keys N         ten million, if nothing is said
                  --rounds N       3
                  --rate N         operations a second; half of what Redis does, if nothing is said
                  --seconds N      how long the load alone is measured, 10
                  --json FILE      also write every figure
                """;

        static Settings parse(String... arguments) {
            Map<String, String> values = new HashMap<>();
            for (int i = 0; i < arguments.length; i += 2) {
                if (i + 1 == arguments.length) {
                    throw new IllegalArgumentException(arguments[i] + " without a value");
                }
                values.put(arguments[i], arguments[i + 1]);
            }
            int keyCount = positive(values, "--keys", 10_000_000);
            int rounds = positive(values, "--rounds", 3);
            int rate = values.containsKey("--rate") ? positive(values, "--rate", 1) : 0;
            int seconds = positive(values, "--seconds", 10);
            int port = positive(values, "--port", 26_411);
            String directory = values.remove("--directory");
            String json = values.remove("--json");
            if (!values.isEmpty() || directory == null) {
                throw new IllegalArgumentException("unknown " + values.keySet());
            }
            return new Settings(
                    keyCount,
                    rounds,
                    rate,
                    seconds,
                    Path.of(directory),
                    port,
                    json == null ? null : Path.of(json));
        }

        private static int positive(Map<String, String> values, String name, int otherwise) {
            String text = values.remove(name);
            int number = text == null ? otherwise : Integer.parseInt(text);
            if (number < 1) {
                throw new IllegalArgumentException(name + "=" + number + ", expected 1 or more");
            }
            return number;
        }
    }

    /** Something that goes on beside the load until it is done. */
    private interface Disturbance {
        /** Begins it. */
        void begin();

        /** Whether it is done; asked now and then. */
        boolean isDone();

        /** How much memory it took beyond what was taken before, at the most. */
        long extraBytes();
    }

    /**
     * What was measured while something went on.
     *
     * @param seconds how long that took
     * @param phase the latencies, to be read when the load has ended
     * @param extraBytes memory that it took
     */
    private record Row(double seconds, PacedLoad.Phase phase, long extraBytes) {
        LatencyHistogram puts() {
            return phase.puts();
        }

        LatencyHistogram gets() {
            return phase.gets();
        }
    }

    /** Nothing, for some time. */
    private static final class Quiet implements Disturbance {
        private final long durationNs;
        private long startNs;

        Quiet(int seconds) {
            durationNs = TimeUnit.SECONDS.toNanos(seconds);
        }

        @Override
        public void begin() {
            startNs = System.nanoTime();
        }

        @Override
        public boolean isDone() {
            return System.nanoTime() - startNs >= durationNs;
        }

        @Override
        public long extraBytes() {
            return 0;
        }
    }

    /** What a keyspace does in the background. */
    private static final class InKeyspace implements Disturbance {
        private final Keyspace keyspace;
        private final Supplier<CompletableFuture<?>> beginning;
        private CompletableFuture<?> done = new CompletableFuture<>();
        private long beforeBytes;
        private long mostBytes;

        InKeyspace(Keyspace keyspace, Supplier<CompletableFuture<?>> beginning) {
            this.keyspace = keyspace;
            this.beginning = beginning;
        }

        @Override
        public void begin() {
            beforeBytes = keyspace.statistics().usedMemoryBytes();
            done = beginning.get();
        }

        /** Throws if it failed. */
        @Override
        public boolean isDone() {
            mostBytes = Math.max(mostBytes, keyspace.statistics().usedMemoryBytes());
            return done.isDone() && done.join() != null;
        }

        @Override
        public long extraBytes() {
            return Math.max(0, mostBytes - beforeBytes);
        }
    }

    /** What Redis does in a fork. */
    private static final class BackgroundSave implements Disturbance {
        private final RedisStore redis;

        BackgroundSave(RedisStore redis) {
            this.redis = redis;
        }

        @Override
        public void begin() {
            String unused = redis.command("BGSAVE");
        }

        @Override
        public boolean isDone() {
            return redis.info("rdb_bgsave_in_progress") == 0;
        }

        @Override
        public long extraBytes() {
            return redis.info("rdb_last_cow_size");
        }
    }

    private Snapshots(Settings settings) {
        this.settings = settings;
        dataset = Dataset.withoutCounters(settings.keyCount());
        numbers = Access.draw(Distribution.UNIFORM, dataset.keyCount(), SEED);
    }

    /** Arguments come from {@code benchmarks/snapshots}. */
    public static void main(String[] arguments) throws IOException {
        try {
            new Snapshots(Settings.parse(arguments)).run();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.USAGE);
            System.exit(2);
        }
        System.exit(0);
    }

    private void run() throws IOException {
        Path directory = settings.directory().resolve("keyspace");
        try (RedisStore redis = new RedisStore(settings.port());
                HotpairStore hotpair =
                        HotpairStore.logged(dataset, directory, Acknowledgement.LOG)) {
            progress("filling Hotpair");
            fill(hotpair);
            progress("filling Redis");
            redis.fill(dataset, new SplittableRandom(SEED));
            double rate = settings.rate() > 0 ? settings.rate() : calibrate(redis) / 2;
            progress("%,.0f operations a second", rate);
            for (int round = 0; round < settings.rounds(); round++) {
                progress("round %d of %d", round + 1, settings.rounds());
                measure(hotpair, rate, round);
                measure(redis, rate);
            }
            report(rate);
        }
    }

    private void fill(HotpairStore hotpair) {
        Caller caller = hotpair.caller();
        SplittableRandom random = new SplittableRandom(SEED);
        for (int number = 0; number < dataset.keyCount(); number++) {
            fillRandomly(caller.value, random);
            int unused = Operation.put(caller, number, Access.of(numbers, 0), dataset);
        }
        hotpair.rest();
    }

    /**
     * What is random is not made smaller by any compression; the last byte says that it is whole.
     */
    static void fillRandomly(byte[] value, SplittableRandom random) {
        random.nextBytes(value);
        value[Dataset.VALUE_LENGTH - 1] = 0;
    }

    /** How many operations a second the callers get when each asks as soon as it is answered. */
    private double calibrate(Contestant contestant) {
        try (StoreTurn turn = new StoreTurn(dataset, CALIBRATION_NS / 10, CALIBRATION_NS)) {
            return 1e9 / turn.measure(contestant, seats(contestant)).wallNsPerPut();
        }
    }

    private List<Seat> seats(Contestant contestant) {
        List<Seat> seats = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            Caller caller = contestant.caller();
            fillRandomly(caller.value, new SplittableRandom(SEED + thread));
            seats.add(new Seat(caller, Access.of(numbers, thread * (numbers.length / THREADS))));
        }
        return seats;
    }

    private void measure(HotpairStore hotpair, double rate, int round) {
        Keyspace keyspace = hotpair.keyspace();
        Path backup = settings.directory().resolve("backup-" + round);
        try (PacedLoad load = new PacedLoad(seats(hotpair), dataset, rate)) {
            add("hotpair", load, new Quiet(settings.seconds()));
            add("hotpair-snapshot", load, new InKeyspace(keyspace, keyspace::saveSnapshot));
            add("hotpair-backup", load, new InKeyspace(keyspace, () -> keyspace.backup(backup)));
        }
    }

    private void measure(RedisStore redis, double rate) {
        try (PacedLoad load = new PacedLoad(seats(redis), dataset, rate)) {
            add("redis", load, new Quiet(settings.seconds()));
            add("redis-bgsave", load, new BackgroundSave(redis));
        }
    }

    /** Lets the load settle, then measures it while something goes on. */
    private void add(String name, PacedLoad load, Disturbance disturbance) {
        LockSupport.parkNanos(SETTLE_NS);
        load.next();
        long startNs = System.nanoTime();
        disturbance.begin();
        while (!disturbance.isDone()) {
            LockSupport.parkNanos(SAMPLE_NS);
        }
        double seconds = (System.nanoTime() - startNs) / 1e9;
        rows.computeIfAbsent(name, n -> new ArrayList<>())
                .add(new Row(seconds, load.next(), disturbance.extraBytes()));
    }

    private void report(double rate) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("operationsPerSecond", rate);
        all.put("keys", settings.keyCount());
        all.put("load", Machine.load());
        System.out.printf(
                Locale.ROOT,
                "%n%,.0f puts and gets a second on %,d keys; microseconds from when they were due;"
                        + " medians of %d rounds.%nRatio: to the same round with nothing else going"
                        + " on.%n%n%-18s%8s%10s%10s%10s%8s%10s%10s%8s%10s%n",
                rate,
                settings.keyCount(),
                settings.rounds(),
                "",
                "s",
                "put p50",
                "p99",
                "p99.9",
                "ratio",
                "get p99",
                "p99.9",
                "ratio",
                "extra MB");
        rows.forEach((name, measured) -> all.put(name, report(name, measured)));
        System.out.println();
        all.forEach((name, figures) -> reportTarget(name));
        System.out.println("load of the machine: " + Machine.load());
        if (settings.json() != null) {
            Files.writeString(settings.json(), Json.write(all));
        }
    }

    private Map<String, Object> report(String name, List<Row> measured) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("seconds", median(measured, Row::seconds));
        figures.put("putP50Us", median(measured, row -> us(row.puts(), 0.5)));
        figures.put("putP99Us", median(measured, row -> us(row.puts(), 0.99)));
        figures.put("putP999Us", median(measured, row -> us(row.puts(), 0.999)));
        figures.put("putP99Ratio", ratio(name, Row::puts).median());
        figures.put("getP99Us", median(measured, row -> us(row.gets(), 0.99)));
        figures.put("getP999Us", median(measured, row -> us(row.gets(), 0.999)));
        figures.put("getP99Ratio", ratio(name, Row::gets).median());
        figures.put("extraMb", median(measured, row -> row.extraBytes() / 1e6));
        System.out.printf(
                Locale.ROOT,
                "%-18s%8.1f%,10.0f%,10.0f%,10.0f%8.2f%,10.0f%,10.0f%8.2f%,10.0f%n",
                prepend(name, figures.values().toArray()));
        return figures;
    }

    private static Object[] prepend(Object first, Object... others) {
        return Stream.concat(Stream.of(first), Stream.of(others)).toArray();
    }

    private static double us(LatencyHistogram latencies, double quantile) {
        return latencies.quantileNs(quantile) / 1e3;
    }

    private static double median(List<Row> measured, ToDoubleFunction<Row> figure) {
        Samples samples = new Samples();
        measured.forEach(row -> samples.add(figure.applyAsDouble(row)));
        return samples.median();
    }

    /** The 99th percentile of each round by that of the same round while all was quiet. */
    private Samples ratio(String name, Function<Row, LatencyHistogram> of) {
        List<Row> measured = rows.getOrDefault(name, List.of());
        List<Row> quiet = rows.getOrDefault(name.split("-", -1)[0], List.of());
        Samples ratios = new Samples();
        for (int round = 0; round < measured.size(); round++) {
            ratios.add(
                    us(of.apply(measured.get(round)), 0.99) / us(of.apply(quiet.get(round)), 0.99));
        }
        return ratios;
    }

    private void reportTarget(String name) {
        if (name.startsWith("hotpair-")) {
            double ratio = ratio(name, Row::puts).median();
            System.out.printf(
                    Locale.ROOT,
                    "target: p99 of puts, %s, %.2f  at most %.2f  %s%n",
                    name,
                    ratio,
                    TARGET,
                    ratio <= TARGET ? "reached" : "missed");
        }
    }

    private static void progress(String format, Object... arguments) {
        System.err.printf(Locale.ROOT, format + "%n", arguments);
    }
}
