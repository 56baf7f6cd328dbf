package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StaleDirectoryTest {
    /** With an access of memory where a thread has copied a directory and not published it. */
    private static Variant stoppable() {
        return Variant.small()
                .with(
                        "Index",
                        "if (DIRECTORY.compareAndSet(this, entries, larger)) {",
                        "mem.getLong(entries[0]);"
                                + " if (DIRECTORY.compareAndSet(this, entries, larger)) {");
    }

    @Test
    void shouldPassOnNoEntryThatIsStale() throws Throwable {
        stoppable().run(StaleDirectory.class);
    }

    @Test
    void shouldFindACopyOfACopyThatIsNotRepaired() {
        Variant copying =
                stoppable()
                        .with(
                                "Index",
                                "larger[i] = newest(larger, i, (long) ENTRY.getVolatile(entries, i >>> 1));",
                                "larger[i] = (long) ENTRY.getVolatile(entries, i >>> 1);");
        Throwable found = assertThrows(Throwable.class, () -> copying.run(StaleDirectory.class));
        System.out.println("found: " + found);
    }
}
