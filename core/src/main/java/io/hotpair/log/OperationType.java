package io.hotpair.log;

import io.hotpair.HotpairException;

/** What an operation did. Effects, never commands: replay needs no clock and no condition. */
public enum OperationType {
    /** The key has this value now, with this deadline or none. */
    SET(1),
    /** The key is absent now. */
    DELETE(2),
    /** A new term begins here; no key is touched. */
    TERM_BARRIER(3);

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
        return switch (code) {
            case 1 -> SET;
            case 2 -> DELETE;
            case 3 -> TERM_BARRIER;
            default ->
                    throw new HotpairException(
                            HotpairException.Category.UNKNOWN_VERSION,
                            "operation type="
                                    + code
                                    + ", expected 1 to 3: written by a newer build");
        };
    }
}
