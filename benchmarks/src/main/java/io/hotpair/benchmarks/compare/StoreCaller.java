package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A way into a store, which is written to, and read to check it. */
abstract class StoreCaller extends Caller {
    private byte[] whole = new byte[Dataset.VALUE_LENGTH];

    /**
     * The value to put as an array of its length: the same one again, unless the length changes.
     */
    final byte[] wholeValue(int length) {
        if (whole.length != length) {
            whole = new byte[length];
        }
        System.arraycopy(value, 0, whole, 0, length);
        return whole;
    }

    final byte[] copyOfValue(int length) {
        return Arrays.copyOf(value, length);
    }

    @Override
    final int get() {
        byte @Nullable [] found = read();
        return found == null ? ABSENT : found[found.length - 1];
    }

    @Override
    final long increment() {
        throw new UnsupportedOperationException("stores are not asked to count");
    }
}
