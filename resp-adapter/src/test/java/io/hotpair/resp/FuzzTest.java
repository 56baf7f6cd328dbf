package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * Inputs and commands by chance, as many as {@code -Dhotpair.fuzzExecutions} says, from {@code
 * -Dhotpair.seed} on. {@link PlantedBugTest} tells what they are worth.
 */
class FuzzTest {
    private static final long EXECUTIONS =
            Long.getLong("hotpair.fuzzExecutions", DifferentialTest.isCi() ? 600_000 : 100_000);

    /** Of what is between connections fewer executions say as much, and each takes longer. */
    private static final long CONNECTIONS_SHARE = 10;

    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);

    @Test
    void shouldParseWhatRedisParses() {
        try (ParserFuzz fuzz = new ParserFuzz()) {
            long startNs = System.nanoTime();
            long executions = fuzz.run(SEED, EXECUTIONS / 2);
            report("parser", executions, System.nanoTime() - startNs);
            assertTrue(executions >= EXECUTIONS / 2);
        }
    }

    @Test
    void shouldKeepWhatEveryCommandPromises() {
        try (CommandFuzz fuzz = new CommandFuzz()) {
            long startNs = System.nanoTime();
            long executions = fuzz.run(SEED, EXECUTIONS / 2);
            report("commands", executions, System.nanoTime() - startNs);
            assertTrue(executions >= EXECUTIONS / 2);
        }
    }

    @Test
    void shouldServeConnectionsAsIfOneAfterTheOther() {
        try (ConnectionsFuzz fuzz = new ConnectionsFuzz(true)) {
            long startNs = System.nanoTime();
            long executions = fuzz.run(SEED, EXECUTIONS / CONNECTIONS_SHARE);
            report("connections", executions, System.nanoTime() - startNs);
            assertTrue(executions >= EXECUTIONS / CONNECTIONS_SHARE);
        }
    }

    @Test
    void shouldLeaveOutOnlyCommandsThatThereAre() {
        CommandTable table = new CommandTable();
        TableSource.EXCLUDED.forEach((name, why) -> assertNotNull(table.find(name), name));
    }

    @Test
    void shouldTellOfAFailureInFewBytes() {
        assertEquals("\"a\\r\\n\\377\"", FuzzBytes.literal(new byte[] {'a', '\r', '\n', -1}));
    }

    private static void report(String what, long executions, long ns) {
        System.out.printf(
                "fuzz of %s: %d executions, seed %d, %d a second%n",
                what, executions, SEED, executions * 1_000_000_000L / Math.max(1, ns));
    }
}
