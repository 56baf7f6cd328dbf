package io.hotpair.examples.failover;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

class AuditorTest {
    private final Auditor auditor = new Auditor();

    @Test
    void shouldCountEveryAcknowledgedWriteThatIsNewerThanTheValue() {
        auditor.acknowledged("k", 3);
        auditor.acknowledged("k", 5);
        auditor.acknowledged("k", 8);
        auditor.found("k", auditor.lastAcknowledged("k"), 4);
        assertEquals(Set.of("k 5", "k 8"), auditor.lost());
    }

    @Test
    void shouldCountAWriteWhoseKeyIsNotThere() {
        auditor.acknowledged("k", 0);
        auditor.found("k", auditor.lastAcknowledged("k"), Auditor.sequenceOf(null));
        assertEquals(Set.of("k 0"), auditor.lost());
    }

    @Test
    void shouldNotHoldAgainstAReadWhatWasAcknowledgedAfterIt() {
        auditor.acknowledged("k", 1);
        long last = auditor.lastAcknowledged("k");
        auditor.acknowledged("k", 2);
        auditor.found("k", last, 1);
        assertEquals(Set.of(), auditor.lost());
    }

    @Test
    void shouldFindInALaterAuditWhatAnEarlierOneSaw() {
        auditor.acknowledged("k", 1);
        auditor.acknowledged("k", 2);
        auditor.found("k", 2, 2);
        auditor.found("k", 2, -1);
        assertEquals(Set.of("k 2"), auditor.lost());
    }

    @Test
    void shouldKeepCountingWhatALaterAuditFindsAgain() {
        auditor.acknowledged("k", 1);
        auditor.found("k", 1, -1);
        auditor.found("k", 1, 1);
        assertEquals(Set.of("k 1"), auditor.lost());
    }

    @Test
    void shouldCountATermThatBeginsAWriteAfterALaterTermDid() {
        auditor.acknowledged("k", 1, 1, 100);
        auditor.acknowledged("l", 1, 2, 200);
        auditor.acknowledged("k", 2, 1, 201);
        assertEquals(1, auditor.lateTerms());
    }

    @Test
    void shouldAcceptALateReportOfAWriteThatBeganInTime() {
        auditor.acknowledged("l", 1, 2, 200);
        auditor.acknowledged("k", 1, 1, 199);
        assertEquals(0, auditor.lateTerms());
    }

    @Test
    void shouldCountATermWithTwoMasters() {
        auditor.promoted("a", 1);
        auditor.promoted("b", 1);
        auditor.promoted("b", 2);
        assertEquals(1, auditor.sharedTerms());
    }
}
