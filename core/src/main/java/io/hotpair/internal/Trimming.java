package io.hotpair.internal;

import io.hotpair.StreamDeletionPolicy;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.StreamTrim;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Removes a stream's oldest entries. Where to stop is Redis's answer: it goes node by node, and of
 * what it does to a node much depends on whether that is surplus as a whole.
 */
final class Trimming {
    private final Stream stream;
    private final StreamTrim trim;
    private final List<Stream.Group> groups;

    /** How many entries are to go, if nothing speaks for them. */
    private final long surplus;

    private int look = 1;

    private Trimming(Stream stream, StreamTrim trim) {
        this.stream = stream;
        this.trim = trim;
        StreamId minId = trim.minId();
        surplus =
                minId == null
                        ? stream.length() - trim.maxLength()
                        : stream.entryFrom(minId) - stream.firstEntry();
        boolean asks = surplus > 0 && trim.policy() != StreamDeletionPolicy.KEEP_REFERENCES;
        groups = asks ? stream.groups() : List.of();
    }

    /** Trims a stream; returns how many entries are gone. */
    static long of(Stream stream, StreamTrim trim) {
        Trimming trimming = new Trimming(stream, trim);
        if (trimming.surplus <= 0) {
            return 0;
        }
        return trim.policy() == StreamDeletionPolicy.ACKNOWLEDGED && !trimming.groups.isEmpty()
                ? trimming.removeAcknowledged()
                : trimming.removeOldest();
    }

    private long removeOldest() {
        long count =
                trim.policy() == StreamDeletionPolicy.KEEP_REFERENCES
                        ? limitedToWholeNodes(atMost(surplus))
                        : Math.min(surplus, limitedToWholeNodes(atMost(stream.length())));
        if (count > 0) {
            StreamId last = stream.entryId(stream.firstEntry() + count - 1);
            for (Stream.Group group : groups) {
                stream.removePendingEntries(group, stream.firstId(), last);
            }
            long first = stream.firstEntry();
            stream.removeEntries(first, first + count);
        }
        return count;
    }

    private long atMost(long count) {
        return trim.limit() > 0 ? Math.min(count, trim.limit()) : count;
    }

    /** How many of the first entries are in nodes that have nothing else. */
    private long limitedToWholeNodes(long count) {
        if (trim.nodeEntries() == 0 || count == stream.length()) {
            return count;
        }
        return Math.max(0, count - Math.floorMod(gone() + count, nodeSize()));
    }

    private long gone() {
        return stream.entriesAdded() - stream.length();
    }

    private long nodeSize() {
        long size = trim.nodeEntries();
        return trim.nodeBytes() == 0
                ? size
                : Math.min(size, Math.max(1, trim.nodeBytes() / oldestBytes()));
    }

    private long oldestBytes() {
        long first = stream.firstEntry();
        long bytes = 1;
        for (StreamEntry entry : stream.entries(first, first + 1)) {
            List<byte[]> fieldsAndValues = entry.fieldsAndValues();
            if (fieldsAndValues != null) {
                bytes += fieldsAndValues.stream().mapToLong(each -> each.length).sum();
            }
        }
        return bytes;
    }

    // ---- only what all groups have acknowledged

    /**
     * Removes what no group needs any more. In a node that is not surplus as a whole Redis ends,
     * even if too many entries are left because those of the node are needed.
     */
    private long removeAcknowledged() {
        boolean byNodes = trim.nodeEntries() > 0;
        long size = byNodes ? nodeSize() : Long.MAX_VALUE;
        long most = byNodes ? surplus : atMost(surplus);
        long passed = gone();
        long at = stream.firstEntry();
        long end = endOfRead();
        long removed = 0;
        while (at < end && removed < most) {
            long node = Math.min(stream.endOfEntries() - at, size - Math.floorMod(passed, size));
            if (byNodes && atMost(removed + node) < removed + node) {
                break;
            }
            boolean isSurplus = trim.minId() != null || removed + node <= surplus;
            long here = removeAcknowledged(at, Math.min(at + node, end), most - removed);
            at += node - here;
            end -= here;
            passed += node;
            removed += here;
            if (!isSurplus) {
                break;
            }
        }
        return removed;
    }

    /** The place behind the last entry that may go: what a group has yet to read may not. */
    private long endOfRead() {
        long end = trim.minId() == null ? stream.endOfEntries() : stream.firstEntry() + surplus;
        for (Stream.Group group : groups) {
            end = Math.min(end, stream.entryAfter(group.lastId));
        }
        return end;
    }

    private long removeAcknowledged(long from, long to, long most) {
        long at = from;
        long end = to;
        long removed = 0;
        while (at < end && removed < most) {
            StreamId id = stream.entryId(at);
            StreamId pending = firstPending(id);
            if (id.equals(pending)) {
                at += pendingInARow(at, end);
                continue;
            }
            long next = pending == null ? end : Math.min(end, stream.entryFrom(pending));
            long count = Math.min(next - at, most - removed);
            stream.removeEntries(at, at + count);
            removed += count;
            end -= count;
        }
        return removed;
    }

    /** The first id that is pending of any group, from one on; null if there is none. */
    private @Nullable StreamId firstPending(StreamId from) {
        StreamId first = null;
        for (Stream.Group group : groups) {
            for (Stream.Pending pending : stream.pending(group, from, 1)) {
                if (first == null || pending.id().compareTo(first) < 0) {
                    first = pending.id();
                }
            }
        }
        return first;
    }

    /**
     * How many entries from a place on, of which the first is pending, are so of one group; as far
     * as is looked, which is farther the longer the last such row was.
     */
    private long pendingInARow(long at, long end) {
        List<StreamId> ids = stream.entryIds(at, Stream.limited(at, end, look));
        int longest = 1;
        for (Stream.Group group : groups) {
            List<Stream.Pending> pending = stream.pending(group, ids.get(0), ids.size());
            int same = 0;
            while (same < pending.size() && pending.get(same).id().equals(ids.get(same))) {
                same++;
            }
            longest = Math.max(longest, same);
        }
        look = longest == look ? Math.min(2 * look, Stream.CHUNK) : longest;
        return longest;
    }
}
