package io.hotpair.internal;

import static io.hotpair.internal.Checks.actor;
import static io.hotpair.internal.Checks.scenario;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.LincheckAssertionError;

/**
 * Runs Lincheck on the models, in a JVM of its own whose class path begins with a {@link Variant}:
 * Lincheck changes classes as they are loaded, and keeps what it made of them by their names.
 */
final class LincheckMain {
    static final int FOUND = 3;

    private LincheckMain() {}

    /** Arguments: how many random scenarios, how many invocations of each, models. */
    public static void main(String[] arguments) throws ClassNotFoundException {
        int scenarios = Integer.parseInt(arguments[0]);
        int invocations = Integer.parseInt(arguments[1]);
        try {
            for (String name : List.of(arguments).subList(2, arguments.length)) {
                Class<?> model = Class.forName("io.hotpair.internal." + name);
                run(model, Class.forName(model.getName() + "$Sequential"), scenarios, invocations);
            }
        } catch (LincheckAssertionError e) {
            System.out.println(e.getMessage());
            System.exit(FOUND);
        }
        System.exit(0);
    }

    private static void run(Class<?> model, Class<?> map, int scenarios, int invocations) {
        long startNs = System.nanoTime();
        var modelChecking = Checks.modelChecking(scenarios, invocations);
        List<ExecutionScenario> chosen = chosen(model);
        chosen.forEach(modelChecking::addCustomScenario);
        modelChecking.sequentialSpecification(map).check(model);
        long betweenNs = System.nanoTime();
        if (scenarios > 0) {
            Checks.stress(scenarios, 5 * invocations).sequentialSpecification(map).check(model);
        }
        System.out.printf(
                "%s: model checking, %d scenarios × %d: %d ms; stress, %d × %d: %d ms%n",
                model.getSimpleName(),
                chosen.size() + scenarios,
                invocations,
                (betweenNs - startNs) / 1_000_000,
                scenarios,
                5 * invocations,
                (System.nanoTime() - betweenNs) / 1_000_000);
    }

    /** Those that are worth looking at in any case. */
    private static List<ExecutionScenario> chosen(Class<?> model) {
        List<ExecutionScenario> chosen = new ArrayList<>();
        if (model == PointModel.class) {
            chosen.add(
                    scenario(
                            model,
                            List.of(),
                            List.of(
                                    List.of(actor(model, "put", 1, 1)),
                                    List.of(actor(model, "get", 1), actor(model, "put", 2, 2)))));
        }
        if (model == CommitModel.class) {
            for (int key = 2; key >= 1; key--) {
                chosen.add(
                        scenario(
                                model,
                                List.of(actor(model, "put", 1), actor(model, "put", 2)),
                                List.of(
                                        List.of(actor(model, "transfer", 1)),
                                        List.of(
                                                actor(model, "get", key),
                                                actor(model, "get", 3 - key)))));
            }
        }
        return chosen;
    }
}
