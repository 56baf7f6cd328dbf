package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.SnapshotStore;
import io.hotpair.topology.ReplicatedKeyspace;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The replica's end of a session, without any input or output of its own. Used by one thread at a
 * time, which steers the keyspace while it does.
 *
 * <p>Finding the common opId: the replica names the last term of its log and where that ends; the
 * master answers with how much of that it has, and with the term that it has there. The same term
 * at the same opId means the same history up to it, because one term has one master. If the terms
 * differ the replica asks again from the lower one; terms and opIds only fall, so it ends.
 *
 * <p>Where this log can't be taken back to the common opId, or the master's begins later, the
 * session ends with {@link NeedsCopyException}; another one then asks for a full copy first. A copy
 * that is complete is checked ({@link #checkCopy}), which touches nothing, and installed ({@link
 * #installCopy}); then the session goes on as any other.
 */
class FollowerSession implements AutoCloseable {
    private final ReplicatedKeyspace keyspace;
    private final Leader leader;
    private final FollowerListener listener;
    private final FrameBuffer frame = new FrameBuffer();
    private final String source;

    private long probedOpId;
    private boolean following;
    private boolean resumed;
    private long loggedOpId;
    private long masterLastOpId;
    private long takenFrames;
    private boolean acknowledgementDue;
    private long forceAskedOpId;
    private boolean copyAsked;
    private long copyOpId;
    private long copyBeganNs;
    private @Nullable CopyIntake copy;

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
        join(nodeName, out);
        probeEnd(out);
    }

    /**
     * Introduces this replica, and asks for a full copy.
     *
     * @param sharedOpId the last opId of this log that the master has as well
     */
    void beginCopy(String nodeName, long sharedOpId, MessageWriter out) throws ProtocolException {
        join(nodeName, out);
        copyOpId = Math.min(sharedOpId, keyspace.log().lastOpId());
        copyAsked = true;
        out.copy(copyOpId);
    }

    private void join(String nodeName, MessageWriter out) throws ProtocolException {
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
    }

    private void probeEnd(MessageWriter out) {
        probe(keyspace.log().lineage().lastTerm(), keyspace.log().lastOpId(), out);
    }

    /** Whether all of a copy is here, to be checked and installed. */
    boolean copyIsComplete() {
        CopyIntake taken = copy;
        return taken != null && taken.isComplete();
    }

    /** Bytes of a copy that are here; -1 if none comes. */
    long copyReceived() {
        CopyIntake taken = copy;
        return taken == null ? -1 : taken.received();
    }

    /** Bytes of all of it. */
    long copyLength() {
        CopyIntake taken = copy;
        return taken == null ? 0 : taken.length();
    }

    /**
     * Reads back a copy that is complete. Touches nothing but its file.
     *
     * @param onProgress called from time to time; what it throws is thrown on
     * @throws CopyException if it is no good
     */
    void checkCopy(Runnable onProgress) throws CopyException {
        CopyIntake taken = copy;
        if (taken != null) {
            taken.check(onProgress);
        }
    }

    /**
     * Replaces what this node holds by a copy that was checked, and goes on from its end.
     *
     * @param onProgress called from time to time; what it throws is thrown on
     * @throws io.hotpair.HotpairException as {@link ReplicatedKeyspace#replaceWith}
     */
    void installCopy(Runnable onProgress, MessageWriter out) {
        CopyIntake taken = copy;
        if (taken == null) {
            return;
        }
        long shared = Math.min(copyOpId, keyspace.log().lastOpId());
        Path savedTo = taken.install(keyspace, shared, onProgress);
        copy = null;
        taken.close();
        listener.onCopied(
                taken.opId(), taken.length(), keyspace.clock().nanoTime() - copyBeganNs, savedTo);
        probeEnd(out);
    }

    /** Leaves nothing of a copy that was not installed. */
    @Override
    public void close() {
        CopyIntake taken = copy;
        copy = null;
        if (taken != null) {
            taken.close();
        }
    }

    /** Whether this replica has said from where it follows. */
    boolean following() {
        return following;
    }

    /** Whether the master feeds it from there: it could still refuse. */
    boolean resumed() {
        return resumed;
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
     * @throws NeedsCopyException if only a full copy helps
     * @throws CopyException if a copy can't be taken
     * @throws io.hotpair.HotpairException as {@link ReplicatedKeyspace#apply}
     */
    void onMessage(Message message, MessageWriter out)
            throws ProtocolException, RefusedException, NeedsCopyException, CopyException {
        if (message.type() == WireDescriptor.REFUSE) {
            onRefused(
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
            case WireDescriptor.COPY_BEGIN -> onCopyBegin(message);
            case WireDescriptor.COPY_PART -> onCopyPart(message);
            case WireDescriptor.FRAME -> onFrame(message);
            case WireDescriptor.HEARTBEAT -> {
                resumed = following;
                masterLastOpId = message.longAt(WireDescriptor.HEARTBEAT_LAST_OFFSET);
                acknowledgementDue = following;
            }
            case WireDescriptor.FORCE -> onForce(message.longAt(WireDescriptor.FORCE_OP_ID_OFFSET));
            default ->
                    throw new ProtocolException(
                            "message type=" + message.type() + ", expected one of a master");
        }
    }

    private void onForce(long opId) throws ProtocolException {
        if (!following || opId > loggedOpId || opId < 0) {
            throw new ProtocolException("force opId=" + opId + ", expected 0 to " + loggedOpId);
        }
        forceAskedOpId = opId;
        keyspace.forceSoon(opId);
    }

    /** Up to where the master has asked to force; all of that is in the log. */
    long forceAskedOpId() {
        return forceAskedOpId;
    }

    private void onRefused(RefusalReason reason, String text)
            throws RefusedException, NeedsCopyException {
        if (reason == RefusalReason.NOT_RETAINED && following) {
            // Asked to resume there, and this log ends there.
            throw new NeedsCopyException(loggedOpId, text);
        }
        throw new RefusedException(reason, text);
    }

    private void onCopyBegin(Message message) throws ProtocolException, CopyException {
        copyAsked &= copy == null && !following;
        SnapshotStore store = keyspace.log().snapshots();
        if (!copyAsked || store == null) {
            throw new ProtocolException("COPY_BEGIN, expected one in answer to COPY");
        }
        CopyIntake begun = CopyIntake.begin(store::receive, message, copyOpId);
        copy = begun;
        copyBeganNs = keyspace.clock().nanoTime();
        masterLastOpId = Math.max(masterLastOpId, begun.opId());
        listener.onCopyBegun(begun.opId(), begun.length());
    }

    private void onCopyPart(Message message) throws ProtocolException, CopyException {
        CopyIntake taken = copy;
        if (taken == null) {
            throw new ProtocolException("COPY_PART, expected COPY_BEGIN before it");
        }
        taken.take(message);
        acknowledgementDue = true;
    }

    /** Acknowledges all that was taken since the last time, if there is anything. */
    void acknowledge(MessageWriter out) {
        CopyIntake taken = copy;
        if (acknowledgementDue && taken != null) {
            acknowledgementDue = false;
            out.copyAcknowledge(taken.received());
            return;
        }
        if (acknowledgementDue) {
            acknowledgementDue = false;
            out.acknowledge(
                    loggedOpId, takenFrames, Math.min(keyspace.durable().get(), loggedOpId));
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

    private void onCommon(long opId, long masterTerm, MessageWriter out)
            throws ProtocolException, NeedsCopyException {
        if (following || opId < 0 || opId > probedOpId) {
            throw new ProtocolException(
                    "common opId="
                            + opId
                            + ", expected 0 to "
                            + probedOpId
                            + " in answer to a probe");
        }
        Lineage lineage = keyspace.log().lineage();
        long ownTerm = lineage.termAt(opId);
        if (opId > 0 && ownTerm != masterTerm) {
            long lower = LogEnd.floorTerm(lineage, Math.min(ownTerm, masterTerm));
            probe(lower, Math.min(opId - 1, lineage.lastOpIdOf(lower)), out);
            return;
        }
        try {
            cutTo(opId);
        } catch (HotpairException e) {
            if (e.category() == HotpairException.Category.NOT_RETAINED) {
                // Said before anything was touched: this node is as it was.
                throw new NeedsCopyException(opId, String.valueOf(e.getMessage()));
            }
            throw e;
        }
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
        resumed = true;
        loggedOpId = keyspace.apply(frame);
        takenFrames++;
        masterLastOpId = Math.max(masterLastOpId, loggedOpId);
        acknowledgementDue = true;
    }
}
