package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A log in memory that survives a crash of its process, and of which a power cut takes what was not
 * forced.
 */
final class MemoryLog implements OperationLog {
    private final UUID id;
    private final List<FrameBuffer> frames = new ArrayList<>();
    private final List<Long> cuts = new ArrayList<>();
    private final List<String> operations = new ArrayList<>();
    private final OperationReader reader = new OperationReader();
    private int forcedFrames;
    private int removedFrames;

    MemoryLog(UUID id) {
        this.id = id;
    }

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public synchronized Lineage lineage() {
        List<Lineage.TermStart> terms = new ArrayList<>();
        for (FrameBuffer buffer : frames) {
            long term = FrameDescriptor.term(buffer);
            if (terms.isEmpty() || terms.get(terms.size() - 1).term() != term) {
                terms.add(new Lineage.TermStart(term, FrameDescriptor.previousOpId(buffer) + 1));
            }
        }
        return new Lineage(terms);
    }

    @Override
    public synchronized long firstOpId() {
        return frames.isEmpty() ? 0 : FrameDescriptor.firstOpId(frames.get(0));
    }

    @Override
    public synchronized long lastOpId() {
        for (int i = frames.size() - 1; i >= 0; i--) {
            FrameBuffer frame = frames.get(i);
            if (FrameDescriptor.isComplete(frame)) {
                return FrameDescriptor.lastOpId(frame);
            }
        }
        return 0;
    }

    synchronized long lastTerm() {
        return frames.isEmpty() ? 0 : FrameDescriptor.term(frames.get(frames.size() - 1));
    }

    @Override
    public synchronized void append(FrameBuffer frame) {
        FrameDescriptor.verify(frame, "append");
        boolean laterPart = FrameDescriptor.fragmentIndex(frame) > 0;
        if (!laterPart) {
            dropIncompleteTail();
        }
        long previous = FrameDescriptor.previousOpId(frame);
        if (previous != lastOpId() || FrameDescriptor.term(frame) < lastTerm()) {
            throw new IllegalArgumentException(
                    "previousOpId="
                            + previous
                            + " term="
                            + FrameDescriptor.term(frame)
                            + ", expected "
                            + lastOpId()
                            + " and at least "
                            + lastTerm());
        }
        FrameBuffer copy = copyOf(frame);
        frames.add(copy);
        reader.wrap(copy);
        while (reader.next()) {
            operations.add(FrameDescriptor.term(copy) + ":" + describe(reader));
        }
    }

    @Override
    public synchronized void force() {
        forcedFrames = frames.size();
    }

    synchronized long forcedOpId() {
        return forcedFrames == 0 ? 0 : FrameDescriptor.lastOpId(frames.get(forcedFrames - 1));
    }

    /** The machine goes down: what was not forced is gone. */
    synchronized void powerCut() {
        while (frames.size() > forcedFrames) {
            frames.remove(frames.size() - 1);
        }
        forgetOperations();
    }

    /** Loses its oldest frames, as retention would take them. */
    synchronized void dropOldest(int count) {
        frames.subList(0, count).clear();
        removedFrames += count;
        forcedFrames = Math.max(0, forcedFrames - count);
    }

    /** Replaces an operation's bytes behind the back of everybody, checksum included. */
    synchronized void replaceFrame(int index, FrameBuffer frame) {
        frames.set(index, copyOf(frame));
    }

    synchronized List<Long> cuts() {
        return List.copyOf(cuts);
    }

    @Override
    public synchronized Path cutAfter(long opId) {
        while (!frames.isEmpty() && firstOf(frames.size() - 1) > opId) {
            frames.remove(frames.size() - 1);
        }
        if (!frames.isEmpty() && lastOpId() > opId) {
            int last = frames.size() - 1;
            FrameBuffer shortened = upTo(frames.get(last), opId);
            frames.set(last, copyOf(shortened));
        }
        forcedFrames = frames.size();
        forgetOperations();
        cuts.add(opId);
        return Path.of("divergent", "after-" + opId);
    }

    @Override
    public OperationSource openSource() {
        return new Source();
    }

    @Override
    public void close() {
        force();
    }

    /** Every live operation as {@code term:opId:type:key=value}, to compare logs with. */
    synchronized List<String> operations() {
        return List.copyOf(operations);
    }

    /** Whether that operation is live here. */
    synchronized boolean holds(String operation, long opId) {
        return operations.size() >= opId && operations.get((int) opId - 1).equals(operation);
    }

    /** Forgets operations past the end of the live frames. OpIds have no gaps here. */
    private void forgetOperations() {
        int live = (int) lastOpId();
        operations.subList(Math.min(live, operations.size()), operations.size()).clear();
    }

    private static String describe(OperationReader reader) {
        String key = text(reader, reader.keyOffset(), reader.keyLength());
        String value =
                reader.valueLength() > 64
                        ? "length " + reader.valueLength()
                        : text(reader, reader.valueOffset(), reader.valueLength());
        return reader.opId() + ":" + reader.type() + ":" + key + "=" + value;
    }

    private static String text(OperationReader reader, int offset, int length) {
        return new String(reader.bytes(), offset, length, StandardCharsets.UTF_8);
    }

    private void dropIncompleteTail() {
        while (!frames.isEmpty() && !FrameDescriptor.isComplete(frames.get(frames.size() - 1))) {
            frames.remove(frames.size() - 1);
            forcedFrames = Math.min(forcedFrames, frames.size());
        }
    }

    private long firstOf(int index) {
        return FrameDescriptor.firstOpId(frames.get(index));
    }

    private static FrameBuffer upTo(FrameBuffer frame, long opId) {
        FrameEncoder encoder = new FrameEncoder();
        encoder.begin(FrameDescriptor.term(frame), FrameDescriptor.previousOpId(frame));
        OperationReader reader = new OperationReader();
        reader.wrap(frame);
        while (reader.next() && reader.opId() <= opId) {
            encoder.copyCommit(reader);
        }
        return encoder.seal(FrameDescriptor.timestampMs(frame));
    }

    private static FrameBuffer copyOf(FrameBuffer frame) {
        FrameBuffer copy = new FrameBuffer(frame.length());
        System.arraycopy(frame.bytes(), 0, copy.bytes(), 0, frame.length());
        copy.length(frame.length());
        return copy;
    }

    private final class Source implements OperationSource {
        private int next;
        private long seenOpId;

        @Override
        public void seekAfter(long opId) {
            synchronized (MemoryLog.this) {
                if (opId > lastOpId()) {
                    throw new IllegalArgumentException(
                            "opId=" + opId + ", expected at most " + lastOpId());
                }
                if (!frames.isEmpty() && removedFrames > 0 && opId + 1 < firstOpId()) {
                    throw new HotpairException(
                            HotpairException.Category.NOT_RETAINED,
                            "opId=" + opId + ", expected at least " + (firstOpId() - 1));
                }
                seenOpId = opId;
                next = indexAfter(opId);
            }
        }

        @Override
        public boolean poll(FrameBuffer into) {
            synchronized (MemoryLog.this) {
                if (next > frames.size()) {
                    next = indexAfter(seenOpId);
                }
                if (next == frames.size()) {
                    return false;
                }
                FrameBuffer frame = frames.get(next++);
                into.ensureCapacity(frame.length());
                System.arraycopy(frame.bytes(), 0, into.bytes(), 0, frame.length());
                into.length(frame.length());
                seenOpId = FrameDescriptor.lastOpId(into);
                return true;
            }
        }

        private int indexAfter(long opId) {
            int index = 0;
            while (index < frames.size() && FrameDescriptor.lastOpId(frames.get(index)) <= opId) {
                index++;
            }
            return index;
        }

        @Override
        public void close() {}
    }
}
