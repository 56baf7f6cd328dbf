package io.hotpair.internal;

import io.hotpair.GeoPoint;
import java.util.ArrayList;
import java.util.List;

/**
 * The cells that cover the surroundings of a position: the one that it is in and up to eight around
 * it, of a grid so coarse that these are enough. In the order of Redis, since that is the order in
 * which a search without one finds members.
 */
final class GeoCells {
    private static final double MERCATOR_MAX_METRES = 20037726.37;

    /** East and north of the cells, from the cell in the middle on. */
    private static final int[][] AROUND = {
        {0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}
    };

    private final GeoPoint middle;
    private final Geohash.Area bounds;
    private int step;
    private long cell;

    private GeoCells(GeoPoint middle, Geohash.Area bounds, double reachMetres) {
        this.middle = middle;
        this.bounds = bounds;
        step(step(reachMetres, middle.latitude()));
        if (step > 1 && !neighboursReach()) {
            step(step - 1);
        }
    }

    private void step(int newStep) {
        step = newStep;
        cell = Geohash.encode(middle, step);
    }

    /**
     * The scores of the cells.
     *
     * @param middle the position
     * @param widthMetres how far to the east and to the west
     * @param heightMetres how far to the north and to the south
     * @param reachMetres how far in any direction
     * @return for each cell its first score and the one after its last
     */
    static List<double[]> scores(
            GeoPoint middle, double widthMetres, double heightMetres, double reachMetres) {
        Geohash.Area bounds = bounds(middle, widthMetres, heightMetres);
        return new GeoCells(middle, bounds, reachMetres).scores();
    }

    /** The box around; that it is wider on the side of the equator is left out, as Redis does. */
    private static Geohash.Area bounds(GeoPoint middle, double width, double height) {
        double up = Geohash.degrees(Geohash.angle(height));
        double poleward = middle.latitude() < 0 ? middle.latitude() - up : middle.latitude() + up;
        double aside = Geohash.degrees(Geohash.angle(width) / Math.cos(Geohash.radians(poleward)));
        return new Geohash.Area(
                middle.longitude() - aside,
                middle.longitude() + aside,
                middle.latitude() - up,
                middle.latitude() + up);
    }

    private static int step(double reachMetres, double latitude) {
        if (reachMetres == 0) {
            return Geohash.MAX_STEP;
        }
        int doublings = 0;
        for (double reach = reachMetres; reach < MERCATOR_MAX_METRES; reach *= 2) {
            doublings++;
        }
        int step = doublings - 1;
        // Cells are narrower towards the poles.
        step -= Math.abs(latitude) > 66 ? 1 : 0;
        step -= Math.abs(latitude) > 80 ? 1 : 0;
        return Math.max(1, Math.min(Geohash.MAX_STEP, step));
    }

    private boolean neighboursReach() {
        return neighbour(0, 1).north() >= bounds.north()
                && neighbour(0, -1).south() <= bounds.south()
                && neighbour(1, 0).east() >= bounds.east()
                && neighbour(-1, 0).west() <= bounds.west();
    }

    private Geohash.Area neighbour(int east, int north) {
        return Geohash.decode(Geohash.neighbour(cell, east, north, step), step);
    }

    private List<double[]> scores() {
        List<double[]> scores = new ArrayList<>();
        Geohash.Area own = Geohash.decode(cell, step);
        long before = -1;
        for (int[] each : AROUND) {
            if (step >= 2 && isUseless(own, each[0], each[1])) {
                continue;
            }
            long next = Geohash.neighbour(cell, each[0], each[1], step);
            // In a coarse grid the neighbours on both sides are the same.
            if (next != before) {
                int shift = 2 * (Geohash.MAX_STEP - step);
                scores.add(new double[] {(double) (next << shift), (double) ((next + 1) << shift)});
            }
            before = next;
        }
        return scores;
    }

    private boolean isUseless(Geohash.Area own, int east, int north) {
        return (north < 0 && own.south() < bounds.south())
                || (north > 0 && own.north() > bounds.north())
                || (east < 0 && own.west() < bounds.west())
                || (east > 0 && own.east() > bounds.east());
    }
}
