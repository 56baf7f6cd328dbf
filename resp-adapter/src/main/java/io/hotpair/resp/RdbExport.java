package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.Snapshot;
import io.hotpair.log.ElementReader;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes a keyspace as a Redis RDB file, as it was at one moment; nobody who reads or writes waits
 * for it. Takes memory for a part of a value at a time, for what is pending in a stream, a few
 * bytes for each value of more than a thousand elements, and what {@link Snapshot} takes.
 */
public final class RdbExport {
    private final Snapshot snapshot;
    private final Parts parts;
    private final Format format;
    private final long nowMs;
    private final Progress progress;
    private final RdbFile file;
    private final RdbValueWriter values;
    private final Map<KeyName, RdbShape> large = new HashMap<>();
    private @Nullable RdbShape shape;
    private KeyName name = new KeyName(new byte[0]);
    private boolean isTimed;
    private boolean isSkipped;
    private final long[] keyCounts = new long[KeyArea.COUNT];
    private final long[] timedCounts = new long[KeyArea.COUNT];
    private Databases.Mapping mapping = Databases.Mapping.NONE;
    private final List<byte[]> libraries = new ArrayList<>();
    private boolean isFunctions;
    private long keyCount;
    private long expiredCount;
    private long lostDeadlineCount;
    private long totalBytes;
    private long doneBytes;

    /** Which Redis is to read the file. */
    public enum Format {
        /**
         * Redis 7.0 and newer: version 10. Hashes lose the deadlines of their fields, which Redis
         * 7.0 does not have.
         */
        REDIS_7_0(RdbValueWriter.VERSION_7_0, RespServer.REDIS_VERSION),
        /** Redis 7.4 and newer: version 12. Nothing is lost. */
        REDIS_7_4(RdbValueWriter.VERSION_7_4, "7.4.0");

        private final int version;
        private final String redisVersion;

        Format(int version, String redisVersion) {
            this.version = version;
            this.redisVersion = redisVersion;
        }
    }

    /**
     * What was written. Immutable.
     *
     * @param opId the last operation that the file has
     * @param keyCount keys that were written
     * @param expiredCount keys that were past their deadline, and left out
     * @param lostDeadlineCount fields of hashes that were written without their deadline
     * @param libraryCount libraries of functions that were written
     */
    public record Report(
            long opId,
            long keyCount,
            long expiredCount,
            long lostDeadlineCount,
            int libraryCount) {}

    /** What of a keyspace is written. */
    record Parts(boolean hasKeys, boolean hasFunctions) {
        static final Parts ALL = new Parts(true, true);
    }

    private RdbExport(
            Snapshot snapshot,
            Parts parts,
            Format format,
            long nowMs,
            OutputStream out,
            Progress progress) {
        this.snapshot = snapshot;
        this.parts = parts;
        this.format = format;
        this.nowMs = nowMs;
        this.progress = progress;
        file = new RdbFile(out);
        values = new RdbValueWriter(file.out(), format.version, nowMs);
    }

    /**
     * Writes a keyspace to a stream, with its libraries of functions.
     *
     * @param keyspace the keyspace
     * @param format which Redis is to read it
     * @param out receives the file; is flushed and not closed
     * @param progress told how far it is, in bytes of the keyspace's values
     * @return what was written
     * @throws IllegalStateException if another snapshot of the keyspace is open, or its snapshot
     *     ended as {@link Snapshot#forEach} says; what was written is no whole file
     * @throws UncheckedIOException if it can't be written; what was written is no whole file
     * @throws HotpairException {@code UNKNOWN_VERSION} if its functions were written by another
     *     version of this library
     */
    public static Report write(
            Keyspace keyspace, Format format, OutputStream out, Progress progress) {
        return write(keyspace, format, out, progress, false);
    }

    static Report write(
            Keyspace keyspace,
            Format format,
            OutputStream out,
            Progress progress,
            boolean isBaseOfLog) {
        long nowMs = keyspace.config().clock().currentTimeMs();
        try (Snapshot snapshot = keyspace.snapshot()) {
            return new RdbExport(snapshot, Parts.ALL, format, nowMs, out, progress)
                    .run(isBaseOfLog);
        }
    }

    /** Writes parts of a keyspace, which is of a moment that somebody has fixed. */
    static Report write(
            Snapshot snapshot, Parts parts, long nowMs, OutputStream out, Progress progress) {
        return new RdbExport(snapshot, parts, Format.REDIS_7_0, nowMs, out, progress).run(false);
    }

    /**
     * Writes a keyspace to a file, as {@link #write} does. The file appears when all of it is on
     * the disk, readable by its owner alone.
     *
     * @param keyspace the keyspace
     * @param format which Redis is to read it
     * @param target the file; must not be there
     * @param progress told how far it is, in bytes of the keyspace's values
     * @return what was written
     * @throws IllegalArgumentException if the file is there
     * @throws IllegalStateException as {@link #write}; there is no file then
     * @throws UncheckedIOException if it can't be written; there is no file then
     * @throws HotpairException as {@link #write}; there is no file then
     */
    public static Report toFile(Keyspace keyspace, Format format, Path target, Progress progress) {
        return toFile(keyspace, format, target, progress, false);
    }

    static Report toFile(
            Keyspace keyspace, Format format, Path target, Progress progress, boolean isBaseOfLog) {
        requireAbsent(target);
        Path directory = Objects.requireNonNull(target.toAbsolutePath().getParent(), "directory");
        try {
            // Java makes such a file with mode 0600.
            Path partial =
                    Files.createTempFile(directory, target.getFileName().toString(), ".partial");
            try {
                Report report;
                try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial))) {
                    report = write(keyspace, format, out, progress, isBaseOfLog);
                }
                force(partial);
                requireAbsent(target);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
                force(directory);
                return report;
            } finally {
                boolean unused = Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(target + " can't be written: " + e, e);
        }
    }

    static void requireAbsent(Path target) {
        if (Files.exists(target)) {
            throw new IllegalArgumentException(target + " is there, expected none");
        }
    }

    /** Of a directory: that it has the names that it has. */
    static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Everything twice, because the number of elements stands before them. */
    private Report run(boolean isBaseOfLog) {
        snapshot.forEach(this::count);
        endCounting();
        file.begin(format.version, format.redisVersion, nowMs, isBaseOfLog);
        if (parts.hasFunctions()) {
            libraries.forEach(file::library);
        }
        if (parts.hasKeys()) {
            beginDatabases();
            isSkipped = true;
            snapshot.forEach(this::write);
            endWriting();
        }
        file.end();
        progress.at(totalBytes, totalBytes);
        return new Report(
                snapshot.opId(), keyCount, expiredCount, lostDeadlineCount, libraries.size());
    }

    /** Keys come in an order of their own, so all are told of before the first one. */
    private void beginDatabases() {
        for (int database = 0; database < KeyArea.COUNT; database++) {
            int area = mapping.area(database);
            if (keyCounts[area] > 0 || (database == 0 && keyCount == 0)) {
                file.beginDatabase(database, keyCounts[area], timedCounts[area]);
            }
        }
    }

    private void count(OperationReader operation) {
        totalBytes += operation.operationLength();
        RdbShape before = shape;
        if (RdbShape.isFirst(operation)) {
            endCounting();
            progress.at(0, totalBytes);
            isTimed = operation.deadlineMs() != 0;
            KeyName found = name(operation);
            isFunctions = FunctionSet.isKey(found.bytes());
            if (hasExpired(operation)) {
                expiredCount++;
            } else if (Databases.isMapping(found.bytes())) {
                mapping = Databases.mapping(value(operation));
            } else if (!KeyArea.isOwn(found.bytes())) {
                name = found;
                shape = new RdbShape(operation, nowMs);
            }
        } else if (before != null) {
            before.add(operation);
            large.put(name, before);
        }
        if (isFunctions) {
            addLibraries(operation);
        }
    }

    private void endCounting() {
        RdbShape counted = shape;
        shape = null;
        if (counted == null) {
            return;
        }
        if (counted.isGone()) {
            expiredCount++;
            return;
        }
        int area = KeyArea.of(name.bytes());
        keyCount++;
        keyCounts[area]++;
        timedCounts[area] += isTimed ? 1 : 0;
        lostDeadlineCount += format == Format.REDIS_7_0 ? counted.timedCount() : 0;
    }

    private boolean hasExpired(OperationReader operation) {
        return operation.deadlineMs() != 0 && operation.deadlineMs() <= nowMs;
    }

    private static KeyName name(OperationReader operation) {
        int from = operation.keyOffset();
        return new KeyName(
                Arrays.copyOfRange(operation.bytes(), from, from + operation.keyLength()));
    }

    /** Whether it is no key of a database; which of them is where the file says in its own way. */
    private static boolean isOwn(OperationReader operation) {
        return KeyArea.isOwn(name(operation).bytes());
    }

    private void addLibraries(OperationReader operation) {
        try {
            if (operation.type() != OperationType.CHANGE_HASH) {
                throw FunctionSet.notUnderstood();
            }
            ElementReader element = new ElementReader().wrap(operation);
            while (element.next()) {
                byte[] source = FunctionSet.source(field(element), value(element));
                if (source != null) {
                    libraries.add(source);
                }
            }
        } catch (CommandException e) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    "the functions were written by another version, expected this one; FUNCTION"
                            + " FLUSH removes them",
                    e);
        }
    }

    private static byte[] field(ElementReader element) {
        int from = element.keyOffset();
        return Arrays.copyOfRange(element.bytes(), from, from + element.keyLength());
    }

    private static byte[] value(ElementReader element) {
        int from = element.valueOffset();
        return Arrays.copyOfRange(element.bytes(), from, from + element.valueLength());
    }

    private static byte[] value(OperationReader operation) {
        int from = operation.valueOffset();
        return Arrays.copyOfRange(operation.bytes(), from, from + operation.valueLength());
    }

    private void write(OperationReader operation) {
        if (RdbShape.isFirst(operation)) {
            endWriting();
            isSkipped = hasExpired(operation) || isOwn(operation) || !begin(operation);
        }
        if (!isSkipped) {
            values.add(operation);
        }
        doneBytes += operation.operationLength();
        progress.at(Math.min(doneBytes, totalBytes - 1), totalBytes);
    }

    private boolean begin(OperationReader operation) {
        KeyName key = name(operation);
        RdbShape known = large.get(key);
        RdbShape found = known == null ? new RdbShape(operation, nowMs) : known;
        if (found.isGone()) {
            return false;
        }
        file.select(mapping.database(KeyArea.of(key.bytes())));
        file.key(KeyArea.name(key.bytes()), values.typeOf(found), operation.deadlineMs());
        values.begin(found);
        return true;
    }

    private void endWriting() {
        if (!isSkipped) {
            values.end();
        }
    }
}
