package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Core needs no JVM flag and makes no JVM print a warning. */
class BareJvmTest {

    /** The JVM that runs the tests, and the others that stand beside it, from 17 on. */
    static Stream<Path> javas() throws IOException {
        Path own = Path.of(System.getProperty("java.home"));
        Path beside = own.toRealPath().getParent();
        try (Stream<Path> homes = Files.list(beside)) {
            List<Path> others =
                    homes.filter(home -> Files.isExecutable(home.resolve("bin/java")))
                            .filter(home -> Files.exists(home.resolve("release")))
                            .toList();
            return Stream.concat(Stream.of(own), others.stream())
                    .map(home -> home.resolve("bin/java"))
                    .distinct();
        }
    }

    @ParameterizedTest
    @MethodSource("javas")
    void shouldRunWithoutFlagsAndWithoutWarnings(Path java) throws Exception {
        Process process =
                new ProcessBuilder(
                                java.toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Program.class.getName())
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertEquals("", err, java.toString());
        assertEquals("40000 keys\n", out, java.toString());
        assertEquals(0, process.waitFor());
    }

    /** What the child JVM does: enough for the index to split and memory to be reused. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
                for (int i = 0; i < 80_000; i++) {
                    keyspace.put("key" + i % 50_000, "value" + i);
                }
                for (int i = 0; i < 10_000; i++) {
                    keyspace.delete(("key" + i).getBytes(UTF_8));
                }
                keyspace.put("big", "x".repeat(5 << 20));
                keyspace.delete("big".getBytes(UTF_8));
                System.out.println(keyspace.statistics().keyCount() + " keys");
            }
        }
    }
}
