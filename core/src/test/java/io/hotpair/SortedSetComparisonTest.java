package io.hotpair;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs the same random programs here and on a real Redis, and compares every result, but for the
 * sign of a zero: that depends on how Redis happens to hold the set, while small without it.
 */
class SortedSetComparisonTest extends TypeTest {
    private static final String[] KEYS = {"z0", "z1", "z2", "z3"};

    /** A key whose scores are all the same, for ranges of members. */
    private static final String LEX = "lex";

    private static final String[] CONDITIONS = {"", "NX", "XX", "GT", "LT", "XX GT", "XX LT"};

    private static final List<Aggregate> AGGREGATES =
            List.of(Aggregate.SUM, Aggregate.MIN, Aggregate.MAX);

    private final long seed = Long.getLong("hotpair.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int memberCount;

    // What the last step was, for the message of a failure.
    private List<Object> command = List.of();

    /** What Redis says to the command, and remembers it. */
    private @Nullable Object redis(RedisProcess redis, Object... parts) {
        List<Object> all = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof List<?> list) {
                all.addAll(list);
            } else if (part instanceof String text && text.contains(" ")) {
                all.addAll(Arrays.asList(text.split(" ")));
            } else if (!part.equals("")) {
                all.add(part);
            }
        }
        command = all;
        return redis.call(all.toArray());
    }

    private static String number(double score) {
        return Double.isInfinite(score) ? (score > 0 ? "inf" : "-inf") : Double.toString(score);
    }

    private static double number(String text) {
        return text.endsWith("inf")
                ? (text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY)
                : Double.parseDouble(text) + 0.0;
    }

    private static String text(Object bulk) {
        return new String((byte[]) bulk, ISO_8859_1);
    }

    private static String scored(@Nullable Object reply) {
        StringBuilder all = new StringBuilder();
        if (!(reply instanceof List<?> list)) {
            return String.valueOf(reply);
        }
        for (int i = 0; i < list.size(); i += 2) {
            all.append(text(list.get(i)))
                    .append('=')
                    .append(number(text(list.get(i + 1))))
                    .append(' ');
        }
        return all.toString();
    }

    private static String scored(List<ScoredMember> members) {
        StringBuilder all = new StringBuilder();
        for (ScoredMember each : members) {
            all.append(text((Object) each.member()))
                    .append('=')
                    .append(each.score() + 0.0)
                    .append(' ');
        }
        return all.toString();
    }

    /** Members of the key whose scores are all the same. */
    private static String allZero(@Nullable Object reply) {
        StringBuilder all = new StringBuilder();
        for (Object each : (List<?>) Objects.requireNonNull(reply)) {
            all.append(text(each)).append("=0.0 ");
        }
        return all.toString();
    }

    private static String score(@Nullable Double score) {
        return score == null ? "null" : Double.toString(score + 0.0);
    }

    private static String score(@Nullable Object reply) {
        return reply == null ? "null" : Double.toString(number(text(reply)));
    }

    // ---- random arguments

    private String key() {
        return KEYS[random.nextInt(KEYS.length)];
    }

    private String member() {
        int number = random.nextInt(memberCount);
        return "m" + number + "x".repeat(number % 7 == 0 ? number % 60 : 0);
    }

    private double score() {
        return switch (random.nextInt(12)) {
            case 0 -> Double.POSITIVE_INFINITY;
            case 1 -> Double.NEGATIVE_INFINITY;
            case 2 -> -0.0;
            case 3 -> 0.0;
            case 4 -> random.nextGaussian() * 1e300;
            case 5 -> random.nextDouble();
            case 6 -> random.nextGaussian() * 1e-300;
            default -> random.nextInt(41) - 20;
        };
    }

    private ScoreBound bound() {
        return new ScoreBound(score(), random.nextInt(3) == 0);
    }

    private static String text(ScoreBound bound) {
        return (bound.isExclusive() ? "(" : "") + number(bound.score());
    }

    private LexBound lexBound() {
        return switch (random.nextInt(8)) {
            case 0 -> LexBound.LOWEST;
            case 1 -> LexBound.HIGHEST;
            case 2, 3, 4 -> LexBound.inclusive(bytes(member()));
            default -> LexBound.exclusive(bytes(member()));
        };
    }

    private static String text(LexBound bound) {
        return switch (bound.infinity()) {
            case -1 -> "-";
            case 1 -> "+";
            default -> (bound.isExclusive() ? "(" : "[") + text((Object) bound.member());
        };
    }

    private SortedSetRange range(String key) {
        SortedSetRange range;
        int kind = random.nextInt(3);
        if (kind == 0) {
            int reach = memberCount + 3;
            range =
                    SortedSetRange.byIndex(
                            random.nextInt(2 * reach) - reach, random.nextInt(2 * reach) - reach);
        } else if (kind == 1 || !key.equals(LEX)) {
            range = SortedSetRange.byScore(bound(), bound());
        } else {
            range = SortedSetRange.byLex(lexBound(), lexBound());
        }
        if (random.nextBoolean()) {
            range = range.reversed();
        }
        if (random.nextInt(3) == 0 && !(range.ends() instanceof SortedSetRange.Indexes)) {
            range = range.limit(random.nextInt(8) - 1, random.nextInt(10) - 2);
        }
        return range;
    }

    private static List<Object> arguments(SortedSetRange range) {
        List<Object> all = new ArrayList<>();
        if (range.ends() instanceof SortedSetRange.Indexes indexes) {
            all.add(indexes.start());
            all.add(indexes.stop());
        } else {
            String min;
            String max;
            if (range.ends() instanceof SortedSetRange.Scores scores) {
                min = text(scores.min());
                max = text(scores.max());
            } else {
                SortedSetRange.Members members = (SortedSetRange.Members) range.ends();
                min = text(members.min());
                max = text(members.max());
            }
            all.add(range.isReversed() ? max : min);
            all.add(range.isReversed() ? min : max);
            all.add(range.ends() instanceof SortedSetRange.Scores ? "BYSCORE" : "BYLEX");
        }
        if (range.isReversed()) {
            all.add("REV");
        }
        if (range.offset() != 0 || range.count() >= 0) {
            all.addAll(List.of("LIMIT", range.offset(), range.count()));
        }
        return all;
    }

    // ---- steps

    private void step(RedisProcess redis) {
        SortedSetOperations sets = keyspace.sortedSets();
        String name = random.nextInt(5) == 0 ? LEX : key();
        byte[] key = bytes(name);
        String expected;
        String actual;
        switch (random.nextInt(24)) {
            case 0, 1, 2, 3, 4 -> {
                String condition = CONDITIONS[random.nextInt(CONDITIONS.length)];
                boolean counts = random.nextBoolean();
                ScoredMember[] members =
                        new ScoredMember[1 + random.nextInt(random.nextInt(20) == 0 ? 150 : 6)];
                List<Object> arguments = new ArrayList<>();
                for (int i = 0; i < members.length; i++) {
                    double score = name.equals(LEX) ? 0 : score();
                    members[i] = new ScoredMember(bytes(member()), score);
                    arguments.add(number(score));
                    arguments.add(members[i].member());
                }
                expected =
                        String.valueOf(
                                redis(
                                        redis,
                                        "ZADD",
                                        name,
                                        condition,
                                        counts ? "CH" : "",
                                        arguments));
                actual = String.valueOf(sets.zadd(key, condition(condition), counts, members));
            }
            case 5, 6 -> {
                String condition = CONDITIONS[random.nextInt(CONDITIONS.length)];
                double increment = name.equals(LEX) ? 0 : score();
                String member = member();
                Object reply =
                        redis(redis, "ZADD", name, condition, "INCR", number(increment), member);
                expected = reply instanceof RedisProcess.Failure ? "NaN" : score(reply);
                actual = increment(sets, key, condition(condition), increment, member);
            }
            case 7 -> {
                byte[][] members = {bytes(member()), bytes(member()), bytes(member())};
                expected =
                        String.valueOf(
                                redis(redis, "ZREM", name, members[0], members[1], members[2]));
                actual = String.valueOf(sets.zrem(key, members));
            }
            case 8 -> {
                List<?> replies =
                        (List<?>)
                                Objects.requireNonNull(
                                        redis(redis, "ZMSCORE", name, member(), "m1"));
                byte[] first = bytes((String) command.get(2));
                expected = score((Object) replies.get(0)) + score((Object) replies.get(1));
                List<@Nullable Double> scores = sets.zmscore(key, first, bytes("m1"));
                actual = score(scores.get(0)) + score(scores.get(1));
            }
            case 9 -> {
                boolean reversed = random.nextBoolean();
                String member = member();
                expected =
                        String.valueOf(redis(redis, reversed ? "ZREVRANK" : "ZRANK", name, member));
                ScoredRank rank =
                        reversed
                                ? sets.zrevrank(key, bytes(member))
                                : sets.zrank(key, bytes(member));
                actual = rank == null ? "null" : Long.toString(rank.rank());
            }
            case 10 -> {
                ScoreBound min = bound();
                ScoreBound max = bound();
                expected = String.valueOf(redis(redis, "ZCOUNT", name, text(min), text(max)));
                actual = String.valueOf(sets.zcount(key, min, max));
            }
            case 11 -> {
                LexBound min = lexBound();
                LexBound max = lexBound();
                expected = String.valueOf(redis(redis, "ZLEXCOUNT", LEX, text(min), text(max)));
                actual = String.valueOf(sets.zlexcount(bytes(LEX), min, max));
            }
            case 12, 13, 14, 15 -> {
                SortedSetRange range = range(name);
                boolean byLex = range.ends() instanceof SortedSetRange.Members;
                Object reply =
                        redis(redis, "ZRANGE", name, arguments(range), byLex ? "" : "WITHSCORES");
                expected = byLex ? allZero(reply) : scored(reply);
                actual = scored(sets.zrange(key, range));
            }
            case 16 -> {
                SortedSetRange range = range(name);
                String to = key();
                expected = String.valueOf(redis(redis, "ZRANGESTORE", to, name, arguments(range)));
                actual = String.valueOf(sets.zrangeStore(bytes(to), key, range));
            }
            case 17 -> {
                long start = random.nextInt(memberCount);
                long stop = start + random.nextInt(random.nextInt(4) == 0 ? memberCount : 4);
                expected = String.valueOf(redis(redis, "ZREMRANGEBYRANK", name, start, stop));
                actual = String.valueOf(sets.zremrangeByRank(key, start, stop));
            }
            case 18 -> {
                ScoreBound min = bound();
                ScoreBound max = ScoreBound.inclusive(min.score() + random.nextInt(3));
                expected =
                        String.valueOf(
                                redis(redis, "ZREMRANGEBYSCORE", name, text(min), text(max)));
                actual = String.valueOf(sets.zremrangeByScore(key, min, max));
            }
            case 19 -> {
                LexBound min = lexBound();
                LexBound max = lexBound();
                expected =
                        String.valueOf(redis(redis, "ZREMRANGEBYLEX", LEX, text(min), text(max)));
                actual = String.valueOf(sets.zremrangeByLex(bytes(LEX), min, max));
            }
            case 20 -> {
                boolean highest = random.nextBoolean();
                int count = random.nextInt(5);
                expected = scored(redis(redis, highest ? "ZPOPMAX" : "ZPOPMIN", name, count));
                actual = scored(highest ? sets.zpopmax(key, count) : sets.zpopmin(key, count));
            }
            case 21 -> {
                String other = key();
                boolean highest = random.nextBoolean();
                Object reply =
                        redis(redis, "ZMPOP", 2, name, other, highest ? "MAX" : "MIN", "COUNT", 3);
                Map.Entry<byte[], List<ScoredMember>> popped =
                        sets.zmpop(new byte[][] {key, bytes(other)}, highest, 3);
                expected = reply instanceof List<?> list ? popped(list) : "null";
                actual =
                        popped == null
                                ? "null"
                                : text((Object) popped.getKey()) + ":" + scored(popped.getValue());
            }
            default -> {
                combine(redis, sets);
                return;
            }
        }
        assertEquals(expected, actual, () -> command());
    }

    private String command() {
        StringBuilder all = new StringBuilder("seed=" + seed + ": ");
        command.forEach(each -> all.append(each instanceof byte[] ? text(each) : each).append(' '));
        return all.toString();
    }

    private static String popped(List<?> reply) {
        List<Object> flat = new ArrayList<>();
        ((List<?>) reply.get(1)).forEach(pair -> flat.addAll((List<?>) pair));
        return text(reply.get(0)) + ":" + scored((Object) flat);
    }

    private static ZaddCondition condition(String name) {
        return name.isEmpty()
                ? ZaddCondition.ALWAYS
                : ZaddCondition.valueOf(name.replace(' ', '_'));
    }

    private static String increment(
            SortedSetOperations sets,
            byte[] key,
            ZaddCondition condition,
            double by,
            String member) {
        try {
            return score(sets.zaddIncr(key, condition, by, bytes(member)));
        } catch (HotpairException e) {
            assertEquals("resulting score is not a number (NaN)", e.getMessage());
            return "NaN";
        }
    }

    private void combine(RedisProcess redis, SortedSetOperations sets) {
        int count = 1 + random.nextInt(3);
        byte[][] keys = new byte[count][];
        double[] weights = random.nextBoolean() ? new double[count] : null;
        List<Object> options = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            keys[i] = bytes(random.nextInt(8) == 0 ? "none" : key());
        }
        Aggregate aggregate = AGGREGATES.get(random.nextInt(3));
        if (weights != null) {
            options.add("WEIGHTS");
            for (int i = 0; i < count; i++) {
                weights[i] = score();
                options.add(number(weights[i]));
            }
        }
        options.add("AGGREGATE");
        options.add(aggregate.name());
        List<Object> from = new ArrayList<>(List.of(count));
        from.addAll(Arrays.asList(keys));
        String to = key();
        byte[] target = bytes(to);
        String expected;
        String actual;
        switch (random.nextInt(10)) {
            case 0, 1 -> {
                expected = scored(redis(redis, "ZUNION", from, options, "WITHSCORES"));
                actual = scored(sets.zunion(keys, weights, aggregate));
            }
            case 2, 3 -> {
                expected = scored(redis(redis, "ZINTER", from, options, "WITHSCORES"));
                actual = scored(sets.zinter(keys, weights, aggregate));
            }
            case 4 -> {
                expected = scored(redis(redis, "ZDIFF", from, "WITHSCORES"));
                actual = scored(sets.zdiff(keys));
            }
            case 5, 6 -> {
                int limit = random.nextInt(4);
                expected = String.valueOf(redis(redis, "ZINTERCARD", from, "LIMIT", limit));
                actual = String.valueOf(sets.zintercard(keys, limit));
            }
            case 7 -> {
                expected = String.valueOf(redis(redis, "ZUNIONSTORE", to, from, options));
                actual = String.valueOf(sets.zunionStore(target, keys, weights, aggregate));
            }
            case 8 -> {
                expected = String.valueOf(redis(redis, "ZINTERSTORE", to, from, options));
                actual = String.valueOf(sets.zinterStore(target, keys, weights, aggregate));
            }
            default -> {
                expected = String.valueOf(redis(redis, "ZDIFFSTORE", to, from));
                actual = String.valueOf(sets.zdiffStore(target, keys));
            }
        }
        assertEquals(expected, actual, () -> command());
    }

    @ParameterizedTest
    @CsvSource({"12, 20000", "150, 20000", "4000, 10000"})
    void shouldAnswerAsRedisDoes(int members, int steps) {
        memberCount = members;
        try (RedisProcess redis = RedisProcess.start()) {
            fill(redis);
            for (int i = 0; i < steps; i++) {
                step(redis);
            }
            for (String name : new String[] {"z0", "z1", "z2", "z3", LEX}) {
                SortedSetRange all = SortedSetRange.byIndex(0, -1);
                assertEquals(
                        scored(redis(redis, "ZRANGE", name, "0 -1 WITHSCORES")),
                        scored(keyspace.sortedSets().zrange(bytes(name), all)),
                        "seed=" + seed);
            }
        }
    }

    private void fill(RedisProcess redis) {
        for (String name : new String[] {"z0", "z1", LEX}) {
            ScoredMember[] members = new ScoredMember[memberCount];
            List<Object> arguments = new ArrayList<>();
            for (int i = 0; i < memberCount; i++) {
                double score = name.equals(LEX) ? 0 : score();
                members[i] = new ScoredMember(bytes(member()), score);
                arguments.add(number(score));
                arguments.add(members[i].member());
            }
            Object added = redis(redis, "ZADD", name, arguments);
            assertEquals(
                    added,
                    keyspace.sortedSets().zadd(bytes(name), ZaddCondition.ALWAYS, false, members));
        }
    }
}
