package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link ScheduleTest} is worth what it finds: each bug that is planted here must be found. */
@Timeout(600)
class PlantedBugTest {
    private static final int MAX_SAMPLE = 20_000;

    /** A bug, and the pair of threads that shows it. */
    record Bug(String name, Variant variant, Schedule.Pair pair) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Bug bug(String name, Schedule.Pair pair, String file, String from, String to) {
        return new Bug(name, Variant.small().with(file, from, to), pair);
    }

    static Stream<Bug> bugs() {
        return Stream.of(
                bug(
                        "a read returns a record that has no number",
                        Schedule.Pair.WRITE_AND_READ,
                        "Engine",
                        "long live = record == 0 ? 0 : live(record);",
                        "long live = record == 0 || Records.type(mem, record) == Records.TOMBSTONE"
                                + " ? 0 : record;"),
                bug(
                        "a write takes its number before it is installed",
                        Schedule.Pair.WRITE_AND_READ,
                        "Engine",
                        "installed = index.install(stripe, record);",
                        "numbering.number(record); installed = index.install(stripe, record);"),
                bug(
                        "a late helper leaves the descriptor in an entry",
                        Schedule.Pair.COMMIT_WITH_A_KEY_THAT_IS_READ,
                        "MultiCommit",
                        "installed++;",
                        "installed++;"
                                + " if (status(descriptor) == COMMITTED) {"
                                + " numbering.number(descriptor); return true; }"),
                bug(
                        "a reader sees new records before the commit is decided",
                        Schedule.Pair.COMMIT_AND_READ,
                        "MultiCommit",
                        "if (status(descriptor) != COMMITTED) {",
                        "if (status(descriptor) == ABORTED) {"),
                bug(
                        "a block is reused without a grace period",
                        Schedule.Pair.READ_AND_OVERWRITE,
                        "Slab",
                        "stripe.limboCount() > 0 && stripe.oldestEpoch() < safe;",
                        "stripe.limboCount() > 0;"),
                bug(
                        "a record is moved that has no number",
                        Schedule.Pair.WRITE_AND_MOVE,
                        "Engine",
                        "edit.begin(numbering.number(old), false);",
                        "edit.begin(Records.version(mem, old), false);"),
                bug(
                        "a slot of the ring is written without a look at its lap",
                        Schedule.Pair.WRITE_AND_LOG,
                        "OperationRing",
                        "while (!SLOT.compareAndSet(slots, at, empty(p), record)) {",
                        "SLOT.setVolatile(slots, at, record); while (record == 0) {"),
                bug(
                        "a segment is copied before all of its entries are frozen",
                        Schedule.Pair.SPLIT_AND_WRITE,
                        "Index",
                        "while ((word & FROZEN) == 0) {",
                        "while (word != 0 && (word & FROZEN) == 0) {"),
                bug(
                        "a reader takes a frozen word for what the key has now",
                        Schedule.Pair.SPLIT_AND_COLLECT,
                        "Index",
                        "(word & (FROZEN | DESC)) == 0",
                        "(word & DESC) == 0"),
                bug(
                        "a reader takes a full bucket for the whole segment",
                        Schedule.Pair.SPLIT_AND_COLLECT,
                        "Mem",
                        "found == 0 && h == 0",
                        "found == 0"),
                bug(
                        "several keys are read once each",
                        Schedule.Pair.COLLECT_AND_WRITE,
                        "DoubleCollect",
                        "mem.getLongVolatile(slots[i]) != word",
                        "(word & Index.FROZEN) != 0"),
                bug(
                        "absent keys are read once each",
                        Schedule.Pair.COLLECT_WITH_AN_ABSENT_KEY,
                        "DoubleCollect",
                        "mem.getLongVolatile(slots[i]) != word",
                        "word != 0 && mem.getLongVolatile(slots[i]) != word"),
                bug(
                        "a descriptor's word is taken for a record that has not changed",
                        Schedule.Pair.COMMIT_AND_COLLECT,
                        "DoubleCollect",
                        "boolean plain = slots[i] != 0 && (word & Index.DESC) == 0;",
                        "boolean plain = slots[i] != 0;"),
                bug(
                        "a frozen word is taken for what a key has now",
                        Schedule.Pair.SPLIT_AND_COLLECT,
                        "Index",
                        """
                                    if ((word & FROZEN) != 0) {
                                        break;
                                    }
                        """,
                        ""));
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void shouldBeFound(Bug bug) {
        Schedules schedules = new Schedules(bug.variant());
        long seed = System.nanoTime();
        AssertionError found =
                assertThrows(
                        AssertionError.class,
                        () -> schedules.explore(bug.pair(), MAX_SAMPLE, new Random(seed)),
                        () -> "not found in " + schedules.runs() + " schedules, seed " + seed);
        System.out.printf(
                "%s: found in %d schedules, %d ms: %s%n",
                bug,
                schedules.runs(),
                (System.nanoTime() - seed) / 1_000_000,
                found.toString().lines().findFirst().orElse(""));
    }
}
