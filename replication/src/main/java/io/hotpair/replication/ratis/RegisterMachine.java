package io.hotpair.replication.ratis;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/**
 * Drives a {@link LeasedRegister} as Ratis drives a state machine. Ratis applies entries on one
 * thread and asks the rest on many.
 */
final class RegisterMachine extends BaseStateMachine {

    /** No bits of voters: this one does not lead, or is just about to. */
    private static final int UNKNOWN = -1;

    private final LeasedRegister register;
    private final List<String> voters;
    private final Consumer<Throwable> onLogFailed;
    private final SimpleStateMachineStorage snapshots = new SimpleStateMachineStorage();

    /** The first entry that this voter wrote as leader; nothing is below it if it does not lead. */
    private volatile long leadingSinceIndex = Long.MAX_VALUE;

    /** The last configuration entry that was applied; a leader begins with one. */
    private TermIndex lastConfiguration = TermIndex.INITIAL_VALUE;

    private volatile RaftServer.@Nullable Division division;

    /**
     * Makes one.
     *
     * @param voters every voter's name, sorted
     * @param onLogFailed is told once the voter can't write its log any more
     */
    RegisterMachine(LeasedRegister register, List<String> voters, Consumer<Throwable> onLogFailed) {
        this.register = register;
        this.voters = voters;
        this.onLogFailed = onLogFailed;
    }

    /** Must be called before the server is started. */
    void attach(RaftServer.Division division) {
        this.division = division;
    }

    // ---- requests

    @Override
    public CompletableFuture<Message> query(Message request) {
        try {
            RegisterReply reply =
                    register.answer(
                            RegisterCodec.decodeRequest(bytes(request.getContent()), "request"),
                            currentTerm());
            return CompletableFuture.completedFuture(
                    message(RegisterCodec.encode(withVoters(reply))));
        } catch (NotLeadingException | HotpairException e) {
            // Only an exception of this type goes into a reply; any other ends the connection.
            return CompletableFuture.failedFuture(new StateMachineException(e.getMessage(), e));
        }
    }

    /** Says how far this voter has seen the Raft terms go, whether it leads or not. */
    @Override
    public CompletableFuture<Message> queryStale(Message request, long minIndex) {
        return CompletableFuture.completedFuture(
                message(RegisterCodec.encodeRaftTerm(currentTerm())));
    }

    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        TransactionContext transaction =
                TransactionContext.newBuilder()
                        .setStateMachine(this)
                        .setClientRequest(request)
                        .build();
        Exception refusal = judge(request);
        if (refusal != null) {
            transaction.setException(refusal);
        }
        return transaction;
    }

    private @Nullable Exception judge(RaftClientRequest request) {
        try {
            RegisterRequest decoded =
                    RegisterCodec.decodeRequest(
                            bytes(request.getMessage().getContent()), "request");
            if (!(decoded instanceof RegisterRequest.CompareAndSet change)) {
                return new RefusedException("kind=" + decoded + ", expected a change");
            }
            ChangeId id = id(request.getClientId(), request.getCallId());
            String why = register.propose(change, id, currentTerm());
            return why == null ? null : new RefusedException(why);
        } catch (NotLeadingException | HotpairException e) {
            return e;
        }
    }

    /**
     * Called when an entry that was let in did not get into the log, and also in a corner where it
     * did get in but the leader has no room to remember who is waiting for it. The two can be told
     * apart by the entry's index; in the second case the change may still come to be applied.
     */
    @Override
    public TransactionContext cancelTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        RaftClientRequest request = transaction.getClientRequest();
        if (entry == null && request != null) {
            register.withdraw(id(request.getClientId(), request.getCallId()));
        }
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        StateMachineLogEntryProto body = entry.getStateMachineLogEntry();
        RegisterRequest request =
                RegisterCodec.decodeRequest(
                        bytes(body.getLogData()), "log entry " + TermIndex.valueOf(entry));
        if (!(request instanceof RegisterRequest.CompareAndSet change)) {
            throw new HotpairException(
                    HotpairException.Category.CORRUPTION,
                    "log entry " + TermIndex.valueOf(entry) + " is " + request);
        }
        ChangeId id = id(ClientId.valueOf(body.getClientId()), body.getCallId());
        RegisterReply reply = register.apply(change, id);
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        return CompletableFuture.completedFuture(message(RegisterCodec.encode(withVoters(reply))));
    }

    // ---- leading

    @Override
    public void notifyConfigurationChanged(
            long term, long index, RaftConfigurationProto configuration) {
        lastConfiguration = TermIndex.valueOf(term, index);
    }

    /**
     * Called by the thread that applies, right after it has applied the entry by which this voter
     * begins to lead. The Raft term is taken from that entry: the voter's current term may have
     * gone on meanwhile, and then it does not lead.
     */
    @Override
    public void notifyLeaderReady() {
        leadingSinceIndex = lastConfiguration.getIndex();
        register.lead(lastConfiguration.getTerm());
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pendingEntries) {
        register.follow();
        leadingSinceIndex = Long.MAX_VALUE;
    }

    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto failedEntry) {
        onLogFailed.accept(cause);
    }

    private long currentTerm() {
        RaftServer.Division d = division;
        return d == null ? 0 : d.getInfo().getCurrentTerm();
    }

    private RegisterReply withVoters(RegisterReply reply) {
        int missing = missingVoters();
        return missing == UNKNOWN
                ? reply.withVoters(false, 0)
                : reply.withVoters(missing == 0, missing);
    }

    /**
     * The voters that could not stand in for another one that fails: a voter is ready when it has
     * what the leader had when it began to lead, and has been heard of lately.
     *
     * @return a bit for each, in the order of their names, or {@link #UNKNOWN}
     */
    private int missingVoters() {
        RaftServer.Division d = division;
        if (d == null || !d.getInfo().isLeader()) {
            return UNKNOWN;
        }
        long[] matching = d.getInfo().getFollowerMatchIndices();
        List<ServerRpcProto> followers =
                d.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
        // Both are in the order of the leader's senders. When one is replaced between the two
        // questions, or the lead is lost, they say nothing, or something wrong for once: who takes
        // this for an alarm waits until it has been told so for a while.
        if (matching == null || matching.length != followers.size()) {
            return UNKNOWN;
        }
        int missing = 0;
        for (int i = 0; i < matching.length; i++) {
            ServerRpcProto follower = followers.get(i);
            if (matching[i] < leadingSinceIndex
                    || follower.getLastRpcElapsedTimeMs() > VoterSettings.SILENCE_MS) {
                missing |= 1 << voters.indexOf(follower.getId().getId().toStringUtf8());
            }
        }
        return missing;
    }

    // ---- snapshots

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage storage)
            throws IOException {
        super.initialize(server, group, storage);
        getLifeCycle()
                .startAndTransition(
                        () -> {
                            snapshots.init(storage);
                            load(snapshots.getLatestSnapshot());
                        },
                        IOException.class);
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /**
     * Called when the leader has sent a snapshot, because it has no log that reaches back so far.
     */
    @Override
    public void reinitialize() throws IOException {
        load(snapshots.loadLatestSnapshot());
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return snapshots;
    }

    /** Called by the thread that applies, so nothing is applied meanwhile. */
    @Override
    public long takeSnapshot() throws IOException {
        TermIndex applied = getLastAppliedTermIndex();
        Path file = snapshots.getSnapshotFile(applied.getTerm(), applied.getIndex()).toPath();
        writeForced(file, RegisterCodec.encode(register.image()));
        MD5Hash md5 = MD5FileUtil.computeAndSaveMd5ForFile(file.toFile());
        snapshots.updateLatestSnapshot(
                new SingleFileSnapshotInfo(
                        new FileInfo(file, md5), applied.getTerm(), applied.getIndex()));
        return applied.getIndex();
    }

    private void load(@Nullable SingleFileSnapshotInfo snapshot) throws IOException {
        if (snapshot == null) {
            return;
        }
        Path file = snapshot.getFile().getPath();
        register.restore(RegisterCodec.decodeImage(Files.readAllBytes(file), file.toString()));
        setLastAppliedTermIndex(snapshot.getTermIndex());
    }

    private static void writeForced(Path file, byte[] bytes) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel =
                FileChannel.open(
                        unfinished,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static ChangeId id(ClientId client, long call) {
        ByteBuffer uuid = client.toByteString().asReadOnlyByteBuffer();
        return new ChangeId(new UUID(uuid.getLong(), uuid.getLong()), call);
    }

    private static byte[] bytes(ByteString content) {
        return content.toByteArray();
    }

    private static Message message(byte[] bytes) {
        return Message.valueOf(ByteString.copyFrom(bytes));
    }
}
