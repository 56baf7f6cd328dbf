package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;

/** Numbers the records of a keyspace without a log. The argument of {@link OperationRing} holds. */
final class CounterNumbering implements Numbering {
    private final Mem mem;
    private final AtomicLong counter = new AtomicLong();

    CounterNumbering(Mem mem) {
        this.mem = mem;
    }

    @Override
    public long number(long record) {
        long version = Records.version(mem, record);
        if (version != 0) {
            return version;
        }
        Records.number(mem, record, counter.incrementAndGet());
        return Records.version(mem, record);
    }

    @Override
    public long takenOpId() {
        return Long.MAX_VALUE;
    }

    @Override
    public long lastOpId() {
        return counter.get();
    }
}
