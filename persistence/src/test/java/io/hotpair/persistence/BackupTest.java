package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.Backup;
import io.hotpair.BackupManifest;
import io.hotpair.HotpairException;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.Moment;
import io.hotpair.Progress;
import io.hotpair.RollBackReport;
import io.hotpair.Session;
import io.hotpair.SnapshotOptions;
import io.hotpair.StreamPosition;
import io.hotpair.log.Lineage;
import io.hotpair.log.TestFrames;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Copies of a keyspace, sealed or not, and the way back to any moment. */
@Timeout(600)
class BackupTest {
    private static final int RESTORES = Integer.getInteger("hotpair.backup.restores", 12);

    @TempDir Path root;

    private final TestClock clock = new TestClock();

    private KeyspaceBuilder builder(String name) {
        return Keyspace.builder()
                .directory(root.resolve(name))
                .maxMemory(64 << 20)
                .clock(clock)
                .snapshots(SnapshotOptions.defaults().onDemand());
    }

    private Keyspace open(String name) {
        return Keyspace.open(builder(name).build());
    }

    private static void fill(Keyspace keyspace, int from, int to) {
        for (int i = from; i < to; i++) {
            keyspace.put("k" + i, "v" + i);
            keyspace.hashes().hset(bytes("h" + i % 10), bytes("f" + i), bytes("v" + i));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private String digestOf(String name) {
        try (Keyspace keyspace = open(name)) {
            String digest = keyspace.digest();
            keyspace.put("goes", "on");
            return digest;
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(root)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void shouldRefuseToServeABackup() {
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 10);
            keyspace.backup(root.resolve("backup")).join();
        }
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                new ChronicleLogProvider()
                                        .open(root.resolve("backup/log"), Progress.NONE));
        assertEquals(
                "directory="
                        + root.resolve("backup")
                        + " is a backup, expected a keyspace's: restore it to another directory,"
                        + " and open that",
                refused.getMessage());
        Backup.restore(root.resolve("backup"), root.resolve("r"), Moment.latest(), Progress.NONE);
        assertEquals(digestOf("k"), digestOf("r"));
    }

    @Test
    void shouldGiveBackWhatWasBackedUpAsADirectoryAndAsAStream() throws Exception {
        String digest;
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 500);
            keyspace.saveSnapshot().join();
            fill(keyspace, 400, 900);
            keyspace.put("large", "x".repeat(5 << 20));
            digest = keyspace.digest();
            long opId = keyspace.statistics().lastOpId();
            BackupManifest manifest = keyspace.backup(root.resolve("backup")).join();
            assertEquals(opId, manifest.lastOpId());
            assertEquals("default", manifest.keyspace());
            assertEquals(keyspace.savedSnapshots().get(0).opId(), manifest.firstOpId());
            assertEquals(manifest, Backup.verify(root.resolve("backup")));
            assertEquals(opId, keyspace.backup(stream).join().lastOpId());
            fill(keyspace, 900, 1_000);
        }
        assertEquals(List.of("backup", "k"), names());
        Backup.restore(root.resolve("backup"), root.resolve("r1"), Moment.latest(), Progress.NONE);
        assertEquals(digest, digestOf("r1"));
        Backup.restore(
                new ByteArrayInputStream(stream.toByteArray()),
                root.resolve("r2"),
                Moment.latest(),
                Progress.NONE);
        assertEquals(digest, digestOf("r2"));
        for (String restored : List.of("r1", "r2")) {
            try (Stream<Path> files = Files.list(root.resolve(restored))) {
                assertEquals(List.of("log"), files.map(f -> f.getFileName().toString()).toList());
            }
        }
        // The backup is as it was.
        Backup.restore(root.resolve("backup"), root.resolve("r3"), Moment.latest(), Progress.NONE);
        assertEquals(digest, digestOf("r3"));
        assertEquals(List.of("backup", "k", "r1", "r2", "r3"), names());
    }

    /** As every backup of a keyspace is that nobody has written to since the last snapshot. */
    @Test
    void shouldGiveBackWhatWasBackedUpRightBehindASnapshot() throws Exception {
        String digest;
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        long opId;
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 500);
            keyspace.saveSnapshot().join();
            digest = keyspace.digest();
            opId = keyspace.statistics().lastOpId();
            assertEquals(opId, keyspace.backup(root.resolve("backup")).join().lastOpId());
            keyspace.backup(stream).join();
            keyspace.cloneTo(root.resolve("clone"), Moment.latest()).join();
        }
        Backup.verify(root.resolve("backup"));
        Backup.restore(
                root.resolve("backup"), root.resolve("latest"), Moment.latest(), Progress.NONE);
        Backup.restore(
                root.resolve("backup"), root.resolve("moment"), Moment.after(opId), Progress.NONE);
        Backup.restore(
                new ByteArrayInputStream(stream.toByteArray()),
                root.resolve("streamed"),
                Moment.latest(),
                Progress.NONE);
        for (String name : List.of("clone", "latest", "moment", "streamed")) {
            assertEquals(digest, digestOf(name), name);
        }
        HotpairException early =
                assertThrows(
                        HotpairException.class,
                        () ->
                                Backup.restore(
                                        root.resolve("backup"),
                                        root.resolve("early"),
                                        Moment.after(opId - 1),
                                        Progress.NONE));
        assertEquals(HotpairException.Category.NOT_RETAINED, early.category());
        String expected = "opId=" + (opId - 1) + ", expected a later one: no sound snapshot is as";
        assertTrue(String.valueOf(early.getMessage()).startsWith(expected), early.getMessage());
        assertFalse(Files.exists(root.resolve("early")));
    }

    @Test
    void shouldCopyALogWithoutAnySnapshotAndAnEmptyOne() {
        try (Keyspace keyspace = open("k")) {
            assertEquals(
                    0, keyspace.cloneTo(root.resolve("c0"), Moment.latest()).join().lastOpId());
            fill(keyspace, 0, 50);
            keyspace.cloneTo(root.resolve("c1"), Moment.latest()).join();
            assertEquals(keyspace.digest(), digestOf("c1"));
        }
        try (Keyspace keyspace = open("c0")) {
            assertEquals(0, keyspace.statistics().keyCount());
        }
    }

    /** What a writer did, in order, and what there was at some times. */
    private static final class Model {
        final List<Long> opIds = new ArrayList<>();
        final List<String[]> changes = new ArrayList<>();
        final List<Instant> times = new ArrayList<>();
        final List<Integer> countAtTimes = new ArrayList<>();

        Map<String, String> after(int count) {
            Map<String, String> state = new HashMap<>();
            for (String[] change : changes.subList(0, count)) {
                if (change[1] == null) {
                    state.remove(change[0]);
                } else {
                    state.put(change[0], change[1]);
                }
            }
            return state;
        }
    }

    private void write(Keyspace keyspace, Model model, Random random) {
        Session session = keyspace.session();
        for (int i = 0; i < 3_000; i++) {
            String key = "m" + random.nextInt(200);
            byte[] name = bytes(key);
            if (random.nextInt(4) == 0) {
                if (!session.delete(name, 0, name.length)) {
                    continue;
                }
                model.changes.add(new String[] {key, null});
            } else {
                byte[] value = bytes("v" + i + "x".repeat(random.nextInt(3_000)));
                session.put(name, 0, name.length, value, 0, value.length, Session.NEVER);
                model.changes.add(new String[] {key, new String(value, UTF_8)});
            }
            model.opIds.add(session.lastOpId());
            if (random.nextInt(50) == 0) {
                CompletableFuture<Boolean> logged = new CompletableFuture<>();
                keyspace.whenAcknowledged(
                        Acknowledgement.LOG,
                        session.lastOpId(),
                        session.lastTerm(),
                        logged::complete);
                assertTrue(logged.join());
                clock.advance(Duration.ofMinutes(10));
                model.times.add(Instant.ofEpochMilli(clock.currentTimeMs() - 300_000));
                model.countAtTimes.add(model.changes.size());
            }
            if (i % 1_000 == 500) {
                keyspace.saveSnapshot().join();
            }
        }
    }

    @Test
    void shouldRestoreAnyMomentWhileWritesGoOn() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("BackupTest seed=" + seed);
        Random random = new Random(seed);
        Model model = new Model();
        AtomicBoolean ended = new AtomicBoolean();
        try (Keyspace keyspace = open("k")) {
            Thread noise =
                    new Thread(
                            () -> {
                                for (int i = 0; !ended.get(); i++) {
                                    // At the pace of the device, or the log gets very long.
                                    keyspace.at(Acknowledgement.DISK)
                                            .put(
                                                    bytes("noise" + i % 1_000),
                                                    bytes("v".repeat(i % 1_000)));
                                }
                            });
            noise.start();
            try {
                write(keyspace, model, random);
                keyspace.backup(root.resolve("backup")).join();
                for (int i = 0; i < RESTORES; i++) {
                    restoreOne(keyspace, model, random, "r" + i);
                }
            } finally {
                ended.set(true);
                noise.join();
            }
        }
        assertFalse(names().toString().contains("partial"), names().toString());
    }

    private void restoreOne(Keyspace keyspace, Model model, Random random, String name) {
        boolean byTime = random.nextBoolean();
        int at = random.nextInt(byTime ? model.times.size() : model.opIds.size());
        Moment moment = byTime ? Moment.at(model.times.get(at)) : Moment.after(model.opIds.get(at));
        int count = byTime ? model.countAtTimes.get(at) : at + 1;
        long first = Backup.verify(root.resolve("backup")).firstOpId();
        if (model.opIds.get(count - 1) > first && random.nextBoolean()) {
            Backup.restore(root.resolve("backup"), root.resolve(name), moment, Progress.NONE);
        } else {
            keyspace.cloneTo(root.resolve(name), moment).join();
        }
        Map<String, String> expected = model.after(count);
        try (Keyspace restored = open(name)) {
            for (int k = 0; k < 200; k++) {
                assertEquals(expected.get("m" + k), restored.get("m" + k), moment + " m" + k);
            }
        }
    }

    /** Something of every type, small and large, with and without deadlines. */
    private void fillAllTypes(Keyspace keyspace, int round, Random random) {
        byte[] suffix = bytes("-" + round);
        keyspace.put("string" + random.nextInt(5), "v" + round);
        keyspace.put(bytes("timed"), bytes("v" + round), Duration.ofHours(1 + round));
        if (random.nextInt(3) == 0) {
            keyspace.put("large" + random.nextInt(2), ("x" + round).repeat(600_000));
        }
        for (int i = 0; i < 300; i++) {
            int n = random.nextInt(3_000);
            byte[] element = bytes("e" + n);
            keyspace.hashes().hset(bytes("hash"), element, suffix);
            keyspace.sets().sadd(bytes("set"), element);
            keyspace.sortedSets().zadd(bytes("zset"), n * 0.5 + round, element);
            keyspace.lists().rpush(bytes("list"), element);
            if (i % 3 == 0) {
                keyspace.lists().lpop(bytes("list"));
                keyspace.sets().srem(bytes("set"), bytes("e" + random.nextInt(3_000)));
            }
        }
        keyspace.hashes()
                .hexpireAt(
                        bytes("hash"),
                        Instant.ofEpochMilli(clock.currentTimeMs() + 10_000_000L + round),
                        DeadlineCondition.ALWAYS,
                        bytes("e" + random.nextInt(3_000)));
        keyspace.streams().xadd(bytes("stream"), bytes("field"), suffix);
        if (round == 1) {
            keyspace.streams().xgroupCreate(bytes("stream"), bytes("group"), null);
        } else if (round > 2) {
            keyspace.streams()
                    .xreadGroup(
                            bytes("group"),
                            bytes("consumer" + round % 2),
                            1,
                            false,
                            StreamPosition.undelivered(bytes("stream")));
        }
        // One that is there, or not.
        boolean unused = keyspace.delete("string" + random.nextInt(5));
    }

    @Test
    void shouldCopyALogThatManyTermsWroteAndThatWasCut() throws Exception {
        TestFrames frames = new TestFrames();
        Path home = root.resolve("k");
        Lineage lineage;
        List<TestFrames.Op> operations;
        try (ChronicleLog log = ChronicleLog.open(home.resolve("log"), LogOptions.standard())) {
            frames.append(log, 1, 20, 100);
            frames.append(log, 2, 20, 100);
            log.cutAfter(30);
            log.append(frames.frame(4, 30, 100, 31, 33, 36));
            frames.append(log, 4, 5, 100);
            log.cutAfter(34);
            frames.fragments(7, log.lastOpId(), 5 << 20).forEach(log::append);
            frames.append(log, 7, 10, 100);
            lineage = log.lineage();
            operations = TestFrames.readAll(log);
        }
        BackupManifest manifest =
                Backup.copy(home, root.resolve("c"), Moment.latest(), Progress.NONE);
        assertEquals(7, manifest.lastTerm());
        try (ChronicleLog log =
                ChronicleLog.open(root.resolve("c").resolve("log"), LogOptions.standard())) {
            assertEquals(lineage, log.lineage());
            assertEquals(operations, TestFrames.readAll(log));
        }
        // An opId that was never given is as good as the one before it.
        assertEquals(
                31,
                Backup.copy(home, root.resolve("d"), Moment.after(32), Progress.NONE).lastOpId());
    }

    private static void deleteAll(Keyspace keyspace) {
        Session session = keyspace.session();
        List<byte[]> keys = new ArrayList<>();
        for (long cursor = session.scan(0, 100, keys::add);
                cursor != 0;
                cursor = session.scan(cursor, 100, keys::add)) {
            // All of them first.
        }
        keys.forEach(key -> session.delete(key, 0, key.length));
    }

    @Test
    void shouldGoBackInPlaceAndForthAgain() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("BackupTest seed=" + seed);
        Random random = new Random(seed);
        List<Long> opIds = new ArrayList<>();
        List<String> digests = new ArrayList<>();
        try (Keyspace keyspace = open("k")) {
            for (int round = 0; round < 8; round++) {
                fillAllTypes(keyspace, round, random);
                opIds.add(keyspace.statistics().lastOpId());
                digests.add(keyspace.digest());
                if (round == 3) {
                    keyspace.saveSnapshot().join();
                }
            }
            deleteAll(keyspace);
            assertEquals(0, keyspace.statistics().keyCount());
            for (int i : new int[] {7, 2, 5, 0, 7}) {
                RollBackReport report = keyspace.rollBack(Moment.after(opIds.get(i))).join();
                assertEquals(digests.get(i), keyspace.digest(), "round " + i);
                assertEquals(opIds.get(i), report.toOpId());
                assertTrue(report.lastOpId() > opIds.get(7));
            }
            RollBackReport again = keyspace.rollBack(Moment.after(opIds.get(7))).join();
            assertEquals(0, again.restoredCount() + again.removedCount() + again.lastOpId());
            assertFails(IllegalArgumentException.class, keyspace.rollBack(Moment.after(1L << 40)));
        }
        // What was written for it replays to the same.
        assertEquals(digests.get(7), digestOf("k"));
        try (Stream<Path> files = Files.list(root.resolve("k"))) {
            assertEquals(List.of("log"), files.map(f -> f.getFileName().toString()).toList());
        }
    }

    @Test
    void shouldFindEveryDamageInABackup() throws Exception {
        Path backup = root.resolve("backup");
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 300);
            keyspace.saveSnapshot().join();
            fill(keyspace, 0, 300);
            keyspace.backup(backup).join();
        }
        Random random = new Random(7);
        List<Path> files;
        try (Stream<Path> tree = Files.walk(backup)) {
            files = tree.filter(Files::isRegularFile).toList();
        }
        assertTrue(files.size() >= 5, files.toString());
        for (Path file : files) {
            for (int i = 0; i < 5; i++) {
                long at = (long) (random.nextDouble() * Files.size(file));
                int bit = 1 << random.nextInt(8);
                flip(file, at, bit);
                HotpairException e =
                        assertThrows(HotpairException.class, () -> Backup.verify(backup));
                assertEquals(HotpairException.Category.CORRUPTION, e.category());
                assertThrows(
                        HotpairException.class,
                        () ->
                                Backup.restore(
                                        backup, root.resolve("r"), Moment.latest(), Progress.NONE));
                flip(file, at, bit);
            }
        }
        Path victim = files.get(files.size() - 1);
        Files.move(victim, root.resolve("aside"));
        HotpairException e = assertThrows(HotpairException.class, () -> Backup.verify(backup));
        assertEquals(HotpairException.Category.CORRUPTION, e.category());
        Files.move(root.resolve("aside"), victim);
        BackupManifest unused = Backup.verify(backup);
        assertEquals(List.of("backup", "k"), names());
    }

    @Test
    void shouldFindDamageInAStreamWithoutUnpackingIt() throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        BackupManifest manifest;
        String digest;
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 300);
            keyspace.saveSnapshot().join();
            fill(keyspace, 0, 300);
            digest = keyspace.digest();
            manifest = keyspace.backup(stream).join();
        }
        byte[] packed = stream.toByteArray();
        assertEquals(manifest, Backup.verify(new ByteArrayInputStream(packed)));
        int end = find(packed, ZIP_DIRECTORY, 0);
        List<Integer> heads = new ArrayList<>();
        for (int at = 0; at >= 0; at = find(packed, ZIP_FILE, at + 1)) {
            heads.add(at);
        }
        assertTrue(heads.size() >= 5, heads.toString());
        Random random = new Random(7);
        for (int i = 0; i < 100; i++) {
            int at = random.nextInt(end);
            byte[] damaged = packed.clone();
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            if (isTaken(damaged, manifest, "at=" + at)) {
                // A time, a version; or from where in a long row of zeros zeros are copied.
                String name = "r" + i;
                Backup.restore(
                        new ByteArrayInputStream(damaged),
                        root.resolve(name),
                        Moment.latest(),
                        Progress.NONE);
                assertEquals(digest, digestOf(name), "at=" + at);
                Directories.deleteTree(root.resolve(name));
            }
        }
        for (int head : heads) {
            for (int at : new int[] {head + 26, head + ZIP_HEAD_LENGTH}) {
                byte[] damaged = packed.clone();
                // How long the name is, and its first byte, which is no text in UTF-8 then.
                damaged[at] ^= (byte) (at == head + 26 ? 1 << 4 : 1 << 7);
                assertFalse(isTaken(damaged, manifest, "at=" + at));
            }
            assertFalse(isTaken(Arrays.copyOf(packed, head), manifest, "length=" + head));
        }
        for (int i = 0; i < 100; i++) {
            int length = random.nextInt(end);
            assertFalse(isTaken(Arrays.copyOf(packed, length), manifest, "length=" + length));
        }
        // Whoever writes it may wait for all of it to be read.
        ByteArrayInputStream all = new ByteArrayInputStream(packed);
        BackupManifest unused = Backup.verify(all);
        assertEquals(0, all.available());
        assertEquals(List.of("k"), names());
    }

    private static final byte[] ZIP_FILE = {'P', 'K', 3, 4};
    private static final byte[] ZIP_DIRECTORY = {'P', 'K', 1, 2};
    private static final int ZIP_HEAD_LENGTH = 30;

    private static int find(byte[] in, byte[] what, int from) {
        for (int at = from; at + what.length <= in.length; at++) {
            if (Arrays.equals(in, at, at + what.length, what, 0, what.length)) {
                return at;
            }
        }
        return -1;
    }

    @Test
    void shouldRefuseAStreamThatHoldsAFileTwiceOrOutsideOfItself() throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (Keyspace keyspace = open("k")) {
            keyspace.put("a", "1");
            BackupManifest unused = keyspace.backup(stream).join();
        }
        ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(stream.toByteArray()));
        ZipEntry manifest = zip.getNextEntry();
        assertEquals("backup.manifest", manifest.getName());
        for (String name : List.of(zip.getNextEntry().getName(), "../outside", "a\0b")) {
            ByteArrayOutputStream hostile = new ByteArrayOutputStream();
            try (ZipOutputStream out = new ZipOutputStream(hostile)) {
                out.putNextEntry(new ZipEntry(name));
                out.write(1);
                out.closeEntry();
            }
            int length = find(hostile.toByteArray(), ZIP_DIRECTORY, 0);
            byte[] both = Arrays.copyOf(hostile.toByteArray(), length + stream.size());
            System.arraycopy(stream.toByteArray(), 0, both, length, stream.size());
            HotpairException e =
                    assertThrows(
                            HotpairException.class,
                            () -> Backup.verify(new ByteArrayInputStream(both)));
            assertEquals(HotpairException.Category.CORRUPTION, e.category(), name);
        }
    }

    private static boolean isTaken(byte[] packed, BackupManifest manifest, String what) {
        try {
            assertEquals(manifest, Backup.verify(new ByteArrayInputStream(packed)), what);
            return true;
        } catch (HotpairException e) {
            assertEquals(HotpairException.Category.CORRUPTION, e.category(), what);
            return false;
        }
    }

    private static void flip(Path file, long at, int bit) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(at);
            int before = access.read();
            access.seek(at);
            access.write(before ^ bit);
        }
    }

    @Test
    void shouldRefuseWhatCanNotBeDoneAndLeaveNothing() throws Exception {
        try (Keyspace keyspace = open("k")) {
            fill(keyspace, 0, 10);
            Files.createDirectories(root.resolve("full/of"));
            assertFails(
                    IllegalArgumentException.class,
                    keyspace.cloneTo(root.resolve("full"), Moment.latest()));
            assertFails(
                    IllegalArgumentException.class,
                    keyspace.cloneTo(root.resolve("c"), Moment.after(1_000)));
            Moment toCome = Moment.at(Instant.ofEpochMilli(clock.currentTimeMs() + 60_000));
            assertFails(
                    IllegalArgumentException.class, keyspace.cloneTo(root.resolve("c"), toCome));
            assertFails(IllegalArgumentException.class, keyspace.rollBack(toCome));
            assertFails(
                    HotpairException.class,
                    keyspace.backup(
                            new OutputStream() {
                                @Override
                                public void write(int b) throws IOException {
                                    throw new IOException("the store is gone");
                                }
                            }));
            keyspace.cloneTo(root.resolve("early"), Moment.at(Instant.EPOCH)).join();
        }
        try (Keyspace early = open("early")) {
            assertNull(early.get("k0"));
        }
        try (Keyspace inMemory = Keyspace.open(Keyspace.builder().inMemory().build())) {
            assertFails(IllegalStateException.class, inMemory.backup(root.resolve("b")));
        }
        HotpairException none =
                assertThrows(HotpairException.class, () -> Backup.verify(root.resolve("full")));
        assertTrue(String.valueOf(none.getMessage()).contains("is no backup"));
        assertEquals(List.of("early", "full", "k"), names());
        try (Stream<Path> files = Files.list(root.resolve("k"))) {
            assertEquals(List.of("log"), files.map(f -> f.getFileName().toString()).toList());
        }
    }

    private static void assertFails(Class<? extends Throwable> with, CompletableFuture<?> future) {
        assertInstanceOf(with, assertThrows(CompletionException.class, future::join).getCause());
    }

    @Test
    void shouldNotWriteOutsideOfItsDirectory() throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(stream)) {
            zip.putNextEntry(new ZipEntry("../escaped"));
            zip.write(1);
            zip.closeEntry();
        }
        assertThrows(
                HotpairException.class,
                () ->
                        Backup.restore(
                                new ByteArrayInputStream(stream.toByteArray()),
                                root.resolve("r"),
                                Moment.latest(),
                                Progress.NONE));
        assertEquals(List.of(), names());
    }
}
