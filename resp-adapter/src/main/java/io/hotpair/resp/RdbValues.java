package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Constants;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.io.RedisInputStream;
import com.moilioncircle.redis.replicator.rdb.BaseRdbParser;
import com.moilioncircle.redis.replicator.rdb.datatype.ZSetEntry;
import com.moilioncircle.redis.replicator.rdb.iterable.ValueIterableRdbValueVisitor;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads the values of an RDB file, those with elements one element after the other. The library
 * does it, but for streams: it keeps an entry's fields in a map, which forgets their order and
 * those that are named twice.
 */
final class RdbValues extends ValueIterableRdbValueVisitor {
    private static final int DELETED = 1;
    private static final int SAME_FIELDS = 2;
    private static final int END_OF_LIST_PACK = 0xFF;

    /** How long it is; then comes how many entries it has. */
    private static final int LIST_PACK_BYTES_LENGTH = 4;

    /** How long it is and where the last entry begins; then comes how many entries it has. */
    private static final int ZIP_LIST_BYTES_LENGTH = 8;

    private static final int COUNT_LENGTH = 2;

    RdbValues(Replicator replicator) {
        super(replicator);
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // The library's signature.
    protected <T> T applyStreamListPacks(RedisInputStream in, int version, int type)
            throws IOException {
        return (T) new Reader(in, type).stream();
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // The library's signature.
    public <T> T applyZSetListPack(RedisInputStream in, int version) throws IOException {
        return (T) members(in, LIST_PACK_BYTES_LENGTH, BaseRdbParser.StringHelper::listPackEntry);
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // The library's signature.
    public <T> T applyZSetZipList(RedisInputStream in, int version) throws IOException {
        return (T) members(in, ZIP_LIST_BYTES_LENGTH, BaseRdbParser.StringHelper::zipListEntry);
    }

    /** Reads the next entry of a packed list. */
    @FunctionalInterface
    private interface EntryReader {
        byte[] next(RedisInputStream list) throws IOException;
    }

    /** A small sorted set: members and scores in turn, behind a header. */
    private static Iterator<ZSetEntry> members(
            RedisInputStream in, int headerLength, EntryReader entries) throws IOException {
        RedisInputStream list =
                new RedisInputStream(new BaseRdbParser(in).rdbLoadPlainStringObject());
        long unused = list.skip(headerLength);
        int count = list.readInt(COUNT_LENGTH) / 2;
        List<ZSetEntry> members = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte[] member = entries.next(list);
            members.add(new ZSetEntry(member, score(entries.next(list))));
        }
        return members.iterator();
    }

    private static double score(byte[] text) {
        String number = new String(text, StandardCharsets.US_ASCII);
        return switch (number) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(number);
        };
    }

    /** One stream. */
    private static final class Reader {
        private final RedisInputStream in;
        private final BaseRdbParser parser;
        private final int type;

        Reader(RedisInputStream in, int type) {
            this.in = in;
            this.type = type;
            parser = new BaseRdbParser(in);
        }

        RdbStream stream() throws IOException {
            List<StreamEntry> entries = new ArrayList<>();
            for (long packs = length(); packs > 0; packs--) {
                StreamId base = idOf(parser.rdbLoadPlainStringObject().first());
                readPack(base, new RedisInputStream(parser.rdbLoadPlainStringObject()), entries);
            }
            long count = length();
            if (count != entries.size()) {
                throw new IOException("entries=" + entries.size() + ", expected " + count);
            }
            StreamId last = new StreamId(length(), length());
            StreamId maxDeleted = StreamId.MIN;
            long added = count;
            if (type >= Constants.RDB_TYPE_STREAM_LISTPACKS_2) {
                StreamId unusedFirst = new StreamId(length(), length());
                maxDeleted = new StreamId(length(), length());
                added = length();
            }
            return new RdbStream(entries, last, added, maxDeleted, groups());
        }

        private long length() throws IOException {
            return parser.rdbLoadLen().len;
        }

        private static StreamId idOf(byte[] raw) {
            ByteBuffer bytes = ByteBuffer.wrap(raw);
            return new StreamId(bytes.getLong(), bytes.getLong());
        }

        /** Entries whose ids and fields are given by how they differ from those at the front. */
        private static void readPack(StreamId base, RedisInputStream pack, List<StreamEntry> into)
                throws IOException {
            long unused = pack.skip(LIST_PACK_BYTES_LENGTH + COUNT_LENGTH);
            long left = number(pack) + number(pack);
            byte[][] fields = new byte[(int) number(pack)][];
            for (int i = 0; i < fields.length; i++) {
                fields[i] = BaseRdbParser.StringHelper.listPackEntry(pack);
            }
            unused = number(pack);
            for (; left > 0; left--) {
                long flags = number(pack);
                StreamId id =
                        new StreamId(base.timeMs() + number(pack), base.sequence() + number(pack));
                List<byte[]> fieldsAndValues = readFields(pack, fields, flags);
                if ((flags & DELETED) == 0) {
                    into.add(new StreamEntry(id, fieldsAndValues));
                }
                unused = number(pack);
            }
            if (pack.read() != END_OF_LIST_PACK) {
                throw new IOException("stream entries at " + base + " do not end as they should");
            }
        }

        private static List<byte[]> readFields(RedisInputStream pack, byte[][] fields, long flags)
                throws IOException {
            List<byte[]> fieldsAndValues = new ArrayList<>();
            boolean same = (flags & SAME_FIELDS) != 0;
            long count = same ? fields.length : number(pack);
            for (int i = 0; i < count; i++) {
                fieldsAndValues.add(
                        same ? fields[i] : BaseRdbParser.StringHelper.listPackEntry(pack));
                fieldsAndValues.add(BaseRdbParser.StringHelper.listPackEntry(pack));
            }
            return fieldsAndValues;
        }

        private static long number(RedisInputStream pack) throws IOException {
            byte[] text = BaseRdbParser.StringHelper.listPackEntry(pack);
            return Long.parseLong(new String(text, StandardCharsets.US_ASCII));
        }

        private List<RdbStream.Group> groups() throws IOException {
            List<RdbStream.Group> groups = new ArrayList<>();
            for (long left = length(); left > 0; left--) {
                byte[] name = parser.rdbLoadPlainStringObject().first();
                StreamId lastId = new StreamId(length(), length());
                boolean tells = type >= Constants.RDB_TYPE_STREAM_LISTPACKS_2;
                OptionalLong entriesRead = tells ? OptionalLong.of(length()) : OptionalLong.empty();
                groups.add(new RdbStream.Group(name, lastId, entriesRead, consumers(pending())));
            }
            return groups;
        }

        private Map<StreamId, RdbStream.Pending> pending() throws IOException {
            Map<StreamId, RdbStream.Pending> pending = new LinkedHashMap<>();
            for (long left = length(); left > 0; left--) {
                StreamId id = rawId();
                pending.put(
                        id, new RdbStream.Pending(id, parser.rdbLoadMillisecondTime(), length()));
            }
            return pending;
        }

        private List<RdbStream.Consumer> consumers(Map<StreamId, RdbStream.Pending> pending)
                throws IOException {
            List<RdbStream.Consumer> consumers = new ArrayList<>();
            for (long left = length(); left > 0; left--) {
                byte[] name = parser.rdbLoadPlainStringObject().first();
                long seenMs = parser.rdbLoadMillisecondTime();
                // Redis too takes the one for the other where a file does not tell.
                long activeMs =
                        type >= Constants.RDB_TYPE_STREAM_LISTPACKS_3
                                ? parser.rdbLoadMillisecondTime()
                                : seenMs;
                List<RdbStream.Pending> own = new ArrayList<>();
                for (long ids = length(); ids > 0; ids--) {
                    StreamId id = rawId();
                    RdbStream.Pending known = pending.get(id);
                    if (known == null) {
                        throw new IOException(
                                "id=" + id + " is pending for a consumer, not for its group");
                    }
                    own.add(known);
                }
                consumers.add(new RdbStream.Consumer(name, seenMs, activeMs, own));
            }
            return consumers;
        }

        private StreamId rawId() throws IOException {
            return idOf(BaseRdbParser.StringHelper.bytes(in, 16));
        }
    }
}
