package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MemoryReport.KeyUsage;
import io.hotpair.MemoryReport.PrefixUsage;
import io.hotpair.MemoryReport.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class MemoryReportTest {
    private static final int LIMIT = 64 << 20;

    /** Memory is taken in steps of this. */
    private static final int CHUNK = LIMIT / 64;

    private static final Usage NONE = new Usage(0, 0, 0);

    private final AtomicLong nowMs = new AtomicLong(1);
    private final Keyspace keyspace =
            Keyspace.open(
                    Keyspace.builder()
                            .inMemory()
                            .maxMemory(LIMIT)
                            .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                            .clock(
                                    new Clock() {
                                        @Override
                                        public long currentTimeMs() {
                                            return nowMs.get();
                                        }

                                        @Override
                                        public long nanoTime() {
                                            return System.nanoTime();
                                        }
                                    })
                            .build());

    @AfterEach
    void close() {
        keyspace.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[][] names(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> bytes("name-" + (1_000_000 + i)))
                .toArray(byte[][]::new);
    }

    private static Usage sum(Collection<Usage> usages) {
        Usage sum = NONE;
        for (Usage usage : usages) {
            sum =
                    new Usage(
                            sum.keyCount() + usage.keyCount(),
                            sum.elementCount() + usage.elementCount(),
                            sum.memoryBytes() + usage.memoryBytes());
        }
        return sum;
    }

    private static Usage type(MemoryReport report, String type) {
        Usage usage = report.types().get(type);
        return usage == null ? NONE : usage;
    }

    /** What must hold of any report. */
    private static void check(MemoryReport report) {
        assertEquals(report.live(), sum(report.types().values()));
        List<Usage> byPrefix = new ArrayList<>();
        report.prefixes().forEach(prefix -> byPrefix.add(prefix.usage()));
        byPrefix.add(report.otherPrefixes());
        byPrefix.add(report.withoutPrefix());
        assertEquals(report.live(), sum(byPrefix));
        assertTrue(report.otherPrefixes().keyCount() >= 0);
        assertTrue(report.otherPrefixes().memoryBytes() >= 0);
        assertTrue(report.roundingBytes() >= 0);
    }

    /** What must hold while nothing is written, as soon as what was given back before is free. */
    private MemoryReport report(MemoryReportOptions options) {
        long giveUpNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        long usedBytes = keyspace.statistics().usedMemoryBytes();
        MemoryReport report = keyspace.memoryReport(options);
        while (keyspace.statistics().usedMemoryBytes() != usedBytes) {
            assertTrue(System.nanoTime() - giveUpNs < 0, "memory goes on changing");
            usedBytes = keyspace.statistics().usedMemoryBytes();
            report = keyspace.memoryReport(options);
        }
        check(report);
        assertEquals(keyspace.statistics().keyCount(), report.live().keyCount());
        assertEquals(usedBytes, report.usedMemoryBytes());
        assertEquals(
                report.usedMemoryBytes(),
                report.live().memoryBytes() + report.indexBytes() + report.fragmentationBytes());
        assertTrue(
                report.tombstoneBytes() + report.retiredBytes() <= report.fragmentationBytes(),
                report::toString);
        return report;
    }

    private MemoryReport report() {
        return report(MemoryReportOptions.defaults());
    }

    // ---- sums

    @Test
    void shouldReportAnEmptyKeyspace() {
        MemoryReport report = report();
        assertEquals(NONE, report.live());
        assertEquals(
                List.of("string", "hash", "list", "set", "zset", "stream"),
                List.copyOf(report.types().keySet()));
        assertEquals(List.of(), report.prefixes());
        assertEquals(List.of(), report.biggestKeys());
        assertEquals(LIMIT, report.maxMemoryBytes());
        assertEquals(0, report.logRingBytes());
        // Two segments of a header and 2,048 entries.
        assertEquals(2 * (64 + 2_048 * 8), report.indexBytes());
        assertEquals(OptionalLong.empty(), keyspace.memoryUsage(bytes("k")));
    }

    /** A header of 16 bytes, the key and the value, in blocks of a multiple of 8. */
    @Test
    void shouldCountBlocksNotContents() {
        for (int i = 0; i < 1_000; i++) {
            keyspace.put(bytes(String.format(Locale.ROOT, "%05d", i)), new byte[100]);
        }
        assertEquals(OptionalLong.of(128), keyspace.memoryUsage(bytes("00007")));
        MemoryReport report = report();
        assertEquals(new Usage(1_000, 1_000, 128_000), report.live());
        assertEquals(7 * 1_000, report.roundingBytes());
        // What is longer stands in what was empty, until it does not fit.
        keyspace.put(bytes("00007"), new byte[107]);
        assertEquals(OptionalLong.of(128), keyspace.memoryUsage(bytes("00007")));
        keyspace.put(bytes("00007"), new byte[107], Duration.ofHours(1));
        assertEquals(OptionalLong.of(136), keyspace.memoryUsage(bytes("00007")));
        keyspace.put(bytes("00007"), new byte[108], Duration.ofHours(1));
        assertEquals(OptionalLong.of(144), keyspace.memoryUsage(bytes("00007")));
        assertEquals(new Usage(1_000, 1_000, 128_016), report().live());
    }

    @Test
    void shouldCountTypesApart() {
        keyspace.put("s1", "v");
        keyspace.put("s2", "v".repeat(300_000));
        keyspace.strings().setRange(bytes("s3"), 100_000, bytes("v"));
        keyspace.hashes().hset(bytes("h1"), bytes("f"), bytes("v"));
        keyspace.hashes().hset(bytes("h2"), names(8_000));
        keyspace.lists().rpush(bytes("l"), names(3_000));
        keyspace.sets().sadd(bytes("set"), names(2_000));
        for (byte[] name : names(500)) {
            keyspace.sortedSets().zadd(bytes("z"), 1.5, name);
            keyspace.streams().xadd(bytes("x"), name, name);
        }
        keyspace.streams().xgroupCreate(bytes("x"), bytes("group"), null);
        MemoryReport report = report();
        assertEquals(3, type(report, "string").keyCount());
        assertEquals(3, type(report, "string").elementCount());
        assertEquals(2, type(report, "hash").keyCount());
        assertEquals(1 + 4_000, type(report, "hash").elementCount());
        assertEquals(1, type(report, "list").keyCount());
        assertEquals(3_000, type(report, "list").elementCount());
        assertEquals(2_000, type(report, "set").elementCount());
        assertEquals(500, type(report, "zset").elementCount());
        assertEquals(500, type(report, "stream").elementCount());
        assertEquals(usage("s1") + usage("s2") + usage("s3"), bytesOf(report, "string"));
        assertEquals(usage("h1") + usage("h2"), bytesOf(report, "hash"));
        assertEquals(usage("l"), bytesOf(report, "list"));
        assertEquals(usage("set"), bytesOf(report, "set"));
        assertEquals(usage("z"), bytesOf(report, "zset"));
        assertEquals(usage("x"), bytesOf(report, "stream"));
    }

    private static long bytesOf(MemoryReport report, String type) {
        return type(report, type).memoryBytes();
    }

    private long usage(String key) {
        return keyspace.memoryUsage(bytes(key)).orElseThrow();
    }

    /** What fills memory: many small values, or few large ones. */
    enum Filling {
        TINY_STRINGS,
        SMALL_STRINGS,
        MIDDLE_STRINGS,
        SMALL_HASHES,
        HASHES,
        ONE_HASH,
        ONE_LIST,
        SETS,
        SORTED_SETS,
        STREAMS
    }

    private void fill(Filling filling) {
        switch (filling) {
            // The index takes a good part of it.
            case TINY_STRINGS -> {
                for (byte[] name : names(600_000)) {
                    keyspace.put(name, new byte[0]);
                }
            }
            case SMALL_STRINGS -> {
                for (byte[] name : names(250_000)) {
                    keyspace.put(name, new byte[100]);
                }
            }
            case MIDDLE_STRINGS -> {
                for (byte[] name : names(4_000)) {
                    keyspace.put(name, new byte[9_000]);
                }
            }
            case SMALL_HASHES -> {
                byte[][] elements = names(40);
                for (byte[] name : names(60_000)) {
                    keyspace.hashes().hset(name, elements);
                }
            }
            case HASHES -> {
                byte[][] elements = names(40_000);
                for (byte[] name : names(60)) {
                    keyspace.hashes().hset(name, elements);
                }
            }
            case ONE_HASH -> keyspace.hashes().hset(bytes("hash"), names(2_000_000));
            case ONE_LIST -> keyspace.lists().rpush(bytes("list"), names(2_500_000));
            case SETS -> {
                byte[][] elements = names(30_000);
                for (byte[] name : names(60)) {
                    keyspace.sets().sadd(name, elements);
                }
            }
            case SORTED_SETS -> {
                byte[][] names = names(10_000);
                ScoredMember[] members = new ScoredMember[names.length];
                for (int i = 0; i < names.length; i++) {
                    members[i] = new ScoredMember(names[i], i);
                }
                for (byte[] name : names(60)) {
                    keyspace.sortedSets().zadd(name, ZaddCondition.ALWAYS, false, members);
                }
            }
            case STREAMS -> {
                for (int i = 0; i < 400_000; i++) {
                    keyspace.streams().xadd(bytes("stream"), bytes("f"), new byte[70]);
                }
            }
        }
    }

    /**
     * What was taken more for known entries is what is reported more: the two come from different
     * places, one from whoever takes memory, the other from who looks at what is there. What is
     * taken and holds nothing: a chunk that may just have been begun, of each size class in use the
     * rest of a run (a 64th of a chunk), and what trees left free when their nodes were split.
     */
    @ParameterizedTest
    @EnumSource(Filling.class)
    void shouldAccountForWhatIsTaken(Filling filling) {
        MemoryReport before = report();
        fill(filling);
        MemoryReport after = report();
        double taken = after.usedMemoryBytes() - before.usedMemoryBytes();
        double found =
                after.live().memoryBytes()
                        + after.indexBytes()
                        - before.live().memoryBytes()
                        - before.indexBytes();
        String figures = String.format(Locale.ROOT, "taken=%.0f found=%.0f", taken, found);
        System.out.println(filling + ": " + figures);
        assertTrue(taken > 0.4 * LIMIT, figures);
        assertTrue(found <= taken + CHUNK, figures);
        assertTrue(found >= 0.97 * taken - 2 * CHUNK, figures);
    }

    /** Large blocks are taken one by one, to the byte. */
    @Test
    void shouldAccountForLargeStringsToTheByte() {
        keyspace.put("small", "v");
        MemoryReport before = report();
        for (int i = 0; i < 100; i++) {
            keyspace.put(bytes("large:" + (100 + i)), new byte[300_000 + i]);
        }
        MemoryReport after = report();
        assertEquals(
                after.usedMemoryBytes() - before.usedMemoryBytes(),
                after.live().memoryBytes() - before.live().memoryBytes());
        assertEquals(OptionalLong.of(24 + 9 + 300_000), keyspace.memoryUsage(bytes("large:100")));
    }

    @Test
    void shouldCallFragmentationWhatWasDeleted() {
        fill(Filling.HASHES);
        MemoryReport full = report();
        keyspace.session().scan(0, 1_000, key -> assertTrue(keyspace.delete(key)));
        MemoryReport empty = report();
        assertEquals(NONE, empty.live());
        assertTrue(empty.tombstoneBytes() >= 60 * 32, empty::toString);
        assertTrue(full.fragmentationRatio() < 1.08, full::toString);
        assertTrue(empty.fragmentationRatio() > 2, empty::toString);
    }

    @Test
    void shouldCountKeysPastTheirDeadlineUntilTheyAreRemoved() {
        keyspace.put(bytes("k"), bytes("v"), Duration.ofMillis(10));
        assertEquals(32, usage("k"));
        nowMs.addAndGet(20);
        assertEquals(OptionalLong.empty(), keyspace.memoryUsage(bytes("k")));
        MemoryReport report = keyspace.memoryReport();
        check(report);
        // Unless the expiry cycle came first: then it is a tombstone, which has no deadline.
        boolean removed = report.tombstoneBytes() > 0;
        assertEquals(removed ? NONE : new Usage(1, 1, 32), report.live());
        assertEquals(removed ? 24 : 0, report.tombstoneBytes());
    }

    @Test
    void shouldLeaveNoTraceInTheStatistics() {
        keyspace.put("k", "v");
        KeyspaceStatistics before = keyspace.statistics();
        assertEquals(24, usage("k"));
        assertEquals(OptionalLong.empty(), keyspace.memoryUsage(bytes("absent")));
        report();
        assertEquals(before, keyspace.statistics());
    }

    @Test
    void shouldNameTheRingOfALog() {
        Path directory = Path.of("memory", UUID.randomUUID().toString());
        try (Keyspace logged =
                Keyspace.open(Keyspace.builder().directory(directory).maxMemory(LIMIT).build())) {
            logged.hashes().hset(bytes("h"), names(2_000));
            MemoryReport report = logged.memoryReport();
            check(report);
            assertEquals(new Usage(1, 1_000, report.live().memoryBytes()), report.live());
            assertTrue(report.logRingBytes() > 0);
        }
    }

    // ---- prefixes

    @Test
    void shouldSumUpByPrefix() {
        for (int i = 0; i < 300; i++) {
            keyspace.put("user:" + (1_000 + i), "v".repeat(100));
            keyspace.put("user|" + (1_000 + i) + ":x", "v".repeat(40));
        }
        for (int i = 0; i < 10; i++) {
            keyspace.sets().sadd(bytes("tag:" + i + ":members"), names(500));
        }
        keyspace.put(":empty", "v");
        keyspace.put("none", "v");
        keyspace.put("n".repeat(256) + ":", "v");
        keyspace.put("n".repeat(257) + ":", "v");
        MemoryReport report = report(MemoryReportOptions.defaults().withPrefixes(400));
        assertEquals(List.of("tag", "user"), prefixNames(report).subList(0, 2));
        PrefixUsage tags = report.prefixes().get(0);
        assertEquals(type(report, "set"), tags.usage());
        assertEquals(0, tags.maxMissedMemoryBytes());
        assertEquals(new Usage(300, 300, 300 * 128), report.prefixes().get(1).usage());
        assertTrue(prefixNames(report).contains(""));
        assertTrue(prefixNames(report).contains("n".repeat(256)));
        assertEquals(2, report.withoutPrefix().keyCount());
        assertEquals(usage("none") + usage("n".repeat(257) + ":"), withoutPrefixBytes(report));
        MemoryReport other = report(MemoryReportOptions.defaults().withPrefixSeparator((byte) '|'));
        assertEquals(List.of("user"), prefixNames(other));
        assertEquals(300, other.prefixes().get(0).usage().keyCount());
        assertEquals(0, other.otherPrefixes().keyCount());
        assertEquals(314, other.withoutPrefix().keyCount());
        MemoryReport none = report(MemoryReportOptions.defaults().withPrefixes(0));
        assertEquals(List.of(), none.prefixes());
        assertEquals(report.withoutPrefix(), none.withoutPrefix());
    }

    private static long withoutPrefixBytes(MemoryReport report) {
        return report.withoutPrefix().memoryBytes();
    }

    private static List<String> prefixNames(MemoryReport report) {
        return report.prefixes().stream()
                .map(prefix -> new String(prefix.prefix(), UTF_8))
                .toList();
    }

    /** Far more prefixes than counters: those that matter are found, and nothing is lost. */
    @Test
    void shouldFindTheHeavyPrefixesAmongManyMore() {
        for (int i = 0; i < 30_000; i++) {
            keyspace.put("light-" + i + ":k", "v");
        }
        for (int i = 0; i < 100; i++) {
            keyspace.put("heavy-a:" + (100 + i), "v".repeat(20_000));
            keyspace.put("heavy-b:" + (100 + i), "v".repeat(10_000));
            keyspace.put("heavy-c:" + (100 + i), "v".repeat(5_000));
        }
        MemoryReport report = report(MemoryReportOptions.defaults().withPrefixes(5));
        assertEquals(5, report.prefixes().size());
        assertEquals(List.of("heavy-a", "heavy-b", "heavy-c"), prefixNames(report).subList(0, 3));
        for (int i = 0; i < 3; i++) {
            PrefixUsage prefix = report.prefixes().get(i);
            String name = prefixNames(report).get(i);
            long real = 100 * usage(name + ":150");
            assertTrue(prefix.usage().memoryBytes() <= real, prefix::toString);
            assertTrue(
                    prefix.usage().memoryBytes() + prefix.maxMissedMemoryBytes() >= real,
                    prefix::toString);
            assertTrue(prefix.usage().memoryBytes() > 0.95 * real, prefix::toString);
        }
        assertTrue(report.otherPrefixes().keyCount() >= 29_998);
    }

    // ---- keys

    @Test
    void shouldNameTheBiggestKeys() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            byte[] key = bytes("key-" + i);
            keys.add(key);
            switch (random.nextInt(3)) {
                case 0 -> keyspace.put(key, new byte[random.nextInt(20_000)]);
                case 1 -> keyspace.lists().rpush(key, names(1 + random.nextInt(1_000)));
                default -> keyspace.hashes().hset(key, names(2 + 2 * random.nextInt(500)));
            }
        }
        MemoryReport report = report(MemoryReportOptions.defaults().withKeys(50));
        List<Long> expected =
                keys.stream()
                        .map(key -> keyspace.memoryUsage(key).orElseThrow())
                        .sorted(Comparator.reverseOrder())
                        .limit(50)
                        .toList();
        assertEquals(
                expected,
                report.biggestKeys().stream().map(KeyUsage::memoryBytes).toList(),
                "seed=" + seed);
        for (KeyUsage key : report.biggestKeys()) {
            assertEquals(OptionalLong.of(key.memoryBytes()), keyspace.memoryUsage(key.key()));
            assertEquals(keyspace.keys().type(key.key()), key.type());
            assertEquals(elements(key), key.elementCount());
        }
        assertEquals(List.of(), report(MemoryReportOptions.defaults().withKeys(0)).biggestKeys());
    }

    private long elements(KeyUsage key) {
        return switch (key.type()) {
            case "list" -> keyspace.lists().llen(key.key());
            case "hash" -> keyspace.hashes().hlen(key.key());
            default -> 1;
        };
    }

    // ---- while others write

    private void write(long seed, AtomicBoolean stopped) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[][] names = names(3_000);
        while (!stopped.get()) {
            try {
                write(random, names);
            } catch (HotpairException e) {
                // Where a thread that is inside is stopped for long, nothing is given back.
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
            }
        }
    }

    private void write(SplittableRandom random, byte[][] names) {
        byte[] key = bytes("moving:" + random.nextInt(3_000));
        switch (random.nextInt(6)) {
            case 0, 1 -> keyspace.put(key, new byte[random.nextInt(500)]);
            case 2 -> keyspace.delete(key);
            case 3 -> keyspace.keys().del(bytes("list"));
            case 4 -> keyspace.lists().rpush(bytes("list"), names);
            default -> keyspace.sets().sadd(bytes("set"), names[random.nextInt(names.length)]);
        }
    }

    @Test
    void shouldReportWhileOthersWrite() throws Exception {
        for (int i = 0; i < 20_000; i++) {
            keyspace.put("still:" + (100_000 + i), "v".repeat(100));
        }
        keyspace.hashes().hset(bytes("still:hash"), names(100_000));
        long still = 20_000 * 128 + usage("still:hash");
        AtomicBoolean stopped = new AtomicBoolean();
        long seed = System.nanoTime();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        List<Future<?>> writers =
                List.of(
                        pool.submit(() -> write(seed, stopped)),
                        pool.submit(() -> write(seed + 1, stopped)));
        int withMoving = 0;
        try {
            for (int i = 0; i < 50; i++) {
                MemoryReport report = keyspace.memoryReport();
                check(report);
                PrefixUsage first = report.prefixes().get(0);
                assertArrayEquals(bytes("still"), first.prefix(), "seed=" + seed);
                // What nobody touches is counted once, though segments split and memory moves.
                assertEquals(new Usage(20_001, 70_000, still), first.usage(), "seed=" + seed);
                assertEquals(still - 20_000 * 128, usage("still:hash"));
                assertTrue(report.usedMemoryBytes() <= LIMIT);
                withMoving += report.prefixes().size() > 1 ? 1 : 0;
            }
        } finally {
            stopped.set(true);
            for (Future<?> writer : writers) {
                writer.get();
            }
            pool.shutdown();
        }
        assertTrue(withMoving > 10, "withMoving=" + withMoving);
        report();
    }

    // ---- what is refused

    @Test
    void shouldRefuseWhenClosed() {
        keyspace.put("k", "v");
        keyspace.close();
        assertThrows(IllegalStateException.class, keyspace::memoryReport);
        assertThrows(IllegalStateException.class, () -> keyspace.memoryUsage(bytes("k")));
    }

    @Test
    void shouldRefuseCountsOutOfRange() {
        MemoryReportOptions defaults = MemoryReportOptions.defaults();
        assertThrows(IllegalArgumentException.class, () -> defaults.withKeys(-1));
        assertThrows(IllegalArgumentException.class, () -> defaults.withPrefixes(-1));
        assertThrows(IllegalArgumentException.class, () -> defaults.withPrefixes(10_001));
        assertThrows(
                IllegalArgumentException.class,
                () -> keyspace.memoryUsage(new byte[Keyspace.MAX_KEY_LENGTH + 1]));
    }

    @Test
    void shouldGiveAwayNothingThatCanBeChanged() {
        keyspace.put("user:1", "v");
        MemoryReport report = report();
        report.biggestKeys().get(0).key()[0] = 'x';
        report.prefixes().get(0).prefix()[0] = 'x';
        assertEquals(
                "user:1: string of 1 elements, 24 bytes", report.biggestKeys().get(0).toString());
        assertArrayEquals(bytes("user"), report.prefixes().get(0).prefix());
        assertThrows(UnsupportedOperationException.class, () -> report.types().clear());
    }
}
