package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A thread that is stopped at any step of any protocol stops nobody else. The steps are the
 * accesses of memory, and one that is put between the claim of a ring's position and the use of its
 * slot.
 */
@Timeout(600)
class ParkedThreadTest {
    /** Every how many steps a thread is stopped; 1 is all of them. */
    private static final int STRIDE = Integer.getInteger("hotpair.parked.stride", 1);

    private static Method run;

    @BeforeAll
    static void compile() throws ReflectiveOperationException {
        Class<?> variant = Variant.small().load(ParkedThread.class);
        run = variant.getDeclaredMethod("run", String.class, long.class);
        run.setAccessible(true);
    }

    @ParameterizedTest
    @EnumSource(ParkedThread.Script.class)
    void shouldStopNobodyElse(ParkedThread.Script script) throws Throwable {
        long seed = System.nanoTime();
        long k = 1L + new Random(seed).nextInt(STRIDE);
        int runs = 0;
        while (run(script, k)) {
            k += STRIDE;
            runs++;
        }
        System.out.println(
                script + ": stopped at " + runs + " steps, the first is chosen by " + seed);
        assertTrue(runs > 5, "runs=" + runs);
    }

    private static boolean run(ParkedThread.Script script, long k) throws Throwable {
        try {
            return (boolean) run.invoke(null, script.name(), k);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
