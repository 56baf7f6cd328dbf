package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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

    private static void run(Variant variant) throws Throwable {
        Method run = variant.load(StaleDirectory.class).getDeclaredMethod("run");
        run.setAccessible(true);
        try {
            Object unused = run.invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Test
    void shouldPassOnNoEntryThatIsStale() throws Throwable {
        run(stoppable());
    }

    @Test
    void shouldFindACopyOfACopyThatIsNotRepaired() {
        Variant copying =
                stoppable()
                        .with(
                                "Index",
                                "larger[i] = newest(larger, i, (long) ENTRY.getVolatile(entries, i >>> 1));",
                                "larger[i] = (long) ENTRY.getVolatile(entries, i >>> 1);");
        Throwable found = assertThrows(Throwable.class, () -> run(copying));
        System.out.println("found: " + found);
    }
}
