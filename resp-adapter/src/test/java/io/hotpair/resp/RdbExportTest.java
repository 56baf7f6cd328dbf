package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.ScoredMember;
import io.hotpair.StreamBatch;
import io.hotpair.StreamPosition;
import io.hotpair.ZaddCondition;
import io.hotpair.resp.RdbExport.Format;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are written must be what a real redis-server loads, and answer as we do. */
class RdbExportTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 20 : 2);
    private static final int COMMANDS = 300;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_124);

    @TempDir private Path root;

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** A real server that has loaded the file, which every test names the same. */
    private RealRedis loaded(Path file) {
        return RealRedis.start(
                "--dir", root.toString(), "--dbfilename", file.getFileName().toString());
    }

    private static RespListener listener(Keyspace keyspace) {
        return RespListener.open(keyspace, RespConfig.builder().port(0).build());
    }

    private RdbExport.Report assertLoadedAsItIs(String where, Keyspace keyspace, Path file) {
        RdbExport.Report report = RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE);
        try (RespListener listener = listener(keyspace);
                RawClient ours = new RawClient(listener.port());
                RealRedis redis = loaded(file);
                RawClient theirs = new RawClient(redis.port())) {
            assertEquals(RdbImportTest.keys(theirs).size(), report.keyCount(), where);
            RdbImportTest.assertSame(where, theirs, ours);
        }
        return report;
    }

    private void assertReadAsItIs(String where, Keyspace keyspace, Path file) {
        RdbExport.Report report = RdbExport.toFile(keyspace, Format.REDIS_7_4, file, Progress.NONE);
        Path again = root.resolve(file.getFileName() + ".again");
        try (Keyspace read = RdbImportTest.inMemory();
                Keyspace readAgain = RdbImportTest.inMemory();
                RespListener theirs = listener(read);
                RespListener ours = listener(keyspace);
                RawClient them = new RawClient(theirs.port());
                RawClient us = new RawClient(ours.port())) {
            assertEquals(
                    new RdbImport.Report(report.keyCount(), 0, 0, 0),
                    RdbImport.read(file, 0, read, Progress.NONE),
                    where);
            RdbImportTest.assertSame(where, them, us);
            RdbExport.Report unused =
                    RdbExport.toFile(read, Format.REDIS_7_4, again, Progress.NONE);
            RdbImport.Report unusedToo = RdbImport.read(again, 0, readAgain, Progress.NONE);
            // The groups of a stream are numbered anew when it is read, so the second time.
            assertEquals(read.digest(), readAgain.digest(), where);
        }
    }

    @Test
    void shouldWriteWhatRandomProgramsHaveLeft() {
        for (int program = 0; program < PROGRAMS * RdbImportTest.FAMILIES.size(); program++) {
            long seed = SEED + program;
            Random random = new Random(seed);
            try (Keyspace keyspace = RdbImportTest.inMemory()) {
                try (RespListener listener = listener(keyspace);
                        RawClient client = new RawClient(listener.port())) {
                    RdbImportTest.fill(
                            client,
                            RdbImportTest.source(program, random),
                            COMMANDS,
                            command -> false);
                    RdbImportTest.expireSome(client, random);
                }
                String where = "seed=" + seed;
                assertReadAsItIs(where, keyspace, root.resolve(seed + ".rdb"));
                assertLoadedAsItIs(where, keyspace, root.resolve(seed + "-7.rdb"));
            }
        }
    }

    @Test
    void shouldWriteLargeValuesInParts() {
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            for (int i = 0; i < 100_000; i += 100) {
                byte[][] fields = new byte[200][];
                byte[][] members = new byte[100][];
                ScoredMember[] scored = new ScoredMember[100];
                for (int j = 0; j < 100; j++) {
                    fields[2 * j] = bytes("f" + (i + j));
                    fields[2 * j + 1] = bytes("v" + (i + j) * 3);
                    members[j] = bytes(Integer.toString((i + j) * 77_777));
                    scored[j] = new ScoredMember(bytes("m" + (i + j)), (i + j) / 8.0);
                }
                keyspace.hashes().hset(bytes("hash"), fields);
                keyspace.sets().sadd(bytes("set"), members);
                keyspace.lists().rpush(bytes("list"), members);
                keyspace.sortedSets().zadd(bytes("zset"), ZaddCondition.ALWAYS, false, scored);
            }
            keyspace.streams().xgroupCreate(bytes("stream"), bytes("g"), null, true, 0);
            for (int i = 0; i < 5_000; i++) {
                keyspace.streams()
                        .xadd(
                                bytes("stream"),
                                bytes("f"),
                                bytes("v".repeat(i % 300)),
                                bytes("" + i % 7),
                                bytes("x"));
            }
            List<StreamBatch> unused =
                    keyspace.streams()
                            .xreadGroup(
                                    bytes("g"),
                                    bytes("c"),
                                    3_000,
                                    false,
                                    StreamPosition.undelivered(bytes("stream")));
            keyspace.put(bytes("string"), bytes("0123456789".repeat(300_000)));
            keyspace.strings().setRange(bytes("gap"), 2_000_000, bytes("end"));
            keyspace.strings().setRange(bytes("zeros"), 1_000_000, new byte[1]);
            keyspace.put("n", "-123456789");
            assertReadAsItIs("", keyspace, root.resolve("12.rdb"));
            RdbExport.Report report = assertLoadedAsItIs("", keyspace, root.resolve("10.rdb"));
            assertEquals(9, report.keyCount());
        }
    }

    @Test
    void shouldWriteAnEmptyKeyspace() {
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            assertEquals(
                    new RdbExport.Report(0, 0, 0, 0, 0),
                    assertLoadedAsItIs("", keyspace, root.resolve("none.rdb")));
            assertReadAsItIs("", keyspace, root.resolve("none12.rdb"));
        }
    }

    @Test
    void shouldKeepDeadlinesOfFieldsWhereTheFormatHasThemAndCountThemWhereNot() {
        try (Keyspace keyspace = RdbImportTest.inMemory();
                Keyspace read = RdbImportTest.inMemory()) {
            for (int i = 0; i < 5_000; i++) {
                keyspace.hashes().hset(bytes("large"), bytes("f" + i), bytes("v"));
            }
            keyspace.hashes().hset(bytes("small"), bytes("a"), bytes("1"), bytes("b"), bytes("2"));
            Instant later = Instant.now().plusSeconds(1_000);
            keyspace.hashes()
                    .hexpireAt(bytes("large"), later, DeadlineCondition.ALWAYS, bytes("f4999"));
            keyspace.hashes()
                    .hexpireAt(
                            bytes("large"),
                            later.plusSeconds(7),
                            DeadlineCondition.ALWAYS,
                            bytes("f7"));
            keyspace.hashes()
                    .hexpireAt(bytes("small"), later, DeadlineCondition.ALWAYS, bytes("b"));
            Path file = root.resolve("12.rdb");
            assertEquals(
                    0,
                    RdbExport.toFile(keyspace, Format.REDIS_7_4, file, Progress.NONE)
                            .lostDeadlineCount());
            assertEquals(
                    new RdbImport.Report(2, 0, 0, 0), RdbImport.read(file, 0, read, Progress.NONE));
            assertEquals(keyspace.digest(), read.digest());
            assertEquals(
                    3,
                    assertLoadedAsItIs("", keyspace, root.resolve("10.rdb")).lostDeadlineCount());
        }
    }

    @Test
    void shouldLeaveOutWhatHasExpiredThoughNobodyHasRemovedIt() {
        AtomicLong nowMs = new AtomicLong(1_000_000);
        Clock clock =
                new Clock() {
                    @Override
                    public long currentTimeMs() {
                        return nowMs.get();
                    }

                    @Override
                    public long nanoTime() {
                        return Clock.SYSTEM.nanoTime();
                    }
                };
        Path file = root.resolve("file");
        try (Keyspace keyspace =
                        Keyspace.open(
                                Keyspace.builder()
                                        .inMemory()
                                        .maxMemory(64 << 20)
                                        .clock(clock)
                                        .build());
                RespListener listener = listener(keyspace);
                RawClient client = new RawClient(listener.port());
                Keyspace read = RdbImportTest.inMemory()) {
            Instant soon = Instant.ofEpochMilli(2_000_000);
            for (int i = 0; i < 3_000; i++) {
                keyspace.hashes().hset(bytes("large"), bytes("f" + i), bytes("v"));
            }
            keyspace.hashes()
                    .hexpireAt(
                            bytes("large"),
                            soon,
                            DeadlineCondition.ALWAYS,
                            bytes("f2"),
                            bytes("f9"));
            keyspace.hashes().hset(bytes("h"), bytes("a"), bytes("1"), bytes("b"), bytes("2"));
            keyspace.hashes().hexpireAt(bytes("h"), soon, DeadlineCondition.ALWAYS, bytes("a"));
            keyspace.hashes().hset(bytes("gone"), bytes("a"), bytes("1"));
            keyspace.hashes().hexpireAt(bytes("gone"), soon, DeadlineCondition.ALWAYS, bytes("a"));
            keyspace.put("s", "v");
            keyspace.keys().pexpireAt(bytes("s"), 2_000_000, DeadlineCondition.ALWAYS);
            nowMs.set(3_000_000);
            assertEquals(
                    2,
                    RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE).keyCount());
            assertEquals("$-1\r\n", client.call("DUMP", "gone"));
            assertEquals("$-1\r\n", client.call("DUMP", "s"));
            String dump = client.call("DUMP", "h");
            dump = dump.substring(dump.indexOf('\n') + 1, dump.length() - 2);
            assertEquals(10, dump.charAt(dump.length() - 10));
            assertEquals("+OK\r\n", client.call("RESTORE", "copy", "0", dump));
            assertEquals("*2\r\n$1\r\nb\r\n$1\r\n2\r\n", client.call("HGETALL", "copy"));
            RdbImport.Report report = RdbImport.read(file, 0, read, Progress.NONE);
            assertEquals(new RdbImport.Report(2, 0, 0, 0), report);
            assertEquals(2_998, read.hashes().hlen(bytes("large")));
            assertEquals(1, read.hashes().hlen(bytes("h")));
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenItFailsAndNeverReplaceAFile() throws IOException {
        Path file = root.resolve("dump.rdb");
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            keyspace.put("a", "1");
            RdbExport.Report unused =
                    RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE);
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            byte[] before = Files.readAllBytes(file);
            keyspace.put("b", "2");
            assertThrows(
                    IllegalArgumentException.class,
                    () -> RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE));
            assertEquals(before.length, Files.size(file));
            Progress broken =
                    (done, total) -> {
                        throw new IllegalStateException("broken");
                    };
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            RdbExport.toFile(
                                    keyspace, Format.REDIS_7_0, root.resolve("other"), broken));
            assertThrows(
                    UncheckedIOException.class,
                    () -> RdbExport.write(keyspace, Format.REDIS_7_0, new Full(), Progress.NONE));
            try (Stream<Path> files = Files.list(root)) {
                assertEquals(List.of(file), files.toList());
            }
            keyspace.put("c", "3");
            assertTrue(Files.deleteIfExists(file));
            assertEquals(
                    3,
                    RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE).keyCount());
            assertFalse(Files.isDirectory(file));
        }
    }

    /** A disk without room. */
    private static final class Full extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            throw new IOException("no space left");
        }
    }
}
