package io.hotpair.resp;

import io.hotpair.log.ElementReader;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import io.hotpair.log.StreamElement;

/**
 * What an RDB file says of a value before its elements: how many there are. Found by a walk over
 * the operations that make it, before a second one writes them.
 */
final class RdbShape {
    private static final int PACK_ENTRIES = 100;
    private static final int PACK_LENGTH = 4096;

    /** Says how the entries of a stream are divided, the same for who counts and who writes. */
    static final class Packs {
        private int entries;
        private long length;

        /** Whether the next entry, of so many bytes, is the first of a pack. */
        boolean begins(long entryLength) {
            boolean begins =
                    entries == 0 || entries == PACK_ENTRIES || length + entryLength > PACK_LENGTH;
            entries = begins ? 1 : entries + 1;
            length = begins ? entryLength : length + entryLength;
            return begins;
        }
    }

    private final OperationType type;
    private final long nowMs;
    private final Packs packs = new Packs();
    private long count;
    private long timedCount;
    private long leastDeadlineMs = Long.MAX_VALUE;

    /**
     * Begins with the first operation.
     *
     * @param first the first operation of a value
     * @param nowMs fields whose deadline is not behind it have expired
     */
    RdbShape(OperationReader first, long nowMs) {
        type = first.type();
        this.nowMs = nowMs;
        add(first);
    }

    /** Whether an operation is the first one of a value. */
    static boolean isFirst(OperationReader operation) {
        return operation.type() == OperationType.SET || operation.replaces();
    }

    static boolean hasExpired(ElementReader element, long nowMs) {
        return element.deadlineMs() != 0 && element.deadlineMs() <= nowMs;
    }

    void add(OperationReader operation) {
        ElementReader element = new ElementReader().wrap(operation);
        while (element.next()) {
            switch (type) {
                case SET -> count = element.valueLength();
                case PATCH_STRING -> count = element.position() + element.valueLength();
                case CHANGE_HASH -> addField(element);
                case CHANGE_STREAM -> addToStream(element);
                default -> count++;
            }
        }
    }

    private void addField(ElementReader element) {
        if (hasExpired(element, nowMs)) {
            return;
        }
        count++;
        if (element.deadlineMs() != 0) {
            timedCount++;
            leastDeadlineMs = Math.min(leastDeadlineMs, element.deadlineMs());
        }
    }

    private void addToStream(ElementReader element) {
        if (StreamElement.read(element) instanceof StreamElement.Entry
                && packs.begins(element.valueLength())) {
            count++;
        }
    }

    OperationType type() {
        return type;
    }

    /** How many elements, of a string bytes, of a stream packs. */
    long count() {
        return count;
    }

    /** How many fields of a hash have a deadline. */
    long timedCount() {
        return timedCount;
    }

    /** The first of those deadlines. */
    long leastDeadlineMs() {
        return leastDeadlineMs;
    }

    /** Whether all fields of a hash have expired, so that it is about to be removed. */
    boolean isGone() {
        return type == OperationType.CHANGE_HASH && count == 0;
    }
}
