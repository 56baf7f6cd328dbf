package io.hotpair.resp;

import io.hotpair.HashOperations;
import io.hotpair.ScoredMember;
import io.hotpair.Session;
import io.hotpair.SortedSetRange;
import io.hotpair.resp.PackingLimits.Limit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In which form Redis would keep a value. Told from the value as it is; Redis also remembers how
 * large it once was.
 */
final class ValueEncoding {
    private static final int EMBEDDED_LENGTH = 44;

    private final PackingLimits limits;

    ValueEncoding(PackingLimits limits) {
        this.limits = limits;
    }

    /** The name of the form, or null if the key is absent. */
    @Nullable String of(Session session, byte[] key) {
        String type = session.keys().type(key);
        if (type == null) {
            return null;
        }
        return switch (type) {
            case "string" -> ofString(session, key);
            case "hash" -> ofHash(session.hashes(), key);
            case "list" -> "quicklist";
            case "set" -> ofSet(session, key);
            case "zset" -> ofSortedSet(session, key);
            default -> type;
        };
    }

    private static @Nullable String ofString(Session session, byte[] key) {
        // What is longer is not read: it may be very long.
        byte[] value = new byte[EMBEDDED_LENGTH];
        int length = session.get(key, 0, key.length, value, 0);
        if (length == Session.ABSENT) {
            return null;
        }
        if (length > EMBEDDED_LENGTH) {
            return "raw";
        }
        return Decimals.isLong(value, 0, length) ? "int" : "embstr";
    }

    private String ofHash(HashOperations hashes, byte[] key) {
        if (hashes.hlen(key) > limits.get(Limit.HASH_ENTRIES)) {
            return "hashtable";
        }
        long length = limits.get(Limit.HASH_VALUE);
        boolean packed =
                hashes.hgetAll(key).stream()
                        .allMatch(
                                entry ->
                                        entry.getKey().length <= length
                                                && entry.getValue().length <= length);
        return packed ? "listpack" : "hashtable";
    }

    private String ofSet(Session session, byte[] key) {
        if (session.sets().scard(key) > limits.get(Limit.SET_INTEGERS)) {
            return "hashtable";
        }
        boolean integers =
                session.sets().smembers(key).stream()
                        .allMatch(member -> Decimals.isLong(member, 0, member.length));
        return integers ? "intset" : "hashtable";
    }

    private String ofSortedSet(Session session, byte[] key) {
        if (session.sortedSets().zcard(key) > limits.get(Limit.SORTED_SET_ENTRIES)) {
            return "skiplist";
        }
        List<ScoredMember> members =
                session.sortedSets().zrange(key, SortedSetRange.byIndex(0, -1));
        long length = limits.get(Limit.SORTED_SET_VALUE);
        boolean packed = members.stream().allMatch(member -> member.member().length <= length);
        return packed ? "listpack" : "skiplist";
    }
}
