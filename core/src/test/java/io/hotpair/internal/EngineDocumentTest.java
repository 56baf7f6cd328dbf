package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The page of the proof names what is there: invariants, classes, tests. */
class EngineDocumentTest {
    private static final Path PATH = Path.of("docs", "engine.md");
    private static final Pattern ROW = Pattern.compile("\\| ([A-Z]\\d) \\| .* \\| `(\\w+)`.*\\|");
    private static final Pattern LABEL = Pattern.compile("<b>([A-Z]\\d)</b>");
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w+)(?:\\.(should\\w+))?`");
    private static final Pattern METHOD = Pattern.compile("`\\.\\.\\.(should\\w+)`");

    private static List<String> sources(String root) throws IOException {
        try (Stream<Path> paths = Files.walk(Path.of(root))) {
            return paths.filter(path -> path.toString().endsWith(".java"))
                    .map(EngineDocumentTest::read)
                    .toList();
        }
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> labels(String owner) {
        Path source = Path.of("src/main/java/io/hotpair/internal", owner + ".java");
        return LABEL.matcher(read(source))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldListEachInvariantWithItsOwner() {
        Set<String> listed = new TreeSet<>();
        Set<String> owned = new TreeSet<>();
        Matcher row = ROW.matcher(read(PATH));
        while (row.find()) {
            Set<String> labels = labels(row.group(2));
            assertTrue(labels.contains(row.group(1)), () -> row.group());
            listed.add(row.group(1));
            owned.addAll(labels);
        }
        assertEquals(owned, listed);
        assertTrue(listed.size() > 25, listed::toString);
    }

    @Test
    void shouldNameClassesAndTestsThatAreThere() throws IOException {
        String text = read(PATH);
        List<String> sources = sources("src");
        Set<String> missing = new TreeSet<>();
        NAME.matcher(text)
                .results()
                .filter(name -> !name.group(1).equals(name.group(1).toUpperCase(Locale.ROOT)))
                .filter(name -> !isThere(sources, name.group(1), name.group(2)))
                .forEach(name -> missing.add(name.group()));
        METHOD.matcher(text)
                .results()
                .filter(name -> sources.stream().noneMatch(source -> has(source, name.group(1))))
                .forEach(name -> missing.add(name.group()));
        assertEquals(Set.of(), missing);
    }

    private static boolean isThere(List<String> sources, String type, @Nullable String method) {
        Pattern declared = Pattern.compile("\\b(class|interface|enum|record) " + type + "\\b");
        return sources.stream()
                .filter(source -> declared.matcher(source).find())
                .anyMatch(source -> method == null || has(source, method));
    }

    private static boolean has(String source, String method) {
        return source.contains("void " + method + "(");
    }
}
