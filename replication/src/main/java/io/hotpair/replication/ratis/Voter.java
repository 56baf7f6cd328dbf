package io.hotpair.replication.ratis;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.replication.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One voter: an embedded Ratis server over its directory. */
final class Voter implements AutoCloseable {

    /** Entries between two snapshots. Small, since a snapshot costs as much as an entry. */
    static final long SNAPSHOT_EVERY = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Voter.class);

    private final VoterConfig config;
    private final VoterDirectory directory;
    private final RaftServer server;
    private final RaftServer.Division division;
    private final VoterWatchdog watchdog;
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private volatile @Nullable Throwable failure;

    static Voter open(VoterConfig config) {
        return open(config, SNAPSHOT_EVERY);
    }

    static Voter open(VoterConfig config, long snapshotEvery) {
        HostJvm.protect();
        VoterDirectory directory = VoterDirectory.open(config);
        try {
            return onDaemonThread(config, () -> new Voter(config, directory, snapshotEvery));
        } catch (RuntimeException | Error e) {
            directory.close();
            throw e;
        }
    }

    /**
     * Most threads of Ratis are daemons only if the thread that starts them is one; and none may
     * keep the host's JVM alive.
     */
    private static Voter onDaemonThread(VoterConfig config, Callable<Voter> opening) {
        FutureTask<Voter> task = new FutureTask<>(opening);
        daemon(config, "open", task).start();
        boolean wasInterrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    // What was begun has to be finished, or nobody would close it.
                    wasInterrupted = true;
                }
            }
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof RuntimeException known) {
                throw known;
            }
            if (cause instanceof Error fatal) {
                throw fatal;
            }
            throw new AssertionError("opening throws nothing that is checked", e);
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Thread daemon(VoterConfig config, String role, Runnable task) {
        Thread thread = new Thread(task, "hotpair-voter-" + config.voter() + "-" + role);
        thread.setDaemon(true);
        return thread;
    }

    private Voter(VoterConfig config, VoterDirectory directory, long snapshotEvery) {
        this.config = config;
        this.directory = directory;
        RegisterMachine machine =
                new RegisterMachine(
                        new LeasedRegister(Clock.SYSTEM),
                        List.copyOf(config.voters().keySet()),
                        this::onLogFailed);
        RaftServer built = null;
        try {
            requireFreePort();
            built = build(machine, snapshotEvery);
            server = built;
            division = server.getDivision(VoterSettings.group(config).getGroupId());
            machine.attach(division);
            server.start();
            requireSameVoters();
            directory.restrict(config.group().toString());
            watchdog = VoterWatchdog.start(config, server, division);
        } catch (IOException | RuntimeException e) {
            closeQuietly(built, e);
            throw asHotpairException(e);
        } catch (Error e) {
            // It may have begun to vote, and its directory is about to be given back.
            closeQuietly(built, e);
            throw e;
        }
    }

    /**
     * Looks before Ratis does, which would log that it ends the JVM. If the port is taken between
     * the two, the outcome is the same, with that line in the log.
     */
    private void requireFreePort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            int port = config.address(config.voter()).port();
            socket.bind(new InetSocketAddress(config.bindHost(), port));
        }
    }

    private RaftServer build(RegisterMachine machine, long snapshotEvery) throws IOException {
        RaftProperties properties = VoterSettings.properties(config, snapshotEvery);
        RaftGroup group = VoterSettings.group(config);
        return RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(config.voter()))
                .setGroup(group)
                // Formats an empty directory, and never one that holds votes.
                .setOption(RaftStorage.StartupOption.RECOVER)
                .setStateMachine(machine)
                .setProperties(properties)
                .setParameters(VoterSettings.parameters(config))
                .build();
    }

    /**
     * The log knows the voters' addresses too, and Ratis believes the log. Going on with others
     * than the user gave would be a silent surprise.
     */
    private void requireSameVoters() {
        Map<String, Endpoint> known = new TreeMap<>();
        for (RaftPeer peer : division.getRaftConf().getAllPeers()) {
            known.put(peer.getId().toString(), Endpoint.parse(peer.getAddress()));
        }
        if (!known.equals(config.voters())) {
            throw new IllegalStateException(
                    "voters="
                            + config.voters()
                            + ", expected "
                            + known
                            + " as in "
                            + directory.path());
        }
    }

    String name() {
        return config.voter();
    }

    boolean isRunning() {
        return division.getInfo().getLifeCycleState() == LifeCycle.State.RUNNING;
    }

    /** What ended this voter, or null while it runs. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** The highest Raft term that this voter has seen. */
    long currentTerm() {
        return division.getInfo().getCurrentTerm();
    }

    /** Which voter leads, as far as this one knows; null if it knows of none. */
    @Nullable String leader() {
        RaftPeerId leader = division.getInfo().getLeaderId();
        return leader == null ? null : leader.toString();
    }

    boolean isLeader() {
        return division.getInfo().isLeaderReady();
    }

    CompletableFuture<RaftClientReply> submit(RaftClientRequest request) throws IOException {
        return server.submitClientRequestAsync(request);
    }

    /** Without a log this voter can't keep a promise, so it stops to take part. */
    private void onLogFailed(Throwable cause) {
        failure = cause;
        LOG.error("voter={} can't write its log and stops to vote", config.voter(), cause);
        // Not on this thread: it is one of those that closing waits for.
        daemon(config, "stop", this::closeServer).start();
    }

    private void closeServer() {
        try {
            server.close();
        } catch (IOException e) {
            LOG.warn("voter={} did not close in order", config.voter(), e);
        }
    }

    @Override
    public void close() {
        if (isClosed.compareAndSet(false, true)) {
            watchdog.close();
            try {
                closeServer();
            } finally {
                directory.close();
            }
        }
    }

    private static void closeQuietly(@Nullable RaftServer server, Throwable failure) {
        if (server == null) {
            return;
        }
        try {
            server.close();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private RuntimeException asHotpairException(Exception e) {
        if (e instanceof IllegalStateException known && !isExit(e)) {
            return known;
        }
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof HotpairException known) {
                return known;
            }
            if (t instanceof SocketException || t instanceof UnknownHostException) {
                return network(e);
            }
        }
        if (isExit(e)) {
            return network(e);
        }
        return new HotpairException(
                Category.CONSENSUS,
                "voter=" + config.voter() + " could not start in " + directory.path(),
                e);
    }

    private HotpairException network(Exception e) {
        Endpoint address = config.address(config.voter());
        return new HotpairException(
                Category.NETWORK,
                "address="
                        + new Endpoint(config.bindHost(), address.port())
                        + ", expected a free port of this machine for voter="
                        + config.voter(),
                e);
    }

    /** Ratis tries to end the JVM when it can't listen; this is what is left of that. */
    private static boolean isExit(Throwable e) {
        boolean isExit = false;
        for (Throwable t = e; t != null; t = t.getCause()) {
            isExit |= t instanceof ExitUtils.ExitException;
        }
        if (isExit) {
            ExitUtils.clear();
        }
        return isExit;
    }
}
