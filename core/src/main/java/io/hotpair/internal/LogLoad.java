package io.hotpair.internal;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;

/**
 * Brings what was logged into an engine that nobody else uses yet, with all cores.
 *
 * <pre>
 *   frames ──► this thread: which key? ──┬─► thread 0: keys of its part of the hashes, in order
 *                                        └─► thread 1: ...
 * </pre>
 *
 * <p>Operations of one key are applied in their order, because one thread applies all of them; the
 * order of different keys is of no consequence as long as nobody looks. A commit of several keys
 * waits until everything before it is done, and is then applied by this thread.
 *
 * <p>Each part is a range of hashes, as a segment of the index is: the threads seldom meet in one,
 * and do not split it both.
 */
final class LogLoad {
    /** Enough that handing it over is a small part of the work. */
    private static final int PACKET_BYTES = 256 * 1024;

    private static final int PACKET_OPERATIONS = 1024;

    private final Engine engine;
    private final LoadThreads threads;
    private final OperationReader reader = new OperationReader();
    private final Replay replay = new Replay();
    private final long[] partEnds;
    private final List<Packet> packets = new ArrayList<>();
    private final Queue<Packet> free = new ConcurrentLinkedQueue<>();

    LogLoad(Engine engine, ThreadFactory threadFactory) {
        this.engine = engine;
        threads = new LoadThreads(threadFactory);
        for (int i = 0; i < threads.count(); i++) {
            packets.add(new Packet());
        }
        partEnds = Index.equalParts(threads.count());
    }

    /** Whether a frame is one that can be given to {@link #add}: not a part of an operation. */
    static boolean takes(FrameBuffer frame) {
        return FrameDescriptor.fragmentCount(frame) == 1;
    }

    /** Takes what a frame holds of operations after an opId. */
    void add(FrameBuffer frame, long afterOpId) {
        reader.wrap(frame);
        while (reader.next()) {
            if (reader.opId() <= afterOpId || reader.type() == OperationType.TERM_BARRIER) {
                continue;
            }
            if (reader.hasMore()) {
                finish();
                engine.applyGroup(reader, replay);
            } else {
                add(engine.hash(reader.bytes(), reader.keyOffset(), reader.keyLength()));
            }
        }
    }

    private void add(long hash) {
        int thread = 0;
        while (hash >>> Integer.SIZE >= partEnds[thread]) {
            thread++;
        }
        Packet packet = packets.get(thread);
        packet.add(reader, hash);
        if (packet.isFull()) {
            send(thread, packet);
        }
    }

    private void send(int thread, Packet packet) {
        boolean taken = threads.give(thread, packet::apply);
        if (!taken) {
            // Something has failed: this says what.
            threads.finish();
        }
        Packet next = free.poll();
        packets.set(thread, next == null ? new Packet() : next);
    }

    /** Waits until all that was added is in memory. */
    void finish() {
        for (int i = 0; i < packets.size(); i++) {
            if (packets.get(i).length > 0) {
                send(i, packets.get(i));
            }
        }
        threads.finish();
    }

    /** Says that something failed elsewhere. */
    void fail(Throwable thrown) {
        threads.fail(thrown);
    }

    /**
     * Ends its threads; what was not finished may be in memory or not.
     *
     * @throws RuntimeException or an error, if something has failed
     */
    void end() {
        threads.end();
    }

    /** Some operations for one thread. */
    private final class Packet {
        private final LoadBatch batch = new LoadBatch(engine, false);
        private final OperationReader operations = new OperationReader();
        private final long[] hashes = new long[PACKET_OPERATIONS];
        private final int[] offsets = new int[PACKET_OPERATIONS];
        private byte[] bytes = new byte[PACKET_BYTES];
        private int length;
        private int count;

        boolean isFull() {
            return length >= PACKET_BYTES || count == PACKET_OPERATIONS;
        }

        void add(OperationReader from, long hash) {
            int offset = from.operationOffset();
            int operationLength = FrameDescriptor.getInt(from.bytes(), offset);
            if (bytes.length < length + operationLength) {
                bytes = Arrays.copyOf(bytes, length + operationLength);
            }
            System.arraycopy(from.bytes(), offset, bytes, length, operationLength);
            hashes[count] = hash;
            offsets[count] = length;
            count++;
            length += operationLength;
        }

        void apply() {
            operations.wrap(bytes, 0, length);
            for (int i = 0; i < count; i++) {
                batch.add(offsets[i], hashes[i]);
                if (batch.isFull() || i == count - 1) {
                    batch.apply(operations);
                }
            }
            length = 0;
            count = 0;
            if (bytes.length <= 2 * PACKET_BYTES) {
                free.add(this);
            }
        }
    }
}
