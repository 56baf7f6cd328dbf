package io.hotpair.internal;

import io.hotpair.log.OperationReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts a keyspace back to what another one holds, key by key, by writes like any others: they are
 * logged, shipped and told to listeners. A key that holds the same in both is left alone. Each key
 * changes in one step; others may write meanwhile, and the last one to write a key wins.
 */
final class RollBack {
    private static final int STEP_KEYS = 256;

    private final Engine live;
    private final Engine then;
    private final Executor writer;
    private final Outcome outcome;
    private final Runnable onStep;
    private long restoredCount;
    private long removedCount;
    private long lastOpId;
    private long lastTerm;

    /**
     * Makes one.
     *
     * @param live what is to change
     * @param then what it is to hold; nobody writes to it
     * @param writer changes keys of the first
     * @param outcome what became of its last write
     * @param onStep called from time to time; what it throws ends it
     */
    RollBack(Engine live, Engine then, Executor writer, Outcome outcome, Runnable onStep) {
        this.live = live;
        this.then = then;
        this.writer = writer;
        this.outcome = outcome;
        this.onStep = onStep;
    }

    long restoredCount() {
        return restoredCount;
    }

    long removedCount() {
        return removedCount;
    }

    /** The opId of the last write; 0 if there was none. */
    long lastOpId() {
        return lastOpId;
    }

    /** The term of the last write. */
    long lastTerm() {
        return lastTerm;
    }

    private void noteOutcome() {
        lastOpId = outcome.opId();
        lastTerm = outcome.term();
    }

    void run() {
        // First what was not there, which makes room for what was.
        eachKey(live, this::removeUnlessThere);
        eachKey(then, this::restore);
    }

    private void eachKey(Engine of, Consumer<byte[]> visitor) {
        long cursor = 0;
        do {
            List<byte[]> keys = new ArrayList<>();
            cursor = of.scan(cursor, STEP_KEYS, keys::add);
            keys.forEach(visitor);
            onStep.run();
        } while (cursor != 0);
    }

    private void removeUnlessThere(byte[] key) {
        boolean isThere = Boolean.TRUE.equals(then.read(key, (edit, record) -> record != 0));
        if (!isThere
                && writer.write(
                        key,
                        (edit, current) -> current == 0 ? Mutation.UNCHANGED : edit.tombstone())) {
            removedCount++;
            noteOutcome();
        }
    }

    private void restore(byte[] key) {
        String wanted = digest(then, key);
        if (wanted.equals(digest(live, key))) {
            return;
        }
        byte[] operations = then.read(key, (edit, record) -> dump(edit, key, record));
        if (operations != null && writer.transact(executor -> write(executor, key, operations))) {
            restoredCount++;
            noteOutcome();
        }
    }

    private static String digest(Engine of, byte[] key) {
        Values.Digest digest = new Values.Digest();
        Object unused =
                of.read(
                        key,
                        (edit, record) -> {
                            if (record != 0) {
                                digest.add(edit, record);
                            }
                            return digest;
                        });
        return digest.hex();
    }

    private static byte @Nullable [] dump(Edit edit, byte[] key, long record) {
        if (record == 0) {
            return null;
        }
        Effects effects = new Effects();
        Key name = new Key();
        name.set(key, 0, key.length, 0);
        long next = 0;
        while (next >= 0) {
            next = Dump.encode(edit, record, name, next, effects);
        }
        return Arrays.copyOf(effects.bytes(), effects.length());
    }

    private static boolean write(Executor executor, byte[] key, byte[] operations) {
        OperationReader reader = new OperationReader();
        reader.wrap(operations, 0, operations.length);
        Replay replay = new Replay();
        boolean changed = false;
        while (reader.next()) {
            changed |=
                    executor.write(key, (edit, current) -> edit.replayed(reader, replay, current));
        }
        return changed;
    }
}
