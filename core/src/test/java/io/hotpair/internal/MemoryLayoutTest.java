package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.StreamId;
import io.hotpair.internal.LayoutDocument.Row;
import io.hotpair.internal.LayoutDocument.Table;
import io.hotpair.log.OperationType;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds every row of {@code core/docs/memory-layout.md} against memory that the engine wrote. */
class MemoryLayoutTest {
    private static final Path PATH = Path.of("docs", "memory-layout.md");
    private static final long DEADLINE_MS = 0x0102_0304_0506L;

    /** Enough elements for a tree of more than one level. */
    private static final int MANY = 500;

    private final LayoutDocument document = new LayoutDocument(PATH);
    private final Map<String, Consumer<Table>> checks = new LinkedHashMap<>();
    private final List<Subject> subjects = new ArrayList<>();

    /** Where memory comes from. */
    private Supplier<Mem> memory = Mem::platform;

    MemoryLayoutTest() {
        checks.put("Blocks", this::checkSizeClasses);
        checks.put("A free block", this::checkFreeBlock);
        checks.put("A free block of a chunk that is being emptied", this::checkBlockPutAside);
        checks.put("Record", this::checkRecord);
        checks.put("Head of a record", this::checkHead);
        checks.put("Flags of a record", this::checkFlags);
        checks.put("Types of a record", this::checkTypes);
        checks.put("Tree value", this::checkTreeValue);
        checks.put("Effect", this::checkEffect);
        checks.put("Descriptor of a commit", this::checkDescriptor);
        checks.put("Entry of a descriptor", this::checkEntryOfDescriptor);
        checks.put("Status of a commit", this::checkStatus);
        checks.put("Index", this::checkIndex);
        checks.put("Header of a segment", this::checkSegment);
        checks.put("Entry word", this::checkEntryWord);
        checks.put("Hash of a key", this::checkHash);
        checks.put("Header of a node", this::checkNodeHeader);
        checks.put("Node", this::checkNode);
        checks.put("Child of an inner node", this::checkChild);
        checks.put("Limits of a tree", this::checkLimits);
        checks.put("Leaf image", this::checkImage);
        checks.put("Element", this::checkElement);
        checks.put("Strings", this::checkStrings);
        checks.put("Element of a small hash or set", this::checkSmallMember);
        checks.put("Element of a hash or set in a tree", this::checkMember);
        checks.put("Value of an element of a hash", this::checkFieldValue);
        checks.put("Element of the tree of deadlines", this::checkDeadline);
        checks.put("Element of a sorted set", this::checkScored);
        checks.put("Element of the tree of members", this::checkScoredMember);
        checks.put("Value of an element of the tree of members", this::checkScoreBits);
        checks.put("Elements of a stream", this::checkStream);
        checks.put("Slot of an evicted key", this::checkGhost);
        checks.put("Directory", this::checkDirectory);
        checks.put("Slot of the ring", this::checkRing);
        checks.put("Epochs", this::checkEpochs);
        checks.put("Limbo", this::checkLimbo);
        checks.put("Kind of a block in limbo", this::checkKinds);
    }

    @AfterEach
    void close() {
        subjects.forEach(subject -> subject.engine.release());
    }

    @TestFactory
    List<DynamicTest> shouldBeAsDocumented() {
        return checks.entrySet().stream()
                .map(
                        entry ->
                                DynamicTest.dynamicTest(
                                        entry.getKey(),
                                        () -> check(entry.getKey(), entry.getValue())))
                .toList();
    }

    private void check(String title, Consumer<Table> check) {
        Table table = document.table(title);
        check.accept(table);
        table.isChecked();
    }

    @Test
    void shouldHaveACheckForEveryTable() {
        assertEquals(new TreeSet<>(checks.keySet()), new TreeSet<>(document.titles()));
    }

    /** So that no number stands there which nothing holds. */
    @Test
    void shouldNameTheLineOfAnyNumberThatIsWrong() {
        // Where whoever follows a wrong address gets an exception.
        memory = HeapMem::new;
        int wrong = 0;
        List<String> unnoticed = new ArrayList<>();
        for (Map.Entry<String, Consumer<Table>> entry : checks.entrySet()) {
            for (Table table : document.table(entry.getKey()).withOneWrongNumber()) {
                String complaint = complaint(entry.getValue(), table);
                if (!complaint.contains("memory-layout.md:")) {
                    unnoticed.add(table.wrong() + ": " + complaint);
                }
                wrong++;
            }
        }
        assertEquals(List.of(), unnoticed);
        assertTrue(wrong > 150, "wrong=" + wrong);
    }

    private static String complaint(Consumer<Table> check, Table table) {
        try {
            check.accept(table);
            return "not noticed";
        } catch (AssertionError | RuntimeException e) {
            return e.toString();
        }
    }

    // ---- what is looked at

    /** An engine, and the means to look at what it wrote. */
    private static final class Subject implements Executor {
        final StepMem mem;
        final Engine engine;
        final HashCommands hashes = new HashCommands(this);
        final SetCommands sets = new SetCommands(this);
        final SortedSetCommands sortedSets = new SortedSetCommands(this);
        final ListCommands lists = new ListCommands(this);
        final StringCommands strings = new StringCommands(this);

        Subject(Mem memory, boolean withLog) {
            mem = new StepMem(memory);
            engine = TestEngine.open(mem, 1, withLog).engine;
        }

        @Override
        public <R> R read(byte[] key, Reader<R> reader) {
            return engine.read(key, reader);
        }

        @Override
        public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
            return engine.readAll(keys, reader);
        }

        @Override
        public boolean write(byte[] key, Mutation mutation) {
            return engine.mutate(key, 0, key.length, mutation, new Outcome());
        }

        @Override
        public <R> R transact(Function<Executor, R> body) {
            return engine.transact(body, new Outcome());
        }

        long put(String key, String value) {
            boolean unused =
                    write(
                            bytes(key),
                            (edit, current) -> edit.string(bytes(value), 0, value.length(), 0));
            return record(key);
        }

        long expire(String key) {
            boolean unused =
                    write(bytes(key), (edit, current) -> edit.withDeadline(current, DEADLINE_MS));
            return record(key);
        }

        long add(String key, int members) {
            for (int i = 0; i < members; i++) {
                int unused = sets.sadd(bytes(key), bytes("member" + i));
            }
            return record(key);
        }

        /** Where the record of a key stands. Nothing else happens here, so it stays there. */
        long record(String key) {
            return engine.read(bytes(key), (edit, record) -> record);
        }

        long tree(String key) {
            return mem.getLong(Records.value(mem, record(key), Records.TREE_ROOT));
        }

        long secondTree(String key) {
            return mem.getLong(Records.value(mem, record(key), Records.TREE_SECOND));
        }

        /** The image in a small record. */
        Leaf small(String key) {
            Leaf leaf = new Leaf();
            long record = record(key);
            leaf.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
            return leaf;
        }

        /** The first leaf below a node. */
        Leaf firstLeaf(long node) {
            long header = mem.getLong(node);
            if (Tree.level(header) > 0) {
                return firstLeaf(Tree.child(mem, node, 0));
            }
            Leaf leaf = new Leaf();
            leaf.load(
                    mem,
                    node + Tree.NODE_HEADER_LENGTH,
                    Tree.nodeLength(header) - Tree.NODE_HEADER_LENGTH);
            return leaf;
        }

        byte[] memory(long address, int length) {
            byte[] bytes = new byte[length];
            mem.copyOut(address, bytes, 0, length);
            return bytes;
        }

        int hash(byte[] bytes, int from) {
            byte[] member = Arrays.copyOfRange(bytes, from, bytes.length);
            return engine.memberHash(member, 0, member.length);
        }
    }

    private Subject subject(boolean withLog) {
        Subject subject = new Subject(memory.get(), withLog);
        subjects.add(subject);
        return subject;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static Object privateField(Class<?> of, @Nullable Object object, String name) {
        try {
            Field field = of.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(name, e);
        }
    }

    private static int constant(Class<?> of, String name) {
        return ((Number) privateField(of, null, name)).intValue();
    }

    // ---- blocks

    private void checkSizeClasses(Table table) {
        table.row("class of a segment").is(SizeClass.SEGMENT);
        assertEquals(Index.SEGMENT_LENGTH, SizeClass.length(SizeClass.SEGMENT));
        table.row("shortest block").is(SizeClass.length(1));
        for (int i = 2; i <= 63; i++) {
            table.row("first steps").is(SizeClass.length(i) - SizeClass.length(i - 1));
        }
        table.row("last of the first steps").is(SizeClass.length(63));
        table.row("steps to a doubling").is(SizeClass.of(1024) - SizeClass.of(512));
        table.row("steps to a doubling").is(SizeClass.of(131_072) - SizeClass.of(65_536));
        table.row("largest block").is(SizeClass.length(SizeClass.COUNT - 1));
        table.row("classes").is(SizeClass.COUNT);
    }

    private void checkFreeBlock(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            long first = on.slab.allocate(on.stripe, 48, false);
            long second = on.slab.allocate(on.stripe, 48, false);
            on.slab.free(on.stripe, first, 48);
            on.slab.free(on.stripe, second, 48);
            table.row("next").holds(on.mem, second, first);
            table.hasNoGaps(Long.BYTES);
        }
    }

    private void checkBlockPutAside(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            long first = on.slab.allocate(on.stripe, 48, false);
            long second = on.slab.allocate(on.stripe, 48, false);
            on.slab.evacuate(on.slab.chunks().all());
            on.slab.free(on.stripe, first, 48);
            on.slab.free(on.stripe, second, 48);
            assertEquals(second, on.stripe.asideHead);
            table.row("next").holds(on.mem, second, first);
            table.row("size class").holds(on.mem, second, SizeClass.of(48));
            table.hasNoGaps(2 * Long.BYTES);
        }
    }

    // ---- records

    private void checkRecord(Table table) {
        Subject on = subject(true);
        on.hashes.hset(bytes("key"), bytes("f"), bytes("vv"));
        long before = on.expire("key");
        SnapshotView view = on.engine.openSnapshot();
        on.hashes.hset(bytes("key"), bytes("f"), bytes("www"));
        long record = on.record("key");
        Records.setAccess(on.mem, record, 0x0A0B_0C0D);
        table.row("version").holds(on.mem, record, on.engine.version(bytes("key")));
        table.row("access").holds(on.mem, record, 0x0A0B_0C0D);
        byte[] image = {1, 0, 1, 6, 'f', 'w', 'w', 'w'};
        table.row("head").holds(on.mem, record, head(1 | 4 | 8, Records.HASH, 3, image.length));
        table.row("deadline").holds(on.mem, record, DEADLINE_MS);
        long effect = Records.effect(on.mem, record);
        assertTrue(effect != 0);
        table.row("effect").holds(on.mem, record, effect);
        table.row("previous").holds(on.mem, record, before);
        int keyOffset = table.row("key").offset();
        // Of these lengths there is no word.
        long at = record + keyOffset - 8;
        table.row("key").holds(on.mem, record - 8, bytes("key"));
        assertArrayEquals(image, on.memory(at + 3, image.length));
        assertEquals(keyOffset - 8 + 3L + image.length, Records.blockLength(on.mem, record));
        assertEquals("", table.row("value").cell("offset"), "the value follows the key");
        table.hasNoGaps(keyOffset);
        on.engine.closeSnapshot(view);
        checkWithoutOptionalWords(keyOffset);
        checkLengths(table.row("key length"), table.row("value length"), keyOffset);
    }

    private static int head(int flags, int type, int keyLength, int valueLength) {
        return flags | (type << 6) | (keyLength << 10) | (valueLength << 18);
    }

    private void checkWithoutOptionalWords(int keyOffset) {
        Subject on = subject(false);
        long record = on.put("key", "value");
        assertArrayEquals(bytes("keyvalue"), on.memory(record + keyOffset - 32, 8));
        record = on.expire("key");
        assertArrayEquals(bytes("keyvalue"), on.memory(record + keyOffset - 24, 8));
    }

    /** The longest that the head has room for, and those that are longer by one. */
    private void checkLengths(Row keyLength, Row valueLength, int keyOffset) {
        Subject on = subject(false);
        String value = "v".repeat(Records.MAX_SHORT_VALUE);
        String key = "k".repeat(Records.MAX_SHORT_KEY);
        long record = on.put(key, value);
        assertEquals(16L + key.length() + value.length(), Records.blockLength(on.mem, record));
        // The words before that of the lengths are not there.
        record = on.put(key, value + "v");
        keyLength.holds(on.mem, record - 24, key.length());
        valueLength.holds(on.mem, record - 24, value.length() + 1);
        assertArrayEquals(bytes(key), on.memory(record + keyOffset - 24, key.length()));
        record = on.put(key + "k", "");
        keyLength.holds(on.mem, record - 24, key.length() + 1);
        valueLength.holds(on.mem, record - 24, 0);
    }

    private void checkHead(Table table) {
        table.hasAllBits(Integer.SIZE);
        Subject on = subject(false);
        on.hashes.hset(bytes("key"), bytes("f"), bytes("v"));
        long record = on.expire("key");
        int head = on.mem.getInt(record + document.table("Record").row("head").offset());
        table.row("flags").hasBits(head, Records.FLAG_DEADLINE);
        table.row("type").hasBits(head, Records.HASH);
        table.row("key length").hasBits(head, 3);
        table.row("value length").hasBits(head, 6);
        // With a bit next to each part, so that a longer one would be another number.
        head = head(63, 9, 255, 1);
        table.row("flags").hasBits(head, 63);
        table.row("type").hasBits(head, 9);
        table.row("key length").hasBits(head, 255);
        table.row("value length").hasBits(head, 1);
        head = head(0, 15, 0, Records.MAX_SHORT_VALUE);
        table.row("type").hasBits(head, 15);
        table.row("flags").hasBits(head, 0);
        table.row("key length").hasBits(head, 0);
        table.row("value length").hasBits(head, Records.MAX_SHORT_VALUE);
    }

    private void checkFlags(Table table) {
        Row flags = document.table("Record").row("head");
        Subject on = subject(false);
        long unused = on.put("deadline", "v");
        table.row("deadline").isOnlyBit(flags(on, flags, on.expire("deadline")));
        table.row("tree").isOnlyBit(flags(on, flags, on.add("tree", MANY)));
        on.hashes.hset(bytes("timed"), bytes("f"), bytes("v"));
        expireField(on, "timed", "f");
        table.row("timed").isOnlyBit(flags(on, flags, on.record("timed")));
        unused = on.put("previous", "v");
        SnapshotView view = on.engine.openSnapshot();
        table.row("previous").isOnlyBit(flags(on, flags, on.put("previous", "w")));
        on.engine.closeSnapshot(view);
        String tooLong = "v".repeat(Records.MAX_SHORT_VALUE + 1);
        table.row("lengths").isOnlyBit(flags(on, flags, on.put("lengths", tooLong)));
        Subject logged = subject(true);
        table.row("effect").isOnlyBit(flags(logged, flags, logged.add("effect", 1)));
    }

    private static void expireField(Subject on, String key, String field) {
        int[] unused =
                on.hashes.hexpireAt(
                        bytes(key),
                        Instant.ofEpochMilli(DEADLINE_MS),
                        DeadlineCondition.ALWAYS,
                        bytes(field));
    }

    private static long flags(Subject on, Row row, long record) {
        return on.memory(record + row.offset(), 1)[0] & 63;
    }

    private int type(Subject on, long record) {
        int head = on.mem.getInt(record + document.table("Record").row("head").offset());
        return (head >>> 6) & 15;
    }

    private void checkTypes(Table table) {
        Subject on = subject(true);
        byte[] key = bytes("key");
        List<Runnable> makers =
                List.of(
                        () -> on.put("key", "v"),
                        () -> on.hashes.hset(key, bytes("f"), bytes("v")),
                        () -> on.lists.rpush(key, bytes("e")),
                        () -> on.sets.sadd(key, bytes("m")),
                        () -> on.sortedSets.zadd(key, 1, bytes("m")),
                        () -> makeStream(on, "key"));
        List<String> names = List.of("string", "hash", "list", "set", "sorted set", "stream");
        for (int i = 0; i < names.size(); i++) {
            makers.get(i).run();
            table.row(names.get(i)).is(type(on, on.record("key")));
            boolean unused = on.write(key, DeleteKey.DELETE);
        }
        long[] tombstone = new long[1];
        on.engine.walk(record -> tombstone[0] = record);
        table.row("tombstone").is(type(on, tombstone[0]));
        long opId = on.engine.writeBarrier();
        long barrier = slots(ring(on.engine))[(int) opId % OperationRing.CAPACITY];
        table.row("barrier").is(type(on, barrier));
        Transfer transfer = transfer();
        long descriptor = transfer.descriptor();
        table.row("descriptor").is(type(transfer.on(), descriptor));
    }

    private void checkTreeValue(Table table) {
        Subject on = subject(false);
        for (int i = 0; i < MANY; i++) {
            boolean unused = on.sortedSets.zadd(bytes("key"), i, bytes("member" + i));
        }
        long record = on.record("key");
        long value = Records.value(on.mem, record, 0);
        table.row("root").holds(on.mem, value, on.tree("key"));
        table.row("count").holds(on.mem, value, MANY);
        table.row("second root").holds(on.mem, value, on.secondTree("key"));
        assertEquals(MANY, new Tree(on.mem).count(on.tree("key")));
        assertEquals(MANY, new Tree(on.mem).count(on.secondTree("key")));
        table.hasNoGaps(Records.valueLength(on.mem, record));
    }

    private void checkEffect(Table table) {
        table.hasNoGaps(Long.BYTES);
        Subject on = subject(true);
        long record = on.add("key", 1);
        long effect = Records.effect(on.mem, record);
        int length = (int) on.mem.getLong(effect + table.row("length").offset());
        table.row("length").holds(on.mem, effect, length);
        int operations = table.row("operations").offset();
        byte[] operation = on.memory(effect + operations, length - operations);
        // As the frame format has it: the operation's own length, and its type.
        assertEquals(length - operations, operation[0]);
        assertEquals(OperationType.CHANGE_SET.code(), operation[4]);
    }

    @Test
    void shouldHaveTheBytesOfTheExample() throws IOException {
        String text = Files.readString(PATH);
        String hex = text.substring(text.indexOf("```hex") + 6, text.lastIndexOf("```"));
        Subject on = subject(false);
        byte[] key = bytes("user:1");
        byte[] value = bytes("Ada");
        long record = on.mem.allocate(64);
        Records.writeHeader(on.mem, record, Records.STRING, 1, 6, 3, 1_700_000_000_000L, 0);
        Records.presetVersion(on.mem, record, 41);
        long at = record + Records.keyOffset(on.mem, record);
        on.mem.copyIn(key, 0, at, key.length);
        on.mem.copyIn(value, 0, at + key.length, value.length);
        int length = (int) Records.blockLength(on.mem, record);
        assertEquals(
                hex.replaceAll("\\s+", ""), HexFormat.of().formatHex(on.memory(record, length)));
    }

    // ---- commits

    /** What a commit of two keys left behind, still in limbo. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Transfer(
            Subject on, long descriptor, long slot, long word, long[] before, long[] after) {}

    private Transfer transfer() {
        Subject on = subject(false);
        long[] before = {on.put("a", "1"), on.put("b", "2")};
        long[] entry = new long[2];
        on.mem.hook(
                (access, address, value) -> {
                    if (access == StepMem.Access.COMPARE_AND_SET
                            && entry[0] == 0
                            && (value & Index.DESC) != 0
                            && value >>> 48 != 0) {
                        entry[0] = address;
                        entry[1] = value;
                    }
                });
        boolean unused = on.transact(tx -> replace(tx, "a", "3") && replace(tx, "b", "4"));
        on.mem.unhook();
        long[] after = {on.record("a"), on.record("b")};
        long descriptor = entry[1] & Index.ADDRESS_MASK;
        return new Transfer(on, descriptor, entry[0], entry[1], before, after);
    }

    private static boolean replace(Executor on, String key, String value) {
        return on.write(bytes(key), (edit, current) -> edit.string(bytes(value), 0, 1, 0));
    }

    private long descriptorValue(Transfer transfer) {
        // A descriptor has the word of an effect, and no key.
        return transfer.descriptor() + Records.HEADER_LENGTH + Long.BYTES;
    }

    private void checkDescriptor(Table table) {
        table.hasNoGaps(MultiCommit.valueLength(0));
        Transfer transfer = transfer();
        long value = descriptorValue(transfer);
        table.row("status").holds(transfer.on().mem, value, MultiCommit.COMMITTED);
        table.row("count").holds(transfer.on().mem, value, 2);
        int entries = table.row("entries").offset();
        assertEquals(transfer.slot(), transfer.on().mem.getLong(value + entries));
    }

    private void checkEntryOfDescriptor(Table table) {
        Transfer transfer = transfer();
        Mem mem = transfer.on().mem;
        long entry =
                descriptorValue(transfer)
                        + document.table("Descriptor of a commit").row("entries").offset();
        long slot = transfer.slot();
        int first = mem.getLong(slot) << 16 >>> 16 == transfer.after()[0] ? 0 : 1;
        long tag = mem.getLong(slot) & ~Index.ADDRESS_MASK;
        table.row("slot").holds(mem, entry, slot);
        table.row("old word").holds(mem, entry, tag | transfer.before()[first]);
        table.row("old record").holds(mem, entry, transfer.before()[first]);
        table.row("new record").holds(mem, entry, transfer.after()[first]);
        table.row("new word").holds(mem, entry, tag | transfer.after()[first]);
        int length = MultiCommit.valueLength(1) - MultiCommit.valueLength(0);
        table.hasNoGaps(length);
        assertTrue(mem.getLong(entry + length) > mem.getLong(entry), "the next slot follows");
    }

    private void checkStatus(Table table) {
        table.row("undecided").is(MultiCommit.UNDECIDED);
        table.row("committed").is(MultiCommit.COMMITTED);
        table.row("aborted").is(MultiCommit.ABORTED);
    }

    // ---- the index

    /** An index whose keys have the hashes that a test wants. */
    private static final class Indexed implements AutoCloseable {
        final Mem mem;
        final Stripes stripes = new Stripes(1);
        final Slab slab;
        final Stripe stripe = stripes.enter();
        final Index index;
        private final SipHash sipHash = new SipHash(1, 2);
        private int keys;

        Indexed(Mem mem) {
            this.mem = mem;
            slab = new Slab(mem, stripes, 8 << 20, () -> Long.MAX_VALUE);
            MultiCommit commits = new MultiCommit(mem, new CounterNumbering(mem));
            index = new Index(mem, slab, sipHash, stripe, commits, record -> false);
        }

        /** Inserts a key with this home, in a segment of this quarter; the stripe says where. */
        long insert(long hash) {
            return insert(hash, 0xC000_00FF_0000_0000L);
        }

        /** Inserts a key whose hash has these bits where the mask has some. */
        long insert(long hash, long mask) {
            byte[] key;
            long keyHash;
            do {
                key = bytes("k" + keys++);
                keyHash = index.hash(key, 0, key.length);
            } while (((keyHash ^ hash) & mask) != 0);
            stripe.key.set(key, 0, key.length, keyHash);
            long record = slab.allocate(stripe, Records.blockLength(0, key.length, 0), false);
            Records.writeHeader(mem, record, Records.STRING, 0, key.length, 0, 0, 0);
            Records.presetVersion(mem, record, 1);
            mem.copyIn(key, 0, record + Records.HEADER_LENGTH, key.length);
            do {
                long unused = index.find(stripe, true);
            } while (!index.install(stripe, record));
            return record;
        }

        /** The segment of a hash. */
        long segment(long hash) {
            stripe.key.set(bytes("absent"), 0, 6, hash);
            long unused = index.find(stripe, false);
            return stripe.segment;
        }

        /** Fills a segment with keys of one home until it is split. */
        void split(long segment) {
            for (int i = 0; mem.getLong(segment) == 0; i++) {
                long unused = insert((long) (i & 1) << 62);
            }
        }

        /** Leaves the epoch, so that a grace period can end. */
        void reclaim() {
            stripes.leave(stripe);
            stripes.advance();
            assertTrue(stripes.claim(stripe.index));
            slab.reclaim(stripe);
        }

        @Override
        public void close() {
            mem.close();
        }
    }

    private void checkIndex(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            long hash = 0x0000_0003_0000_0000L;
            long segment = on.segment(hash);
            on.insert(hash);
            long home = on.stripe.slot;
            on.insert(hash);
            table.row("entry").is(on.stripe.slot - home);
            on.insert(0x0000_0004_0000_0000L);
            long entriesOfABucket = (on.stripe.slot - home) / 8;
            table.row("entries of a bucket").is(entriesOfABucket);
            on.insert(0);
            table.row("header").is(on.stripe.slot - segment);
            on.insert(0x0000_00FF_0000_0000L);
            table.row("buckets").is((on.stripe.slot - segment - Index.HEADER_LENGTH) / 64 + 1);
            table.row("segment").is(Index.SEGMENT_LENGTH);
        }
    }

    private void checkSegment(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            long old = on.segment(0);
            on.split(old);
            long first = on.segment(0);
            long second = on.segment(1L << 62);
            table.row("next").holds(on.mem, old, first);
            table.row("sibling").holds(on.mem, first, second);
            table.row("generation").holds(on.mem, old, 1);
            table.row("generation").holds(on.mem, first, 2);
            table.row("depth").holds(on.mem, old, 1);
            table.row("depth").holds(on.mem, second, 2);
            table.row("prefix").holds(on.mem, second, 1 << 30);
            Row reserved = table.row("reserved");
            reserved.holds(on.mem, second, new byte[32]);
            table.hasNoGaps(Index.HEADER_LENGTH);
        }
    }

    private void checkEntryWord(Table table) {
        table.hasAllBits(Long.SIZE);
        try (Indexed on = new Indexed(memory.get())) {
            long hash = 0xABCD;
            long segment = on.segment(hash);
            long record = on.insert(hash, 0x8000_0000_0000_FFFFL);
            long slot = on.stripe.slot;
            long word = on.mem.getLong(slot);
            table.row("tag").hasBits(word, 0xABCD);
            Row address = table.row("address");
            address.hasBits(word, record >>> 3);
            table.row("frozen").hasBits(word, 0);
            on.split(segment);
            long frozen = on.mem.getLong(slot);
            table.row("frozen").hasBits(frozen, 1);
            address.hasBits(frozen, record >>> 3);
            table.row("reserved").hasBits(frozen, 0);
        }
        Transfer transfer = transfer();
        table.row("descriptor").hasBits(transfer.word(), 1);
        table.row("frozen").hasBits(transfer.word(), 0);
        table.row("reserved").hasBits(transfer.word(), 0);
    }

    private void checkHash(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            // With a bit beside each part, so that a longer one would be another number.
            long beside = 0x8000_0180_8001_8001L;
            long unused = on.insert(beside, beside);
            long hash = on.stripe.key.hash;
            long segment = on.stripe.segment;
            table.row("tag").hasBits(hash, on.mem.getLong(on.stripe.slot) >>> 48);
            table.row("bucket")
                    .hasBits(hash, (on.stripe.slot - segment - Index.HEADER_LENGTH) / 64);
            int bits = constant(Index.class, "MAX_DEPTH");
            table.row("directory").hasBits(hash, hash >>> (Long.SIZE - bits));
        }
    }

    private void checkDirectory(Table table) {
        try (Indexed on = new Indexed(memory.get())) {
            long[] entries = (long[]) privateField(Index.class, on.index, "directory");
            table.row("first length").is(entries.length);
            long old = on.segment(0);
            on.split(old);
            entries = (long[]) privateField(Index.class, on.index, "directory");
            assertEquals(4, entries.length);
            for (int i = 0; i < entries.length; i++) {
                assertEquals(on.segment((long) i << 62), entries[i]);
            }
        }
        table.row("most bits").is(constant(Index.class, "MAX_DEPTH"));
    }

    // ---- trees

    private void checkNodeHeader(Table table) {
        table.hasAllBits(Long.SIZE);
        Subject on = subject(false);
        long unused = on.add("key", MANY);
        SnapshotView view = on.engine.openSnapshot();
        unused = on.add("key", MANY + 1);
        long root = on.tree("key");
        long header = on.mem.getLong(root);
        table.row("level").hasBits(header, 1);
        long children = Tree.nodeCount(header);
        table.row("count").hasBits(header, children);
        table.row("length").hasBits(header, 8 + 24 * children);
        table.row("birth").hasBits(header, view.birth());
        assertEquals(1, view.birth());
        long leaf = Tree.child(on.mem, root, 0);
        table.row("level").hasBits(on.mem.getLong(leaf), 0);
        table.row("count").hasBits(on.mem.getLong(leaf), on.firstLeaf(leaf).count());
        on.engine.closeSnapshot(view);
    }

    private void checkNode(Table table) {
        table.hasNoGaps(Tree.NODE_HEADER_LENGTH);
        Subject on = subject(false);
        long unused = on.add("key", MANY);
        long leaf = Tree.child(on.mem, on.tree("key"), 0);
        long header = on.mem.getLong(leaf);
        table.row("header").holds(on.mem, leaf, header);
        int content = table.row("content").offset();
        assertEquals(Tree.nodeCount(header), on.mem.getInt(leaf + content) & 0xFFFF);
    }

    private void checkChild(Table table) {
        Subject on = subject(false);
        long unused = on.add("key", MANY);
        long root = on.tree("key");
        long header = on.mem.getLong(root);
        int children = Tree.nodeCount(header);
        int length = (Tree.nodeLength(header) - Tree.NODE_HEADER_LENGTH) / children;
        table.hasNoGaps(length);
        long sum = 0;
        for (int i = 0; i < children; i++) {
            long at = root + Tree.NODE_HEADER_LENGTH + (long) i * length;
            long node = Tree.child(on.mem, root, i);
            table.row("node").holds(on.mem, at, node);
            Leaf leaf = on.firstLeaf(node);
            byte[] key = leaf.at(0).key();
            table.row("prefix").holds(on.mem, at, Tree.prefixOf(key, 0, key.length));
            table.row("count").holds(on.mem, at, leaf.count());
            sum += leaf.count();
        }
        assertEquals(MANY, sum);
        assertEquals(0x3132_3334_3536_3738L, Tree.prefixOf(bytes("123456789"), 0, 9));
        assertEquals(0x3132_0000_0000_0000L, Tree.prefixOf(bytes("12"), 0, 2));
    }

    private void checkLimits(Table table) {
        table.row("longest leaf").is(Tree.MAX_LEAF);
        table.row("shortest leaf").is(Tree.MIN_LEAF);
        table.row("most children").is(Tree.MAX_FANOUT);
        table.row("fewest children").is(Tree.MIN_FANOUT);
        Row small = table.row("longest small collection");
        small.is(Members.MAX_SMALL);
        small.is(SortedSet.MAX_SMALL);
        small.is(OrderedElements.MAX_SMALL);
        for (Class<?> type : List.of(Members.class, SortedSet.class, OrderedElements.class)) {
            table.row("shortest tree").is(constant(type, "MIN_TREE"));
        }
        Subject on = subject(false);
        int members = 1;
        int length = 0;
        for (long record = on.add("key", members);
                !Records.isTree(on.mem, record);
                record = on.add("key", ++members)) {
            length = Records.valueLength(on.mem, record);
        }
        int added = 2 + 2 + ("member" + members).length();
        assertTrue(length <= Members.MAX_SMALL && length + added > Members.MAX_SMALL);
    }

    // ---- elements

    private static final String LONG = "x".repeat(200);

    private Subject twoElements() {
        Subject on = subject(false);
        on.hashes.hset(bytes("key"), bytes("ab"), bytes("c"), bytes("d"), bytes(LONG));
        expireField(on, "key", "d");
        return on;
    }

    private void checkImage(Table table) {
        Subject on = twoElements();
        long record = on.record("key");
        byte[] image =
                on.memory(Records.value(on.mem, record, 0), Records.valueLength(on.mem, record));
        table.row("count").holds(image, 2);
        int first = 4;
        int second = first + 1 + 1 + 2 + 1;
        table.row("start of the second element").holds(image, second);
        assertEquals("", table.row("elements").cell("offset"), "elements follow their starts");
        table.hasNoGaps(first);
        assertEquals(2, image[first]);
        assertEquals(1, image[second]);
    }

    private void checkElement(Table table) {
        Subject on = twoElements();
        long record = on.record("key");
        byte[] image =
                on.memory(Records.value(on.mem, record, 0), Records.valueLength(on.mem, record));
        byte[] first = Arrays.copyOfRange(image, 4, 9);
        byte[] second = Arrays.copyOfRange(image, 9, 13);
        table.hasNoGaps(0);
        assertArrayEquals(
                new byte[] {2, 2, 'a', 'b', 'c'}, first, table.row("key length").toString());
        // The value of the second one begins with its deadline, and it is marked.
        int lengthAndMark = 2 * (8 + LONG.length()) + 1;
        assertArrayEquals(
                new byte[] {1, (byte) (lengthAndMark | 0x80), (byte) (lengthAndMark >>> 7), 'd'},
                second,
                table.row("value length and mark").toString());
        assertEquals("bytes", table.row("key").cell("type"));
        assertEquals("bytes", table.row("value").cell("type"));
    }

    private void checkStrings(Table table) {
        Subject on = subject(false);
        Row longest = table.row("longest piece");
        int length = StringContent.MAX_PIECE;
        longest.is(length);
        long unused = on.strings.setRange(bytes("key"), length - 1, bytes("x"));
        assertTrue(!Records.isTree(on.mem, on.record("key")), longest::toString);
        unused = on.strings.setRange(bytes("key"), length, bytes("x"));
        assertTrue(Records.isTree(on.mem, on.record("key")), longest::toString);
        unused = on.strings.setRange(bytes("key"), 0, bytes("y"));
        Leaf leaf = on.firstLeaf(on.tree("key")).at(0);
        table.row("chunk").is(leaf.valueLength());
        assertEquals(0, leaf.keyLength());
        unused = on.strings.setRange(bytes("zeros"), 100_000, bytes("x"));
        assertEquals(0, on.firstLeaf(on.tree("zeros")).at(0).valueLength());
        long value = Records.value(on.mem, on.record("zeros"), 0);
        document.table("Tree value").row("count").holds(on.mem, value, 100_001);
    }

    private void checkSmallMember(Table table) {
        Subject on = subject(false);
        long unused = on.add("key", 2);
        Leaf leaf = on.small("key").at(1);
        table.row("field").isRest(leaf.key(), bytes("member1"));
        assertEquals(0, leaf.valueLength());
        table.hasNoGaps(0);
    }

    private void checkMember(Table table) {
        Subject on = subject(false);
        long unused = on.add("key", MANY);
        Leaf leaf = on.firstLeaf(on.tree("key")).at(0);
        byte[] key = leaf.key();
        int from = table.row("field").offset();
        table.row("member hash").holds(key, on.hash(key, from));
        byte[] member = Arrays.copyOfRange(key, from, key.length);
        table.row("field").isRest(key, member);
        assertTrue(on.sets.sismember(bytes("key"), member));
        assertEquals(0, leaf.valueLength());
        table.hasNoGaps(from);
    }

    private void checkFieldValue(Table table) {
        Subject on = twoElements();
        Leaf leaf = on.small("key");
        assertArrayEquals(bytes("c"), leaf.at(0).value());
        byte[] value = leaf.at(1).value();
        assertTrue(leaf.marked());
        table.row("deadline").holds(value, DEADLINE_MS);
        table.row("value").isRest(value, bytes(LONG));
        table.hasNoGaps(table.row("value").offset());
    }

    private void checkDeadline(Table table) {
        Subject on = subject(false);
        for (int i = 0; i < MANY; i++) {
            on.hashes.hset(bytes("key"), bytes("field" + i), bytes("v"));
        }
        expireField(on, "key", "field7");
        Leaf leaf = on.firstLeaf(on.secondTree("key"));
        assertEquals(1, leaf.count());
        byte[] key = leaf.at(0).key();
        table.row("deadline").holds(key, DEADLINE_MS);
        table.row("member hash").holds(key, on.hash(bytes("field7"), 0));
        assertEquals(0, leaf.valueLength());
        table.hasNoGaps(key.length);
    }

    private Subject scored(int members) {
        Subject on = subject(false);
        for (int i = 0; i < members; i++) {
            boolean unused = on.sortedSets.zadd(bytes("key"), i - 2.5, bytes("member" + i));
        }
        return on;
    }

    private void checkScored(Table table) {
        Leaf leaf = scored(4).small("key");
        byte[] negative = leaf.at(0).key();
        Row score = table.row("score");
        score.holds(negative, ~Double.doubleToRawLongBits(-2.5));
        table.row("member").isRest(negative, bytes("member0"));
        byte[] positive = leaf.at(3).key();
        score.holds(positive, Double.doubleToRawLongBits(0.5) | Long.MIN_VALUE);
        assertEquals(0, leaf.valueLength());
        table.hasNoGaps(table.row("member").offset());
        Subject on = scored(MANY);
        score.holds(on.firstLeaf(on.tree("key")).at(0).key(), ~Double.doubleToRawLongBits(-2.5));
        boolean unused = on.sortedSets.zadd(bytes("zero"), -0.0, bytes("m"));
        leaf = on.small("zero").at(0);
        assertTrue(leaf.marked());
        score.holds(leaf.key(), Long.MIN_VALUE);
    }

    private void checkScoredMember(Table table) {
        Subject on = scored(MANY);
        byte[] key = on.firstLeaf(on.secondTree("key")).at(0).key();
        int from = table.row("member").offset();
        table.row("member hash").holds(key, on.hash(key, from));
        byte[] member = Arrays.copyOfRange(key, from, key.length);
        table.row("member").isRest(key, member);
        assertTrue(on.sortedSets.zscore(bytes("key"), member) != null);
        table.hasNoGaps(from);
    }

    private void checkScoreBits(Table table) {
        Subject on = scored(MANY);
        Leaf leaf = on.firstLeaf(on.secondTree("key")).at(0);
        Double score = on.sortedSets.zscore(bytes("key"), leaf.key(Members.HASH_LENGTH));
        if (score == null) {
            throw new AssertionError("the member is not in the set");
        }
        table.row("score bits").holds(leaf.value(), Double.doubleToRawLongBits(score));
        table.hasNoGaps(leaf.valueLength());
    }

    // ---- streams

    private static final StreamId ID = new StreamId(0x0102, 3);

    /** One of each kind of elements. */
    private static boolean makeStream(Subject on, String key) {
        return on.write(
                bytes(key),
                (edit, current) -> {
                    Stream stream = Stream.openToChange(edit, current);
                    byte[] fields =
                            new StreamBytes().clear().block(bytes("f")).block(bytes("vv")).copy();
                    stream.append(ID, fields, 0, fields.length);
                    var group = new Stream.Group(bytes("g"), 0, ID, 300);
                    stream.put(group);
                    stream.put(group, new Stream.Consumer(bytes("c"), 1, 1000, 2000));
                    stream.put(group, new Stream.Pending(ID, 1, 1500, 4));
                    return stream.record(0);
                });
    }

    private void checkStream(Table table) {
        Subject on = subject(false);
        assertTrue(makeStream(on, "key"));
        Leaf all = on.small("key");
        Map<String, List<Object>> expected = new LinkedHashMap<>();
        expected.put("group", List.of("g", "|", 0L, ID, 301L));
        expected.put("consumer", List.of(0L, "c", "|", 1L, 1000L, 2001L));
        expected.put("pending", List.of(0L, ID, "|", 1L, 1500L, 4L));
        expected.put("consumer's name", List.of(1L, "|", "c"));
        expected.put("owned", List.of(1L, ID, "|"));
        expected.put("entry", List.of(0x0102L, 3L, "|", "f", "vv"));
        expected.put("header", List.of("|", ID, StreamId.MIN, 1L, 2L));
        int at = 0;
        for (Map.Entry<String, List<Object>> element : expected.entrySet()) {
            Row row = table.row(element.getKey());
            Leaf leaf = all.at(at++);
            int kind = leaf.key()[0] & 0xFF;
            // The kind of an entry also says how many bytes the first number has.
            int digits = kind > Stream.ENTRY && kind < 255 ? kind - 128 : 0;
            row.is(kind - digits);
            List<Object> found = new ArrayList<>();
            new Decoder(leaf.key(), 1).read(row.cell("key"), digits, found);
            found.add("|");
            new Decoder(leaf.value(), 0).read(row.cell("value"), 0, found);
            assertEquals(element.getValue(), found, row.toString());
        }
        assertEquals(all.count(), at);
        assertArrayEquals(
                new byte[] {0, 1, 5, 2, 1, 0},
                new StreamBytes().clear().number(0).number(5).number(256).copy());
    }

    /** Reads bytes as a cell of the table says that they are put together. */
    private static final class Decoder {
        private final byte[] bytes;
        private int at;

        Decoder(byte[] bytes, int from) {
            this.bytes = bytes;
            at = from;
        }

        void read(String cell, int digits, List<Object> into) {
            for (String part : cell.split(", (?=[a-z]+: )", -1)) {
                switch (part.replaceFirst(":.*", "")) {
                    case "" -> {}
                    case "number" -> into.add(number());
                    case "digits" -> into.add(digits(digits));
                    case "id" -> into.add(new StreamId(number(), number()));
                    case "bytes" -> into.add(text(bytes.length - at));
                    case "blocks" -> {
                        while (at < bytes.length) {
                            into.add(text(bytes[at++]));
                        }
                    }
                    default -> throw new AssertionError("unknown: " + part);
                }
            }
            assertEquals(bytes.length, at, cell);
        }

        private long number() {
            return digits(bytes[at++]);
        }

        private long digits(int count) {
            long number = 0;
            for (int i = 0; i < count; i++) {
                number = number << 8 | (bytes[at++] & 0xFF);
            }
            return number;
        }

        private String text(int length) {
            at += length;
            return new String(bytes, at - length, length, UTF_8);
        }
    }

    // ---- on the heap

    private static OperationRing ring(Engine engine) {
        OperationRing ring = engine.ring();
        if (ring == null) {
            throw new AssertionError("ring=null, expected one");
        }
        return ring;
    }

    private static long[] slots(OperationRing ring) {
        return (long[]) privateField(OperationRing.class, ring, "slots");
    }

    private void checkGhost(Table table) {
        table.hasAllBits(Short.SIZE);
        Mem mem = memory.get();
        try {
            GhostFrequencies ghosts = new GhostFrequencies(mem, 0);
            assertEquals(1024 * Long.BYTES, ghosts.lengthBytes());
            long fingerprint = 0b1_0110_0101;
            long hash = fingerprint << 3;
            ghosts.put(hash, 11, 6 + 8);
            long slot = onlyWord(mem, ghosts);
            table.row("period").hasBits(slot, 6);
            table.row("frequency").hasBits(slot, 11);
            table.row("fingerprint").hasBits(slot, fingerprint);
            ghosts.put(hash, 7, 6);
            long set = onlyWord(mem, ghosts);
            table.row("frequency").hasBits(set & 0xFFFF, 7);
            assertEquals(slot, set >>> Short.SIZE);
        } finally {
            mem.close();
        }
    }

    private static long onlyWord(Mem mem, GhostFrequencies ghosts) {
        long at = (long) privateField(GhostFrequencies.class, ghosts, "sets");
        long found = 0;
        for (long end = at + ghosts.lengthBytes(); at < end; at += Long.BYTES) {
            long word = mem.getLong(at);
            assertTrue(word == 0 || found == 0);
            found |= word;
        }
        return found;
    }

    private void checkRing(Table table) {
        StepMem mem = new StepMem(memory.get());
        long record = mem.allocate(64);
        OperationRing ring = new OperationRing(mem);
        long[] slots = slots(ring);
        table.row("capacity").is(slots.length);
        table.row("shift of an empty slot").is(Long.numberOfTrailingZeros(slots[2] - slots[1]));
        table.row("mark of an empty slot").is(slots[0] - ((long) slots.length << 4));
        assertEquals(record, numbered(ring, record));
        mem.hook(
                (access, address, value) -> {
                    if (access == StepMem.Access.COMPARE_AND_SET) {
                        mem.unhook();
                        Records.presetVersion(mem, record, 7);
                    }
                });
        Records.presetVersion(mem, record, 0);
        table.row("skip").is(numbered(ring, record));
        while (ring.peek() != OperationRing.Next.NONE) {
            ring.advance();
        }
        ring.poison();
        table.row("poison").is(slots[(int) ring.position()]);
        mem.close();
    }

    /** What is in the slot that a claim for a record took. */
    private static long numbered(OperationRing ring, long record) {
        int at = (int) ring.lastOpId() + 1;
        long unused = ring.number(record);
        return slots(ring)[at];
    }

    private void checkEpochs(Table table) {
        Stripes stripes = new Stripes(1);
        long[] epochs = (long[]) privateField(Stripes.class, stripes, "epochs");
        stripes.advance();
        long[] before = epochs.clone();
        Stripe stripe = stripes.enter();
        int changed = Arrays.mismatch(before, epochs);
        table.row("stride").is(changed / (stripe.index + 1));
        assertEquals(2, epochs[changed]);
        stripes.leave(stripe);
        table.row("free").is(epochs[changed]);
        table.row("stripes").is(constant(Stripes.class, "MAX_COUNT"));
    }

    private void checkLimbo(Table table) {
        Stripe stripe = new Stripe(0);
        stripe.addToLimbo(64, 7, 99);
        stripe.addToLimbo(128, 8, 100);
        long[] limbo = (long[]) privateField(Stripe.class, stripe, "limbo");
        int length = 3;
        table.row("address").isWord(limbo, 0, 64);
        table.row("epoch").isWord(limbo, 0, 7);
        table.row("length or kind").isWord(limbo, 0, 99);
        table.row("address").isWord(limbo, length, 128);
        table.hasNoGaps(length);
    }

    private void checkKinds(Table table) {
        long longest = 0x1_1234_5678L;
        Stripe stripe = new Stripe(0);
        stripe.addToLimbo(64, 7, longest);
        table.row("length").hasBits(longest, stripe.limboBytes());
        long header = 4321L << 32;
        table.row("length").hasBits(Slab.treeKind(header), 4321);
        table.row("node").isOnlyBit(Slab.nodeKind(0));
        table.row("tree").isOnlyBit(Slab.treeKind(0) ^ Slab.nodeKind(0));
        try (Indexed on = new Indexed(memory.get())) {
            int length = 100_000;
            long descriptor = on.slab.allocate(on.stripe, length, false);
            Records.writeHeader(on.mem, descriptor, Records.DESCRIPTOR, 0, 0, length - 24, 0, 0);
            on.slab.retireTwice(on.stripe, descriptor);
            table.row("length").hasBits(on.stripe.oldestLengthOrKind(), length);
            table.row("twice").isOnlyBit(on.stripe.oldestLengthOrKind() - length);
            on.stripe.removeOldest();
            on.slab.retire(on.stripe, descriptor);
            assertEquals(length, on.stripe.oldestLengthOrKind());
            on.reclaim();
            table.row("second grace").isOnlyBit(on.stripe.oldestLengthOrKind() - length);
            on.stripe.removeOldest();
            on.split(on.segment(0));
            table.row("segment").hasBits(on.stripe.oldestLengthOrKind(), 1);
            table.row("segment").hasBits(on.stripe.oldestLengthOrKind() & Long.MAX_VALUE, 0);
            assertEquals(-1, on.stripe.oldestLengthOrKind());
            on.reclaim();
            assertEquals(-2, on.stripe.oldestLengthOrKind());
        }
    }
}
