package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException.Category;
import io.hotpair.log.MemoryLogProvider;
import io.hotpair.topology.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands that wait, one at a time. */
@Timeout(60)
class BlockingTest extends TypeTest {
    private static final Duration FOR_EVER = Duration.ZERO;
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final byte[] A = bytes("a");
    private static final byte[] B = bytes("b");
    private static final byte[] GROUP = bytes("g");
    private static final byte[] ME = bytes("me");

    /** A command that waits for A, in both its forms. */
    private record Form(
            String name,
            Function<Keyspace, @Nullable Object> waiting,
            Function<Keyspace, CompletableFuture<?>> async) {}

    private static List<Form> forms(Duration timeout) {
        return List.of(
                new Form(
                        "blpop",
                        k -> k.lists().blpop(timeout, A, B),
                        k -> k.lists().blpopAsync(timeout, A, B)),
                new Form(
                        "brpop",
                        k -> k.lists().brpop(timeout, A, B),
                        k -> k.lists().brpopAsync(timeout, A, B)),
                new Form(
                        "blmpop",
                        k -> k.lists().blmpop(timeout, ListEnd.LEFT, 2, A, B),
                        k -> k.lists().blmpopAsync(timeout, ListEnd.LEFT, 2, A, B)),
                new Form(
                        "blmove",
                        k -> k.lists().blmove(timeout, A, B, ListEnd.LEFT, ListEnd.LEFT),
                        k -> k.lists().blmoveAsync(timeout, A, B, ListEnd.LEFT, ListEnd.LEFT)),
                new Form(
                        "brpopLpush",
                        k -> k.lists().brpopLpush(timeout, A, B),
                        k -> k.lists().brpopLpushAsync(timeout, A, B)),
                new Form(
                        "bzpopmin",
                        k -> k.sortedSets().bzpopmin(timeout, A, B),
                        k -> k.sortedSets().bzpopminAsync(timeout, A, B)),
                new Form(
                        "bzpopmax",
                        k -> k.sortedSets().bzpopmax(timeout, A, B),
                        k -> k.sortedSets().bzpopmaxAsync(timeout, A, B)),
                new Form(
                        "bzmpop",
                        k -> k.sortedSets().bzmpop(timeout, new byte[][] {A, B}, true, 2),
                        k -> k.sortedSets().bzmpopAsync(timeout, new byte[][] {A, B}, true, 2)),
                new Form(
                        "xread",
                        k -> k.streams().xread(timeout, 0, StreamPosition.added(A)),
                        k -> k.streams().xreadAsync(timeout, 0, StreamPosition.added(A))));
    }

    private static void await(BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20));
            LockSupport.parkNanos(50_000);
        }
    }

    /** Runs something in a thread, and returns when it waits. */
    private static <R> FutureTask<R> waiting(java.util.concurrent.Callable<R> command) {
        return waiting(new Thread[1], command);
    }

    private static <R> FutureTask<R> waiting(
            Thread[] into, java.util.concurrent.Callable<R> command) {
        FutureTask<R> task = new FutureTask<>(command);
        Thread thread = new Thread(task);
        into[0] = thread;
        thread.start();
        await(
                () ->
                        thread.getState() == Thread.State.WAITING
                                || thread.getState() == Thread.State.TIMED_WAITING);
        return task;
    }

    private static Category categoryOf(@Nullable Throwable failure) {
        return assertInstanceOf(HotpairException.class, failure).category();
    }

    private static @Nullable Throwable failureOf(java.util.concurrent.Future<?> future) {
        return assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS))
                .getCause();
    }

    private static void assertNothing(@Nullable Object result, String name) {
        assertTrue(result == null || result.equals(List.of()), name);
    }

    @Test
    void shouldGiveNothingAfterItsTime() throws Exception {
        for (Form form : forms(SHORT)) {
            long startNs = System.nanoTime();
            assertNothing(form.waiting.apply(keyspace), form.name);
            assertTrue(System.nanoTime() - startNs >= SHORT.toNanos(), form.name);
            startNs = System.nanoTime();
            assertNothing(form.async.apply(keyspace).get(20, TimeUnit.SECONDS), form.name);
            assertTrue(System.nanoTime() - startNs >= SHORT.toNanos(), form.name);
        }
        keyspace.streams().xgroupCreate(A, GROUP, null, true, -1);
        StreamPosition position = StreamPosition.undelivered(A);
        StreamOperations streams = keyspace.streams();
        assertEquals(List.of(), streams.xreadGroup(SHORT, GROUP, ME, 0, false, position));
        assertEquals(
                List.of(),
                streams.xreadGroupAsync(SHORT, GROUP, ME, 0, false, position)
                        .get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        for (Form form : forms(Duration.ofNanos(-1))) {
            assertThrows(
                    IllegalArgumentException.class, () -> form.waiting.apply(keyspace), form.name);
            assertThrows(
                    IllegalArgumentException.class, () -> form.async.apply(keyspace), form.name);
        }
        ListOperations lists = keyspace.lists();
        assertThrows(IllegalArgumentException.class, () -> lists.blpop(SHORT));
        assertThrows(IllegalArgumentException.class, () -> lists.blmpop(SHORT, ListEnd.LEFT, 0, A));
        assertThrows(IllegalArgumentException.class, () -> lists.blpop(SHORT, new byte[70_000]));
        assertThrows(IllegalArgumentException.class, () -> keyspace.sortedSets().bzpopmin(SHORT));
        assertThrows(IllegalArgumentException.class, () -> keyspace.streams().xread(SHORT, 0));
    }

    @Test
    void shouldServeAThreadThatWaits() throws Exception {
        keyspace.put("other", "v");
        FutureTask<@Nullable PoppedElements> list =
                waiting(() -> keyspace.lists().blpop(Duration.ofDays(200_000), A, B));
        FutureTask<List<StreamBatch>> stream =
                waiting(() -> keyspace.streams().xread(FOR_EVER, 1, StreamPosition.added(A)));
        keyspace.lists().rpush(B, bytes("1"), bytes("2"));
        PoppedElements popped = Objects.requireNonNull(list.get(20, TimeUnit.SECONDS));
        assertArrayEquals(B, popped.key());
        assertEquals("1", text(popped.elements().get(0)));
        keyspace.streams().xadd(A, bytes("f"), bytes("v"));
        assertEquals(1, stream.get(20, TimeUnit.SECONDS).get(0).entries().size());
        assertEquals(1, keyspace.lists().llen(B));
    }

    @Test
    void shouldKeepItsKeysWhateverBecomesOfTheArrays() throws Exception {
        byte[] from = bytes("from");
        byte[] to = bytes("to");
        CompletableFuture<byte @Nullable []> moved =
                keyspace.lists().blmoveAsync(FOR_EVER, from, to, ListEnd.LEFT, ListEnd.LEFT);
        from[0] = 'x';
        to[0] = 'x';
        keyspace.lists().rpush(bytes("from"), bytes("1"));
        assertEquals("1", text(moved.get(20, TimeUnit.SECONDS)));
        assertEquals(1, keyspace.lists().llen(bytes("to")));
    }

    @Test
    void shouldNotWaitInATransaction() {
        for (Form form : forms(FOR_EVER)) {
            keyspace.transaction(
                    view -> {
                        assertNull(view.lists().blpop(FOR_EVER, A));
                        assertNull(view.lists().blpopAsync(FOR_EVER, A).join());
                        assertNull(view.sortedSets().bzpopmin(FOR_EVER, A));
                        assertEquals(
                                List.of(),
                                view.streams().xread(FOR_EVER, 0, StreamPosition.added(A)));
                        view.lists().rpush(A, bytes("1"));
                        assertNotNull(view.lists().blpop(FOR_EVER, A), form.name);
                        return true;
                    });
        }
        assertEquals(0, keyspace.lists().llen(A));
    }

    @Test
    void shouldTellASessionTheOperationThatTookSomethingForIt() throws Exception {
        Session session = keyspace.session();
        session.put(B, 0, 1, B, 0, 1, 0);
        assertNull(session.lists().blpop(SHORT, A));
        assertEquals(0, session.lastOpId());
        FutureTask<@Nullable PoppedElements> popped =
                waiting(() -> session.lists().blpop(FOR_EVER, A));
        keyspace.lists().rpush(A, bytes("1"), bytes("2"));
        assertNotNull(popped.get(20, TimeUnit.SECONDS));
        assertEquals(keyspace.statistics().lastOpId(), session.lastOpId());
        assertEquals(keyspace.term(), session.lastTerm());
        keyspace.lists().lpop(A);
        assertTrue(
                session.streams().xread(SHORT, 0, StreamPosition.added(A)).isEmpty(),
                "nothing was added");
        assertEquals(0, session.lastOpId());
    }

    @Test
    void shouldEndTheWaitOfAThreadThatIsInterrupted() throws Exception {
        Thread[] thread = new Thread[1];
        FutureTask<Boolean> interrupted =
                waiting(
                        thread,
                        () -> {
                            assertNull(keyspace.lists().blpop(FOR_EVER, A));
                            return Thread.interrupted();
                        });
        thread[0].interrupt();
        assertTrue(interrupted.get(20, TimeUnit.SECONDS));
        keyspace.lists().rpush(A, bytes("1"));
        assertEquals(1, keyspace.lists().llen(A));
        Thread.currentThread().interrupt();
        assertNotNull(keyspace.lists().blpop(FOR_EVER, A));
        assertTrue(Thread.currentThread().isInterrupted());
        assertNull(keyspace.lists().blpop(FOR_EVER, A));
        assertTrue(Thread.interrupted());
    }

    @Test
    void shouldEndEveryWaitWhenClosed() throws Exception {
        List<CompletableFuture<?>> futures = new ArrayList<>();
        List<FutureTask<@Nullable Object>> tasks = new ArrayList<>();
        for (Form form : forms(FOR_EVER)) {
            futures.add(form.async.apply(keyspace));
            tasks.add(waiting(() -> form.waiting.apply(keyspace)));
        }
        String digest = keyspace.digest();
        keyspace.close();
        for (int i = 0; i < tasks.size(); i++) {
            String name = forms(FOR_EVER).get(i).name;
            assertInstanceOf(IllegalStateException.class, failureOf(tasks.get(i)), name);
            assertInstanceOf(IllegalStateException.class, failureOf(futures.get(i)), name);
            Form form = forms(FOR_EVER).get(i);
            assertThrows(IllegalStateException.class, () -> form.waiting.apply(keyspace), name);
            assertThrows(IllegalStateException.class, () -> form.async.apply(keyspace), name);
        }
        open();
        assertEquals(digest, keyspace.digest());
    }

    private Keyspace replicated(Steering steering, Acknowledgement level, Duration timeout) {
        keyspace.close();
        MemoryLogProvider.of(directory);
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .directory(directory)
                                .maxMemory(64 << 20)
                                .replication(steering)
                                .acknowledgement(level)
                                .acknowledgementTimeout(timeout)
                                .build());
        return keyspace;
    }

    @Test
    void shouldEndEveryWaitWhenDemoted() throws Exception {
        Steering steering = new Steering();
        replicated(steering, Acknowledgement.LOG, Duration.ofSeconds(5));
        // A replica reads, and may wait for what comes from its master.
        assertEquals(List.of(), keyspace.streams().xread(SHORT, 0, StreamPosition.added(A)));
        assertEquals(
                Category.NOT_MASTER,
                assertThrows(HotpairException.class, () -> keyspace.lists().blpop(FOR_EVER, A))
                        .category());
        assertEquals(
                Category.NOT_MASTER,
                categoryOf(failureOf(keyspace.lists().blpopAsync(FOR_EVER, A))));
        steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
        List<CompletableFuture<?>> futures = new ArrayList<>();
        List<FutureTask<@Nullable Object>> tasks = new ArrayList<>();
        for (Form form : forms(FOR_EVER)) {
            futures.add(form.async.apply(keyspace));
            tasks.add(waiting(() -> form.waiting.apply(keyspace)));
        }
        steering.keyspace().demote();
        for (int i = 0; i < tasks.size(); i++) {
            assertEquals(Category.NOT_MASTER, categoryOf(failureOf(tasks.get(i))));
            assertEquals(Category.NOT_MASTER, categoryOf(failureOf(futures.get(i))));
        }
    }

    @Test
    void shouldNotAnswerForAMasterWhoseLeaseHasEnded() {
        Steering steering = new Steering();
        replicated(steering, Acknowledgement.LOG, Duration.ofSeconds(5));
        Lease lease = Lease.ended(Clock.SYSTEM);
        lease.extendTo(System.nanoTime() + 3_600_000_000_000L);
        steering.keyspace().promote(1, lease);
        FutureTask<@Nullable PoppedElements> waits =
                waiting(() -> keyspace.lists().blpop(Duration.ofSeconds(1), A));
        CompletableFuture<@Nullable PoppedElements> future = keyspace.lists().blpopAsync(SHORT, A);
        lease.end();
        assertEquals(Category.NOT_MASTER, categoryOf(failureOf(future)));
        assertEquals(Category.NOT_MASTER, categoryOf(failureOf(waits)));
    }

    @Test
    void shouldWaitOnWhileWritesAreRefused() throws Exception {
        Steering steering = new Steering();
        replicated(steering, Acknowledgement.LOG, Duration.ofSeconds(5));
        steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
        CompletableFuture<@Nullable PoppedElements> first =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        AtomicBoolean refusesNext = new AtomicBoolean(true);
        // Refuses between the change and the service of those who wait for it.
        keyspace.addChangeListener(
                (key, event, opId) -> {
                    if (refusesNext.getAndSet(false)) {
                        steering.keyspace().refuseWrites("expected 2 in sync");
                    }
                });
        keyspace.lists().rpush(A, bytes("1"));
        assertFalse(first.isDone());
        assertEquals(
                Category.NOT_ENOUGH_REPLICAS,
                categoryOf(failureOf(keyspace.lists().blpopAsync(FOR_EVER, A))));
        assertFalse(first.isDone());
        steering.keyspace().refuseWrites(null);
        assertNotNull(first.get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldGiveWhatWasTakenWhenItIsAcknowledged() throws Exception {
        Steering steering = new Steering();
        replicated(steering, Acknowledgement.PEER, Duration.ofMillis(300));
        steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
        Session pusher = keyspace.session();
        CompletableFuture<@Nullable PoppedElements> first =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        pusher.lists().rpush(A, bytes("1"));
        assertEquals(0, keyspace.lists().llen(A));
        assertFalse(first.isDone());
        assertFalse(first.cancel(false), "it was taken for this one");
        assertFalse(first.complete(null));
        steering.keyspace().commit(keyspace.statistics().lastOpId());
        assertNotNull(first.get(20, TimeUnit.SECONDS));
        CompletableFuture<@Nullable PoppedElements> second =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        FutureTask<@Nullable PoppedElements> third =
                waiting(() -> keyspace.lists().blpop(FOR_EVER, A));
        pusher.lists().rpush(A, bytes("2"), bytes("3"));
        assertEquals(Category.OUTCOME_UNKNOWN, categoryOf(failureOf(second)));
        assertEquals(Category.OUTCOME_UNKNOWN, categoryOf(failureOf(third)));
    }

    @Test
    void shouldServeALongChainOfMoves() throws Exception {
        int length = 20_000;
        for (int i = 0; i < length; i++) {
            CompletableFuture<byte @Nullable []> unused =
                    keyspace.lists()
                            .blmoveAsync(
                                    FOR_EVER,
                                    bytes("k" + i),
                                    bytes("k" + (i + 1)),
                                    ListEnd.LEFT,
                                    ListEnd.LEFT);
        }
        CompletableFuture<@Nullable PoppedElements> last =
                keyspace.lists().blpopAsync(FOR_EVER, bytes("k" + length));
        keyspace.lists().rpush(bytes("k0"), bytes("1"));
        assertNotNull(last.get(20, TimeUnit.SECONDS));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldLetOthersEndTheWaitByTheFuture() {
        CompletableFuture<@Nullable PoppedElements> cancelled =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        CompletableFuture<@Nullable PoppedElements> completed =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        CompletableFuture<@Nullable PoppedElements> late =
                keyspace.lists().blpopAsync(FOR_EVER, A).orTimeout(1, TimeUnit.MILLISECONDS);
        CompletableFuture<@Nullable PoppedElements> defaulted =
                keyspace.lists()
                        .blpopAsync(FOR_EVER, A)
                        .completeOnTimeout(null, 1, TimeUnit.MILLISECONDS);
        CompletableFuture<@Nullable PoppedElements> supplied =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        CompletableFuture<@Nullable PoppedElements> unused = supplied.completeAsync(() -> null);
        assertTrue(cancelled.cancel(true));
        assertTrue(cancelled.cancel(true));
        assertTrue(completed.complete(null));
        assertFalse(completed.complete(null));
        assertThrows(UnsupportedOperationException.class, () -> late.obtrudeValue(null));
        await(() -> late.isDone() && defaulted.isDone() && supplied.isDone());
        assertTrue(late.isCompletedExceptionally());
        assertThrows(CancellationException.class, cancelled::join);
        keyspace.lists().rpush(A, bytes("1"));
        assertEquals(1, keyspace.lists().llen(A));
    }

    @Test
    void shouldNotStopForWhatFollowsAnEnd() throws Exception {
        try (Keyspace own = Keyspace.open(Keyspace.builder().inMemory().build())) {
            CompletableFuture<@Nullable String> second =
                    own.lists()
                            .blpopAsync(FOR_EVER, A)
                            .thenApply(
                                    popped -> {
                                        // Waits, against all advice, for what comes next.
                                        PoppedElements next =
                                                own.lists().blpop(Duration.ofSeconds(20), A);
                                        return text(Objects.requireNonNull(next).elements().get(0));
                                    });
            FutureTask<Long> pusher = waiting(() -> own.lists().rpush(A, bytes("1")));
            assertFalse(second.isDone());
            own.lists().rpush(A, bytes("2"));
            assertEquals("2", second.get(20, TimeUnit.SECONDS));
            assertEquals(1, pusher.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void shouldNotHoldUpWhoeverAcknowledgesByWhatFollows() throws Exception {
        Steering steering = new Steering();
        replicated(steering, Acknowledgement.PEER, Duration.ofSeconds(20));
        steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
        CompletableFuture<Thread> completer =
                keyspace.lists()
                        .blpopAsync(FOR_EVER, A)
                        .thenApply(popped -> Thread.currentThread());
        keyspace.session().lists().rpush(A, bytes("1"));
        // As the thread does that writes the log, or hears from the peer.
        steering.keyspace().commit(keyspace.statistics().lastOpId());
        assertNotSame(Thread.currentThread(), completer.get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldLetNobodyComeBeforeThoseWhoWait() throws Exception {
        List<CompletableFuture<@Nullable PoppedElements>> late = new ArrayList<>();
        CompletableFuture<@Nullable PoppedElements> first =
                keyspace.lists().blpopAsync(FOR_EVER, A);
        AtomicBoolean comes = new AtomicBoolean(true);
        // Comes between the change and the service of those who wait for it.
        keyspace.addChangeListener(
                (key, event, opId) -> {
                    if (comes.getAndSet(false)) {
                        late.add(keyspace.lists().blpopAsync(FOR_EVER, A));
                    }
                });
        keyspace.lists().rpush(A, bytes("1"));
        assertEquals("1", text(popped(first)));
        assertFalse(late.get(0).isDone());
        keyspace.lists().rpush(A, bytes("2"));
        assertEquals("2", text(popped(late.get(0))));
    }

    private static byte[] popped(CompletableFuture<@Nullable PoppedElements> future)
            throws Exception {
        return Objects.requireNonNull(future.get(20, TimeUnit.SECONDS)).elements().get(0);
    }

    @Test
    void shouldTellAGroupsConsumerThatItsStreamIsGone() {
        StreamOperations streams = keyspace.streams();
        streams.xgroupCreate(A, GROUP, null, true, -1);
        CompletableFuture<List<StreamBatch>> waiting =
                streams.xreadGroupAsync(
                        FOR_EVER, GROUP, ME, 0, false, StreamPosition.undelivered(A));
        assertTrue(keyspace.delete(A));
        assertEquals(
                StreamOperations.NO_STREAM,
                Objects.requireNonNull(failureOf(waiting)).getMessage());
    }

    /** Calls itself until there is no stack, and pushes on the way back. */
    @SuppressWarnings("InfiniteRecursion")
    private void pushDeep(int[] pushed) {
        try {
            pushDeep(pushed);
        } catch (StackOverflowError e) {
            // What follows may have none either; then it is tried one call further up.
        }
        if (pushed[0] < 300) {
            keyspace.lists().rpush(A, bytes("v" + pushed[0]));
            pushed[0]++;
        }
    }

    @Test
    void shouldServeAConsumerThoughWhoeverPushedHasNoStackLeft() throws Exception {
        List<CompletableFuture<@Nullable PoppedElements>> futures = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            futures.add(keyspace.lists().blpopAsync(FOR_EVER, A));
        }
        Thread thread = new Thread(null, () -> pushDeep(new int[1]), "deep", 512 << 10);
        thread.start();
        thread.join();
        for (CompletableFuture<@Nullable PoppedElements> future : futures) {
            assertNotNull(future.get(20, TimeUnit.SECONDS));
        }
    }
}
