package io.hotpair.benchmarks.compare;

import org.jspecify.annotations.Nullable;

/** A caller of a yardstick that can only be read. */
abstract class ReadingCaller extends Caller {
    @Override
    void put(int length) {
        throw new UnsupportedOperationException("put");
    }

    @Override
    long increment() {
        throw new UnsupportedOperationException("increment");
    }

    @Override
    byte @Nullable [] read() {
        throw new UnsupportedOperationException("read");
    }
}
