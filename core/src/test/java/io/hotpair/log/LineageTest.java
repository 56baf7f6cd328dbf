package io.hotpair.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hotpair.log.Lineage.TermStart;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineageTest {
    private final Lineage lineage = Lineage.EMPTY.begin(2, 1).begin(5, 11).begin(6, 21);

    @Test
    void shouldTellTheTermOfAnOperation() {
        assertEquals(0, lineage.termAt(0));
        assertEquals(2, lineage.termAt(1));
        assertEquals(2, lineage.termAt(10));
        assertEquals(5, lineage.termAt(11));
        assertEquals(6, lineage.termAt(1_000));
        assertEquals(0, Lineage.EMPTY.termAt(1));
    }

    @Test
    void shouldTellWhereATermEndsAndAnotherHistoryParts() {
        assertEquals(10, lineage.lastOpIdOf(2));
        assertEquals(10, lineage.lastOpIdOf(4));
        assertEquals(20, lineage.lastOpIdOf(5));
        assertEquals(Long.MAX_VALUE, lineage.lastOpIdOf(6));
        assertEquals(10, lineage.commonOpId(4, 15));
        assertEquals(15, lineage.commonOpId(5, 15));
    }

    @Test
    void shouldForgetTermsThatLeftNothing() {
        assertSame(lineage, lineage.begin(6, 30));
        Lineage cut = lineage.begin(7, 11);
        assertEquals(List.of(new TermStart(2, 1), new TermStart(7, 11)), cut.terms());
        assertEquals(7, cut.lastTerm());
        assertEquals(0, Lineage.EMPTY.lastTerm());
    }

    @Test
    void shouldRefuseWhatDescends() {
        TermStart first = new TermStart(2, 5);
        assertThrows(
                IllegalArgumentException.class,
                () -> new Lineage(List.of(first, new TermStart(2, 6))));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Lineage(List.of(first, new TermStart(3, 4))));
    }
}
