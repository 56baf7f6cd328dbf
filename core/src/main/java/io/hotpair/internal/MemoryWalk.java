package io.hotpair.internal;

import io.hotpair.MemoryReport;
import io.hotpair.MemoryReport.KeyUsage;
import io.hotpair.MemoryReport.PrefixUsage;
import io.hotpair.MemoryReport.Usage;
import io.hotpair.MemoryReportOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.PriorityQueue;

/**
 * Looks at every record and every node to say where memory went. It goes by the segments of the
 * index, each in an epoch of its own, in which it looks at {@link #STEP_NODES} nodes at most; large
 * values that are left over are measured afterwards, key by key and step by step. Holds nothing in
 * between but the names of those keys.
 */
public final class MemoryWalk {
    /** To look at one costs a cache miss or two, so a step takes less than a millisecond. */
    private static final int STEP_NODES = 2048;

    private static final int MAX_PREFIX_LENGTH = 256;

    /** Fewer counters than this would save nothing worth having. */
    private static final int MIN_COUNTERS = 1024;

    /** So that what is named is far above the bound of what may be missed. */
    private static final int COUNTERS_EACH = 8;

    private static final int[] TYPES = {
        Records.STRING, Records.HASH, Records.LIST, Records.SET, Records.SORTED_SET, Records.STREAM
    };

    /** Sums up what keys take. */
    private static final class Sum {
        private long keyCount;
        private long elementCount;
        private long memoryBytes;

        void add(long elements, long bytes) {
            keyCount++;
            elementCount += elements;
            memoryBytes += bytes;
        }

        void subtract(Usage usage) {
            keyCount -= usage.keyCount();
            elementCount -= usage.elementCount();
            memoryBytes -= usage.memoryBytes();
        }

        Usage usage() {
            return new Usage(keyCount, elementCount, memoryBytes);
        }
    }

    /** A large value that is measured later. */
    private static final class Left {
        final byte[] key;
        final Footprint footprint;

        Left(byte[] key, Footprint footprint) {
            this.key = key;
            this.footprint = footprint;
        }
    }

    private final Engine engine;
    private final Mem mem;
    private final MemoryReportOptions options;
    private final int stepNodes;
    private final Sum[] types = new Sum[Records.STREAM + 1];
    private final Sum all = new Sum();
    private final Sum withPrefix = new Sum();
    private final Sum withoutPrefix = new Sum();
    private final HeavyPrefixes prefixes;
    private final PriorityQueue<KeyUsage> biggest =
            new PriorityQueue<>(Comparator.comparingLong(KeyUsage::memoryBytes));
    private final byte[] head = new byte[MAX_PREFIX_LENGTH + 1];
    private final List<Left> left = new ArrayList<>();
    private Footprint footprint;
    private long contentBytes;
    private long tombstoneBytes;
    private int nodesLeft;

    /** Prepares a walk. */
    public MemoryWalk(Engine engine, MemoryReportOptions options) {
        this(engine, options, STEP_NODES);
    }

    /**
     * Prepares one.
     *
     * @param stepNodes how many nodes are looked at in an epoch
     */
    MemoryWalk(Engine engine, MemoryReportOptions options, int stepNodes) {
        this.engine = engine;
        mem = engine.mem();
        this.options = options;
        this.stepNodes = stepNodes;
        prefixes = new HeavyPrefixes(Math.max(MIN_COUNTERS, COUNTERS_EACH * options.prefixCount()));
        footprint = new Footprint(engine);
        for (int type : TYPES) {
            types[type] = new Sum();
        }
    }

    /** What a key takes, or empty if it is absent. */
    public static OptionalLong usage(Engine engine, byte[] key) {
        return usage(engine, key, STEP_NODES);
    }

    static OptionalLong usage(Engine engine, byte[] key, int stepNodes) {
        Footprint footprint = new Footprint(engine);
        boolean done = false;
        while (!done) {
            done =
                    engine.inspect(
                            key,
                            (edit, record) ->
                                    footprint.step(
                                            edit,
                                            record == 0 ? 0 : engine.live(record),
                                            stepNodes));
        }
        return footprint.type() == 0
                ? OptionalLong.empty()
                : OptionalLong.of(footprint.memoryBytes());
    }

    /** Makes the report. */
    public MemoryReport run() {
        int upper = 0;
        do {
            nodesLeft = stepNodes;
            upper = engine.walkSegment(upper, this::visit);
            measureLeft();
        } while (upper != 0);
        return report();
    }

    private void visit(Edit edit, long record) {
        if (!Records.isValue(mem, record)) {
            tombstoneBytes += engine.occupiedBytes(Records.blockLength(mem, record));
            return;
        }
        boolean done = footprint.begin(edit, record, nodesLeft);
        nodesLeft = footprint.nodesLeft();
        if (done) {
            int length = Math.min(Records.keyLength(mem, record), head.length);
            mem.copyOut(record + Records.keyOffset(mem, record), head, 0, length);
            add(footprint, length);
            if (isBig(footprint)) {
                addBig(Records.key(mem, record), footprint);
            }
        } else {
            left.add(new Left(Records.key(mem, record), footprint));
            footprint = new Footprint(engine);
        }
    }

    /** Measures what was too large for the epoch of the segment. */
    private void measureLeft() {
        for (Left one : left) {
            boolean done = false;
            while (!done) {
                done = engine.inspect(one.key, (edit, record) -> step(one, edit, record));
            }
            if (one.footprint.type() != 0) {
                int length = Math.min(one.key.length, head.length);
                System.arraycopy(one.key, 0, head, 0, length);
                add(one.footprint, length);
                if (isBig(one.footprint)) {
                    addBig(one.key, one.footprint);
                }
            }
        }
        left.clear();
    }

    private boolean step(Left one, Edit edit, long record) {
        boolean isThere = record != 0 && Records.isValue(mem, record);
        return one.footprint.step(edit, isThere ? record : 0, stepNodes);
    }

    /** Adds a key whose first bytes stand in {@link #head}. */
    private void add(Footprint key, int headLength) {
        long elements = key.elementCount();
        long bytes = key.memoryBytes();
        contentBytes += key.contentBytes();
        all.add(elements, bytes);
        types[key.type()].add(elements, bytes);
        int prefixLength = prefixLength(headLength);
        if (prefixLength < 0) {
            withoutPrefix.add(elements, bytes);
        } else {
            withPrefix.add(elements, bytes);
            if (options.prefixCount() > 0) {
                prefixes.add(head, prefixLength, elements, bytes);
            }
        }
    }

    private int prefixLength(int headLength) {
        for (int i = 0; i < headLength; i++) {
            if (head[i] == options.prefixSeparator()) {
                return i;
            }
        }
        return -1;
    }

    private boolean isBig(Footprint key) {
        KeyUsage least = biggest.peek();
        return biggest.size() < options.keyCount()
                || (least != null && key.memoryBytes() > least.memoryBytes());
    }

    private void addBig(byte[] key, Footprint of) {
        if (biggest.size() == options.keyCount()) {
            biggest.remove();
        }
        biggest.add(
                new KeyUsage(
                        key, KeyCommands.name(of.type()), of.elementCount(), of.memoryBytes()));
    }

    private MemoryReport report() {
        List<PrefixUsage> heaviest = prefixes.heaviest(options.prefixCount());
        heaviest.forEach(prefix -> withPrefix.subtract(prefix.usage()));
        return new MemoryReport(
                engine.usedMemoryBytes(),
                engine.maxMemoryBytes(),
                all.usage(),
                all.memoryBytes - contentBytes,
                engine.indexBytes(),
                tombstoneBytes,
                engine.retiredBytes(),
                engine.ring() == null ? 0 : (long) OperationRing.CAPACITY * Long.BYTES,
                byType(),
                heaviest,
                withPrefix.usage(),
                withoutPrefix.usage(),
                biggestFirst());
    }

    private Map<String, Usage> byType() {
        Map<String, Usage> usages = new LinkedHashMap<>();
        for (int type : TYPES) {
            usages.put(KeyCommands.name(type), types[type].usage());
        }
        return usages;
    }

    private List<KeyUsage> biggestFirst() {
        List<KeyUsage> keys = new ArrayList<>(biggest);
        keys.sort(Collections.reverseOrder(Comparator.comparingLong(KeyUsage::memoryBytes)));
        return keys;
    }
}
