package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Keyspace;
import java.time.Instant;
import java.util.Random;

/** Writes of every type to a keyspace, from a seed. */
final class RandomWrites {
    private static final int KEYS = 300;
    private static final int MEMBERS = 2_000;

    private final Random random;

    RandomWrites(long seed) {
        random = new Random(seed);
    }

    void apply(Keyspace keyspace, int count) {
        for (int i = 0; i < count; i++) {
            apply(keyspace);
        }
    }

    private void apply(Keyspace keyspace) {
        byte[] member = bytes("m" + random.nextInt(MEMBERS));
        byte[] value = bytes("v" + random.nextInt());
        switch (random.nextInt(12)) {
            case 0, 1 -> keyspace.put(key("s"), value);
            case 2 -> keyspace.put(key("s"), new byte[random.nextInt(20_000)]);
            case 3 -> keyspace.increment(key("n"), random.nextInt(100));
            case 4 -> keyspace.hashes().hset(large("h"), member, value);
            case 5 -> keyspace.sets().sadd(large("e"), member);
            case 6 -> keyspace.sortedSets().zadd(large("z"), random.nextInt(1000), member);
            case 7 -> keyspace.lists().rpush(large("l"), value);
            case 8 -> keyspace.delete(key("s"));
            case 9 ->
                    keyspace.transaction(
                            view -> {
                                view.put(key("s"), value, 0);
                                return view.hashes().hset(large("h"), member, value);
                            });
            case 10 -> {
                if (random.nextInt(100) == 0) {
                    keyspace.delete(large("h"));
                }
            }
            default -> keyspace.expireAt(key("s"), Instant.ofEpochMilli(4_000_000_000_000L));
        }
    }

    private byte[] key(String prefix) {
        return bytes(prefix + random.nextInt(KEYS));
    }

    private byte[] large(String prefix) {
        return bytes(prefix + random.nextInt(3));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
