package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.SortedSetCommands.add;
import static io.hotpair.resp.SortedSetCommands.sets;

import io.hotpair.LexBound;
import io.hotpair.ScoreBound;
import io.hotpair.SortedSetOperations;
import io.hotpair.SortedSetRange;
import java.util.Arrays;

/** Sorted sets: what lies between two places, two scores or two members. */
final class SortedSetRangeCommands {
    private static final String LIMIT_WITHOUT_BOUNDS =
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or"
                    + " BYLEX";
    private static final String SCORES_BY_LEX =
            "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    private static final String NO_SCORE = "ERR min or max is not a float";
    private static final String NO_MEMBER = "ERR min or max not valid string range item";

    /** By what a range is given; ANY lets the client say so. */
    private enum By {
        ANY,
        RANK,
        SCORE,
        LEX
    }

    /** The order in which a range is given; ANY lets the client say so. */
    private enum Direction {
        ANY,
        FORWARD,
        REVERSE
    }

    private SortedSetRangeCommands() {}

    static void register(CommandTable table) {
        registerCounts(table);
        registerRanges(table);
        registerRemovals(table);
    }

    private static void registerCounts(CommandTable table) {
        add(table, "zcount", 4, "key min max")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("2.0.0")
                .complexity("O(log(N)), N being the number of members")
                .summary("Counts the members with scores in a range.")
                .does(
                        (r, c, out) -> {
                            ScoreBound min = score(r, 2);
                            out.integer(sets(c).zcount(r.copy(1), min, score(r, 3)));
                        });
        add(table, "zlexcount", 4, "key min max")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("2.8.9")
                .complexity("O(log(N)), N being the number of members")
                .summary("Counts the members in a range, where all scores are the same.")
                .does(
                        (r, c, out) -> {
                            LexBound min = lex(r, 2);
                            out.integer(sets(c).zlexcount(r.copy(1), min, lex(r, 3)));
                        });
    }

    private static void registerRanges(CommandTable table) {
        range(
                        table,
                        "zrange",
                        "key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
                        By.ANY,
                        Direction.ANY)
                .since("1.2.0")
                .summary("Returns the members in a range of places, scores or members.");
        range(table, "zrevrange", "key start stop [WITHSCORES]", By.RANK, Direction.REVERSE)
                .since("1.2.0")
                .summary("Returns the members from one place to another, highest first.");
        range(
                        table,
                        "zrangebyscore",
                        "key min max [WITHSCORES] [LIMIT offset count]",
                        By.SCORE,
                        Direction.FORWARD)
                .since("1.0.5")
                .summary("Returns the members with scores in a range.");
        range(
                        table,
                        "zrevrangebyscore",
                        "key max min [WITHSCORES] [LIMIT offset count]",
                        By.SCORE,
                        Direction.REVERSE)
                .since("2.2.0")
                .summary("Returns the members with scores in a range, highest first.");
        range(table, "zrangebylex", "key min max [LIMIT offset count]", By.LEX, Direction.FORWARD)
                .since("2.8.9")
                .summary("Returns the members in a range, where all scores are the same.");
        range(
                        table,
                        "zrevrangebylex",
                        "key max min [LIMIT offset count]",
                        By.LEX,
                        Direction.REVERSE)
                .since("2.8.9")
                .summary("Returns the members in a range backwards.");
        add(
                        table,
                        "zrangestore",
                        -5,
                        "destination key min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .keys(2, 2, 1, "RO", "access")
                .since("6.2.0")
                .complexity("O(log(N)+M), N being the number of members, M that of those stored")
                .summary("Puts the members in a range into another key.")
                .does(SortedSetRangeCommands::zrangestore);
    }

    private static Command range(
            CommandTable table, String name, String syntax, By by, Direction direction) {
        return add(table, name, -4, syntax)
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(log(N)+M), N being the number of members, M that of those returned")
                .does((r, c, out) -> zrange(r, c, out, by, direction));
    }

    private static void registerRemovals(CommandTable table) {
        removal(table, "zremrangebyrank", "key start stop")
                .since("2.0.0")
                .summary("Removes the members from one place to another.")
                .does(
                        (r, c, out) -> {
                            long start = r.integer(2);
                            long stop = r.integer(3);
                            removed(c, out, sets(c).zremrangeByRank(r.copy(1), start, stop));
                        });
        removal(table, "zremrangebyscore", "key min max")
                .since("1.2.0")
                .summary("Removes the members with scores in a range.")
                .does(
                        (r, c, out) -> {
                            ScoreBound min = score(r, 2);
                            ScoreBound max = score(r, 3);
                            removed(c, out, sets(c).zremrangeByScore(r.copy(1), min, max));
                        });
        removal(table, "zremrangebylex", "key min max")
                .since("2.8.9")
                .summary("Removes the members in a range, where all scores are the same.")
                .does(
                        (r, c, out) -> {
                            LexBound min = lex(r, 2);
                            LexBound max = lex(r, 3);
                            removed(c, out, sets(c).zremrangeByLex(r.copy(1), min, max));
                        });
    }

    private static Command removal(CommandTable table, String name, String syntax) {
        return add(table, name, 4, syntax)
                .flags(WRITE)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(log(N)+M), N being the number of members, M that of those removed");
    }

    private static void removed(Client client, ReplyBuffer reply, long count) {
        client.noteWrite();
        reply.integer(count);
    }

    private static ScoreBound score(Request request, int argument) {
        int offset = request.offset(argument);
        int length = request.length(argument);
        boolean exclusive = length > 0 && request.bytes()[offset] == '(';
        int skipped = exclusive ? 1 : 0;
        Double value = Doubles.lenient(request.bytes(), offset + skipped, length - skipped);
        if (value == null) {
            throw new CommandException(NO_SCORE);
        }
        return new ScoreBound(value, exclusive);
    }

    private static LexBound lex(Request request, int argument) {
        byte[] text = request.copy(argument);
        byte first = text.length == 0 ? 0 : text[0];
        boolean alone = text.length == 1 || (text.length > 1 && text[1] == 0);
        if (first == '+' && alone) {
            return LexBound.HIGHEST;
        }
        if (first == '-' && alone) {
            return LexBound.LOWEST;
        }
        if (first == '[') {
            return LexBound.inclusive(Arrays.copyOfRange(text, 1, text.length));
        }
        if (first == '(') {
            return LexBound.exclusive(Arrays.copyOfRange(text, 1, text.length));
        }
        throw new CommandException(NO_MEMBER);
    }

    private static void zrange(
            Request request, Client client, ReplyBuffer reply, By by, Direction direction) {
        RangeArguments arguments = new RangeArguments(by, direction);
        SortedSetRange range = arguments.read(request, 2, true);
        byte[] key = request.copy(1);
        ReplyLimit.check(client, count(sets(client), key, range));
        SortedSetCommands.members(sets(client).zrange(key, range), arguments.scores, reply);
    }

    /** How many members a range has, more or less: others may write before it is read. */
    private static long count(SortedSetOperations sets, byte[] key, SortedSetRange range) {
        SortedSetRange.Ends ends = range.ends();
        if (ends instanceof SortedSetRange.Scores scores) {
            return limited(sets.zcount(key, scores.min(), scores.max()), range.count());
        }
        if (ends instanceof SortedSetRange.Members members) {
            return limited(sets.zlexcount(key, members.min(), members.max()), range.count());
        }
        SortedSetRange.Indexes indexes = (SortedSetRange.Indexes) ends;
        long card = sets.zcard(key);
        long start = place(indexes.start(), card);
        long stop = place(indexes.stop(), card);
        return Math.max(0, stop - start + 1);
    }

    private static long place(long index, long card) {
        return Math.min(card, Math.max(0, index < 0 ? card + index : index));
    }

    private static long limited(long count, long limit) {
        return limit < 0 ? count : Math.min(count, limit);
    }

    private static void zrangestore(Request request, Client client, ReplyBuffer reply) {
        SortedSetRange range = new RangeArguments(By.ANY, Direction.ANY).read(request, 3, false);
        long count = sets(client).zrangeStore(request.copy(1), request.copy(2), range);
        client.noteWrite();
        reply.integer(count);
    }

    /** What ZRANGE and its kin are given. */
    private static final class RangeArguments {
        private By by;
        private Direction direction;
        private boolean scores;
        private long skipped;
        private long taken = -1;

        RangeArguments(By by, Direction direction) {
            this.by = by;
            this.direction = direction;
        }

        /** Reads two ends and the options behind them; errors of options come first. */
        SortedSetRange read(Request request, int ends, boolean mayHaveScores) {
            for (int i = ends + 2; i < request.count(); i++) {
                i += option(request, i, mayHaveScores);
            }
            boolean ranks = by == By.ANY || by == By.RANK;
            if (taken != -1 && ranks) {
                throw new CommandException(LIMIT_WITHOUT_BOUNDS);
            }
            if (scores && by == By.LEX) {
                throw new CommandException(SCORES_BY_LEX);
            }
            boolean reversed = direction == Direction.REVERSE;
            int low = reversed && !ranks ? ends + 1 : ends;
            SortedSetRange range = range(request, low, low == ends ? ends + 1 : ends);
            if (reversed) {
                range = range.reversed();
            }
            return ranks ? range : range.limit(skipped, taken);
        }

        private int option(Request request, int i, boolean mayHaveScores) {
            if (mayHaveScores && request.is(i, "WITHSCORES")) {
                scores = true;
            } else if (request.is(i, "LIMIT") && i + 2 < request.count()) {
                skipped = request.integer(i + 1);
                taken = request.integer(i + 2);
                return 2;
            } else if (direction == Direction.ANY && request.is(i, "REV")) {
                direction = Direction.REVERSE;
            } else if (by == By.ANY && request.is(i, "BYLEX")) {
                by = By.LEX;
            } else if (by == By.ANY && request.is(i, "BYSCORE")) {
                by = By.SCORE;
            } else {
                throw CommandException.syntax();
            }
            return 0;
        }

        private SortedSetRange range(Request request, int low, int high) {
            return switch (by) {
                case SCORE -> SortedSetRange.byScore(score(request, low), score(request, high));
                case LEX -> SortedSetRange.byLex(lex(request, low), lex(request, high));
                case ANY, RANK ->
                        SortedSetRange.byIndex(request.integer(low), request.integer(high));
            };
        }
    }
}
