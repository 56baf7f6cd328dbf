package io.hotpair.resp;

import io.hotpair.GeoOperations;
import io.hotpair.HashOperations;
import io.hotpair.HyperLogLogOperations;
import io.hotpair.KeyArea;
import io.hotpair.KeyOperations;
import io.hotpair.ListOperations;
import io.hotpair.Session;
import io.hotpair.SetOperations;
import io.hotpair.SortedSetOperations;
import io.hotpair.StreamOperations;
import io.hotpair.StringOperations;
import io.hotpair.StringUpdate;
import io.hotpair.TransactionView;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The session of commands inside EXEC: all of them see and do what the transaction does. Walks over
 * all keys go through the keyspace as it is outside, without keys that are gone inside, and then
 * through those that are new inside.
 */
final class TransactionSession implements Session {
    private final Session outside;
    private final TransactionView view;
    private final Set<KeyName> written = new HashSet<>();
    private final long nowMs;

    /**
     * Creates one.
     *
     * @param outside the session outside of the transaction
     * @param view the transaction
     * @param nowMs the present moment, milliseconds since 1970
     */
    TransactionSession(Session outside, TransactionView view, long nowMs) {
        this.outside = outside;
        this.view = view;
        this.nowMs = nowMs;
    }

    private static byte[] copy(byte[] bytes, int offset, int length) {
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    private boolean exists(byte[] key) {
        return view.keys().pexpireTime(key) != ABSENT;
    }

    private boolean existsOutside(byte[] key) {
        return outside.deadlineMs(key, 0, key.length) != ABSENT;
    }

    /** Says that a key may be written. */
    void willWrite(byte[] key) {
        written.add(new KeyName(key));
    }

    /** By how many keys the transaction would change an area of the keyspace. */
    long keyCountChange(int area) {
        long change = 0;
        for (KeyName name : written) {
            if (KeyArea.of(name.bytes()) != area) {
                continue;
            }
            change += exists(name.bytes()) ? 1 : 0;
            change -= existsOutside(name.bytes()) ? 1 : 0;
        }
        return change;
    }

    @Override
    public int get(byte[] key, int keyOffset, int keyLength, byte[] into, int offset) {
        byte[] value = get(key, keyOffset, keyLength);
        if (value == null) {
            return ABSENT;
        }
        if (value.length <= into.length - offset) {
            System.arraycopy(value, 0, into, offset, value.length);
        }
        return value.length;
    }

    @Override
    public byte @Nullable [] get(byte[] key, int keyOffset, int keyLength) {
        return view.get(copy(key, keyOffset, keyLength));
    }

    @Override
    public int length(byte[] key, int keyOffset, int keyLength) {
        byte[] name = copy(key, keyOffset, keyLength);
        return exists(name) ? (int) view.strings().strlen(name) : ABSENT;
    }

    @Override
    public long deadlineMs(byte[] key, int keyOffset, int keyLength) {
        return view.keys().pexpireTime(copy(key, keyOffset, keyLength));
    }

    @Override
    public byte @Nullable [][] getAll(byte[] keys, int[] offsets, int[] lengths, int count) {
        byte[][] names = new byte[count][];
        for (int i = 0; i < count; i++) {
            names[i] = copy(keys, offsets[i], lengths[i]);
        }
        return view.strings().mget(names).toArray(new byte[0][]);
    }

    @Override
    public void prefetch(byte[] keys, int[] keyOffsets, int[] keyLengths, int count) {
        outside.prefetch(keys, keyOffsets, keyLengths, count);
    }

    @Override
    public void put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            long deadlineMs) {
        byte[] name = copy(key, keyOffset, keyLength);
        if (deadlineMs != NEVER && deadlineMs <= nowMs) {
            // What is made inside does not expire there, so it is not made.
            boolean unused = view.delete(name);
        } else {
            view.put(name, copy(value, valueOffset, valueLength), deadlineMs);
        }
    }

    @Override
    public boolean update(byte[] key, int keyOffset, int keyLength, StringUpdate update) {
        return view.update(copy(key, keyOffset, keyLength), update);
    }

    @Override
    public long increment(byte[] key, int keyOffset, int keyLength, long delta) {
        return view.increment(copy(key, keyOffset, keyLength), delta);
    }

    @Override
    public boolean delete(byte[] key, int keyOffset, int keyLength) {
        byte[] name = copy(key, keyOffset, keyLength);
        written.add(new KeyName(name));
        return view.delete(name);
    }

    @Override
    public long scan(long cursor, int count, Consumer<byte[]> consumer) {
        Consumer<byte[]> present =
                key -> {
                    if (exists(key)) {
                        consumer.accept(key);
                    }
                };
        long next = outside.scan(cursor, count, present);
        if (next == 0) {
            // A copy, as the consumer may delete, which adds to it.
            for (KeyName name : written.toArray(new KeyName[0])) {
                if (!existsOutside(name.bytes())) {
                    present.accept(name.bytes());
                }
            }
        }
        return next;
    }

    @Override
    public byte @Nullable [] randomKey() {
        byte[] key = outside.randomKey();
        if (key != null && exists(key)) {
            return key;
        }
        byte @Nullable [][] first = new byte[1][];
        long cursor = 0;
        do {
            cursor = scan(cursor, 1, found -> first[0] = found);
        } while (cursor != 0 && first[0] == null);
        return first[0];
    }

    @Override
    public long version(byte[] key) {
        return view.version(key);
    }

    @Override
    public <R> R transaction(Function<TransactionView, R> body) {
        return body.apply(view);
    }

    @Override
    public HashOperations hashes() {
        return view.hashes();
    }

    @Override
    public KeyOperations keys() {
        return view.keys();
    }

    @Override
    public SetOperations sets() {
        return view.sets();
    }

    @Override
    public HyperLogLogOperations hyperLogLogs() {
        return view.hyperLogLogs();
    }

    @Override
    public ListOperations lists() {
        return view.lists();
    }

    @Override
    public StringOperations strings() {
        return view.strings();
    }

    @Override
    public GeoOperations geo() {
        return view.geo();
    }

    @Override
    public SortedSetOperations sortedSets() {
        return view.sortedSets();
    }

    @Override
    public StreamOperations streams() {
        return view.streams();
    }

    /** Nothing is written before the transaction has committed. */
    @Override
    public long lastOpId() {
        return 0;
    }

    @Override
    public long lastTerm() {
        return outside.lastTerm();
    }
}
