package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.ScoredMember;
import io.hotpair.ScoredRank;
import io.hotpair.SortedSetOperations;
import io.hotpair.ZaddCondition;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sorted sets: their members, one by one or some of them. */
final class SortedSetCommands {
    private static final String NOT_A_NUMBER = "ERR resulting score is not a number (NaN)";
    private static final String NOT_POSITIVE = "ERR value is out of range, must be positive";

    private static final int SMALL_SET = 128;
    private static final double MAX_WHOLE_SCORE = 0x1p62;

    private SortedSetCommands() {}

    static void register(CommandTable table) {
        registerWrites(table);
        registerReads(table);
        registerPops(table);
        SortedSetRangeCommands.register(table);
        SortedSetAlgebra.register(table);
        BlockingSortedSetCommands.register(table);
    }

    static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.SORTED_SET)
                .categories(Category.SORTEDSET)
                .syntax(syntax);
    }

    private static void registerWrites(CommandTable table) {
        add(table, "zadd", -4, "key [NX|XX] [GT|LT] [CH] [INCR] (score member)...")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("1.2.0")
                .complexity("O(log(N)) for each member, N being the number of members")
                .summary("Gives members their scores.")
                .does((r, c, out) -> zadd(r, c, out, ZaddOptions.of(r, false)));
        add(table, "zincrby", 4, "key increment member")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "access", "update")
                .since("1.2.0")
                .complexity("O(log(N)), N being the number of members")
                .summary("Adds to a member's score.")
                .does((r, c, out) -> zadd(r, c, out, ZaddOptions.of(r, true)));
        add(table, "zrem", -3, "key member...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .since("1.2.0")
                .complexity("O(M*log(N)), N being the number of members, M that of those removed")
                .summary("Removes members.")
                .does(SortedSetCommands::zrem);
    }

    private static void registerReads(CommandTable table) {
        add(table, "zcard", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .since("1.2.0")
                .summary("Counts the members.")
                .does((r, c, out) -> out.integer(sets(c).zcard(r.copy(1))));
        add(table, "zscore", 3, "key member")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("1.2.0")
                .complexity("O(log(N)), N being the number of members")
                .summary("Returns a member's score.")
                .does((r, c, out) -> score(sets(c).zscore(r.copy(1), r.copy(2)), out));
        add(table, "zmscore", -3, "key member...")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("6.2.0")
                .complexity("O(M*log(N)), N being the number of members, M that of those asked for")
                .summary("Returns the scores of members.")
                .does(SortedSetCommands::zmscore);
        add(table, "zrank", -3, "key member [WITHSCORE]")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("2.0.0")
                .complexity("O(log(N)), N being the number of members")
                .summary(
                        "Counts the members with lower scores than a member; tells its own if asked.")
                .does((r, c, out) -> rank("zrank", r, out, sets(c)::zrank));
        add(table, "zrevrank", -3, "key member [WITHSCORE]")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("2.0.0")
                .complexity("O(log(N)), N being the number of members")
                .summary(
                        "Counts the members with higher scores than a member; tells its own if asked.")
                .does((r, c, out) -> rank("zrevrank", r, out, sets(c)::zrevrank));
        add(table, "zrandmember", -2, "key [count [WITHSCORES]]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("6.2.0")
                .complexity("O(M*log(N)), N being the number of members, M that of those chosen")
                .summary("Chooses members at random.")
                .does(SortedSetCommands::zrandmember);
        add(table, "zscan", -3, "key cursor [MATCH pattern] [COUNT count] [NOSCORES]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("2.8.0")
                .complexity("O(1) for a call, O(N) for a walk over N members")
                .summary("Goes on with a walk over all members.")
                .does(SortedSetCommands::zscan);
    }

    private static void registerPops(CommandTable table) {
        add(table, "zpopmin", -2, "key [count]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .since("5.0.0")
                .complexity("O(M*log(N)), N being the number of members, M that of those removed")
                .summary("Removes and returns the members with the lowest scores.")
                .does((r, c, out) -> zpop(r, c, out, false));
        add(table, "zpopmax", -2, "key [count]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .since("5.0.0")
                .complexity("O(M*log(N)), N being the number of members, M that of those removed")
                .summary("Removes and returns the members with the highest scores.")
                .does((r, c, out) -> zpop(r, c, out, true));
        add(table, "zmpop", -4, "numkeys key... (MIN|MAX) [COUNT count]")
                .flags(WRITE)
                .keys(KeySpec.counted(1, "RW", "access", "delete"))
                .since("7.0.0")
                .complexity("O(K)+O(M*log(N)), K keys, N members, M of them removed")
                .summary("Removes and returns members of the first key that has any.")
                .does(SortedSetCommands::zmpop);
    }

    static SortedSetOperations sets(Client client) {
        return client.session().sortedSets();
    }

    /** What ZADD was asked to do. */
    private record ZaddOptions(
            ZaddCondition condition, boolean countsChanges, boolean adds, int firstScore) {

        static ZaddOptions of(Request request, boolean increments) {
            boolean ifAbsent = false;
            boolean ifPresent = false;
            boolean ifGreater = false;
            boolean ifLess = false;
            boolean changes = false;
            boolean adds = increments;
            int i = 2;
            while (i < request.count()) {
                if (request.is(i, "NX")) {
                    ifAbsent = true;
                } else if (request.is(i, "XX")) {
                    ifPresent = true;
                } else if (request.is(i, "GT")) {
                    ifGreater = true;
                } else if (request.is(i, "LT")) {
                    ifLess = true;
                } else if (request.is(i, "CH")) {
                    changes = true;
                } else if (request.is(i, "INCR")) {
                    adds = true;
                } else {
                    break;
                }
                i++;
            }
            int left = request.count() - i;
            if (left == 0 || left % 2 != 0) {
                throw CommandException.syntax();
            }
            if (ifAbsent && ifPresent) {
                throw new CommandException(
                        "ERR XX and NX options at the same time are not compatible");
            }
            if ((ifAbsent && (ifGreater || ifLess)) || (ifGreater && ifLess)) {
                throw new CommandException(
                        "ERR GT, LT, and/or NX options at the same time are not compatible");
            }
            if (adds && left > 2) {
                throw new CommandException(
                        "ERR INCR option supports a single increment-element pair");
            }
            return new ZaddOptions(
                    conditionOf(ifAbsent, ifPresent, ifGreater, ifLess), changes, adds, i);
        }
    }

    static ZaddCondition conditionOf(
            boolean ifAbsent, boolean ifPresent, boolean ifGreater, boolean ifLess) {
        if (ifAbsent) {
            return ZaddCondition.NX;
        }
        if (ifGreater) {
            return ifPresent ? ZaddCondition.XX_GT : ZaddCondition.GT;
        }
        if (ifLess) {
            return ifPresent ? ZaddCondition.XX_LT : ZaddCondition.LT;
        }
        return ifPresent ? ZaddCondition.XX : ZaddCondition.ALWAYS;
    }

    private static void zadd(
            Request request, Client client, ReplyBuffer reply, ZaddOptions options) {
        int first = options.firstScore();
        ScoredMember[] members = new ScoredMember[(request.count() - first) / 2];
        double[] scores = new double[members.length];
        for (int i = 0; i < members.length; i++) {
            scores[i] = request.floating(first + 2 * i);
        }
        for (int i = 0; i < members.length; i++) {
            members[i] = new ScoredMember(request.copy(first + 2 * i + 1), scores[i]);
        }
        if (options.adds()) {
            increment(request, client, reply, options.condition(), members[0]);
            return;
        }
        long count =
                sets(client)
                        .zadd(
                                request.copy(1),
                                options.condition(),
                                options.countsChanges(),
                                members);
        client.noteWrite();
        reply.integer(count);
    }

    private static void increment(
            Request request,
            Client client,
            ReplyBuffer reply,
            ZaddCondition condition,
            ScoredMember change) {
        Double sum;
        try {
            sum =
                    sets(client)
                            .zaddIncr(request.copy(1), condition, change.score(), change.member());
        } catch (HotpairException e) {
            if (e.category() == HotpairException.Category.WRONG_VALUE) {
                throw new CommandException(NOT_A_NUMBER);
            }
            throw e;
        }
        client.noteWrite();
        score(sum, reply);
    }

    static void score(@Nullable Double score, ReplyBuffer reply) {
        if (score == null) {
            reply.nullValue();
        } else {
            reply.number(score);
        }
    }

    /** Finds a member, from one end or the other. */
    private interface RankOfMember {
        @Nullable ScoredRank of(byte[] key, byte[] member);
    }

    private static void rank(
            String command, Request request, ReplyBuffer reply, RankOfMember ranks) {
        if (request.count() > 4) {
            throw CommandException.arity(command);
        }
        boolean withScore = request.count() == 4;
        if (withScore && !request.is(3, "WITHSCORE")) {
            throw CommandException.syntax();
        }
        ScoredRank rank = ranks.of(request.copy(1), request.copy(2));
        if (!withScore) {
            if (rank == null) {
                reply.nullValue();
            } else {
                reply.integer(rank.rank());
            }
        } else if (rank == null) {
            reply.nullArray();
        } else {
            reply.array(2);
            reply.integer(rank.rank());
            reply.number(rank.score());
        }
    }

    private static void zrem(Request request, Client client, ReplyBuffer reply) {
        long removed = sets(client).zrem(request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(removed);
    }

    private static void zmscore(Request request, Client client, ReplyBuffer reply) {
        List<@Nullable Double> scores = sets(client).zmscore(request.copy(1), request.copies(2));
        reply.array(scores.size());
        for (Double score : scores) {
            score(score, reply);
        }
    }

    private static void zrandmember(Request request, Client client, ReplyBuffer reply) {
        if (request.count() == 2) {
            reply.bulkOrNull(sets(client).zrandmember(request.copy(1)));
            return;
        }
        long count = RandomCount.of(request, 2, "WITHSCORES");
        boolean scores = request.count() == 4;
        byte[] key = request.copy(1);
        long there = sets(client).zcard(key);
        if (there == 0 || count == 0) {
            // There are counts that nothing could be chosen by.
            reply.array(0);
            return;
        }
        ReplyLimit.check(client, count < 0 ? -count : Math.min(count, there));
        members(sets(client).zrandmember(key, count), scores, reply);
    }

    /** Members with their scores in pairs, or in RESP2 in turns. */
    static void members(List<ScoredMember> members, boolean withScores, ReplyBuffer reply) {
        boolean nested = withScores && reply.isResp3();
        reply.array(withScores && !nested ? 2L * members.size() : members.size());
        for (ScoredMember member : members) {
            if (nested) {
                reply.array(2);
            }
            reply.bulk(member.member());
            if (withScores) {
                reply.number(member.score());
            }
        }
    }

    private static void zscan(Request request, Client client, ReplyBuffer reply) {
        long cursor = ScanArguments.cursor(request, 2);
        byte[] key = request.copy(1);
        long card = sets(client).zcard(key);
        if (card == 0) {
            ScanArguments.begin(reply, 0, 0);
            return;
        }
        ScanArguments arguments = ScanArguments.ofValue(request, client, "NOSCORES");
        List<ScoredMember> found = new ArrayList<>();
        long next =
                sets(client)
                        .zscan(
                                key,
                                cursor,
                                arguments.count(),
                                member -> {
                                    if (arguments.matches(member.member())) {
                                        found.add(member);
                                    }
                                });
        boolean withScores = !arguments.namesOnly();
        ScanArguments.begin(reply, next, withScores ? 2L * found.size() : found.size());
        for (ScoredMember member : found) {
            reply.bulk(member.member());
            if (withScores) {
                reply.bulk(scanned(member.score(), card));
            }
        }
    }

    /** A score as ZSCAN gives it: whole numbers of small sorted sets are given in full. */
    private static String scanned(double score, long card) {
        boolean whole = score == Math.rint(score) && Math.abs(score) <= MAX_WHOLE_SCORE;
        return whole && card <= SMALL_SET ? Long.toString((long) score) : Doubles.text(score);
    }

    private static void zpop(Request request, Client client, ReplyBuffer reply, boolean highest) {
        if (request.count() > 3) {
            throw CommandException.syntax();
        }
        boolean counted = request.count() == 3;
        long count = counted ? request.integer(2, 0, Long.MAX_VALUE, NOT_POSITIVE) : 1;
        byte[] key = request.copy(1);
        if (count != 1) {
            ReplyLimit.check(client, Math.min(count, sets(client).zcard(key)));
        }
        if (count == 0) {
            reply.array(0);
            return;
        }
        List<ScoredMember> popped =
                highest ? sets(client).zpopmax(key, count) : sets(client).zpopmin(key, count);
        client.noteWrite();
        if (counted) {
            members(popped, true, reply);
            return;
        }
        // Even in RESP3 a single pair is not nested.
        reply.array(2L * popped.size());
        for (ScoredMember member : popped) {
            reply.bulk(member.member());
            reply.number(member.score());
        }
    }

    private static void zmpop(Request request, Client client, ReplyBuffer reply) {
        PopArguments arguments = PopArguments.of(request, 1, "MIN", "MAX");
        byte[][] keys = arguments.keys();
        if (arguments.count() > 1) {
            long most = 0;
            for (byte[] key : keys) {
                if (most == 0) {
                    most = sets(client).zcard(key);
                }
            }
            ReplyLimit.check(client, Math.min(arguments.count(), most));
        }
        Map.Entry<byte[], List<ScoredMember>> popped =
                sets(client).zmpop(keys, arguments.isSecond(), arguments.count());
        client.noteWrite();
        popped(popped, reply);
    }

    /** The key with what was taken from it, each with its score. */
    static void popped(Map.@Nullable Entry<byte[], List<ScoredMember>> popped, ReplyBuffer reply) {
        if (popped == null) {
            reply.nullArray();
            return;
        }
        reply.array(2);
        reply.bulk(KeyArea.name(popped.getKey()));
        reply.array(popped.getValue().size());
        for (ScoredMember member : popped.getValue()) {
            reply.array(2);
            reply.bulk(member.member());
            reply.number(member.score());
        }
    }
}
