package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contestants that need no JVM flag do the work for which they are measured. */
class ContestantTest {
    private static final Dataset DATASET = new Dataset(2000, false);

    @ParameterizedTest
    @EnumSource(names = {"HOTPAIR", "CHM", "CHM_LONGS", "CAFFEINE", "EHCACHE", "MAPDB"})
    void shouldAnswerEveryOperation(Peer peer) {
        try (Contestant contestant = peer.open(DATASET)) {
            Lineup.fill(contestant, DATASET);
            for (Operation operation : Operation.values()) {
                repeat(contestant, operation);
            }
            Caller caller = contestant.caller();
            Keys.write(Keys.COUNTERS, caller.key);
            long before = caller.increment();
            assertEquals(before + 1, caller.increment());
        }
    }

    @Test
    void shouldNoticeALostEntry() {
        try (Contestant empty = Peer.CHM.open(DATASET)) {
            assertThrows(Operation.WrongAnswer.class, () -> repeat(empty, Operation.GET));
            assertThrows(Operation.WrongAnswer.class, () -> repeat(empty, Operation.MGET16));
        }
    }

    @Test
    void shouldMakeKeysThatDiffer() {
        SplittableRandom random = new SplittableRandom(3);
        byte[] key = new byte[Keys.LENGTH];
        byte[] other = new byte[Keys.LENGTH];
        for (int i = 0; i < 1000; i++) {
            long number = random.nextLong(Keys.COUNTERS);
            Keys.write(number, key);
            Keys.write(number + 1, other);
            assertNotEquals(BytesKey.of(key), BytesKey.of(other));
            assertEquals(BytesKey.of(key), BytesKey.copyOf(key));
            assertEquals(BytesKey.of(key).hashCode(), BytesKey.copyOf(key).hashCode());
        }
    }

    private static void repeat(Contestant contestant, Operation operation) {
        int[] numbers = Access.draw(Distribution.UNIFORM, DATASET.keyCount(), 4);
        Seat seat = new Seat(contestant.caller(), Access.of(numbers, 0));
        operation.repeat(seat, DATASET, System.nanoTime() + 1_000_000);
    }
}
