package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.BackupOptions;
import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.Keyspace;
import io.hotpair.SavedSnapshot;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationSource;
import io.hotpair.topology.Lease;
import io.hotpair.topology.Member;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Replication;
import io.hotpair.topology.ReplicationSession;
import io.hotpair.topology.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes whose logs begin later than their history: they follow, part, and meet again. */
@Timeout(120)
class SnapshotPairTest {
    @TempDir Path directory;

    private final TestClock clock = new TestClock();
    private final List<Keyspace> opened = new ArrayList<>();
    private Node a;
    private Node b;

    /** A keyspace whose roles the test decides. */
    private final class Node implements Replication, ReplicationSession {
        private final Path home;
        private final Keyspace keyspace;
        private @Nullable ReplicatedKeyspace steered;

        Node(String name) {
            home = directory.resolve(name);
            TestLogProvider.use(home, LogOptions.standard().withWallClock(clock::currentTimeMs));
            keyspace =
                    Keyspace.open(
                            Keyspace.builder()
                                    .directory(home)
                                    .maxMemory(256L << 20)
                                    .forceInterval(Duration.ofMillis(10))
                                    .snapshots(
                                            SnapshotOptions.defaults()
                                                    .onDemand()
                                                    .withRetentionBytes(1))
                                    // One that is being made holds the log.
                                    .backups(BackupOptions.defaults().onDemand())
                                    .clock(clock)
                                    .replication(this)
                                    .build());
            opened.add(keyspace);
        }

        @Override
        public ReplicationSession start(ReplicatedKeyspace replicated) {
            steered = replicated;
            return this;
        }

        ReplicatedKeyspace steered() {
            return Objects.requireNonNull(steered);
        }

        @Override
        public String nodeName() {
            return String.valueOf(home.getFileName());
        }

        @Override
        public long term() {
            return 0;
        }

        @Override
        public long fullCopyCount() {
            return 0;
        }

        @Override
        public Role role() {
            return Role.REPLICA;
        }

        @Override
        public @Nullable Member master() {
            return null;
        }

        @Override
        public List<Member> members() {
            return List.of();
        }

        @Override
        public void close() {
            // Nothing of its own.
        }

        void promote(long term) {
            steered().promote(term, Lease.permanent(Clock.SYSTEM));
        }

        long lastOpId() {
            return steered().log().lastOpId();
        }

        SavedSnapshot save() {
            return keyspace.saveSnapshot().join();
        }

        /** Begins anew with the newest snapshot of another node. */
        Path copy(Node master, long sharedOpId) {
            return TestSnapshots.send(
                    master.steered().log(),
                    steered().log(),
                    receiver ->
                            steered()
                                    .replaceWith(
                                            receiver,
                                            master.steered().log().lineage(),
                                            sharedOpId,
                                            () -> {}));
        }

        /** Takes what another node has and this one has not. */
        void follow(Node master) {
            FrameBuffer frame = new FrameBuffer();
            try (OperationSource source = master.steered().log().openSource()) {
                source.seekAfter(lastOpId());
                while (source.poll(frame)) {
                    steered().apply(frame);
                }
            }
        }
    }

    @BeforeEach
    void openBoth() {
        a = new Node("a");
        b = new Node("b");
    }

    @AfterEach
    void closeAll() {
        opened.forEach(Keyspace::close);
    }

    private static void write(Node node, RandomWrites writes, int count) {
        writes.apply(node.keyspace, count);
    }

    /** Two snapshots in a segment that is not the first one, so that the first one goes. */
    private void shorten(Node node, Runnable writing) {
        clock.advance(Duration.ofHours(1));
        writing.run();
        node.save();
        writing.run();
        node.save();
        awaitShorterLog(node);
    }

    /** What was not forced yet stays: asked for what is there already, it is looked at again. */
    private static void awaitShorterLog(Node node) {
        long giveUpNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (node.steered().log().firstOpId() == 1) {
            assertTrue(System.nanoTime() - giveUpNs < 0, "the log is as long as before");
            SavedSnapshot unused = node.save();
        }
    }

    @Test
    void shouldResumeFromAMasterWhoseLogBeginsLater() {
        RandomWrites writes = new RandomWrites(1);
        a.promote(1);
        write(a, writes, 2_000);
        b.follow(a);
        long resumed = b.lastOpId();
        shorten(a, () -> write(a, writes, 1_000));
        assertTrue(resumed >= a.steered().log().firstOpId() - 1);
        b.follow(a);
        assertEquals(a.keyspace.digest(), b.keyspace.digest());
        // A node that knows nothing is told so.
        Node c = new Node("c");
        HotpairException e = assertThrows(HotpairException.class, () -> c.follow(a));
        assertEquals(Category.NOT_RETAINED, e.category());
    }

    @Test
    void shouldBringInANodeByACopyOfTheLogDirectory() throws IOException {
        RandomWrites writes = new RandomWrites(8);
        a.promote(1);
        write(a, writes, 2_000);
        shorten(a, () -> write(a, writes, 1_000));
        String digest = a.keyspace.digest();
        Path copied = directory.resolve("c");
        Files.createDirectory(copied);
        a.keyspace.close();
        TestFiles.copyTree(directory.resolve("a").resolve("log"), copied.resolve("log"));
        Node c = new Node("c");
        assertEquals(digest, c.keyspace.digest());
        Node again = new Node("a");
        again.promote(2);
        write(again, writes, 100);
        c.follow(again);
        assertEquals(again.keyspace.digest(), c.keyspace.digest());
    }

    @Test
    void shouldCutAndFollowAgainWhenItsLogBeginsLater() {
        RandomWrites writes = new RandomWrites(3);
        a.promote(1);
        write(a, writes, 2_000);
        b.follow(a);
        shorten(
                a,
                () -> {
                    write(a, writes, 1_000);
                    b.follow(a);
                });
        a.keyspace.put("deleted", "later");
        write(a, writes, 500);
        b.follow(a);
        long common = a.lastOpId();
        String digest = a.keyspace.digest();
        // The old master goes on alone, and saves a snapshot of what nobody else has.
        RandomWrites lonely = new RandomWrites(4);
        write(a, lonely, 1_500);
        a.keyspace.delete("deleted");
        SavedSnapshot dead = a.save();
        write(a, lonely, 100);
        b.promote(2);
        write(b, writes, 500);
        a.steered().demote();
        a.steered().rewindTo(common);
        assertEquals(digest, a.keyspace.digest());
        assertEquals("later", a.keyspace.get("deleted"));
        assertTrue(a.keyspace.savedSnapshots().stream().allMatch(s -> s.opId() <= common));
        assertTrue(dead.opId() > common);
        a.follow(b);
        assertEquals(b.keyspace.digest(), a.keyspace.digest());
        assertEquals(b.lastOpId(), a.save().opId());
        String last = a.keyspace.digest();
        a.keyspace.close();
        assertEquals(last, new Node("a").keyspace.digest());
    }

    @Test
    void shouldSayWhatToDoWhenTheCutLiesBeforeEverySnapshot() {
        RandomWrites writes = new RandomWrites(5);
        a.promote(1);
        write(a, writes, 2_000);
        clock.advance(Duration.ofHours(1));
        write(a, writes, 100);
        long common = a.lastOpId();
        write(a, writes, 100);
        a.save();
        write(a, writes, 100);
        a.save();
        awaitShorterLog(a);
        a.steered().demote();
        String digest = a.keyspace.digest();
        long lastOpId = a.lastOpId();
        HotpairException e =
                assertThrows(HotpairException.class, () -> a.steered().rewindTo(common));
        assertEquals(Category.NOT_RETAINED, e.category());
        assertTrue(
                String.valueOf(e.getMessage())
                        .contains("put a copy of another node's directory log"),
                e.getMessage());
        // Nothing was touched.
        assertNull(a.steered().logFailure());
        assertEquals(lastOpId, a.lastOpId());
        assertEquals(digest, a.keyspace.digest());
    }

    @Test
    void shouldSaveOnAReplicaWhatItHasWhileItFollows() throws Exception {
        RandomWrites writes = new RandomWrites(6);
        a.promote(1);
        write(a, writes, 300);
        b.follow(a);
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            Future<?> following =
                    threads.submit(
                            () -> {
                                while (!stop.get()) {
                                    b.follow(a);
                                }
                            });
            List<Path> saved = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                write(a, writes, 300);
                Path file = b.save().file();
                Path copy = directory.resolve(String.valueOf(file.getFileName()));
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                saved.add(copy);
            }
            stop.set(true);
            following.get();
            b.follow(a);
            String digest = a.keyspace.digest();
            b.keyspace.close();
            // Each of them, with the log after it, gives the same.
            for (int i = 0; i < saved.size(); i += 4) {
                assertEquals(digest, digestFrom(saved.get(i)));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void shouldReplaceLogAndMemoryByACopy() throws IOException {
        RandomWrites writes = new RandomWrites(11);
        a.promote(1);
        write(a, writes, 2_000);
        b.follow(a);
        // The old master of a term that nobody knows of: newer opIds, other keys, tombstones.
        a.keyspace.put("shared", "by both");
        b.follow(a);
        long common = b.lastOpId();
        RandomWrites lonely = new RandomWrites(12);
        b.promote(2);
        b.keyspace.delete("shared");
        b.keyspace.put("lonely", "until then");
        write(b, lonely, 9_000);
        b.steered().demote();
        a.steered().demote();
        a.promote(3);
        shorten(a, () -> write(a, writes, 1_000));
        SavedSnapshot shown = a.save();
        write(a, writes, 500);
        assertTrue(b.lastOpId() > a.lastOpId());
        Path tail = b.copy(a, common);
        assertTrue(Files.exists(tail.resolve(DivergentTail.FRAMES)), tail.toString());
        assertEquals(shown.opId(), b.lastOpId());
        assertEquals("by both", b.keyspace.get("shared"));
        assertNull(b.keyspace.get("lonely"));
        b.follow(a);
        assertEquals(a.keyspace.digest(), b.keyspace.digest());
        assertEquals(a.keyspace.statistics().keyCount(), b.keyspace.statistics().keyCount());
        assertEquals(a.lastOpId(), b.keyspace.statistics().loggedOpId());
        assertEquals(a.lastOpId(), b.save().opId());
        // As good as any other: it takes over, and is the same when it is opened again.
        a.steered().demote();
        b.promote(4);
        write(b, writes, 500);
        a.follow(b);
        assertEquals(b.keyspace.digest(), a.keyspace.digest());
        String digest = b.keyspace.digest();
        b.keyspace.close();
        assertEquals(digest, new Node("b").keyspace.digest());
    }

    /** What a reader sees of many keys at once is one state or the other, or a refusal. */
    @Test
    void shouldShowTheOldStateOrTheNewOneOrNoneWhileItIsReplaced() throws Exception {
        int keys = 4_000;
        a.promote(1);
        writeAll(a, keys, "old");
        b.follow(a);
        writeAll(a, keys, "new");
        a.save();
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<List<String>>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                long seed = i;
                readers.add(threads.submit(() -> statesSeen(b.keyspace, keys, seed, stop)));
            }
            b.copy(a, b.lastOpId());
            stop.set(true);
            int refusals = 0;
            for (Future<List<String>> reader : readers) {
                List<String> seen = reader.get();
                assertTrue(
                        List.of("old", "new").containsAll(seen)
                                || seen.equals(List.of("old", "LOADING", "new"))
                                || seen.equals(List.of("old", "LOADING"))
                                || seen.equals(List.of("LOADING", "new")),
                        seen.toString());
                refusals += seen.contains("LOADING") ? 1 : 0;
            }
            assertTrue(refusals > 0, "no reader met the load");
            assertEquals(a.keyspace.digest(), b.keyspace.digest());
        } finally {
            threads.shutdownNow();
        }
    }

    private static void writeAll(Node node, int keys, String value) {
        for (int i = 0; i < keys; i++) {
            node.keyspace.put("k" + i, value);
        }
    }

    /** The states that were seen, one after the other, each once until another came. */
    private static List<String> statesSeen(
            Keyspace keyspace, int keys, long seed, AtomicBoolean stop) {
        Random random = new Random(seed);
        List<String> seen = new ArrayList<>();
        while (!stop.get()) {
            String state = stateOf(keyspace, random, keys);
            if (seen.isEmpty() || !seen.get(seen.size() - 1).equals(state)) {
                seen.add(state);
            }
        }
        return seen;
    }

    private static String stateOf(Keyspace keyspace, Random random, int keys) {
        try {
            Set<String> values =
                    keyspace.transaction(
                            view -> {
                                Set<String> found = new TreeSet<>();
                                for (int i = 0; i < 20; i++) {
                                    byte[] key = ("k" + random.nextInt(keys)).getBytes(UTF_8);
                                    byte[] value = view.get(key);
                                    found.add(value == null ? "nothing" : new String(value, UTF_8));
                                }
                                return found;
                            });
            return String.join(" and ", values);
        } catch (HotpairException e) {
            return e.category().toString();
        }
    }

    @Test
    void shouldGoOnWithTheCopyWhenItIsOpenedAgainAfterALoadThatWasAbandoned() {
        RandomWrites writes = new RandomWrites(13);
        a.promote(1);
        write(a, writes, 2_000);
        b.follow(a);
        write(a, writes, 2_000);
        SavedSnapshot shown = a.save();
        String digest = a.keyspace.digest();
        AtomicInteger steps = new AtomicInteger();
        assertThrows(
                CancellationException.class,
                () ->
                        TestSnapshots.send(
                                a.steered().log(),
                                b.steered().log(),
                                receiver ->
                                        b.steered()
                                                .replaceWith(
                                                        receiver,
                                                        a.steered().log().lineage(),
                                                        b.lastOpId(),
                                                        () -> {
                                                            if (steps.incrementAndGet() > 1) {
                                                                throw new CancellationException();
                                                            }
                                                        })));
        // Half a state is shown to nobody, built upon by nobody, and never a master's.
        assertCategory(Category.LOADING, () -> b.keyspace.get("s1"));
        assertCategory(Category.LOADING, () -> b.keyspace.put("s1", "x"));
        assertCategory(Category.LOADING, () -> b.promote(2));
        assertCategory(Category.LOADING, () -> b.steered().rewindTo(shown.opId()));
        assertNull(b.steered().logFailure());
        assertEquals(shown.opId(), b.lastOpId());
        b.keyspace.close();
        Node again = new Node("b");
        assertEquals(digest, again.keyspace.digest());
        again.follow(a);
        assertEquals(a.lastOpId(), again.lastOpId());
    }

    private static void assertCategory(Category category, Executable call) {
        assertEquals(category, assertThrows(HotpairException.class, call).category());
    }

    /** Opens a copy of the replica that has no other snapshot. */
    private String digestFrom(Path snapshot) throws IOException {
        Path copy = directory.resolve("copy");
        TestFiles.copyTree(directory.resolve("b"), copy);
        Path snapshots = copy.resolve("log").resolve(SnapshotDirectory.DIRECTORY);
        Directories.deleteTree(snapshots);
        Files.createDirectory(snapshots);
        Files.copy(snapshot, snapshots.resolve(String.valueOf(snapshot.getFileName())));
        try (Keyspace keyspace =
                Keyspace.open(Keyspace.builder().directory(copy).maxMemory(256L << 20).build())) {
            assertEquals(1, keyspace.savedSnapshots().size());
            return keyspace.digest();
        } finally {
            Directories.deleteTree(copy);
        }
    }
}
