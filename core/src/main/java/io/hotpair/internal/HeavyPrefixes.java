package io.hotpair.internal;

import io.hotpair.MemoryReport.PrefixUsage;
import io.hotpair.MemoryReport.Usage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The prefixes that take most memory, found with a bounded number of counters whatever number of
 * prefixes there is: Space-Saving. A prefix without a counter takes over the one of the least
 * weight, with its weight, as if it had been there all along.
 *
 * <ul>
 *   <li><b>H1</b> The weights of all counters together are what was added. So the least of them is
 *       at most the n-th part of it, n being the number of counters.
 *   <li><b>H2</b> A prefix has a counter if it has more than that; if it has none, it has at most
 *       the least weight.
 *   <li><b>H3</b> A counter's weight is its floor, which it took over, and what was counted since.
 *       What its prefix really has is no less than the second and, by H2 at the time of the
 *       take-over, no more than both.
 * </ul>
 *
 * <p>What was counted is reported and the floor beside it, so that no byte is reported of two
 * prefixes. Paper: Metwally, Agrawal, El Abbadi, Efficient computation of frequent and top-k
 * elements in data streams (2005).
 */
final class HeavyPrefixes {
    private static final class Counter {
        byte[] prefix;
        long floor;
        long keyCount;
        long elementCount;
        long memoryBytes;

        /** Where it stands in the heap. */
        int at;

        Counter(byte[] prefix, int at) {
            this.prefix = prefix;
            this.at = at;
        }

        long weight() {
            return floor + memoryBytes;
        }

        void takeOver(byte[] by) {
            prefix = by;
            floor = weight();
            keyCount = 0;
            elementCount = 0;
            memoryBytes = 0;
        }

        PrefixUsage usage() {
            return new PrefixUsage(prefix, new Usage(keyCount, elementCount, memoryBytes), floor);
        }
    }

    private final Map<ByteBuffer, Counter> byPrefix = new HashMap<>();

    /** A binary heap, the least weight first. */
    private final Counter[] heap;

    private int count;

    /**
     * Creates one.
     *
     * @param capacity the number of counters, at least 1
     */
    HeavyPrefixes(int capacity) {
        heap = new Counter[capacity];
    }

    /** Adds a key of the prefix that stands in the first bytes of an array. */
    void add(byte[] bytes, int length, long elementCount, long memoryBytes) {
        Counter counter = byPrefix.get(ByteBuffer.wrap(bytes, 0, length));
        if (counter == null) {
            counter = counterFor(Arrays.copyOf(bytes, length));
        }
        counter.keyCount++;
        counter.elementCount += elementCount;
        counter.memoryBytes += memoryBytes;
        siftDown(counter);
    }

    private Counter counterFor(byte[] prefix) {
        Counter counter;
        if (count < heap.length) {
            // It weighs nothing yet: it belongs on top, and goes down when it is counted.
            counter = new Counter(prefix, count);
            heap[count++] = counter;
            siftUp(counter);
        } else {
            counter = heap[0];
            byPrefix.remove(ByteBuffer.wrap(counter.prefix));
            counter.takeOver(prefix);
        }
        byPrefix.put(ByteBuffer.wrap(prefix), counter);
        return counter;
    }

    private void siftUp(Counter counter) {
        while (counter.at > 0) {
            Counter parent = heap[(counter.at - 1) / 2];
            if (parent.weight() <= counter.weight()) {
                return;
            }
            swap(parent, counter);
        }
    }

    private void siftDown(Counter counter) {
        while (2 * counter.at + 1 < count) {
            Counter least = heap[2 * counter.at + 1];
            if (2 * counter.at + 2 < count && heap[2 * counter.at + 2].weight() < least.weight()) {
                least = heap[2 * counter.at + 2];
            }
            if (counter.weight() <= least.weight()) {
                return;
            }
            swap(counter, least);
        }
    }

    private void swap(Counter upper, Counter lower) {
        int at = upper.at;
        place(upper, lower.at);
        place(lower, at);
    }

    private void place(Counter counter, int at) {
        counter.at = at;
        heap[at] = counter;
    }

    /** The prefixes for which most was counted, most first. */
    List<PrefixUsage> heaviest(int limit) {
        return Arrays.stream(heap, 0, count)
                .sorted(Comparator.comparingLong((Counter counter) -> -counter.memoryBytes))
                .limit(limit)
                .map(Counter::usage)
                .toList();
    }
}
