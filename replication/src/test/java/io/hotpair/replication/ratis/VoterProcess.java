package io.hotpair.replication.ratis;

import io.hotpair.replication.Endpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A voter in a JVM of its own, that can be killed and stopped. */
final class VoterProcess implements AutoCloseable {

    private static final String READY = "ready";

    private final Process process;

    private VoterProcess(Process process) {
        this.process = process;
    }

    /** Starts one, and returns once it listens. */
    static VoterProcess start(VoterConfig config) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx40m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.add("-Dorg.slf4j.simpleLogger.log.org.apache.ratis=error");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(VoterProcess.class.getName());
        command.add(config.voter());
        command.add(config.directory().toString());
        command.add(String.valueOf(config.witness()));
        config.voters().forEach((name, address) -> command.add(name + "=" + address));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (!READY.equals(line)) {
            process.destroyForcibly();
            throw new IOException("the voter's JVM said " + line);
        }
        return new VoterProcess(process);
    }

    /**
     * Stops it, and returns once all its threads stand still. The signal alone does not say so: on
     * a busy machine the others run on until the one that takes it is given a processor.
     */
    void stop() throws Exception {
        signal("STOP");
        VoterGroup.eventually("standstill", () -> standsStill() ? true : null);
    }

    void goOn() throws Exception {
        signal("CONT");
    }

    /** Linux says so of each thread; elsewhere the signal has to do. */
    private boolean standsStill() throws IOException {
        Path threads = Path.of("/proc", Long.toString(process.pid()), "task");
        if (!Files.isDirectory(threads)) {
            return true;
        }
        try (Stream<Path> all = Files.list(threads)) {
            for (Path thread : all.toList()) {
                String line = Files.readString(thread.resolve("stat"), StandardCharsets.UTF_8);
                // The name, in parentheses, may hold anything; the state follows it.
                if (line.charAt(line.lastIndexOf(')') + 2) != 'T') {
                    return false;
                }
            }
            return true;
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        String pid = Long.toString(process.pid());
        int status = new ProcessBuilder("kill", "-" + name, pid).start().waitFor();
        if (status != 0) {
            throw new IOException("kill -" + name + " " + pid + " returned " + status);
        }
    }

    void kill() throws InterruptedException {
        // SIGKILL on POSIX, and works on a stopped process too.
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** The voter's own JVM. It ends with the test's JVM, whose end closes its input. */
    public static void main(String[] args) throws IOException {
        VoterConfig.Builder config =
                VoterConfig.builder("test", args[0]).directory(Path.of(args[1])).witness(args[2]);
        for (int i = 3; i < args.length; i++) {
            String[] voter = args[i].split("=", 2);
            config.voter(voter[0], Endpoint.parse(voter[1]));
        }
        try (Witness voter = Witness.open(config.build())) {
            System.out.println(voter.isRunning() ? READY : "not running");
            int input = System.in.read();
            while (input >= 0) {
                input = System.in.read();
            }
        }
    }
}
