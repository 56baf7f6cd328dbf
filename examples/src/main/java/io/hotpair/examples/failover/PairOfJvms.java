package io.hotpair.examples.failover;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

/**
 * A witness and two data nodes, each a JVM of its own on this machine, and what they report.
 * Everything is on loopback and in one directory, which is gone afterwards, also when this JVM is
 * told to end.
 */
final class PairOfJvms implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(40);
    private static final int AUDIT_BATCH = 500;

    private final Path directory;
    private final Layout layout = Layout.free();
    private final String trace;
    private final Auditor auditor;
    private final long liedAhead;
    private final Map<String, NodeProcess> processes = new ConcurrentHashMap<>();
    private final Map<NodeProcess, NodeState> states = new ConcurrentHashMap<>();
    private final Map<String, Integer> starts = new HashMap<>();
    private final Thread cleanUp = new Thread(this::endAll, "clean-up");
    private volatile boolean ending;
    private volatile Runnable whileWaiting = () -> {};
    private volatile long firstAckAboveTerm;
    private volatile long firstAckNs;

    PairOfJvms(String trace, Auditor auditor) {
        this(trace, auditor, 0);
    }

    /** A pair whose applications report so many writes ahead as acknowledged. */
    PairOfJvms(String trace, Auditor auditor, long liedAhead) {
        this.liedAhead = liedAhead;
        this.trace = trace;
        this.auditor = auditor;
        try {
            directory = Files.createTempDirectory("hotpair-failover-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(cleanUp);
    }

    /** Starts all three and waits until one of them is master with the other in sync. */
    void start() {
        startWitness();
        Layout.DATA_NODES.forEach(this::startNode);
        awaitReady(List.of("a", "b", Layout.WITNESS));
        awaitInSync();
    }

    void startWitness() {
        launch(
                Layout.WITNESS,
                WitnessNode.class,
                List.of(layout.text(), directory.resolve(Layout.WITNESS).toString()));
    }

    void startNode(String name) {
        int start = starts.merge(name, 1, Integer::sum);
        launch(
                name,
                ApplicationNode.class,
                List.of(
                        name,
                        // A writer of its own for each start: its sequence begins anew.
                        name + start,
                        layout.text(),
                        directory.resolve(name).toString(),
                        trace,
                        Long.toString(liedAhead)));
    }

    private void launch(String name, Class<?> main, List<String> arguments) {
        if (ending) {
            throw new IllegalStateException("ending=true, expected no more nodes");
        }
        NodeState state = new NodeState();
        NodeProcess process =
                NodeProcess.start(
                        name,
                        main,
                        arguments,
                        directory.resolve(name + ".log"),
                        new NodeProcess.Reports() {
                            @Override
                            public void onReport(NodeProcess node, String[] words) {
                                PairOfJvms.this.onReport(node, state, words);
                            }

                            @Override
                            public void onCutShort(NodeProcess node, Exception failure) {
                                auditor.cutShort(node.name(), failure.toString());
                            }
                        });
        states.put(process, state);
        processes.put(name, process);
    }

    private void onReport(NodeProcess node, NodeState state, String[] words) {
        long nowNs = System.nanoTime();
        switch (words[0]) {
            case "READY" -> state.ready();
            case "ACK" -> {
                long term = Long.parseLong(words[3]);
                auditor.acknowledged(
                        words[1], Long.parseLong(words[2]), term, Long.parseLong(words[4]));
                if (firstAckNs == 0 && term > firstAckAboveTerm) {
                    firstAckNs = nowNs;
                }
            }
            case "STATUS" ->
                    state.status(
                            words[1],
                            Long.parseLong(words[2]),
                            Long.parseLong(words[3]),
                            Long.parseLong(words[4]));
            case "EVENT" -> {
                long term = Long.parseLong(words[2]);
                if (words[1].equals("PROMOTED")) {
                    auditor.promoted(node.name(), term);
                }
                state.event(
                        new NodeState.Event(
                                words[1],
                                term,
                                Long.parseLong(words[3]),
                                Long.parseLong(words[4]),
                                Long.parseLong(words[5]),
                                nowNs));
            }
            case "DIGEST" -> state.digest(words[1]);
            // Not acknowledged, so there is nothing to audit.
            case "REFUSED" -> {}
            default -> throw new IllegalStateException("report=" + String.join(" ", words));
        }
    }

    Layout layout() {
        return layout;
    }

    /** Where a node keeps what it keeps. */
    Path directory(String name) {
        return directory.resolve(name);
    }

    /** What a node has written to its log file so far, over all its starts. */
    List<String> logLines(String name) {
        try {
            return Files.readAllLines(directory.resolve(name + ".log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NodeProcess process(String name) {
        NodeProcess process = processes.get(name);
        if (process == null) {
            throw new IllegalStateException("node=" + name + " was never started");
        }
        return process;
    }

    NodeState state(String name) {
        NodeState state = states.get(process(name));
        if (state == null) {
            throw new IllegalStateException("node=" + name + " has no state");
        }
        return state;
    }

    static String other(String name) {
        return name.equals("a") ? "b" : "a";
    }

    /** The node that says that it is master, in the highest term. */
    String master() {
        String master = "";
        long term = 0;
        for (String name : Layout.DATA_NODES) {
            NodeState state = state(name);
            if (process(name).isAlive() && state.isMaster() && state.term() > term) {
                master = name;
                term = state.term();
            }
        }
        return master;
    }

    /** Notes when the first write of a term above this one is acknowledged. */
    void watchForFirstAck(long aboveTerm) {
        firstAckAboveTerm = aboveTerm;
        firstAckNs = 0;
    }

    long firstAckNs() {
        return firstAckNs;
    }

    void tellAll(String command) {
        Layout.DATA_NODES.forEach(name -> process(name).tell(command));
    }

    void awaitReady(List<String> names) {
        for (String name : names) {
            await(
                    START_LIMIT,
                    name + " is ready",
                    () -> {
                        if (!process(name).isAlive()) {
                            throw new IllegalStateException(name + " ended\n" + describe());
                        }
                        return state(name).isReady();
                    });
        }
    }

    /**
     * Waits until there is a master and the other node is in its in-sync set.
     *
     * @return the master
     */
    String awaitInSync() {
        String[] found = {""};
        await(
                START_LIMIT,
                "both nodes are in sync",
                () -> {
                    found[0] = master();
                    return !found[0].isEmpty()
                            && state(found[0]).inSyncCount() == Layout.DATA_NODES.size();
                });
        return found[0];
    }

    /** What to do again and again while something is waited for. */
    void whileWaiting(Runnable task) {
        whileWaiting = task;
    }

    /** Waits for a condition, and says how everything stands when it does not come. */
    void await(Duration limit, String what, BooleanSupplier condition) {
        long giveUpNs = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - giveUpNs > 0) {
                throw new IllegalStateException(
                        "after " + limit + " still not: " + what + "\n" + describe());
            }
            whileWaiting.run();
            LockSupport.parkNanos(2_000_000);
        }
    }

    /** How everything stands, with the end of each node's log. */
    String describe() {
        StringBuilder text = new StringBuilder();
        processes.forEach(
                (name, process) ->
                        text.append(name)
                                .append(process.isAlive() ? " alive " : " dead ")
                                .append(states.get(process))
                                .append('\n')
                                .append(logTail(name)));
        return text.toString();
    }

    private String logTail(String name) {
        try {
            List<String> lines = Files.readAllLines(directory.resolve(name + ".log"));
            int from = Math.max(0, lines.size() - 30);
            return String.join("\n", lines.subList(from, lines.size())) + "\n";
        } catch (IOException e) {
            return "no log: " + e.getMessage() + "\n";
        }
    }

    /** The digests of both copies, taken when both hold the same operations. */
    List<String> digests() {
        await(
                Duration.ofSeconds(20),
                "both logs end at the same opId",
                () -> state("a").loggedOpId() == state("b").loggedOpId());
        Layout.DATA_NODES.forEach(name -> state(name).forgetDigest());
        tellAll("DIGEST");
        await(
                Duration.ofSeconds(20),
                "both digests are there",
                () -> Layout.DATA_NODES.stream().noneMatch(n -> state(n).digest().isEmpty()));
        return Layout.DATA_NODES.stream().map(name -> state(name).digest()).toList();
    }

    /**
     * Reads every key that was ever acknowledged back from a node. The load may go on meanwhile.
     *
     * @param node which node
     * @return how many acknowledged writes this audit or an earlier one missed
     */
    long audit(String node) {
        List<String> keys = auditor.keys();
        try (Jedis jedis = RedisLoad.connectPatiently(layout, node)) {
            for (int from = 0; from < keys.size(); from += AUDIT_BATCH) {
                auditKeys(jedis, keys.subList(from, Math.min(keys.size(), from + AUDIT_BATCH)));
            }
        }
        return auditor.lostCount();
    }

    /** What is acknowledged after a key was read says nothing about what was read. */
    private void auditKeys(Jedis jedis, List<String> keys) {
        List<Long> last = keys.stream().map(auditor::lastAcknowledged).toList();
        List<Response<String>> values = new ArrayList<>();
        try (Pipeline pipeline = jedis.pipelined()) {
            keys.forEach(key -> values.add(pipeline.get(key)));
        }
        for (int i = 0; i < keys.size(); i++) {
            auditor.found(keys.get(i), last.get(i), Auditor.sequenceOf(values.get(i).get()));
        }
    }

    /** What a node's Redis clients read. */
    @Nullable String read(String node, String key) {
        try (Jedis jedis = RedisLoad.connect(layout, node)) {
            return jedis.get(key);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(cleanUp);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook does it.
            return;
        }
        endAll();
    }

    private void endAll() {
        ending = true;
        processes.values().forEach(NodeProcess::close);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
