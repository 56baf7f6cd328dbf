package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory for the parts of the engine that a state of jcstress is made of. Blocks come in turn, so
 * that one is used again long after its state is gone.
 */
final class StressMemory {
    static final Mem MEM = Mem.platform();

    private static final long LENGTH_BYTES = 64 << 20;
    private static final long START = MEM.allocate(LENGTH_BYTES);
    private static final AtomicLong NEXT = new AtomicLong();
    private static final int CACHE_LINE = 64;

    private StressMemory() {}

    /** A block on cache lines of its own. */
    static long block(long lengthBytes) {
        long length = (lengthBytes + CACHE_LINE - 1) & -CACHE_LINE;
        long at = NEXT.getAndAdd(length) % LENGTH_BYTES;
        return at + length <= LENGTH_BYTES ? START + at : block(lengthBytes);
    }

    /** A record with a value of 8 bytes and no key. */
    static long record(long version, long value) {
        long record = block(Records.blockLength(0, 0, Long.BYTES));
        write(record, version, value);
        return record;
    }

    static void write(long record, long version, long value) {
        Records.writeHeader(MEM, record, Records.STRING, 0, 0, Long.BYTES, 0, 0);
        Records.presetVersion(MEM, record, version);
        MEM.putLong(Records.value(MEM, record, 0), value);
    }

    static long value(long record) {
        return MEM.getLong(Records.value(MEM, record, 0));
    }
}
