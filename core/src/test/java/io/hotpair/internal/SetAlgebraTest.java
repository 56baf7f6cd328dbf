package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Aggregate;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.ScoredMember;
import io.hotpair.SortedSetOperations;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SetAlgebraTest {
    private static final byte[] PLAIN = bytes("plain");
    private static final byte[] SORTED = bytes("sorted");
    private static final byte[][] BOTH = {PLAIN, SORTED};

    private final Keyspace keyspace =
            Keyspace.open(Keyspace.builder().inMemory().maxMemory(64 << 20).build());
    private final SortedSetOperations sets = keyspace.sortedSets();

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @AfterEach
    void close() {
        keyspace.close();
    }

    private void write(byte[] key, Mutation mutation) {
        assertTrue(((Executor) keyspace.session()).write(key, mutation));
    }

    private void plain(int count) {
        write(
                PLAIN,
                (edit, current) -> {
                    Members members = edit.members().openToChange(current);
                    for (int i = 0; i < count; i++) {
                        boolean unused = members.put(bytes("m" + i), new byte[0]);
                    }
                    return members.record(Records.SET, 0);
                });
    }

    private static List<String> texts(List<ScoredMember> members) {
        return members.stream().map(ScoredMember::toString).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 1_000})
    void shouldTakeAPlainSetAsOneWithScoresOfOne(int count) {
        plain(count);
        sets.zadd(SORTED, 5, bytes("m1"));
        sets.zadd(SORTED, 7, bytes("other"));
        double[] weights = {2, 10};
        assertEquals(List.of("m1=52.0"), texts(sets.zinter(BOTH, weights, Aggregate.SUM)));
        assertEquals(count + 1, sets.zunion(BOTH, null, Aggregate.MAX).size());
        assertEquals(1, sets.zintercard(BOTH, 0));
        assertEquals(List.of("other=7.0"), texts(sets.zdiff(SORTED, PLAIN)));
        assertEquals(count - 1, sets.zdiffStore(bytes("to"), PLAIN, SORTED));
        assertEquals(1.0, sets.zscore(bytes("to"), bytes("m0")));
    }

    @Test
    void shouldRefuseOtherTypesAndTakeAbsentKeysAsEmpty() {
        sets.zadd(SORTED, 5, bytes("m1"));
        assertEquals(List.of(), sets.zinter(BOTH, null, Aggregate.SUM));
        assertEquals(List.of("m1=5.0"), texts(sets.zunion(BOTH, null, Aggregate.SUM)));
        keyspace.put(PLAIN, bytes("text"));
        assertThrows(HotpairException.class, () -> sets.zintercard(BOTH, 0));
        assertThrows(HotpairException.class, () -> sets.zdiff(SORTED, PLAIN));
        assertThrows(HotpairException.class, () -> sets.zcard(PLAIN));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 2_000})
    void shouldKeepTheDeadlineUnlessReplaced(int count) {
        for (int i = 0; i < count; i++) {
            sets.zadd(SORTED, i, bytes("m" + i));
        }
        Instant deadline = Instant.ofEpochMilli(System.currentTimeMillis() + 1_000_000);
        write(SORTED, (edit, current) -> edit.withDeadline(current, deadline.toEpochMilli()));
        sets.zadd(SORTED, 7.5, bytes("more"));
        assertEquals(1, sets.zrem(SORTED, bytes("m3")));
        assertEquals(2, sets.zpopmin(SORTED, 2).size());
        assertEquals(deadline, keyspace.deadline(SORTED));
        byte[][] itself = {SORTED};
        assertEquals(count - 2, sets.zunionStore(SORTED, itself, null, Aggregate.SUM));
        assertNull(keyspace.deadline(SORTED));
        assertEquals(count - 2, sets.zcard(SORTED));
    }
}
