package io.hotpair.resp;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A key as an element of sets and maps: equal to another one of the same bytes. */
final class KeyName {
    private final byte[] bytes;

    /**
     * Creates one.
     *
     * @param bytes the key; not copied, and not to be changed
     */
    KeyName(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof KeyName name && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }
}
