package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoresTest {
    private static final Dataset DATASET = Dataset.withoutCounters(2_000);

    @TempDir Path directory;

    /** Those that need no JVM flag. */
    @ParameterizedTest
    @EnumSource(names = {"HOTPAIR_NO_LOG", "ROCKSDB", "MVSTORE"})
    void shouldHoldWhatWasPut(Store store) {
        try (Contestant contestant = store.open(DATASET, directory);
                StoreTurn turn = new StoreTurn(DATASET, 1_000_000, 10_000_000)) {
            Lineup.fill(contestant, DATASET);
            int[] numbers = Access.draw(Distribution.UNIFORM, DATASET.keyCount(), 4);
            List<Seat> seats =
                    List.of(
                            new Seat(contestant.caller(), Access.of(numbers, 0)),
                            new Seat(contestant.caller(), Access.of(numbers, 1_000)));
            StoreTurn.Cost cost = turn.measure(contestant, seats);
            assertTrue(cost.count() > 0 && cost.wallNs() >= 10_000_000, cost::toString);
            Lineup.check(contestant, DATASET);
        }
    }

    @Test
    void shouldCompareWithinARoundAndTellWhatWasReached() {
        StoresReport report = new StoresReport(StoresOptions.parse());
        for (long disturbed = 1; disturbed <= 3; disturbed++) {
            report.add(1, Store.HOTPAIR_NO_LOG, cost(400 * disturbed, 0));
            report.add(1, Store.HOTPAIR_MEMORY, cost(500 * disturbed, 100));
            report.add(1, Store.HOTPAIR_LOG, cost(1_000 * disturbed, 100));
            report.add(1, Store.ROCKSDB, cost(5_000 * disturbed, 100 * disturbed));
        }
        Samples ratios =
                report.ratios(1, Store.ROCKSDB, Store.HOTPAIR_LOG, StoreTurn.Cost::wallNsPerPut);
        assertEquals(5, ratios.quantile(0.1));
        assertEquals(5, ratios.quantile(0.9));
        assertEquals(200, report.addedNs(1).median());
        assertEquals(200, report.bytesPerPut(1, Store.ROCKSDB));
        String text = printed(report);
        assertTrue(text.contains("hotpair-memory, times rocksdb        threads 1     10.00"), text);
        assertTrue(text.contains("at least     6.00  reached"), text);
        assertTrue(text.contains("200.00  at most   150.00  missed"), text);
        assertTrue(report.json().contains("\"wallToMemory\""));
    }

    private static StoreTurn.Cost cost(long ns, long bytes) {
        return new StoreTurn.Cost(10, ns * 10, ns * 10, bytes * 10);
    }

    private static String printed(StoresReport report) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            report.print(out);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void shouldTakeApartWhatIsAskedFor() {
        StoresOptions options =
                StoresOptions.parse(
                        "--quick",
                        "--json",
                        "x.json",
                        "--stores",
                        "lmdb,mvstore",
                        "--threads",
                        "2,4",
                        "--keys",
                        "5000",
                        "--directory",
                        "d");
        assertTrue(options.quick());
        assertEquals(Path.of("x.json"), options.json());
        assertEquals(Set.of(Store.HOTPAIR_LOG, Store.LMDB, Store.MVSTORE), options.stores());
        assertEquals(List.of(2, 4), options.threadCounts());
        assertEquals(5_000, options.keyCount());
        assertEquals(Path.of("d"), options.directory());
    }

    @Test
    void shouldRefuseWhatItDoesNotKnow() {
        for (String wrong :
                List.of("--fast", "--json", "--stores redis", "--rounds 0", "--keys 1")) {
            String[] arguments = wrong.split(" ", -1);
            assertThrows(
                    IllegalArgumentException.class, () -> StoresOptions.parse(arguments), wrong);
        }
    }
}
