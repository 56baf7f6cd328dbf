package io.hotpair.internal;

import io.hotpair.BitField;
import io.hotpair.BitOperator;
import io.hotpair.BitUnit;
import io.hotpair.Expiry;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.LcsMatches;
import io.hotpair.LongDouble;
import io.hotpair.SetOptions;
import io.hotpair.SetResult;
import io.hotpair.StringOperations;
import io.hotpair.ValueCondition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Strings, as {@link StringContent}. */
public final class StringCommands implements StringOperations {
    private static final byte[] ZERO = {'0'};
    private static final long NOT_MET = -1;

    private final Executor executor;

    /** Creates them. */
    public StringCommands(Executor executor) {
        this.executor = executor;
    }

    private static StringContent open(Edit edit, long record) {
        return new StringContent(edit).open(record);
    }

    private static StringContent openToChange(Edit edit, long record) {
        return new StringContent(edit).openToChange(record);
    }

    private static void checkLength(long length) {
        if (length < 0 || length > Keyspace.MAX_VALUE_LENGTH) {
            throw new IllegalArgumentException(
                    "length=" + length + ", expected at most " + Keyspace.MAX_VALUE_LENGTH);
        }
    }

    // ---- whole values

    /** Sets a value, and keeps what the caller is told. */
    private static final class Set implements Mutation {
        private final byte[] value;
        private final SetOptions options;
        private boolean done;
        private byte @Nullable [] previous;

        Set(byte[] value, SetOptions options) {
            checkLength(value.length);
            this.value = value;
            this.options = options;
        }

        @Override
        public long apply(Edit edit, long current) {
            if (options.returnsPrevious()) {
                previous = StringContent.copy(edit, current);
            }
            done = isMet(edit, current, options.condition());
            return done ? write(edit, current, value, options.expiry()) : UNCHANGED;
        }

        SetResult result() {
            return new SetResult(done, options.returnsPrevious() ? previous : null);
        }
    }

    /** Copies a value only if it has a length with which the condition may be met. */
    private static boolean isMet(Edit edit, long current, ValueCondition condition) {
        if (!condition.comparesValue()) {
            return condition.isMet(current != 0, null);
        }
        Edit.expect(edit.mem(), current, Records.STRING);
        int length = condition.comparedLength();
        boolean matters = length < 0 || StringContent.length(edit.mem(), current) == length;
        return condition.isMet(current != 0, matters ? StringContent.copy(edit, current) : null);
    }

    private static long write(Edit edit, long current, byte[] value, Expiry expiry) {
        long nowMs = edit.nowMs();
        long deadlineMs = expiry.deadlineMs(nowMs, edit.deadlineMs(current));
        if (isPast(deadlineMs, nowMs)) {
            return current == 0 ? Mutation.UNCHANGED : edit.tombstone();
        }
        return edit.string(value, 0, value.length, deadlineMs);
    }

    private static boolean isPast(long deadlineMs, long nowMs) {
        return deadlineMs != 0 && deadlineMs <= nowMs;
    }

    @Override
    public SetResult set(byte[] key, byte[] value, SetOptions options) {
        Set set = new Set(value, options);
        boolean unused = executor.write(key, set);
        return set.result();
    }

    @Override
    public boolean setNx(byte[] key, byte[] value) {
        return set(key, value, SetOptions.plain().on(ValueCondition.ifAbsent())).done();
    }

    @Override
    public void setEx(byte[] key, Duration timeToLive, byte[] value) {
        SetResult unused = set(key, value, SetOptions.plain().expiring(Expiry.after(timeToLive)));
    }

    @Override
    public byte @Nullable [] getSet(byte[] key, byte[] value) {
        return set(key, value, SetOptions.plain().returningPrevious()).previous();
    }

    @Override
    public byte @Nullable [] getDel(byte[] key) {
        byte[][] found = new byte[1][];
        return executor.write(
                        key,
                        (edit, current) -> {
                            edit.shrinks();
                            byte[] copy = StringContent.copy(edit, current);
                            if (copy == null) {
                                return Mutation.UNCHANGED;
                            }
                            found[0] = copy;
                            return edit.tombstone();
                        })
                ? found[0]
                : null;
    }

    @Override
    public byte @Nullable [] getEx(byte[] key, Expiry expiry) {
        if (expiry.kind() == Expiry.Kind.UNCHANGED) {
            return executor.read(key, StringContent::copy);
        }
        List<byte @Nullable []> found = new ArrayList<>();
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            found.clear();
                            found.add(StringContent.copy(edit, current));
                            return current == 0
                                    ? Mutation.UNCHANGED
                                    : expire(edit, current, expiry);
                        });
        return found.get(0);
    }

    private static long expire(Edit edit, long current, Expiry expiry) {
        long nowMs = edit.nowMs();
        long presentMs = edit.deadlineMs(current);
        long deadlineMs = expiry.deadlineMs(nowMs, presentMs);
        if (isPast(deadlineMs, nowMs)) {
            return edit.tombstone();
        }
        return deadlineMs == presentMs
                ? Mutation.UNCHANGED
                : edit.withDeadline(current, deadlineMs);
    }

    @Override
    public boolean delEx(byte[] key, ValueCondition condition) {
        return executor.write(
                key,
                (edit, current) -> {
                    edit.shrinks();
                    return current != 0 && isMet(edit, current, condition)
                            ? edit.tombstone()
                            : Mutation.UNCHANGED;
                });
    }

    // ---- several keys

    @Override
    public List<byte @Nullable []> mget(byte[]... keys) {
        return executor.readAll(
                keys,
                (edit, records) -> {
                    List<byte @Nullable []> values = new ArrayList<>();
                    for (long record : records) {
                        boolean isString =
                                record != 0 && Records.type(edit.mem(), record) == Records.STRING;
                        values.add(StringContent.copy(edit, isString ? record : 0));
                    }
                    return values;
                });
    }

    private static byte[][] keys(byte[][] keysAndValues) {
        if (keysAndValues.length == 0 || keysAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "keysAndValues.length=" + keysAndValues.length + ", expected pairs");
        }
        byte[][] keys = new byte[keysAndValues.length / 2][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = keysAndValues[2 * i];
            checkLength(keysAndValues[2 * i + 1].length);
        }
        return keys;
    }

    private static void put(Executor to, byte[] key, byte[] value) {
        boolean unused = to.write(key, (edit, current) -> edit.string(value, 0, value.length, 0));
    }

    @Override
    public void mset(byte[]... keysAndValues) {
        byte[][] keys = keys(keysAndValues);
        int unused =
                executor.transact(
                        transaction -> {
                            for (int i = 0; i < keys.length; i++) {
                                put(transaction, keys[i], keysAndValues[2 * i + 1]);
                            }
                            return keys.length;
                        });
    }

    @Override
    public boolean msetNx(byte[]... keysAndValues) {
        return msetEx(ValueCondition.ifAbsent(), Expiry.never(), keysAndValues);
    }

    @Override
    public boolean msetEx(ValueCondition condition, Expiry expiry, byte[]... keysAndValues) {
        byte[][] keys = keys(keysAndValues);
        return executor.transact(
                transaction -> {
                    long nowMs =
                            transaction.readAll(
                                    keys,
                                    (edit, records) ->
                                            areMet(edit, records, condition)
                                                    ? edit.nowMs()
                                                    : NOT_MET);
                    if (nowMs == NOT_MET) {
                        return false;
                    }
                    Expiry same = expiry.asOf(nowMs);
                    for (int i = 0; i < keys.length; i++) {
                        byte[] value = keysAndValues[2 * i + 1];
                        boolean unused =
                                transaction.write(
                                        keys[i],
                                        (edit, current) -> write(edit, current, value, same));
                    }
                    return true;
                });
    }

    private static boolean areMet(Edit edit, long[] records, ValueCondition condition) {
        for (long record : records) {
            if (!isMet(edit, record, condition)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long bitOp(BitOperator operator, byte[] destination, byte[]... sources) {
        checkCount(operator, sources.length);
        return executor.transact(
                transaction ->
                        transaction.readAll(
                                sources,
                                (edit, records) ->
                                        combine(
                                                transaction,
                                                operator,
                                                destination,
                                                Bits.open(edit, records))));
    }

    /**
     * Writes while it reads: what it reads stays where it is as long as the transaction goes on.
     */
    private static long combine(
            Executor transaction,
            BitOperator operator,
            byte[] destination,
            List<StringContent> strings) {
        long length = strings.stream().mapToLong(StringContent::length).max().orElse(0);
        boolean unused =
                length == 0
                        ? transaction.write(destination, DeleteKey.DELETE)
                        : transaction.write(
                                destination,
                                (edit, current) -> {
                                    StringContent result = new StringContent(edit).begin();
                                    Bits.combine(operator, strings, length, result);
                                    return result.record(0);
                                });
        return length;
    }

    private static void checkCount(BitOperator operator, int count) {
        boolean fits =
                switch (operator) {
                    case AND, OR, XOR, ONE -> count >= 1;
                    case NOT -> count == 1;
                    case DIFF, DIFF1, ANDOR -> count >= 2;
                };
        if (!fits) {
            throw new IllegalArgumentException(
                    "sources.length="
                            + count
                            + ", expected exactly 1 for NOT, at least 2 for DIFF, DIFF1 and ANDOR,"
                            + " else at least 1");
        }
    }

    private Lcs lcsOf(byte[] first, byte[] second, boolean withPath) {
        byte[][] values =
                executor.readAll(
                        new byte[][] {first, second},
                        (edit, records) -> {
                            StringContent one = open(edit, records[0]);
                            StringContent other = open(edit, records[1]);
                            Lcs.checkLengths(one.length(), other.length());
                            return new byte[][] {
                                one.bytes(0, one.length()), other.bytes(0, other.length())
                            };
                        });
        return new Lcs(values[0], values[1], withPath);
    }

    @Override
    public byte[] lcs(byte[] first, byte[] second) {
        return lcsOf(first, second, true).bytes();
    }

    @Override
    public long lcsLength(byte[] first, byte[] second) {
        return lcsOf(first, second, false).length();
    }

    @Override
    public LcsMatches lcsMatches(byte[] first, byte[] second, long minMatchLength) {
        Lcs lcs = lcsOf(first, second, true);
        return new LcsMatches(lcs.matches(minMatchLength), lcs.length());
    }

    // ---- numbers

    @Override
    public long incrBy(byte[] key, long delta) {
        IncrementString increment = new IncrementString().of(delta);
        boolean unused = executor.write(key, increment);
        return increment.sum();
    }

    @Override
    public String incrByFloat(byte[] key, String delta) {
        LongDouble toAdd = LongDouble.parse(delta);
        if (toAdd == null) {
            throw new IllegalArgumentException("delta=" + delta + ", expected a number");
        }
        String[] sum = {""};
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            sum[0] = sum(edit, current, toAdd);
                            byte[] text = sum[0].getBytes(StandardCharsets.US_ASCII);
                            return edit.string(text, 0, text.length, edit.deadlineMs(current));
                        });
        return sum[0];
    }

    private static String sum(Edit edit, long current, LongDouble toAdd) {
        StringContent content = open(edit, current);
        byte[] text = ZERO;
        if (current != 0) {
            text = content.bytes(0, Math.min(content.length(), LongDouble.MAX_TEXT_LENGTH + 1));
        }
        LongDouble value = LongDouble.parse(new String(text, StandardCharsets.ISO_8859_1));
        if (value == null) {
            throw new HotpairException(
                    HotpairException.Category.WRONG_VALUE, "value is not a valid float");
        }
        LongDouble sum = value.plus(toAdd);
        if (!sum.isFinite()) {
            throw new ArithmeticException("increment would produce NaN or Infinity");
        }
        return sum.toString();
    }

    // ---- parts

    @Override
    public long strlen(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).length());
    }

    @Override
    public byte[] getRange(byte[] key, long start, long end) {
        return executor.read(
                key,
                (edit, record) -> {
                    StringContent content = open(edit, record);
                    Bits.Range range = Bits.Range.of(start, end, BitUnit.BYTE, content.length());
                    return Bits.Range.isReversed(start, end)
                            ? new byte[0]
                            : content.bytes(range.from() >>> 3, range.to() >>> 3);
                });
    }

    @Override
    public long setRange(byte[] key, long offset, byte[] value) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset=" + offset + ", expected 0 or more");
        }
        if (value.length == 0) {
            return strlen(key);
        }
        checkLength(offset + value.length);
        return write(key, (content) -> offset, value);
    }

    @Override
    public long append(byte[] key, byte[] value) {
        return write(key, StringContent::length, value);
    }

    /** Where a part is written. */
    private interface Place {
        long in(StringContent content);
    }

    private long write(byte[] key, Place place, byte[] value) {
        long[] length = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            StringContent content = openToChange(edit, current);
                            long offset = place.in(content);
                            checkLength(offset + value.length);
                            content.write(offset, value, 0, value.length);
                            length[0] = content.length();
                            return content.record(edit.deadlineMs(current));
                        });
        return length[0];
    }

    // ---- bits

    private static void checkBit(long offset) {
        if (offset < 0 || offset >= MAX_BITS) {
            throw new IllegalArgumentException(
                    "offset=" + offset + ", expected 0 to " + (MAX_BITS - 1));
        }
    }

    private static byte byteAt(StringContent content, long offset) {
        byte[] one = {0};
        content.copyOut(offset, one, 0, 1);
        return one[0];
    }

    @Override
    public boolean getBit(byte[] key, long offset) {
        checkBit(offset);
        return executor.read(
                key,
                (edit, record) -> {
                    byte there = byteAt(open(edit, record), offset >>> 3);
                    return (there & (0x80 >>> (offset & 7))) != 0;
                });
    }

    @Override
    public boolean setBit(byte[] key, long offset, boolean bit) {
        checkBit(offset);
        long place = offset >>> 3;
        int mask = 0x80 >>> (offset & 7);
        boolean[] before = new boolean[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            StringContent content = openToChange(edit, current);
                            byte there = byteAt(content, place);
                            before[0] = (there & mask) != 0;
                            if (before[0] == bit && place < content.length()) {
                                return Mutation.UNCHANGED;
                            }
                            byte changed = (byte) (bit ? there | mask : there & ~mask);
                            content.write(place, new byte[] {changed}, 0, 1);
                            return content.record(edit.deadlineMs(current));
                        });
        return before[0];
    }

    @Override
    public long bitCount(byte[] key) {
        return bitCount(key, 0, -1, BitUnit.BYTE);
    }

    @Override
    public long bitCount(byte[] key, long start, long end, BitUnit unit) {
        Objects.requireNonNull(unit, "unit");
        return executor.read(
                key,
                (edit, record) -> {
                    StringContent content = open(edit, record);
                    return Bits.Range.isReversed(start, end)
                            ? 0L
                            : Bits.count(
                                    content, Bits.Range.of(start, end, unit, content.length()));
                });
    }

    @Override
    public long bitPos(byte[] key, boolean bit, long start) {
        return executor.read(
                key,
                (edit, record) -> {
                    StringContent content = open(edit, record);
                    Bits.Range range = Bits.Range.of(start, -1, BitUnit.BYTE, content.length());
                    long found = find(content, record, bit, range);
                    // The first zero behind the end; but not if nothing was looked at.
                    return found < 0 && !bit && !range.isEmpty() ? range.to() : found;
                });
    }

    @Override
    public long bitPos(byte[] key, boolean bit, long start, long end, BitUnit unit) {
        Objects.requireNonNull(unit, "unit");
        return executor.read(
                key,
                (edit, record) -> {
                    StringContent content = open(edit, record);
                    return find(
                            content,
                            record,
                            bit,
                            Bits.Range.of(start, end, unit, content.length()));
                });
    }

    private static long find(StringContent content, long record, boolean bit, Bits.Range range) {
        return record == 0 && !bit ? 0 : Bits.find(content, bit, range);
    }

    @Override
    public List<@Nullable Long> bitField(byte[] key, BitField... steps) {
        List<@Nullable Long> results = new ArrayList<>();
        long needed = Bits.neededLength(steps);
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            results.clear();
                            StringContent content = openToChange(edit, current);
                            content.growTo(needed);
                            for (BitField step : steps) {
                                results.add(Bits.apply(content, step));
                            }
                            return content.isChanged()
                                    ? content.record(edit.deadlineMs(current))
                                    : Mutation.UNCHANGED;
                        });
        return results;
    }

    @Override
    public List<Long> bitFieldRo(byte[] key, BitField... steps) {
        for (BitField step : steps) {
            if (step.action() != BitField.Action.GET) {
                throw new IllegalArgumentException("action=" + step.action() + ", expected GET");
            }
        }
        return executor.read(
                key,
                (edit, record) -> {
                    StringContent content = open(edit, record);
                    List<Long> results = new ArrayList<>();
                    for (BitField step : steps) {
                        results.add(Objects.requireNonNull(Bits.apply(content, step)));
                    }
                    return results;
                });
    }
}
