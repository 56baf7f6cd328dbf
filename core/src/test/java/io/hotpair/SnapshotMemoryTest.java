package io.hotpair;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.OperationReader;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A snapshot gives way where memory is short: nothing is evicted or refused for it. */
@Timeout(120)
class SnapshotMemoryTest {
    private static final int LIMIT = 16 << 20;
    private static final String VALUE = "v".repeat(200);

    private static Keyspace open(MaxMemoryPolicy policy) {
        return Keyspace.open(
                Keyspace.builder().inMemory().maxMemory(LIMIT).maxMemoryPolicy(policy).build());
    }

    private static void put(Keyspace keyspace, int from, int count) {
        for (int i = from; i < from + count; i++) {
            keyspace.put("key:" + i, VALUE);
        }
    }

    private static String key(OperationReader operation) {
        return new String(
                operation.bytes(), operation.keyOffset(), operation.keyLength(), US_ASCII);
    }

    private static int count(Snapshot snapshot) {
        AtomicInteger count = new AtomicInteger();
        snapshot.forEach(operation -> count.incrementAndGet());
        return count.get();
    }

    @Test
    void shouldNotEmptyACacheThatIsFull() {
        for (MaxMemoryPolicy policy :
                new MaxMemoryPolicy[] {
                    MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU, MaxMemoryPolicy.ALLKEYS_LRU
                }) {
            try (Keyspace keyspace = open(policy)) {
                put(keyspace, 0, 150_000);
                long before = keyspace.statistics().keyCount();
                try (Snapshot snapshot = keyspace.snapshot()) {
                    put(keyspace, 150_000, 150_000);
                    KeyspaceStatistics statistics = keyspace.statistics();
                    assertTrue(
                            statistics.keyCount() > before * 8 / 10,
                            () -> policy + " before=" + before + " " + statistics);
                    assertTrue(statistics.usedMemoryBytes() <= LIMIT, statistics::toString);
                    assertThrows(IllegalStateException.class, () -> count(snapshot));
                }
                try (Snapshot snapshot = keyspace.snapshot()) {
                    assertEquals(keyspace.statistics().keyCount(), count(snapshot));
                }
            }
        }
    }

    @Test
    void shouldNotRefuseAWriteForWhatItKeeps() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            put(keyspace, 0, 35_000);
            try (Snapshot snapshot = keyspace.snapshot()) {
                for (int i = 0; i < 4; i++) {
                    put(keyspace, 0, 35_000);
                }
                assertThrows(IllegalStateException.class, () -> count(snapshot));
            }
            assertEquals(35_000, keyspace.statistics().keyCount());
        }
    }

    /**
     * What it keeps for one snapshot must not be let go with another. The second one may have to
     * end, too, where somebody is held up inside while a writer needs room: then this says nothing.
     */
    @Test
    void shouldShowTheStateThoughOneThatHadToEndIsClosedMeanwhile() {
        int shown = 0;
        while (shown == 0) {
            try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_LRU)) {
                shown += showsTheStateThoughAnotherIsClosed(keyspace) ? 1 : 0;
            }
        }
    }

    /** Whether the second snapshot was still up at the end, and so could be looked at. */
    private static boolean showsTheStateThoughAnotherIsClosed(Keyspace keyspace) {
        put(keyspace, 0, 150_000);
        Snapshot ended = keyspace.snapshot();
        put(keyspace, 150_000, 150_000);
        assertThrows(IllegalStateException.class, () -> count(ended));
        long expected = keyspace.statistics().keyCount();
        try (Snapshot snapshot = keyspace.snapshot()) {
            for (int i = 300_000 - 500; i < 300_000; i++) {
                assertTrue(keyspace.delete("key:" + i));
            }
            ended.close();
            // What was freed would be taken again.
            put(keyspace, 400_000, 200);
            Set<String> found = new HashSet<>();
            try {
                snapshot.forEach(operation -> found.add(key(operation)));
            } catch (IllegalStateException e) {
                return false;
            }
            assertEquals(expected, found.size());
            for (int i = 300_000 - 500; i < 300_000; i++) {
                assertTrue(found.contains("key:" + i), "key:" + i);
            }
            assertFalse(found.contains("key:400000"));
            return true;
        }
    }
}
