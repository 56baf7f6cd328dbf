package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyOperations.DeadlineCondition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTest extends TypeTest {
    private static final byte[] A = bytes("a");
    private static final byte[] B = bytes("b");

    private void fillHash(byte[] key, int fields) {
        for (int i = 0; i < fields; i++) {
            keyspace.hashes().hset(key, bytes("field " + i), bytes("value " + i));
        }
    }

    @Test
    void shouldTellTypesAndCount() {
        keyspace.put(A, bytes("x"));
        fillHash(B, 3);
        assertEquals("string", keyspace.keys().type(A));
        assertEquals("hash", keyspace.keys().type(B));
        assertNull(keyspace.keys().type(bytes("c")));
        assertEquals(3, keyspace.keys().exists(A, B, A, bytes("c")));
        assertEquals(2, keyspace.keys().del(A, B, A, bytes("c")));
        assertEquals(0, keyspace.keys().exists(A, B));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5_000})
    void shouldRenameAndCopy(int fields) {
        fillHash(A, fields);
        fillHash(B, 2 * fields);
        long farMs = System.currentTimeMillis() + 1_000_000;
        assertTrue(keyspace.keys().pexpireAt(A, farMs, DeadlineCondition.ALWAYS));
        assertTrue(keyspace.keys().rename(A, B));
        assertEquals(fields, keyspace.hashes().hlen(B));
        assertEquals(farMs, keyspace.keys().pexpireTime(B));
        assertEquals(0, keyspace.keys().exists(A));
        assertFalse(keyspace.keys().rename(A, B));
        assertEquals(-1, keyspace.keys().renameNx(A, B));
        assertTrue(keyspace.keys().copy(B, A, false));
        assertFalse(keyspace.keys().copy(B, A, false));
        assertEquals(0, keyspace.keys().renameNx(A, B));
        keyspace.hashes().hset(A, bytes("own"), bytes("1"));
        assertEquals(fields, keyspace.hashes().hlen(B));
        assertEquals(fields + 1, keyspace.hashes().hlen(A));
        assertTrue(keyspace.keys().copy(A, B, true));
        assertTrue(keyspace.keys().rename(A, A));
        assertThrows(IllegalArgumentException.class, () -> keyspace.keys().copy(A, A, true));
        assertTrue(keyspace.keys().del(A, B) == 2);
    }

    @Test
    void shouldLeakNothingByRenaming() {
        for (int i = 0; i < 60; i++) {
            fillHash(A, 5_000);
            assertTrue(keyspace.keys().rename(A, B));
            assertTrue(keyspace.keys().copy(B, A, false));
            assertEquals(2, keyspace.keys().del(A, B));
        }
    }

    @Test
    void shouldTakeDeadlinesOnlyOnTheirConditions() {
        KeyOperations keys = keyspace.keys();
        long nowMs = System.currentTimeMillis();
        keyspace.put(A, bytes("x"));
        assertFalse(keys.pexpireAt(A, nowMs + 100_000, DeadlineCondition.XX));
        assertFalse(keys.pexpireAt(A, nowMs + 100_000, DeadlineCondition.GT));
        assertTrue(keys.pexpireAt(A, nowMs + 100_000, DeadlineCondition.LT));
        assertFalse(keys.pexpireAt(A, nowMs + 200_000, DeadlineCondition.NX));
        assertTrue(keys.pexpireAt(A, nowMs + 200_000, DeadlineCondition.GT));
        assertFalse(keys.pexpireAt(A, nowMs + 300_000, DeadlineCondition.LT));
        assertEquals(nowMs + 200_000, keys.pexpireTime(A));
        assertTrue(keys.persist(A));
        assertFalse(keys.persist(A));
        assertEquals(Session.NEVER, keys.pexpireTime(A));
        assertTrue(keys.pexpireAt(A, 1, DeadlineCondition.ALWAYS));
        assertEquals(Session.ABSENT, keys.pexpireTime(A));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldBeginAnewAfterAHashHasExpired() throws InterruptedException {
        fillHash(A, 300);
        long soonMs = System.currentTimeMillis() + 30;
        keyspace.keys().pexpireAt(A, soonMs, DeadlineCondition.ALWAYS);
        while (System.currentTimeMillis() <= soonMs) {
            Thread.sleep(5);
        }
        keyspace.hashes().hset(A, bytes("new"), bytes("1"));
        assertEquals(1, keyspace.hashes().hlen(A));
        assertEquals(Session.NEVER, keyspace.keys().pexpireTime(A));
    }
}
