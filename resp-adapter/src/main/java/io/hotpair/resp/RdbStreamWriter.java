package io.hotpair.resp;

import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.log.ElementReader;
import io.hotpair.log.StreamElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes a stream as an RDB file has it. Entries go out as they come, a pack at a time; what is
 * pending is kept until the end, because it stands behind them.
 *
 * <pre>
 *   count of packs, and each: the id it begins with (a string of 16 bytes), {@link RdbListPack}
 *   count of entries, last id, first id, max deleted id, entries ever added
 *   count of groups, and each:
 *     name, last delivered id, entries read
 *     count of pending, and each: raw id, delivered at (8 bytes, the lowest first), deliveries
 *     count of consumers, and each:
 *       name, seen at (8), in type 21 also active at (8), count of pending, and each: raw id
 *
 *   pack        count, deleted, count of fields, fields, 0; then entries
 *   entry       flags (2: fields are those of the pack), id less that of the pack (2 numbers),
 *               values, or count of fields, field and value ...; how many entries of the pack it is
 * </pre>
 *
 * <p>Ids are two lengths, raw ids 16 bytes, the highest first.
 */
final class RdbStreamWriter {
    private static final int SAME_FIELDS = 2;

    /** A group, with all that belongs to it. */
    private record Group(
            StreamElement.Group group,
            Map<Long, StreamElement.Consumer> consumers,
            List<StreamElement.Pending> pending) {}

    private final RdbBuffer out;
    private final boolean tellsActive;
    private final RdbListPack pack = new RdbListPack();
    private final List<StreamEntry> packed = new ArrayList<>();
    private final Map<Long, Group> groups = new LinkedHashMap<>();
    private RdbShape.Packs packs = new RdbShape.Packs();
    private long entryCount;
    private StreamId firstId = StreamId.MIN;
    private StreamElement.@Nullable Header header;

    RdbStreamWriter(RdbBuffer out, boolean tellsActive) {
        this.out = out;
        this.tellsActive = tellsActive;
    }

    void begin() {
        packed.clear();
        groups.clear();
        packs = new RdbShape.Packs();
        entryCount = 0;
        firstId = StreamId.MIN;
        header = null;
    }

    void add(ElementReader reader) {
        StreamElement element = StreamElement.read(reader);
        if (element instanceof StreamElement.Entry entry) {
            if (packs.begins(reader.valueLength())) {
                writePack();
            }
            add(entry.entry());
        } else if (element instanceof StreamElement.Group group) {
            groups.put(group.number(), new Group(group, new LinkedHashMap<>(), new ArrayList<>()));
        } else if (element instanceof StreamElement.Consumer consumer) {
            groupOf(consumer.group()).consumers.put(consumer.number(), consumer);
        } else if (element instanceof StreamElement.Pending pending) {
            groupOf(pending.group()).pending.add(pending);
        } else if (element instanceof StreamElement.Header found) {
            header = found;
        }
    }

    private Group groupOf(long number) {
        return Objects.requireNonNull(groups.get(number), "group");
    }

    private void add(StreamEntry entry) {
        if (entryCount == 0) {
            firstId = entry.id();
        }
        entryCount++;
        packed.add(entry);
    }

    private void writePack() {
        if (packed.isEmpty()) {
            return;
        }
        StreamId base = packed.get(0).id();
        List<byte[]> fields = fields(packed.get(0));
        pack.clear();
        pack.number(packed.size());
        pack.number(0);
        pack.number(fields.size());
        fields.forEach(pack::string);
        pack.number(0);
        packed.forEach(entry -> pack(entry, base, fields));
        out.length(2 * Long.BYTES);
        rawId(base);
        pack.writeTo(out);
        packed.clear();
    }

    private static List<byte[]> fieldsAndValues(StreamEntry entry) {
        return Objects.requireNonNull(entry.fieldsAndValues(), "fieldsAndValues");
    }

    private static List<byte[]> fields(StreamEntry entry) {
        List<byte[]> all = fieldsAndValues(entry);
        List<byte[]> fields = new ArrayList<>(all.size() / 2);
        for (int i = 0; i < all.size(); i += 2) {
            fields.add(all.get(i));
        }
        return fields;
    }

    private void pack(StreamEntry entry, StreamId base, List<byte[]> packFields) {
        List<byte[]> all = fieldsAndValues(entry);
        boolean same = areSame(fields(entry), packFields);
        int fieldCount = all.size() / 2;
        pack.number(same ? SAME_FIELDS : 0);
        pack.number(entry.id().timeMs() - base.timeMs());
        pack.number(entry.id().sequence() - base.sequence());
        if (!same) {
            pack.number(fieldCount);
        }
        for (int i = 0; i < all.size(); i++) {
            if (!same || i % 2 == 1) {
                pack.string(all.get(i));
            }
        }
        pack.number(same ? fieldCount + 3 : 2 * fieldCount + 4);
    }

    private static boolean areSame(List<byte[]> some, List<byte[]> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            same = Arrays.equals(some.get(i), others.get(i));
        }
        return same;
    }

    void end() {
        writePack();
        StreamElement.Header found = Objects.requireNonNull(header, "header");
        out.length(entryCount);
        id(found.lastId());
        id(firstId);
        id(found.maxDeletedId());
        out.length(found.entriesAdded());
        out.length(groups.size());
        groups.values().forEach(this::write);
    }

    private void write(Group group) {
        out.string(group.group.name());
        id(group.group.lastDeliveredId());
        out.length(group.group.entriesRead());
        out.length(group.pending.size());
        Map<Long, List<StreamElement.Pending>> owned = new LinkedHashMap<>();
        for (StreamElement.Pending pending : group.pending) {
            rawId(pending.id());
            out.lowestFirst(pending.deliveredMs(), Long.BYTES).length(pending.deliveries());
            owned.computeIfAbsent(pending.consumer(), number -> new ArrayList<>()).add(pending);
        }
        out.length(group.consumers.size());
        group.consumers
                .values()
                .forEach(each -> write(each, owned.getOrDefault(each.number(), List.of())));
    }

    private void write(StreamElement.Consumer consumer, List<StreamElement.Pending> pending) {
        out.string(consumer.name()).lowestFirst(consumer.seenMs(), Long.BYTES);
        if (tellsActive) {
            out.lowestFirst(consumer.activeMs(), Long.BYTES);
        }
        out.length(pending.size());
        pending.forEach(each -> rawId(each.id()));
    }

    private void id(StreamId id) {
        out.length(id.timeMs()).length(id.sequence());
    }

    private void rawId(StreamId id) {
        out.highestFirst(id.timeMs(), Long.BYTES).highestFirst(id.sequence(), Long.BYTES);
    }
}
