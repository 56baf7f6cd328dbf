package io.hotpair.benchmarks.compare;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The contestants that are in memory at the same time, loaded with the same data. */
final class Lineup implements AutoCloseable {
    private static final int CHECKED_KEYS = 1000;

    private final Dataset dataset;
    private final Report report;
    private final Map<Peer, Contestant> contestants = new EnumMap<>(Peer.class);

    Lineup(Dataset dataset, Report report) {
        this.dataset = dataset;
        this.report = report;
    }

    Map<Peer, Contestant> contestants() {
        return contestants;
    }

    /** Opens and fills each of them. One that can't do it is left out, with a line that says so. */
    void load(Set<Peer> peers) {
        for (Peer peer : peers) {
            if (peer != Peer.CHM_TOUCH) {
                load(peer);
            }
        }
        if (peers.contains(Peer.CHM_TOUCH)
                && contestants.get(Peer.CHM) instanceof ChmContestant chm) {
            contestants.put(Peer.CHM_TOUCH, chm.touching());
        }
    }

    // A peer that can't run on this JVM says so by any error there is.
    private void load(Peer peer) {
        String lacking = lacking(peer);
        if (lacking != null) {
            report.skip(peer, dataset.label(), lacking);
            return;
        }
        long startNs = System.nanoTime();
        try {
            Contestant contestant = peer.open(dataset);
            contestants.put(peer, contestant);
            if (contestant.isMap()) {
                fill(contestant, dataset);
                check(contestant, dataset);
            }
            report.progress("%s after %.1f s", peer.label(), (System.nanoTime() - startNs) / 1e9);
        } catch (RuntimeException | LinkageError e) {
            drop(peer, e);
        }
    }

    private @Nullable String lacking(Peer peer) {
        long bytes = dataset.likelyBytes();
        if (peer.isOnHeap()) {
            return Machine.availableHeapBytes() < bytes ? "the heap is too small" : null;
        }
        long others =
                contestants.keySet().stream().filter(other -> !other.isOnHeap()).count() * bytes;
        return Machine.hasRoomFor(bytes + Machine.untouchedHeapBytes(others))
                ? null
                : "not enough memory is free";
    }

    /** Takes out a contestant that failed. */
    void drop(Peer peer, Throwable cause) {
        report.skip(peer, dataset.label(), cause.toString());
        Contestant failed = contestants.remove(peer);
        if (failed != null) {
            failed.close();
        }
    }

    /** Puts every key, and starts every counter. */
    static void fill(Contestant contestant, Dataset dataset) {
        Caller caller = contestant.caller();
        for (int number = 0; number < dataset.keyCount(); number++) {
            Keys.write(number, caller.key);
            Keys.putLong(caller.value, 0, number);
            caller.put(dataset.valueLength(number, 0));
        }
        if (contestant.supports(Operation.INCREMENT)) {
            for (int number = 0; number < dataset.counterCount(); number++) {
                Keys.write(Keys.COUNTERS + number, caller.key);
                caller.increment();
            }
        }
    }

    /** Looks whether some of the keys have their values, so that nobody wins by forgetting. */
    static void check(Contestant contestant, Dataset dataset) {
        Caller caller = contestant.caller();
        for (int i = 0; i < CHECKED_KEYS; i++) {
            long number = (long) i * dataset.keyCount() / CHECKED_KEYS;
            Keys.write(number, caller.key);
            byte[] value = caller.read();
            if (value == null
                    || value.length != dataset.valueLength(number, 0)
                    || Keys.longAt(value, 0) != number) {
                throw new Operation.WrongAnswer("the value of key " + number + " is not there");
            }
            Keys.write(Keys.ABSENT + number, caller.key);
            if (caller.get() != Caller.ABSENT) {
                throw new Operation.WrongAnswer("key " + number + " was never put, but is there");
            }
        }
    }

    /**
     * Who takes part together: with few keys everybody; with many, Hotpair and ConcurrentHashMap
     * with a few others at a time, so that all fit the memory of the machine.
     */
    static List<Set<Peer>> groups(Set<Peer> chosen, int keyCount, boolean quick) {
        if (keyCount <= 2_000_000) {
            return List.of(with(chosen, EnumSet.allOf(Peer.class)));
        }
        List<Set<Peer>> groups = new ArrayList<>();
        add(
                groups,
                chosen,
                EnumSet.of(
                        Peer.IDLE,
                        Peer.TWO_MISS_BOUND,
                        Peer.CHM_TOUCH,
                        Peer.CAFFEINE,
                        Peer.CHRONICLE_MAP));
        if (!quick) {
            add(groups, chosen, EnumSet.of(Peer.CHM_LONGS, Peer.OHC_LINKED, Peer.OHC_CHUNKED));
            add(groups, chosen, EnumSet.of(Peer.EHCACHE, Peer.MAPDB, Peer.INFINISPAN));
        }
        return groups;
    }

    private static void add(List<Set<Peer>> groups, Set<Peer> chosen, Set<Peer> candidates) {
        Set<Peer> group = with(chosen, candidates);
        if (group.size() > 2 || groups.isEmpty()) {
            groups.add(group);
        }
    }

    private static Set<Peer> with(Set<Peer> chosen, Set<Peer> candidates) {
        Set<Peer> group = EnumSet.copyOf(candidates);
        group.retainAll(chosen);
        group.add(Peer.HOTPAIR);
        group.add(Peer.CHM);
        return group;
    }

    @Override
    public void close() {
        contestants.values().forEach(Contestant::close);
        contestants.clear();
    }
}
