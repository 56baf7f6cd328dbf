package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyOperations.DeadlineCondition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyAreaTest extends TypeTest {
    private static final long FAR_MS = Long.MAX_VALUE / 2;

    private static List<byte[]> names() {
        List<byte[]> names = new ArrayList<>();
        byte[] alphabet = {(byte) 0xFF, 'D', 'B', 0, 1, 'k'};
        for (int length = 0; length <= 4; length++) {
            int count = (int) Math.pow(alphabet.length, length);
            for (int i = 0; i < count; i++) {
                byte[] name = new byte[length];
                for (int at = 0, rest = i; at < length; at++, rest /= alphabet.length) {
                    name[at] = alphabet[rest % alphabet.length];
                }
                names.add(name);
            }
        }
        return names;
    }

    @Test
    void shouldGiveEachNameOfEachAreaAKeyOfItsOwn() {
        Set<ByteBuffer> seen = new HashSet<>();
        assertTrue(seen.add(ByteBuffer.wrap(KeyArea.noneKey())));
        for (int area : new int[] {0, 1, 2, 'D', 255}) {
            for (byte[] name : names()) {
                byte[] key = KeyArea.key(area, name);
                assertTrue(seen.add(ByteBuffer.wrap(key)), () -> "twice: " + List.of(key));
                assertEquals(area, KeyArea.of(key));
                assertArrayEquals(name, KeyArea.name(key));
            }
        }
    }

    @Test
    void shouldLeaveTheNamesOfTheFirstAreaAlone() {
        byte[] name = bytes("name");
        assertSame(name, KeyArea.key(0, name));
        assertSame(name, KeyArea.name(name));
        assertEquals(KeyArea.NONE, KeyArea.of(KeyArea.noneKey()));
        assertThrows(IllegalArgumentException.class, () -> KeyArea.key(256, name));
    }

    @Test
    void shouldCountTheKeysOfEachArea() {
        Random random = new Random(5);
        int[] areas = {0, 1, 7, 255};
        List<byte[]> names = names();
        keyspace.put(KeyArea.noneKey(), bytes("x"));
        for (int i = 0; i < 5_000; i++) {
            int area = areas[random.nextInt(areas.length)];
            byte[] key = KeyArea.key(area, names.get(random.nextInt(names.size())));
            byte[] other =
                    KeyArea.key(
                            areas[random.nextInt(areas.length)],
                            names.get(random.nextInt(names.size())));
            change(random.nextInt(6), key, other);
        }
        checkCounts();
        keyspace.close();
        open();
        checkCounts();
    }

    @Test
    void shouldNotEvictTheKeyThatIsInNoArea() {
        try (Keyspace full =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(8 << 20)
                                .maxMemoryPolicy(MaxMemoryPolicy.ALLKEYS_RANDOM)
                                .build())) {
            full.put(KeyArea.noneKey(), bytes("x"));
            for (int i = 0; i < 100_000; i++) {
                full.put(KeyArea.key(i % 3, bytes("key" + i)), new byte[200]);
            }
            assertTrue(full.statistics().evictedCount() > 50_000);
            assertEquals(1, full.keyCount(KeyArea.NONE));
            long sum = full.keyCount(0) + full.keyCount(1) + full.keyCount(2);
            assertEquals(full.statistics().keyCount(), sum + 1);
        }
    }

    private void change(int what, byte[] key, byte[] other) {
        switch (what) {
            case 0 -> keyspace.put(key, bytes("x"));
            case 1 -> keyspace.keys().del(key);
            case 2 -> keyspace.keys().rename(key, other);
            case 3 -> keyspace.keys().pexpireAt(key, FAR_MS, DeadlineCondition.ALWAYS);
            case 4 -> keyspace.keys().persist(key);
            default ->
                    keyspace.transaction(
                            view -> {
                                view.put(key, bytes("y"), FAR_MS);
                                return view.delete(other);
                            });
        }
    }

    private void checkCounts() {
        long[] keys = new long[KeyArea.NONE + 1];
        long[] deadlines = new long[KeyArea.NONE + 1];
        Session session = keyspace.session();
        long cursor = 0;
        do {
            cursor =
                    session.scan(
                            cursor,
                            100,
                            key -> {
                                keys[KeyArea.of(key)]++;
                                boolean never = session.deadlineMs(key, 0, key.length) == 0;
                                deadlines[KeyArea.of(key)] += never ? 0 : 1;
                            });
        } while (cursor != 0);
        for (int area = 0; area <= KeyArea.NONE; area++) {
            assertEquals(keys[area], keyspace.keyCount(area), "area " + area);
            assertEquals(deadlines[area], keyspace.deadlineCount(area), "area " + area);
        }
        assertEquals(1, keys[KeyArea.NONE]);
        assertTrue(keys[7] > 0 && deadlines[7] > 0);
    }
}
