package io.hotpair.persistence;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A second JVM on this class path, that can be killed. Its output is read as it comes, and what it
 * says of errors beside it: in one pipe a long line of the one would come with lines of the other
 * in its middle.
 */
final class ChildJvm implements AutoCloseable {
    private static final long TIMEOUT_S = 60;
    private static final String END = "(end of output)";

    private final Process process;
    private final List<Thread> readers;
    private final AtomicInteger open = new AtomicInteger();
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final Queue<String> all = new ConcurrentLinkedQueue<>();
    private volatile String lastLine = "";
    private volatile @Nullable String failure;

    private ChildJvm(Process process) {
        this.process = process;
        List<InputStream> streams = List.of(process.getInputStream(), process.getErrorStream());
        open.set(streams.size());
        readers =
                streams.stream()
                        .map(stream -> new Thread(() -> read(stream), "child-output"))
                        .toList();
        readers.forEach(reader -> reader.setDaemon(true));
        readers.forEach(Thread::start);
    }

    static ChildJvm start(List<String> jvmFlags, Class<?> main, String... arguments)
            throws IOException {
        return new ChildJvm(new ProcessBuilder(command(jvmFlags, main, arguments)).start());
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
                        "no "
                                + prefix
                                + " came, but "
                                + seen
                                + "; it said before\n"
                                + String.join("\n", all)
                                + "\nand its threads are\n"
                                + threads());
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
        joinReaders();
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
        joinReaders();
        return process.exitValue();
    }

    /** Every line that came so far. */
    List<String> output() {
        return List.copyOf(all);
    }

    /** The last line of its output that came whole. */
    String lastLine() {
        return lastLine;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    private void joinReaders() throws InterruptedException {
        for (Thread reader : readers) {
            reader.join(TimeUnit.SECONDS.toMillis(TIMEOUT_S));
        }
    }

    private void read(InputStream from) {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
            StringBuilder line = new StringBuilder();
            // Not readLine: that would give a line that was cut short by the kill as well.
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n') {
                    String whole = line.toString();
                    if (from == process.getInputStream()) {
                        lastLine = whole;
                    }
                    all.add(whole);
                    lines.add(whole);
                    line.setLength(0);
                } else {
                    line.append((char) c);
                }
            }
        } catch (IOException e) {
            failure = e.toString();
            lines.add("(" + e + ")");
        }
        if (open.decrementAndGet() == 0) {
            lines.add(END);
        }
    }
}
