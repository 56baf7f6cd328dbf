package io.hotpair.internal;

import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream, opened to look at or to change. All of it stands in one sequence of elements, in the
 * order of their keys, whose first byte is their kind. Groups and consumers have numbers, which are
 * never used again, so that the name stands once and that all that belongs to one is one range.
 *
 * <pre>
 *   kind          then                      value
 *      1 group    name                      number, last delivered id, entries read + 1
 *      2 consumer group, name               number, seen, active + 1 (milliseconds since 1970)
 *      3 pending  group, id                 consumer, delivered (milliseconds since 1970), deliveries
 *      4 owned    consumer                  the consumer's name
 *      4 owned    consumer, id              empty: the entry is pending, and this consumer's
 *   0x80 entry    id; + bytes of the time   length, field, length, value ...
 *   0xFF header                             last id, max deleted id, entries added, next number
 * </pre>
 *
 * <p>{@link StreamBytes} has the encoding of numbers and ids. Entries are the last but the header,
 * so that to add one, which changes both, is to change the end of a tree.
 *
 * <p>Every method that changes something also says so to the log; {@link #replay} calls the same
 * methods. What follows from a change is not said: an added entry changes the header, a deleted one
 * the max deleted id, a pending one what its consumer owns, and a group or consumer that goes takes
 * along all that belongs to it.
 */
final class Stream {
    static final int GROUP = 1;
    static final int CONSUMER = 2;
    static final int PENDING = 3;
    static final int OWNED = 4;
    static final int ENTRY = 0x80;
    static final int HEADER = 0xFF;

    /** How much of a pending list is looked at, and taken down, at a time. */
    static final int CHUNK = 256;

    /** Says of a group that how many entries it has read is not known. */
    static final long UNKNOWN = -1;

    /** A consumer group. */
    static final class Group {
        final byte[] name;
        final long number;
        StreamId lastId;
        long entriesRead;

        Group(byte[] name, long number, StreamId lastId, long entriesRead) {
            this.name = name;
            this.number = number;
            this.lastId = lastId;
            this.entriesRead = entriesRead;
        }
    }

    /** A consumer of a group. */
    static final class Consumer {
        final byte[] name;
        final long number;
        long seenMs;
        long activeMs;

        Consumer(byte[] name, long number, long seenMs, long activeMs) {
            this.name = name;
            this.number = number;
            this.seenMs = seenMs;
            this.activeMs = activeMs;
        }
    }

    /** A pending entry of a group. */
    record Pending(StreamId id, long consumer, long deliveredMs, long deliveries) {}

    private final Edit edit;
    private final OrderedElements all;
    private final Elements inserted = new Elements();
    private final StreamBytes key = new StreamBytes();
    private final StreamBytes value = new StreamBytes();
    private final StreamReader reader = new StreamReader();
    private StreamId lastId = StreamId.MIN;
    private StreamId maxDeletedId = StreamId.MIN;
    private long entriesAdded;
    private long nextNumber;
    private boolean headerChanged;
    private boolean changed;

    Stream(Edit edit) {
        this.edit = edit;
        all = new OrderedElements(edit);
    }

    // ---- opening

    /** Opens a stream to look at; 0 for none, which is empty. */
    static Stream open(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.STREAM);
        Stream stream = edit.stream();
        stream.all.open(record);
        stream.readHeader();
        return stream;
    }

    /** Opens a stream to change; 0 for a new one. */
    static Stream openToChange(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.STREAM);
        Stream stream = edit.stream();
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_STREAM, false);
        }
        stream.all.openToChange(record);
        stream.readHeader();
        if (record == 0) {
            stream.inserted.clear();
            stream.addHeader();
            stream.all.splice(0, 0, stream.inserted);
        }
        return stream;
    }

    private void readHeader() {
        changed = false;
        headerChanged = false;
        if (all.count() == 0) {
            lastId = StreamId.MIN;
            maxDeletedId = StreamId.MIN;
            entriesAdded = 0;
            nextNumber = 0;
        } else {
            takeHeader(reader.value(all.at(all.count() - 1)));
        }
    }

    private void takeHeader(StreamReader from) {
        lastId = from.id();
        maxDeletedId = from.id();
        entriesAdded = from.number();
        nextNumber = from.number();
    }

    private StreamBytes header() {
        return value.clear().id(lastId).id(maxDeletedId).number(entriesAdded).number(nextNumber);
    }

    /** The record of what the stream is now, or that nothing was changed. */
    long record(long deadlineMs) {
        if (!changed) {
            return Mutation.UNCHANGED;
        }
        if (headerChanged) {
            inserted.clear();
            addHeader();
            all.splice(headerAt(), 1, inserted);
        }
        return all.record(Records.STREAM, deadlineMs);
    }

    private long headerAt() {
        return Math.max(0, all.count() - 1);
    }

    private void addHeader() {
        header();
        byte[] kind = {(byte) HEADER};
        inserted.add(kind, 0, 1, value.bytes(), 0, value.length(), false);
        headerChanged = false;
    }

    // ---- what all kinds have in common

    private boolean find(StreamBytes wanted) {
        return all.find(wanted.bytes(), wanted.length());
    }

    /** The place of a key, or where it would be. */
    private long place(StreamBytes wanted) {
        boolean unused = find(wanted);
        return all.position();
    }

    /** The place behind a key, or where it would be. */
    private long placeBehind(StreamBytes wanted) {
        return find(wanted) ? all.position() + 1 : all.position();
    }

    /** The place of the first key of a kind that begins with a number. */
    private long place(int kind, long number) {
        return place(key.key(kind).number(number));
    }

    /** Puts the value under the key. */
    private void put() {
        boolean present = find(key);
        inserted.clear();
        inserted.add(key.bytes(), 0, key.length(), value.bytes(), 0, value.length(), false);
        all.splice(all.position(), present ? 1 : 0, inserted);
        changed = true;
    }

    private void remove(long from, long to) {
        if (from < to) {
            all.splice(from, to - from, inserted.clear());
        }
        changed = true;
    }

    private void logPut() {
        changed = true;
        if (edit.wantsEffects()) {
            edit.effects()
                    .put(key.bytes(), 0, key.length(), value.bytes(), 0, value.length(), false);
        }
    }

    private void logRemove() {
        changed = true;
        if (edit.wantsEffects()) {
            edit.effects().remove(key.bytes(), 0, key.length());
        }
    }

    /** Takes a number that no group and no consumer had before. */
    long newNumber() {
        return nextNumber;
    }

    private void numberTaken(long number) {
        if (number >= nextNumber) {
            nextNumber = number + 1;
            headerChanged = true;
        }
    }

    // ---- header

    StreamId lastId() {
        return lastId;
    }

    StreamId maxDeletedId() {
        return maxDeletedId;
    }

    long entriesAdded() {
        return entriesAdded;
    }

    /** Sets what the header says. */
    void setHeader(StreamId last, StreamId maxDeleted, long added) {
        lastId = last;
        maxDeletedId = maxDeleted;
        entriesAdded = added;
        headerChanged = true;
        key.key(HEADER);
        header();
        logPut();
    }

    // ---- entries

    /** The place of the first entry. */
    long firstEntry() {
        return place(key.key(ENTRY));
    }

    /** The place behind the last entry. */
    long endOfEntries() {
        return headerAt();
    }

    long length() {
        return endOfEntries() - firstEntry();
    }

    /** The place of the first entry whose id is not below this one. */
    long entryFrom(StreamId id) {
        return place(key.entry(id));
    }

    /** The place of the first entry whose id is above this one. */
    long entryAfter(StreamId id) {
        return placeBehind(key.entry(id));
    }

    boolean hasEntry(StreamId id) {
        return find(key.entry(id));
    }

    StreamId entryId(long place) {
        return reader.key(all.at(place)).entry();
    }

    /** The id of the first entry; 0-0 if there is none. */
    StreamId firstId() {
        long first = firstEntry();
        return first < endOfEntries() ? entryId(first) : StreamId.MIN;
    }

    private StreamEntry entry(Leaf leaf) {
        StreamId id = reader.key(leaf).entry();
        return new StreamEntry(id, reader.value(leaf).blocks());
    }

    @Nullable StreamEntry entry(StreamId id) {
        return hasEntry(id) ? new StreamEntry(id, reader.value(all.leaf()).blocks()) : null;
    }

    /** An entry that is known to be there. */
    StreamEntry existingEntry(StreamId id) {
        return Objects.requireNonNull(entry(id), "entry");
    }

    /** The ids of the entries from one place to another. */
    List<StreamId> entryIds(long from, long to) {
        List<StreamId> found = new ArrayList<>();
        boolean unused = all.range(from, to, leaf -> found.add(reader.key(leaf).entry()));
        return found;
    }

    /** The entries from one place to another. */
    List<StreamEntry> entries(long from, long to) {
        List<StreamEntry> found = new ArrayList<>();
        boolean unused = all.range(from, to, leaf -> found.add(entry(leaf)));
        return found;
    }

    /** As {@link #entries}, from the last one to the first. */
    List<StreamEntry> entriesReversed(long from, long to) {
        List<StreamEntry> found = new ArrayList<>();
        boolean unused = all.rangeReversed(from, to, leaf -> found.add(entry(leaf)));
        return found;
    }

    /** Adds an entry whose id is above the last one. */
    void append(StreamId id, byte[] fields, int offset, int length) {
        lastId = id;
        entriesAdded++;
        key.entry(id);
        if (edit.wantsEffects()) {
            edit.effects().put(key.bytes(), 0, key.length(), fields, offset, length, false);
        }
        inserted.clear();
        inserted.add(key.bytes(), 0, key.length(), fields, offset, length, false);
        addHeader();
        all.splice(headerAt(), 1, inserted);
        changed = true;
    }

    /** Removes an entry; returns whether it was there. */
    boolean removeEntry(StreamId id) {
        if (!find(key.entry(id))) {
            return false;
        }
        remove(all.position(), all.position() + 1);
        logRemove();
        if (id.compareTo(maxDeletedId) > 0) {
            maxDeletedId = id;
            headerChanged = true;
        }
        return true;
    }

    /**
     * Removes the entries from one place to another. The max deleted id stays: so it does in Redis
     * where entries are trimmed.
     */
    void removeEntries(long from, long to) {
        byte[] firstKey = all.at(from).key();
        byte[] lastKey = all.at(to - 1).key();
        remove(from, to);
        if (edit.wantsEffects()) {
            edit.effects().removeRange(firstKey, lastKey);
        }
    }

    // ---- groups

    long groupCount() {
        return place(key.key(GROUP + 1)) - place(key.key(GROUP));
    }

    List<Group> groups() {
        List<Group> found = new ArrayList<>();
        boolean unused = all.range(0, place(key.key(GROUP + 1)), leaf -> found.add(group(leaf)));
        return found;
    }

    private Group group(Leaf leaf) {
        byte[] name = leaf.key(1);
        reader.value(leaf);
        return new Group(name, reader.number(), reader.id(), reader.number() - 1);
    }

    @Nullable Group group(byte[] name) {
        return find(key.key(GROUP).bytes(name)) ? group(all.leaf()) : null;
    }

    void put(Group group) {
        numberTaken(group.number);
        key.key(GROUP).bytes(group.name);
        value.clear().number(group.number).id(group.lastId).number(group.entriesRead + 1);
        logPut();
        put();
    }

    /** Removes a group with all that belongs to it. */
    void remove(Group group) {
        for (Consumer consumer : consumers(group)) {
            remove(place(OWNED, consumer.number), place(OWNED, consumer.number + 1));
        }
        remove(place(PENDING, group.number), place(PENDING, group.number + 1));
        remove(place(CONSUMER, group.number), place(CONSUMER, group.number + 1));
        long at = place(key.key(GROUP).bytes(group.name));
        remove(at, at + 1);
        logRemove();
    }

    // ---- consumers

    long consumerCount(Group group) {
        return place(CONSUMER, group.number + 1) - place(CONSUMER, group.number);
    }

    List<Consumer> consumers(Group group) {
        List<Consumer> found = new ArrayList<>();
        long to = place(CONSUMER, group.number + 1);
        long from = place(CONSUMER, group.number);
        boolean unused = all.range(from, to, leaf -> found.add(consumer(leaf)));
        return found;
    }

    private Consumer consumer(Leaf leaf) {
        byte[] name = reader.behindNumber(leaf).rest();
        reader.value(leaf);
        return new Consumer(name, reader.number(), reader.number(), reader.number() - 1);
    }

    @Nullable Consumer consumer(Group group, byte[] name) {
        return find(key.key(CONSUMER).number(group.number).bytes(name))
                ? consumer(all.leaf())
                : null;
    }

    byte[] consumerName(long number) {
        boolean unused = find(key.key(OWNED).number(number));
        return all.leaf().value();
    }

    void put(Group group, Consumer consumer) {
        if (consumer.number >= nextNumber) {
            numberTaken(consumer.number);
            key.key(OWNED).number(consumer.number);
            value.clear().bytes(consumer.name);
            put();
        }
        key.key(CONSUMER).number(group.number).bytes(consumer.name);
        value.clear().number(consumer.number).number(consumer.seenMs).number(consumer.activeMs + 1);
        logPut();
        put();
    }

    /** Removes a consumer; what it owned is not pending any more. */
    void remove(Group group, Consumer consumer) {
        for (StreamId id : owned(consumer, StreamId.MIN, Long.MAX_VALUE)) {
            long at = place(key.key(PENDING).number(group.number).id(id));
            remove(at, at + 1);
        }
        remove(place(OWNED, consumer.number), place(OWNED, consumer.number + 1));
        long at = place(key.key(CONSUMER).number(group.number).bytes(consumer.name));
        remove(at, at + 1);
        logRemove();
    }

    // ---- pending entries

    long pendingCount(Group group) {
        return place(PENDING, group.number + 1) - place(PENDING, group.number);
    }

    long ownedCount(Consumer consumer) {
        return place(OWNED, consumer.number + 1) - place(OWNED, consumer.number) - 1;
    }

    /** Some of a group's pending entries, from an id on. */
    List<Pending> pending(Group group, StreamId from, long limit) {
        return pending(group, from, StreamId.MAX, limit);
    }

    /** Some of a group's pending entries, from one id to another. */
    private List<Pending> pending(Group group, StreamId from, StreamId to, long limit) {
        List<Pending> found = new ArrayList<>();
        long end = placeBehind(key.key(PENDING).number(group.number).id(to));
        long first = place(key.key(PENDING).number(group.number).id(from));
        boolean unused =
                all.range(first, limited(first, end, limit), leaf -> found.add(pending(leaf)));
        return found;
    }

    /** The end of a range of places of which no more than some are wanted. */
    static long limited(long from, long to, long limit) {
        return to - from > limit ? from + limit : to;
    }

    private Pending pending(Leaf leaf) {
        StreamId id = reader.behindNumber(leaf).id();
        reader.value(leaf);
        return new Pending(id, reader.number(), reader.number(), reader.number());
    }

    @Nullable Pending pending(Group group, StreamId id) {
        return find(key.key(PENDING).number(group.number).id(id)) ? pending(all.leaf()) : null;
    }

    /** A pending entry that is known to be there. */
    Pending existingPending(Group group, StreamId id) {
        return Objects.requireNonNull(pending(group, id), "pending");
    }

    /** The last one; there must be one. */
    Pending lastPending(Group group) {
        return pending(all.at(place(PENDING, group.number + 1) - 1));
    }

    /** The ids of some of the entries that a consumer owns, from an id on. */
    List<StreamId> owned(Consumer consumer, StreamId from, long limit) {
        List<StreamId> found = new ArrayList<>();
        long end = place(OWNED, consumer.number + 1);
        long first = place(key.key(OWNED).number(consumer.number).id(from));
        boolean unused =
                all.range(
                        first,
                        limited(first, end, limit),
                        leaf -> found.add(reader.behindNumber(leaf).id()));
        return found;
    }

    /** Some of the pending entries that a consumer owns, from an id on. */
    List<Pending> owned(Group group, Consumer consumer, StreamId from, long limit) {
        List<Pending> found = new ArrayList<>();
        for (StreamId id : owned(consumer, from, limit)) {
            found.add(existingPending(group, id));
        }
        return found;
    }

    /** Makes an entry pending, or changes one that is. */
    void put(Group group, Pending pending) {
        Pending before = pending(group, pending.id);
        if (before == null || before.consumer != pending.consumer) {
            if (before != null) {
                long at = place(key.key(OWNED).number(before.consumer).id(pending.id));
                remove(at, at + 1);
            }
            value.clear();
            key.key(OWNED).number(pending.consumer).id(pending.id);
            put();
        }
        pendingElement(group, pending);
        logPut();
        put();
    }

    private void pendingElement(Group group, Pending pending) {
        key.key(PENDING).number(group.number).id(pending.id);
        value.clear()
                .number(pending.consumer)
                .number(pending.deliveredMs)
                .number(pending.deliveries);
    }

    /** Makes entries pending that were delivered for the first time, in the order of their ids. */
    void deliver(Group group, Consumer consumer, List<StreamEntry> entries, long nowMs) {
        int count = entries.size();
        if (count == 0) {
            return;
        }
        StreamId first = entries.get(0).id();
        StreamId last = entries.get(count - 1).id();
        long at = place(key.key(PENDING).number(group.number).id(first));
        boolean lastIsThere = find(key.key(PENDING).number(group.number).id(last));
        if (lastIsThere || all.position() != at) {
            // Some are pending already: the group was set back.
            if (count == 1) {
                put(group, new Pending(first, consumer.number, nowMs, 1));
            } else {
                deliver(group, consumer, entries.subList(0, count / 2), nowMs);
                deliver(group, consumer, entries.subList(count / 2, count), nowMs);
            }
            return;
        }
        inserted.clear();
        for (StreamEntry entry : entries) {
            pendingElement(group, new Pending(entry.id(), consumer.number, nowMs, 1));
            logPut();
            inserted.add(key.bytes(), 0, key.length(), value.bytes(), 0, value.length(), false);
        }
        all.splice(at, 0, inserted);
        inserted.clear();
        for (StreamEntry entry : entries) {
            key.key(OWNED).number(consumer.number).id(entry.id());
            inserted.add(key.bytes(), 0, key.length(), key.bytes(), 0, 0, false);
        }
        key.key(OWNED).number(consumer.number).id(first);
        all.splice(place(key), 0, inserted);
    }

    /** Ends that an entry is pending; returns whether it was. */
    boolean removePending(Group group, StreamId id) {
        Pending before = pending(group, id);
        if (before == null) {
            return false;
        }
        long owned = place(key.key(OWNED).number(before.consumer).id(id));
        remove(owned, owned + 1);
        long at = place(key.key(PENDING).number(group.number).id(id));
        remove(at, at + 1);
        logRemove();
        return true;
    }

    /**
     * Ends that the entries from one id to another are pending, of a group. What is pending of an
     * entry that is not there stays so.
     */
    void removePendingEntries(Group group, StreamId first, StreamId last) {
        StreamId next = first;
        while (true) {
            List<Pending> chunk = pending(group, next, last, CHUNK);
            int from = 0;
            for (int i = 0; i <= chunk.size(); i++) {
                if (i == chunk.size() || !hasEntry(chunk.get(i).id)) {
                    removeRow(group, chunk.subList(from, i));
                    from = i + 1;
                }
            }
            if (chunk.size() < CHUNK || chunk.get(CHUNK - 1).id.equals(last)) {
                return;
            }
            next = chunk.get(CHUNK - 1).id.next();
        }
    }

    /** Ends that entries are pending, all those of a group from the first to the last of these. */
    private void removeRow(Group group, List<Pending> row) {
        if (row.isEmpty()) {
            return;
        }
        StreamId first = row.get(0).id;
        StreamId last = row.get(row.size() - 1).id;
        for (long owner : row.stream().mapToLong(Pending::consumer).distinct().toArray()) {
            long to = placeBehind(key.key(OWNED).number(owner).id(last));
            remove(place(key.key(OWNED).number(owner).id(first)), to);
        }
        long to = placeBehind(key.key(PENDING).number(group.number).id(last));
        byte[] lastKey = key.copy();
        remove(place(key.key(PENDING).number(group.number).id(first)), to);
        if (edit.wantsEffects()) {
            edit.effects().removeRange(key.copy(), lastKey);
        }
    }

    /**
     * Whether one of these groups has still to read an entry, or to acknowledge it; Redis's rule,
     * which does not ask whether the entry is there.
     */
    boolean isReferenced(List<Group> groups, StreamId id) {
        for (Group group : groups) {
            if (id.compareTo(group.lastId) > 0
                    || find(key.key(PENDING).number(group.number).id(id))) {
                return true;
            }
        }
        return false;
    }

    // ---- replay

    /** Does again what the log says. */
    static long replay(Edit edit, long base, ChangeReader changes, long deadlineMs) {
        Stream stream = openToChange(edit, base);
        while (changes.next()) {
            if (changes.kind() == Effects.PUT) {
                stream.putAgain(changes);
            } else {
                stream.removeAgain(changes);
            }
        }
        return stream.record(deadlineMs);
    }

    private void putAgain(ChangeReader change) {
        StreamReader from =
                new StreamReader().of(change.bytes(), change.keyOffset(), change.keyLength());
        StreamReader with =
                new StreamReader().of(change.bytes(), change.valueOffset(), change.valueLength());
        switch (from.kind()) {
            case GROUP -> put(new Group(from.rest(), with.number(), with.id(), with.number() - 1));
            case CONSUMER ->
                    put(
                            owner(from.number()),
                            new Consumer(
                                    from.rest(), with.number(), with.number(), with.number() - 1));
            case PENDING ->
                    put(
                            owner(from.number()),
                            new Pending(from.id(), with.number(), with.number(), with.number()));
            case OWNED -> {
                // A dump says everything, even what follows from the rest.
                key.clear().bytes(change.bytes(), change.keyOffset(), change.keyLength());
                value.clear().bytes(with.rest());
                put();
            }
            case HEADER -> {
                takeHeader(with);
                headerChanged = true;
                changed = true;
            }
            default ->
                    append(
                            entryOf(change),
                            change.bytes(),
                            change.valueOffset(),
                            change.valueLength());
        }
    }

    private void removeAgain(ChangeReader change) {
        StreamReader from =
                new StreamReader().of(change.bytes(), change.keyOffset(), change.keyLength());
        switch (from.kind()) {
            case GROUP -> {
                Group group = group(from.rest());
                if (group != null) {
                    remove(group);
                }
            }
            case CONSUMER -> {
                Group group = owner(from.number());
                Consumer consumer = consumer(group, from.rest());
                if (consumer != null) {
                    remove(group, consumer);
                }
            }
            case PENDING -> {
                Group group = owner(from.number());
                if (change.kind() == Effects.REMOVE_RANGE) {
                    removeRowAgain(group, from.id(), change);
                } else {
                    boolean unused = removePending(group, from.id());
                }
            }
            default -> {
                if (change.kind() == Effects.REMOVE_RANGE) {
                    removeEntriesAgain(change);
                } else {
                    boolean unused = removeEntry(entryOf(change));
                }
            }
        }
    }

    /** Of a group that a key names, all that matters is its number. */
    private static Group owner(long number) {
        return new Group(new byte[0], number, StreamId.MIN, UNKNOWN);
    }

    private StreamId entryOf(ChangeReader change) {
        return reader.of(change.bytes(), change.keyOffset(), change.keyLength()).entry();
    }

    private void removeRowAgain(Group group, StreamId first, ChangeReader change) {
        reader.of(change.bytes(), change.valueOffset(), change.valueLength());
        StreamId last = reader.behindNumber().id();
        removeRow(group, pending(group, first, last, Long.MAX_VALUE));
    }

    private void removeEntriesAgain(ChangeReader change) {
        long to =
                placeBehind(
                        key.clear()
                                .bytes(change.bytes(), change.valueOffset(), change.valueLength()));
        long from =
                place(key.clear().bytes(change.bytes(), change.keyOffset(), change.keyLength()));
        if (from < to) {
            removeEntries(from, to);
        }
    }
}
