package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.hotpair.topology.ReplicatedKeyspace;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the master as soon as what it asked for is on the device. It does so in a thread of its
 * own, begun when it is needed: the one that follows waits for the master's next message, and the
 * one that forces must not wait for a network.
 */
final class ForcedTeller {
    private static final Logger LOG = LoggerFactory.getLogger(ForcedTeller.class);

    private static final long RETRY_NS = MILLISECONDS.toNanos(100);

    private final ReplicatedKeyspace keyspace;
    private final PeerSocket socket;
    private final MessageWriter out;
    private final SessionThreads threads;
    private final Signal more = new Signal();
    private volatile long askedOpId;
    private volatile boolean stopped;
    // What follows belongs to the thread that follows.
    private boolean started;
    private boolean failed;
    private long failedNs;

    ForcedTeller(
            ReplicatedKeyspace keyspace,
            PeerSocket socket,
            MessageWriter out,
            SessionThreads threads) {
        this.keyspace = keyspace;
        this.socket = socket;
        this.out = out;
        this.threads = threads;
    }

    /**
     * Notes up to where the master has asked. Called by the thread that follows, after each message
     * that it has taken.
     */
    void ask(long opId) {
        if (opId > askedOpId) {
            askedOpId = opId;
            // Called back at once if it is there already, and if it never will be.
            keyspace.durable().whenReached(opId, reached -> more.raise());
        }
        if (askedOpId > 0 && !started) {
            start();
        }
    }

    /**
     * A machine without a thread to spare may have one again later. Until then the master learns
     * what is forced from the acknowledgements, so that is no reason to stop following.
     */
    private void start() {
        long nowNs = keyspace.clock().nanoTime();
        if (failed && nowNs - failedNs < RETRY_NS) {
            return;
        }
        try {
            Thread unused = threads.start("forced", this::run);
            started = true;
        } catch (RuntimeException | OutOfMemoryError e) {
            failed = true;
            failedNs = nowNs;
            LOG.warn("no thread to tell the master at {} what is forced", socket.peer(), e);
        }
    }

    private void run() {
        long toldOpId = 0;
        try {
            while (!stopped) {
                long opId = askedOpId;
                if (opId > toldOpId && keyspace.durable().get() >= opId) {
                    toldOpId = opId;
                    out.forced(opId);
                    socket.send(out);
                } else {
                    more.await(ShippingServer.SILENCE_LIMIT_NS);
                }
            }
        } catch (IOException e) {
            LOG.debug("the master at {} is gone: {}", socket.peer(), e.getMessage());
            ShippingServer.closeQuietly(socket);
        }
    }

    void stop() {
        stopped = true;
        more.raise();
    }
}
