package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.MemoryLogProvider;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.OperationType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(120)
class TransactionTest extends TypeTest {
    private static final int ACCOUNTS = 32;
    private static final long BALANCE = 1_000;

    private static byte[] account(int i) {
        return bytes("account-" + i);
    }

    @Test
    void shouldRefuseToUseAViewAfterItsTransaction() {
        List<TransactionView> kept = new ArrayList<>();
        List<HashOperations> hashes = new ArrayList<>();
        keyspace.transaction(
                view -> {
                    kept.add(view);
                    hashes.add(view.hashes());
                    view.put(bytes("k"), bytes("inside"), Session.NEVER);
                    return true;
                });
        TransactionView view = kept.get(0);
        List<Executable> uses =
                List.of(
                        () -> view.get(bytes("k")),
                        () -> view.put(bytes("k"), bytes("outside"), Session.NEVER),
                        () -> view.increment(bytes("n"), 1),
                        () -> view.delete(bytes("k")),
                        () -> view.version(bytes("k")),
                        () -> hashes.get(0).hset(bytes("h"), bytes("f"), bytes("v")));
        for (int i = 0; i < uses.size(); i++) {
            assertThrows(IllegalStateException.class, uses.get(i), "use " + i);
        }
        assertEquals("inside", keyspace.get("k"));
        assertNull(keyspace.get("n"));
    }

    @Test
    void shouldSeeItsOwnWritesAndShowThemToNobodyBeforeItCommits() {
        String seen =
                keyspace.transaction(
                        view -> {
                            view.put(bytes("a"), bytes("1"), Session.NEVER);
                            view.hashes().hset(bytes("h"), bytes("f"), bytes("v"));
                            assertEquals(2, view.increment(bytes("a"), 1));
                            assertNull(keyspace.get("a"));
                            return text(view.get(bytes("a")))
                                    + text(view.hashes().hget(bytes("h"), bytes("f")));
                        });
        assertEquals("2v", seen);
        assertEquals("2", keyspace.get("a"));
        assertEquals("v", text(keyspace.hashes().hget(bytes("h"), bytes("f"))));
    }

    @Test
    void shouldLeaveNothingWhenItsBodyThrows() {
        keyspace.put("a", "old");
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        keyspace.transaction(
                                view -> {
                                    view.put(bytes("a"), bytes("new"), Session.NEVER);
                                    view.put(bytes("b"), bytes("new"), Session.NEVER);
                                    throw new IllegalArgumentException("planned");
                                }));
        assertEquals("old", keyspace.get("a"));
        assertNull(keyspace.get("b"));
    }

    /** An error may come anywhere, also in the middle of building something. */
    @Test
    void shouldCommitNothingIfItsBodyGoesOnAfterAnError() {
        keyspace.put("a", "old");
        IllegalStateException refused =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                keyspace.transaction(
                                        view -> {
                                            view.put(bytes("b"), bytes("new"), Session.NEVER);
                                            assertThrows(
                                                    StackOverflowError.class,
                                                    () -> view.update(bytes("a"), entry -> end()));
                                            view.put(bytes("c"), bytes("new"), Session.NEVER);
                                            return 1;
                                        }));
        assertTrue(String.valueOf(refused.getMessage()).contains("an error"), refused.toString());
        assertEquals("old", keyspace.get("a"));
        assertNull(keyspace.get("b"));
        assertNull(keyspace.get("c"));
        assertEquals(
                "new",
                keyspace.transaction(
                        view -> {
                            view.put(bytes("b"), bytes("new"), Session.NEVER);
                            return text(view.get(bytes("b")));
                        }));
    }

    private static void end() {
        throw new StackOverflowError("planned");
    }

    @Test
    void shouldGoOnAfterAnOperationInItFailed() {
        keyspace.put("text", "x");
        keyspace.transaction(
                view -> {
                    view.hashes().hset(bytes("h"), bytes("f"), bytes("v"));
                    assertThrows(
                            HotpairException.class,
                            () -> view.hashes().hset(bytes("text"), bytes("f"), bytes("v")));
                    assertThrows(HotpairException.class, () -> view.increment(bytes("text"), 1));
                    return view.delete(bytes("absent"));
                });
        assertEquals(1, keyspace.hashes().hlen(bytes("h")));
        assertEquals("x", keyspace.get("text"));
    }

    @Test
    void shouldPutAndDeleteTheSameKeyManyTimes() {
        for (int i = 0; i < 300; i++) {
            keyspace.hashes().hset(bytes("h"), bytes("f" + i), bytes("value " + i));
        }
        keyspace.transaction(
                view -> {
                    view.delete(bytes("h"));
                    for (int i = 0; i < 500; i++) {
                        view.hashes().hset(bytes("h"), bytes("g" + i), bytes("value " + i));
                        view.put(bytes("a"), bytes("v" + i), Session.NEVER);
                    }
                    view.delete(bytes("h"));
                    view.hashes().hset(bytes("h"), bytes("last"), bytes("v"));
                    return view.delete(bytes("a"));
                });
        assertEquals(1, keyspace.hashes().hlen(bytes("h")));
        assertNull(keyspace.get("a"));
        assertEquals(1, keyspace.statistics().keyCount());
    }

    @Test
    void shouldRunAgainWhenWhatItReadHasChanged() {
        keyspace.put("a", "1");
        AtomicLong runs = new AtomicLong();
        String result =
                keyspace.transaction(
                        view -> {
                            String read = text(view.get(bytes("a")));
                            if (runs.incrementAndGet() == 1) {
                                keyspace.put("a", "2");
                            }
                            view.put(bytes("b"), bytes("saw " + read), Session.NEVER);
                            return read;
                        });
        assertEquals("2", result);
        assertEquals(2, runs.get());
        assertEquals("saw 2", keyspace.get("b"));
    }

    @Test
    void shouldKeepTheSumInEveryReadAndEveryPrefixOfTheLog() throws Exception {
        for (int i = 0; i < ACCOUNTS; i++) {
            keyspace.put(account(i), bytes(Long.toString(BALANCE)));
        }
        long before = keyspace.statistics().lastOpId();
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong transfers = new AtomicLong();
        long seed = System.nanoTime();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(seed + t);
                futures.add(
                        threads.submit(
                                () -> {
                                    while (!stop.get()) {
                                        transfer(random);
                                        transfers.incrementAndGet();
                                    }
                                }));
            }
            futures.add(threads.submit(() -> splitSegments(stop)));
            for (int i = 0; i < 300 || transfers.get() < 100; i++) {
                assertEquals(ACCOUNTS * BALANCE, sum(), "seed=" + seed);
            }
            stop.set(true);
            for (Future<?> future : futures) {
                future.get();
            }
        } finally {
            stop.set(true);
            threads.shutdown();
        }
        assertEquals(ACCOUNTS * BALANCE, sum());
        checkLog(before);
    }

    private void transfer(Random random) {
        int from = random.nextInt(ACCOUNTS);
        int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
        int watched = random.nextInt(ACCOUNTS);
        keyspace.transaction(
                view -> {
                    byte[] unused = view.get(account(watched));
                    view.increment(account(from), -1);
                    return view.increment(account(to), 1);
                });
    }

    /** Other keys come and go, so that entries move while transactions are under way. */
    private void splitSegments(AtomicBoolean stop) {
        for (int i = 0; !stop.get(); i++) {
            keyspace.put(bytes("k" + i), bytes("v"));
            if (i > 20_000) {
                keyspace.delete(bytes("k" + (i - 20_000)));
            }
        }
    }

    private long sum() {
        return keyspace.transaction(
                view -> {
                    long sum = 0;
                    for (int i = 0; i < ACCOUNTS; i++) {
                        sum += Long.parseLong(text(view.get(account(i))));
                    }
                    return sum;
                });
    }

    private void checkLog(long fromOpId) {
        keyspace.put(bytes("end"), bytes("of the log"));
        Map<String, Long> balances = new HashMap<>();
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        int commits = 0;
        try (OperationSource source = MemoryLogProvider.of(directory).openSource()) {
            source.seekAfter(0);
            while (source.poll(frame)) {
                reader.wrap(frame);
                while (reader.next()) {
                    if (reader.type() == OperationType.SET && key(reader).startsWith("account")) {
                        balances.put(key(reader), Long.parseLong(value(reader)));
                        commits += reader.hasMore() ? 1 : 0;
                    }
                    if (!reader.hasMore() && reader.opId() > fromOpId) {
                        long sum = balances.values().stream().mapToLong(Long::longValue).sum();
                        assertEquals(ACCOUNTS * BALANCE, sum, "after opId " + reader.opId());
                    }
                }
            }
        }
        assertTrue(commits > 100, "commits=" + commits);
    }

    private static String key(OperationReader operation) {
        return new String(
                operation.bytes(),
                operation.keyOffset(),
                operation.keyLength(),
                StandardCharsets.UTF_8);
    }

    private static String value(OperationReader operation) {
        return new String(
                operation.bytes(),
                operation.valueOffset(),
                operation.valueLength(),
                StandardCharsets.UTF_8);
    }

    @Test
    void shouldTellVersionsApart() {
        Session session = keyspace.session();
        long absent = session.version(bytes("a"));
        keyspace.put("a", "1");
        long first = session.version(bytes("a"));
        assertTrue(first > absent);
        assertFalse(keyspace.delete(bytes("b")));
        assertEquals(first, session.version(bytes("a")));
        keyspace.put("a", "1");
        assertTrue(session.version(bytes("a")) > first);
    }
}
