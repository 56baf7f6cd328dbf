package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.GeoMatch;
import io.hotpair.GeoOperations;
import io.hotpair.GeoPoint;
import io.hotpair.GeoSearch;
import io.hotpair.GeoUnit;
import io.hotpair.ZaddCondition;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Geographical positions in sorted sets. */
final class GeoCommands {
    private static final int DISTANCE_DIGITS = 4;
    private static final String SEARCH_OPTIONS =
            "(FROMMEMBER member|FROMLONLAT longitude latitude) (BYRADIUS radius (M|KM|FT|MI)"
                    + "|BYBOX width height (M|KM|FT|MI)) [ASC|DESC] [COUNT count [ANY]]";
    private static final String WITH = " [WITHCOORD] [WITHDIST] [WITHHASH]";
    private static final String RADIUS =
            "radius (M|KM|FT|MI)" + WITH + " [COUNT count [ANY]] [ASC|DESC]";
    private static final String STORE = " [STORE key|STOREDIST key]";

    private GeoCommands() {}

    static void register(CommandTable table) {
        registerMembers(table);
        registerSearches(table);
        registerRadius(table);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.GEO).categories(Category.GEO).syntax(syntax);
    }

    private static void registerMembers(CommandTable table) {
        add(table, "geoadd", -5, "key [NX|XX] [CH] (longitude latitude member)...")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "update")
                .since("3.2.0")
                .complexity("O(log(N)) for each member, N being the number of members")
                .summary("Gives members their positions.")
                .does(GeoCommands::geoadd);
        add(table, "geopos", -2, "key [member...]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("3.2.0")
                .complexity("O(1) for each member")
                .summary("Returns positions.")
                .does(GeoCommands::geopos);
        add(table, "geohash", -2, "key [member...]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("3.2.0")
                .complexity("O(1) for each member")
                .summary("Returns positions as geohashes.")
                .does(GeoCommands::geohash);
        add(table, "geodist", -4, "key member1 member2 [M|KM|FT|MI]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("3.2.0")
                .summary("Returns the distance between two members.")
                .does(GeoCommands::geodist);
    }

    private static void registerSearches(CommandTable table) {
        String complexity = "O(N+log(M)), N members in the area, M in all";
        add(table, "geosearch", -7, "key " + SEARCH_OPTIONS + WITH)
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("6.2.0")
                .complexity(complexity)
                .summary("Returns the members in a circle or box.")
                .does((r, c, out) -> find(new GeoArguments(r, c, 1).searched(2), r, c, out));
        add(table, "geosearchstore", -8, "destination source " + SEARCH_OPTIONS + " [STOREDIST]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .keys(2, 2, 1, "RO", "access")
                .since("6.2.0")
                .complexity(complexity)
                .summary("Puts the members in a circle or box into another key.")
                .does(
                        (r, c, out) ->
                                find(new GeoArguments(r, c, 2).stored(1).searched(3), r, c, out));
    }

    private static void registerRadius(CommandTable table) {
        String complexity = "O(N+log(M)), N members in the circle, M in all";
        add(table, "georadius", -6, "key longitude latitude " + RADIUS + STORE)
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RO", "access")
                .keys(KeySpec.behind("STORE", 6, "OW", "update"))
                .keys(KeySpec.behind("STOREDIST", 6, "OW", "update"))
                .since("3.2.0")
                .complexity(complexity)
                .summary("Returns or stores the members in a circle.")
                .does((r, c, out) -> find(new GeoArguments(r, c, 1).around(true), r, c, out));
        add(table, "georadius_ro", -6, "key longitude latitude " + RADIUS)
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("3.2.10")
                .complexity(complexity)
                .summary("Returns the members in a circle.")
                .does((r, c, out) -> find(new GeoArguments(r, c, 1).around(false), r, c, out));
        add(table, "georadiusbymember", -5, "key member " + RADIUS + STORE)
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RO", "access")
                .keys(KeySpec.behind("STORE", 5, "OW", "update"))
                .keys(KeySpec.behind("STOREDIST", 5, "OW", "update"))
                .since("3.2.0")
                .complexity(complexity)
                .summary("Returns or stores the members in a circle around a member.")
                .does((r, c, out) -> find(new GeoArguments(r, c, 1).aroundMember(true), r, c, out));
        add(table, "georadiusbymember_ro", -5, "key member " + RADIUS)
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("3.2.10")
                .complexity(complexity)
                .summary("Returns the members in a circle around a member.")
                .does(
                        (r, c, out) ->
                                find(new GeoArguments(r, c, 1).aroundMember(false), r, c, out));
    }

    private static GeoOperations geo(Client client) {
        return client.session().geo();
    }

    private static void geoadd(Request request, Client client, ReplyBuffer reply) {
        boolean ifAbsent = false;
        boolean ifPresent = false;
        boolean changes = false;
        int first = 2;
        for (; first < request.count(); first++) {
            if (request.is(first, "NX")) {
                ifAbsent = true;
            } else if (request.is(first, "XX")) {
                ifPresent = true;
            } else if (request.is(first, "CH")) {
                changes = true;
            } else {
                break;
            }
        }
        int left = request.count() - first;
        if (left == 0 || left % 3 != 0 || (ifAbsent && ifPresent)) {
            throw CommandException.syntax();
        }
        GeoPoint[] points = new GeoPoint[left / 3];
        byte[][] members = new byte[left / 3][];
        for (int i = 0; i < points.length; i++) {
            points[i] = GeoArguments.point(request, first + 3 * i);
            members[i] = request.copy(first + 3 * i + 2);
        }
        ZaddCondition condition = SortedSetCommands.conditionOf(ifAbsent, ifPresent, false, false);
        long count = geo(client).geoadd(request.copy(1), condition, changes, members, points);
        client.noteWrite();
        reply.integer(count);
    }

    private static void geopos(Request request, Client client, ReplyBuffer reply) {
        List<@Nullable GeoPoint> points = geo(client).geopos(request.copy(1), request.copies(2));
        reply.array(points.size());
        for (GeoPoint point : points) {
            if (point == null) {
                reply.nullArray();
            } else {
                point(point, reply);
            }
        }
    }

    private static void point(GeoPoint point, ReplyBuffer reply) {
        reply.array(2);
        reply.plainNumber(point.longitude());
        reply.plainNumber(point.latitude());
    }

    private static void geohash(Request request, Client client, ReplyBuffer reply) {
        List<@Nullable String> hashes = geo(client).geohash(request.copy(1), request.copies(2));
        reply.array(hashes.size());
        for (String hash : hashes) {
            if (hash == null) {
                reply.nullValue();
            } else {
                reply.bulk(hash);
            }
        }
    }

    private static void geodist(Request request, Client client, ReplyBuffer reply) {
        GeoUnit unit = GeoUnit.M;
        if (request.count() == 5) {
            unit = GeoArguments.unit(request, 4);
        } else if (request.count() > 5) {
            throw CommandException.syntax();
        }
        Double distance =
                geo(client).geodist(request.copy(1), request.copy(2), request.copy(3), unit);
        if (distance == null) {
            reply.nullValue();
        } else {
            distance(distance, reply);
        }
    }

    private static void distance(double distance, ReplyBuffer reply) {
        reply.bulk(
                new BigDecimal(distance)
                        .setScale(DISTANCE_DIGITS, RoundingMode.HALF_EVEN)
                        .toPlainString());
    }

    private static void find(
            GeoArguments arguments, Request request, Client client, ReplyBuffer reply) {
        GeoSearch search = arguments.search();
        byte[] source = request.copy(arguments.source());
        byte[] destination = arguments.destination();
        if (destination != null) {
            long count = stored(client, source, destination, arguments, search);
            client.noteWrite();
            reply.integer(count);
        } else {
            List<GeoMatch> found =
                    search == null ? List.of() : geo(client).geosearch(source, search);
            matches(found, arguments, reply);
        }
    }

    private static long stored(
            Client client,
            byte[] source,
            byte[] destination,
            GeoArguments arguments,
            @Nullable GeoSearch search) {
        if (search == null) {
            // Without a source there is nothing to look around: what was stored goes.
            int unused = client.session().keys().del(destination);
            return 0;
        }
        return geo(client).geosearchStore(destination, source, search, arguments.asDistances());
    }

    private static void matches(List<GeoMatch> found, GeoArguments arguments, ReplyBuffer reply) {
        int parts = arguments.parts();
        reply.array(found.size());
        for (GeoMatch match : found) {
            if (parts > 1) {
                reply.array(parts);
            }
            reply.bulk(match.member());
            if (arguments.withDistance()) {
                distance(match.distance(), reply);
            }
            if (arguments.withHash()) {
                reply.integer(match.hash());
            }
            if (arguments.withPoint()) {
                point(match.point(), reply);
            }
        }
    }
}
