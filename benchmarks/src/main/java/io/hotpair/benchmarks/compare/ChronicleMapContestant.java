package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import net.openhft.chronicle.core.values.LongValue;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import net.openhft.chronicle.values.Values;
import org.jspecify.annotations.Nullable;

/**
 * Chronicle Map off the heap with what its documentation advises: sized for exactly the entries to
 * come, keys of a constant size, values of a constant size too (or of an average size, if they
 * vary), {@code getUsing} an array of the caller, no previous value returned by a put. Counters are
 * added to in place.
 */
final class ChronicleMapContestant implements Contestant {
    private final ChronicleMap<byte[], byte[]> map;
    private final ChronicleMap<byte[], LongValue> counters;

    ChronicleMapContestant(Dataset dataset) {
        this(dataset, ChronicleMapBuilder::create);
    }

    private ChronicleMapContestant(
            Dataset dataset,
            Function<ChronicleMapBuilder<byte[], byte[]>, ChronicleMap<byte[], byte[]>> create) {
        ChronicleMapBuilder<byte[], byte[]> builder =
                ChronicleMap.of(byte[].class, byte[].class)
                        .name("compare")
                        .entries(dataset.keyCount())
                        .constantKeySizeBySample(new byte[Keys.LENGTH])
                        .putReturnsNull(true);
        map =
                create.apply(
                        dataset.varying()
                                ? builder.averageValueSize(Dataset.VALUE_LENGTH)
                                : builder.constantValueSizeBySample(
                                        new byte[Dataset.VALUE_LENGTH]));
        counters =
                ChronicleMap.of(byte[].class, LongValue.class)
                        .name("compare-counters")
                        .entries(Math.max(1, dataset.counterCount()))
                        .constantKeySizeBySample(new byte[Keys.LENGTH])
                        .create();
    }

    /** One that a file holds, mapped into memory; what counters there are it does not. */
    static ChronicleMapContestant persisted(Dataset dataset, Path file) {
        return new ChronicleMapContestant(
                dataset,
                builder -> {
                    try {
                        return builder.createPersistedTo(file.toFile());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    @Override
    public Caller caller() {
        return new MapCaller(map, counters);
    }

    @Override
    public long ownBytes() {
        return map.offHeapMemoryUsed() + counters.offHeapMemoryUsed();
    }

    @Override
    public void close() {
        map.close();
        counters.close();
    }

    private static final class MapCaller extends Caller {
        private final ChronicleMap<byte[], byte[]> map;
        private final ChronicleMap<byte[], LongValue> counters;
        private final LongValue counter = Values.newNativeReference(LongValue.class);
        private byte[] using = new byte[Dataset.VALUE_LENGTH];
        private byte[] put = new byte[Dataset.VALUE_LENGTH];

        MapCaller(ChronicleMap<byte[], byte[]> map, ChronicleMap<byte[], LongValue> counters) {
            this.map = map;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = map.getUsing(key, using);
            if (found == null) {
                return ABSENT;
            }
            using = found;
            return found[found.length - 1];
        }

        /** It takes whole arrays; one of the right length is used again. */
        @Override
        void put(int length) {
            if (put.length != length) {
                put = Arrays.copyOf(value, length);
            }
            System.arraycopy(value, 0, put, 0, length);
            map.put(key, put);
        }

        @Override
        long increment() {
            counters.acquireUsing(key, counter);
            return counter.addAtomicValue(1);
        }

        @Override
        byte @Nullable [] read() {
            return map.get(key);
        }
    }
}
