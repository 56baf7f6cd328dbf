package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.TestFrames;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnershipTest {
    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();

    @Test
    void shouldNameTheFlagsWhenTheJvmWasStartedWithoutThem() throws Exception {
        List<String> flags = ChildJvm.requiredFlags();
        for (List<String> given :
                List.of(List.<String>of(), flags.subList(0, 2), flags.subList(2, 4))) {
            try (ChildJvm child =
                    ChildJvm.start(given, ChildMain.class, "open", directory.toString())) {
                String line = child.await("refused");
                assertTrue(line.startsWith("refused MISSING_JVM_FLAG"), line);
                assertTrue(line.contains(JvmFlags.REQUIRED), line);
            }
            try (Stream<Path> files = Files.list(directory)) {
                assertEquals(0, files.count(), "nothing was touched");
            }
        }
        try (ChildJvm child =
                ChildJvm.start(flags, ChildMain.class, "open", directory.toString())) {
            assertEquals("opened 0", child.await("opened"));
        }
    }

    @Test
    void shouldOpenTheDirectoryOfANodeOfAPairAloneOnlyWhenItIsToldTo() throws Exception {
        Path home = directory.resolve("node");
        KeyspaceBuilder builder = Keyspace.builder().directory(home).maxMemory(16L << 20);
        Keyspace.open(builder.build()).close();
        // Nothing of a pair's yet: of one that never found its other nodes, say.
        Files.createDirectory(home.resolve("replication"));
        Keyspace.open(builder.build()).close();
        Files.createFile(home.resolve("replication/node"));
        List<String> before = names(home);
        HotpairException e =
                assertThrows(HotpairException.class, () -> Keyspace.open(builder.build()));
        assertEquals(Category.NODE_OF_PAIR, e.category());
        String message = String.valueOf(e.getMessage());
        assertTrue(
                message.startsWith("directory=" + home + " is that of a node of a pair"), message);
        assertEquals(before, names(home));
        Keyspace.open(
                        Keyspace.builder()
                                .directory(home)
                                .maxMemory(16L << 20)
                                .apartFromPair()
                                .build())
                .close();
        // From then on it is one of no pair.
        Keyspace.open(builder.build()).close();
    }

    private static List<String> names(Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            return files.map(file -> home.relativize(file) + "").sorted().toList();
        }
    }

    @Test
    void shouldRefuseADirectoryThatThisJvmHasOpen() throws Exception {
        try (OperationLog log = open(directory)) {
            Path other = directory.resolve("..").resolve(directory.getFileName());
            HotpairException e = assertThrows(HotpairException.class, () -> open(other));
            assertEquals(Category.DIRECTORY_IN_USE, e.category());
            String pid = "pid=" + ProcessHandle.current().pid();
            assertTrue(String.valueOf(e.getMessage()).contains(pid), e.toString());
            assertTrue(
                    String.valueOf(e.getMessage()).contains(directory.toRealPath().toString()),
                    e.toString());
            frames.append(log, 1, 1, 10);
        }
        open(directory).close();
    }

    @Test
    void shouldRefuseADirectoryThatAnotherClassLoaderHasOpen() throws Exception {
        try (OperationLog log = open(directory);
                URLClassLoader loader = new URLClassLoader(classPath(), null)) {
            Object provider =
                    loader.loadClass(ChronicleLogProvider.class.getName())
                            .getConstructor()
                            .newInstance();
            ReflectiveOperationException e =
                    assertThrows(
                            ReflectiveOperationException.class,
                            () ->
                                    provider.getClass()
                                            .getMethod("open", Path.class)
                                            .invoke(provider, directory));
            assertTrue(
                    String.valueOf(e.getCause()).contains("is in use by"), e + "" + e.getCause());
            try (ChildJvm child = child("open")) {
                String line = child.await("refused");
                assertTrue(line.startsWith("refused DIRECTORY_IN_USE"), "the lock held: " + line);
            }
            frames.append(log, 1, 1, 10);
        }
    }

    /** Both create the lock file of a new directory; one gets the lock, and neither fails. */
    @Test
    void shouldNotMindThatAnotherProcessCreatesTheLockFileAtTheSameTime() throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(2);
        for (int i = 0; i < 500; i++) {
            Path file = directory.resolve("lock-" + i);
            Callable<Void> creation =
                    () -> {
                        barrier.await(10, TimeUnit.SECONDS);
                        Directories.createFileIfAbsent(file);
                        return null;
                    };
            FutureTask<Void> other = new FutureTask<>(creation);
            new Thread(other).start();
            creation.call();
            other.get();
            assertTrue(Files.exists(file));
        }
    }

    @Test
    void shouldRefuseADirectoryThatAnotherProcessHasOpenAndOpenItWhenThatIsKilled()
            throws Exception {
        try (ChildJvm child = child("hold")) {
            child.await("holding");
            for (int i = 0; i < 2; i++) {
                HotpairException e = assertThrows(HotpairException.class, () -> open(directory));
                assertEquals(Category.DIRECTORY_IN_USE, e.category());
                String pid = "pid=" + child.pid() + " ";
                assertTrue(String.valueOf(e.getMessage()).contains(pid), e.toString());
            }
            child.kill();
            long before = System.nanoTime();
            try (OperationLog log = open(directory)) {
                frames.append(log, 1, 1, 10);
                assertEquals(2, log.lastOpId());
            }
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
            assertTrue(tookMs < 8_000, "took " + tookMs + " ms");
        }
    }

    @Test
    void shouldSayWhatIsWrongWithAPathThatIsNoDirectory() throws IOException {
        Path file = directory.resolve("file");
        Files.writeString(file, "x");
        HotpairException e = assertThrows(HotpairException.class, () -> open(file));
        assertEquals(Category.LOG_FAILED, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains("expected a directory"), e.toString());
        HotpairException below =
                assertThrows(HotpairException.class, () -> open(file.resolve("below")));
        assertEquals(Category.LOG_FAILED, below.category());
    }

    @Test
    void shouldSayThatADirectoryCanNotBeWritten() throws IOException {
        Path readOnly = directory.resolve("read-only");
        Files.createDirectory(readOnly);
        Files.setPosixFilePermissions(readOnly, PosixFilePermissions.fromString("r-x------"));
        assumeTrue(!Files.isWritable(readOnly), "root can write everywhere");
        HotpairException e = assertThrows(HotpairException.class, () -> open(readOnly));
        assertEquals(Category.LOG_FAILED, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains("expected to be writable"));
    }

    @Test
    void shouldLetNobodyElseReadItsFiles() throws IOException {
        Path home = directory.resolve("a").resolve("home");
        AtomicLong clock = new AtomicLong(1_763_700_000_000L);
        try (OperationLog log =
                ChronicleLog.open(home, LogOptions.standard().withWallClock(clock::get))) {
            frames.append(log, 1, 5, 10);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 5, 10);
            log.cutAfter(7);
            try (Stream<Path> files = Files.walk(home)) {
                List<Path> all = files.toList();
                assertTrue(all.size() >= 10, all.toString());
                for (Path file : all) {
                    String expected = Files.isDirectory(file) ? "rwx------" : "rw-------";
                    assertEquals(
                            expected,
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                            file.toString());
                }
            }
        }
    }

    @Test
    void shouldLeaveNoHandleMappingOrThreadBehind() throws Exception {
        AtomicLong clock = new AtomicLong(1_763_700_000_000L);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        for (int i = 0; i < 50; i++) {
            OperationLog log = ChronicleLog.open(directory, options);
            OperationSource source = log.openSource();
            frames.append(log, 1, 3, 1000);
            if (i % 10 == 0) {
                clock.addAndGet(Segment.CYCLE_MS);
                frames.append(log, 1, 3, 1000);
            }
            TestFrames.readAll(source);
            log.close();
            assertEquals(List.of(), TestFiles.handles(directory));
        }
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (hasChronicleThread()) {
            assertTrue(
                    System.nanoTime() < deadlineNs, Thread.getAllStackTraces().keySet()::toString);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /**
     * Chronicle's thread cleans up behind itself by reflection on what is closed to it, once it has
     * done a round.
     */
    @Test
    void shouldEndChroniclesThreadsWithoutAnException() throws Exception {
        List<String> flags = new ArrayList<>(ChildJvm.requiredFlags());
        flags.add("-Dchronicle.disk.monitor.period=1");
        try (ChildJvm child =
                ChildJvm.start(flags, ChildMain.class, "close", directory.toString())) {
            child.await("closed");
            assertEquals(0, child.awaitExit());
            List<String> thrown =
                    child.output().stream()
                            .filter(line -> line.contains("Exception") || line.startsWith("\tat"))
                            .toList();
            assertEquals(List.of(), thrown);
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenItCanNotBeOpened() throws Exception {
        try (OperationLog log = open(directory)) {
            frames.append(log, 1, 3, 1000);
        }
        Path segment = TestFiles.lastSegment(directory);
        TestFiles.flipBit(segment, TestFiles.frameHeaders(segment).get(0) + 100, 1);
        for (int i = 0; i < 3; i++) {
            HotpairException e = assertThrows(HotpairException.class, () -> open(directory));
            assertEquals(Category.CORRUPTION, e.category());
            assertEquals(List.of(), TestFiles.handles(directory));
        }
    }

    private static boolean hasChronicleThread() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(t -> t.getName().contains("~"));
    }

    private static URL[] classPath() {
        String path =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .map(OwnershipTest::url)
                .toArray(URL[]::new);
    }

    private static URL url(String path) {
        try {
            return Path.of(path).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    private ChildJvm child(String what) throws IOException {
        return ChildJvm.start(
                ChildJvm.requiredFlags(), ChildMain.class, what, directory.toString());
    }

    private static OperationLog open(Path home) {
        return new ChronicleLogProvider().open(home);
    }
}
