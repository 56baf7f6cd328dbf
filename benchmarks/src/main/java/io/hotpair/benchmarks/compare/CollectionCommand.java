package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.hotpair.ScoreBound;
import io.hotpair.SortedSetRange;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is done to the collections on both sides. No command changes how many elements there are, or
 * the one after it takes that back: of pairs, one is at even places and the other at odd ones.
 */
enum CollectionCommand {
    HSET("hset") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.hashes().hset(of.hash, of.member(at), of.value(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("HSET", of.hash, of.member(at), of.value(at));
        }
    },
    HGET("hget") {
        @Override
        byte @Nullable [] call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.hashes().hget(of.hash, of.member(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("HGET", of.hash, of.member(at));
        }
    },
    SADD_SREM("sadd-srem") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            byte[] member = of.absentMember(at);
            return isFirst(at)
                    ? hotpair.sets().sadd(of.set, member)
                    : hotpair.sets().srem(of.set, member);
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words(isFirst(at) ? "SADD" : "SREM", of.set, of.absentMember(at));
        }
    },
    SISMEMBER("sismember") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.sets().sismember(of.set, of.member(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("SISMEMBER", of.set, of.member(at));
        }
    },
    ZADD("zadd") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.sortedSets().zadd(of.sortedSet, (double) of.score(at), of.member(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("ZADD", of.sortedSet, of.score(at), of.member(at));
        }
    },
    ZSCORE("zscore") {
        @Override
        @Nullable Object call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.sortedSets().zscore(of.sortedSet, of.member(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("ZSCORE", of.sortedSet, of.member(at));
        }
    },
    ZRANK("zrank") {
        @Override
        @Nullable Object call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.sortedSets().zrank(of.sortedSet, of.member(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("ZRANK", of.sortedSet, of.member(at));
        }
    },
    ZRANGE("zrange") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            long start = of.start(at);
            return hotpair.sortedSets()
                    .zrange(of.sortedSet, SortedSetRange.byIndex(start, start + LAST));
        }

        @Override
        byte[][] words(Elements of, long at) {
            long start = of.start(at);
            return words("ZRANGE", of.sortedSet, start, start + LAST);
        }
    },
    ZRANGE_BYSCORE("zrange-byscore") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            ScoreBound min = ScoreBound.inclusive((double) of.score(at));
            SortedSetRange range = SortedSetRange.byScore(min, ScoreBound.HIGHEST);
            return hotpair.sortedSets().zrange(of.sortedSet, range.limit(0, Elements.RANGE));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words(
                    "ZRANGE",
                    of.sortedSet,
                    of.score(at),
                    "+inf",
                    "BYSCORE",
                    "LIMIT",
                    0,
                    Elements.RANGE);
        }
    },
    LPUSH_RPOP("lpush-rpop") {
        @Override
        @Nullable Object call(CollectionCaller hotpair, Elements of, long at) {
            return isFirst(at)
                    ? (Object) hotpair.lists().lpush(of.list, of.value(at))
                    : hotpair.lists().rpop(of.list);
        }

        @Override
        byte[][] words(Elements of, long at) {
            return isFirst(at) ? words("LPUSH", of.list, of.value(at)) : words("RPOP", of.list);
        }
    },
    LRANGE("lrange") {
        @Override
        Object call(CollectionCaller hotpair, Elements of, long at) {
            long start = of.start(at);
            return hotpair.lists().lrange(of.list, start, start + LAST);
        }

        @Override
        byte[][] words(Elements of, long at) {
            long start = of.start(at);
            return words("LRANGE", of.list, start, start + LAST);
        }

        @Override
        boolean walks() {
            return true;
        }
    },
    LINDEX("lindex") {
        @Override
        byte @Nullable [] call(CollectionCaller hotpair, Elements of, long at) {
            return hotpair.lists().lindex(of.list, of.index(at));
        }

        @Override
        byte[][] words(Elements of, long at) {
            return words("LINDEX", of.list, of.index(at));
        }

        @Override
        boolean walks() {
            return true;
        }
    };

    private static final int LAST = Elements.RANGE - 1;

    private final String label;

    CollectionCommand(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    static String labels() {
        return Arrays.stream(values())
                .map(CollectionCommand::label)
                .collect(Collectors.joining(", "));
    }

    /** Does what is at a place of the sequence to Hotpair; null is the answer of what is absent. */
    abstract @Nullable Object call(CollectionCaller hotpair, Elements of, long at);

    /** The same, as a command for Redis. */
    abstract byte[][] words(Elements of, long at);

    /** Whether it takes Redis time in proportion to the collection's size. */
    boolean walks() {
        return false;
    }

    private static boolean isFirst(long at) {
        return (at & 1) == 0;
    }

    static byte[][] words(Object... words) {
        byte[][] bytes = new byte[words.length][];
        for (int i = 0; i < words.length; i++) {
            bytes[i] =
                    words[i] instanceof byte[] own ? own : words[i].toString().getBytes(US_ASCII);
        }
        return bytes;
    }
}
