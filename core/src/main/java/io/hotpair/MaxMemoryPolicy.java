package io.hotpair;

import java.util.Locale;

/**
 * What happens when a keyspace's memory limit leaves no room for a write: Redis's policies, with
 * Redis's names, and one of our own.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/eviction/">Redis, key eviction</a>
 */
public enum MaxMemoryPolicy {
    /** The write is refused. */
    NOEVICTION,
    /** The key that was not used for longest goes, of a sample. */
    ALLKEYS_LRU,
    /** The key that is used least often goes, of a sample. */
    ALLKEYS_LFU,
    /** Any key goes. */
    ALLKEYS_RANDOM,
    /** As {@link #ALLKEYS_LRU}, among the keys that have a deadline. */
    VOLATILE_LRU,
    /** As {@link #ALLKEYS_LFU}, among the keys that have a deadline. */
    VOLATILE_LFU,
    /** As {@link #ALLKEYS_RANDOM}, among the keys that have a deadline. */
    VOLATILE_RANDOM,
    /** The key that expires soonest goes, of a sample of those that have a deadline. */
    VOLATILE_TTL,
    /**
     * What was used lately stays, and of the rest what is used often for its size; a scan pushes
     * nothing out. Keeps as many hits as Caffeine does, see {@code benchmarks/docs/eviction.md}.
     */
    ALLKEYS_WINDOWED_LFU;

    /**
     * The name in Redis's configuration.
     *
     * @return such as {@code allkeys-lru}
     */
    public String configName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The policy of a name.
     *
     * @param configName a value of {@code maxmemory-policy}, in any case
     * @return the policy
     * @throws IllegalArgumentException if there is none of that name
     */
    public static MaxMemoryPolicy of(String configName) {
        for (MaxMemoryPolicy policy : values()) {
            if (policy.configName().equals(configName.toLowerCase(Locale.ROOT))) {
                return policy;
            }
        }
        throw new IllegalArgumentException(
                "maxmemory-policy=" + configName + ", expected one such as allkeys-lru");
    }
}
