package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.replication.Pair;
import io.hotpair.replication.PairBuilder;
import io.hotpair.replication.PairEvent;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.RespListener;
import io.hotpair.topology.Member;
import io.hotpair.topology.Topology;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * An application that embeds a keyspace: one of the pair. While it is the master it replays the
 * trace with level {@code peer}, and reports each write to the auditor after it was acknowledged.
 * Redis clients come in beside it.
 *
 * <p>It can be told to lie, by reporting writes before it makes them: that is how the auditor is
 * tested.
 */
final class ApplicationNode implements AutoCloseable {
    private static final long STATUS_INTERVAL_NS = 200_000_000;

    private final String name;
    private final String writer;
    private final Trace trace;
    private final long liedAhead;
    private final Keyspace keyspace;
    private final RespListener listener;
    private final FileOutputStream reports = new FileOutputStream(FileDescriptor.out);
    private final AtomicBoolean loading = new AtomicBoolean();
    private final AtomicBoolean running = new AtomicBoolean(true);

    private ApplicationNode(
            String name,
            String writer,
            Layout layout,
            Path directory,
            String trace,
            long liedAhead) {
        this.name = name;
        this.writer = writer;
        this.trace = Trace.read(trace);
        this.liedAhead = liedAhead;
        PairBuilder pair = Pair.builder().nodeName(name).witness(Layout.WITNESS, layout.witness());
        Layout.DATA_NODES.forEach(node -> pair.dataNode(layout.dataNode(node)));
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .name("failover-example")
                                .directory(directory)
                                .maxMemory(512L << 20)
                                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                .acknowledgement(Acknowledgement.PEER)
                                .replication(pair.listener(this::report).build())
                                .build());
        listener =
                RespListener.open(
                        keyspace, RespConfig.builder().port(layout.clientPort(name)).build());
    }

    /**
     * Runs a node until it is told to exit, or its parent is gone.
     *
     * @param args name, writer's name, layout, directory, trace file or an empty string, how many
     *     writes ahead it reports as acknowledged (0: it does not lie)
     */
    public static void main(String[] args) throws IOException {
        try (ApplicationNode node =
                new ApplicationNode(
                        args[0],
                        args[1],
                        Layout.parse(args[2]),
                        Path.of(args[3]),
                        args[4],
                        Long.parseLong(args[5]))) {
            node.run();
        }
    }

    private void run() throws IOException {
        start("load", this::load);
        start("status", this::reportStatus);
        report("READY " + ProcessHandle.current().pid());
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String command = commands.readLine();
                command != null && !command.equals("EXIT");
                command = commands.readLine()) {
            switch (command) {
                case "LOAD" -> loading.set(true);
                case "PAUSE" -> loading.set(false);
                case "DIGEST" -> reportDigest();
                default -> throw new IllegalArgumentException("command=" + command);
            }
        }
        running.set(false);
    }

    private static void start(String threadName, Runnable task) {
        Thread thread = new Thread(task, threadName);
        thread.setDaemon(true);
        thread.start();
    }

    private void load() {
        long sequence = 0;
        while (running.get()) {
            long begunNs = System.nanoTime();
            long term = keyspace.term();
            if (!loading.get() || term == 0) {
                LockSupport.parkNanos(1_000_000);
                continue;
            }
            try {
                if (liedAhead > 0) {
                    reportAcknowledged(sequence + liedAhead, term, begunNs);
                }
                keyspace.put(key(sequence, term), Auditor.value(sequence));
                if (liedAhead == 0) {
                    reportAcknowledged(sequence, term, begunNs);
                }
            } catch (HotpairException e) {
                // Not acknowledged: whatever became of it, nobody was promised anything.
                report("REFUSED " + e.category());
            } catch (IllegalStateException e) {
                return;
            }
            sequence++;
        }
    }

    /** Every term has its own keys: a later one must not write over what an earlier one lost. */
    private String key(long sequence, long term) {
        return writer + "." + term + ":" + trace.key(sequence);
    }

    private void reportAcknowledged(long sequence, long term, long begunNs) {
        report("ACK " + key(sequence, term) + " " + sequence + " " + term + " " + begunNs);
    }

    private void reportStatus() {
        while (running.get()) {
            try {
                report(status());
            } catch (IllegalStateException e) {
                return;
            }
            LockSupport.parkNanos(STATUS_INTERVAL_NS);
        }
    }

    private String status() {
        KeyspaceStatistics now = keyspace.statistics();
        Topology topology = keyspace.topology();
        return String.format(
                Locale.ROOT,
                "STATUS %s %d %d %d",
                keyspace.term() == 0 ? "replica" : "master",
                keyspace.term(),
                now.loggedOpId(),
                topology == null ? 0 : topology.members().stream().filter(Member::inSync).count());
    }

    private void reportDigest() {
        report("DIGEST " + keyspace.digest() + " " + keyspace.statistics().loggedOpId());
    }

    private void report(PairEvent event) {
        report(
                String.format(
                        Locale.ROOT,
                        "EVENT %s %d %d %d %d",
                        event.kind(),
                        event.term(),
                        event.opId(),
                        event.operations(),
                        event.durationNs()));
    }

    /** Writes a line at once and whole: a SIGKILL right after it does not take it back. */
    private void report(String line) {
        try {
            reports.write((line + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            running.set(false);
            throw new UncheckedIOException(name + " can't report", e);
        }
    }

    @Override
    public void close() {
        listener.close();
        keyspace.close();
    }
}
