package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs a main class in a JVM of its own, which has the same flags but for the heap. */
final class ChildJvm {
    /** What a line begins with that is an answer, and not something that a peer prints. */
    private static final String MARK = "figure ";

    private ChildJvm() {}

    /** What a child calls to answer. */
    static void answer(String name, long figure) {
        answer(name, (double) figure);
    }

    /** What a child calls to answer. */
    static void answer(String name, double figure) {
        System.out.println(MARK + name + " " + figure);
    }

    /**
     * Runs one to its end.
     *
     * @return its answers
     * @throws IllegalStateException with the last thing it said, if it failed
     */
    static Map<String, Double> run(List<String> flags, Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-X")) {
                command.add(flag);
            }
        }
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        try {
            return answers(new ProcessBuilder(command).redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Double> answers(Process process) throws IOException {
        Map<String, Double> answers = new LinkedHashMap<>();
        String last = "";
        try (var output = process.inputReader(UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(MARK)) {
                    String[] words = line.split(" ", 3);
                    answers.put(words[1], Double.parseDouble(words[2]));
                } else if (line.contains("Error") || line.contains("Exception")) {
                    last = line;
                }
            }
            int status = process.waitFor();
            if (status != 0) {
                throw new IllegalStateException("status " + status + ": " + last);
            }
            return answers;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
