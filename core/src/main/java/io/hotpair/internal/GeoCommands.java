package io.hotpair.internal;

import io.hotpair.GeoMatch;
import io.hotpair.GeoOperations;
import io.hotpair.GeoPoint;
import io.hotpair.GeoSearch;
import io.hotpair.GeoUnit;
import io.hotpair.HotpairException;
import io.hotpair.ScoreBound;
import io.hotpair.ScoredMember;
import io.hotpair.SortedSetRange;
import io.hotpair.ZaddCondition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Geographical positions, as members of a {@link SortedSet}. */
public final class GeoCommands implements GeoOperations {
    private static final Comparator<GeoMatch> NEAREST_FIRST =
            Comparator.comparingDouble(GeoMatch::distance);

    private final Executor executor;
    private final SortedSetCommands sortedSets;

    /** Creates them. */
    public GeoCommands(Executor executor) {
        this.executor = executor;
        sortedSets = new SortedSetCommands(executor);
    }

    @Override
    public boolean geoadd(byte[] key, GeoPoint point, byte[] member) {
        return sortedSets.zadd(key, Geohash.score(point), member);
    }

    @Override
    public long geoadd(
            byte[] key,
            ZaddCondition condition,
            boolean countsChanges,
            byte[][] members,
            GeoPoint[] points) {
        if (members.length != points.length) {
            throw new IllegalArgumentException(
                    "points.length=" + points.length + ", expected " + members.length);
        }
        ScoredMember[] scored = new ScoredMember[members.length];
        for (int i = 0; i < scored.length; i++) {
            scored[i] = new ScoredMember(members[i], Geohash.score(points[i]));
        }
        return sortedSets.zadd(key, condition, countsChanges, scored);
    }

    private static @Nullable GeoPoint point(@Nullable Double score) {
        return score == null ? null : Geohash.point(score);
    }

    private <R> List<@Nullable R> each(
            byte[] key, byte[][] members, Function<GeoPoint, R> function) {
        List<@Nullable R> all = new ArrayList<>(members.length);
        for (Double score : sortedSets.zmscore(key, members)) {
            GeoPoint point = point(score);
            all.add(point == null ? null : function.apply(point));
        }
        return all;
    }

    @Override
    public List<@Nullable GeoPoint> geopos(byte[] key, byte[]... members) {
        return each(key, members, point -> point);
    }

    @Override
    public List<@Nullable String> geohash(byte[] key, byte[]... members) {
        return each(key, members, Geohash::text);
    }

    @Override
    public @Nullable Double geodist(byte[] key, byte[] from, byte[] to, GeoUnit unit) {
        List<@Nullable Double> scores = sortedSets.zmscore(key, from, to);
        GeoPoint first = point(scores.get(0));
        GeoPoint second = point(scores.get(1));
        return first == null || second == null
                ? null
                : Geohash.distance(first, second) / unit.metres();
    }

    @Override
    public List<GeoMatch> geosearch(byte[] key, GeoSearch search) {
        return search(executor, key, search);
    }

    @Override
    public long geosearchStore(
            byte[] destination, byte[] source, GeoSearch search, boolean asDistances) {
        return executor.transact(
                tx -> {
                    List<ScoredMember> found = new ArrayList<>();
                    for (GeoMatch each : search(tx, source, search)) {
                        double score = asDistances ? each.distance() : each.score();
                        found.add(new ScoredMember(each.member(), score));
                    }
                    return SortedSetCommands.store(tx, destination, found);
                });
    }

    private static List<GeoMatch> search(Executor executor, byte[] key, GeoSearch search) {
        List<GeoMatch> found =
                executor.read(
                        key,
                        (edit, record) -> {
                            SortedSet set = edit.sortedSet().open(record);
                            return record == 0 ? new ArrayList<>() : new Search(set, search).run();
                        });
        if (search.order() != GeoSearch.Order.NONE) {
            boolean ascending = search.order() == GeoSearch.Order.ASC;
            found.sort(ascending ? NEAREST_FIRST : NEAREST_FIRST.reversed());
        }
        boolean tooMany = search.count() > 0 && search.count() < found.size();
        return tooMany ? new ArrayList<>(found.subList(0, (int) search.count())) : found;
    }

    /** One search under way. */
    private static final class Search {
        private final SortedSet set;
        private final GeoSearch search;
        private final GeoPoint middle;
        private final double metres;
        private final List<GeoMatch> found = new ArrayList<>();

        Search(SortedSet set, GeoSearch search) {
            this.set = set;
            this.search = search;
            metres = search.unit().metres();
            middle = middle(set, search);
        }

        private static GeoPoint middle(SortedSet set, GeoSearch search) {
            GeoPoint point = search.point();
            if (point != null) {
                return point;
            }
            byte[] member = search.member();
            if (member == null || !set.find(member, 0, member.length)) {
                throw new HotpairException(
                        HotpairException.Category.WRONG_VALUE,
                        "could not decode requested zset member");
            }
            return Geohash.point(set.score());
        }

        List<GeoMatch> run() {
            for (double[] scores : cells()) {
                SortedSetRange range =
                        SortedSetRange.byScore(
                                ScoreBound.inclusive(scores[0]), ScoreBound.exclusive(scores[1]));
                long[] places = set.places(range);
                if (!set.range(places[0], places[1], false, this::visit)) {
                    break;
                }
            }
            return found;
        }

        private List<double[]> cells() {
            double radius = search.radius();
            if (radius >= 0) {
                double reach = metres * radius;
                return GeoCells.scores(middle, reach, reach, reach);
            }
            double width = search.width() / 2;
            double height = search.height() / 2;
            double reach = Math.sqrt(width * width + height * height) * metres;
            return GeoCells.scores(middle, metres * width, metres * height, reach);
        }

        private boolean visit(Leaf leaf) {
            double score = SortedSet.score(leaf);
            GeoPoint point = Geohash.point(score);
            double distance = distance(point);
            if (distance >= 0) {
                byte[] member = leaf.key(SortedSet.SCORE_LENGTH);
                found.add(new GeoMatch(member, score, point, distance / metres));
            }
            return !search.isAny() || found.size() < search.count();
        }

        /** How far a position is, or -1 if it is outside. */
        private double distance(GeoPoint point) {
            double latitude = middle.latitude();
            if (search.radius() >= 0) {
                double distance = Geohash.distance(middle, point);
                return distance > search.radius() * metres ? -1 : distance;
            }
            double up = Geohash.latitudeDistance(point.latitude(), latitude);
            double aside =
                    Geohash.distance(
                            point.longitude(),
                            point.latitude(),
                            middle.longitude(),
                            point.latitude());
            boolean outside =
                    up > search.height() * metres / 2 || aside > search.width() * metres / 2;
            return outside ? -1 : Geohash.distance(middle, point);
        }
    }
}
