package io.hotpair.resp;

import org.jspecify.annotations.Nullable;

/** The entries of a packed list, in one of the forms that Redis has had for it. */
interface RdbPackReader {

    /** The next entry, or null at the end. */
    byte @Nullable [] next();

    /** An entry that has to be there. */
    default byte[] required() {
        byte[] entry = next();
        if (entry == null) {
            throw RdbReader.damaged();
        }
        return entry;
    }

    /** An entry that has to be a number. */
    default long number() {
        byte[] entry = required();
        if (!Decimals.isLong(entry, 0, entry.length)) {
            throw RdbReader.damaged();
        }
        return Decimals.parse(entry, 0, entry.length);
    }

    /** As of Redis 7.0; {@link RdbListPack} has the form. */
    static RdbPackReader listPack(RdbReader in) {
        in.skip(6);
        return () -> {
            int first = in.one();
            if (first == 0xFF) {
                return null;
            }
            if (first < 0x80) {
                in.skip(1);
                return RdbReader.text(first);
            }
            if (first < 0xC0) {
                return listPackString(in, 1, first & 0x3F);
            }
            if (first < 0xE0) {
                long number = (long) (first & 0x1F) << Byte.SIZE | in.one();
                in.skip(1);
                return RdbReader.text(number < 1 << 12 ? number : number - (1 << 13));
            }
            if (first < 0xF0) {
                return listPackString(in, 2, (first & 0x0F) << Byte.SIZE | in.one());
            }
            return switch (first) {
                case 0xF0 -> listPackString(in, 5, in.unsignedLowestFirst(4));
                case 0xF1 -> listPackNumber(in, 2);
                case 0xF2 -> listPackNumber(in, 3);
                case 0xF3 -> listPackNumber(in, 4);
                case 0xF4 -> listPackNumber(in, 8);
                default -> throw RdbReader.damaged();
            };
        };
    }

    private static byte[] listPackString(RdbReader in, int headerLength, long length) {
        byte[] string = in.bytes(length);
        long behind = headerLength + length;
        int lengthBytes = 1;
        while (behind >>> (7 * lengthBytes) != 0) {
            lengthBytes++;
        }
        in.skip(lengthBytes);
        return string;
    }

    private static byte[] listPackNumber(RdbReader in, int length) {
        byte[] number = RdbReader.text(in.lowestFirst(length));
        in.skip(1);
        return number;
    }

    /**
     * Before Redis 7.0: its length (4 bytes), where the last entry is (4), how many there are (2),
     * entries, 0xFF. An entry begins with the length of the one before: a byte, or 0xFE and 4
     * bytes. Then 00xxxxxx, 01xxxxxx and 1 byte, or 0x80 and 4 bytes, the highest first, are the
     * length of a string, and other bytes say which number follows.
     */
    static RdbPackReader zipList(RdbReader in) {
        in.skip(10);
        return () -> {
            int before = in.one();
            if (before == 0xFF) {
                return null;
            }
            if (before == 0xFE) {
                in.skip(4);
            }
            int first = in.one();
            return switch (first >>> 6) {
                case 0 -> in.bytes(first);
                case 1 -> in.bytes((first & 0x3F) << Byte.SIZE | in.one());
                case 2 -> in.bytes(in.highestFirst(4));
                default -> RdbReader.text(zipListNumber(in, first));
            };
        };
    }

    private static long zipListNumber(RdbReader in, int first) {
        return switch (first) {
            case 0xC0 -> in.lowestFirst(2);
            case 0xD0 -> in.lowestFirst(4);
            case 0xE0 -> in.lowestFirst(8);
            case 0xF0 -> in.lowestFirst(3);
            case 0xFE -> in.lowestFirst(1);
            default -> {
                if (first < 0xF1 || first > 0xFD) {
                    throw RdbReader.damaged();
                }
                yield (first & 0x0F) - 1;
            }
        };
    }

    /**
     * A small hash of Redis before 2.6: a byte, entries, 0xFF. An entry is its length, a byte or
     * 0xFE and 4 bytes, and its bytes; that of a value has a byte between the two which says how
     * many bytes behind it are not used.
     */
    static RdbPackReader zipMap(RdbReader in) {
        in.skip(1);
        boolean[] isValue = {false};
        return () -> {
            int first = in.one();
            if (first == 0xFF) {
                return null;
            }
            long length = first == 0xFE ? in.unsignedLowestFirst(4) : first;
            int unused = isValue[0] ? in.one() : 0;
            byte[] entry = in.bytes(length);
            in.skip(unused);
            isValue[0] = !isValue[0];
            return entry;
        };
    }
}
