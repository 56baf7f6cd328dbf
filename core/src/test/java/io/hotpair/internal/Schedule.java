package io.hotpair.internal;

import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;

/**
 * One run of two threads with a few switches between them: the first one stops before its k-th
 * access of memory, the second one before its l-th, then the first one goes on, to its end or for m
 * accesses, then the second one to its end, then the first one. Loaded anew for each {@link
 * Variant}.
 */
final class Schedule {
    private static final int FILLED = 5;

    /** What the two threads do. */
    @SuppressWarnings("ImmutableEnumChecker")
    enum Pair {
        WRITE_AND_READ(
                (engine, keys) -> use(engine.increment(keys[0])),
                (engine, keys) -> {
                    use(engine.get(keys[0]));
                    use(engine.put(keys[1], "8"));
                    use(engine.get(keys[0]));
                }),
        READ_AND_OVERWRITE(
                (engine, keys) -> use(engine.get(keys[0])),
                (engine, keys) -> {
                    for (int i = 0; i < 4; i++) {
                        use(engine.put(keys[i], Integer.toString(4 + i)));
                        use(engine.increment(keys[0]));
                    }
                }),
        COMMIT_AND_READ(
                (engine, keys) -> use(engine.transfer(keys[0], keys[1])),
                (engine, keys) -> {
                    use(engine.get(keys[0]));
                    use(engine.get(keys[1]));
                    use(engine.put(keys[2], "8"));
                    use(engine.getBoth(keys[0], keys[1]));
                }),
        COMMIT_AND_READ_BACKWARDS(
                (engine, keys) -> use(engine.transfer(keys[1], keys[0])),
                (engine, keys) -> {
                    use(engine.get(keys[1]));
                    use(engine.get(keys[0]));
                    use(engine.readBoth(keys[1], keys[0]));
                }),
        COMMIT_AND_COMMIT(
                (engine, keys) -> use(engine.transfer(keys[0], keys[1])),
                (engine, keys) -> use(engine.transfer(keys[1], keys[0]))),
        COMMIT_WITH_A_KEY_THAT_IS_READ(
                (engine, keys) -> use(engine.copy(keys[1], keys[0])),
                (engine, keys) -> use(engine.increment(keys[0]))),
        COMMIT_AND_DELETE(
                (engine, keys) -> use(engine.transfer(keys[0], keys[FILLED])),
                (engine, keys) -> {
                    use(engine.delete(keys[0]));
                    use(engine.putIfAbsent(keys[FILLED], "8"));
                }),
        SPLIT_AND_WRITE(
                (engine, keys) -> use(engine.put(keys[FILLED], "8")),
                (engine, keys) -> {
                    use(engine.put(keys[FILLED + 3], "8"));
                    use(engine.increment(keys[0]));
                }),
        SPLIT_AND_COMMIT(
                (engine, keys) -> {
                    use(engine.put(keys[FILLED], "8"));
                    use(engine.put(keys[FILLED + 1], "8"));
                },
                (engine, keys) -> use(engine.transfer(keys[0], keys[FILLED + 2]))),
        REBUILD_AND_READ(
                (engine, keys) -> {
                    use(engine.delete(keys[0]));
                    use(engine.delete(keys[1]));
                    use(engine.log());
                    use(engine.put(keys[FILLED], "8"));
                    use(engine.put(keys[FILLED + 1], "8"));
                },
                (engine, keys) -> {
                    use(engine.get(keys[0]));
                    use(engine.putIfAbsent(keys[0], "8"));
                    use(engine.getBoth(keys[0], keys[1]));
                }),
        MOVE_AND_WRITE(
                (engine, keys) -> use(engine.move()),
                (engine, keys) -> {
                    use(engine.increment(keys[0]));
                    use(engine.delete(keys[1]));
                    use(engine.getBoth(keys[0], keys[1]));
                }),
        MOVE_AND_COMMIT(
                (engine, keys) -> use(engine.move()),
                (engine, keys) -> use(engine.transfer(keys[0], keys[FILLED]))),
        WRITE_AND_MOVE(
                (engine, keys) -> use(engine.increment(keys[0])),
                (engine, keys) -> {
                    use(engine.move());
                    use(engine.log());
                    use(engine.get(keys[0]));
                }),
        COMMIT_AND_MOVE(
                (engine, keys) -> use(engine.transfer(keys[0], keys[1])),
                (engine, keys) -> {
                    use(engine.move());
                    use(engine.getBoth(keys[0], keys[1]));
                }),
        MOVE_AND_COLLECT(
                (engine, keys) -> use(engine.move()),
                (engine, keys) -> {
                    use(engine.getBoth(keys[FILLED], keys[0]));
                    use(engine.increment(keys[0]));
                    use(engine.getBoth(keys[0], keys[1]));
                }),
        COLLECT_AND_MOVE(
                (engine, keys) -> use(engine.getBoth(keys[0], keys[1])),
                (engine, keys) -> {
                    use(engine.move());
                    use(engine.increment(keys[0]));
                    use(engine.increment(keys[1]));
                }),
        COMMIT_AND_COLLECT(
                (engine, keys) -> use(engine.transfer(keys[0], keys[1])),
                (engine, keys) -> use(engine.getBoth(keys[0], keys[1]))),
        COLLECT_AND_WRITE(
                (engine, keys) -> use(engine.getBoth(keys[0], keys[1])),
                (engine, keys) -> {
                    use(engine.increment(keys[0]));
                    use(engine.increment(keys[1]));
                    use(engine.delete(keys[0]));
                }),
        COLLECT_WITH_AN_ABSENT_KEY(
                (engine, keys) -> use(engine.getBoth(keys[FILLED + 3], keys[0])),
                (engine, keys) -> {
                    use(engine.put(keys[FILLED + 3], "8"));
                    use(engine.increment(keys[0]));
                }),
        COLLECT_AND_COMMIT(
                (engine, keys) -> use(engine.getBoth(keys[1], keys[0])),
                (engine, keys) -> {
                    use(engine.transfer(keys[0], keys[1]));
                    use(engine.copy(keys[1], keys[0]));
                }),
        SPLIT_AND_COLLECT(
                (engine, keys) -> use(engine.put(keys[FILLED], "8")),
                (engine, keys) -> {
                    use(engine.increment(keys[0]));
                    use(engine.get(keys[0]));
                    use(engine.getBoth(keys[0], keys[FILLED]));
                    use(engine.put(keys[FILLED + 1], "8"));
                    use(engine.get(keys[FILLED + 1]));
                    use(engine.getBoth(keys[FILLED + 1], keys[0]));
                }),
        COLLECT_AND_SPLIT(
                (engine, keys) -> use(engine.getBoth(keys[FILLED], keys[0])),
                (engine, keys) -> {
                    use(engine.put(keys[FILLED], "8"));
                    use(engine.increment(keys[0]));
                }),
        WRITE_AND_LOG(
                (engine, keys) -> use(engine.increment(keys[0])),
                (engine, keys) -> {
                    use(engine.increment(keys[1]));
                    use(engine.log());
                });

        final BiConsumer<TestEngine, String[]> first;
        final BiConsumer<TestEngine, String[]> second;

        Pair(BiConsumer<TestEngine, String[]> first, BiConsumer<TestEngine, String[]> second) {
            this.first = first;
            this.second = second;
        }
    }

    private Schedule() {}

    private static void use(Object result) {
        if (result.equals("?")) {
            throw new AssertionError(result);
        }
    }

    /**
     * Runs it.
     *
     * @return how many of the two stops there were
     */
    static int run(String pairName, long k, long l, long m) throws Exception {
        Pair pair = Pair.valueOf(pairName);
        StepMem mem = new StepMem(new HeapMem());
        TestEngine engine = TestEngine.open(mem, 256, true);
        String[] keys = engine.neighbours(FILLED + 4);
        for (int i = 0; i < FILLED; i++) {
            use(engine.put(keys[i], "3"));
        }
        use(engine.log());
        try (Stepper first = new Stepper(mem);
                Stepper second = new Stepper(mem)) {
            boolean firstStopped =
                    first.start(() -> pair.first.accept(engine, keys), Stepper.before(k));
            boolean secondStopped =
                    second.start(() -> pair.second.accept(engine, keys), Stepper.before(l));
            boolean unused = first.goOn(Stepper.before(m));
            second.end();
            first.end();
            // What was left behind wrongly shows when memory is used again.
            first.start(() -> churn(engine, keys), Stepper.NEVER);
            first.end();
            second.start(() -> churn(engine, keys), Stepper.NEVER);
            second.end();
            engine.check();
            return (firstStopped ? 1 : 0) + (secondStopped ? 1 : 0);
        } catch (AssertionError | ExecutionException e) {
            throw new AssertionError(
                    "pair=" + pair + " k=" + k + " l=" + l + " m=" + m + ": " + e, e);
        }
    }

    private static void churn(TestEngine engine, String[] keys) {
        for (int i = 0; i < 3; i++) {
            use(engine.transfer(keys[2], keys[3]));
            use(engine.increment(keys[4]));
            use(engine.log());
        }
        for (String key : keys) {
            use(engine.get(key));
        }
    }
}
