package io.hotpair.resp;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files an append-only log of Redis 7.0 consists of, and in which order. A line for each:
 *
 * <pre>
 *   file appendonly.aof.1.base.rdb seq 1 type b
 * </pre>
 *
 * <p>The type is b for the base, i for what came after it, h for what is not needed any more.
 */
final class AofManifest {
    private static final String SUFFIX = ".manifest";

    /** A file that is needed. */
    private record Entry(Path file, long sequence, String type) {}

    private AofManifest() {}

    /**
     * The files of a log, the oldest first: those that a manifest names, or the file itself.
     *
     * @param source a directory with a manifest, a manifest, or a log of one file
     */
    static List<Path> files(Path source) throws IOException {
        if (Files.isDirectory(source)) {
            return read(onlyManifest(source));
        }
        return String.valueOf(source.getFileName()).endsWith(SUFFIX)
                ? read(source)
                : List.of(source);
    }

    private static Path onlyManifest(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            List<Path> manifests =
                    all.filter(each -> each.getFileName().toString().endsWith(SUFFIX)).toList();
            if (manifests.size() != 1) {
                throw new IllegalArgumentException(
                        directory
                                + " has "
                                + manifests.size()
                                + " files that end with .manifest, expected one");
            }
            return manifests.get(0);
        }
    }

    private static List<Path> read(Path manifest) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (String line : Files.readAllLines(manifest, StandardCharsets.UTF_8)) {
            Entry entry = line.isEmpty() || line.startsWith("#") ? null : entry(manifest, line);
            if (entry != null) {
                entries.add(entry);
            }
        }
        if (entries.stream().filter(entry -> entry.type.equals("b")).count() > 1) {
            throw damaged(manifest, "has two base files, expected one");
        }
        // A base is of the sequence of the rewrite that made it, not of what follows.
        entries.sort(
                Comparator.comparing((Entry entry) -> entry.type.equals("i"))
                        .thenComparing(Entry::sequence));
        return entries.stream().map(Entry::file).toList();
    }

    /** What a line names, or null if it is not needed. */
    private static @Nullable Entry entry(Path manifest, String line) {
        Request words = new Request();
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        if (!InlineArguments.split(bytes, 0, bytes.length, words) || words.count() % 2 != 0) {
            throw damaged(manifest, "line=" + line + ", expected names and values in turn");
        }
        String name = "";
        String type = "";
        long sequence = -1;
        for (int i = 0; i < words.count(); i += 2) {
            String value = new String(words.copy(i + 1), StandardCharsets.UTF_8);
            switch (new String(words.copy(i), StandardCharsets.UTF_8)) {
                case "file" -> name = value;
                case "type" -> type = value;
                case "seq" -> sequence = value.matches("\\d{1,18}") ? Long.parseLong(value) : -1;
                default -> {
                    // Redis too passes over what it does not know.
                }
            }
        }
        if (name.isEmpty() || name.contains("/") || sequence < 0 || !type.matches("[bih]")) {
            throw damaged(manifest, "line=" + line + ", expected file, seq and type b, i or h");
        }
        Path directory = Objects.requireNonNull(manifest.toAbsolutePath().getParent(), "parent");
        return type.equals("h") ? null : new Entry(directory.resolve(name), sequence, type);
    }

    private static HotpairException damaged(Path manifest, String what) {
        return new HotpairException(HotpairException.Category.CORRUPTION, manifest + " " + what);
    }
}
