package io.hotpair;

/** In what the ends of a range of a string are counted. */
public enum BitUnit {
    /** Bytes. */
    BYTE,
    /** Bits, the highest one of a byte being its first. */
    BIT
}
