package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One JVM of the pair, as its parent sees it: it reports by lines on its standard output and is
 * told what to do by lines on its standard input, so it ends by itself when the parent is gone.
 *
 * <p>What it wrote before a SIGKILL is in the pipe and is read to the end. That is why it is killed
 * through its handle: {@link Process#destroyForcibly()} closes the parent's end of the pipe on
 * Linux, and throws away what is still in it.
 */
final class NodeProcess {
    /** What Chronicle needs; the manifest of the server's jar carries the same. */
    private static final List<String> JVM_FLAGS =
            List.of(
                    "--add-opens",
                    "java.base/java.lang.reflect=ALL-UNNAMED",
                    "--add-exports",
                    "java.base/sun.nio.ch=ALL-UNNAMED");

    /** Receives what a node reports. */
    interface Reports {
        /**
         * A line came.
         *
         * @param node who reports
         * @param words the line, cut at its blanks; the first says what it is
         */
        void onReport(NodeProcess node, String[] words);

        /**
         * No more lines can be read, although there may be some.
         *
         * @param node whose reports broke off
         * @param failure why
         */
        void onCutShort(NodeProcess node, Exception failure);
    }

    private final String name;
    private final Process process;
    private final Writer commands;
    private final Thread reader;

    private NodeProcess(String name, Process process, Reports reports) {
        this.name = name;
        this.process = process;
        commands = new OutputStreamWriter(process.getOutputStream(), UTF_8);
        reader = new Thread(() -> read(reports), "reports-of-" + name);
        reader.setDaemon(true);
    }

    static NodeProcess start(
            String name, Class<?> main, List<String> arguments, Path logFile, Reports reports) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_FLAGS);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.add("-Dorg.slf4j.simpleLogger.showDateTime=true");
        command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
        command.add("-Dorg.slf4j.simpleLogger.log.org.apache.ratis=warn");
        command.add(main.getName());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectError(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        try {
            NodeProcess node = new NodeProcess(name, builder.start(), reports);
            node.reader.start();
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(Reports reports) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                reports.onReport(this, line.split(" ", -1));
            }
        } catch (IOException | RuntimeException e) {
            // The pipe of a killed process ends, it does not break: this is never harmless.
            reports.onCutShort(this, e);
        }
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Tells the node something; a dead one does not hear it. */
    void tell(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            if (process.isAlive()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** SIGKILL; returns when the process is gone and its last reports were read. */
    void kill() {
        process.toHandle().destroyForcibly();
        awaitEnd();
    }

    /** SIGSTOP or SIGCONT. */
    void signal(String signal) {
        try {
            int exit =
                    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                            .inheritIO()
                            .start()
                            .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill -" + signal + " exit=" + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Asks the node to end, and makes it end if it does not. */
    void close() {
        tell("EXIT");
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.toHandle().destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.toHandle().destroyForcibly();
            Thread.currentThread().interrupt();
        }
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            process.waitFor();
            reader.join(10_000);
            if (reader.isAlive()) {
                throw new IllegalStateException("reports of " + name + " are not read to the end");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }
}
