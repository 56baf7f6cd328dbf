package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hotpair.Keyspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A JVM that embeds a listener prints nothing that its owner did not ask for, and ends. */
class QuietStartTest {
    private static final int NATIVE_ACCESS_SINCE = 22;
    private static final String REPLIES = "+OK $1 1 $16 65cd25028f98f158 ";

    /** What the forked JVM runs. */
    static final class Embedding {
        private Embedding() {}

        /**
         * Opens a listener, uses it, closes it, and prints the way that it was served.
         *
         * @param arguments none
         */
        public static void main(String[] arguments) {
            try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build());
                    RespListener listener =
                            RespListener.open(keyspace, RespConfig.builder().port(0).build());
                    RawClient client = new RawClient(listener.port())) {
                String reply =
                        client.call("SET", "a", "1")
                                + client.call("GET", "a")
                                + client.call("DIGEST", "a");
                System.out.print(listener.transport() + reply.replace("\r\n", " "));
            }
        }
    }

    private static List<String> run(Path directory, String... options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Embedding.class.getName());
        Path errors = directory.resolve("errors");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        return List.of(output, Files.readString(errors), Integer.toString(exit));
    }

    private static boolean hasEpoll() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldPrintNoWarning(boolean nativeAccess, @TempDir Path directory) throws Exception {
        int jdk = Runtime.version().feature();
        String[] options =
                nativeAccess && jdk >= NATIVE_ACCESS_SINCE
                        ? new String[] {"--enable-native-access=ALL-UNNAMED"}
                        : new String[0];
        boolean epoll = hasEpoll() && (jdk < 24 || nativeAccess);
        String served = (epoll ? "EPOLL" : "NIO") + REPLIES;
        assertEquals(List.of(served, "", "0"), run(directory, options));
    }

    @Test
    void shouldAlsoWorkWithoutTheNativeLibrary(@TempDir Path directory) throws Exception {
        assertEquals(
                List.of("NIO" + REPLIES, "", "0"),
                run(directory, "-Dio.netty.transport.noNative=true"));
    }
}
