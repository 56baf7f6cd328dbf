package io.hotpair.benchmarks.compare;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * What no map of this size off the heap can beat: one random load from an index, which says where
 * in the records to go on, and a copy of 100 bytes from there. Nothing is hashed, compared or
 * checked. The records are as many and as long as a thrifty map's, in random order; the index has a
 * word for each, rounded up to a power of two.
 */
final class TwoMissBound implements Contestant {
    /** Header of 24 bytes, key of 16, value of 100, rounded up to the next size of a block. */
    private static final int RECORD_LENGTH = 144;

    private static final int VALUE_OFFSET = 40;

    private final ByteBuffer index;
    private final ByteBuffer records;
    private final int mask;

    TwoMissBound(Dataset dataset) {
        int slots = Integer.highestOneBit(dataset.keyCount() * 2 - 1);
        mask = slots - 1;
        index = allocate((long) slots * Integer.BYTES * 2);
        records = allocate((long) dataset.keyCount() * RECORD_LENGTH);
        SplittableRandom random = new SplittableRandom(dataset.keyCount());
        for (int i = 0; i < slots; i++) {
            index.putLong(
                    i * Long.BYTES, (long) random.nextInt(dataset.keyCount()) * RECORD_LENGTH);
        }
        // A page is not there before it was written.
        byte[] record = new byte[RECORD_LENGTH];
        for (int at = 0; at < records.capacity(); at += RECORD_LENGTH) {
            records.put(at, record, 0, RECORD_LENGTH);
        }
    }

    private static ByteBuffer allocate(long bytes) {
        return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
    }

    @Override
    public Caller caller() {
        return new TwoMissCaller(index, records, mask);
    }

    @Override
    public boolean supports(Operation operation) {
        return operation == Operation.GET || operation == Operation.GET_INDEPENDENT;
    }

    @Override
    public boolean isMap() {
        return false;
    }

    @Override
    public void close() {}

    private static final class TwoMissCaller extends ReadingCaller {
        private final ByteBuffer index;
        private final ByteBuffer records;
        private final int mask;

        TwoMissCaller(ByteBuffer index, ByteBuffer records, int mask) {
            this.index = index;
            this.records = records;
            this.mask = mask;
        }

        @Override
        int get() {
            int slot = (int) Keys.longAt(key, 0) & mask;
            int record = (int) index.getLong(slot * Long.BYTES);
            records.get(record + VALUE_OFFSET, into, 0, Dataset.VALUE_LENGTH);
            return into[Dataset.VALUE_LENGTH - 1];
        }
    }
}
