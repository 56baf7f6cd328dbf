package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.hotpair.FieldExpiry;
import io.hotpair.HashOperations;
import io.hotpair.HotpairException;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.LongDouble;
import io.hotpair.log.OperationType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Hashes, as {@link Members}. */
public final class HashCommands implements HashOperations {
    /** How many expired fields an ordinary write removes along. */
    private static final int EXPIRED_ALONG = 16;

    /** How many of them one write of the expiry cycle removes. */
    private static final int EXPIRED_AT_ONCE = 1024;

    private static final int MAX_DECIMAL_LENGTH = 20;

    private final Executor executor;

    /** Creates them. */
    public HashCommands(Executor executor) {
        this.executor = executor;
    }

    private static Members open(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.HASH);
        return edit.members().open(record);
    }

    /** A change of a hash's fields; returns whether there is any. */
    private interface Change {
        boolean apply(Edit edit, Members members);
    }

    private void change(byte[] key, Change change) {
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            Members members = openToChange(edit, current);
                            if (!change.apply(edit, members)) {
                                return Mutation.UNCHANGED;
                            }
                            int along = members.removeExpired(EXPIRED_ALONG);
                            edit.fieldsExpired(along);
                            return members.record(Records.HASH, edit.deadlineMs(current));
                        });
    }

    private static Members openToChange(Edit edit, long record) {
        Edit.expect(edit.mem(), record, Records.HASH);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_HASH, false);
        }
        return edit.members().openToChange(record);
    }

    /** Removes fields of a hash that have expired; the rest of them by further calls. */
    static long removeExpired(Edit edit, long current) {
        if (current == 0 || !Records.isTimed(edit.mem(), current)) {
            return Mutation.UNCHANGED;
        }
        edit.shrinks();
        Members members = openToChange(edit, current);
        int removed = members.removeExpired(EXPIRED_AT_ONCE);
        edit.fieldsExpired(removed);
        return removed == 0
                ? Mutation.UNCHANGED
                : members.record(Records.HASH, edit.deadlineMs(current));
    }

    private static void checkPairs(byte[][] fieldsAndValues) {
        if (fieldsAndValues.length == 0 || fieldsAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "fieldsAndValues.length=" + fieldsAndValues.length + ", expected pairs");
        }
    }

    // ---- fields

    @Override
    public boolean hset(byte[] key, byte[] field, byte[] value) {
        return hset(key, new byte[][] {field, value}) == 1;
    }

    @Override
    public int hset(byte[] key, byte[]... fieldsAndValues) {
        checkPairs(fieldsAndValues);
        int[] added = new int[1];
        change(
                key,
                (edit, members) -> {
                    added[0] = 0;
                    for (int i = 0; i < fieldsAndValues.length; i += 2) {
                        added[0] += members.put(fieldsAndValues[i], fieldsAndValues[i + 1]) ? 1 : 0;
                    }
                    return true;
                });
        return added[0];
    }

    @Override
    public boolean hsetnx(byte[] key, byte[] field, byte[] value) {
        boolean[] set = new boolean[1];
        change(
                key,
                (edit, members) -> {
                    set[0] = !members.find(field);
                    return set[0] && members.put(field, value);
                });
        return set[0];
    }

    @Override
    public byte @Nullable [] hget(byte[] key, byte[] field) {
        return executor.read(key, (edit, record) -> value(open(edit, record), field));
    }

    private static byte @Nullable [] value(Members members, byte[] field) {
        return members.find(field) ? Members.value(members.leaf()) : null;
    }

    @Override
    public byte[] @Nullable [] hmget(byte[] key, byte[]... fields) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    byte[] @Nullable [] values = new byte[fields.length][];
                    for (int i = 0; i < fields.length; i++) {
                        values[i] = value(members, fields[i]);
                    }
                    return values;
                });
    }

    @Override
    public void hmget(byte[] key, byte[][] fields, Consumer<byte @Nullable []> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members members = open(edit, record);
                            for (byte[] field : fields) {
                                consumer.accept(value(members, field));
                            }
                            return true;
                        });
    }

    @Override
    public boolean hexists(byte[] key, byte[] field) {
        return executor.read(key, (edit, record) -> open(edit, record).find(field));
    }

    @Override
    public int hstrlen(byte[] key, byte[] field) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    return members.find(field) ? Members.valueLength(members.leaf()) : 0;
                });
    }

    @Override
    public long hlen(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).liveCount());
    }

    @Override
    public List<Map.Entry<byte[], byte[]>> hgetAll(byte[] key) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    List<Map.Entry<byte[], byte[]>> all = new ArrayList<>();
                    boolean unused = members.forEach(leaf -> all.add(entry(members, leaf)));
                    return all;
                });
    }

    @Override
    public void hgetAll(byte[] key, BiConsumer<byte[], byte[]> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members members = open(edit, record);
                            return members.forEach(leaf -> give(members, leaf, consumer));
                        });
    }

    private static boolean give(Members members, Leaf leaf, BiConsumer<byte[], byte[]> consumer) {
        consumer.accept(members.key(leaf), Members.value(leaf));
        return true;
    }

    private static Map.Entry<byte[], byte[]> entry(Members members, Leaf leaf) {
        return Map.entry(members.key(leaf), Members.value(leaf));
    }

    @Override
    public List<byte[]> hkeys(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).keys());
    }

    @Override
    public List<byte[]> hvals(byte[] key) {
        return executor.read(
                key,
                (edit, record) -> {
                    List<byte[]> values = new ArrayList<>();
                    boolean unused =
                            open(edit, record).forEach(leaf -> values.add(Members.value(leaf)));
                    return values;
                });
    }

    @Override
    public int hdel(byte[] key, byte[]... fields) {
        int[] removed = new int[1];
        change(
                key,
                (edit, members) -> {
                    edit.shrinks();
                    removed[0] = 0;
                    for (byte[] field : fields) {
                        removed[0] += members.remove(field) ? 1 : 0;
                    }
                    return removed[0] > 0;
                });
        return removed[0];
    }

    @Override
    public byte[] @Nullable [] hgetdel(byte[] key, byte[]... fields) {
        byte[] @Nullable [] values = new byte[fields.length][];
        change(
                key,
                (edit, members) -> {
                    edit.shrinks();
                    boolean removed = false;
                    for (int i = 0; i < fields.length; i++) {
                        values[i] = value(members, fields[i]);
                        removed |= members.remove(fields[i]);
                    }
                    return removed;
                });
        return values;
    }

    // ---- numbers

    @Override
    public long hincrBy(byte[] key, byte[] field, long delta) {
        long[] sum = new long[1];
        change(
                key,
                (edit, members) -> {
                    byte[] present = value(members, field);
                    sum[0] = Math.addExact(present == null ? 0 : integer(present), delta);
                    byte[] text = new byte[MAX_DECIMAL_LENGTH];
                    int from = Decimal.format(sum[0], text);
                    return putNumber(
                            members, field, present, Arrays.copyOfRange(text, from, text.length));
                });
        return sum[0];
    }

    private static boolean putNumber(
            Members members, byte[] field, byte @Nullable [] present, byte[] sum) {
        long deadlineMs = present == null ? 0 : Members.deadlineMs(members.leaf());
        boolean unused = members.put(field, sum, deadlineMs);
        return true;
    }

    private static long integer(byte[] text) {
        try {
            return Decimal.parse(text, text.length);
        } catch (HotpairException e) {
            throw new HotpairException(
                    HotpairException.Category.WRONG_VALUE, "hash value is not an integer", e);
        }
    }

    @Override
    public String hincrByFloat(byte[] key, byte[] field, String delta) {
        LongDouble number = LongDouble.parse(delta);
        if (number == null) {
            throw new IllegalArgumentException("delta=" + delta + ", expected a number");
        }
        if (!number.isFinite()) {
            throw new IllegalArgumentException("delta=" + delta + ", expected a finite number");
        }
        String[] sum = {""};
        change(
                key,
                (edit, members) -> {
                    byte[] present = value(members, field);
                    sum[0] = sum(present, number);
                    return putNumber(members, field, present, sum[0].getBytes(ISO_8859_1));
                });
        return sum[0];
    }

    private static String sum(byte @Nullable [] present, LongDouble delta) {
        LongDouble number =
                LongDouble.parse(present == null ? "0" : new String(present, ISO_8859_1));
        if (number == null) {
            throw new HotpairException(
                    HotpairException.Category.WRONG_VALUE, "hash value is not a float");
        }
        LongDouble sum = number.plus(delta);
        if (!sum.isFinite()) {
            throw new ArithmeticException("increment would produce NaN or Infinity");
        }
        return sum.toString();
    }

    // ---- walks

    @Override
    public List<Map.Entry<byte[], byte[]>> hrandfield(byte[] key, long count) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    List<Map.Entry<byte[], byte[]>> chosen = new ArrayList<>();
                    boolean unused =
                            members.forEachChosen(count, leaf -> chosen.add(entry(members, leaf)));
                    return chosen;
                });
    }

    @Override
    public void hrandfield(byte[] key, long count, BiConsumer<byte[], byte[]> consumer) {
        boolean unused =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members members = open(edit, record);
                            return members.forEachChosen(
                                    count, leaf -> give(members, leaf, consumer));
                        });
    }

    @Override
    public long hscan(byte[] key, long cursor, int count, BiConsumer<byte[], byte[]> consumer) {
        Members.checkScanCount(count);
        List<Map.Entry<byte[], byte[]>> found = new ArrayList<>();
        long next =
                executor.read(
                        key,
                        (edit, record) -> {
                            Members members = open(edit, record);
                            found.clear();
                            return members.scan(
                                    cursor, count, leaf -> found.add(entry(members, leaf)));
                        });
        // The consumer may take its time: it holds no epoch.
        found.forEach(entry -> consumer.accept(entry.getKey(), entry.getValue()));
        return next;
    }

    // ---- deadlines

    @Override
    public int[] hexpire(
            byte[] key, Duration timeToLive, DeadlineCondition condition, byte[]... fields) {
        return expire(key, FieldExpiry.in(timeToLive), condition, fields);
    }

    @Override
    public int[] hexpireAt(
            byte[] key, Instant deadline, DeadlineCondition condition, byte[]... fields) {
        return expire(key, FieldExpiry.at(deadline), condition, fields);
    }

    private int[] expire(
            byte[] key, FieldExpiry expiry, DeadlineCondition condition, byte[][] fields) {
        int[] answers = new int[fields.length];
        change(
                key,
                (edit, members) -> {
                    boolean changed = false;
                    for (int i = 0; i < fields.length; i++) {
                        answers[i] = expire(edit, members, fields[i], expiry, condition);
                        changed |= answers[i] > CONDITION_NOT_MET;
                    }
                    return changed;
                });
        return answers;
    }

    private static int expire(
            Edit edit,
            Members members,
            byte[] field,
            FieldExpiry expiry,
            DeadlineCondition condition) {
        if (!members.find(field)) {
            return NO_FIELD;
        }
        long presentMs = Members.deadlineMs(members.leaf());
        long deadlineMs = expiry.deadlineMs(presentMs, edit.nowMs());
        if (!KeyCommands.holds(condition, presentMs, deadlineMs)) {
            return CONDITION_NOT_MET;
        }
        return put(edit, members, field, Members.value(members.leaf()), deadlineMs)
                ? CHANGED
                : DELETED;
    }

    /** Puts a field with a deadline or 0, or removes it if that has passed; whether it is there. */
    private static boolean put(
            Edit edit, Members members, byte[] field, byte[] value, long deadlineMs) {
        if (deadlineMs != 0 && deadlineMs <= edit.nowMs()) {
            boolean unused = members.remove(field);
            return false;
        }
        boolean unused = members.put(field, value, deadlineMs);
        return true;
    }

    @Override
    public int[] hpersist(byte[] key, byte[]... fields) {
        int[] answers = new int[fields.length];
        change(
                key,
                (edit, members) -> {
                    boolean changed = false;
                    for (int i = 0; i < fields.length; i++) {
                        answers[i] = persist(members, fields[i]);
                        changed |= answers[i] == CHANGED;
                    }
                    return changed;
                });
        return answers;
    }

    private static int persist(Members members, byte[] field) {
        if (!members.find(field)) {
            return NO_FIELD;
        }
        if (Members.deadlineMs(members.leaf()) == 0) {
            return NO_DEADLINE;
        }
        boolean unused = members.put(field, Members.value(members.leaf()));
        return CHANGED;
    }

    @Override
    public long[] httl(byte[] key, byte[]... fields) {
        return deadlines(key, fields, true, HashCommands::upToSeconds);
    }

    @Override
    public long[] hpttl(byte[] key, byte[]... fields) {
        return deadlines(key, fields, true, LongUnaryOperator.identity());
    }

    @Override
    public long[] hexpireTime(byte[] key, byte[]... fields) {
        return deadlines(key, fields, false, HashCommands::upToSeconds);
    }

    @Override
    public long[] hpexpireTime(byte[] key, byte[]... fields) {
        return deadlines(key, fields, false, LongUnaryOperator.identity());
    }

    private static long upToSeconds(long ms) {
        return (ms + 999) / 1000;
    }

    private long[] deadlines(
            byte[] key, byte[][] fields, boolean relative, LongUnaryOperator unit) {
        return executor.read(
                key,
                (edit, record) -> {
                    Members members = open(edit, record);
                    long[] answers = new long[fields.length];
                    for (int i = 0; i < fields.length; i++) {
                        long deadlineMs = deadlineMs(members, fields[i]);
                        answers[i] =
                                deadlineMs < 0
                                        ? deadlineMs
                                        : unit.applyAsLong(
                                                deadlineMs - (relative ? members.nowMs() : 0));
                    }
                    return answers;
                });
    }

    private static long deadlineMs(Members members, byte[] field) {
        if (!members.find(field)) {
            return NO_FIELD;
        }
        long deadlineMs = Members.deadlineMs(members.leaf());
        return deadlineMs == 0 ? NO_DEADLINE : deadlineMs;
    }

    @Override
    public byte[] @Nullable [] hgetex(byte[] key, FieldExpiry expiry, byte[]... fields) {
        byte[] @Nullable [] values = new byte[fields.length][];
        change(
                key,
                (edit, members) -> {
                    boolean changed = false;
                    for (int i = 0; i < fields.length; i++) {
                        byte[] value = value(members, fields[i]);
                        values[i] = value;
                        changed |= value != null && touch(edit, members, fields[i], value, expiry);
                    }
                    return changed;
                });
        return values;
    }

    /** Changes the deadline of the field that was found; returns whether there is a change. */
    private static boolean touch(
            Edit edit, Members members, byte[] field, byte[] value, FieldExpiry expiry) {
        long presentMs = Members.deadlineMs(members.leaf());
        long deadlineMs = expiry.deadlineMs(presentMs, edit.nowMs());
        boolean hadAndHasNone = presentMs == 0 && deadlineMs == 0;
        if (expiry == FieldExpiry.KEEP || hadAndHasNone) {
            return false;
        }
        boolean unused = put(edit, members, field, value, deadlineMs);
        return true;
    }

    @Override
    public boolean hsetex(
            byte[] key, FieldCondition condition, FieldExpiry expiry, byte[]... fieldsAndValues) {
        checkPairs(fieldsAndValues);
        boolean[] met = new boolean[1];
        change(
                key,
                (edit, members) -> {
                    met[0] = isMet(condition, members, fieldsAndValues);
                    boolean changed = false;
                    for (int i = 0; met[0] && i < fieldsAndValues.length; i += 2) {
                        byte[] field = fieldsAndValues[i];
                        boolean present = members.find(field);
                        long presentMs = present ? Members.deadlineMs(members.leaf()) : 0;
                        long deadlineMs = expiry.deadlineMs(presentMs, edit.nowMs());
                        changed |=
                                put(edit, members, field, fieldsAndValues[i + 1], deadlineMs)
                                        || present;
                    }
                    return changed;
                });
        return met[0];
    }

    private static boolean isMet(
            FieldCondition condition, Members members, byte[][] fieldsAndValues) {
        if (condition == FieldCondition.ALWAYS) {
            return true;
        }
        for (int i = 0; i < fieldsAndValues.length; i += 2) {
            if (members.find(fieldsAndValues[i]) != (condition == FieldCondition.FXX)) {
                return false;
            }
        }
        return true;
    }
}
