package io.hotpair.internal;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Random;

/** Runs many schedules of a pair of threads on a {@link Variant}. */
final class Schedules {
    private static final long NO_STOP = Long.MAX_VALUE;

    private static final long FEW_STEPS = 12;

    private final Method run;
    private int runs;

    Schedules(Variant variant) {
        try {
            run =
                    variant.load(Schedule.class)
                            .getDeclaredMethod(
                                    "run", String.class, long.class, long.class, long.class);
            run.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How many there were so far. */
    int runs() {
        return runs;
    }

    /**
     * Runs every schedule with one switch, some of those with two, and some of those in which the
     * first thread goes on for a few steps only before the second one goes on.
     *
     * @param sample how many of each; all of those with two if there are no more
     */
    void explore(Schedule.Pair pair, int sample, Random random) {
        long steps = stepsOfFirst(pair);
        long others = 1;
        while (run(pair, 1, others) > 1) {
            others++;
        }
        boolean all = steps * others <= sample;
        for (long k = 1; all && k < steps; k++) {
            for (long l = 1; l < others; l++) {
                run(pair, k, l);
            }
        }
        for (int i = 0; i < sample; i++) {
            long k = 1 + random.nextLong(steps);
            long l = 1 + random.nextLong(others);
            if (!all) {
                run(pair, k, l);
            }
            run(pair, k, l, 1 + random.nextLong(FEW_STEPS));
        }
    }

    private long stepsOfFirst(Schedule.Pair pair) {
        long k = 1;
        while (run(pair, k, NO_STOP) > 0) {
            k++;
        }
        return k;
    }

    private int run(Schedule.Pair pair, long k, long l) {
        return run(pair, k, l, NO_STOP);
    }

    private int run(Schedule.Pair pair, long k, long l, long m) {
        runs++;
        try {
            return (int) run.invoke(null, pair.name(), k, l, m);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof AssertionError found) {
                throw found;
            }
            throw new IllegalStateException(e);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
