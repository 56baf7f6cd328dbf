package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Memory is reused at once and in many sizes, while segments split and are rebuilt: a block given
 * back too early shows as a value that belongs to another key, or that is torn.
 */
@Timeout(120)
class ReclamationTest {
    private static final int KEYS = 30_000;
    private static final long RUN_NS =
            Long.getLong("hotpair.reclamation.seconds", 3) * 1_000_000_000;

    private final AtomicLong checked = new AtomicLong();

    /** A value that says whose it is and is the same number throughout. */
    private static void fill(byte[] value, int length, long key, long stamp) {
        ByteBuffer buffer = ByteBuffer.wrap(value, 0, length);
        buffer.putLong(key);
        while (buffer.remaining() >= Long.BYTES) {
            buffer.putLong(stamp);
        }
    }

    private static void check(byte[] value, int length, long key) {
        ByteBuffer buffer = ByteBuffer.wrap(value, 0, length);
        assertEquals(key, buffer.getLong(), "another key's value");
        long stamp = buffer.getLong();
        while (buffer.remaining() >= Long.BYTES) {
            assertEquals(stamp, buffer.getLong(), "a torn value");
        }
    }

    private void work(Keyspace keyspace, long seed) {
        Session session = keyspace.session();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] key = new byte[Long.BYTES];
        byte[] value = new byte[2_048];
        long untilNs = System.nanoTime() + RUN_NS;
        long count = 0;
        while (System.nanoTime() < untilNs) {
            // A few hot keys, so that what a slow reader holds is soon replaced; and a window that
            // moves, so that keys come and go and tombstones pile up and are purged.
            boolean hot = random.nextInt(4) != 0;
            long number =
                    hot ? -1 - random.nextInt(8) : random.nextInt(KEYS) + (count >>> 12) * 100;
            ByteBuffer.wrap(key).putLong(number);
            int choice = random.nextInt(10);
            if (choice < 4) {
                int length = 16 + random.nextInt(hot ? 250 : 12) * 8;
                fill(value, length, number, random.nextLong());
                session.put(key, 0, key.length, value, 0, length, Session.NEVER);
            } else if (choice < 6) {
                session.delete(key, 0, key.length);
            } else {
                int length = session.get(key, 0, key.length, value, 0);
                if (length != Session.ABSENT) {
                    check(value, length, number);
                    checked.incrementAndGet();
                }
            }
            count++;
        }
    }

    @Test
    void shouldNeverShowAValueThatWasNotPut() throws Exception {
        try (Keyspace keyspace =
                Keyspace.open(Keyspace.builder().inMemory().maxMemory(256 << 20).build())) {
            ExecutorService pool = Executors.newFixedThreadPool(6);
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                long seed = t;
                results.add(pool.submit(() -> work(keyspace, seed)));
            }
            for (Future<?> result : results) {
                result.get();
            }
            pool.shutdown();
            Session session = keyspace.session();
            long[] scanned = new long[1];
            byte[] value = new byte[2_048];
            long cursor = 0;
            do {
                cursor =
                        session.scan(
                                cursor,
                                1_000,
                                key -> {
                                    scanned[0]++;
                                    int length = session.get(key, 0, key.length, value, 0);
                                    check(value, length, ByteBuffer.wrap(key).getLong());
                                });
            } while (cursor != 0);
            assertEquals(keyspace.statistics().keyCount(), scanned[0]);
            assertTrue(checked.get() > 10_000, "checked=" + checked);
        }
    }

    @Test
    void shouldTakeAnyNumberOfKeysThatComeAndGo() {
        try (Keyspace keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(8 << 20)
                                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                .build())) {
            Session session = keyspace.session();
            byte[] key = new byte[Long.BYTES];
            byte[] value = new byte[100];
            for (long i = 0; i < 1_000_000; i++) {
                ByteBuffer.wrap(key).putLong(i);
                session.put(key, 0, key.length, value, 0, value.length, Session.NEVER);
                if (i >= 1_000) {
                    ByteBuffer.wrap(key).putLong(i - 1_000);
                    assertTrue(session.delete(key, 0, key.length));
                }
            }
            assertEquals(1_000, keyspace.statistics().keyCount());
            assertTrue(keyspace.statistics().usedMemoryBytes() <= 8 << 20);
        }
    }

    @Test
    void shouldGiveMemoryBackWhenOpenedAndClosedManyTimes() {
        for (int i = 0; i < 300; i++) {
            try (Keyspace keyspace =
                    Keyspace.open(Keyspace.builder().inMemory().maxMemory(256L << 20).build())) {
                keyspace.put("k", "v");
            }
        }
        assertTrue(
                Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("hotpair-")));
    }
}
