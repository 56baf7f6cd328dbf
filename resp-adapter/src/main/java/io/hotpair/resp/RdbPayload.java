package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Constants;
import com.moilioncircle.redis.replicator.util.CRC64;
import io.hotpair.FieldExpiry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What DUMP gives and RESTORE takes: a value as an RDB file has it, in any form that Redis has had
 * up to version 12, and behind it
 *
 * <pre>
 *   2  version of the RDB format, the lowest byte first
 *   8  CRC64 (Jones) of all before, the lowest byte first
 * </pre>
 *
 * <p>May come from anybody, so it is read by our own means: each byte is looked at before it is
 * believed, and elements are handed over one by one.
 */
final class RdbPayload {
    /** Stands before the code of a library of functions. */
    static final int LIBRARY = 245;

    private static final int FOOTER_LENGTH = 10;
    private static final int CRC_LENGTH = 8;
    private static final int LAST_VERSION = 12;
    private static final int PACKED_NODE = 2;
    private static final int PLAIN_NODE = 1;

    /** Takes what a value consists of. */
    interface Sink {
        void string(byte[] value);

        void listElement(byte[] element);

        void member(byte[] member);

        void scoredMember(byte[] member, double score);

        /**
         * Takes a field of a hash.
         *
         * @param deadlineMs milliseconds since 1970, 0 for never
         */
        void field(byte[] field, byte[] value, long deadlineMs);

        void stream(RdbStream stream);
    }

    private final byte[] bytes;
    private final long maxHeld;

    /**
     * Takes a payload whose version and checksum are right.
     *
     * @param maxHeld how many bytes may be held for what is read of it
     */
    RdbPayload(byte[] bytes, long maxHeld) {
        this.bytes = bytes;
        this.maxHeld = maxHeld;
        if (!isSound(bytes)) {
            throw new CommandException("ERR DUMP payload version or checksum are wrong");
        }
    }

    private static boolean isSound(byte[] bytes) {
        int footer = bytes.length - FOOTER_LENGTH;
        if (footer < 0) {
            return false;
        }
        RdbReader in = new RdbReader(bytes, footer, bytes.length, 0);
        return in.unsignedLowestFirst(2) <= LAST_VERSION
                && in.lowestFirst(CRC_LENGTH) == CRC64.crc64(bytes, 0, bytes.length - CRC_LENGTH);
    }

    /** Ends a payload, of which the value is there. */
    static void end(RdbBuffer out, int version) {
        out.lowestFirst(version, 2);
        out.lowestFirst(CRC64.crc64(out.bytes(), 0, out.length()), CRC_LENGTH);
    }

    /** What FUNCTION DUMP gives of libraries with such code. */
    static byte[] ofLibraries(Iterable<byte[]> sources) {
        RdbBuffer out = new RdbBuffer(RdbBuffer.NONE);
        sources.forEach(source -> out.one(LIBRARY).string(source));
        end(out, RdbValueWriter.VERSION_7_0);
        return out.copy();
    }

    /** Reads the value. What follows it is not looked at, as by Redis. */
    void read(Sink sink) {
        RdbReader in = new RdbReader(bytes, 0, bytes.length - FOOTER_LENGTH, maxHeld);
        int type = in.one();
        switch (type) {
            case Constants.RDB_TYPE_STRING -> sink.string(in.string());
            case Constants.RDB_TYPE_LIST,
                    Constants.RDB_TYPE_SET,
                    Constants.RDB_TYPE_HASH,
                    Constants.RDB_TYPE_ZSET,
                    Constants.RDB_TYPE_ZSET_2,
                    Constants.RDB_TYPE_HASH_METADATA ->
                    plain(in, type, sink);
            case Constants.RDB_TYPE_LIST_QUICKLIST, Constants.RDB_TYPE_LIST_QUICKLIST_2 ->
                    quickList(in, type == Constants.RDB_TYPE_LIST_QUICKLIST_2, sink);
            case Constants.RDB_TYPE_SET_INTSET -> integers(in.nested(), sink);
            case Constants.RDB_TYPE_STREAM_LISTPACKS,
                    Constants.RDB_TYPE_STREAM_LISTPACKS_2,
                    Constants.RDB_TYPE_STREAM_LISTPACKS_3 ->
                    sink.stream(new RdbStreamReader(in, type).read());
            default -> packed(in, type, sink);
        }
    }

    /** Reads the code of the libraries that FUNCTION DUMP gave. */
    List<byte[]> libraries() {
        RdbReader in = new RdbReader(bytes, 0, bytes.length - FOOTER_LENGTH, maxHeld);
        List<byte[]> libraries = new ArrayList<>();
        while (in.hasNext()) {
            if (in.one() != LIBRARY) {
                throw new CommandException("ERR given type is not a function");
            }
            libraries.add(library(in));
        }
        return libraries;
    }

    private static byte[] library(RdbReader in) {
        try {
            return in.string();
        } catch (CommandException e) {
            throw new CommandException("ERR Failed loading library payload");
        }
    }

    private static void plain(RdbReader in, int type, Sink sink) {
        long leastDeadlineMs =
                type == Constants.RDB_TYPE_HASH_METADATA ? in.lowestFirst(Long.BYTES) : 0;
        long count = in.length();
        requireSome(count);
        for (long left = count; left != 0; left--) {
            switch (type) {
                case Constants.RDB_TYPE_LIST -> sink.listElement(in.string());
                case Constants.RDB_TYPE_SET -> sink.member(in.string());
                case Constants.RDB_TYPE_HASH -> sink.field(in.string(), in.string(), 0);
                case Constants.RDB_TYPE_HASH_METADATA -> field(in, leastDeadlineMs, sink);
                case Constants.RDB_TYPE_ZSET ->
                        sink.scoredMember(in.string(), notNaN(scoreInText(in)));
                default -> sink.scoredMember(in.string(), notNaN(in.float64()));
            }
        }
    }

    private static void requireSome(long count) {
        if (count == 0) {
            throw RdbReader.damaged();
        }
    }

    private static void field(RdbReader in, long leastDeadlineMs, Sink sink) {
        long left = in.length();
        long deadlineMs = deadline(left == 0 ? 0 : leastDeadlineMs + left - 1);
        sink.field(in.string(), in.string(), deadlineMs);
    }

    /** Refuses a deadline that no command takes; the sum of two numbers may be anything. */
    private static long deadline(long ms) {
        if (ms < 0 || ms > FieldExpiry.MAX_DEADLINE_MS) {
            throw RdbReader.damaged();
        }
        return ms;
    }

    private static double notNaN(double score) {
        if (Double.isNaN(score)) {
            throw RdbReader.damaged();
        }
        return score;
    }

    private static double scoreInText(RdbReader in) {
        int length = in.one();
        return switch (length) {
            case 253 -> Double.NaN;
            case 254 -> Double.POSITIVE_INFINITY;
            case 255 -> Double.NEGATIVE_INFINITY;
            default -> score(in.bytes(length));
        };
    }

    private static double score(byte[] text) {
        String number = new String(text, StandardCharsets.US_ASCII);
        return switch (number) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> {
                try {
                    yield Double.parseDouble(number);
                } catch (NumberFormatException e) {
                    throw RdbReader.damaged();
                }
            }
        };
    }

    private static void quickList(RdbReader in, boolean hasKinds, Sink sink) {
        long count = in.length();
        requireSome(count);
        for (long left = count; left != 0; left--) {
            long kind = hasKinds ? in.length() : PACKED_NODE;
            if (kind == PLAIN_NODE) {
                sink.listElement(in.string());
            } else if (kind != PACKED_NODE) {
                throw RdbReader.damaged();
            } else if (hasKinds) {
                list(RdbPackReader.listPack(in.nested()), sink);
            } else {
                list(RdbPackReader.zipList(in.nested()), sink);
            }
        }
    }

    private static void list(RdbPackReader pack, Sink sink) {
        for (byte[] next = pack.next(); next != null; next = pack.next()) {
            sink.listElement(next);
        }
    }

    /** Bytes of each number (4 bytes), how many there are (4), and they, the lowest byte first. */
    private static void integers(RdbReader in, Sink sink) {
        int length = (int) in.lowestFirst(4);
        if (length != 2 && length != 4 && length != 8) {
            throw RdbReader.damaged();
        }
        long count = in.unsignedLowestFirst(4);
        requireSome(count);
        for (long left = count; left != 0; left--) {
            sink.member(RdbReader.text(in.lowestFirst(length)));
        }
    }

    private static void packed(RdbReader in, int type, Sink sink) {
        switch (type) {
            case Constants.RDB_TYPE_LIST_ZIPLIST -> list(RdbPackReader.zipList(in.nested()), sink);
            case Constants.RDB_TYPE_SET_LISTPACK -> set(RdbPackReader.listPack(in.nested()), sink);
            case Constants.RDB_TYPE_HASH_ZIPMAP ->
                    hash(RdbPackReader.zipMap(in.nested()), false, sink);
            case Constants.RDB_TYPE_HASH_ZIPLIST ->
                    hash(RdbPackReader.zipList(in.nested()), false, sink);
            case Constants.RDB_TYPE_HASH_LISTPACK ->
                    hash(RdbPackReader.listPack(in.nested()), false, sink);
            case Constants.RDB_TYPE_HASH_LISTPACK_EX -> {
                in.skip(Long.BYTES);
                hash(RdbPackReader.listPack(in.nested()), true, sink);
            }
            case Constants.RDB_TYPE_ZSET_ZIPLIST ->
                    sortedSet(RdbPackReader.zipList(in.nested()), sink);
            case Constants.RDB_TYPE_ZSET_LISTPACK ->
                    sortedSet(RdbPackReader.listPack(in.nested()), sink);
            default -> throw RdbReader.damaged();
        }
    }

    private static void set(RdbPackReader pack, Sink sink) {
        for (byte @Nullable [] next = pack.next(); next != null; next = pack.next()) {
            sink.member(next);
        }
    }

    private static void hash(RdbPackReader pack, boolean hasDeadlines, Sink sink) {
        for (byte @Nullable [] next = pack.next(); next != null; next = pack.next()) {
            sink.field(next, pack.required(), hasDeadlines ? deadline(pack.number()) : 0);
        }
    }

    private static void sortedSet(RdbPackReader pack, Sink sink) {
        for (byte @Nullable [] next = pack.next(); next != null; next = pack.next()) {
            sink.scoredMember(next, notNaN(score(pack.required())));
        }
    }
}
