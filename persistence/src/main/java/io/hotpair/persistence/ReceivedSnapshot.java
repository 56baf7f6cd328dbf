package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.SnapshotReceiver;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of another log on its way to be the beginning of this one.
 *
 * <p>Its blocks stay as they came. What belongs to this log is put in their place in the header,
 * the log's id and the place in it, and the footer's checksum is made anew: after that it is a
 * snapshot like any other.
 */
final class ReceivedSnapshot implements SnapshotReceiver {
    static final String FILE_NAME = "copy" + SnapshotFileWriter.PARTIAL_SUFFIX;

    private static final long FORCE_EVERY_BYTES = 16 << 20;

    private final ChronicleLog log;
    private final SnapshotDirectory directory;
    private final LogOptions options;
    private final RandomAccessFile file;
    private Path path;
    private long written;
    private long forced;
    private SnapshotDirectory.@Nullable Entry checked;
    private boolean ended;

    private ReceivedSnapshot(
            ChronicleLog log,
            SnapshotDirectory directory,
            LogOptions options,
            Path path,
            RandomAccessFile file) {
        this.log = log;
        this.directory = directory;
        this.options = options;
        this.path = path;
        this.file = file;
    }

    static ReceivedSnapshot create(
            ChronicleLog log, SnapshotDirectory directory, LogOptions options) {
        Path path = directory.path().resolve(FILE_NAME);
        try {
            Directories.createFile(path);
            RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
            return new ReceivedSnapshot(log, directory, options, path, file);
        } catch (FileAlreadyExistsException e) {
            throw Failures.logFailed(path + " is there: another copy is being received", e);
        } catch (IOException e) {
            throw Failures.logFailed(path + " can't be created: " + e, e);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        requireUnchecked();
        try {
            SnapshotFileWriter.requireSpace(directory.path(), path, length, options);
            file.write(bytes, offset, length);
            written += length;
            if (written - forced >= FORCE_EVERY_BYTES) {
                file.getFD().sync();
                forced = written;
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public SavedSnapshot check(Runnable onProgress) {
        requireUnchecked();
        try {
            SnapshotDirectory.Entry entry = adopt(onProgress);
            file.getFD().sync();
            file.close();
            LogBegin begin =
                    new LogBegin(entry.place().cycle(), entry.saved().opId(), Lineage.EMPTY);
            Path complete = directory.receivedFileFor(begin);
            Files.move(path, complete, StandardCopyOption.ATOMIC_MOVE);
            path = complete;
            Directories.force(directory.path());
            checked = entry;
            return entry.saved();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Checks everything, then makes it this log's own. */
    private SnapshotDirectory.Entry adopt(Runnable onProgress) throws IOException {
        try (SnapshotFileReader reader = SnapshotFileReader.open(path)) {
            SnapshotHeader header =
                    new SnapshotHeader(
                            log.id(),
                            reader.header().opId(),
                            reader.header().term(),
                            reader.header().timestampMs(),
                            log.placeOfNextBeginning());
            requirePositive(header);
            byte[] head = header.encode();
            CRC32C chain = new CRC32C();
            SnapshotDescriptor.chain(
                    chain, FrameDescriptor.getInt(head, SnapshotDescriptor.HEADER_CRC_OFFSET));
            reader.check(onProgress, crc -> SnapshotDescriptor.chain(chain, crc));
            SnapshotFooter came = reader.footer();
            SnapshotFooter footer =
                    new SnapshotFooter(
                            came.blockCount(),
                            came.operationCount(),
                            came.fileLength(),
                            (int) chain.getValue());
            file.seek(0);
            file.write(head);
            file.seek(footer.fileLength() - SnapshotDescriptor.FOOTER_LENGTH);
            file.write(footer.encode());
            SavedSnapshot saved =
                    SnapshotDirectory.saved(directory.fileFor(header.opId()), header, footer);
            return new SnapshotDirectory.Entry(saved, header.place());
        }
    }

    private void requirePositive(SnapshotHeader header) {
        if (header.opId() < 1 || header.term() < 1) {
            throw Failures.corruption(
                    "snapshot "
                            + path
                            + ", header: opId="
                            + header.opId()
                            + " term="
                            + header.term()
                            + ", expected above 0");
        }
    }

    @Override
    public Path install(Lineage lineage, long sharedOpId) {
        SnapshotDirectory.Entry entry = checked;
        if (entry == null || ended) {
            throw new IllegalStateException("snapshot " + path + " was not checked");
        }
        long opId = entry.saved().opId();
        long term = lineage.termAt(opId);
        if (term != entry.saved().term()) {
            throw new IllegalArgumentException(
                    "lineage="
                            + lineage
                            + ", expected term="
                            + entry.saved().term()
                            + " at opId="
                            + opId);
        }
        Lineage terms =
                new Lineage(lineage.terms().stream().filter(t -> t.firstOpId() <= opId).toList());
        LogBegin begin = new LogBegin(entry.place().cycle(), opId, terms);
        try {
            Path saved = log.beginWith(begin, entry, sharedOpId);
            ended = true;
            return saved;
        } catch (RuntimeException e) {
            // Perhaps the log begins with it by now: then opening the log needs it.
            ended = log.hasFailed();
            throw e;
        }
    }

    private void requireUnchecked() {
        if (checked != null || ended) {
            throw new IllegalStateException("snapshot " + path + " was checked or closed");
        }
    }

    private RuntimeException failed(IOException e) {
        return Failures.logFailed("snapshot " + path + " can't be taken in: " + e, e);
    }

    @Override
    public void close() {
        if (ended) {
            return;
        }
        ended = true;
        try {
            file.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
