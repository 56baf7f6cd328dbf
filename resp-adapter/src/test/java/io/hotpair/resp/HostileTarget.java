package io.hotpair.resp;

import io.hotpair.Keyspace;
import io.hotpair.MaxMemoryPolicy;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A JVM with nothing but a keyspace and a listener, whose limits are what they are by default. It
 * ends with the first error for want of heap, whoever would have caught it.
 */
final class HostileTarget implements AutoCloseable {
    private static final Duration SCRIPT_TIMEOUT = Duration.ofMillis(400);
    private static final long MAX_MEMORY = 96 << 20;
    private static final String PORT = "port ";
    private static final String USE = "use ";
    private static final int GC_ROUNDS = 3;

    /** What the JVM does. */
    static final class Program {
        private Program() {}

        /**
         * Opens a listener, tells its port, tells for each line of its input what is in use, and
         * ends with its input.
         *
         * @param arguments none
         */
        public static void main(String[] arguments) throws IOException {
            RespConfig config = RespConfig.builder().port(0).scriptTimeout(SCRIPT_TIMEOUT).build();
            try (Keyspace keyspace =
                            Keyspace.open(
                                    Keyspace.builder()
                                            .inMemory()
                                            .maxMemory(MAX_MEMORY)
                                            .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                            .build());
                    RespListener listener = RespListener.open(keyspace, config);
                    BufferedReader in =
                            new BufferedReader(
                                    new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                System.out.println(PORT + listener.port());
                while (in.readLine() != null) {
                    System.out.println(USE + heapBytes() + " " + directBytes());
                }
            }
        }

        private static long heapBytes() {
            for (int i = 0; i < GC_ROUNDS; i++) {
                System.gc();
            }
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }

        /** That of buffers, not of the keyspace, which has a limit of its own. */
        private static long directBytes() {
            long sum = Math.max(0, PlatformDependent.usedDirectMemory());
            for (BufferPoolMXBean pool :
                    ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
                sum += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
            }
            return sum;
        }
    }

    /** What is in use when all garbage is gone. */
    record Use(long heapBytes, long directBytes) {}

    private final Process process;
    private final Queue<String> output = new ConcurrentLinkedQueue<>();
    private final Thread reader;
    private final int port;

    private HostileTarget(Process process) {
        this.process = process;
        reader = new Thread(this::read, "hostile-target-output");
        reader.setDaemon(true);
        reader.start();
        port = Integer.parseInt(await(PORT));
    }

    static HostileTarget start(String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Program.class.getName());
        return new HostileTarget(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private void read() {
        try (BufferedReader in = process.inputReader()) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                output.add(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes the line that begins so, and gives what follows. */
    private String await(String prefix) {
        String[] found = new String[1];
        Await.until(
                () -> {
                    found[0] = take(prefix);
                    return found[0] != null || !process.isAlive();
                },
                this::said);
        if (found[0] == null) {
            throw new AssertionError("it ended: " + said());
        }
        return found[0];
    }

    private @Nullable String take(String prefix) {
        for (String line : output) {
            if (line.startsWith(prefix)) {
                boolean unused = output.remove(line);
                return line.substring(prefix.length());
            }
        }
        return null;
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it printed. */
    String said() {
        return String.join("\n", output);
    }

    Use use() {
        try {
            process.outputWriter().write("\n");
            process.outputWriter().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(said(), e);
        }
        String[] numbers = await(USE).split(" ", -1);
        return new Use(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
    }

    @Override
    public void close() {
        try {
            process.outputWriter().close();
        } catch (IOException e) {
            // It has ended already, and closed its end.
        }
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("it did not end: " + said());
            }
            reader.join();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new AssertionError(e);
        }
    }

    int exitValue() {
        return process.exitValue();
    }
}
