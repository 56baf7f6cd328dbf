package io.hotpair.replication.internal;

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

    private final ReplicatedKeyspace keyspace;
    private final PeerSocket socket;
    private final MessageWriter out;
    private final SessionThreads threads;
    private final Signal more = new Signal();
    private volatile long askedOpId;
    private volatile boolean stopped;

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

    /** Notes up to where the master has asked. Called by the thread that follows. */
    void ask(long opId) {
        if (opId > askedOpId) {
            if (askedOpId == 0) {
                Thread unused = threads.start(this::run);
            }
            askedOpId = opId;
            // Called back at once if it is there already, and if it never will be.
            keyspace.durable().whenReached(opId, reached -> more.raise());
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
