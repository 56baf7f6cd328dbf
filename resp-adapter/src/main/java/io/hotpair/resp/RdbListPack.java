package io.hotpair.resp;

/**
 * A packed list as Redis has it in memory and in an RDB file, being put together.
 *
 * <pre>
 *   4  its length in bytes, the lowest first
 *   2  how many entries; 65535 for more than that
 *   entries, each with its length behind it, to be read from the end:
 *      0xxxxxxx                  the number 0 to 127
 *      10xxxxxx + bytes          a string of up to 63 bytes
 *      1110xxxx, 1 byte + bytes  a string of up to 4095 bytes
 *      0xF0, 4 bytes + bytes     a string
 *      0xF4, 8 bytes             a number, the lowest first
 *   0xFF
 * </pre>
 */
final class RdbListPack {
    private static final int HEADER_LENGTH = 6;
    private static final int UNKNOWN_COUNT = 65_535;
    private static final int END = 0xFF;
    private static final int STRING_32 = 0xF0;
    private static final int INT_64 = 0xF4;

    private final RdbBuffer entries = new RdbBuffer(RdbBuffer.NONE);
    private int count;

    void clear() {
        entries.clear();
        count = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void number(long number) {
        if (number >= 0 && number < 128) {
            entries.one((int) number).one(1);
        } else {
            entries.one(INT_64).lowestFirst(number, 8).one(9);
        }
        count++;
    }

    void string(byte[] text) {
        int length = text.length;
        int header;
        if (length < 64) {
            entries.one(0x80 | length);
            header = 1;
        } else if (length < 4096) {
            entries.one(0xE0 | length >>> 8).one(length);
            header = 2;
        } else {
            entries.one(STRING_32).lowestFirst(length, 4);
            header = 5;
        }
        entries.raw(text, 0, length);
        lengthBehind(header + (long) length);
        count++;
    }

    /** Seven bits a byte, the highest first; all but the first byte have their top bit set. */
    private void lengthBehind(long length) {
        int bytes = 1;
        while (bytes < 5 && length >>> (7 * bytes) != 0) {
            bytes++;
        }
        for (int i = bytes - 1; i >= 0; i--) {
            int part = (int) (length >>> (7 * i)) & 0x7F;
            entries.one(i == bytes - 1 ? part : part | 0x80);
        }
    }

    /** Writes it as a string. */
    void writeTo(RdbBuffer out) {
        long length = HEADER_LENGTH + entries.length() + 1L;
        out.length(length)
                .lowestFirst(length, 4)
                .lowestFirst(Math.min(count, UNKNOWN_COUNT), 2)
                .raw(entries.bytes(), 0, entries.length())
                .one(END);
    }
}
