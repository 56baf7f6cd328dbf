package io.hotpair.resp;

import io.hotpair.GeoPoint;
import io.hotpair.GeoSearch;
import io.hotpair.GeoUnit;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * What GEOSEARCH, GEORADIUS and their kin are given. Read in Redis's order, as which error comes
 * first depends on it: whether the source and the member are there is looked at on the way.
 */
final class GeoArguments {
    private static final int NUMBER_DIGITS = 6;

    private final Request request;
    private final Client client;
    private final int source;
    private final boolean sourceExists;
    private int destination;
    private boolean asDistances;
    private boolean isSearch;
    private boolean mayStore;
    private boolean withDistance;
    private boolean withHash;
    private boolean withPoint;
    private boolean any;
    private long count;
    private GeoSearch.Order order = GeoSearch.Order.NONE;
    private GeoSearch.@Nullable Center center;
    private boolean centerIsMember;
    private @Nullable Shape shape;

    /**
     * An area.
     *
     * @param width the radius of a circle, the width of a box
     * @param height the height of a box, or -1 for a circle
     * @param unit the unit
     */
    private record Shape(double width, double height, GeoUnit unit) {}

    GeoArguments(Request request, Client client, int source) {
        this.request = request;
        this.client = client;
        this.source = source;
        // Looks at the type as well.
        sourceExists = client.session().sortedSets().zcard(request.copy(source)) > 0;
    }

    /** Says where the destination is. */
    GeoArguments stored(int argument) {
        destination = argument;
        return this;
    }

    /** Reads what GEOSEARCH has from an argument on. */
    GeoArguments searched(int from) {
        isSearch = true;
        options(from);
        check();
        return this;
    }

    /** Reads what GEORADIUS has. */
    GeoArguments around(boolean storing) {
        mayStore = storing;
        center = GeoSearch.fromLonLat(point(request, 2));
        shape = circle(4);
        options(6);
        check();
        return this;
    }

    /** Reads what GEORADIUSBYMEMBER has. */
    GeoArguments aroundMember(boolean storing) {
        mayStore = storing;
        if (sourceExists) {
            member(2);
            shape = circle(3);
        }
        options(5);
        check();
        return this;
    }

    static GeoPoint point(Request request, int argument) {
        double longitude = request.floating(argument);
        double latitude = request.floating(argument + 1);
        if (Math.abs(longitude) > GeoPoint.MAX_LONGITUDE
                || Math.abs(latitude) > GeoPoint.MAX_LATITUDE) {
            throw new CommandException(
                    "ERR invalid longitude,latitude pair "
                            + fixed(longitude)
                            + ","
                            + fixed(latitude));
        }
        return new GeoPoint(longitude, latitude);
    }

    private static String fixed(double value) {
        return Double.isInfinite(value)
                ? Doubles.text(value)
                : new BigDecimal(value)
                        .setScale(NUMBER_DIGITS, RoundingMode.HALF_EVEN)
                        .toPlainString();
    }

    static GeoUnit unit(Request request, int argument) {
        for (GeoUnit unit : GeoUnit.values()) {
            if (request.is(argument, unit.name())) {
                return unit;
            }
        }
        throw new CommandException("ERR unsupported unit provided. please use M, KM, FT, MI");
    }

    private Shape circle(int argument) {
        double radius = request.floating(argument, "ERR need numeric radius");
        if (radius < 0) {
            throw new CommandException("ERR radius cannot be negative");
        }
        return new Shape(radius, -1, unit(request, argument + 1));
    }

    private Shape box(int argument) {
        double width = request.floating(argument, "ERR need numeric width");
        double height = request.floating(argument + 1, "ERR need numeric height");
        if (width < 0 || height < 0) {
            throw new CommandException("ERR height or width cannot be negative");
        }
        return new Shape(width, height, unit(request, argument + 2));
    }

    private void member(int argument) {
        byte[] member = request.copy(argument);
        if (client.session().sortedSets().zscore(request.copy(source), member) == null) {
            throw new CommandException("ERR could not decode requested zset member");
        }
        center = GeoSearch.fromMember(member);
    }

    private void options(int from) {
        for (int i = from; i < request.count(); i++) {
            int taken = flag(i) ? 0 : count(i);
            if (taken < 0) {
                taken = isSearch ? area(i) : store(i);
            }
            if (taken < 0) {
                throw CommandException.syntax();
            }
            i += taken;
        }
    }

    private boolean flag(int i) {
        if (request.is(i, "WITHDIST")) {
            withDistance = true;
        } else if (request.is(i, "WITHHASH")) {
            withHash = true;
        } else if (request.is(i, "WITHCOORD")) {
            withPoint = true;
        } else if (request.is(i, "ANY")) {
            any = true;
        } else if (request.is(i, "ASC")) {
            order = GeoSearch.Order.ASC;
        } else if (request.is(i, "DESC")) {
            order = GeoSearch.Order.DESC;
        } else if (isSearch && destination > 0 && request.is(i, "STOREDIST")) {
            asDistances = true;
        } else {
            return false;
        }
        return true;
    }

    /** How many arguments more an option takes, or -1 if it is none of these. */
    private int count(int i) {
        if (i + 1 == request.count() || !request.is(i, "COUNT")) {
            return -1;
        }
        count = request.integer(i + 1);
        if (count <= 0) {
            throw new CommandException("ERR COUNT must be > 0");
        }
        return 1;
    }

    private int store(int i) {
        boolean distances = request.is(i, "STOREDIST");
        boolean stores = distances || request.is(i, "STORE");
        if (!mayStore || !stores || i + 1 == request.count()) {
            return -1;
        }
        destination = i + 1;
        asDistances = distances;
        return 1;
    }

    private int area(int i) {
        int left = request.count() - i - 1;
        boolean hasPoint = center != null && !centerIsMember;
        if (left >= 1 && request.is(i, "FROMMEMBER") && !hasPoint) {
            if (sourceExists) {
                member(i + 1);
            } else {
                center = GeoSearch.fromMember(request.copy(i + 1));
            }
            centerIsMember = true;
            return 1;
        }
        if (left >= 2 && request.is(i, "FROMLONLAT") && !centerIsMember) {
            center = GeoSearch.fromLonLat(point(request, i + 1));
            return 2;
        }
        Shape known = shape;
        boolean hasBox = known != null && known.height() >= 0;
        boolean hasCircle = known != null && !hasBox;
        if (left >= 2 && request.is(i, "BYRADIUS") && !hasBox) {
            shape = circle(i + 1);
            return 2;
        }
        if (left >= 3 && request.is(i, "BYBOX") && !hasCircle) {
            shape = box(i + 1);
            return 3;
        }
        return -1;
    }

    private void check() {
        if (destination > 0 && parts() > 1) {
            throw new CommandException(
                    "ERR "
                            + (isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS")
                            + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
        }
        if (isSearch && center == null) {
            throw new CommandException(
                    "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for "
                            + request.inError(0));
        }
        if (isSearch && shape == null) {
            throw new CommandException(
                    "ERR exactly one of BYRADIUS and BYBOX can be specified for "
                            + request.inError(0));
        }
        if (any && count == 0) {
            throw new CommandException("ERR the ANY argument requires COUNT argument");
        }
    }

    /** The search, or null if there is nothing to search in. */
    @Nullable GeoSearch search() {
        GeoSearch.Center from = center;
        Shape area = shape;
        if (!sourceExists || from == null || area == null) {
            return null;
        }
        GeoSearch search =
                area.height() < 0
                        ? from.byRadius(area.width(), area.unit())
                        : from.byBox(area.width(), area.height(), area.unit());
        search = search.order(order);
        if (count > 0) {
            search = any ? search.countAny(count) : search.count(count);
        }
        return search;
    }

    int source() {
        return source;
    }

    byte @Nullable [] destination() {
        return destination > 0 ? request.copy(destination) : null;
    }

    boolean asDistances() {
        return asDistances;
    }

    boolean withDistance() {
        return withDistance;
    }

    boolean withHash() {
        return withHash;
    }

    boolean withPoint() {
        return withPoint;
    }

    /** Of how many parts each match consists. */
    int parts() {
        return 1 + (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withPoint ? 1 : 0);
    }
}
