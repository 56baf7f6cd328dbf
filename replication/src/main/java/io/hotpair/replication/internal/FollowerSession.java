package io.hotpair.replication.internal;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.topology.ReplicatedKeyspace;
import java.nio.file.Path;

/**
 * The replica's end of a session, without any input or output of its own. Used by one thread at a
 * time, which steers the keyspace while it does.
 *
 * <p>Finding the common opId: the replica names the last term of its log and where that ends; the
 * master answers with how much of that it has, and with the term that it has there. The same term
 * at the same opId means the same history up to it, because one term has one master. If the terms
 * differ the replica asks again from the lower one; terms and opIds only fall, so it ends.
 */
class FollowerSession {
    private final ReplicatedKeyspace keyspace;
    private final Leader leader;
    private final FollowerListener listener;
    private final FrameBuffer frame = new FrameBuffer();
    private final String source;

    private long probedOpId;
    private boolean following;
    private long loggedOpId;
    private long masterLastOpId;
    private long takenFrames;
    private boolean acknowledgementDue;

    FollowerSession(ReplicatedKeyspace keyspace, Leader leader, FollowerListener listener) {
        this.keyspace = keyspace;
        this.leader = leader;
        this.listener = listener;
        source = "master " + leader.name();
    }

    /**
     * Introduces this replica.
     *
     * @throws ProtocolException if this log knows a higher term than the master's, so that the
     *     master must be a deposed one
     */
    void begin(String nodeName, MessageWriter out) throws ProtocolException {
        Lineage lineage = keyspace.log().lineage();
        if (lineage.lastTerm() > leader.term()) {
            throw new ProtocolException(
                    "master's term="
                            + leader.term()
                            + ", expected at least "
                            + lineage.lastTerm()
                            + " which is in this log");
        }
        out.join(keyspace.log().id(), nodeName, keyspace.name());
        probe(lineage.lastTerm(), keyspace.log().lastOpId(), out);
    }

    boolean following() {
        return following;
    }

    /** The last opId in this log. */
    long loggedOpId() {
        return loggedOpId;
    }

    /** The last opId in the master's log, as it last said. */
    long masterLastOpId() {
        return masterLastOpId;
    }

    /**
     * Takes a message of the master.
     *
     * @throws ProtocolException if it must not have been sent
     * @throws RefusedException if the master will not feed this replica
     * @throws io.hotpair.HotpairException as {@link ReplicatedKeyspace#apply}
     */
    void onMessage(Message message, MessageWriter out) throws ProtocolException, RefusedException {
        if (message.type() == WireDescriptor.REFUSE) {
            throw new RefusedException(
                    RefusalReason.of(message.intAt(WireDescriptor.REFUSE_REASON_OFFSET)),
                    message.refusalText());
        }
        if (message.term() != leader.term() || message.incarnation() != leader.incarnation()) {
            throw new ProtocolException(
                    "message type="
                            + message.type()
                            + " term="
                            + message.term()
                            + " incarnation="
                            + message.incarnation()
                            + ", expected "
                            + leader);
        }
        switch (message.type()) {
            case WireDescriptor.COMMON ->
                    onCommon(
                            message.longAt(WireDescriptor.COMMON_OP_ID_OFFSET),
                            message.longAt(WireDescriptor.COMMON_TERM_OFFSET),
                            out);
            case WireDescriptor.FRAME -> onFrame(message);
            case WireDescriptor.HEARTBEAT -> {
                masterLastOpId = message.longAt(WireDescriptor.HEARTBEAT_LAST_OFFSET);
                acknowledgementDue = following;
            }
            default ->
                    throw new ProtocolException(
                            "message type=" + message.type() + ", expected one of a master");
        }
    }

    /** Acknowledges all that was taken since the last time, if there is anything. */
    void acknowledge(MessageWriter out) {
        if (acknowledgementDue) {
            acknowledgementDue = false;
            out.acknowledge(loggedOpId, takenFrames);
        }
    }

    /** Makes this log end where the master's history and this one part. */
    void cutTo(long opId) {
        long lastOpId = keyspace.log().lastOpId();
        if (opId == lastOpId) {
            return;
        }
        long beganNs = keyspace.clock().nanoTime();
        Path savedTo = keyspace.rewindTo(opId);
        listener.onCut(lastOpId, opId, savedTo, keyspace.clock().nanoTime() - beganNs);
    }

    private void probe(long term, long opId, MessageWriter out) {
        probedOpId = opId;
        out.probe(term, opId);
    }

    private void onCommon(long opId, long masterTerm, MessageWriter out) throws ProtocolException {
        if (following || opId < 0 || opId > probedOpId) {
            throw new ProtocolException(
                    "common opId="
                            + opId
                            + ", expected 0 to "
                            + probedOpId
                            + " in answer to a probe");
        }
        Lineage lineage = keyspace.log().lineage();
        long ownTerm = LogEnd.termAt(lineage, opId);
        if (opId > 0 && ownTerm != masterTerm) {
            long lower = LogEnd.floorTerm(lineage, Math.min(ownTerm, masterTerm));
            probe(lower, Math.min(opId - 1, lineage.lastOpIdOf(lower)), out);
            return;
        }
        cutTo(opId);
        long endOpId = keyspace.log().lastOpId();
        LogEnd end = LogEnd.at(keyspace.log(), endOpId);
        following = true;
        loggedOpId = endOpId;
        masterLastOpId = Math.max(masterLastOpId, endOpId);
        out.follow(endOpId, end.firstOpId(), end.crc());
        listener.onResumed(endOpId);
    }

    private void onFrame(Message message) throws ProtocolException {
        message.frameInto(frame);
        if (!following || FrameDescriptor.term(frame) > leader.term()) {
            throw new ProtocolException(
                    "frame of term="
                            + FrameDescriptor.term(frame)
                            + " following="
                            + following
                            + ", expected one of term "
                            + leader.term()
                            + " or below");
        }
        // Before the keyspace sees it: to its log, a bad checksum means that the disk is failing.
        FrameDescriptor.verify(frame, source);
        loggedOpId = keyspace.apply(frame);
        takenFrames++;
        masterLastOpId = Math.max(masterLastOpId, loggedOpId);
        acknowledgementDue = true;
    }
}
