package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.OperationLog;
import io.hotpair.log.SnapshotStore;
import io.hotpair.topology.ReplicatedKeyspace;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a full copy to one replica, in the thread that serves it: finds a snapshot or has one
 * saved, and sends it in parts, never more of them ahead of the replica's device than a window, and
 * no faster than allowed. Another thread takes the acknowledgements meanwhile.
 */
final class CopyShipment {
    private static final Logger LOG = LoggerFactory.getLogger(CopyShipment.class);
    private static final long WINDOW_BYTES = 4 << 20;
    private static final int MIN_PART_LENGTH = 1024;
    private static final long MAX_PAUSE_NS = MILLISECONDS.toNanos(20);
    private static final long REPORT_NS = MILLISECONDS.toNanos(5_000);

    /** A replica may have to bring what it has to its device between two acknowledgements. */
    private static final long SILENCE_LIMIT_NS = MILLISECONDS.toNanos(30_000);

    private final ReplicatedKeyspace keyspace;
    private final SessionThreads threads;
    private final PeerSocket socket;
    private final FeedSession session;
    private final MessageWriter out;
    private final BooleanSupplier ended;
    private final RateLimit limit;
    private volatile boolean broken;

    /**
     * Creates one.
     *
     * @param ended whether this node is master no longer
     * @param bytesPerSecond of the connection; 0 for no limit
     */
    CopyShipment(
            ReplicatedKeyspace keyspace,
            SessionThreads threads,
            PeerSocket socket,
            FeedSession session,
            MessageWriter out,
            BooleanSupplier ended,
            long bytesPerSecond) {
        this.keyspace = keyspace;
        this.threads = threads;
        this.socket = socket;
        this.session = session;
        this.out = out;
        this.ended = ended;
        long ofSnapshots = keyspace.snapshotBytesPerSecond();
        limit =
                new RateLimit(
                        keyspace.clock(),
                        bytesPerSecond == 0 ? ofSnapshots : Math.min(ofSnapshots, bytesPerSecond));
    }

    /** Sends it, or has the session refuse it, which {@code out} says. */
    void run() throws IOException {
        SnapshotStore store = keyspace.log().snapshots();
        if (store == null) {
            session.refuseCopy(
                    out,
                    "the master's log begins after what this node has, and there are no snapshots"
                            + " beside it");
            return;
        }
        CopySource copy = await(findInOtherThread(keyspace.log(), store));
        session.copy(copy);
        send(copy);
    }

    /** It reads all of a file before it is believed: meanwhile this thread tells that it lives. */
    private CompletableFuture<CopySource> findInOtherThread(OperationLog log, SnapshotStore store) {
        CompletableFuture<CopySource> found = new CompletableFuture<>();
        threads.start(
                "copy",
                () -> {
                    try {
                        CopySource source = find(log, store);
                        if (!found.complete(source)) {
                            source.close();
                        }
                    } catch (RuntimeException | Error e) {
                        found.completeExceptionally(e);
                    }
                });
        return found;
    }

    private CopySource find(OperationLog log, SnapshotStore store) {
        CopySource saved = CopySource.newest(log, store, session.copyOpId());
        if (saved != null) {
            return saved;
        }
        LOG.info("saving a snapshot first, for a full copy to {}", session.member());
        CompletableFuture<SavedSnapshot> saving = keyspace.saveSnapshot();
        while (!saving.isDone()) {
            requireMaster();
            threads.pause(MAX_PAUSE_NS);
        }
        SavedSnapshot fresh = saving.join();
        CopySource source = CopySource.newest(log, store, session.copyOpId());
        if (source == null) {
            throw new IllegalStateException("snapshot " + fresh.file() + " can't be used");
        }
        return source;
    }

    private void requireMaster() {
        if (ended.getAsBoolean()) {
            throw new IllegalStateException("this node is master no longer");
        }
    }

    private CopySource await(CompletableFuture<CopySource> finding) throws IOException {
        long heartbeatNs = keyspace.clock().nanoTime();
        try {
            while (!finding.isDone()) {
                requireMaster();
                if (keyspace.clock().nanoTime() - heartbeatNs >= 0) {
                    heartbeatNs += ShippingServer.HEARTBEAT_INTERVAL_NS;
                    session.heartbeat(out);
                    socket.send(out);
                }
                threads.pause(MAX_PAUSE_NS);
            }
            return finding.join();
        } catch (CompletionException e) {
            throw new IOException("no snapshot for a full copy: " + e.getCause(), e);
        } catch (IllegalStateException e) {
            throw new IOException("no full copy: " + e.getMessage(), e);
        } finally {
            // Whoever finds one now has to close it.
            finding.cancel(false);
        }
    }

    private void send(CopySource copy) throws IOException {
        SavedSnapshot snapshot = copy.snapshot();
        long beganNs = keyspace.clock().nanoTime();
        LOG.info(
                "sending a full copy to {} at {}: snapshot of opId={}, {} bytes",
                session.member(),
                socket.peer(),
                snapshot.opId(),
                snapshot.lengthBytes());
        copy.begin(out);
        Signal more = new Signal();
        Thread reader = threads.start("acknowledgements", () -> takeAcknowledgements(copy, more));
        try {
            sendParts(copy, more);
        } finally {
            if (!copy.isReceived()) {
                ShippingServer.closeQuietly(socket);
            }
            threads.join(reader);
        }
        LOG.info(
                "sent a full copy to {}: opId={}, {} bytes in {} ms",
                session.member(),
                snapshot.opId(),
                snapshot.lengthBytes(),
                NANOSECONDS.toMillis(keyspace.clock().nanoTime() - beganNs));
    }

    private void sendParts(CopySource copy, Signal more) throws IOException {
        int partLength =
                Math.max(MIN_PART_LENGTH, limit.batchLength(WireDescriptor.MAX_COPY_PART_LENGTH));
        long reportedNs = keyspace.clock().nanoTime();
        socket.send(out);
        while (!copy.isReceived()) {
            if (ended.getAsBoolean()) {
                throw new IOException("this node is master no longer");
            }
            if (broken) {
                throw new IOException("no acknowledgement came from " + session.member());
            }
            sendPart(copy, partLength, more);
            if (keyspace.clock().nanoTime() - reportedNs > REPORT_NS) {
                reportedNs = keyspace.clock().nanoTime();
                LOG.info(
                        "full copy to {}: {} % of {} bytes",
                        session.member(),
                        copy.acknowledgedBytes() * 100 / copy.snapshot().lengthBytes(),
                        copy.snapshot().lengthBytes());
            }
        }
    }

    /** Sends a part if it may, else waits a little. */
    private void sendPart(CopySource copy, int partLength, Signal more) throws IOException {
        if (copy.isSent() || copy.sentBytes() >= WINDOW_BYTES) {
            more.await(MAX_PAUSE_NS);
            return;
        }
        long delayNs = limit.delayNs();
        if (delayNs > 0) {
            threads.pause(Math.min(delayNs, MAX_PAUSE_NS));
            return;
        }
        copy.pump(out, partLength);
        limit.pay(out.length());
        socket.send(out);
    }

    /**
     * Reads up to the acknowledgement of the last byte, and nothing after it. In a thread of its
     * own, so that a replica that takes nothing can't hold up the one that writes for good.
     */
    private void takeAcknowledgements(CopySource copy, Signal more) {
        Message message = new Message();
        MessageWriter none = new MessageWriter(0, 0);
        try {
            while (!copy.isReceived()) {
                socket.read(message, socket.deadlineAfter(SILENCE_LIMIT_NS));
                if (message.type() != WireDescriptor.COPY_ACK) {
                    throw new ProtocolException(
                            "message type=" + message.type() + " in the middle of a copy");
                }
                session.onMessage(message, none);
                more.raise();
            }
        } catch (IOException e) {
            LOG.info("the copy to {} ends: {}", session.member(), e.getMessage());
        } finally {
            if (!copy.isReceived()) {
                broken = true;
                ShippingServer.closeQuietly(socket);
            }
            more.raise();
        }
    }
}
