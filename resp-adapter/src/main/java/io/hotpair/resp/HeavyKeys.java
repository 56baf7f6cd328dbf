package io.hotpair.resp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which keys have the largest sums, in memory for no more than some keys.
 *
 * <p>Each key that was met has a counter, while there are counters. Then a key without one takes
 * over the lightest, and goes on counting from there; so a key whose sum is more than all sums
 * together, over the number of counters, always has one. What a counter had counted before the key
 * got it is not told as the key's: what is told is never too much, and too little by no more than
 * that.
 *
 * @see <a href="https://doi.org/10.1007/978-3-540-30570-5_27">Metwally, Agrawal, El Abbadi:
 *     Efficient Computation of Frequent and Top-k Elements in Data Streams</a> (Space-Saving)
 */
final class HeavyKeys {
    /** Longer keys are not told apart, or clients could have any amount kept. */
    static final int MAX_KEY_LENGTH = 4_096;

    /** A key, and what it has at least. */
    @SuppressWarnings("ArrayRecordComponent") // A copy; nobody compares them.
    record Heavy(byte[] key, long sum) {}

    private static final class Counter {
        byte[] key;
        long sum;
        long inherited;
        int place;

        Counter(byte[] key, int place) {
            this.key = key;
            this.place = place;
        }

        long own() {
            return sum - inherited;
        }
    }

    /** A heap: none is lighter than the one above it, at half its place. */
    private final Counter[] heap;

    private final Map<ByteBuffer, Counter> byKey = new HashMap<>();
    private int count;
    private long total;

    /**
     * Creates one that has seen nothing.
     *
     * @param capacity how many keys have counters at most
     */
    HeavyKeys(int capacity) {
        heap = new Counter[capacity];
    }

    /** Adds to the sum of a key, which is copied if need be. */
    void add(byte[] bytes, int offset, int length, long more) {
        total += more;
        if (more <= 0 || length > MAX_KEY_LENGTH) {
            return;
        }
        ByteBuffer key = ByteBuffer.wrap(bytes, offset, length);
        Counter counter = byKey.get(key);
        if (counter == null) {
            byte[] copy = new byte[length];
            key.get(copy);
            counter = count < heap.length ? added(copy) : takenOver(copy);
        }
        counter.sum += more;
        sink(counter);
    }

    private Counter added(byte[] key) {
        Counter counter = new Counter(key, count);
        byKey.put(ByteBuffer.wrap(key), counter);
        heap[count++] = counter;
        // It is the lightest by far: it has nothing yet.
        rise(counter);
        return counter;
    }

    private Counter takenOver(byte[] key) {
        Counter lightest = heap[0];
        byKey.remove(ByteBuffer.wrap(lightest.key));
        lightest.key = key;
        lightest.inherited = lightest.sum;
        byKey.put(ByteBuffer.wrap(key), lightest);
        return lightest;
    }

    private void rise(Counter counter) {
        while (counter.place > 0) {
            Counter above = heap[(counter.place - 1) / 2];
            if (above.sum <= counter.sum) {
                return;
            }
            exchange(above, counter);
        }
    }

    private void sink(Counter counter) {
        while (true) {
            int left = 2 * counter.place + 1;
            if (left >= count) {
                return;
            }
            Counter lighter = heap[left];
            if (left + 1 < count && heap[left + 1].sum < lighter.sum) {
                lighter = heap[left + 1];
            }
            if (counter.sum <= lighter.sum) {
                return;
            }
            exchange(counter, lighter);
        }
    }

    private void exchange(Counter one, Counter other) {
        int place = one.place;
        one.place = other.place;
        other.place = place;
        heap[one.place] = one;
        heap[other.place] = other;
    }

    /** The sums of all keys, whether they have counters or not. */
    long total() {
        return total;
    }

    /** The keys with the largest sums, the largest first. */
    List<Heavy> heaviest(int most) {
        List<Counter> all = new ArrayList<>(byKey.values());
        all.sort(
                Comparator.comparingLong(Counter::own)
                        .reversed()
                        .thenComparing(counter -> counter.key, Arrays::compare));
        return all.stream()
                .limit(most)
                .map(counter -> new Heavy(counter.key.clone(), counter.own()))
                .toList();
    }
}
