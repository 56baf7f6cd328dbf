package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An {@code OutOfMemoryError} or a {@code StackOverflowError} at any allocation of an operation, on
 * the heap or off it: the operation happened or it did not, nothing is lost, and the next one
 * works.
 */
@Timeout(600)
class FaultTest {
    private static Method run;

    @BeforeAll
    static void compile() throws ReflectiveOperationException {
        Variant variant =
                Variant.small()
                        // So that it has to grow.
                        .with("Stripe", "limboCapacity = 64;", "limboCapacity = 1;")
                        .countingBlocks()
                        .with(
                                "Edit",
                                "isAbandoned = true;",
                                "isAbandoned = true; Faults.abandon();")
                        .with(
                                "Stripes",
                                "try {\n            EPOCH.setRelease",
                                "try { Faults.leave();\n            EPOCH.setRelease")
                        .withFaultsAtAllocations();
        run = runner(variant);
    }

    private static Method runner(Variant variant) throws ReflectiveOperationException {
        Method method =
                variant.load(FaultRun.class)
                        .getDeclaredMethod(
                                "run", String.class, long.class, Error.class, boolean.class);
        method.setAccessible(true);
        return method;
    }

    @ParameterizedTest
    @EnumSource(FaultRun.Operation.class)
    void shouldStayConsistentWhenMemoryRunsOut(FaultRun.Operation operation) throws Throwable {
        System.out.println(
                operation
                        + ": memory ran out at "
                        + faults(operation, new OutOfMemoryError("planned"), false)
                        + " allocations");
    }

    @ParameterizedTest
    @EnumSource(FaultRun.Operation.class)
    void shouldStayConsistentWhenTheStackEndsWhereMemoryIsTaken(FaultRun.Operation operation)
            throws Throwable {
        System.out.println(
                operation
                        + ": the stack ended at "
                        + faults(operation, new StackOverflowError("planned"), false)
                        + " allocations");
    }

    @ParameterizedTest
    @EnumSource(FaultRun.Operation.class)
    void shouldStayConsistentWhenTheStackEndsAgainBehindThat(FaultRun.Operation operation)
            throws Throwable {
        System.out.println(
                operation
                        + ": the stack ended three times at "
                        + faults(operation, new StackOverflowError("planned"), true)
                        + " allocations");
    }

    private static int faults(FaultRun.Operation operation, Error error, boolean again)
            throws Throwable {
        int faults = 0;
        while (run(operation, faults + 1L, error, again)) {
            faults++;
        }
        assertTrue(faults > 0, "faults=" + faults);
        return faults;
    }

    private static boolean run(FaultRun.Operation operation, long k, Error error, boolean again)
            throws Throwable {
        try {
            return (boolean) run.invoke(null, operation.name(), k, error, again);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
