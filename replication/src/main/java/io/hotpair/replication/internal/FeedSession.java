package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationSource;
import io.hotpair.topology.ReplicatedKeyspace;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The master's end of one replica's session, without any input or output of its own: messages go
 * in, messages come out.
 *
 * <p>It belongs to one thread until the replica follows, but for {@code COPY_ACK}s, which another
 * one may bring while that one sends a copy. From then on {@link #pump} and {@link #heartbeat}
 * belong to the thread that writes, and {@link #onMessage} to the one that reads.
 */
final class FeedSession implements AutoCloseable {
    private static final long NONE = -1;

    /**
     * What a replica was told that is not fed.
     *
     * @param reason why
     * @param sentence the same for people, with what was expected
     */
    record Refusal(RefusalReason reason, String sentence) {}

    private final ReplicatedKeyspace keyspace;
    private final long term;
    private final Set<String> members;
    private final InSyncSet inSync;
    private final FrameBuffer frame = new FrameBuffer();

    private @Nullable String member;
    private long incarnation;
    private long sessionNumber;
    private @Nullable UUID logId;
    private @Nullable OperationSource source;
    private long resumeOpId;
    private boolean resumed;
    private @Nullable Refusal refusal;
    private @Nullable CopySource copy;
    private long copyOpId = NONE;
    private long pumpedFrames;
    private volatile InSyncSet.@Nullable Progress progress;
    private volatile long sentOpId;
    private volatile long askedToForceOpId;
    private volatile long sentFrames;

    /**
     * Creates one.
     *
     * @param keyspace whose log is fed
     * @param term the term in which this node is master
     * @param members the names that may join
     * @param inSync told of what is acknowledged
     */
    FeedSession(ReplicatedKeyspace keyspace, long term, Set<String> members, InSyncSet inSync) {
        this.keyspace = keyspace;
        this.term = term;
        this.members = members;
        this.inSync = inSync;
    }

    /** Whether the replica follows: logs agree, and frames may be pumped. */
    boolean following() {
        return progress != null;
    }

    @Nullable String member() {
        return member;
    }

    @Nullable UUID logId() {
        return logId;
    }

    long resumeOpId() {
        return resumeOpId;
    }

    /** Why the replica was refused, or null. */
    @Nullable Refusal refusal() {
        return refusal;
    }

    /** Whether the replica waits for a full copy. */
    boolean copyWanted() {
        return copyOpId != NONE && copy == null;
    }

    /** What the copy must show at least. */
    long copyOpId() {
        return copyOpId;
    }

    /** Takes a copy that the session keeps the log for, until the replica follows or is gone. */
    void copy(CopySource source) {
        copy = source;
    }

    /** The last opId that was handed out for shipping. */
    long sentOpId() {
        return sentOpId;
    }

    /**
     * Takes a message of the replica.
     *
     * @return whether the session goes on; false if the replica was refused, which {@code out} says
     * @throws ProtocolException if it must not have been sent
     */
    boolean onMessage(Message message, MessageWriter out) throws ProtocolException {
        if (message.type() == WireDescriptor.JOIN) {
            return onJoin(message, out);
        }
        if (member == null || message.term() != term || message.incarnation() != incarnation) {
            throw new ProtocolException(
                    "message type="
                            + message.type()
                            + " term="
                            + message.term()
                            + " incarnation="
                            + message.incarnation()
                            + ", expected term "
                            + term
                            + " and incarnation "
                            + incarnation);
        }
        switch (message.type()) {
            case WireDescriptor.PROBE -> {
                return onProbe(message, out);
            }
            case WireDescriptor.FOLLOW -> {
                return onFollow(message, out);
            }
            case WireDescriptor.COPY -> {
                requireNotFollowing("COPY");
                if (copyOpId != NONE) {
                    throw new ProtocolException("second COPY of " + member);
                }
                return onCopy(requireOpId(message.longAt(WireDescriptor.COPY_OP_ID_OFFSET)), out);
            }
            case WireDescriptor.COPY_ACK -> {
                onCopyAcknowledged(message.longAt(WireDescriptor.COPY_ACK_BYTES_OFFSET));
                return true;
            }
            case WireDescriptor.ACK -> {
                onAcknowledged(
                        message.longAt(WireDescriptor.ACK_OP_ID_OFFSET),
                        message.longAt(WireDescriptor.ACK_FRAMES_OFFSET));
                onForced(message.longAt(WireDescriptor.ACK_FORCED_OFFSET));
                return true;
            }
            case WireDescriptor.FORCED -> {
                onForced(message.longAt(WireDescriptor.FORCED_OP_ID_OFFSET));
                return true;
            }
            default ->
                    throw new ProtocolException(
                            "message type=" + message.type() + ", expected one of a replica");
        }
    }

    /**
     * A frame without the operations that a replica has already. Needed for the first frame after a
     * resume only: a torn tail that was cut on recovery may end in the middle of what the master
     * holds as one frame.
     */
    private static FrameBuffer after(FrameBuffer frame, long opId) {
        FrameBuffer rest = new FrameEncoder().slice(frame, opId, Long.MAX_VALUE);
        if (rest == null) {
            throw new IllegalArgumentException("opId=" + opId + ", expected one inside the frame");
        }
        return rest;
    }

    /**
     * Takes the next frame of the log, if there is one.
     *
     * @return whether there was one
     */
    boolean pump(MessageWriter out) {
        OperationSource from = source;
        if (from == null || !from.poll(frame)) {
            return false;
        }
        FrameBuffer next = frame;
        if (!resumed) {
            resumed = true;
            if (FrameDescriptor.firstOpId(frame) <= resumeOpId) {
                next = after(frame, resumeOpId);
            }
        }
        if (FrameDescriptor.isComplete(next)) {
            sentOpId = FrameDescriptor.lastOpId(next);
        }
        pumpedFrames++;
        sentFrames = pumpedFrames;
        out.frame(next);
        return true;
    }

    void heartbeat(MessageWriter out) {
        out.heartbeat(keyspace.logged().get(), keyspace.committed().get());
        askToForce(out);
    }

    /**
     * Whether the replica should be asked to force what it was sent: somebody waits for it, and no
     * such request is under way. So what comes meanwhile goes along with the next one.
     */
    boolean forceIsDue() {
        InSyncSet.Progress joined = progress;
        if (joined == null) {
            return false;
        }
        long forced = joined.forcedOpId();
        return forced >= askedToForceOpId
                && forced < inSync.wantedOnDisk(joined)
                && forced < sentOpId;
    }

    /** Asks the replica to force what it was sent, if that is due. */
    void askToForce(MessageWriter out) {
        if (forceIsDue()) {
            askedToForceOpId = sentOpId;
            out.force(sentOpId);
        }
    }

    @Override
    public void close() {
        InSyncSet.Progress joined = progress;
        if (joined != null) {
            inSync.left(joined);
        }
        if (source != null) {
            source.close();
        }
        closeCopy();
    }

    private void closeCopy() {
        CopySource sent = copy;
        if (sent != null) {
            sent.close();
        }
    }

    private boolean onCopy(long opId, MessageWriter out) {
        long lastOpId = keyspace.log().lastOpId();
        if (opId > lastOpId) {
            return refuse(
                    out,
                    RefusalReason.DIVERGED,
                    "copy of opId=" + opId + ", expected at most " + lastOpId);
        }
        copyOpId = opId;
        return true;
    }

    private void onCopyAcknowledged(long written) throws ProtocolException {
        CopySource sent = copy;
        if (sent == null || following()) {
            throw new ProtocolException("COPY_ACK, expected one while a copy is sent");
        }
        sent.acknowledged(written);
    }

    private boolean onJoin(Message message, MessageWriter out) throws ProtocolException {
        String name = message.joinNode();
        if (member != null) {
            throw new ProtocolException("second JOIN of " + name);
        }
        if (!members.contains(name)) {
            return refuse(
                    out,
                    RefusalReason.UNKNOWN_MEMBER,
                    "node=" + name + ", expected one of " + members);
        }
        if (!message.joinKeyspace().equals(keyspace.name())) {
            return refuse(
                    out,
                    RefusalReason.OTHER_KEYSPACE,
                    "keyspace=" + message.joinKeyspace() + ", expected " + keyspace.name());
        }
        if (message.term() != term) {
            return refuse(
                    out, RefusalReason.OTHER_TERM, "term=" + message.term() + ", expected " + term);
        }
        member = name;
        incarnation = message.incarnation();
        logId = message.joinLogId();
        sessionNumber = inSync.newSession();
        return true;
    }

    private boolean onProbe(Message message, MessageWriter out) throws ProtocolException {
        requireNotFollowing("PROBE");
        long lastOpId = requireOpId(message.longAt(WireDescriptor.PROBE_OP_ID_OFFSET));
        Lineage lineage = keyspace.log().lineage();
        long common =
                lineage.commonOpId(message.longAt(WireDescriptor.PROBE_TERM_OFFSET), lastOpId);
        common = Math.min(common, keyspace.log().lastOpId());
        out.common(common, lineage.termAt(common));
        return true;
    }

    private boolean onFollow(Message message, MessageWriter out) throws ProtocolException {
        requireNotFollowing("FOLLOW");
        long opId = requireOpId(message.longAt(WireDescriptor.FOLLOW_OP_ID_OFFSET));
        if (opId > keyspace.log().lastOpId()) {
            return refuse(
                    out,
                    RefusalReason.DIVERGED,
                    "resume after opId="
                            + opId
                            + ", expected at most "
                            + keyspace.log().lastOpId());
        }
        OperationSource opened = keyspace.log().openSource();
        source = opened;
        try {
            if (!sameFrame(message, opId)) {
                return refuse(
                        out,
                        RefusalReason.DIVERGED,
                        "the frames that end at opId="
                                + opId
                                + " differ, expected the same checksum in both logs");
            }
            opened.seekAfter(opId);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NOT_RETAINED) {
                throw e;
            }
            return refuse(
                    out,
                    RefusalReason.NOT_RETAINED,
                    "resume after opId="
                            + opId
                            + ", expected at least "
                            + (keyspace.log().firstOpId() - 1)
                            + ": the master's log begins later");
        }
        resumeOpId = opId;
        sentOpId = opId;
        // From here on what it has not read yet is kept by the source itself.
        closeCopy();
        InSyncSet.Progress joined = inSync.join(joinedMember(), incarnation, opId, sessionNumber);
        progress = joined;
        if (!joined.connected()) {
            throw new ProtocolException("FOLLOW of " + member + ", which has come again since");
        }
        return true;
    }

    /** Compares only what can be compared: after a cut a log may end inside the other's frame. */
    private boolean sameFrame(Message message, long opId) {
        LogEnd here = LogEnd.at(keyspace.log(), opId);
        return here.lastOpId() != opId
                || here.firstOpId() != message.longAt(WireDescriptor.FOLLOW_FRAME_FIRST_OFFSET)
                || here.crc() == message.intAt(WireDescriptor.FOLLOW_FRAME_CRC_OFFSET);
    }

    private void onAcknowledged(long opId, long frames) throws ProtocolException {
        InSyncSet.Progress joined = progress;
        if (joined == null || opId > sentOpId || opId < resumeOpId) {
            throw new ProtocolException(
                    "acknowledged opId=" + opId + ", expected " + resumeOpId + " to " + sentOpId);
        }
        if (frames < 0 || frames > sentFrames) {
            throw new ProtocolException(
                    "acknowledged frames=" + frames + ", expected 0 to " + sentFrames);
        }
        joined.took(frames);
        inSync.acknowledged(joined, opId);
    }

    private void onForced(long opId) throws ProtocolException {
        InSyncSet.Progress joined = progress;
        if (joined == null || opId > sentOpId || opId < 0) {
            throw new ProtocolException("forced opId=" + opId + ", expected 0 to " + sentOpId);
        }
        inSync.forced(joined, opId);
    }

    private String joinedMember() throws ProtocolException {
        String name = member;
        if (name == null) {
            throw new ProtocolException("FOLLOW before JOIN");
        }
        return name;
    }

    private void requireNotFollowing(String what) throws ProtocolException {
        if (following()) {
            throw new ProtocolException(what + " from a replica that follows already");
        }
    }

    private static long requireOpId(long opId) throws ProtocolException {
        if (opId < 0) {
            throw new ProtocolException("opId=" + opId + ", expected 0 or more");
        }
        return opId;
    }

    /** Says that there is no copy to be had. */
    void refuseCopy(MessageWriter out, String sentence) {
        refuse(out, RefusalReason.NOT_RETAINED, sentence);
    }

    private boolean refuse(MessageWriter out, RefusalReason reason, String sentence) {
        refusal = new Refusal(reason, sentence);
        out.refuse(reason, sentence);
        return false;
    }
}
