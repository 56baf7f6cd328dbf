package io.hotpair.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class PairBuilderTest {
    private static PairBuilder twoAndAWitness() {
        return Pair.builder()
                .nodeName("a")
                .dataNode(node("a", "127.0.0.1", 1))
                .dataNode(node("b", "localhost", 3))
                .witness("w", new Endpoint("127.0.0.1", 5));
    }

    private static DataNode node(String name, String host, int port) {
        return new DataNode(name, new Endpoint(host, port), new Endpoint(host, port + 1), null);
    }

    @Test
    void shouldBuildWithoutTouchingAnything() {
        Pair pair = twoAndAWitness().build();
        assertEquals("a", pair.nodeName());
        assertEquals(2, pair.dataNodes().size());
        assertNull(pair.status());
        assertNotNull(
                Pair.builder()
                        .nodeName("c")
                        .dataNode(node("a", "127.0.0.1", 1))
                        .dataNode(node("b", "127.0.0.1", 3))
                        .dataNode(node("c", "127.0.0.1", 5))
                        .build());
    }

    @Test
    void shouldRefuseCombinationsThatCannotWork() {
        refused("nodeName=x, expected one of the data nodes [a, b]", p -> p.nodeName("x"));
        refused("expected at most the number of data nodes 2", p -> p.minInSync(3));
        refused(
                "expected at least two data nodes, and an odd number of voters",
                p -> p.dataNode(node("c", "127.0.0.1", 10)));
        refused("witness=b, expected a name", p -> p.witness("b", new Endpoint("127.0.0.1", 5)));
        refused(
                "endpoint=127.0.0.1:1 is named twice",
                p -> p.witness("w", new Endpoint("127.0.0.1", 1)));
        IllegalStateException noWitness =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                Pair.builder()
                                        .nodeName("a")
                                        .dataNode(node("a", "127.0.0.1", 1))
                                        .dataNode(node("b", "127.0.0.1", 3))
                                        .build());
        assertTrue(String.valueOf(noWitness.getMessage()).contains("odd number of voters"));
    }

    @Test
    void shouldAskForASecretBeyondLoopback() {
        refused("bindHost=0.0.0.0 without a secret", p -> p.bindHost("0.0.0.0"));
        PairBuilder remote =
                Pair.builder()
                        .nodeName("a")
                        .dataNode(node("a", "127.0.0.1", 1))
                        .dataNode(node("b", "10.0.0.2", 3))
                        .witness("w", new Endpoint("10.0.0.3", 5));
        assertThrows(IllegalStateException.class, remote::build);
        assertNotNull(remote.secret(new byte[16]).build());
    }

    @Test
    void shouldRefuseBadValuesAtOnce() {
        PairBuilder builder = Pair.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.nodeName("A b"));
        assertThrows(IllegalArgumentException.class, () -> builder.secret(new byte[15]));
        assertThrows(IllegalArgumentException.class, () -> builder.minInSync(0));
        assertThrows(IllegalArgumentException.class, () -> builder.shippingRate(0));
        assertThrows(IllegalArgumentException.class, () -> builder.bindHost(""));
        PairBuilder named = builder.dataNode(node("a", "127.0.0.1", 1));
        assertThrows(
                IllegalArgumentException.class, () -> named.dataNode(node("a", "127.0.0.1", 7)));
    }

    @Test
    void shouldReadEndpoints() {
        assertEquals(new Endpoint("host", 80), Endpoint.parse("host:80"));
        assertEquals(new Endpoint("::1", 80), Endpoint.parse("[::1]:80"));
        assertEquals("[::1]:80", Endpoint.parse("[::1]:80").toString());
        for (String bad : new String[] {"", ":1", "host", "host:", "host:x", "host:0", "::1:80"}) {
            assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(bad), bad);
        }
        assertTrue(Endpoint.parse("127.8.0.1:1").isLoopback());
        assertFalse(Endpoint.parse("127.0.0.1.example:1").isLoopback());
        assertFalse(Endpoint.parse("10.0.0.1:1").isLoopback());
    }

    private static void refused(String expected, Consumer<PairBuilder> change) {
        PairBuilder builder = twoAndAWitness();
        change.accept(builder);
        IllegalStateException refused = assertThrows(IllegalStateException.class, builder::build);
        assertTrue(String.valueOf(refused.getMessage()).contains(expected), refused::toString);
    }
}
