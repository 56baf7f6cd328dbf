package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lincheck, by model checking and by stress, on the engine over memory that it can follow. */
@Timeout(3_600)
class LincheckTest {
    private static final int SCENARIOS = Integer.getInteger("hotpair.lincheck.scenarios", 2);
    private static final int INVOCATIONS = Integer.getInteger("hotpair.lincheck.invocations", 50);

    /** In one scenario that is known to show it. */
    private static final int BUG_INVOCATIONS = 10_000;

    @TempDir private Path classes;

    private int lincheck(Variant variant, int scenarios, int invocations, String... models)
            throws IOException, InterruptedException {
        variant.writeTo(classes);
        Path output = classes.resolve("output");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                classes
                                        + File.pathSeparator
                                        + System.getProperty(
                                                "surefire.test.class.path",
                                                System.getProperty("java.class.path")),
                                LincheckMain.class.getName(),
                                Integer.toString(scenarios),
                                Integer.toString(invocations)));
        command.addAll(List.of(models));
        Process child =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            int exit = child.waitFor();
            String text = Files.readString(output, StandardCharsets.UTF_8);
            text.lines()
                    .filter(line -> !line.startsWith("[WARN]"))
                    .limit(exit == 0 ? 20 : 60)
                    .forEach(System.out::println);
            return exit;
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void shouldFindNothing() throws Exception {
        int exit =
                lincheck(
                        Variant.small(),
                        SCENARIOS,
                        INVOCATIONS,
                        "PointModel",
                        "CommitModel",
                        "SplitModel",
                        "LoggedModel");
        assertEquals(0, exit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PointModel", "CommitModel"})
    void shouldFindWhatIsPlanted(String model) throws Exception {
        Variant variant =
                PlantedBugTest.bugs()
                        .filter(bug -> bug.name().startsWith(inWhich(model)))
                        .findFirst()
                        .orElseThrow()
                        .variant();
        assertEquals(LincheckMain.FOUND, lincheck(variant, 0, BUG_INVOCATIONS, model));
    }

    private static String inWhich(String model) {
        return model.equals("PointModel")
                ? "a read returns a record that has no number"
                : "a reader sees new records before the commit is decided";
    }
}
