package io.hotpair.resp;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Up to which sizes Redis keeps a value in its packed form. Values here have a form of their own,
 * so these decide only what OBJECT ENCODING answers; those of lists, streams and HyperLogLogs,
 * which have one encoding whatever their size, are kept and told, for the programs that set them.
 * Thread-safe.
 */
final class PackingLimits {
    /** A limit, with Redis's name for it, the one it had before 7.0 if another, and its range. */
    enum Limit {
        HASH_ENTRIES("hash-max-listpack-entries", "hash-max-ziplist-entries", 512),
        HASH_VALUE("hash-max-listpack-value", "hash-max-ziplist-value", 64, true),
        SET_INTEGERS("set-max-intset-entries", "", 512),
        SORTED_SET_ENTRIES("zset-max-listpack-entries", "zset-max-ziplist-entries", 128),
        SORTED_SET_VALUE("zset-max-listpack-value", "zset-max-ziplist-value", 64, true),
        LIST_SIZE("list-max-listpack-size", "list-max-ziplist-size", -2, Integer.MIN_VALUE),
        LIST_DEPTH("list-compress-depth", "", 0, 0),
        STREAM_ENTRIES("stream-node-max-entries", "", 100),
        STREAM_BYTES("stream-node-max-bytes", "", 4096, true),
        HYPERLOGLOG_BYTES("hll-sparse-max-bytes", "", 3000, true);

        private final String configName;
        private final String olderName;
        private final long initial;
        private final long min;
        private final long max;
        private final boolean memory;

        Limit(String configName, String olderName, long initial) {
            this(configName, olderName, initial, 0, Long.MAX_VALUE, false);
        }

        Limit(String configName, String olderName, long initial, boolean memory) {
            this(configName, olderName, initial, 0, Long.MAX_VALUE, memory);
        }

        Limit(String configName, String olderName, int initial, int min) {
            this(configName, olderName, initial, min, Integer.MAX_VALUE, false);
        }

        Limit(
                String configName,
                String olderName,
                long initial,
                long min,
                long max,
                boolean memory) {
            this.configName = configName;
            this.olderName = olderName;
            this.initial = initial;
            this.min = min;
            this.max = max;
            this.memory = memory;
        }

        String configName() {
            return configName;
        }

        /** The name before Redis 7.0, or nothing. */
        String olderName() {
            return olderName;
        }

        long min() {
            return min;
        }

        long max() {
            return max;
        }

        /** Whether it is an amount of memory, given with units. */
        boolean isMemory() {
            return memory;
        }
    }

    private final Map<Limit, AtomicLong> values = new EnumMap<>(Limit.class);

    PackingLimits() {
        for (Limit limit : Limit.values()) {
            values.put(limit, new AtomicLong(limit.initial));
        }
    }

    long get(Limit limit) {
        return value(limit).get();
    }

    void set(Limit limit, long value) {
        value(limit).set(value);
    }

    private AtomicLong value(Limit limit) {
        return Objects.requireNonNull(values.get(limit));
    }
}
