package io.hotpair.log;

import static io.hotpair.log.TestFrames.concat;
import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.log.Lineage.TermStart;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link OperationLog} does, the one on files and the tests' double alike. A double that
 * forgives what the real log refuses, or refuses what that forgives, hides defects of whoever is
 * tested with it.
 */
public abstract class OperationLogContract {
    private static final int LARGE = 3 << 20;
    private static final int FRAGMENT_COUNT = 4;

    private final TestFrames frames = new TestFrames();
    private OperationLog log;

    /** Opens the log of this test, which is empty at first. */
    protected abstract OperationLog open();

    @BeforeEach
    void openLog() {
        log = open();
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    @Test
    void shouldBeEmptyAtFirst() {
        assertHolds(List.of());
        assertEquals(0, log.firstOpId());
        assertEquals(Lineage.EMPTY, log.lineage());
        try (OperationSource source = log.openSource()) {
            source.seekAfter(0);
            assertEquals(List.of(), readAll(source));
            assertThrows(IllegalArgumentException.class, () -> source.seekAfter(1));
            assertThrows(IllegalArgumentException.class, () -> source.seekAfter(-1));
        }
    }

    @Test
    void shouldAcceptGapsAndRefuseWhatDoesNotContinue() {
        log.append(frames.frame(2, 0, 10, 3, 7));
        log.append(frames.frame(2, 7, 10, 11));
        assertRefused(frames.frame(2, 10, 10, 12));
        assertRefused(frames.frame(2, 12, 10, 13));
        assertRefused(frames.frame(1, 11, 10, 12));
        assertRefused(fragments(2, 11).get(1));
        log.append(frames.frame(3, 11, 10, 20));
        assertEquals(3, log.firstOpId());
        assertEquals(
                new Lineage(List.of(new TermStart(2, 1), new TermStart(3, 12))), log.lineage());
        assertHolds(concat(List.of(op(3, 2), op(7, 2), op(11, 2)), List.of(op(20, 3))));
    }

    @Test
    void shouldRefuseAFrameWithAWrongChecksumAndStayUsable() {
        FrameBuffer frame = frames.frame(1, 0, 100, 1);
        frame.bytes()[FrameDescriptor.HEADER_LENGTH + 50] ^= 1;
        HotpairException e = assertThrows(HotpairException.class, () -> log.append(frame));
        assertEquals(Category.CORRUPTION, e.category());
        frames.append(log, 1, 1, 100);
        assertHolds(ops(1, 1, 1));
    }

    @Test
    void shouldShowALargeOperationOnlyWhenItIsWhole() {
        frames.append(log, 1, 2, 10);
        try (OperationSource source = log.openSource()) {
            assertEquals(ops(1, 1, 2), readAll(source));
            List<FrameBuffer> fragments = fragments(1, 2);
            for (FrameBuffer fragment : fragments) {
                assertEquals(2, log.lastOpId());
                assertEquals(List.of(), readAll(source));
                log.append(fragment);
            }
            assertEquals(3, log.lastOpId());
            assertEquals(ops(1, 3, 3), readAll(source));
        }
        assertHolds(ops(1, 1, 3));
    }

    /** The master died in the middle of a large operation, and another one goes on. */
    @Test
    void shouldLetALaterTermGoOnWhereALargeOperationWasBegun() {
        frames.append(log, 1, 2, 10);
        try (OperationSource source = log.openSource()) {
            append(fragments(1, 2), 2);
            frames.append(log, 2, 1, 10);
            assertEquals(concat(ops(1, 1, 2), ops(2, 3, 3)), readAll(source));
        }
        assertRefused(fragments(1, 2).get(2));
        assertRefused(fragments(1, 3).get(2));
        assertEquals(new Lineage(List.of(new TermStart(1, 1), new TermStart(2, 3))), log.lineage());
        assertHolds(concat(ops(1, 1, 2), ops(2, 3, 3)));
    }

    /**
     * The connection broke in the middle of a large operation, and was made anew, several times.
     */
    @Test
    void shouldTakeALargeOperationAgainFromItsFirstFragment() {
        frames.append(log, 1, 2, 10);
        try (OperationSource source = log.openSource()) {
            for (int sent = 1; sent < FRAGMENT_COUNT; sent++) {
                append(fragments(1, 2), sent);
                assertEquals(2, log.lastOpId());
            }
            append(fragments(1, 2), FRAGMENT_COUNT);
            frames.append(log, 1, 1, 10);
            assertEquals(ops(1, 1, 4), readAll(source));
            source.seekAfter(2);
            assertEquals(ops(1, 3, 4), readAll(source));
        }
        assertHolds(ops(1, 1, 4));
    }

    /** The first large operation of a log has nothing before it that could be kept. */
    @Test
    void shouldTakeItsFirstOperationAgainFromItsFirstFragment() {
        append(fragments(1, 0), 2);
        assertEquals(0, log.firstOpId());
        assertEquals(Lineage.EMPTY, log.lineage());
        append(fragments(2, 0), FRAGMENT_COUNT);
        assertEquals(1, log.firstOpId());
        assertHolds(ops(2, 1, 1));
    }

    @Test
    void shouldStillTakeTheNextFragmentAfterItRefusedAFrameInItsPlace() {
        frames.append(log, 2, 2, 10);
        List<FrameBuffer> fragments = fragments(2, 2);
        append(fragments, 2);
        assertRefused(frames.frame(2, 1, 10, 3));
        assertRefused(frames.frame(1, 2, 10, 3));
        assertRefused(fragments.get(3));
        assertRefused(fragments.get(1));
        assertRefused(fragments(3, 2).get(2));
        log.append(fragments.get(2));
        log.append(fragments.get(3));
        assertHolds(ops(2, 1, 3));
    }

    @Test
    void shouldDropALargeOperationThatWasNotCompletedWhenItIsReopened() {
        frames.append(log, 1, 2, 10);
        append(fragments(1, 2), FRAGMENT_COUNT - 1);
        reopen();
        assertHolds(ops(1, 1, 2));
        frames.append(log, 1, 1, 10);
        assertHolds(ops(1, 1, 3));
    }

    @Test
    void shouldCutInTheMiddleOfALargeOperation() {
        frames.append(log, 1, 4, 10);
        append(fragments(1, 4), 2);
        log.cutAfter(3);
        assertHolds(ops(1, 1, 3));
        append(fragments(1, 3), 2);
        // Nothing to cut, and no harm to what is there.
        log.cutAfter(3);
        frames.append(log, 2, 1, 10);
        assertHolds(concat(ops(1, 1, 3), ops(2, 4, 4)));
    }

    @Test
    void shouldServeNothingPastACut() {
        for (int i = 0; i < 5; i++) {
            frames.append(log, 1, 4, 10);
        }
        try (OperationSource atEnd = log.openSource();
                OperationSource atBegin = log.openSource()) {
            atEnd.seekAfter(20);
            log.cutAfter(10);
            assertEquals(ops(1, 1, 10), readAll(atBegin));
            assertThrows(IllegalArgumentException.class, () -> atEnd.seekAfter(11));
            assertThrows(IllegalArgumentException.class, () -> log.cutAfter(11));
            frames.append(log, 2, 4, 10);
            frames.append(log, 2, 4, 10);
            assertEquals(ops(2, 11, 18), readAll(atEnd));
            assertEquals(ops(2, 11, 18), readAll(atBegin));
            atEnd.seekAfter(9);
            assertEquals(concat(ops(1, 9, 10), ops(2, 11, 18)), readAll(atEnd));
        }
        assertEquals(
                new Lineage(List.of(new TermStart(1, 1), new TermStart(2, 11))), log.lineage());
        assertHolds(concat(ops(1, 1, 10), ops(2, 11, 18)));
        log.cutAfter(0);
        assertEquals(0, log.firstOpId());
        assertHolds(List.of());
    }

    @Test
    void shouldCutAfterTheLastOperationThatIsNotAboveTheOpId() {
        log.append(frames.frame(1, 0, 10, 3, 7));
        log.append(frames.frame(1, 7, 10, 11));
        log.cutAfter(9);
        assertHolds(List.of(op(3, 1), op(7, 1)));
        log.cutAfter(2);
        assertHolds(List.of());
    }

    /** A model of whole and broken operations, cuts and reopenings, against a list. */
    @Test
    void shouldHoldWhatAListHoldsWhateverHappens() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<TestFrames.Op> expected = List.of();
        long term = 1;
        for (int step = 0; step < 60; step++) {
            String state = "seed=" + seed + " step=" + step;
            long last = log.lastOpId();
            switch (random.nextInt(6)) {
                case 0 -> append(fragments(term, last), 1 + random.nextInt(FRAGMENT_COUNT - 1));
                case 1 -> {
                    append(fragments(term, last), FRAGMENT_COUNT);
                    expected = concat(expected, ops(term, last + 1, last + 1));
                }
                case 2 -> {
                    long kept = Math.max(0, last - random.nextInt(4));
                    log.cutAfter(kept);
                    expected = expected.subList(0, (int) kept);
                }
                case 3 -> reopen();
                case 4 -> term++;
                default -> {
                    int count = 1 + random.nextInt(4);
                    frames.append(log, term, count, random.nextInt(2000));
                    expected = concat(expected, ops(term, last + 1, last + count));
                }
            }
            assertEquals(expected, readAll(log), state);
            assertEquals(expected.size(), log.lastOpId(), state);
        }
    }

    /** What the log says it holds, what it gives out, and what it does after it was reopened. */
    private void assertHolds(List<TestFrames.Op> expected) {
        long last = expected.isEmpty() ? 0 : expected.get(expected.size() - 1).opId();
        Lineage lineage = log.lineage();
        assertEquals(last, log.lastOpId());
        assertEquals(expected, readAll(log));
        reopen();
        assertEquals(last, log.lastOpId());
        assertEquals(expected, readAll(log));
        assertEquals(lineage, log.lineage());
    }

    private void assertRefused(FrameBuffer frame) {
        assertThrows(IllegalArgumentException.class, () -> log.append(frame));
    }

    private void append(List<FrameBuffer> fragments, int count) {
        fragments.subList(0, count).forEach(log::append);
    }

    private List<FrameBuffer> fragments(long term, long previousOpId) {
        List<FrameBuffer> fragments = frames.fragments(term, previousOpId, LARGE);
        assertEquals(FRAGMENT_COUNT, fragments.size());
        return fragments;
    }

    private static TestFrames.Op op(long opId, long term) {
        return new TestFrames.Op(opId, term);
    }

    private void reopen() {
        log.close();
        log = open();
    }
}
