package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StringTest extends TypeTest {
    private static final byte[] KEY = bytes("s");
    private static final List<BitField.Overflow> OVERFLOWS = List.of(BitField.Overflow.values());
    private static final int PROGRAM_LENGTH = 20_000;

    private @Nullable String value() {
        return text(keyspace.get(KEY));
    }

    // ---- against arrays and against Redis

    @ParameterizedTest
    @ValueSource(ints = {50, 5_000, 40_000, 300_000})
    void shouldHoldWhatAnArrayHolds(int maxLength) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringOperations strings = keyspace.strings();
        byte[] model = new byte[0];
        for (int i = 0; i < 3_000; i++) {
            byte[] part = new byte[random.nextInt(random.nextInt(10) == 0 ? 20_000 : 40)];
            if (random.nextInt(3) > 0) {
                random.nextBytes(part);
            }
            int offset = random.nextInt(maxLength);
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    long length = strings.setRange(KEY, offset, part);
                    if (part.length > 0) {
                        model = Arrays.copyOf(model, Math.max(model.length, offset + part.length));
                        System.arraycopy(part, 0, model, offset, part.length);
                    }
                    assertEquals(model.length, length, "seed=" + seed);
                }
                case 2 -> {
                    if (model.length + part.length < 2 * maxLength) {
                        int end = model.length;
                        model = Arrays.copyOf(model, end + part.length);
                        System.arraycopy(part, 0, model, end, part.length);
                        assertEquals(model.length, strings.append(KEY, part), "seed=" + seed);
                    }
                }
                case 3 -> {
                    model = Arrays.copyOf(model, Math.max(model.length, offset / 8 + 1));
                    boolean bit = random.nextBoolean();
                    int mask = 0x80 >>> (offset & 7);
                    boolean before = (model[offset / 8] & mask) != 0;
                    model[offset / 8] =
                            (byte) (bit ? model[offset / 8] | mask : model[offset / 8] & ~mask);
                    assertEquals(before, strings.setBit(KEY, offset, bit), "seed=" + seed);
                }
                case 4 -> {
                    int to = offset + random.nextInt(10_000);
                    byte[] expected =
                            Arrays.copyOfRange(
                                    model,
                                    Math.min(offset, model.length),
                                    Math.min(to + 1, model.length));
                    assertArrayEquals(expected, strings.getRange(KEY, offset, to), "seed=" + seed);
                }
                case 5 -> {
                    if (random.nextInt(50) == 0) {
                        model = part;
                        keyspace.put(KEY, part);
                    }
                }
                default -> assertEquals(model.length, strings.strlen(KEY), "seed=" + seed);
            }
            if (i % 100 == 99) {
                byte[] into = new byte[model.length + 3];
                int length = keyspace.get(KEY, into, 3);
                if (model.length > 0) {
                    assertEquals(model.length, length, "seed=" + seed);
                    assertArrayEquals(model, Arrays.copyOfRange(into, 3, into.length));
                    assertArrayEquals(model, keyspace.get(KEY), "seed=" + seed);
                    assertArrayEquals(model, strings.mget(KEY).get(0), "seed=" + seed);
                }
            }
        }
    }

    @Test
    void shouldAnswerAsARealServerDoes() {
        try (Judge judge = new Judge(System.nanoTime())) {
            for (int i = 0; i < PROGRAM_LENGTH; i++) {
                step(judge, judge.random);
            }
            for (String key : List.of("a", "b", "c")) {
                judge.same(() -> keyspace.get(bytes(key)), "GET", key);
            }
        }
    }

    private static byte[] randomText(Random random) {
        byte[] text = new byte[random.nextInt(random.nextInt(20) == 0 ? 3_000 : 12)];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) (random.nextInt(4) == 0 ? 0xFF : random.nextInt(3));
        }
        return text;
    }

    private static long position(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> Long.MAX_VALUE - random.nextInt(3);
            case 1 -> Long.MIN_VALUE + random.nextInt(3);
            case 2 -> random.nextInt(100_000);
            default -> random.nextInt(60) - 30;
        };
    }

    private void step(Judge judge, Random random) {
        StringOperations strings = keyspace.strings();
        String name = List.of("a", "b", "c").get(random.nextInt(3));
        byte[] key = bytes(name);
        byte[] text = randomText(random);
        long from = position(random);
        long to = position(random);
        boolean bit = random.nextBoolean();
        Object bitArgument = bit ? 1 : 0;
        BitUnit unit = random.nextBoolean() ? BitUnit.BYTE : BitUnit.BIT;
        switch (random.nextInt(24)) {
            case 0 -> judge.same(() -> strings.getRange(key, from, to), "GETRANGE", key, from, to);
            case 1 -> {
                long offset = random.nextInt(random.nextInt(30) == 0 ? 200_000 : 100) - 1L;
                judge.same(
                        () -> strings.setRange(key, offset, text), "SETRANGE", key, offset, text);
            }
            case 2 -> judge.same(() -> strings.append(key, text), "APPEND", key, text);
            case 3 -> judge.same(() -> strings.strlen(key), "STRLEN", key);
            case 4 -> {
                long offset = random.nextInt(random.nextInt(30) == 0 ? 2_000_000 : 300) - 1L;
                judge.same(
                        () -> strings.setBit(key, offset, bit), "SETBIT", key, offset, bitArgument);
            }
            case 5 -> {
                long offset = random.nextInt(500) - 1L;
                judge.same(() -> strings.getBit(key, offset), "GETBIT", key, offset);
            }
            case 6 -> judge.same(() -> strings.bitCount(key), "BITCOUNT", key);
            case 7 ->
                    judge.same(
                            () -> strings.bitCount(key, from, to, unit),
                            "BITCOUNT",
                            key,
                            from,
                            to,
                            unit);
            case 8 ->
                    judge.same(
                            () -> strings.bitPos(key, bit, from), "BITPOS", key, bitArgument, from);
            case 9 ->
                    judge.same(
                            () -> strings.bitPos(key, bit, from, to, unit),
                            "BITPOS",
                            key,
                            bitArgument,
                            from,
                            to,
                            unit);
            case 10, 11, 12 -> bitField(judge, random, key);
            case 13 -> {
                BitOperator operator =
                        List.of(BitOperator.AND, BitOperator.OR, BitOperator.XOR, BitOperator.NOT)
                                .get(random.nextInt(4));
                byte[] destination = bytes(random.nextBoolean() ? "c" : "d");
                judge.same(
                        () ->
                                operator == BitOperator.NOT
                                        ? strings.bitOp(operator, destination, key)
                                        : strings.bitOp(operator, destination, key, bytes("b")),
                        operator == BitOperator.NOT
                                ? new Object[] {"BITOP", operator, destination, key}
                                : new Object[] {"BITOP", operator, destination, key, "b"});
                judge.same(() -> keyspace.get(destination), "GET", destination);
            }
            case 14 -> judge.same(() -> strings.getSet(key, text), "GETSET", key, text);
            case 15 -> judge.same(() -> strings.getDel(key), "GETDEL", key);
            case 16 -> judge.same(() -> strings.setNx(key, text), "SETNX", key, text);
            case 17 -> {
                String delta = random.nextInt(1000) / 64.0 + (random.nextBoolean() ? "" : "e-3");
                judge.same(() -> strings.incrByFloat(key, delta), "INCRBYFLOAT", key, delta);
            }
            case 18 -> judge.same(() -> strings.incrBy(key, from), "INCRBY", key, from);
            case 19 ->
                    judge.sameRun(
                            () -> strings.mset(key, text, KEY, text), "MSET", key, text, KEY, text);
            case 20 -> {
                boolean absent = random.nextInt(3) == 0;
                ValueCondition condition =
                        absent ? ValueCondition.ifAbsent() : ValueCondition.ifPresent();
                SetOptions options = SetOptions.plain().on(condition).returningPrevious();
                judge.same(
                        () -> strings.set(key, text, options).previous(),
                        "SET",
                        key,
                        text,
                        "GET",
                        absent ? "NX" : "XX");
            }
            case 21 -> {
                byte[] other = bytes("b");
                judge.same(() -> strings.lcs(key, other), "LCS", key, other);
                judge.same(() -> strings.lcsLength(key, other), "LCS", key, other, "LEN");
                long minLength = random.nextInt(4);
                judge.same(
                        () -> matches(strings.lcsMatches(key, other, minLength)),
                        "LCS",
                        key,
                        other,
                        "IDX",
                        "MINMATCHLEN",
                        minLength);
            }
            case 22 -> judge.same(() -> keyspace.delete(key), "DEL", key);
            default -> judge.same(() -> strings.mget(key, KEY), "MGET", key, KEY);
        }
    }

    private static Object matches(LcsMatches found) {
        List<Object> matches = new ArrayList<>();
        for (LcsMatches.Match match : found.matches()) {
            matches.add(
                    List.of(
                            List.of(match.firstStart(), match.firstEnd()),
                            List.of(match.secondStart(), match.secondEnd())));
        }
        return List.of("matches", matches, "len", found.length());
    }

    private void bitField(Judge judge, Random random, byte[] key) {
        List<Object> command = new ArrayList<>(List.of("BITFIELD", key));
        List<BitField> steps = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            BitField.Overflow overflow = OVERFLOWS.get(random.nextInt(3));
            boolean signed = random.nextBoolean();
            int bits = 1 + random.nextInt(signed ? 64 : 63);
            long offset = random.nextInt(random.nextInt(50) == 0 ? 1_000_000 : 200);
            long operand =
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextLong();
                        case 1 -> Long.MAX_VALUE;
                        case 2 -> Long.MIN_VALUE;
                        default -> random.nextInt(200) - 100;
                    };
            String type = (signed ? "i" : "u") + bits;
            command.addAll(
                    List.of(
                            "OVERFLOW",
                            overflow == BitField.Overflow.SATURATE ? "SAT" : overflow.name()));
            switch (random.nextInt(3)) {
                case 0 -> {
                    steps.add(BitField.get(signed, bits, offset));
                    command.addAll(List.of("GET", type, offset));
                }
                case 1 -> {
                    steps.add(BitField.set(signed, bits, offset, operand, overflow));
                    command.addAll(List.of("SET", type, offset, operand));
                }
                default -> {
                    steps.add(BitField.increment(signed, bits, offset, operand, overflow));
                    command.addAll(List.of("INCRBY", type, offset, operand));
                }
            }
        }
        judge.same(
                () -> keyspace.strings().bitField(key, steps.toArray(new BitField[0])),
                command.toArray());
    }

    // ---- large strings

    @Test
    void shouldTakeAFarBitWithoutTheRoomBeforeIt() {
        StringOperations strings = keyspace.strings();
        assertFalse(strings.setBit(KEY, StringOperations.MAX_BITS - 1, true));
        assertEquals(512 << 20, strings.strlen(KEY));
        assertTrue(keyspace.statistics().usedMemoryBytes() < 16 << 20);
        assertEquals(1, strings.bitCount(KEY));
        assertEquals(StringOperations.MAX_BITS - 1, strings.bitPos(KEY, true, 0));
        for (long i = 0; i < 2_000; i++) {
            strings.setBit(KEY, i * 999_983 % StringOperations.MAX_BITS, true);
        }
        assertEquals(2_001, strings.bitCount(KEY));
        assertTrue(strings.getBit(KEY, 5 * 999_983));
        assertThrows(
                IllegalArgumentException.class,
                () -> strings.setBit(KEY, StringOperations.MAX_BITS, true));
        assertThrows(IllegalArgumentException.class, () -> strings.append(KEY, bytes("x")));
        keyspace.delete(KEY);
    }

    @Test
    void shouldGiveAllMemoryBack() {
        StringOperations strings = keyspace.strings();
        byte[] part = new byte[10_000];
        for (int round = 0; round < 12; round++) {
            new Random(round).nextBytes(part);
            for (int i = 0; i < 1_000; i++) {
                strings.append(KEY, part);
                strings.setRange(KEY, i * 5_000L, bytes("changed"));
            }
            assertEquals(10_000_000, strings.strlen(KEY));
            if (round % 3 == 0) {
                keyspace.put(KEY, bytes("short"));
            } else if (round % 3 == 1) {
                strings.getDel(KEY);
            }
            keyspace.delete(KEY);
        }
    }

    @Test
    void shouldChangeTheDeadlineOfALargeStringAlone() {
        StringOperations strings = keyspace.strings();
        strings.setRange(KEY, 1_000_000, bytes("x"));
        assertTrue(keyspace.expireAt(KEY, Instant.now().plusSeconds(1_000)));
        assertNotNull(keyspace.deadline(KEY));
        strings.setRange(KEY, 10, bytes("y"));
        assertNotNull(keyspace.deadline(KEY));
        byte[] whole = strings.getEx(KEY, Expiry.never());
        assertNotNull(whole);
        assertEquals(1_000_001, whole.length);
        assertNull(keyspace.deadline(KEY));
        assertTrue(keyspace.compareAndSet(KEY, whole, bytes("short")));
        assertEquals("short", value());
    }

    @Test
    void shouldChangeStringsInsideATransaction() {
        keyspace.strings().setRange(KEY, 100_000, bytes("x"));
        byte[] before = keyspace.get(KEY);
        assertThrows(
                ArithmeticException.class,
                () ->
                        keyspace.transaction(
                                view -> {
                                    view.strings().append(KEY, bytes("12"));
                                    throw new ArithmeticException();
                                }));
        assertArrayEquals(before, keyspace.get(KEY));
        long length =
                keyspace.transaction(
                        view -> {
                            StringOperations strings = view.strings();
                            strings.setBit(KEY, 3, true);
                            strings.setRange(KEY, 50_000, bytes("yy"));
                            strings.append(bytes("t"), strings.getRange(KEY, 50_000, 50_001));
                            strings.setBit(bytes("t"), 1_000_000, true);
                            view.delete(bytes("u"));
                            return strings.append(KEY, bytes("12"));
                        });
        assertEquals(100_003, length);
        assertEquals("yy", text(keyspace.strings().getRange(bytes("t"), 0, 1)));
        assertEquals("x12", text(keyspace.strings().getRange(KEY, -3, -1)));
    }

    @Test
    void shouldCopyAndRenameALargeStringWithItsGaps() {
        StringOperations strings = keyspace.strings();
        byte[] noise = new byte[700_000];
        new Random(7).nextBytes(noise);
        strings.setRange(KEY, 100_001, noise);
        strings.setRange(KEY, 9_000_000, bytes("end"));
        strings.setBit(KEY, 8 * 10_000_000L, false);
        byte[] whole = keyspace.get(KEY);
        assertTrue(keyspace.keys().copy(KEY, bytes("copy"), false));
        strings.setRange(KEY, 50, bytes("changed"));
        assertTrue(keyspace.keys().rename(KEY, bytes("other")));
        assertArrayEquals(whole, keyspace.get(bytes("copy")));
        assertEquals("changed", text(strings.getRange(bytes("other"), 50, 56)));
        keyspace.delete(bytes("other"));
        assertArrayEquals(whole, keyspace.get(bytes("copy")));
    }

    // ---- options

    @Test
    void shouldSetOnConditionsOfTheValue() {
        StringOperations strings = keyspace.strings();
        SetOptions plain = SetOptions.plain();
        assertFalse(strings.set(KEY, bytes("1"), plain.on(ValueCondition.ifEqual(KEY))).done());
        assertTrue(strings.set(KEY, bytes("1"), plain.on(ValueCondition.ifNotEqual(KEY))).done());
        SetOptions equal = plain.on(ValueCondition.ifEqual(bytes("1"))).returningPrevious();
        assertEquals("1", text(strings.set(KEY, bytes("2"), equal).previous()));
        SetResult refused = strings.set(KEY, bytes("3"), equal);
        assertFalse(refused.done());
        assertEquals("2", text(refused.previous()));
        assertFalse(strings.delEx(KEY, ValueCondition.ifEqual(bytes("1"))));
        assertTrue(strings.delEx(KEY, ValueCondition.ifNotEqual(bytes("1"))));
        assertFalse(strings.delEx(KEY, ValueCondition.ifNotEqual(bytes("1"))));
        assertNull(value());
    }

    @Test
    void shouldSetOnATestOfTheValue() {
        StringOperations strings = keyspace.strings();
        SetOptions absent = SetOptions.plain().on(ValueCondition.ifTested(Objects::isNull));
        assertTrue(strings.set(KEY, bytes("a"), absent).done());
        assertFalse(strings.set(KEY, bytes("b"), absent).done());
        ValueCondition longer = ValueCondition.ifTested(v -> v != null && v.length > 1);
        assertFalse(strings.delEx(KEY, longer));
        strings.append(KEY, bytes("a"));
        assertTrue(strings.delEx(KEY, longer));
        assertFalse(strings.delEx(KEY, ValueCondition.ifTested(v -> true)));
        keyspace.lists().rpush(KEY, bytes("x"));
        assertThrows(HotpairException.class, () -> strings.set(KEY, bytes("b"), absent));
    }

    @Test
    void shouldLeaveAllAsItIsWhereATestFails() {
        StringOperations strings = keyspace.strings();
        keyspace.put(KEY, bytes("a"));
        ValueCondition failing =
                ValueCondition.ifTested(
                        value -> {
                            throw new IllegalStateException("planned");
                        });
        SetOptions options = SetOptions.plain().on(failing);
        assertThrows(IllegalStateException.class, () -> strings.set(KEY, bytes("b"), options));
        assertThrows(IllegalStateException.class, () -> strings.delEx(KEY, failing));
        assertThrows(
                IllegalStateException.class,
                () -> strings.msetEx(failing, Expiry.never(), bytes("x"), KEY, KEY, KEY));
        assertEquals("a", value());
        assertNull(keyspace.get(bytes("x")));
        strings.append(KEY, bytes("b"));
        assertEquals("ab", value());
    }

    /** Who has seen a value and finds it again has added to it: no step is lost or made twice. */
    @Test
    void shouldTestAndSetAsOneStep() throws Exception {
        int steps = 3_000;
        keyspace.put(KEY, bytes("0"));
        Callable<Integer> counting =
                () -> {
                    int own = 0;
                    while (true) {
                        byte[] seen = keyspace.get(KEY);
                        int number = Integer.parseInt(Objects.requireNonNull(text(seen)));
                        if (number == steps) {
                            return own;
                        }
                        ValueCondition same = ValueCondition.ifTested(v -> Arrays.equals(v, seen));
                        SetOptions options = SetOptions.plain().on(same);
                        byte[] next = bytes(Integer.toString(number + 1));
                        own += keyspace.strings().set(KEY, next, options).done() ? 1 : 0;
                    }
                };
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            int all = 0;
            for (Future<Integer> one : threads.invokeAll(Collections.nCopies(3, counting))) {
                all += one.get();
            }
            assertEquals(steps, all);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void shouldSetSeveralOrNone() {
        StringOperations strings = keyspace.strings();
        byte[] other = bytes("other");
        ValueCondition absent = ValueCondition.ifAbsent();
        ValueCondition present = ValueCondition.ifPresent();
        Expiry hour = Expiry.after(Duration.ofHours(1));
        assertFalse(strings.msetEx(present, hour, KEY, bytes("1"), other, bytes("2")));
        assertTrue(strings.msetEx(absent, hour, KEY, bytes("1"), other, bytes("2")));
        Instant deadline = keyspace.deadline(KEY);
        assertNotNull(deadline);
        assertEquals(deadline, keyspace.deadline(other));
        assertFalse(strings.msetEx(absent, hour, bytes("new"), KEY, other, bytes("3")));
        assertFalse(strings.msetEx(present, hour, other, bytes("3"), bytes("new"), KEY));
        assertNull(keyspace.get(bytes("new")));
        assertEquals("2", text(keyspace.get(other)));
        assertTrue(strings.msetEx(present, Expiry.unchanged(), KEY, bytes("3"), KEY, bytes("4")));
        assertEquals("4", value());
        assertEquals(deadline, keyspace.deadline(KEY));
        ValueCondition four = ValueCondition.ifEqual(bytes("4"));
        assertFalse(strings.msetEx(four, Expiry.never(), KEY, bytes("5"), other, bytes("5")));
        keyspace.lists().rpush(bytes("list"), KEY);
        assertTrue(strings.msetEx(present, Expiry.never(), KEY, KEY, bytes("list"), KEY));
        assertNull(keyspace.deadline(KEY));
        assertEquals(text(KEY), text(keyspace.get(bytes("list"))));
        Expiry past = Expiry.at(Instant.ofEpochMilli(1));
        assertTrue(strings.msetEx(ValueCondition.always(), past, KEY, KEY, bytes("new"), KEY));
        assertNull(value());
        assertNull(keyspace.get(bytes("new")));
        assertThrows(
                IllegalArgumentException.class, () -> strings.msetEx(absent, past, KEY, KEY, KEY));
    }

    @Test
    void shouldKeepOrSetTheDeadlineAsAsked() {
        StringOperations strings = keyspace.strings();
        strings.setEx(KEY, Duration.ofHours(1), bytes("1"));
        Instant deadline = keyspace.deadline(KEY);
        assertNotNull(deadline);
        strings.set(KEY, bytes("2"), SetOptions.plain().expiring(Expiry.unchanged()));
        assertEquals(deadline, keyspace.deadline(KEY));
        assertEquals("2", text(strings.getEx(KEY, Expiry.unchanged())));
        assertEquals(deadline, keyspace.deadline(KEY));
        Instant later = deadline.plusSeconds(5);
        assertEquals("2", text(strings.getEx(KEY, Expiry.at(later))));
        assertEquals(later, keyspace.deadline(KEY));
        assertEquals("2", text(strings.getSet(KEY, bytes("3"))));
        assertNull(keyspace.deadline(KEY));
        SetOptions past = SetOptions.plain().expiring(Expiry.at(Instant.ofEpochMilli(1)));
        assertTrue(strings.set(KEY, bytes("4"), past).done());
        assertNull(value());
        assertThrows(IllegalArgumentException.class, () -> Expiry.after(Duration.ZERO));
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.hashes().hset(KEY, bytes("f"), bytes("v"));
        StringOperations strings = keyspace.strings();
        assertThrows(HotpairException.class, () -> strings.append(KEY, bytes("x")));
        assertThrows(HotpairException.class, () -> strings.getDel(KEY));
        assertThrows(HotpairException.class, () -> strings.getSet(KEY, bytes("x")));
        assertThrows(HotpairException.class, () -> strings.bitField(KEY));
        assertNull(strings.mget(KEY).get(0));
        assertFalse(strings.msetNx(KEY, bytes("x"), bytes("y"), bytes("z")));
        assertTrue(strings.set(KEY, bytes("x"), SetOptions.plain()).done());
        assertEquals("x", value());
    }

    @Test
    void shouldCombineBitsAsNewerServersDo() {
        StringOperations strings = keyspace.strings();
        strings.mset(
                bytes("x"), new byte[] {0b0111_1000},
                bytes("y"), new byte[] {0b0101_0101, 1},
                bytes("z"), new byte[] {0b0011_0011});
        for (BitOperator operator : BitOperator.values()) {
            int expected =
                    switch (operator) {
                        case AND -> 0b0001_0000;
                        case OR -> 0b0111_1111;
                        case XOR -> 0b0001_1110;
                        case NOT -> 0b1000_0111;
                        case DIFF -> 0b0000_1000;
                        case DIFF1 -> 0b0000_0111;
                        case ANDOR -> 0b0111_0000;
                        case ONE -> 0b0000_1110;
                    };
            byte[][] sources =
                    operator == BitOperator.NOT
                            ? new byte[][] {bytes("x")}
                            : new byte[][] {bytes("x"), bytes("y"), bytes("z")};
            strings.bitOp(operator, KEY, sources);
            byte[] result = keyspace.get(KEY);
            assertNotNull(result);
            assertEquals(expected, result[0] & 0xFF, operator.name());
        }
    }

    @Test
    void shouldCombineBitsOfLongStringsAsOfArrays() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringOperations strings = keyspace.strings();
        byte[][] keys = {bytes("x"), bytes("y"), bytes("z")};
        for (BitOperator operator : BitOperator.values()) {
            byte[][] models = new byte[keys.length][];
            for (int i = 0; i < keys.length; i++) {
                keyspace.delete(keys[i]);
                models[i] = new byte[0];
                for (int parts = random.nextInt(4); parts >= 0; parts--) {
                    byte[] part = new byte[1 + random.nextInt(300_000)];
                    random.nextBytes(part);
                    int offset = random.nextInt(1_500_000);
                    int length = Math.max(models[i].length, offset + part.length);
                    models[i] = Arrays.copyOf(models[i], length);
                    System.arraycopy(part, 0, models[i], offset, part.length);
                    strings.setRange(keys[i], offset, part);
                }
            }
            int count = operator == BitOperator.NOT ? 1 : keys.length;
            byte[] expected = combined(operator, Arrays.copyOf(models, count));
            byte[] destination = random.nextBoolean() ? KEY : keys[random.nextInt(count)];
            String message = operator + " seed=" + seed;

            long length = strings.bitOp(operator, destination, Arrays.copyOf(keys, count));

            assertEquals(expected.length, length, message);
            assertArrayEquals(expected, keyspace.get(destination), message);
        }
    }

    private static byte[] combined(BitOperator operator, byte[][] strings) {
        int length = Arrays.stream(strings).mapToInt(each -> each.length).max().orElseThrow();
        byte[] result = new byte[length];
        for (int at = 0; at < length; at++) {
            int first = at < strings[0].length ? strings[0][at] : 0;
            int and = -1;
            int or = 0;
            int xor = 0;
            int orOfOthers = 0;
            int twice = 0;
            for (byte[] string : strings) {
                int next = at < string.length ? string[at] : 0;
                and &= next;
                twice |= or & next;
                or |= next;
                xor ^= next;
                orOfOthers |= string == strings[0] ? 0 : next;
            }
            result[at] =
                    (byte)
                            switch (operator) {
                                case AND -> and;
                                case OR -> or;
                                case XOR -> xor;
                                case NOT -> ~first;
                                case DIFF -> first & ~orOfOthers;
                                case DIFF1 -> orOfOthers & ~first;
                                case ANDOR -> first & orOfOthers;
                                case ONE -> or & ~twice;
                            };
        }
        return result;
    }

    @Test
    void shouldCombineBitsOnLittleHeapHoweverLongTheyAre() {
        StringOperations strings = keyspace.strings();
        strings.setBit(bytes("x"), 8L * (256 << 20) - 1, true);
        strings.set(bytes("y"), bytes("some"), SetOptions.plain());

        long allocated =
                allocatedBytes(() -> strings.bitOp(BitOperator.XOR, KEY, bytes("x"), bytes("y")));

        assertEquals(256 << 20, strings.strlen(KEY));
        assertEquals(1 + strings.bitCount(bytes("y")), strings.bitCount(KEY));
        assertTrue(allocated < 32 << 20, "allocated=" + allocated);
        assertTrue(keyspace.memoryUsage(KEY).orElseThrow() < 4 << 20, "what is zero takes room");
    }

    @Test
    void shouldCombineBitsOfManyBytesOnLittleHeap() {
        try (Keyspace plain = Keyspace.open(Keyspace.builder().inMemory().build())) {
            StringOperations strings = plain.strings();
            strings.setBit(bytes("x"), 8L * (64 << 20) - 1, true);

            long allocated = allocatedBytes(() -> strings.bitOp(BitOperator.NOT, KEY, bytes("x")));

            assertEquals(8L * (64 << 20) - 1, strings.bitCount(KEY));
            assertTrue(allocated < 16 << 20, "allocated=" + allocated);
        }
    }

    /** What a call allocates on the heap, be it garbage at once. */
    private static long allocatedBytes(Runnable call) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        call.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
