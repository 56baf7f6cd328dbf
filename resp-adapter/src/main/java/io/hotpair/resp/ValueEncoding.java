package io.hotpair.resp;

import io.hotpair.HashOperations;
import io.hotpair.ScoredMember;
import io.hotpair.Session;
import io.hotpair.SortedSetRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In which form Redis, with the settings that it comes with, would keep a value. Told from the
 * value as it is; Redis also remembers how large it once was.
 */
final class ValueEncoding {
    private static final int EMBEDDED_LENGTH = 44;
    private static final int PACKED_LENGTH = 64;
    private static final int PACKED_FIELDS = 512;
    private static final int PACKED_MEMBERS = 128;
    private static final int PACKED_INTEGERS = 512;

    private ValueEncoding() {}

    /** The name of the form, or null if the key is absent. */
    static @Nullable String of(Session session, byte[] key) {
        String type = session.keys().type(key);
        if (type == null) {
            return null;
        }
        return switch (type) {
            case "string" -> ofString(session.get(key, 0, key.length));
            case "hash" -> ofHash(session.hashes(), key);
            case "list" -> "quicklist";
            case "set" -> ofSet(session, key);
            case "zset" -> ofSortedSet(session, key);
            default -> type;
        };
    }

    private static @Nullable String ofString(byte @Nullable [] value) {
        if (value == null) {
            return null;
        }
        if (Decimals.isLong(value, 0, value.length)) {
            return "int";
        }
        return value.length <= EMBEDDED_LENGTH ? "embstr" : "raw";
    }

    private static String ofHash(HashOperations hashes, byte[] key) {
        if (hashes.hlen(key) > PACKED_FIELDS) {
            return "hashtable";
        }
        boolean packed =
                hashes.hgetAll(key).stream()
                        .allMatch(
                                entry ->
                                        entry.getKey().length <= PACKED_LENGTH
                                                && entry.getValue().length <= PACKED_LENGTH);
        return packed ? "listpack" : "hashtable";
    }

    private static String ofSet(Session session, byte[] key) {
        if (session.sets().scard(key) > PACKED_INTEGERS) {
            return "hashtable";
        }
        boolean integers =
                session.sets().smembers(key).stream()
                        .allMatch(member -> Decimals.isLong(member, 0, member.length));
        return integers ? "intset" : "hashtable";
    }

    private static String ofSortedSet(Session session, byte[] key) {
        if (session.sortedSets().zcard(key) > PACKED_MEMBERS) {
            return "skiplist";
        }
        List<ScoredMember> members =
                session.sortedSets().zrange(key, SortedSetRange.byIndex(0, -1));
        boolean packed =
                members.stream().allMatch(member -> member.member().length <= PACKED_LENGTH);
        return packed ? "listpack" : "skiplist";
    }
}
