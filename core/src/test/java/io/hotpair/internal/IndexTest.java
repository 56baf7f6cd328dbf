package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MaxMemoryPolicy;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import io.hotpair.topology.Lease;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class IndexTest {
    private static final int PARTS = 16;
    private static final int KEYS = 400_000;

    /** As a load does, with as many keys as it was said there would be, or others. */
    @Test
    void shouldHoldAllKeysInAsMuchMemoryWhetherTheyWereExpectedOrNot() {
        for (int keys : new int[] {0, 10, 2_000, 60_000, 300_000}) {
            long grown = usedBy(keys, 0);
            long slack = grown / 25;
            assertTrue(Math.abs(usedBy(keys, keys) - grown) <= slack, "keys=" + keys);
            assertTrue(Math.abs(usedBy(keys, keys / 3) - grown) <= slack, "keys=" + keys);
            assertTrue(usedBy(keys, 3L * keys) < grown + 40L * keys + (1 << 16), "keys=" + keys);
        }
    }

    private static long usedBy(int keys, long expected) {
        Engine engine =
                new Engine(
                        Mem.platform(),
                        1L << 30,
                        MaxMemoryPolicy.NOEVICTION,
                        false,
                        TestEngine.STILL,
                        1);
        try {
            engine.expect(expected);
            Replay replay = new Replay();
            FrameEncoder encoder = new FrameEncoder();
            OperationReader reader = new OperationReader();
            byte[] key = new byte[Integer.BYTES];
            for (int i = 0; i < keys; i++) {
                ByteBuffer.wrap(key).putInt(i);
                encoder.begin(1, i);
                int at = encoder.beginOperation(OperationType.SET, i + 1, 0, key.length, 100);
                System.arraycopy(key, 0, encoder.bytes(), at, key.length);
                encoder.commitOperation();
                reader.wrap(encoder.seal(1));
                assertTrue(reader.next());
                engine.apply(key, 0, key.length, replay.of(reader), i + 1, true);
            }
            engine.mode(Mode.master(1, Lease.permanent(TestEngine.STILL)));
            for (int i = 0; i < keys; i++) {
                ByteBuffer.wrap(key).putInt(i);
                byte[] found = engine.read(key, PutString::read);
                assertEquals(100, found == null ? -1 : found.length, "key=" + i);
            }
            return engine.usedMemoryBytes();
        } finally {
            engine.release();
        }
    }

    @Test
    void shouldPartKeysEqually() {
        Engine engine = TestEngine.open(new HeapMem(), 1, false).engine;
        byte[] key = new byte[Integer.BYTES];
        for (int parts = 1; parts <= 9; parts += 2) {
            long[] ends = Index.equalParts(parts);
            assertEquals(1L << 32, ends[parts - 1]);
            int[] counts = new int[parts];
            for (int i = 0; i < KEYS; i++) {
                ByteBuffer.wrap(key).putInt(i);
                int part = 0;
                while (engine.hash(key) >>> 32 >= ends[part]) {
                    part++;
                }
                counts[part]++;
            }
            for (int count : counts) {
                int expected = KEYS / parts;
                assertTrue(Math.abs(count - expected) < expected / 20, "count=" + count);
            }
        }
        engine.release();
    }

    /** So that not all segments are full, and split, at the same time. */
    @Test
    void shouldHaveTwiceAsManyKeysAtTheHighEndAsAtTheLowOne() {
        int[] counts = new int[PARTS];
        int[] buckets = new int[Index.BUCKETS];
        Engine engine = TestEngine.open(new HeapMem(), 1, false).engine;
        byte[] key = new byte[Integer.BYTES];
        for (int i = 0; i < KEYS; i++) {
            ByteBuffer.wrap(key).putInt(i);
            long hash = engine.hash(key);
            counts[(int) (hash >>> 60)]++;
            buckets[(int) (hash >>> 32) & (Index.BUCKETS - 1)]++;
        }
        engine.release();
        for (int i = 0; i < PARTS; i++) {
            // The density at x is 1 / f'(x), which goes from 3/4 to 3/2 of the mean.
            double expected = KEYS / PARTS / Math.sqrt(16 / 9.0 - 4 / 3.0 * (i + 0.5) / PARTS);
            assertEquals(expected, counts[i], 0.08 * expected, "part " + i);
        }
        for (int count : buckets) {
            int expected = KEYS / Index.BUCKETS;
            assertTrue(Math.abs(count - expected) < expected / 5, "count=" + count);
        }
    }
}
