package io.hotpair.resp.internal.lua;

import java.util.Arrays;

/** A string that grows, and pays for it as it does. */
final class ByteBuilder {
    private static final int MAX_LENGTH = Integer.MAX_VALUE - 64;

    private final LuaState state;
    private byte[] bytes = new byte[64];
    private int length;
    private long heldBytes;

    ByteBuilder(LuaState state) {
        this.state = state;
    }

    int length() {
        return length;
    }

    private void reserve(int more) {
        if (more <= bytes.length - length) {
            return;
        }
        long needed = (long) length + more;
        if (needed > MAX_LENGTH) {
            throw state.error("string length overflow");
        }
        int grown = (int) Math.min(MAX_LENGTH, Math.max(needed, 2L * bytes.length));
        // While it is copied both are there.
        state.budget().hold(grown);
        state.budget().steps(length >>> 6);
        bytes = Arrays.copyOf(bytes, grown);
        state.budget().release(heldBytes);
        heldBytes = grown;
    }

    void append(int b) {
        reserve(1);
        bytes[length++] = (byte) b;
    }

    void append(byte[] more) {
        append(more, 0, more.length);
    }

    void append(byte[] more, int from, int count) {
        reserve(count);
        System.arraycopy(more, from, bytes, length, count);
        length += count;
    }

    /** Text with a character for each byte. */
    void append(String text) {
        reserve(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
    }

    /** What it has become, which the caller pays for; it is not to grow any more. */
    byte[] toBytes() {
        state.budget().reserve(length);
        byte[] exact = Arrays.copyOf(bytes, length);
        state.budget().release(heldBytes);
        heldBytes = 0;
        return exact;
    }

    /** What it has become; it is not to grow any more. */
    LuaString toLuaString() {
        return state.newString(toBytes());
    }
}
