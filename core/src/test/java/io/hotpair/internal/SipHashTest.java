package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SipHashTest {
    /** As the paper has it, with any number of rounds. */
    private static final class Plain {
        private final long[] v;

        private Plain(long k0, long k1) {
            v =
                    new long[] {
                        k0 ^ 0x736f6d6570736575L,
                        k1 ^ 0x646f72616e646f6dL,
                        k0 ^ 0x6c7967656e657261L,
                        k1 ^ 0x7465646279746573L
                    };
        }

        static long hash(long k0, long k1, byte[] input, int rounds, int finalRounds) {
            byte[] padded = Arrays.copyOf(input, (input.length & ~7) + 8);
            padded[padded.length - 1] = (byte) input.length;
            Plain plain = new Plain(k0, k1);
            ByteBuffer words = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
            while (words.hasRemaining()) {
                long word = words.getLong();
                plain.v[3] ^= word;
                plain.rounds(rounds);
                plain.v[0] ^= word;
            }
            plain.v[2] ^= 0xff;
            plain.rounds(finalRounds);
            return plain.v[0] ^ plain.v[1] ^ plain.v[2] ^ plain.v[3];
        }

        private void rounds(int count) {
            for (int i = 0; i < count; i++) {
                half(0, 1, 13, true);
                half(2, 3, 16, false);
                half(0, 3, 21, false);
                half(2, 1, 17, true);
            }
        }

        private void half(int a, int b, int bits, boolean turns) {
            v[a] += v[b];
            v[b] = Long.rotateLeft(v[b], bits) ^ v[a];
            if (turns) {
                v[a] = Long.rotateLeft(v[a], 32);
            }
        }
    }

    /** Vectors of the reference implementation: key 00..0f, input 00, 01, ... of growing length. */
    @Test
    void shouldBeComparedWithOneThatGivesThePublishedResults() {
        assertEquals(0x726fdb47dd0e0e31L, publishedHash(0));
        assertEquals(0x74f839c593dc67fdL, publishedHash(1));
        assertEquals(0x93f5f5799a932462L, publishedHash(8));
        assertEquals(0xa129ca6149be45e5L, publishedHash(15));
    }

    private static long publishedHash(int length) {
        byte[] input = new byte[length];
        for (int i = 0; i < input.length; i++) {
            input[i] = (byte) i;
        }
        return Plain.hash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L, input, 2, 4);
    }

    @Test
    void shouldHashInOneAndThreeRoundsWhereverTheInputStands() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int length = 0; length < 300; length++) {
            long k0 = random.nextLong();
            long k1 = random.nextLong();
            byte[] bytes = new byte[length + 10];
            random.nextBytes(bytes);
            int offset = random.nextInt(11);
            byte[] input = Arrays.copyOfRange(bytes, offset, offset + length);
            assertEquals(
                    Plain.hash(k0, k1, input, 1, 3),
                    new SipHash(k0, k1).hash(bytes, offset, length),
                    "length=" + length);
        }
    }
}
