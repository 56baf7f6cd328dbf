package io.hotpair.internal;

import io.hotpair.WriteListener.Before;
import io.hotpair.log.OperationReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of a transaction: what it has read, and what it would write, which only it sees. All
 * of it happens inside one epoch, so what was read stays where it is. It commits if every key that
 * it touched still has the record that it had when it was touched first.
 */
public final class Transaction implements Executor {
    /**
     * How often entries may have moved, by segments that were replaced, before it is a conflict.
     */
    private static final int MAX_MOVES = 64;

    /** A key that was read or written. */
    private static final class Touched {
        final byte[] key;
        final long hash;
        int order;
        long found;
        long live;
        long pending;
        int newType;
        long slot;
        long word;

        Touched(byte[] key, long hash) {
            this.key = key;
            this.hash = hash;
        }
    }

    private final Engine engine;
    private final Mem mem;
    private final Index index;
    private final MultiCommit commits;
    private final Slab slab;
    final Stripe stripe;
    private final Edit edit;
    private final Outcome outcome;
    private final @Nullable Mode refusing;

    /** Each write, if somebody is to hear of it. */
    private final List<Written> written = new ArrayList<>();

    private final Map<ByteBuffer, Touched> touched = new LinkedHashMap<>();
    private boolean conflict;

    /** Whether an error came while it looked at a key or changed one: all may be half done. */
    private boolean isBroken;

    private boolean committed;
    private boolean isEnded;
    private int writtenCount;
    private long opId;

    Transaction(
            Engine engine,
            Mem mem,
            Index index,
            MultiCommit commits,
            Slab slab,
            Stripe stripe,
            Edit edit,
            Outcome outcome,
            @Nullable Mode refusing) {
        this.engine = engine;
        this.mem = mem;
        this.index = index;
        this.commits = commits;
        this.slab = slab;
        this.stripe = stripe;
        this.edit = edit;
        this.outcome = outcome;
        this.refusing = refusing;
    }

    /** Runs the body; what it throws counts only if what it saw is still so. */
    <R> R apply(Function<Executor, R> body) {
        try {
            return body.apply(this);
        } catch (NoRoomNow e) {
            throw e;
        } catch (RuntimeException e) {
            if (isUnchanged()) {
                throw e;
            }
            conflict = true;
            return noResult();
        }
    }

    /** A result that nobody gets: the attempt is a conflict. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <R> R noResult() {
        return null;
    }

    /** Whether it lost to another writer. */
    boolean isConflict() {
        return conflict;
    }

    private Touched touch(byte[] key) {
        if (isEnded) {
            // The epoch is left, and the working place somebody else's.
            throw new IllegalStateException(
                    "the transaction has ended; its view is valid inside of it only");
        }
        try {
            ByteBuffer name = ByteBuffer.wrap(key);
            Touched known = touched.get(name);
            if (known == null) {
                known = new Touched(key.clone(), engine.hash(key));
                select(known);
                known.found = index.find(stripe, true);
                known.slot = stripe.slot;
                known.live = known.found == 0 ? 0 : engine.live(known.found);
                touched.put(ByteBuffer.wrap(known.key), known);
            }
            select(known);
            return known;
        } catch (Error e) {
            isBroken = true;
            throw e;
        }
    }

    private void select(Touched key) {
        stripe.key.set(key.key, 0, key.key.length, key.hash);
    }

    private long current(Touched key) {
        if (key.pending == 0) {
            return key.live;
        }
        return Records.isValue(mem, key.pending) ? key.pending : 0;
    }

    @Override
    public <R> R read(byte[] key, Reader<R> reader) {
        return engine.result(reader.read(edit, current(touch(key))));
    }

    @Override
    public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
        long[] records = new long[keys.length];
        for (int i = 0; i < keys.length; i++) {
            records[i] = current(touch(keys[i]));
        }
        return engine.result(reader.read(edit, records));
    }

    /** The version of a key's record before this transaction; 0 if there is none. */
    public long version(byte[] key) {
        long found = touch(key).found;
        return found == 0 ? 0 : Records.version(mem, found);
    }

    /** Does again an operation of a commit, unless its key has seen it already. */
    void replay(OperationReader operation, Replay replay, long opId) {
        int from = operation.keyOffset();
        byte[] key = Arrays.copyOfRange(operation.bytes(), from, from + operation.keyLength());
        Touched target = touch(key);
        // What has expired is still there for an operation that does not say otherwise.
        target.live = target.found != 0 && Records.isValue(mem, target.found) ? target.found : 0;
        if (target.found == 0 || Records.version(mem, target.found) < opId) {
            boolean unused = write(key, replay.of(operation));
        }
    }

    @Override
    public boolean write(byte[] key, Mutation mutation) {
        if (refusing != null) {
            refusing.checkWritable();
        }
        Touched target = touch(key);
        long current = current(target);
        long present = target.pending == 0 ? target.found : target.pending;
        edit.nextKey(present, current, target.found);
        Edit.Savepoint savepoint = edit.savepoint();
        boolean changed = false;
        try {
            long record = mutation.apply(edit, current);
            if (record != Mutation.UNCHANGED) {
                edit.settle();
                note(target, current, record);
                if (target.pending != 0) {
                    edit.discard(target.pending);
                }
                target.pending = record;
                if (target.order == 0) {
                    target.order = ++writtenCount;
                }
                changed = true;
            }
        } catch (Error e) {
            // Where the stack ends, what follows may end before it has taken anything back.
            isBroken = true;
            throw e;
        } finally {
            if (!changed) {
                edit.rollBack(savepoint);
            }
        }
        return changed;
    }

    /** Also while nobody listens: who begins to before the commit hears of all of it. */
    private void note(Touched target, long current, long record) {
        // A key that this transaction has deleted is absent, whatever it had before.
        Before before =
                target.pending == 0
                        ? engine.before(target.found, current)
                        : current == 0 ? Before.ABSENT : Before.PRESENT;
        written.add(new Written(target.key, before, Records.type(mem, record), outcome.origin()));
    }

    /**
     * One write.
     *
     * @param type the type of the new record
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    record Written(byte[] key, Before before, int type, @Nullable Object origin) {}

    /** What was written, in order, also several times to one key. */
    List<Written> writes() {
        return written;
    }

    @Override
    public <R> R transact(Function<Executor, R> body) {
        return body.apply(this);
    }

    /**
     * Whether every key still has the record that it had when it was touched. If one absence took
     * the place of another, the keys are looked at again: it was there in between, so nothing says
     * yet that all was so at one moment.
     */
    private boolean isUnchanged() {
        for (int i = 0; i < MAX_MOVES; i++) {
            boolean moved = false;
            for (Touched key : touched.values()) {
                select(key);
                long record = index.find(stripe, true);
                if (!isSame(key, record)) {
                    return false;
                }
                moved |= hasMoved(key, record);
            }
            if (!moved) {
                return true;
            }
        }
        return false;
    }

    /** Whether a key that is as it was has another record, or another place for one. */
    private boolean hasMoved(Touched key, long record) {
        if (record == key.found && (record != 0 || stripe.slot == key.slot)) {
            return false;
        }
        boolean unused = record != 0 && engine.live(record) != 0;
        key.found = record;
        key.slot = stripe.slot;
        return true;
    }

    /** Absent is absent, whether by a tombstone, by another one, or by nothing at all. */
    private boolean isSame(Touched key, long record) {
        return record == key.found || (isAbsent(record) && isAbsent(key.found));
    }

    private boolean isAbsent(long record) {
        return record == 0 || !Records.isValue(mem, record);
    }

    /** Makes it happen; false if it lost to another writer. */
    boolean commit(Outcome outcome) {
        if (conflict) {
            return false;
        }
        if (isBroken) {
            throw new IllegalStateException(
                    "an error ended an operation of the transaction, which went on: nothing of it"
                            + " is committed");
        }
        Collection<Touched> keys = touched.values();
        int written = (int) keys.stream().filter(key -> key.pending != 0).count();
        if (written == 0) {
            conflict = !isUnchanged();
            return !conflict;
        }
        List<Touched> inOrder = new ArrayList<>(keys);
        for (int i = 0; i < MAX_MOVES; i++) {
            if (!locate(inOrder)) {
                break;
            }
            inOrder.sort((a, b) -> Long.compareUnsigned(a.slot, b.slot));
            if (tryCommit(inOrder, written, outcome)) {
                return true;
            }
        }
        conflict = true;
        return false;
    }

    /** Finds the entries of all keys; false if one of them has another record by now. */
    private boolean locate(List<Touched> keys) {
        for (Touched key : keys) {
            select(key);
            long record = index.find(stripe, true);
            while (record == 0) {
                record = engine.installVoid(stripe, edit);
            }
            if (!isSame(key, record)) {
                return false;
            }
            // One absence may have taken the place of another.
            key.found = record;
            boolean unused = engine.live(record) != 0;
            key.slot = stripe.slot;
            key.word = stripe.word;
        }
        return true;
    }

    private boolean tryCommit(List<Touched> keys, int written, Outcome outcome) {
        long descriptor = edit.descriptor(MultiCommit.valueLength(keys.size()));
        commits.begin(descriptor, keys.size());
        for (int i = 0; i < keys.size(); i++) {
            Touched key = keys.get(i);
            long to = key.pending == 0 ? key.found : key.pending;
            if (key.pending != 0) {
                edit.link(key.pending, key.found);
            }
            commits.entry(descriptor, i, key.slot, key.word, key.found, to);
        }
        edit.reserve(written + 1);
        committed = commits.help(descriptor);
        edit.forget(descriptor);
        if (committed) {
            opId = Records.version(mem, descriptor);
            outcome.committed(opId);
            for (Touched key : keys) {
                if (key.pending != 0) {
                    key.newType = Records.type(mem, key.pending);
                    engine.count(stripe, key.found, key.pending);
                    edit.retire(key.found);
                }
            }
            edit.commit();
        }
        slab.retireTwice(stripe, descriptor);
        return committed;
    }

    /** The opId of the commit; 0 if nothing was committed. */
    long opId() {
        return opId;
    }

    /** A key that was changed, and whether it is there now. */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    record Change(byte[] key, boolean present) {}

    /** What was committed, in the order in which the keys were first written. */
    List<Change> changes() {
        return touched.values().stream()
                .filter(key -> key.newType != 0)
                .sorted(Comparator.comparingInt(key -> key.order))
                .map(key -> new Change(key.key, key.newType != Records.TOMBSTONE))
                .toList();
    }

    /**
     * Gives back what was not committed. The caller leaves the epoch, as he has the stack that he
     * entered it with.
     */
    void end(Outcome outcome) {
        isEnded = true;
        if (!committed) {
            edit.abandon();
        }
        engine.note(stripe, outcome);
    }
}
