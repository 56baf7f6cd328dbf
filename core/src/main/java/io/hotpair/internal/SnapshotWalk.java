package io.hotpair.internal;

import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Gives the state that a snapshot shows as operations which make it: a large value as several, the
 * first of which replaces what was there. Works in small steps, each in an epoch of its own, and
 * hands over what it has between two of them, so a consumer may take its time.
 */
final class SnapshotWalk implements Engine.SnapshotVisitor {
    private static final int STEP_LENGTH = 16 << 10;

    private final Engine engine;
    private final SnapshotView view;
    private final Effects effects = new Effects();
    private final Key key = new Key();
    private final OperationReader reader = new OperationReader();
    private long[] records = new long[2048];
    private int count;
    private int next;
    private long position;

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
                TimeSlice.giveUp();
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
            byte[] name = Records.key(edit.mem(), record);
            key.set(name, 0, name.length, 0);
            int begin = effects.length();
            position = Dump.encode(edit, record, key, position, effects);
            number(begin, Records.version(edit.mem(), record));
            if (position < 0) {
                position = 0;
                next++;
            }
        }
    }

    /** Says of an operation that was just encoded which change of the log it stands for. */
    private void number(int begin, long opId) {
        byte[] bytes = effects.bytes();
        for (int at = begin; at < effects.length(); at += FrameDescriptor.getInt(bytes, at)) {
            FrameDescriptor.putLong(bytes, at + FrameDescriptor.OP_ID_OFFSET, opId);
        }
    }
}
