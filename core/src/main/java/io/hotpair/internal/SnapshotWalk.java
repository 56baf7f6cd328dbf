package io.hotpair.internal;

import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Gives the state that a snapshot shows as operations which make it: a large value as several, the
 * first of which replaces what was there. Works in small steps, each in an epoch of its own, and
 * hands over what it has between two of them, so a consumer may take its time.
 */
final class SnapshotWalk implements Engine.SnapshotVisitor {
    private static final int STEP_LENGTH = 256 << 10;

    /** An element can be as long as a string: pieces of a collection are counted in elements. */
    private static final int STEP_ELEMENTS = 1024;

    private final Engine engine;
    private final SnapshotView view;
    private final Effects effects = new Effects();
    private final Key key = new Key();
    private final OperationReader reader = new OperationReader();
    private long[] records = new long[2048];
    private int count;
    private int next;
    private long position;
    private int elements;

    SnapshotWalk(Engine engine, SnapshotView view) {
        this.engine = engine;
        this.view = view;
    }

    void run(Consumer<OperationReader> consumer) {
        int upper = 0;
        do {
            count = 0;
            upper = engine.visitSnapshot(view, upper, this);
            next = 0;
            while (next < count) {
                effects.clear();
                engine.inSnapshot(view, this::step);
                reader.wrap(effects.bytes(), 0, effects.length());
                while (reader.next()) {
                    consumer.accept(reader);
                }
            }
        } while (upper != 0);
    }

    @Override
    public void visit(Edit edit, long record) {
        if (count == records.length) {
            records = Arrays.copyOf(records, count * 2);
        }
        records[count++] = record;
    }

    private void step(Edit edit) {
        while (next < count && effects.length() < STEP_LENGTH) {
            long record = records[next];
            if (encode(edit, record)) {
                position = 0;
                next++;
            }
        }
    }

    /** Encodes a value, or its next piece; returns whether that was all of it. */
    private boolean encode(Edit edit, long record) {
        Mem mem = edit.mem();
        byte[] name = Records.key(mem, record);
        key.set(name, 0, name.length, 0);
        long deadlineMs = Records.deadlineMs(mem, record);
        int type = Records.type(mem, record);
        if (type == Records.STRING && !Records.isTree(mem, record)) {
            byte[] value = Records.value(mem, record);
            effects.operation(OperationType.SET, false, key, deadlineMs, value, 0, value.length);
            return true;
        }
        effects.begin(operation(type), position == 0);
        long from = position;
        if (type == Records.LIST) {
            effects.number(from);
            effects.number(0);
            effects.number(Math.min(STEP_ELEMENTS, Values.count(edit, record) - from));
        } else if (type == Records.STRING) {
            effects.number(Values.offset(edit, record, from));
        }
        elements = 0;
        int skipped = Values.skipped(mem, record);
        Values.range(
                edit,
                record,
                from,
                from + STEP_ELEMENTS,
                leaf -> {
                    elements++;
                    add(type, skipped, leaf);
                    return true;
                });
        position += elements;
        effects.end(key, deadlineMs, false);
        return elements < STEP_ELEMENTS;
    }

    private static OperationType operation(int type) {
        return switch (type) {
            case Records.STRING -> OperationType.PATCH_STRING;
            case Records.HASH -> OperationType.CHANGE_HASH;
            case Records.LIST -> OperationType.SPLICE_LIST;
            case Records.SET -> OperationType.CHANGE_SET;
            case Records.SORTED_SET -> OperationType.CHANGE_SORTED_SET;
            case Records.STREAM -> OperationType.CHANGE_STREAM;
            default -> throw new IllegalStateException("record type=" + type);
        };
    }

    private void add(int type, int skipped, Leaf leaf) {
        byte[] bytes = leaf.bytes();
        if (type == Records.LIST) {
            effects.block(bytes, leaf.valueOffset(), leaf.valueLength());
        } else if (type == Records.STRING) {
            effects.bytes(bytes, leaf.valueOffset(), leaf.valueLength());
        } else {
            effects.put(
                    bytes,
                    leaf.keyOffset() + skipped,
                    leaf.keyLength() - skipped,
                    bytes,
                    leaf.valueOffset(),
                    leaf.valueLength(),
                    leaf.marked());
        }
    }
}
