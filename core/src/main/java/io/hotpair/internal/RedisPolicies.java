package io.hotpair.internal;

import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Redis's policies under Redis's names. See <a
 * href="https://redis.io/docs/latest/develop/reference/eviction/">Key eviction</a>.
 */
public final class RedisPolicies {
    private RedisPolicies() {}

    /**
     * The policy of a name.
     *
     * @param name a value of {@code maxmemory-policy}
     * @param random 64 random bits each time; asked by many threads
     */
    public static EvictionPolicy of(String name, LongSupplier random) {
        return switch (name) {
            case "noeviction" -> new None();
            case "allkeys-lru" -> new Lru();
            case "allkeys-lfu" -> new Lfu(random);
            case "allkeys-random" -> new Random(random);
            case "volatile-lru" -> new Volatile(new Lru());
            case "volatile-lfu" -> new Volatile(new Lfu(random));
            case "volatile-random" -> new Volatile(new Random(random));
            case "volatile-ttl" -> new Volatile(new Ttl());
            default ->
                    throw new IllegalArgumentException(
                            "maxmemory-policy=" + name + ", expected one of Redis's");
        };
    }

    /** Evicts what was not used for longest. Access word: the time of the last access, in 64 ms. */
    private static final class Lru implements EvictionPolicy {
        private static final int UNIT_SHIFT = 6;

        @Override
        public int now(long clockMs) {
            return (int) (clockMs >>> UNIT_SHIFT);
        }

        @Override
        public int onCreate(long hash, int now) {
            return now;
        }

        @Override
        public int onAccess(int access, int now) {
            return now;
        }

        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return -Integer.toUnsignedLong(now - access);
        }

        @Override
        public OptionalLong idleMs(int access, int now) {
            // Whoever uses it meanwhile is ahead of us.
            return OptionalLong.of((long) Math.max(0, now - access) << UNIT_SHIFT);
        }
    }

    /**
     * Evicts what is used least often. Access word: minutes, 24 bits, when the counter was last
     * right; a logarithmic counter, 8 bits, that goes up with a probability that falls as it grows
     * (lfu-log-factor) and down by one in each lfu-decay-time.
     */
    private static final class Lfu implements EvictionPolicy {
        private static final int INITIAL = 5;
        private static final int MAX = 255;
        private static final int LOG_FACTOR = 10;
        private static final int DECAY_TIME_MS = 60_000;

        private final LongSupplier random;

        Lfu(LongSupplier random) {
            this.random = random;
        }

        @Override
        public int now(long clockMs) {
            return (int) (clockMs / DECAY_TIME_MS) << 8;
        }

        @Override
        public int onCreate(long hash, int now) {
            return now | INITIAL;
        }

        @Override
        public int onAccess(int access, int now) {
            int counter = counter(access, now);
            return now | (counter + (goesUp(counter) ? 1 : 0));
        }

        private boolean goesUp(int counter) {
            long oneIn = (long) Math.max(0, counter - INITIAL) * LOG_FACTOR + 1;
            return counter < MAX && (random.getAsLong() >>> 32) * oneIn < 1L << 32;
        }

        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return counter(access, now);
        }

        @Override
        public OptionalInt useFrequency(int access, int now) {
            return OptionalInt.of(counter(access, now));
        }

        private static int counter(int access, int now) {
            int minutes = (now >>> 8) - (access >>> 8) & 0xFFFFFF;
            return Math.max(0, (access & 0xFF) - minutes);
        }
    }

    /** Remembers nothing of how a key is used. */
    private abstract static class Oblivious implements EvictionPolicy {
        @Override
        public int now(long clockMs) {
            return 0;
        }

        @Override
        public int onCreate(long hash, int now) {
            return 0;
        }

        @Override
        public int onAccess(int access, int now) {
            return access;
        }
    }

    /** Evicts any. */
    private static final class Random extends Oblivious {
        private final LongSupplier random;

        Random(LongSupplier random) {
            this.random = random;
        }

        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return random.getAsLong();
        }
    }

    /** Evicts what expires soonest. */
    private static final class Ttl extends Oblivious {
        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return deadlineMs;
        }
    }

    /** Evicts none: a write that finds no room fails. */
    private static final class None extends Oblivious {
        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return 0;
        }

        @Override
        public boolean isEligible(long deadlineMs) {
            return false;
        }
    }

    /** Another policy, among the records that have a deadline. */
    private static final class Volatile extends DelegatingPolicy {
        Volatile(EvictionPolicy policy) {
            super(policy);
        }

        @Override
        public boolean isEligible(long deadlineMs) {
            return deadlineMs != 0;
        }
    }
}
