package io.hotpair.internal;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Random;

/** Runs many schedules of a pair of threads on a {@link Variant}. */
final class Schedules {
    private static final long NO_STOP = Long.MAX_VALUE;

    private final Method run;
    private int runs;

    Schedules(Variant variant) {
        try {
            run =
                    variant.load(Schedule.class)
                            .getDeclaredMethod("run", String.class, long.class, long.class);
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
     * Runs every schedule with one switch, and some of those with two.
     *
     * @param sample how many of those with two; all of them if there are no more
     */
    void explore(Schedule.Pair pair, int sample, Random random) {
        long steps = stepsOfFirst(pair);
        long others = 1;
        while (run(pair, 1, others) > 1) {
            others++;
        }
        if (steps * others <= sample) {
            for (long k = 1; k < steps; k++) {
                for (long l = 1; l < others; l++) {
                    run(pair, k, l);
                }
            }
            return;
        }
        for (int i = 0; i < sample; i++) {
            run(pair, 1 + random.nextLong(steps), 1 + random.nextLong(others));
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
        runs++;
        try {
            return (int) run.invoke(null, pair.name(), k, l);
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
