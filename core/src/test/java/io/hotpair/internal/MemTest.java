package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The memory of this JVM does what the plain one on the heap does. */
class MemTest {
    private static final int LENGTH = 1024;

    private final Mem mem = Mem.platform();
    private final Mem plain = new HeapMem();
    private final long address = mem.allocate(LENGTH);
    private final long plainAddress = plain.allocate(LENGTH);
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @BeforeEach
    void printSeed() {
        System.out.println("seed " + seed);
    }

    @AfterEach
    void close() {
        mem.close();
        plain.close();
    }

    private void putLong(int offset, long value) {
        mem.putLong(address + offset, value);
        plain.putLong(plainAddress + offset, value);
    }

    @Test
    void shouldFindTheWordWithATag() {
        for (int i = 0; i < 100_000; i++) {
            int used = random.nextInt(9);
            for (int j = 0; j < 8; j++) {
                // Few tags, so that some come twice; 0 and 0x8000 and above are no exceptions.
                long tag = random.nextInt(6) * 0x3333L;
                long word = (tag << 48) | (random.nextLong() >>> 16);
                putLong(128 + 8 * j, j < used ? word : 0);
            }
            long tag = random.nextInt(6) * 0x3333L;
            assertEquals(expected(tag), plain.tagged(plainAddress + 128, tag), "the plain one");
            assertEquals(expected(tag), mem.tagged(address + 128, tag));
        }
    }

    private int expected(long tag) {
        if (tag == 0) {
            return Mem.UNCLEAR;
        }
        int found = -1;
        int count = 0;
        for (int j = 0; j < 8; j++) {
            if (mem.getLong(address + 128 + 8L * j) >>> 48 == tag) {
                found = j;
                count++;
            }
        }
        if (count == 0) {
            return mem.getLong(address + 128 + 56) == 0 ? Mem.NONE : Mem.UNCLEAR;
        }
        return count == 1 ? found : Mem.UNCLEAR;
    }

    @Test
    void shouldCopyAndCompareAnyNumberOfBytes() {
        byte[] bytes = new byte[LENGTH];
        random.nextBytes(bytes);
        mem.copyIn(bytes, 0, address, LENGTH);
        for (int length = 0; length < 600; length++) {
            int from = random.nextInt(LENGTH - length);
            int offset = random.nextInt(20);
            byte[] into = new byte[offset + length + random.nextInt(20)];
            Arrays.fill(into, (byte) 7);
            byte[] expected = into.clone();
            System.arraycopy(bytes, from, expected, offset, length);
            mem.copyOut(address + from, into, offset, length);
            assertArrayEquals(expected, into, "length=" + length);
            assertEquals(true, mem.equal(address + from, into, offset, length));
            if (length > 0) {
                into[offset + random.nextInt(length)]++;
                assertEquals(false, mem.equal(address + from, into, offset, length));
            }
        }
    }

    @Test
    void shouldNotCopyBeyondAnArray() {
        byte[] into = new byte[100];
        assertThrows(
                IndexOutOfBoundsException.class, () -> mem.copyOut(address, into, 1, into.length));
    }
}
