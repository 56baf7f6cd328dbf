package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OptionsTest {
    @Test
    void shouldTakeEverythingByDefault() {
        Options options = Options.parse();
        assertEquals(Set.of(Peer.values()), options.peers());
        assertEquals(Set.of(Operation.values()), options.operations());
        assertEquals(List.of(1_000_000, 10_000_000), options.keyCounts());
        assertTrue(options.has(Options.Section.PAUSES));
        assertEquals(Set.of(CollectionCommand.values()), options.commands());
        assertEquals(List.of(100, 10_000, 1_000_000), options.members());
    }

    @Test
    void shouldTakeApartWhatIsAskedFor() {
        Options options =
                Options.parse(
                        "--quick",
                        "--json",
                        "x.json",
                        "--only",
                        "maps,log",
                        "--peers",
                        "chm,ohc-linked",
                        "--ops",
                        "get,mget16",
                        "--sizes",
                        "200k,2m",
                        "--keys",
                        "zipf",
                        "--threads",
                        "2",
                        "--rounds",
                        "5",
                        "--commands",
                        "hset,zrange-byscore",
                        "--members",
                        "100,10k");
        assertTrue(options.quick());
        assertEquals(Path.of("x.json"), options.json());
        assertEquals(Set.of(Options.Section.MAPS, Options.Section.LOG), options.sections());
        assertEquals(Set.of(Peer.CHM, Peer.OHC_LINKED), options.peers());
        assertEquals(Set.of(Operation.GET, Operation.MGET16), options.operations());
        assertEquals(List.of(200_000, 2_000_000), options.keyCounts());
        assertEquals(Set.of(Distribution.ZIPF), options.distributions());
        assertEquals(List.of(2), options.threadCounts());
        assertEquals(5, options.rounds());
        assertEquals(
                Set.of(CollectionCommand.HSET, CollectionCommand.ZRANGE_BYSCORE),
                options.commands());
        assertEquals(List.of(100, 10_000), options.members());
    }

    @Test
    void shouldRefuseWhatItDoesNotKnow() {
        for (String option :
                List.of(
                        "--peers",
                        "--ops",
                        "--only",
                        "--sizes",
                        "--rounds",
                        "--commands",
                        "--members")) {
            assertThrows(IllegalArgumentException.class, () -> Options.parse(option, "0x"));
            assertThrows(IllegalArgumentException.class, () -> Options.parse(option));
        }
        assertThrows(IllegalArgumentException.class, () -> Options.parse("--fast"));
    }
}
