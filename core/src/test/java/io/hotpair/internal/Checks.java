package io.hotpair.internal;

import java.lang.reflect.Method;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/** How Lincheck is asked. */
final class Checks {
    private Checks() {}

    /** The engine of a model. Lincheck does not look inside. */
    static TestEngine open(boolean withLog) {
        return TestEngine.open(new HeapMem(), 64, withLog);
    }

    /** Lincheck does not look inside. */
    static void check(TestEngine engine) {
        engine.check();
    }

    /** An operation of a model. */
    static Actor actor(Class<?> model, String name, Integer... arguments) {
        for (Method method : model.getMethods()) {
            if (method.getName().equals(name)) {
                return new Actor(method, List.of(arguments));
            }
        }
        throw new IllegalArgumentException("name=" + name + ", expected an operation of " + model);
    }

    /** What happens before the threads begin, and in each of them. */
    static ExecutionScenario scenario(
            Class<?> model, List<Actor> before, List<List<Actor>> threads) {
        return new ExecutionScenario(before, threads, List.of(), actor(model, "check"));
    }

    /** Puts a 1 into some neighbours and names two more. Lincheck does not look inside. */
    static String[] fill(TestEngine engine, int count) {
        String[] keys = engine.neighbours(count + 2);
        for (int i = 0; i < count; i++) {
            String unused = engine.put(keys[i], "1");
        }
        return keys;
    }

    static ModelCheckingOptions modelChecking(int iterations, int invocations) {
        return new ModelCheckingOptions()
                .iterations(iterations)
                .invocationsPerIteration(invocations)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(2)
                .actorsAfter(1)
                .minimizeFailedScenario(false)
                // An access of memory is one step, whatever the array behind it needs ...
                .addGuarantee(
                        ManagedStrategyGuaranteeKt.forClasses(
                                        "io.hotpair.internal.HeapMem", "io.hotpair.internal.Mem")
                                .allMethods()
                                .treatAsAtomic())
                // ... and what a thread has to itself is none, though Lincheck can't know that: a
                // stripe is shared, but by one thread at a time. Reclaiming is what schedules show.
                .addGuarantee(
                        ManagedStrategyGuaranteeKt.forClasses(
                                        "io.hotpair.internal.Checks",
                                        "io.hotpair.internal.Edit",
                                        "io.hotpair.internal.Slab",
                                        "io.hotpair.internal.SipHash",
                                        "io.hotpair.internal.Key",
                                        "io.hotpair.internal.Stripe",
                                        "io.hotpair.internal.Outcome",
                                        "io.hotpair.internal.PutString",
                                        "io.hotpair.internal.IncrementString",
                                        "io.hotpair.internal.DeleteKey",
                                        "io.hotpair.internal.ClockCell",
                                        "io.hotpair.internal.Listeners")
                                .allMethods()
                                .ignore());
    }

    static StressOptions stress(int iterations, int invocations) {
        return new StressOptions()
                .iterations(iterations)
                .invocationsPerIteration(invocations)
                .threads(3)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1)
                .minimizeFailedScenario(false);
    }
}
