package io.hotpair.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {
    @TempDir private Path directory;

    private String run() {
        PrintStream console = System.out;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setOut(new PrintStream(captured, true, UTF_8));
        try {
            Quickstart.main(new String[] {directory.resolve("data").toString()});
        } finally {
            System.setOut(console);
        }
        return captured.toString(UTF_8);
    }

    @Test
    void shouldGoOnWhereItWas() {
        assertEquals("Ada was here 1 times" + System.lineSeparator(), run());
        assertEquals("Ada was here 2 times" + System.lineSeparator(), run());
    }

    @Test
    void shouldBeWhatTheReadmeShows() throws Exception {
        String readme = Files.readString(Path.of("..", "README.md"));
        int from = readme.indexOf("```java") + 7;
        String shown = readme.substring(from, readme.indexOf("```", from));
        String source =
                Files.readString(Path.of("src/main/java/io/hotpair/examples/Quickstart.java"));
        assertTrue(
                source.replaceAll("\\s+", "").contains(shown.replaceAll("\\s+", "")),
                "the README's example differs from Quickstart.java:\n" + shown);
    }
}
