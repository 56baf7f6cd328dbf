package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an operation needed much of is not kept until the next one. */
class LittleIsKeptTest {
    private static final int HUGE = 3 << 20;
    private static final int COLLECTIONS = 10;

    private final Keyspace keyspace =
            Keyspace.open(Keyspace.builder().inMemory().maxMemory(64 << 20).build());

    @AfterEach
    void close() {
        keyspace.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void shouldLetGoOfAHugeElementAndItsKey() {
        assertTrue(isGone(writeHuge()));
        assertTrue(isGone(writeHuge()));
        assertArrayEquals(new byte[HUGE], keyspace.hashes().hget(bytes("hash"), bytes("field")));
    }

    private WeakReference<byte[]> writeHuge() {
        byte[] key = bytes("hash");
        boolean unused = keyspace.hashes().hset(key, bytes("field"), new byte[HUGE]);
        return new WeakReference<>(key);
    }

    private static boolean isGone(WeakReference<byte[]> reference) {
        for (int i = 0; i < COLLECTIONS && reference.get() != null; i++) {
            System.gc();
        }
        return reference.get() == null;
    }
}
