package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The mark in a file: three lines of text, replaced as a whole by a rename. Without Linux's boot id
 * every start counts as another boot, which is the safe side.
 */
final class MarkerFile implements NodeMarker {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String FIRST_LINE = "hotpair-node 1";

    private final Path directory;
    private final Path file;
    private final String bootId;

    /**
     * Creates one.
     *
     * @param keyspaceDirectory the keyspace's directory; the file is kept below it
     */
    MarkerFile(Path keyspaceDirectory) {
        directory = keyspaceDirectory.resolve("replication");
        file = directory.resolve("node");
        bootId = readBootId();
    }

    @Override
    public String currentBootId() {
        return bootId;
    }

    @Override
    public @Nullable Mark load() {
        try {
            return parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw failed("can't be read", e);
        }
    }

    @Override
    public void store(Mark mark) {
        String text =
                FIRST_LINE
                        + "\nboot="
                        + mark.bootId()
                        + "\nclean="
                        + mark.clean()
                        + "\nalone="
                        + mark.alone()
                        + "\n";
        try {
            createDirectory();
            Path next = directory.resolve("node.next");
            writeForced(next, text);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
                parent.force(true);
            }
        } catch (IOException e) {
            throw failed("can't be written", e);
        }
    }

    private void createDirectory() throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        if (isPosix()) {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(directory);
        }
    }

    private static void writeForced(Path path, String text) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        Set.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING))) {
            if (isPosix()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            }
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    private Mark parse(String text) {
        String[] lines = text.split("\n", -1);
        if (lines.length != 5 || !lines[0].equals(FIRST_LINE) || !lines[4].isEmpty()) {
            throw damaged(text);
        }
        return new Mark(
                value(lines[1], "boot=", text),
                flag(lines[2], "clean=", text),
                flag(lines[3], "alone=", text));
    }

    private String value(String line, String prefix, String text) {
        if (!line.startsWith(prefix)) {
            throw damaged(text);
        }
        return line.substring(prefix.length());
    }

    private boolean flag(String line, String prefix, String text) {
        String value = value(line, prefix, text);
        if (!value.equals("true") && !value.equals("false")) {
            throw damaged(text);
        }
        return value.equals("true");
    }

    private HotpairException damaged(String text) {
        String shown = text.length() > 80 ? text.substring(0, 80) : text;
        return new HotpairException(
                Category.CORRUPTION,
                "node marker "
                        + file
                        + " is damaged: found '"
                        + shown.replace('\n', '|')
                        + "', expected four lines that begin with '"
                        + FIRST_LINE
                        + "'");
    }

    private HotpairException failed(String what, IOException cause) {
        return new HotpairException(
                Category.LOG_FAILED, "node marker " + file + " " + what + ": " + cause, cause);
    }

    private static boolean isPosix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }

    private static String readBootId() {
        try {
            return Files.readString(BOOT_ID, StandardCharsets.UTF_8).trim();
        } catch (IOException e) {
            // No boot id on this system: a fresh one makes every restart count as unclean.
            return "unknown-" + UUID.randomUUID();
        }
    }
}
