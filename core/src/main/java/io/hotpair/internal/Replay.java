package io.hotpair.internal;

import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import org.jspecify.annotations.Nullable;

/**
 * Does again what an operation of the log did. It needs no clock and no condition: what the
 * operation says happens, so memory that starts where the log's writer stood ends where it stood.
 */
final class Replay implements Mutation {
    private @Nullable OperationReader operation;

    /** Says which operation. Its reader stays where it is until it was applied. */
    Replay of(OperationReader next) {
        operation = next;
        return this;
    }

    @Override
    public long apply(Edit edit, long current) {
        OperationReader from = operation;
        if (from == null) {
            throw new IllegalStateException("operation=null, expected one");
        }
        long base = from.replaces() ? 0 : current;
        long deadlineMs = from.deadlineMs();
        ChangeReader changes =
                new ChangeReader(from.bytes(), from.valueOffset(), from.valueLength());
        OperationType type = from.type();
        return switch (type) {
            case SET ->
                    edit.string(from.bytes(), from.valueOffset(), from.valueLength(), deadlineMs);
            case DELETE -> edit.found() == 0 ? UNCHANGED : edit.tombstone();
            case EXPIRE -> current == 0 ? UNCHANGED : edit.withDeadline(current, deadlineMs);
            case CHANGE_HASH -> Members.replay(edit, base, Records.HASH, changes, deadlineMs);
            case CHANGE_SET -> Members.replay(edit, base, Records.SET, changes, deadlineMs);
            case CHANGE_SORTED_SET -> SortedSet.replay(edit, base, changes, deadlineMs);
            case CHANGE_STREAM -> Stream.replay(edit, base, changes, deadlineMs);
            case PATCH_STRING -> StringContent.replay(edit, base, changes, deadlineMs);
            case SPLICE_LIST -> ListElements.replay(edit, base, changes, deadlineMs);
            case TERM_BARRIER -> throw new IllegalStateException("operation type=" + type);
        };
    }
}
