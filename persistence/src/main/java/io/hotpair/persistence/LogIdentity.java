package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Who a log is, in the file {@code log.identity}: written when the log is created, never changed.
 * Its presence says that the creation was completed.
 *
 * @param id the log's identity
 * @param createdMs when it was created, milliseconds since 1970
 */
record LogIdentity(UUID id, long createdMs) {
    static final String FILE_NAME = "log.identity";

    /** Of the directory as a whole. A frame has its own version. */
    static final int FORMAT_VERSION = 1;

    private static final String FORMAT_KEY = "format=";
    private static final String ID_KEY = "id=";
    private static final String CREATED_KEY = "created=";

    void write(Path directory) throws IOException {
        SealedText.write(
                directory.resolve(FILE_NAME),
                List.of(
                        FORMAT_KEY + FORMAT_VERSION,
                        ID_KEY + id,
                        CREATED_KEY + Instant.ofEpochMilli(createdMs)));
    }

    /**
     * Reads it.
     *
     * @throws HotpairException {@code CORRUPTION}, or {@code UNKNOWN_VERSION} if the format is
     *     another than this build's
     */
    static LogIdentity read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        List<String> lines = SealedText.read(file);
        String format = valueOf(lines, 0, FORMAT_KEY, file);
        if (!format.equals(Integer.toString(FORMAT_VERSION))) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    file
                            + ": format="
                            + format
                            + ", expected "
                            + FORMAT_VERSION
                            + ": written by a newer build");
        }
        UUID id = UUID.fromString(valueOf(lines, 1, ID_KEY, file));
        Instant created = Instant.parse(valueOf(lines, 2, CREATED_KEY, file));
        return new LogIdentity(id, created.toEpochMilli());
    }

    private static String valueOf(List<String> lines, int index, String key, Path file) {
        String line = index < lines.size() ? lines.get(index) : "";
        if (!line.startsWith(key)) {
            throw Failures.corruption(
                    file + ": line " + (index + 1) + "=" + line + ", expected " + key);
        }
        return line.substring(key.length());
    }
}
