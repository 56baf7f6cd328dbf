package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.hotpair.PublicOperations.Operation;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From opening to closing, and what comes afterwards. */
@Timeout(300)
class LifecycleTest {
    private static final int TIMES = Integer.getInteger("hotpair.lifecycle.times", 500);

    /** What ends a use, and answers that need neither memory nor log. */
    private static final Set<String> ANSWERED_WHEN_CLOSED =
            Set.of(
                    "close",
                    "removeChangeListener",
                    "removeWriteListener",
                    "origin",
                    "whenAcknowledged",
                    "hasten",
                    "keepExpired",
                    "readTrace",
                    "vouches",
                    "acknowledgement",
                    "config",
                    "lastOpId",
                    "lastTerm",
                    "statistics",
                    "keyCount",
                    "deadlineCount",
                    "isUnused",
                    "term",
                    "topology");

    private final Path directory = Path.of("memory", UUID.randomUUID().toString());
    private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());

    private KeyspaceBuilder builder(boolean logged) {
        KeyspaceBuilder builder =
                Keyspace.builder()
                        .maxMemory(16 << 20)
                        .threadFactory(
                                task -> {
                                    Thread thread = new Thread(task, "of a keyspace");
                                    thread.setDaemon(true);
                                    threads.add(thread);
                                    return thread;
                                });
        return logged ? builder.directory(directory) : builder.inMemory();
    }

    // ---- use after close

    /** Anything but a refusal that has to do with the arguments. */
    private static void callOpen(Operation operation) {
        try {
            if (operation.call() instanceof Snapshot snapshot) {
                snapshot.close();
            }
        } catch (HotpairException e) {
            // Such as a group that is not there: as good an answer as any.
        } catch (Throwable e) {
            fail(operation + " does not take the arguments that this test gives", e);
        }
    }

    private static boolean ends(Operation operation) {
        return operation.method().getName().equals("close");
    }

    /** Gives something whose operations are among those that are tried. */
    private static boolean isView(Operation operation) {
        String type = operation.method().getReturnType().getSimpleName();
        return type.endsWith("Operations") || type.equals("Session");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldRefuseEveryOperationWhenClosed(boolean logged) throws Exception {
        Keyspace keyspace = Keyspace.open(builder(logged).build());
        List<Operation> operations = PublicOperations.of(keyspace);
        for (Operation operation : operations) {
            if (!ends(operation)) {
                callOpen(operation);
            }
        }
        Snapshot snapshot = keyspace.snapshot();
        keyspace.close();
        Set<String> answered = new TreeSet<>();
        for (Operation operation : operations) {
            try {
                Object unused = operation.call();
                if (!isView(operation)) {
                    answered.add(operation.method().getName());
                }
            } catch (IllegalStateException e) {
                // As it should be.
            } catch (Throwable e) {
                fail(operation.toString(), e);
            }
        }
        assertEquals(ANSWERED_WHEN_CLOSED, answered);
        assertThrows(IllegalStateException.class, () -> snapshot.forEach(operation -> {}));
        snapshot.close();
    }

    // ---- opened and closed many times

    /** Bytes of memory that this process has of the machine's; 0 where nobody says. */
    private static long residentBytes() throws IOException {
        Path file = Path.of("/proc/self/statm");
        return Files.exists(file)
                ? Long.parseLong(Files.readString(file).split(" ", 3)[1]) * 4096
                : 0;
    }

    private static long heapBytes() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static Object field(Object of, String name) throws ReflectiveOperationException {
        Class<?> type = of.getClass();
        while (true) {
            try {
                Field field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field.get(of);
            } catch (NoSuchFieldException e) {
                type = type.getSuperclass();
            }
        }
    }

    /** The regions of memory that a keyspace has not given back. */
    private static Map<?, ?> regions(Keyspace keyspace) throws ReflectiveOperationException {
        return (Map<?, ?>) field(field(field(field(keyspace, "core"), "engine"), "mem"), "regions");
    }

    /** Opens, uses all that may leave something behind, and closes. */
    private WeakReference<Keyspace> openAndClose(boolean logged, int round) throws Exception {
        Keyspace keyspace = Keyspace.open(builder(logged).build());
        Map<?, ?> regions = regions(keyspace);
        assertFalse(regions.isEmpty());
        keyspace.put("k" + round % 10, "v".repeat(2_000));
        keyspace.put("large", "v".repeat(logged ? 10_000 : 2_000_000));
        Session session = keyspace.session();
        for (int i = 0; i < 40; i++) {
            session.hashes().hset(new byte[] {'h'}, new byte[] {(byte) i}, new byte[100]);
        }
        Snapshot snapshot = keyspace.snapshot();
        keyspace.put("large", "v");
        keyspace.addChangeListener((key, event, opId) -> {});
        List<CompletableFuture<?>> waiting = new ArrayList<>();
        byte[] key = {'l'};
        waiting.add(keyspace.lists().blpopAsync(Duration.ZERO, key));
        waiting.add(keyspace.lists().blpopAsync(Duration.ofHours(1), key));
        waiting.add(keyspace.streams().xreadAsync(Duration.ZERO, 0, StreamPosition.added(key)));
        waiting.add(keyspace.whenAvailable(List.of(key), () -> keyspace.lists().lpop(key)));
        keyspace.close();
        for (CompletableFuture<?> future : waiting) {
            assertInstanceOf(
                    IllegalStateException.class,
                    assertThrows(CompletionException.class, future::join).getCause());
        }
        snapshot.close();
        assertEquals(0, regions.size(), "regions that were not given back");
        return new WeakReference<>(keyspace);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLeaveNothingOfAnyObjectBehind(boolean logged) throws Exception {
        for (int i = 0; i < TIMES / 20; i++) {
            openAndClose(logged, i);
        }
        Set<Thread> threadsBefore = Thread.getAllStackTraces().keySet();
        long heapBefore = heapBytes();
        List<WeakReference<Keyspace>> keyspaces = new ArrayList<>();
        for (int i = 0; i < TIMES / 5; i++) {
            keyspaces.add(openAndClose(logged, i));
        }
        for (Thread thread : threads) {
            assertFalse(thread.isAlive(), thread + " is left");
        }
        await(
                () ->
                        threadsBefore.containsAll(Thread.getAllStackTraces().keySet())
                                ? ""
                                : "threads: " + Thread.getAllStackTraces().keySet());
        threads.clear();
        await(
                () -> {
                    System.gc();
                    long left =
                            keyspaces.stream().filter(keyspace -> keyspace.get() != null).count();
                    return left == 0 ? "" : left + " keyspaces are still reachable";
                });
        long heapMore = heapBytes() - heapBefore;
        // What a log holds is kept for the next one that opens it, in these tests.
        assertTrue(heapMore < (logged ? TIMES * (64L << 10) : 8 << 20), "heapMore=" + heapMore);
    }

    /** In a JVM whose heap takes no memory of the machine that it has not got from the start. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveAllMemoryBackToTheMachine(boolean logged) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xms256m",
                                "-Xmx256m",
                                "-XX:+AlwaysPreTouch",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Program.class.getName(),
                                String.valueOf(logged))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertEquals(0, process.waitFor());
        // Each has at least a mebibyte of its own.
        assertTrue(Long.parseLong(out) < TIMES * (128L << 10), "residentMore=" + out);
    }

    /** What the child JVM does; it prints how much more memory it has in the end. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            LifecycleTest test = new LifecycleTest();
            boolean logged = Boolean.parseBoolean(args[0]);
            for (int i = 0; i < TIMES / 5; i++) {
                test.openAndForget(logged, i);
            }
            long before = residentBytes();
            for (int i = 0; i < TIMES; i++) {
                test.openAndForget(logged, i);
            }
            System.out.println(residentBytes() - before);
        }
    }

    /** On some Javas, a thread that has ended keeps its task, and the task its keyspace. */
    private void openAndForget(boolean logged, int round) throws Exception {
        openAndClose(logged, round);
        threads.clear();
    }

    /** Waits until there is nothing to complain of. */
    private static void await(Supplier<String> complaint) {
        long startNs = System.nanoTime();
        while (!complaint.get().isEmpty()) {
            if (System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(20)) {
                fail(complaint.get());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void shouldGiveMemoryBackWhenItsOwnThreadClosesIt() throws Exception {
        Keyspace keyspace = Keyspace.open(builder(false).build());
        CompletableFuture<Thread> closed =
                keyspace.lists()
                        .blpopAsync(Duration.ofMillis(20), new byte[] {'l'})
                        .thenApply(
                                popped -> {
                                    keyspace.close();
                                    return Thread.currentThread();
                                });
        assertTrue(threads.contains(closed.get(5, TimeUnit.SECONDS)));
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(0, regions(keyspace).size(), "regions that were not given back");
    }

    // ---- interrupts

    /** What an operation gives, as text that is the same for equal results. */
    private static String shown(Operation operation, boolean interrupted) throws Throwable {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Object result;
        try {
            result = operation.call();
        } catch (HotpairException e) {
            result = e.toString();
        } finally {
            assertEquals(interrupted, Thread.interrupted(), operation + " changed the flag");
        }
        if (result instanceof Snapshot snapshot) {
            snapshot.close();
        }
        if (result instanceof DeadlineHold hold) {
            // A keyspace has one at a time.
            hold.close();
            return "held";
        }
        return result instanceof CompletableFuture<?> future ? shown(future) : text(result);
    }

    private static String shown(CompletableFuture<?> future) throws Exception {
        try {
            return text(future.get(20, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return String.valueOf(e.getCause());
        }
    }

    /**
     * Its answer depends on a secret of each keyspace, on what else there is in the JVM, or on
     * whether what has expired has been removed yet.
     */
    private static boolean isOwn(Operation operation) {
        return Set.of("scan", "randomKey", "config", "statistics", "memoryReport", "keyCount")
                .contains(operation.method().getName());
    }

    /** The wall clock stands still, so that two keyspaces say the same. */
    private static final class SameMoment implements Clock {
        @Override
        public long currentTimeMs() {
            return 1_700_000_000_000L;
        }

        @Override
        public long nanoTime() {
            return SYSTEM.nanoTime();
        }
    }

    private Keyspace open(boolean logged, Path where) {
        KeyspaceBuilder builder = builder(logged).clock(new SameMoment());
        return Keyspace.open((logged ? builder.directory(where) : builder).build());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @SuppressWarnings("try") // To close is one of the things that are tried.
    void shouldDoTheSameWithTheInterruptFlagUp(boolean logged) throws Throwable {
        Path other = Path.of("memory", UUID.randomUUID().toString());
        Thread.currentThread().interrupt();
        try (Keyspace interrupted = open(logged, directory)) {
            assertTrue(Thread.interrupted());
            String digest;
            try (Keyspace undisturbed = open(logged, other)) {
                List<Operation> expected = PublicOperations.of(undisturbed);
                List<Operation> actual = PublicOperations.of(interrupted);
                // Twice, so that most find something that the first round has left.
                for (int round = 0; round < 2; round++) {
                    for (int i = 0; i < actual.size(); i++) {
                        same(expected.get(i), actual.get(i));
                    }
                }
                digest = undisturbed.digest();
            }
            assertEquals(digest, interrupted.digest());
            Thread.currentThread().interrupt();
            interrupted.close();
            assertTrue(Thread.interrupted());
            if (logged) {
                Thread.currentThread().interrupt();
                try (Keyspace again = open(true, directory)) {
                    assertTrue(Thread.interrupted());
                    assertEquals(digest, again.digest());
                }
            }
        } finally {
            boolean unused = Thread.interrupted();
        }
    }

    private static void same(Operation expected, Operation actual) throws Throwable {
        if (ends(actual)) {
            return;
        }
        String undisturbed = shown(expected, false);
        String interrupted = shown(actual, true);
        if (!isOwn(actual)) {
            assertEquals(undisturbed, interrupted, actual::toString);
        }
    }

    private static String text(@Nullable Object result) {
        return Judge.show(result).replaceAll("@[0-9a-f]+", "");
    }
}
