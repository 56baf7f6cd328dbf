package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LateHelperTest {
    private static void run(Variant variant) throws Throwable {
        Method run = variant.load(LateHelper.class).getDeclaredMethod("run");
        run.setAccessible(true);
        try {
            Object unused = run.invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Test
    void shouldLeaveTheDescriptorToReadersThatMetItLate() throws Throwable {
        run(Variant.small());
    }

    @Test
    void shouldFindADescriptorThatIsFreedAfterOneGracePeriod() {
        Variant oneGracePeriod = Variant.small().with("Slab", "length | TWICE);", "length);");
        Throwable found = assertThrows(Throwable.class, () -> run(oneGracePeriod));
        System.out.println("found: " + found);
    }
}
