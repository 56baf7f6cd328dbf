package io.hotpair.log;

import io.hotpair.HotpairException;

/** What an operation did. Effects, never commands: replay needs no clock and no condition. */
public enum OperationType {
    /** The key has this value now, with this deadline or none. */
    SET(1),
    /** The key is absent now. */
    DELETE(2),
    /** A new term begins here; no key is touched. */
    TERM_BARRIER(3),
    /** The key has this deadline now, or none; its value stays. */
    EXPIRE(4),
    /** A part of the key's string is this now. */
    PATCH_STRING(5),
    /** Fields of the key's hash changed. */
    CHANGE_HASH(6),
    /** Elements of the key's list, by position, changed. */
    SPLICE_LIST(7),
    /** Members of the key's set changed. */
    CHANGE_SET(8),
    /** Members of the key's sorted set changed. */
    CHANGE_SORTED_SET(9),
    /** Entries or groups of the key's stream changed. */
    CHANGE_STREAM(10);

    private static final OperationType[] BY_CODE = values();

    private final byte code;

    OperationType(int code) {
        this.code = (byte) code;
    }

    /**
     * The byte that stands for it in a frame.
     *
     * @return the code
     */
    public byte code() {
        return code;
    }

    /**
     * The type that a byte in a frame stands for.
     *
     * @param code the byte
     * @return the type
     * @throws HotpairException {@code UNKNOWN_VERSION} if this build knows no such type
     */
    public static OperationType of(byte code) {
        if (code < 1 || code > BY_CODE.length) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    "operation type="
                            + code
                            + ", expected 1 to "
                            + BY_CODE.length
                            + ": written by a newer build");
        }
        return BY_CODE[code - 1];
    }
}
