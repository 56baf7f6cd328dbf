package io.hotpair.examples.failover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Kills a master in the middle of its work and shows what became of it. Ends with exit code 0 only
 * if no acknowledged write was lost, no term had two masters, and both copies agree.
 *
 * <p>Arguments: {@code --cycles N} kills as many masters in a row (1), {@code --seconds N} runs the
 * load for that long before each kill (8), {@code --trace FILE} replays another trace.
 */
public final class FailoverExample {
    private static final long PROGRESS_INTERVAL_NS = 1_000_000_000;

    private final int cycles;
    private final int seconds;
    private final String tracePath;
    private final Auditor auditor = new Auditor();
    private final List<Long> firstWriteMs = new ArrayList<>();
    private final List<Long> detectMs = new ArrayList<>();
    private long returns;
    private long returnsFromLog;
    private long differences;
    private long startNs;
    private long shownCount;
    private long shownNs;

    FailoverExample(int cycles, int seconds, String tracePath) {
        this.cycles = cycles;
        this.seconds = seconds;
        this.tracePath = tracePath;
    }

    /**
     * Runs it.
     *
     * @param args see above
     */
    public static void main(String[] args) {
        int cycles = 1;
        int seconds = 8;
        String trace = "";
        for (int i = 0; i < args.length; i += 2) {
            String value = i + 1 < args.length ? args[i + 1] : "";
            switch (args[i]) {
                case "--cycles" -> cycles = Integer.parseInt(value);
                case "--seconds" -> seconds = Integer.parseInt(value);
                case "--trace" -> trace = value;
                default -> {
                    System.err.println(
                            "option=" + args[i] + ", expected --cycles, --seconds or --trace");
                    System.exit(2);
                }
            }
        }
        System.exit(new FailoverExample(cycles, seconds, trace).run() ? 0 : 1);
    }

    /** Runs all of it; returns whether everything held. */
    boolean run() {
        Trace trace = Trace.read(tracePath);
        try (PairOfJvms pair = new PairOfJvms(tracePath, auditor)) {
            say("trace: %s", trace);
            say("starting three JVMs: witness, a, b ...");
            pair.start();
            say("master is %s in term %d, both in sync", pair.master(), masterTerm(pair));
            startNs = System.nanoTime();
            shownNs = startNs;
            pair.whileWaiting(() -> progress(pair));
            try (RedisLoad redis = new RedisLoad(pair.layout(), trace, auditor)) {
                pair.tellAll("LOAD");
                for (int cycle = 1; cycle <= cycles; cycle++) {
                    killOneMaster(pair, redis, cycle);
                    compareCopies(pair, redis);
                }
                runFor(pair, Duration.ofSeconds(Math.min(3, seconds)));
            }
            pair.tellAll("PAUSE");
            return verdict(pair);
        }
    }

    private static long masterTerm(PairOfJvms pair) {
        return pair.state(pair.master()).term();
    }

    private void runFor(PairOfJvms pair, Duration duration) {
        long untilNs = System.nanoTime() + duration.toNanos();
        pair.await(duration.plusSeconds(5), "time passes", () -> System.nanoTime() - untilNs >= 0);
    }

    private void progress(PairOfJvms pair) {
        long nowNs = System.nanoTime();
        if (nowNs - shownNs < PROGRESS_INTERVAL_NS) {
            return;
        }
        long count = auditor.count();
        long rate = (count - shownCount) * 1_000_000_000 / (nowNs - shownNs);
        shownCount = count;
        shownNs = nowNs;
        String master = pair.master();
        long lag =
                master.isEmpty()
                        ? 0
                        : Math.max(
                                0,
                                pair.state(master).loggedOpId()
                                        - pair.state(PairOfJvms.other(master)).loggedOpId());
        say(
                "%3d s  %,7d acknowledged/s  lag %,d ops  a: %s  b: %s",
                (nowNs - startNs) / 1_000_000_000, rate, lag, role(pair, "a"), role(pair, "b"));
    }

    private static String role(PairOfJvms pair, String name) {
        return pair.process(name).isAlive() ? pair.state(name).role() : "dead";
    }

    private void killOneMaster(PairOfJvms pair, RedisLoad redis, int cycle) {
        runFor(pair, Duration.ofSeconds(seconds));
        // On a busy machine a lease may have ended just now: nobody is master then for a moment.
        String victim = pair.awaitInSync();
        String heir = PairOfJvms.other(victim);
        long term = pair.state(victim).term();
        long beforeCount = auditor.count();
        pair.watchForFirstAck(term);
        say("kill -9 of the master %s, after %,d acknowledged writes", victim, beforeCount);
        long killNs = System.nanoTime();
        pair.process(victim).kill();
        redis.watchForFirstAck();
        pair.await(
                Duration.ofSeconds(20),
                heir + " took the first write",
                () -> pair.firstAckNs() != 0 && redis.firstAckNs() != 0);
        long firstMs = (pair.firstAckNs() - killNs) / 1_000_000;
        Optional<NodeState.Event> detected = pair.state(heir).last("MASTER_DETECTED_DEAD", killNs);
        detected.ifPresent(event -> detectMs.add((event.arrivedNs() - killNs) / 1_000_000));
        firstWriteMs.add(firstMs);
        say(
                "cycle %d: detected after %s ms, first write on %s after %d ms, first of the Redis"
                        + " client after %d ms, term %d",
                cycle,
                detected.map(event -> (event.arrivedNs() - killNs) / 1_000_000)
                        .map(String::valueOf)
                        .orElse("?"),
                heir,
                firstMs,
                (redis.firstAckNs() - killNs) / 1_000_000,
                pair.state(heir).last("PROMOTED", killNs).map(NodeState.Event::term).orElse(0L));
        say("audit on %s: acknowledged writes lost: %d", heir, pair.audit(heir));
        bringBack(pair, victim);
    }

    private void bringBack(PairOfJvms pair, String victim) {
        runFor(pair, Duration.ofSeconds(Math.min(2, seconds)));
        say("starting the old master %s again", victim);
        long returnNs = System.nanoTime();
        pair.startNode(victim);
        NodeState state = pair.state(victim);
        pair.await(
                Duration.ofSeconds(40),
                victim + " follows by its log",
                () -> state.returned(returnNs).isPresent());
        long resumedMs = (System.nanoTime() - returnNs) / 1_000_000;
        pair.process(victim).tell("LOAD");
        NodeState.Return returned = state.returned(returnNs).orElseThrow();
        returns += 1;
        returnsFromLog += returned.fromItsLog() ? 1 : 0;
        pair.awaitInSync();
        say(
                "%s follows again after %d ms: its log ended at opId %,d, unacknowledged tail cut:"
                        + " %,d operations, resumed at opId %,d",
                victim,
                resumedMs,
                returned.foundOpId(),
                returned.cutOperations(),
                returned.resumedOpId());
    }

    /** Holds the load for a moment, so that both copies stand at the same opId. */
    private void compareCopies(PairOfJvms pair, RedisLoad redis) {
        redis.pause(true);
        pair.tellAll("PAUSE");
        pair.await(Duration.ofSeconds(10), "the Redis client pauses", redis::isIdle);
        List<String> digests = pair.digests();
        boolean equal = digests.get(0).equals(digests.get(1));
        differences += equal ? 0 : 1;
        say("both copies hold %s: %s", digests.get(0), equal ? "equal" : "DIFFERENT");
        pair.tellAll("LOAD");
        redis.pause(false);
    }

    private boolean verdict(PairOfJvms pair) {
        List<String> digests = pair.digests();
        boolean equal = digests.get(0).equals(digests.get(1));
        Layout.DATA_NODES.forEach(pair::audit);
        long lost = auditor.lostCount();
        say("digests: a %s, b %s: %s", digests.get(0), digests.get(1), equal ? "equal" : "DIFFER");
        say(
                "terms with a master: %d, with two masters: %d, with a write begun after a later one's: %d",
                auditor.termCount(), auditor.sharedTerms(), auditor.lateTerms());
        say("time to detect, ms: %s", summary(detectMs));
        say("time to first write, ms: %s", summary(firstWriteMs));
        say("returns that resumed from the node's own log: %d of %d", returnsFromLog, returns);
        if (!auditor.cutShort().isEmpty()) {
            say("reports that broke off, so that nothing is proved: %s", auditor.cutShort());
        }
        say("acknowledged writes lost: %d of %d", lost, auditor.count());
        return lost == 0
                && auditor.cutShort().isEmpty()
                && equal
                && differences == 0
                && auditor.sharedTerms() == 0
                && auditor.lateTerms() == 0
                && returnsFromLog == returns
                && auditor.count() > 0;
    }

    static String summary(List<Long> figures) {
        if (figures.isEmpty()) {
            return "none";
        }
        List<Long> sorted = new ArrayList<>(figures);
        Collections.sort(sorted);
        return "median "
                + sorted.get(sorted.size() / 2)
                + ", worst "
                + sorted.get(sorted.size() - 1)
                + ", of "
                + sorted.size();
    }

    List<Long> firstWriteMs() {
        return firstWriteMs;
    }

    private static void say(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format + "%n", arguments);
        System.out.flush();
    }
}
