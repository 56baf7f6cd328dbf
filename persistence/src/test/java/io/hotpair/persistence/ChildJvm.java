package io.hotpair.persistence;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A second JVM on this class path, that can be killed. Its output is read as it comes. */
final class ChildJvm implements AutoCloseable {
    private static final long TIMEOUT_S = 60;
    private static final String END = "(end of output)";

    private final Process process;
    private final Thread reader;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Queue<String> all = new ConcurrentLinkedQueue<>();
    private volatile String lastLine = "";
    private volatile @Nullable String failure;

    private ChildJvm(Process process) {
        this.process = process;
        reader = new Thread(this::read, "child-output");
        reader.setDaemon(true);
        reader.start();
    }

    static ChildJvm start(List<String> jvmFlags, Class<?> main, String... arguments)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command(jvmFlags, main, arguments));
        builder.redirectErrorStream(true);
        return new ChildJvm(builder.start());
    }

    static List<String> command(List<String> jvmFlags, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    static List<String> requiredFlags() {
        return List.of(JvmFlags.REQUIRED.split(" ", -1));
    }

    long pid() {
        return process.pid();
    }

    /** Waits for a line that begins so. */
    String await(String prefix) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        while (true) {
            String line = lines.poll(TIMEOUT_S, TimeUnit.SECONDS);
            if (line == null) {
                throw new AssertionError(
                        "no " + prefix + " came, but " + seen + ", from\n" + threads());
            }
            if (line.equals(END)) {
                throw new AssertionError("no " + prefix + " came, but " + seen);
            }
            if (line.startsWith(prefix)) {
                return line;
            }
            seen.add(line);
        }
    }

    /** What each of its threads does, as a JVM prints it on SIGQUIT. */
    private String threads() throws InterruptedException {
        List<String> dump = new ArrayList<>();
        try {
            new ProcessBuilder("kill", "-QUIT", Long.toString(pid())).start().waitFor();
        } catch (IOException e) {
            return e.toString();
        }
        for (String line = lines.poll(TIMEOUT_S, TimeUnit.SECONDS);
                line != null && !line.equals(END);
                line = lines.poll(1, TimeUnit.SECONDS)) {
            dump.add(line);
        }
        return String.join("\n", dump);
    }

    /**
     * SIGKILL; returns when the process is gone and all of its output was read.
     *
     * <p>Through the handle: {@link Process#destroyForcibly()} closes our end of the pipe as well,
     * and throws away acknowledgements that were sent and not read yet. A loss of those operations
     * would go unseen.
     */
    void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
            throw new AssertionError("pid=" + pid() + " did not die");
        }
        reader.join(TimeUnit.SECONDS.toMillis(TIMEOUT_S));
        String failed = failure;
        if (failed != null) {
            throw new AssertionError("the output of pid=" + pid() + " was cut short: " + failed);
        }
    }

    /** Waits until the process ends by itself; returns its exit code. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
            throw new AssertionError("pid=" + pid() + " did not end");
        }
        reader.join(TimeUnit.SECONDS.toMillis(TIMEOUT_S));
        return process.exitValue();
    }

    /** Every line that came so far. */
    List<String> output() {
        return List.copyOf(all);
    }

    /** The last line that came whole. */
    String lastLine() {
        return lastLine;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    private void read() {
        try (BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            StringBuilder line = new StringBuilder();
            // Not readLine: that would give a line that was cut short by the kill as well.
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n') {
                    lastLine = line.toString();
                    all.add(lastLine);
                    lines.add(lastLine);
                    line.setLength(0);
                } else {
                    line.append((char) c);
                }
            }
        } catch (IOException e) {
            failure = e.toString();
            lines.add("(" + e + ")");
        }
        lines.add(END);
    }
}
