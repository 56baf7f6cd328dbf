package io.hotpair.resp.internal.lua;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A string: bytes, of whatever meaning. Immutable; who makes one gives its array away. */
public final class LuaString {
    /** The string without a byte. */
    public static final LuaString EMPTY = new LuaString(new byte[0]);

    private final byte[] bytes;
    private int hash;
    private boolean hashed;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    /**
     * Makes one.
     *
     * @param bytes what it consists of, not to be changed any more
     */
    public LuaString(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Makes one of text.
     *
     * @param text a character for each byte
     * @return the string
     */
    public static LuaString of(String text) {
        return new LuaString(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * What it consists of.
     *
     * @return the bytes, not to be changed
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * How many bytes it has.
     *
     * @return the count
     */
    public int length() {
        return bytes.length;
    }

    /** The part between two places. */
    LuaString part(int from, int to) {
        return new LuaString(Arrays.copyOfRange(bytes, from, to));
    }

    /**
     * The order of two strings: that of their bytes.
     *
     * @param other the other one
     * @return negative if this one is first, positive if the other one is
     */
    int compareTo(LuaString other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    /**
     * As Lua 5.1 computes it, for the order in which a table's pairs come depends on it. It skips
     * bytes of long strings; who makes many collide pays for them by his own steps.
     */
    @Override
    public int hashCode() {
        if (!hashed) {
            int h = bytes.length;
            int step = (bytes.length >> 5) + 1;
            for (int i = bytes.length; i >= step; i -= step) {
                h ^= (h << 5) + (h >>> 2) + (bytes[i - 1] & 0xff);
            }
            hash = h;
            hashed = true;
        }
        return hash;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof LuaString that
                        && bytes.length == that.bytes.length
                        && hashCode() == that.hashCode()
                        && Arrays.equals(bytes, that.bytes));
    }

    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
