package io.hotpair.persistence;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Saves the operations that a cut takes from a log: the frames as they are, one after the other, in
 * the file {@code frames}, and a {@code manifest.txt} for people. The directory appears under its
 * name only when both are durable.
 */
final class DivergentTail {
    static final String DIRECTORY = "divergent";
    static final String FRAMES = "frames";
    static final String MANIFEST = "manifest.txt";

    private final CRC32C crc = new CRC32C();
    private long operationCount;
    private long frameCount;
    private long byteCount;
    private long firstOpId;
    private long lastOpId;

    private DivergentTail() {}

    /**
     * Saves all that is live after an opId; there must be something.
     *
     * @return the name of its directory in {@link #DIRECTORY}
     */
    static String save(Path home, LogIdentity identity, History history, long keptOpId, long nowMs)
            throws IOException {
        return new DivergentTail().saveAfter(home, identity, history, keptOpId, nowMs);
    }

    private String saveAfter(
            Path home, LogIdentity identity, History history, long keptOpId, long nowMs)
            throws IOException {
        Path parent = home.resolve(DIRECTORY);
        Directories.create(parent);
        Path partial = parent.resolve(".partial");
        Directories.deleteTree(partial);
        Directories.create(partial);
        writeFrames(partial.resolve(FRAMES), history, keptOpId);
        Lineage lineage = history.lineage();
        String manifest = manifest(identity, lineage, keptOpId, nowMs);
        Directories.writeForced(
                partial.resolve(MANIFEST), manifest.getBytes(StandardCharsets.UTF_8));
        Directories.force(partial);
        String name = nameFor(parent, lineage.lastTerm() + "-" + firstOpId + "-" + lastOpId);
        Path target = parent.resolve(name);
        if (Files.exists(target)) {
            // Saved before, by a session that died before it noted the cut.
            Directories.deleteTree(partial);
        } else {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        }
        Directories.force(parent);
        Directories.force(home);
        return name;
    }

    private void writeFrames(Path file, History history, long keptOpId) throws IOException {
        Directories.createFile(file);
        FrameBuffer frame = new FrameBuffer();
        try (FileOutputStream out = new FileOutputStream(file.toFile());
                LogSource source = new LogSource(history, ignored -> {}, cycle -> {})) {
            source.seekAfter(keptOpId);
            while (source.poll(frame)) {
                out.write(frame.bytes(), 0, frame.length());
                add(frame, keptOpId);
            }
            out.getFD().sync();
        }
    }

    private void add(FrameBuffer frame, long keptOpId) {
        crc.update(frame.bytes(), 0, frame.length());
        frameCount++;
        byteCount += frame.length();
        if (FrameDescriptor.isComplete(frame)) {
            operationCount += operationsAfter(frame, keptOpId);
        }
        lastOpId = FrameDescriptor.lastOpId(frame);
    }

    private long operationsAfter(FrameBuffer frame, long keptOpId) {
        if (FrameDescriptor.fragmentCount(frame) > 1) {
            noteFirst(FrameDescriptor.firstOpId(frame));
            return 1;
        }
        long count = 0;
        OperationReader operations = new OperationReader();
        operations.wrap(frame);
        while (operations.next()) {
            if (operations.opId() > keptOpId) {
                noteFirst(operations.opId());
                count++;
            }
        }
        return count;
    }

    private void noteFirst(long opId) {
        if (firstOpId == 0) {
            firstOpId = opId;
        }
    }

    private String manifest(LogIdentity identity, Lineage lineage, long keptOpId, long nowMs) {
        List<String> lines = new ArrayList<>();
        lines.add("These operations were cut from the log, because the others did not have them.");
        lines.add("log=" + identity.id());
        lines.add("kept-up-to=" + keptOpId);
        lines.add("operations=" + operationCount);
        lines.add("first-op-id=" + firstOpId);
        lines.add("last-op-id=" + lastOpId);
        for (Lineage.TermStart start : lineage.terms()) {
            if (lineage.lastOpIdOf(start.term()) > keptOpId) {
                long from = Math.max(start.firstOpId(), firstOpId);
                lines.add("term=" + start.term() + " from-op-id=" + from);
            }
        }
        lines.add("frames=" + frameCount);
        lines.add("bytes=" + byteCount);
        lines.add("frames-crc32c=" + String.format(Locale.ROOT, "%08x", crc.getValue()));
        lines.add("saved=" + Instant.ofEpochMilli(nowMs));
        return String.join("\n", lines) + "\n";
    }

    /** The plain name, or one with a number if another tail has it already. */
    private String nameFor(Path parent, String plain) throws IOException {
        String name = plain;
        for (int i = 2; Files.exists(parent.resolve(name)); i++) {
            if (isSame(parent.resolve(name))) {
                return name;
            }
            name = plain + "-" + i;
        }
        return name;
    }

    private boolean isSame(Path directory) throws IOException {
        Path frames = directory.resolve(FRAMES);
        if (!Files.exists(frames) || Files.size(frames) != byteCount) {
            return false;
        }
        CRC32C found = new CRC32C();
        try (InputStream in = Files.newInputStream(frames)) {
            byte[] chunk = new byte[64 * 1024];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                found.update(chunk, 0, n);
            }
        }
        return found.getValue() == crc.getValue();
    }
}
