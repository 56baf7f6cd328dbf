package io.hotpair;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to look for around a position: what Redis's GEOSEARCH takes after the key. Immutable.
 *
 * @see <a href="https://redis.io/docs/latest/commands/geosearch/">GEOSEARCH</a>
 */
public final class GeoSearch {

    /** The order of what is found. */
    public enum Order {
        /** None that means anything. */
        NONE,
        /** The nearest one first. */
        ASC,
        /** The farthest one first. */
        DESC
    }

    /** The middle of a search. */
    public static final class Center {
        private final byte @Nullable [] member;
        private final @Nullable GeoPoint point;

        private Center(byte @Nullable [] member, @Nullable GeoPoint point) {
            this.member = member;
            this.point = point;
        }

        /**
         * Looks in a circle.
         *
         * @param radius how far; 0 or more
         * @param unit its unit, which is that of the distances found, too
         * @return the search
         */
        public GeoSearch byRadius(double radius, GeoUnit unit) {
            checkLength("radius", radius);
            return new GeoSearch(this, radius, -1, -1, unit, Order.NONE, 0, false);
        }

        /**
         * Looks in a box, of which two sides are parallels of latitude.
         *
         * @param width from west to east; 0 or more
         * @param height from south to north; 0 or more
         * @param unit their unit, which is that of the distances found, too
         * @return the search
         */
        public GeoSearch byBox(double width, double height, GeoUnit unit) {
            checkLength("width", width);
            checkLength("height", height);
            return new GeoSearch(this, -1, width, height, unit, Order.NONE, 0, false);
        }

        private static void checkLength(String name, double length) {
            if (!(length >= 0)) {
                throw new IllegalArgumentException(name + "=" + length + ", expected 0 or more");
            }
        }
    }

    private final Center center;
    private final double radius;
    private final double width;
    private final double height;
    private final GeoUnit unit;
    private final Order order;
    private final long count;
    private final boolean any;

    private GeoSearch(
            Center center,
            double radius,
            double width,
            double height,
            GeoUnit unit,
            Order order,
            long count,
            boolean any) {
        this.center = center;
        this.radius = radius;
        this.width = width;
        this.height = height;
        this.unit = Objects.requireNonNull(unit, "unit");
        this.order = order;
        this.count = count;
        this.any = any;
    }

    /**
     * Looks around a member's position.
     *
     * @param member the member
     * @return where to look, still without saying how far
     */
    public static Center fromMember(byte[] member) {
        return new Center(Objects.requireNonNull(member, "member"), null);
    }

    /**
     * Looks around a position.
     *
     * @param point the position
     * @return where to look, still without saying how far
     */
    public static Center fromLonLat(GeoPoint point) {
        return new Center(null, Objects.requireNonNull(point, "point"));
    }

    /**
     * This search in another order.
     *
     * @param newOrder the order
     * @return the search
     */
    public GeoSearch order(Order newOrder) {
        return new GeoSearch(center, radius, width, height, unit, newOrder, count, any);
    }

    /**
     * The first ones that this search finds. Without an order, the nearest ones.
     *
     * @param most how many at most; 1 or more
     * @return the search
     */
    public GeoSearch count(long most) {
        checkCount(most);
        return new GeoSearch(center, radius, width, height, unit, order, most, false);
    }

    /**
     * Any that this search finds: it ends when it has found so many.
     *
     * @param most how many at most; 1 or more
     * @return the search
     */
    public GeoSearch countAny(long most) {
        checkCount(most);
        return new GeoSearch(center, radius, width, height, unit, order, most, true);
    }

    private static void checkCount(long most) {
        if (most < 1) {
            throw new IllegalArgumentException("count=" + most + ", expected 1 or more");
        }
    }

    /**
     * The member to look around.
     *
     * @return its bytes, not a copy, or null if it is a position
     */
    public byte @Nullable [] member() {
        return center.member;
    }

    /**
     * The position to look around.
     *
     * @return the position, or null if it is a member's
     */
    public @Nullable GeoPoint point() {
        return center.point;
    }

    /**
     * The radius of the circle.
     *
     * @return the radius, or -1 for a box
     */
    public double radius() {
        return radius;
    }

    /**
     * The width of the box.
     *
     * @return the width, or -1 for a circle
     */
    public double width() {
        return width;
    }

    /**
     * The height of the box.
     *
     * @return the height, or -1 for a circle
     */
    public double height() {
        return height;
    }

    /**
     * The unit of all lengths.
     *
     * @return the unit
     */
    public GeoUnit unit() {
        return unit;
    }

    /**
     * The order of what is found.
     *
     * @return the order; with a count, and unless any will do, never none
     */
    public Order order() {
        return order == Order.NONE && count > 0 && !any ? Order.ASC : order;
    }

    /**
     * How many are wanted.
     *
     * @return the number, or 0 for all
     */
    public long count() {
        return count;
    }

    /**
     * Whether any will do.
     *
     * @return whether the search ends when it has found enough
     */
    public boolean isAny() {
        return any;
    }
}
