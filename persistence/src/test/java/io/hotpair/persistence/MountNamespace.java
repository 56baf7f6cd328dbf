package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a JVM that may mount what it likes: all of it is gone when the JVM is.
 *
 * @param directory for its output
 */
record MountNamespace(Path directory) {
    /** What a driver prints before what it has found out. */
    static final String RESULT = "Result: ";

    /**
     * Runs the main method of a class that makes {@link LoopDevice}s; skips the test where none can
     * be made.
     *
     * @param arguments of the main method; the second one is the type of the file system
     * @return what the driver has found out
     */
    String drive(Class<?> driver, String... arguments) throws IOException, InterruptedException {
        String type = arguments[1];
        String probe = LoopDevice.script(directory.resolve("probe"), type);
        assumeTrue(
                run("unshare", "-m", "sh", "-c", probe) == 0,
                () -> type + " can't be made and mounted here: that needs root: " + output());
        List<String> command = new ArrayList<>(List.of("unshare", "-m"));
        command.addAll(ChildJvm.command(ChildJvm.requiredFlags(), driver, arguments));
        assertEquals(0, run(command.toArray(String[]::new)), this::output);
        String text = output();
        return text.substring(text.indexOf(RESULT));
    }

    private int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start()
                .waitFor();
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
