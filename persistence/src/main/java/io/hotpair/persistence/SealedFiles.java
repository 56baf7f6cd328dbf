package io.hotpair.persistence;

import io.hotpair.BackupManifest;
import io.hotpair.HotpairException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/** The file {@code backup.manifest}: what a backup is, and which files it consists of. */
final class SealedFiles {
    static final String FILE_NAME = "backup.manifest";

    private static final String FORMAT = "1";
    private static final String IDENTITY = "log/" + LogIdentity.FILE_NAME;
    private static final String FILE_KEY = "file=";

    /**
     * A file.
     *
     * @param name relative to the backup's directory, with slashes
     * @param length in bytes
     * @param checksum CRC32C of its content
     */
    record Entry(String name, long length, int checksum) {

        /** What a file is, found out while it is copied. */
        static Entry copying(Path root, String name, OutputStream out) throws IOException {
            try (InputStream in = new FileInputStream(root.resolve(name).toFile())) {
                return copying(in, name, out);
            }
        }

        static Entry copying(InputStream in, String name, OutputStream out) throws IOException {
            CRC32C crc = new CRC32C();
            long length = new CheckedInputStream(in, crc).transferTo(out);
            return new Entry(name, length, (int) crc.getValue());
        }

        /**
         * Checks that it is what was sealed.
         *
         * @param found what is there
         * @param file what to call it
         */
        void check(Entry found, Object file) {
            if (!found.equals(this)) {
                throw Failures.corruption(
                        file
                                + " is damaged: length="
                                + found.length
                                + " checksum="
                                + hex(found.checksum)
                                + ", sealed with length="
                                + length
                                + " checksum="
                                + hex(checksum));
            }
        }

        /** As a line of the manifest has it. */
        @Override
        public String toString() {
            return length + " " + hex(checksum) + " " + name;
        }
    }

    private final BackupManifest manifest;
    private final List<Entry> entries;

    private SealedFiles(BackupManifest manifest, List<Entry> entries) {
        this.manifest = manifest;
        this.entries = entries;
    }

    BackupManifest manifest() {
        return manifest;
    }

    List<Entry> entries() {
        return entries;
    }

    static void write(
            Path directory, BackupManifest manifest, List<String> names, LongConsumer onRead)
            throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("format=" + FORMAT);
        lines.add("keyspace=" + manifest.keyspace());
        lines.add("log=" + manifest.logId());
        lines.add("created=" + manifest.created());
        lines.add("firstOpId=" + manifest.firstOpId());
        lines.add("lastOpId=" + manifest.lastOpId());
        lines.add("lastTerm=" + manifest.lastTerm());
        lines.add("lastTime=" + manifest.lastTime());
        for (String name : names) {
            lines.add(FILE_KEY + Entry.copying(directory, name, counting(onRead)));
        }
        SealedText.write(directory.resolve(FILE_NAME), lines);
    }

    /** Takes all, and tells how much that is. */
    private static OutputStream counting(LongConsumer onBytes) {
        return new OutputStream() {
            @Override
            public void write(int b) {
                onBytes.accept(1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                onBytes.accept(length);
            }
        };
    }

    static String hex(int checksum) {
        return String.format(Locale.ROOT, "%08x", checksum);
    }

    /**
     * Reads it.
     *
     * @throws HotpairException {@code CORRUPTION} or {@code UNKNOWN_VERSION}
     */
    static SealedFiles read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            throw missing(directory);
        }
        return of(file, SealedText.read(file));
    }

    static HotpairException missing(Object where) {
        return Failures.corruption(where + " has no " + FILE_NAME + ": it is no backup");
    }

    /**
     * Reads it from its lines.
     *
     * @param file what to call it
     */
    static SealedFiles of(Object file, List<String> lines) {
        Map<String, String> facts = new HashMap<>();
        List<Entry> entries = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(FILE_KEY)) {
                entries.add(entry(file, line.substring(FILE_KEY.length())));
            } else {
                int equals = line.indexOf('=');
                facts.put(line.substring(0, Math.max(0, equals)), line.substring(equals + 1));
            }
        }
        if (!FORMAT.equals(facts.get("format"))) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    file + ": format=" + facts.get("format") + ", expected " + FORMAT);
        }
        if (entries.stream().noneMatch(entry -> entry.name().equals(IDENTITY))) {
            throw Failures.corruption(file + " names no " + IDENTITY + ": it is no whole backup");
        }
        return new SealedFiles(manifest(file, facts), List.copyOf(entries));
    }

    private static Entry entry(Object file, String text) {
        String[] parts = text.split(" ", 3);
        try {
            return new Entry(
                    parts[2], Long.parseLong(parts[0]), Integer.parseUnsignedInt(parts[1], 16));
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw Failures.corruption(
                    file + ": file=" + text + ", expected length, checksum, name");
        }
    }

    private static BackupManifest manifest(Object file, Map<String, String> facts) {
        try {
            return new BackupManifest(
                    fact(facts, "keyspace"),
                    UUID.fromString(fact(facts, "log")),
                    Instant.parse(fact(facts, "created")),
                    Long.parseLong(fact(facts, "firstOpId")),
                    Long.parseLong(fact(facts, "lastOpId")),
                    Long.parseLong(fact(facts, "lastTerm")),
                    Instant.parse(fact(facts, "lastTime")));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw Failures.corruption(file + " can't be understood: " + e.getMessage());
        }
    }

    private static String fact(Map<String, String> facts, String key) {
        String value = facts.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return value;
    }

    /**
     * The file of a name, which may come from anywhere.
     *
     * @throws HotpairException {@code CORRUPTION} if it lies outside the directory
     */
    static Path inside(Path root, String name) {
        // What no path can have, either.
        Path file = name.indexOf(0) < 0 ? root.resolve(name).normalize() : root;
        if (name.isEmpty() || !file.startsWith(root.normalize()) || file.equals(root.normalize())) {
            throw Failures.corruption("name=" + name + ", expected one inside of " + root);
        }
        return file;
    }
}
