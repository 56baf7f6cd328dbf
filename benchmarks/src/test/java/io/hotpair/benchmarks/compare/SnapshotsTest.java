package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotsTest {
    @Test
    void shouldTakeWhatIsAskedFor() {
        Snapshots.Settings settings =
                Snapshots.Settings.parse(
                        "--directory", "d", "--keys", "1000", "--json", "x.json", "--rate", "50");
        assertEquals(1_000, settings.keyCount());
        assertEquals(50, settings.rate());
        assertEquals(3, settings.rounds());
        assertEquals(Path.of("d"), settings.directory());
        assertEquals(Path.of("x.json"), settings.json());
        assertEquals(0, Snapshots.Settings.parse("--directory", "d").rate());
    }

    @Test
    void shouldRefuseWhatItDoesNotKnow() {
        for (String wrong : List.of("--fast 1", "--keys", "--keys 0", "--rate 0", "--rounds x")) {
            String[] arguments = ("--directory d " + wrong).split(" ", -1);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Snapshots.Settings.parse(arguments),
                    wrong);
        }
    }
}
