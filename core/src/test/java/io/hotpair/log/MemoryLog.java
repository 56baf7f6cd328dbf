package io.hotpair.log;

import io.hotpair.HotpairException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** A log on the heap: what {@link OperationLog} promises, with nothing behind it. */
public final class MemoryLog implements OperationLog {
    private final UUID id = UUID.randomUUID();
    private final List<byte[]> frames = new ArrayList<>();
    private Lineage lineage = Lineage.EMPTY;
    private long lastOpId;
    private volatile long forcedOpId;
    private volatile boolean failing;
    private int closeCount;

    /** Makes every further append and force fail. */
    public void failFromNowOn() {
        failing = true;
    }

    public int closeCount() {
        return closeCount;
    }

    public long forcedOpId() {
        return forcedOpId;
    }

    private void check() {
        if (failing) {
            throw new HotpairException(HotpairException.Category.LOG_FAILED, "planned failure");
        }
    }

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public synchronized Lineage lineage() {
        return lineage;
    }

    @Override
    public synchronized long firstOpId() {
        return frames.isEmpty() ? 0 : FrameDescriptor.firstOpId(frame(0));
    }

    @Override
    public synchronized long lastOpId() {
        return lastOpId;
    }

    private FrameBuffer frame(int index) {
        return buffer(frames.get(index));
    }

    private static FrameBuffer buffer(byte[] bytes) {
        FrameBuffer buffer = new FrameBuffer(bytes.length);
        System.arraycopy(bytes, 0, buffer.bytes(), 0, bytes.length);
        buffer.length(bytes.length);
        return buffer;
    }

    @Override
    public synchronized void append(FrameBuffer frame) {
        check();
        FrameDescriptor.verify(frame, "append");
        long term = FrameDescriptor.term(frame);
        if (FrameDescriptor.previousOpId(frame) != lastOpId || term < lineage.lastTerm()) {
            throw new IllegalArgumentException(
                    "previousOpId="
                            + FrameDescriptor.previousOpId(frame)
                            + ", expected "
                            + lastOpId);
        }
        frames.add(Arrays.copyOf(frame.bytes(), frame.length()));
        if (FrameDescriptor.isComplete(frame)) {
            lineage = lineage.begin(term, FrameDescriptor.previousOpId(frame) + 1);
            lastOpId = FrameDescriptor.lastOpId(frame);
        }
    }

    @Override
    public synchronized void force() {
        check();
        forcedOpId = lastOpId;
    }

    @Override
    public synchronized Path cutAfter(long opId) {
        List<byte[]> kept = new ArrayList<>();
        Lineage keptLineage = Lineage.EMPTY;
        for (byte[] bytes : frames) {
            FrameBuffer frame = buffer(bytes);
            if (FrameDescriptor.firstOpId(frame) > opId) {
                break;
            }
            keptLineage =
                    keptLineage.begin(
                            FrameDescriptor.term(frame), FrameDescriptor.previousOpId(frame) + 1);
            kept.add(FrameDescriptor.lastOpId(frame) <= opId ? bytes : shortened(frame, opId));
        }
        frames.clear();
        frames.addAll(kept);
        lineage = keptLineage;
        lastOpId = opId;
        return Path.of("divergent");
    }

    private static byte[] shortened(FrameBuffer frame, long opId) {
        FrameEncoder encoder = new FrameEncoder();
        encoder.begin(FrameDescriptor.term(frame), FrameDescriptor.previousOpId(frame));
        OperationReader reader = new OperationReader();
        reader.wrap(frame);
        while (reader.next() && reader.opId() <= opId) {
            encoder.copyCommit(reader);
        }
        FrameBuffer sealed = encoder.seal(FrameDescriptor.timestampMs(frame));
        return Arrays.copyOf(sealed.bytes(), sealed.length());
    }

    @Override
    public OperationSource openSource() {
        return new Source();
    }

    @Override
    public synchronized void close() {
        closeCount++;
        forcedOpId = lastOpId;
    }

    private final class Source implements OperationSource {
        private int next;

        @Override
        public void seekAfter(long opId) {
            synchronized (MemoryLog.this) {
                next = 0;
                while (next < frames.size() && FrameDescriptor.lastOpId(frame(next)) <= opId) {
                    next++;
                }
            }
        }

        @Override
        public boolean poll(FrameBuffer into) {
            synchronized (MemoryLog.this) {
                if (next >= frames.size()) {
                    return false;
                }
                byte[] bytes = frames.get(next++);
                into.ensureCapacity(bytes.length);
                System.arraycopy(bytes, 0, into.bytes(), 0, bytes.length);
                into.length(bytes.length);
                return true;
            }
        }

        @Override
        public void close() {}
    }
}
