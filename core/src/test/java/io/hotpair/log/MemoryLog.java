package io.hotpair.log;

import io.hotpair.HotpairException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A log on the heap, for the tests of all modules: what {@link OperationLog} promises, which {@link
 * OperationLogContract} checks, with nothing behind it. It survives a crash of its process; a power
 * cut takes from it what was not forced.
 *
 * <p>Like the log on files it only ever grows. What a cut takes stays in its place, as nothing.
 */
public final class MemoryLog implements OperationLog {
    private static final int LONGEST_TEXT = 64;

    private final UUID id;
    private final List<@Nullable FrameBuffer> frames = new ArrayList<>();
    private final NavigableMap<Long, String> operations = new TreeMap<>();
    private final List<Long> cuts = new ArrayList<>();
    private final OperationReader reader = new OperationReader();
    private Lineage lineage = Lineage.EMPTY;
    private long firstOpId;
    private long lastOpId;
    private long droppedOpId;

    // Sources see the frames before this one: those of whole operations.
    private int published;
    private volatile long forcedOpId;
    private volatile boolean failing;
    private volatile boolean incomplete;
    private volatile Runnable device = () -> {};
    private volatile boolean isShort;
    private int room = Integer.MAX_VALUE;
    private int closeCount;

    public MemoryLog() {
        this(UUID.randomUUID());
    }

    public MemoryLog(UUID id) {
        this.id = id;
    }

    /** Makes every further append and force fail. */
    public void failFromNowOn() {
        failing = true;
    }

    /** Has a force do something, such as to wait or to fail. Appends go on meanwhile. */
    public void device(Runnable ofTest) {
        device = ofTest;
    }

    /**
     * Says how much room there is.
     *
     * @param nearlyFull whether nothing new should come
     * @param frames how many are taken; what comes after them is refused
     */
    public synchronized void room(boolean nearlyFull, int frames) {
        room = frames;
        isShort = nearlyFull;
    }

    public synchronized boolean hasRoom() {
        return room > 0;
    }

    @Override
    public boolean isShortOfSpace() {
        return isShort;
    }

    public synchronized int closeCount() {
        return closeCount;
    }

    public long forcedOpId() {
        return forcedOpId;
    }

    /** Every cut that took something, by the opId that was kept. */
    public synchronized List<Long> cuts() {
        return List.copyOf(cuts);
    }

    /** Every live operation as {@code term:opId:type:key=value}, to compare logs with. */
    public synchronized List<String> operations() {
        return List.copyOf(operations.values());
    }

    /** Whether that operation is live here. */
    public synchronized boolean holds(String operation, long opId) {
        return operation.equals(operations.get(opId));
    }

    /** The machine goes down: what was not forced is gone. */
    public synchronized void powerCut() {
        abandonOperation();
        if (lastOpId > forcedOpId) {
            removeAfter(forcedOpId);
        }
    }

    /** What lies behind an opId was damaged, and is set aside as this is opened. */
    public synchronized void damageAfter(long opId) {
        abandonOperation();
        Long kept = operations.floorKey(opId);
        removeAfter(kept == null ? 0 : kept);
        forcedOpId = Math.min(forcedOpId, lastOpId);
        incomplete = true;
    }

    @Override
    public boolean isIncomplete() {
        return incomplete;
    }

    @Override
    public void acceptIncomplete() {
        incomplete = false;
    }

    /** Loses its oldest frames, as retention would take them. */
    public synchronized void dropOldest(int count) {
        int dropped = 0;
        firstOpId = 0;
        for (int i = 0; i < published && firstOpId == 0; i++) {
            FrameBuffer frame = frames.get(i);
            if (frame != null && dropped == count) {
                firstOpId = FrameDescriptor.firstOpId(frame);
            } else if (frame != null) {
                droppedOpId = FrameDescriptor.lastOpId(frame);
                frames.set(i, null);
                dropped++;
            }
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
        return firstOpId;
    }

    @Override
    public synchronized long lastOpId() {
        return lastOpId;
    }

    @Override
    public synchronized void append(FrameBuffer frame) {
        check();
        if (room == 0) {
            throw new HotpairException(HotpairException.Category.DISK_FULL, "there is no room");
        }
        room--;
        FrameDescriptor.verify(frame, "append");
        requireContinues(frame);
        if (FrameDescriptor.fragmentIndex(frame) == 0) {
            abandonOperation();
        }
        FrameBuffer copy = copyOf(frame);
        frames.add(copy);
        reader.wrap(copy);
        if (FrameDescriptor.isComplete(copy)) {
            publish(copy);
        }
    }

    private void requireContinues(FrameBuffer frame) {
        FrameBuffer begun = published == frames.size() ? null : frames.get(frames.size() - 1);
        boolean continues =
                FrameDescriptor.fragmentIndex(frame) == 0
                        ? FrameDescriptor.term(frame) >= lineage.lastTerm()
                        : begun != null && isNextFragment(begun, frame);
        if (!continues || FrameDescriptor.previousOpId(frame) != lastOpId) {
            throw new IllegalArgumentException(
                    "previousOpId="
                            + FrameDescriptor.previousOpId(frame)
                            + " term="
                            + FrameDescriptor.term(frame)
                            + " fragment="
                            + FrameDescriptor.fragmentIndex(frame)
                            + ", expected to follow opId="
                            + lastOpId
                            + " of "
                            + lineage);
        }
    }

    private static boolean isNextFragment(FrameBuffer before, FrameBuffer frame) {
        return FrameDescriptor.fragmentIndex(frame) == FrameDescriptor.fragmentIndex(before) + 1
                && FrameDescriptor.fragmentCount(frame) == FrameDescriptor.fragmentCount(before)
                && FrameDescriptor.firstOpId(frame) == FrameDescriptor.firstOpId(before)
                && FrameDescriptor.term(frame) == FrameDescriptor.term(before);
    }

    private void abandonOperation() {
        frames.subList(published, frames.size()).clear();
    }

    private void publish(FrameBuffer last) {
        long term = FrameDescriptor.term(last);
        published = frames.size();
        lineage = lineage.begin(term, FrameDescriptor.previousOpId(last) + 1);
        firstOpId = firstOpId == 0 ? FrameDescriptor.firstOpId(last) : firstOpId;
        lastOpId = FrameDescriptor.lastOpId(last);
        while (reader.next()) {
            // The operations of one commit have one opId.
            operations.merge(
                    reader.opId(), term + ":" + describe(reader), (a, b) -> a + " and " + b);
        }
    }

    private static String describe(OperationReader reader) {
        String key = text(reader, reader.keyOffset(), reader.keyLength());
        String value =
                reader.valueLength() > LONGEST_TEXT
                        ? "length " + reader.valueLength()
                        : text(reader, reader.valueOffset(), reader.valueLength());
        return reader.opId() + ":" + reader.type() + ":" + key + "=" + value;
    }

    private static String text(OperationReader reader, int offset, int length) {
        return new String(reader.bytes(), offset, length, StandardCharsets.UTF_8);
    }

    @Override
    public long force() {
        long upTo;
        synchronized (this) {
            check();
            upTo = lastOpId;
        }
        device.run();
        synchronized (this) {
            forcedOpId = Math.min(upTo, lastOpId);
        }
        return upTo;
    }

    @Override
    public synchronized Path cutAfter(long opId) {
        check();
        if (opId < 0 || opId > lastOpId) {
            throw new IllegalArgumentException("opId=" + opId + ", expected 0 to " + lastOpId);
        }
        Long kept = operations.floorKey(opId);
        long keptOpId = kept == null ? 0 : kept;
        if (keptOpId == lastOpId) {
            return Path.of("divergent");
        }
        abandonOperation();
        removeAfter(keptOpId);
        forcedOpId = lastOpId;
        cuts.add(keptOpId);
        return Path.of("divergent", "after-" + keptOpId);
    }

    private void removeAfter(long opId) {
        for (int i = published - 1; i >= 0; i--) {
            FrameBuffer frame = frames.get(i);
            if (frame != null && FrameDescriptor.lastOpId(frame) > opId) {
                frames.set(i, FrameDescriptor.firstOpId(frame) > opId ? null : upTo(frame, opId));
            }
        }
        operations.tailMap(opId, false).clear();
        lineage = new Lineage(lineage.terms().stream().filter(t -> t.firstOpId() <= opId).toList());
        lastOpId = opId;
        firstOpId = opId < firstOpId ? 0 : firstOpId;
    }

    private static FrameBuffer upTo(FrameBuffer frame, long opId) {
        FrameBuffer slice =
                new FrameEncoder().slice(frame, FrameDescriptor.previousOpId(frame), opId);
        return copyOf(Objects.requireNonNull(slice));
    }

    private static FrameBuffer copyOf(FrameBuffer frame) {
        FrameBuffer copy = new FrameBuffer(frame.length());
        copy(frame, copy);
        return copy;
    }

    private static void copy(FrameBuffer from, FrameBuffer to) {
        to.ensureCapacity(from.length());
        System.arraycopy(from.bytes(), 0, to.bytes(), 0, from.length());
        to.length(from.length());
    }

    private void check() {
        if (failing) {
            throw new HotpairException(HotpairException.Category.LOG_FAILED, "planned failure");
        }
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
                if (opId < 0 || opId > lastOpId) {
                    throw new IllegalArgumentException(
                            "opId=" + opId + ", expected 0 to " + lastOpId);
                }
                if (opId < droppedOpId) {
                    throw new HotpairException(
                            HotpairException.Category.NOT_RETAINED,
                            "opId=" + opId + ", expected at least " + (firstOpId - 1));
                }
                // From the end, where most seeks lead: back over what is newer, and what is dead.
                next = published;
                while (next > 0 && !isUpTo(frames.get(next - 1), opId)) {
                    next--;
                }
            }
        }

        private static boolean isUpTo(@Nullable FrameBuffer frame, long opId) {
            return frame != null && FrameDescriptor.lastOpId(frame) <= opId;
        }

        @Override
        public boolean poll(FrameBuffer into) {
            synchronized (MemoryLog.this) {
                while (next < published) {
                    FrameBuffer frame = frames.get(next++);
                    if (frame != null) {
                        copy(frame, into);
                        return true;
                    }
                }
                return false;
            }
        }

        @Override
        public void close() {}
    }
}
