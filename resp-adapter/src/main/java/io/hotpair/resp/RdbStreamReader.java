package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Constants;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Reads a stream that may come from anybody; {@link RdbStreamWriter} has the form. */
final class RdbStreamReader {
    private static final int DELETED = 1;
    private static final int SAME_FIELDS = 2;

    /** About what the objects of an entry take, of a field or value, and of what is pending. */
    private static final int ENTRY_BYTES = 144;

    private static final int VALUE_BYTES = 24;
    private static final int PENDING_BYTES = 120;

    private final RdbReader in;
    private final int type;

    RdbStreamReader(RdbReader in, int type) {
        this.in = in;
        this.type = type;
    }

    RdbStream read() {
        List<StreamEntry> entries = new ArrayList<>();
        for (long packs = in.length(); packs != 0; packs--) {
            RdbReader base = in.nested();
            readPack(rawId(base), RdbPackReader.listPack(in.nested()), entries);
        }
        long count = in.length();
        if (count != entries.size()) {
            throw RdbReader.damaged();
        }
        StreamId last = id();
        StreamId maxDeleted = StreamId.MIN;
        long added = count;
        if (type >= Constants.RDB_TYPE_STREAM_LISTPACKS_2) {
            StreamId unusedFirst = id();
            maxDeleted = id();
            added = in.length();
        }
        return new RdbStream(entries, last, added, maxDeleted, groups());
    }

    private StreamId id() {
        return new StreamId(in.length(), in.length());
    }

    private static StreamId rawId(RdbReader from) {
        return new StreamId(from.highestFirst(Long.BYTES), from.highestFirst(Long.BYTES));
    }

    private void readPack(StreamId base, RdbPackReader pack, List<StreamEntry> into) {
        long left = pack.number() + pack.number();
        List<byte[]> fields = new ArrayList<>();
        for (long count = pack.number(); count > 0; count--) {
            fields.add(pack.required());
        }
        long unused = pack.number();
        for (; left > 0; left--) {
            long flags = pack.number();
            StreamId id =
                    new StreamId(base.timeMs() + pack.number(), base.sequence() + pack.number());
            List<byte[]> fieldsAndValues = fieldsAndValues(pack, fields, flags);
            if ((flags & DELETED) == 0) {
                in.hold(ENTRY_BYTES + (long) VALUE_BYTES * fieldsAndValues.size());
                into.add(new StreamEntry(id, fieldsAndValues));
            }
            unused = pack.number();
        }
        if (pack.next() != null) {
            throw RdbReader.damaged();
        }
    }

    private static List<byte[]> fieldsAndValues(
            RdbPackReader pack, List<byte[]> fields, long flags) {
        boolean same = (flags & SAME_FIELDS) != 0;
        long count = same ? fields.size() : pack.number();
        List<byte[]> fieldsAndValues = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fieldsAndValues.add(same ? fields.get(i) : pack.required());
            fieldsAndValues.add(pack.required());
        }
        return fieldsAndValues;
    }

    private List<RdbStream.Group> groups() {
        List<RdbStream.Group> groups = new ArrayList<>();
        for (long left = in.length(); left != 0; left--) {
            byte[] name = in.string();
            StreamId lastId = id();
            boolean tells = type >= Constants.RDB_TYPE_STREAM_LISTPACKS_2;
            OptionalLong entriesRead = tells ? OptionalLong.of(in.length()) : OptionalLong.empty();
            groups.add(new RdbStream.Group(name, lastId, entriesRead, consumers(pending())));
        }
        return groups;
    }

    private Map<StreamId, RdbStream.Pending> pending() {
        Map<StreamId, RdbStream.Pending> pending = new HashMap<>();
        for (long left = in.length(); left != 0; left--) {
            in.hold(PENDING_BYTES);
            StreamId id = rawId(in);
            RdbStream.Pending before =
                    pending.put(
                            id, new RdbStream.Pending(id, in.lowestFirst(Long.BYTES), in.length()));
            if (before != null) {
                throw RdbReader.damaged();
            }
        }
        return pending;
    }

    /** Whatever is pending in the group is so for one consumer. */
    private List<RdbStream.Consumer> consumers(Map<StreamId, RdbStream.Pending> pending) {
        List<RdbStream.Consumer> consumers = new ArrayList<>();
        for (long left = in.length(); left != 0; left--) {
            byte[] name = in.string();
            long seenMs = in.lowestFirst(Long.BYTES);
            // Redis too takes the one for the other where it is not told.
            long activeMs =
                    type >= Constants.RDB_TYPE_STREAM_LISTPACKS_3
                            ? in.lowestFirst(Long.BYTES)
                            : seenMs;
            List<RdbStream.Pending> own = new ArrayList<>();
            for (long ids = in.length(); ids != 0; ids--) {
                RdbStream.Pending known = pending.remove(rawId(in));
                if (known == null) {
                    throw RdbReader.damaged();
                }
                own.add(known);
            }
            consumers.add(new RdbStream.Consumer(name, seenMs, activeMs, own));
        }
        if (!pending.isEmpty()) {
            throw RdbReader.damaged();
        }
        return consumers;
    }
}
