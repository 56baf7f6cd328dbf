package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class VoterConfigTest {

    private static VoterConfig.Builder three() {
        return VoterConfig.builder("orders", "a")
                .voter("a", "host-a:7000")
                .voter("b", "host-b:7000")
                .voter("w", "[::1]:7000")
                .directory(Path.of("votes"));
    }

    @Test
    void shouldHoldWhatItWasGiven() {
        VoterConfig config = three().witness("w").requestTimeout(Duration.ofSeconds(1)).build();
        assertEquals("orders", config.pair());
        assertEquals("a", config.voter());
        assertEquals("w", config.witness());
        assertEquals("{a=host-a:7000, b=host-b:7000, w=[::1]:7000}", config.voters().toString());
        assertEquals(Path.of("votes").toAbsolutePath(), config.directory());
        assertEquals(Duration.ofSeconds(1), config.requestTimeout());
        assertEquals("host-a", config.bindHost());
        assertEquals("0.0.0.0", three().bindHost("0.0.0.0").build().bindHost());
    }

    @Test
    void shouldGiveAPairTheSameGroupAtEachOfItsVotersAndNoOther() {
        VoterConfig other =
                VoterConfig.builder("invoices", "a")
                        .voter("a", "host-a:7000")
                        .directory(Path.of("votes"))
                        .build();
        // Stored directories are named by it, so it must never change.
        assertEquals("a7a6ea41-7ecb-3500-998c-6af11016d11d", three().build().group().toString());
        assertNotEquals(three().build().group(), other.group());
    }

    @Test
    void shouldRefuseVotersThatMakeNoMajority() {
        VoterConfig.Builder four = three().voter("c", "host-c:7000");
        assertThrows(IllegalArgumentException.class, four::build);
    }

    @Test
    void shouldRefuseNamesThatAreNotAmongTheVoters() {
        VoterConfig.Builder witness = three().witness("x");
        assertThrows(IllegalArgumentException.class, witness::build);
        VoterConfig.Builder self =
                VoterConfig.builder("orders", "x")
                        .voter("a", "host-a:7000")
                        .directory(Path.of("votes"));
        assertThrows(IllegalArgumentException.class, self::build);
    }

    @Test
    void shouldRefuseTwoVotersAtOneAddressOrOfOneName() {
        VoterConfig.Builder same =
                VoterConfig.builder("orders", "a")
                        .voter("a", "host:7000")
                        .voter("b", "host:7000")
                        .voter("c", "host:7001")
                        .directory(Path.of("votes"));
        assertThrows(IllegalArgumentException.class, same::build);
        assertThrows(IllegalArgumentException.class, () -> three().voter("a", "other:7000"));
    }

    @Test
    void shouldRefuseBadNamesAddressesAndTimes() {
        assertThrows(IllegalArgumentException.class, () -> VoterConfig.builder("", "a"));
        assertThrows(IllegalArgumentException.class, () -> VoterConfig.builder("a/b", "a"));
        assertThrows(IllegalArgumentException.class, () -> three().voter("c", "no-port"));
        assertThrows(
                IllegalArgumentException.class, () -> three().requestTimeout(Duration.ofMillis(5)));
    }

    @Test
    void shouldRefuseToBeWithoutADirectory() {
        VoterConfig.Builder builder = VoterConfig.builder("orders", "a").voter("a", "host:7000");
        assertThrows(IllegalStateException.class, builder::build);
    }
}
