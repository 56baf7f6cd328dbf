package io.hotpair.internal;

import io.hotpair.Aggregate;
import io.hotpair.HotpairException;
import io.hotpair.LexBound;
import io.hotpair.ScoreBound;
import io.hotpair.ScoredMember;
import io.hotpair.ScoredRank;
import io.hotpair.SortedSetOperations;
import io.hotpair.SortedSetRange;
import io.hotpair.ZaddCondition;
import io.hotpair.log.OperationType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Sorted sets, as {@link SortedSet}. */
public final class SortedSetCommands implements SortedSetOperations {
    /** From so many members on, a sorted set that is new is written at once. */
    private static final int BULK = 64;

    private final Executor executor;

    /** Creates them. */
    public SortedSetCommands(Executor executor) {
        this.executor = executor;
    }

    private static SortedSet open(Edit edit, long record) {
        return edit.sortedSet().open(record);
    }

    private static SortedSet openToChange(Edit edit, long record) {
        SortedSet set = edit.sortedSet().openToChange(record);
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_SORTED_SET, false);
        }
        return set;
    }

    private static void checkNumber(String name, double number) {
        if (Double.isNaN(number)) {
            throw new IllegalArgumentException(name + "=NaN, expected a number");
        }
    }

    private static void checkNotNegative(String name, long number) {
        if (number < 0) {
            throw new IllegalArgumentException(name + "=" + number + ", expected 0 or more");
        }
    }

    // ---- members

    @Override
    public boolean zadd(byte[] key, double score, byte[] member) {
        return zadd(key, ZaddCondition.ALWAYS, false, new ScoredMember(member, score)) == 1;
    }

    @Override
    public long zadd(
            byte[] key, ZaddCondition condition, boolean countsChanges, ScoredMember... members) {
        if (members.length == 0) {
            throw new IllegalArgumentException("members.length=0, expected 1 or more");
        }
        Addition addition = new Addition(condition, members);
        boolean unused = executor.write(key, addition);
        return countsChanges ? addition.added + addition.updated : addition.added;
    }

    /** Members that are being added. */
    private static final class Addition implements Mutation {
        private final ZaddCondition condition;
        private final ScoredMember[] members;
        private int added;
        private int updated;

        Addition(ZaddCondition condition, ScoredMember[] members) {
            this.condition = condition;
            this.members = members;
        }

        @Override
        public long apply(Edit edit, long current) {
            added = 0;
            updated = 0;
            SortedSet set = openToChange(edit, current);
            if (current == 0 && members.length >= BULK) {
                set.become(newMembers().values());
            } else {
                for (ScoredMember each : members) {
                    add(set, each.member(), each.score());
                }
            }
            return added + updated == 0 ? UNCHANGED : set.record(edit.deadlineMs(current));
        }

        private void add(SortedSet set, byte[] member, double score) {
            if (!set.find(member, 0, member.length)) {
                if (condition.adds()) {
                    set.insert(member, 0, member.length, score);
                    added++;
                }
            } else if (score != set.score() && condition.updates(set.score(), score)) {
                set.move(member, 0, member.length, score);
                updated++;
            }
        }

        private Map<ByteBuffer, ScoredMember> newMembers() {
            Map<ByteBuffer, ScoredMember> all = new HashMap<>();
            if (!condition.adds()) {
                return all;
            }
            for (ScoredMember each : members) {
                ByteBuffer name = ByteBuffer.wrap(each.member());
                ScoredMember known = all.putIfAbsent(name, each);
                if (known == null) {
                    added++;
                } else if (known.score() != each.score()
                        && condition.updates(known.score(), each.score())) {
                    all.put(name, each);
                    updated++;
                }
            }
            return all;
        }
    }

    @Override
    public double zincrby(byte[] key, double increment, byte[] member) {
        Increment addition = new Increment(ZaddCondition.ALWAYS, increment, member);
        boolean unused = executor.write(key, addition);
        return addition.sum;
    }

    @Override
    public @Nullable Double zaddIncr(
            byte[] key, ZaddCondition condition, double increment, byte[] member) {
        Increment addition = new Increment(condition, increment, member);
        boolean unused = executor.write(key, addition);
        return addition.allowed ? addition.sum : null;
    }

    /** A score that is being added to. */
    private static final class Increment implements Mutation {
        private final ZaddCondition condition;
        private final double increment;
        private final byte[] member;
        private double sum;
        private boolean allowed;

        Increment(ZaddCondition condition, double increment, byte[] member) {
            checkNumber("increment", increment);
            this.condition = condition;
            this.increment = increment;
            this.member = member;
        }

        @Override
        public long apply(Edit edit, long current) {
            SortedSet set = openToChange(edit, current);
            boolean present = set.find(member, 0, member.length);
            sum = present ? set.score() + increment : increment;
            allowed = present ? mayUpdate(set.score()) : condition.adds();
            if (!allowed || (present && sum == set.score())) {
                return UNCHANGED;
            }
            if (present) {
                set.move(member, 0, member.length, sum);
            } else {
                set.insert(member, 0, member.length, sum);
            }
            return set.record(edit.deadlineMs(current));
        }

        private boolean mayUpdate(double score) {
            // With NX a member that is there is left alone before anything is added up.
            if (Double.isNaN(sum) && condition != ZaddCondition.NX) {
                throw new HotpairException(
                        HotpairException.Category.WRONG_VALUE,
                        "resulting score is not a number (NaN)");
            }
            return condition.updates(score, sum);
        }
    }

    @Override
    public long zrem(byte[] key, byte[]... members) {
        long[] removed = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            removed[0] = 0;
                            SortedSet set = openToChange(edit, current);
                            edit.shrinks();
                            for (byte[] member : members) {
                                removed[0] += set.remove(member, 0, member.length) ? 1 : 0;
                            }
                            return removed[0] == 0
                                    ? Mutation.UNCHANGED
                                    : set.record(edit.deadlineMs(current));
                        });
        return removed[0];
    }

    @Override
    public @Nullable Double zscore(byte[] key, byte[] member) {
        return executor.read(key, (edit, record) -> score(open(edit, record), member));
    }

    private static @Nullable Double score(SortedSet set, byte[] member) {
        return set.find(member, 0, member.length) ? set.score() : null;
    }

    @Override
    public List<@Nullable Double> zmscore(byte[] key, byte[]... members) {
        return executor.read(
                key,
                (edit, record) -> {
                    SortedSet set = open(edit, record);
                    List<@Nullable Double> scores = new ArrayList<>(members.length);
                    for (byte[] member : members) {
                        scores.add(score(set, member));
                    }
                    return scores;
                });
    }

    @Override
    public @Nullable ScoredRank zrank(byte[] key, byte[] member) {
        return rank(key, member, false);
    }

    @Override
    public @Nullable ScoredRank zrevrank(byte[] key, byte[] member) {
        return rank(key, member, true);
    }

    private @Nullable ScoredRank rank(byte[] key, byte[] member, boolean reversed) {
        return executor.read(
                key,
                (edit, record) -> {
                    SortedSet set = open(edit, record);
                    if (!set.find(member, 0, member.length)) {
                        return null;
                    }
                    long rank = set.rank(member);
                    return new ScoredRank(reversed ? set.count() - 1 - rank : rank, set.score());
                });
    }

    // ---- counts and ranges

    @Override
    public long zcard(byte[] key) {
        return executor.read(key, (edit, record) -> open(edit, record).count());
    }

    @Override
    public long zcount(byte[] key, ScoreBound min, ScoreBound max) {
        return count(key, SortedSetRange.byScore(min, max));
    }

    @Override
    public long zlexcount(byte[] key, LexBound min, LexBound max) {
        return count(key, SortedSetRange.byLex(min, max));
    }

    private long count(byte[] key, SortedSetRange range) {
        return executor.read(
                key,
                (edit, record) -> {
                    long[] places = open(edit, record).places(range);
                    return places[1] - places[0];
                });
    }

    @Override
    public List<ScoredMember> zrange(byte[] key, SortedSetRange range) {
        return executor.read(key, (edit, record) -> range(open(edit, record), range));
    }

    private static List<ScoredMember> range(SortedSet set, SortedSetRange range) {
        long[] places = set.places(range);
        return set.list(places[0], places[1], range.isReversed());
    }

    @Override
    public long zremrangeByRank(byte[] key, long start, long stop) {
        return removeRange(key, SortedSetRange.byIndex(start, stop));
    }

    @Override
    public long zremrangeByScore(byte[] key, ScoreBound min, ScoreBound max) {
        return removeRange(key, SortedSetRange.byScore(min, max));
    }

    @Override
    public long zremrangeByLex(byte[] key, LexBound min, LexBound max) {
        return removeRange(key, SortedSetRange.byLex(min, max));
    }

    @Override
    public long zrangeStore(byte[] destination, byte[] source, SortedSetRange range) {
        return executor.transact(
                tx -> {
                    List<ScoredMember> found =
                            tx.read(source, (edit, record) -> range(open(edit, record), range));
                    return store(tx, destination, found);
                });
    }

    /** Puts members in the place of what a key holds; returns how many. */
    static long store(Executor executor, byte[] key, List<ScoredMember> members) {
        boolean unused = executor.write(key, (edit, current) -> replace(edit, current, members));
        return members.size();
    }

    private static long replace(Edit edit, long current, List<ScoredMember> members) {
        if (members.isEmpty()) {
            return current == 0 ? Mutation.UNCHANGED : edit.tombstone();
        }
        if (edit.wantsEffects()) {
            edit.effects().begin(OperationType.CHANGE_SORTED_SET, true);
        }
        return edit.sortedSet().become(members).record(0);
    }

    private long removeRange(byte[] key, SortedSetRange range) {
        long[] removed = new long[1];
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            SortedSet set = openToChange(edit, current);
                            long[] places = set.places(range);
                            removed[0] = places[1] - places[0];
                            return remove(edit, set, current, places[0], places[1]);
                        });
        return removed[0];
    }

    private static long remove(Edit edit, SortedSet set, long current, long from, long to) {
        if (from == to) {
            return Mutation.UNCHANGED;
        }
        edit.shrinks();
        set.removeRange(from, to);
        return set.record(edit.deadlineMs(current));
    }

    // ---- pops and samples

    @Override
    public List<ScoredMember> zpopmin(byte[] key, long count) {
        return pop(executor, key, false, count, false);
    }

    @Override
    public List<ScoredMember> zpopmax(byte[] key, long count) {
        return pop(executor, key, true, count, false);
    }

    /** Removes members; with another type there are none, or it is refused. */
    private static List<ScoredMember> pop(
            Executor executor, byte[] key, boolean highest, long count, boolean ignoresOthers) {
        checkNotNegative("count", count);
        List<ScoredMember> popped = new ArrayList<>();
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            popped.clear();
                            if (!isThere(edit, current, ignoresOthers)) {
                                return Mutation.UNCHANGED;
                            }
                            SortedSet set = openToChange(edit, current);
                            long from = highest ? Math.max(0, set.count() - count) : 0;
                            long to = highest ? set.count() : Math.min(set.count(), count);
                            popped.addAll(set.list(from, to, highest));
                            return remove(edit, set, current, from, to);
                        });
        return popped;
    }

    private static boolean isThere(Edit edit, long record, boolean ignoresOthers) {
        if (!ignoresOthers) {
            Edit.expect(edit.mem(), record, Records.SORTED_SET);
        }
        return record != 0 && Records.type(edit.mem(), record) == Records.SORTED_SET;
    }

    private static void checkPositive(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
    }

    @Override
    public Map.@Nullable Entry<byte[], List<ScoredMember>> zmpop(
            byte[][] keys, boolean highest, long count) {
        checkPositive(count);
        if (keys.length == 1) {
            return popped(keys[0], pop(executor, keys[0], highest, count, false));
        }
        return executor.transact(
                tx -> {
                    for (byte[] key : keys) {
                        List<ScoredMember> popped = pop(tx, key, highest, count, false);
                        if (!popped.isEmpty()) {
                            return Map.entry(key, popped);
                        }
                    }
                    return null;
                });
    }

    private static Map.@Nullable Entry<byte[], List<ScoredMember>> popped(
            byte[] key, List<ScoredMember> members) {
        return members.isEmpty() ? null : Map.entry(key, members);
    }

    // ---- operations that wait

    /** Removes members from the first key that has any, and gives them in some form. */
    @SuppressWarnings("ArrayRecordComponent") // Used for one call, and never compared.
    private record Pop<R>(
            boolean highest,
            long count,
            byte[][] keys,
            Function<Map.Entry<byte[], List<ScoredMember>>, R> form)
            implements BlockingCommand<R> {
        Pop {
            checkPositive(count);
            if (keys.length == 0) {
                throw new IllegalArgumentException("keys.length=0, expected at least 1");
            }
        }

        private @Nullable R form(Map.@Nullable Entry<byte[], List<ScoredMember>> popped) {
            return popped == null ? null : form.apply(popped);
        }

        @Override
        public Rivals rivals() {
            return Rivals.FOR_SCORED_MEMBERS;
        }

        @Override
        public @Nullable R begin(Executor executor) {
            return form(new SortedSetCommands(executor).zmpop(keys, highest, count));
        }

        /** Refuses what comes before the first sorted set and is none. */
        @Override
        public boolean mayWaitBehindOthers(Executor executor) {
            return executor.readAll(
                    keys,
                    (edit, records) -> {
                        for (long record : records) {
                            if (isThere(edit, record, false)) {
                                break;
                            }
                        }
                        return true;
                    });
        }

        @Override
        public @Nullable R attempt(Executor executor, byte[] key) {
            return form(popped(key, pop(executor, key, highest, count, true)));
        }
    }

    private static Pop<Map.Entry<byte[], ScoredMember>> popOne(boolean highest, byte[][] keys) {
        return new Pop<>(
                highest, 1, keys, popped -> Map.entry(popped.getKey(), popped.getValue().get(0)));
    }

    @Override
    public Map.@Nullable Entry<byte[], ScoredMember> bzpopmin(Duration timeout, byte[]... keys) {
        return executor.block(popOne(false, keys), timeout);
    }

    @Override
    public CompletableFuture<Map.@Nullable Entry<byte[], ScoredMember>> bzpopminAsync(
            Duration timeout, byte[]... keys) {
        return executor.blockAsync(popOne(false, keys), timeout);
    }

    @Override
    public Map.@Nullable Entry<byte[], ScoredMember> bzpopmax(Duration timeout, byte[]... keys) {
        return executor.block(popOne(true, keys), timeout);
    }

    @Override
    public CompletableFuture<Map.@Nullable Entry<byte[], ScoredMember>> bzpopmaxAsync(
            Duration timeout, byte[]... keys) {
        return executor.blockAsync(popOne(true, keys), timeout);
    }

    @Override
    public Map.@Nullable Entry<byte[], List<ScoredMember>> bzmpop(
            Duration timeout, byte[][] keys, boolean highest, long count) {
        return executor.block(new Pop<>(highest, count, keys, popped -> popped), timeout);
    }

    @Override
    public CompletableFuture<Map.@Nullable Entry<byte[], List<ScoredMember>>> bzmpopAsync(
            Duration timeout, byte[][] keys, boolean highest, long count) {
        return executor.blockAsync(new Pop<>(highest, count, keys, popped -> popped), timeout);
    }

    @Override
    public byte @Nullable [] zrandmember(byte[] key) {
        List<ScoredMember> one = zrandmember(key, 1);
        return one.isEmpty() ? null : one.get(0).member();
    }

    @Override
    public List<ScoredMember> zrandmember(byte[] key, long count) {
        if (count < -Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "count=" + count + ", expected " + -Integer.MAX_VALUE + " or more");
        }
        return executor.read(
                key,
                (edit, record) -> {
                    SortedSet set = open(edit, record);
                    if (count >= set.count()) {
                        return set.list(0, set.count(), false);
                    }
                    List<ScoredMember> chosen = new ArrayList<>();
                    for (long place : places(set.count(), count)) {
                        chosen.add(SortedSet.scoredMember(set.at(place)));
                    }
                    return chosen;
                });
    }

    /** Chooses places below a size: all of them different, or, if negative, by chance the same. */
    private static long[] places(long size, long count) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (count < 0) {
            return size == 0 ? new long[0] : random.longs(-count, 0, size).toArray();
        }
        // Floyd's: each place is as likely to be chosen, and none is drawn in vain.
        Set<Long> chosen = new HashSet<>();
        for (long last = size - count; last < size; last++) {
            long place = random.nextLong(last + 1);
            boolean unused = chosen.add(chosen.contains(place) ? last : place);
        }
        return chosen.stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public long zscan(byte[] key, long cursor, int count, Consumer<ScoredMember> consumer) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
        List<ScoredMember> met = new ArrayList<>();
        long next =
                executor.read(key, (edit, record) -> open(edit, record).scan(cursor, count, met));
        // The consumer may take its time: it holds no epoch.
        met.forEach(consumer);
        return next;
    }

    // ---- several sets

    @Override
    public List<ScoredMember> zunion(
            byte[][] keys, double @Nullable [] weights, Aggregate aggregate) {
        return combine(executor, keys, weights, union(aggregate));
    }

    @Override
    public List<ScoredMember> zinter(
            byte[][] keys, double @Nullable [] weights, Aggregate aggregate) {
        return combine(executor, keys, weights, intersection(aggregate));
    }

    @Override
    public List<ScoredMember> zdiff(byte[]... keys) {
        return combine(executor, keys, null, SetAlgebra::difference);
    }

    @Override
    public long zintercard(byte[][] keys, long limit) {
        checkNotNegative("limit", limit);
        checkOperands(keys, null);
        long stop = limit == 0 ? Long.MAX_VALUE : limit;
        return executor.readAll(
                keys,
                (edit, records) -> SetAlgebra.of(edit, records, null).intersectionCount(stop));
    }

    @Override
    public long zunionStore(
            byte[] destination, byte[][] keys, double @Nullable [] weights, Aggregate aggregate) {
        return combineAndStore(destination, keys, weights, union(aggregate));
    }

    @Override
    public long zinterStore(
            byte[] destination, byte[][] keys, double @Nullable [] weights, Aggregate aggregate) {
        return combineAndStore(destination, keys, weights, intersection(aggregate));
    }

    @Override
    public long zdiffStore(byte[] destination, byte[]... keys) {
        return combineAndStore(destination, keys, null, SetAlgebra::difference);
    }

    private static Function<SetAlgebra, List<ScoredMember>> union(Aggregate aggregate) {
        return sets -> sets.union(aggregate);
    }

    private static Function<SetAlgebra, List<ScoredMember>> intersection(Aggregate aggregate) {
        return sets -> sets.intersection(aggregate);
    }

    private static List<ScoredMember> combine(
            Executor executor,
            byte[][] keys,
            double @Nullable [] weights,
            Function<SetAlgebra, List<ScoredMember>> operation) {
        checkOperands(keys, weights);
        List<ScoredMember> found =
                executor.readAll(
                        keys,
                        (edit, records) -> operation.apply(SetAlgebra.of(edit, records, weights)));
        found.sort(SortedSet.ORDER);
        return found;
    }

    private long combineAndStore(
            byte[] destination,
            byte[][] keys,
            double @Nullable [] weights,
            Function<SetAlgebra, List<ScoredMember>> operation) {
        return executor.transact(
                tx -> store(tx, destination, combine(tx, keys, weights, operation)));
    }

    private static void checkOperands(byte[][] keys, double @Nullable [] weights) {
        if (keys.length == 0) {
            throw new IllegalArgumentException("keys.length=0, expected 1 or more");
        }
        if (weights == null) {
            return;
        }
        if (weights.length != keys.length) {
            throw new IllegalArgumentException(
                    "weights.length=" + weights.length + ", expected " + keys.length);
        }
        for (double weight : weights) {
            checkNumber("weight", weight);
        }
    }
}
