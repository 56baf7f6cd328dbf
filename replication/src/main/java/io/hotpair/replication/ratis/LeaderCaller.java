package io.hotpair.replication.ratis;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.GroupMismatchException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.protocol.exceptions.RaftException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a request to the voter that leads, within a bounded time, and makes sure that the answer
 * was still good when it was given. Thread-safe.
 *
 * <p>A voter that was deposed may not know it yet, so an answer out of its memory proves nothing by
 * itself. It comes with the Raft term T in which the voter believes to lead. It counts once a
 * majority of voters, the answering one included, was seen after the request was sent, none of them
 * beyond T. A leader of a higher term needs votes of a majority, so of one of these, and that one
 * had not voted when it was seen; hence every later leader began after the request was sent. Where
 * this node's own voter and the leader are a majority, as they are of three, that costs no message.
 *
 * <p>Ratis has linearisable reads of its own, which this class replaces; the reason is in {@code
 * consensus.md}.
 */
final class LeaderCaller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaderCaller.class);

    /** After so long without an answer, another voter is asked. */
    private static final long ATTEMPT_NS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final long PAUSE_MS = 15;
    private static final int MAX_THREADS = 32;
    private static final long IDLE_SECONDS = 10;

    /** How often a connection to one voter is made anew at most. */
    private static final long RENEW_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final VoterConfig config;
    private final Voter own;
    private final List<String> names;
    private final RaftGroupId group;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final RaftClientRpc rpc;
    private final ThreadPoolExecutor workers;
    private final ScheduledThreadPoolExecutor timer;
    private final Map<String, Long> renewedNs = new ConcurrentHashMap<>();

    /** Why each voter is taken for silent whose last exchange with this node brought nothing. */
    private final Map<String, String> silent = new ConcurrentSkipListMap<>();

    LeaderCaller(VoterConfig config, Voter own) {
        this.config = config;
        this.own = own;
        names = List.copyOf(config.voters().keySet());
        RaftGroup raftGroup = VoterSettings.group(config);
        group = raftGroup.getGroupId();
        rpc =
                new GrpcFactory(VoterSettings.parameters(config))
                        .newRaftClientRpc(client, VoterSettings.properties(config, 1));
        rpc.addRaftPeers(raftGroup.getPeers());
        workers =
                new ThreadPoolExecutor(
                        0,
                        MAX_THREADS,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new SynchronousQueue<>(),
                        daemons("call"));
        timer = new ScheduledThreadPoolExecutor(1, daemons("timer"));
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * Asks the leader.
     *
     * @return its answer; fails with {@link Category#CONSENSUS} if there is none in time
     * @throws IllegalArgumentException if the request is too large
     */
    CompletableFuture<RegisterReply> call(RegisterRequest request) {
        Call call = new Call(request);
        try {
            Future<?> running = workers.submit(call::run);
            // A worker ends in time by itself, unless its own voter hangs, say on a dead disk.
            Future<?> alarm =
                    timer.schedule(
                            () -> call.giveUp(running),
                            config.requestTimeout().toNanos() + ATTEMPT_NS / 2,
                            TimeUnit.NANOSECONDS);
            return call.result.whenComplete((reply, failure) -> alarm.cancel(false));
        } catch (RejectedExecutionException e) {
            call.result.completeExceptionally(
                    new HotpairException(
                            Category.CONSENSUS,
                            workers.isShutdown()
                                    ? "the register of pair=" + config.pair() + " is closed"
                                    : "calls=" + MAX_THREADS + " under way, expected fewer",
                            e));
            return call.result;
        }
    }

    /** Each voter that did not answer when it was last asked, and why. */
    Set<String> silentVoters() {
        Set<String> voters = new TreeSet<>();
        silent.forEach((name, why) -> voters.add(config.describe(name) + " (" + why + ")"));
        return voters;
    }

    /** One request on its way, over all its attempts. Used by one worker; given up by the timer. */
    private final class Call {
        private final RegisterRequest original;
        private final long deadlineNs;
        private final CompletableFuture<RegisterReply> result = new CompletableFuture<>();

        /** What became of the last attempt at each voter. */
        private final Map<String, String> outcomes = new ConcurrentSkipListMap<>();

        /** The original one, or the read that follows a refusal. */
        private RegisterRequest request;

        private long callId;
        private int turn;
        private @Nullable String suggested;

        /** Whether an attempt at a change may have got, or may yet get, into the log. */
        private boolean isUncertain;

        Call(RegisterRequest request) {
            original = request;
            this.request = request;
            callId = calls.incrementAndGet();
            deadlineNs = System.nanoTime() + config.requestTimeout().toNanos();
        }

        void run() {
            try {
                while (leftNs() > 0 && !result.isDone()) {
                    RegisterReply reply = attempt(nextTarget());
                    if (reply != null) {
                        result.complete(reply);
                        return;
                    }
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
                }
                probeUntried();
                result.completeExceptionally(noAnswer());
            } catch (InterruptedException e) {
                result.completeExceptionally(noAnswer());
            } catch (HotpairException e) {
                result.completeExceptionally(e);
            } catch (RuntimeException e) {
                result.completeExceptionally(
                        new HotpairException(
                                Category.CONSENSUS, "the call failed; " + attempts(), e));
            } catch (Error e) {
                // Now, and not when whoever waits gives up: a lease may end meanwhile.
                result.completeExceptionally(e);
            }
        }

        void giveUp(Future<?> running) {
            result.completeExceptionally(noAnswer());
            running.cancel(true);
        }

        /** The voter that was suggested or that ours takes for the leader; else each in turn. */
        private String nextTarget() {
            String hint = suggested != null ? suggested : own.leader();
            suggested = null;
            turn++;
            // Every other time one that is not hinted at, in case the hint is at a dead voter.
            return hint != null && turn % 2 == 1 ? hint : names.get((turn / 2) % names.size());
        }

        private @Nullable RegisterReply attempt(String target) throws InterruptedException {
            long timeoutNs = Math.max(1, Math.min(leftNs(), ATTEMPT_NS));
            try {
                RaftClientReply reply = exchange(target, request(target, timeoutNs), timeoutNs);
                RaftException failure = reply.getException();
                if (failure == null) {
                    return answer(target, reply);
                }
                if (RefusedException.isIn(failure)) {
                    readInstead();
                } else {
                    goOn(target, failure);
                }
            } catch (IOException | ExecutionException | TimeoutException e) {
                isUncertain |= request instanceof RegisterRequest.CompareAndSet;
                outcomes.put(target, describe(e));
                renewConnection(target);
            }
            return null;
        }

        private RaftClientRequest request(String target, long timeoutNs) {
            RaftClientRequest.Type type =
                    request instanceof RegisterRequest.CompareAndSet
                            ? RaftClientRequest.writeRequestType()
                            : RaftClientRequest.readRequestType();
            return newRequest(target, callId, RegisterCodec.encode(request), type, timeoutNs);
        }

        private @Nullable RegisterReply answer(String target, RaftClientReply reply)
                throws InterruptedException {
            RegisterReply answer =
                    RegisterCodec.decodeReply(content(reply), "reply of voter=" + target);
            if (answer.isCommitted()) {
                return answer.isAccepted() ? answer : refusal(answer);
            }
            if (!isConfirmed(target, answer.raftTerm(), Math.min(leftNs(), ATTEMPT_NS))) {
                outcomes.put(target, "leads, but no majority of voters confirms it");
                return null;
            }
            return request == original ? answer : refusal(answer);
        }

        /** The change was not let in. What the register holds, and for how long, a read says. */
        private void readInstead() {
            request = new RegisterRequest.Read(original.requester());
            callId = calls.incrementAndGet();
            // The leader that refused is the one to read from.
            turn = 0;
        }

        /** A refusal is the last word only if no other attempt was taken, or can yet be. */
        private RegisterReply refusal(RegisterReply answer) {
            if (isUncertain) {
                throw new HotpairException(
                        Category.CONSENSUS,
                        "the change may have been made or not; state="
                                + answer.state()
                                + ", "
                                + attempts());
            }
            return answer.refused();
        }

        /** The voter can't help, and may know who can. */
        private void goOn(String target, RaftException failure) {
            outcomes.put(target, describe(failure));
            if (failure instanceof NotLeaderException elsewhere) {
                RaftPeer leader = elsewhere.getSuggestedLeader();
                suggested = leader == null ? null : leader.getId().toString();
                turn = suggested == null ? turn : 0;
            }
            // A leader that steps down says so to those whose changes are in its log already.
            isUncertain |= request instanceof RegisterRequest.CompareAndSet;
        }

        /** With many voters the time may not have sufficed to find out which of them are there. */
        private void probeUntried() {
            for (String name : names) {
                if (!outcomes.containsKey(name)) {
                    try {
                        workers.execute(() -> probe(name));
                    } catch (RejectedExecutionException e) {
                        LOG.debug("voter={} is not asked: closed, or overloaded", name, e);
                    }
                }
            }
        }

        private long leftNs() {
            return deadlineNs - System.nanoTime();
        }

        private String attempts() {
            return "voters=" + outcomes;
        }

        private HotpairException noAnswer() {
            return new HotpairException(
                    Category.CONSENSUS,
                    "no leader of pair="
                            + config.pair()
                            + " answered within "
                            + config.requestTimeout().toMillis()
                            + " ms; "
                            + attempts(),
                    own.failure());
        }
    }

    /**
     * Whether a majority of voters is seen, the one that leads included, none of which has gone
     * beyond its Raft term.
     */
    private boolean isConfirmed(String leader, long raftTerm, long timeoutNs)
            throws InterruptedException {
        int missing = names.size() / 2;
        if (missing > 0 && !leader.equals(own.name()) && own.isRunning()) {
            if (own.currentTerm() > raftTerm) {
                return false;
            }
            missing--;
        }
        return missing == 0 || isConfirmedByOthers(leader, raftTerm, missing, timeoutNs);
    }

    private boolean isConfirmedByOthers(String leader, long raftTerm, int missing, long timeoutNs)
            throws InterruptedException {
        long deadlineNs = System.nanoTime() + timeoutNs;
        CompletionService<Long> probes = new ExecutorCompletionService<>(workers);
        List<Future<Long>> running = new ArrayList<>();
        try {
            for (String name : names) {
                if (!name.equals(leader) && !name.equals(own.name())) {
                    running.add(probes.submit(() -> raftTermOf(name, timeoutNs)));
                }
            }
            int confirmed = 0;
            for (int i = 0; i < running.size() && confirmed < missing; i++) {
                Future<Long> probe =
                        probes.poll(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (probe != null && seenTerm(probe) <= raftTerm) {
                    confirmed++;
                }
            }
            return confirmed >= missing;
        } catch (RejectedExecutionException e) {
            return false;
        } finally {
            running.forEach(probe -> probe.cancel(true));
        }
    }

    private static long seenTerm(Future<Long> probe) throws InterruptedException {
        try {
            return probe.get();
        } catch (ExecutionException e) {
            // It was not seen, and so confirms nothing.
            return Long.MAX_VALUE;
        }
    }

    /** What becomes of it, the exchange itself remembers. */
    private void probe(String name) {
        try {
            raftTermOf(name, ATTEMPT_NS);
        } catch (Exception e) {
            LOG.debug("voter={} did not answer", name, e);
        }
    }

    private long raftTermOf(String name, long timeoutNs) throws Exception {
        try {
            RaftClientReply reply =
                    exchange(
                            name,
                            newRequest(
                                    name,
                                    calls.incrementAndGet(),
                                    new byte[0],
                                    RaftClientRequest.staleReadRequestType(0),
                                    timeoutNs),
                            timeoutNs);
            if (reply.getException() != null) {
                throw reply.getException();
            }
            return RegisterCodec.decodeRaftTerm(content(reply), "reply of voter=" + name);
        } catch (IOException e) {
            renewConnection(name);
            throw e;
        }
    }

    // ---- one exchange with one voter

    private RaftClientRequest newRequest(
            String target,
            long callId,
            byte[] content,
            RaftClientRequest.Type type,
            long timeoutNs) {
        return RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(RaftPeerId.valueOf(target))
                .setGroupId(group)
                .setCallId(callId)
                .setMessage(Message.valueOf(ByteString.copyFrom(content)))
                .setType(type)
                .setTimeoutMs(Math.max(1, TimeUnit.NANOSECONDS.toMillis(timeoutNs)))
                .build();
    }

    /** Does not go over the network to reach this node's own voter: it may not be able to. */
    private RaftClientReply exchange(String target, RaftClientRequest request, long timeoutNs)
            throws IOException, ExecutionException, TimeoutException, InterruptedException {
        try {
            RaftClientReply reply =
                    target.equals(own.name())
                            ? own.submit(request).get(timeoutNs, TimeUnit.NANOSECONDS)
                            : rpc.sendRequest(request);
            noteAnswer(target, reply.getException());
            return reply;
        } catch (InterruptedIOException e) {
            // Nobody waits for the answer any more, so this says nothing of the voter.
            throw e;
        } catch (IOException | ExecutionException | TimeoutException e) {
            silent.put(target, isOfOtherPair(e) ? otherPair() : describe(e));
            throw e;
        }
    }

    /** A refusal is an answer too, unless it is from a voter of another pair. */
    private void noteAnswer(String target, @Nullable RaftException refusal) {
        if (refusal != null && isOfOtherPair(refusal)) {
            silent.put(target, otherPair());
        } else {
            silent.remove(target);
        }
    }

    /** Whether a voter is there, and knows nothing of a pair of this name. */
    private static boolean isOfOtherPair(Throwable failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof GroupMismatchException)) {
            cause = cause.getCause();
        }
        return cause != null;
    }

    /** What the engine says of it names groups by hashes, which nobody can read. */
    private String otherPair() {
        return "belongs to a pair of another name, expected " + config.pair();
    }

    /**
     * Connects anew, since a connection that failed waits longer and longer before it tries again.
     * On another thread: taking leave of the old one can last seconds.
     */
    private void renewConnection(String name) {
        long nowNs = System.nanoTime();
        Long before = renewedNs.get(name);
        if (name.equals(own.name()) || (before != null && nowNs - before < RENEW_NS)) {
            return;
        }
        renewedNs.put(name, nowNs);
        try {
            workers.execute(
                    () ->
                            rpc.handleException(
                                    RaftPeerId.valueOf(name), new IOException("no answer"), true));
        } catch (RejectedExecutionException e) {
            // Closed or overloaded: the next failure is another occasion.
            renewedNs.remove(name);
        }
    }

    private static byte[] content(RaftClientReply reply) {
        return reply.getMessage().getContent().toByteArray();
    }

    private static String describe(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String kind = cause.getClass().getSimpleName();
        return message == null ? kind : kind + ": " + message.lines().findFirst().orElse("");
    }

    private ThreadFactory daemons(String role) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread =
                    new Thread(
                            task,
                            "hotpair-register-"
                                    + config.voter()
                                    + "-"
                                    + role
                                    + "-"
                                    + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public void close() {
        workers.shutdownNow();
        timer.shutdownNow();
        try {
            rpc.close();
        } catch (IOException e) {
            LOG.warn("voter={} did not close its connections in order", config.voter(), e);
        }
    }
}
