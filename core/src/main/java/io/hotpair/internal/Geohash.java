package io.hotpair.internal;

import io.hotpair.GeoPoint;

/**
 * Positions as cells of a grid. At step n the earth between two latitudes is 2^n by 2^n cells, and
 * a cell's number has the bits of its longitude and its latitude in turns, the highest bit being
 * one of longitude. The arithmetic has the order of Redis's, so that the digits are the same.
 */
final class Geohash {
    /** The finest grid: 52 bits, which a double holds exactly. */
    static final int MAX_STEP = 26;

    private static final String ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
    private static final int TEXT_LENGTH = 11;
    private static final double POLE = 90;
    private static final double EARTH_RADIUS_METRES = 6372797.560856;
    private static final double RADIANS = Math.PI / 180.0;
    private static final double TWO_TO_63 = 0x1p63;

    /** A cell, in degrees. */
    record Area(double west, double east, double south, double north) {
        GeoPoint middle() {
            double longitude = clamp((west + east) / 2, GeoPoint.MAX_LONGITUDE);
            return new GeoPoint(longitude, clamp((south + north) / 2, GeoPoint.MAX_LATITUDE));
        }

        private static double clamp(double degrees, double most) {
            return Math.max(-most, Math.min(most, degrees));
        }
    }

    private Geohash() {}

    static double radians(double degrees) {
        return degrees * RADIANS;
    }

    static double degrees(double radians) {
        return radians / RADIANS;
    }

    // ---- cells

    /** The cell that a position is in. */
    static long encode(GeoPoint point, int step) {
        return encode(point, GeoPoint.MAX_LATITUDE, step);
    }

    private static long encode(GeoPoint point, double maxLatitude, int step) {
        return interleave(
                index(point.longitude(), GeoPoint.MAX_LONGITUDE, step),
                index(point.latitude(), maxLatitude, step));
    }

    private static long index(double degrees, double most, int step) {
        return (long) ((degrees + most) / (most + most) * (1L << step));
    }

    static Area decode(long cell, int step) {
        long x = longitudeIndex(cell);
        long y = latitudeIndex(cell);
        double lon = GeoPoint.MAX_LONGITUDE;
        double lat = GeoPoint.MAX_LATITUDE;
        return new Area(
                edge(x, lon, step), edge(x + 1, lon, step),
                edge(y, lat, step), edge(y + 1, lat, step));
    }

    private static double edge(long index, double most, int step) {
        return -most + (double) (index & 0xFFFF_FFFFL) / (1L << step) * (most + most);
    }

    /** The score that stands for a position. */
    static double score(GeoPoint point) {
        return (double) encode(point, MAX_STEP);
    }

    /** The position that a score stands for, whatever the score is. */
    static GeoPoint point(double score) {
        long cell = score >= TWO_TO_63 ? (long) (score - TWO_TO_63) ^ Long.MIN_VALUE : (long) score;
        // What no conversion has a value for, the processor's makes 0.
        return decode(score == Double.POSITIVE_INFINITY ? 0 : cell, MAX_STEP).middle();
    }

    /** The cell so many steps to the east and to the north; the grid has no edge. */
    static long neighbour(long cell, int east, int north, int step) {
        long mask = (1L << step) - 1;
        long x = longitudeIndex(cell);
        long y = latitudeIndex(cell);
        return interleave(east == 0 ? x : (x + east) & mask, north == 0 ? y : (y + north) & mask);
    }

    private static long longitudeIndex(long cell) {
        return squeeze(cell >>> 1);
    }

    private static long latitudeIndex(long cell) {
        return squeeze(cell);
    }

    private static long interleave(long longitude, long latitude) {
        return spread(longitude) << 1 | spread(latitude);
    }

    /** Puts a 0 before each of the lower 32 bits. */
    private static long spread(long bits) {
        long wide = bits & 0xFFFF_FFFFL;
        wide = (wide | wide << 16) & 0x0000_FFFF_0000_FFFFL;
        wide = (wide | wide << 8) & 0x00FF_00FF_00FF_00FFL;
        wide = (wide | wide << 4) & 0x0F0F_0F0F_0F0F_0F0FL;
        wide = (wide | wide << 2) & 0x3333_3333_3333_3333L;
        return (wide | wide << 1) & 0x5555_5555_5555_5555L;
    }

    /** Takes every second bit. */
    private static long squeeze(long bits) {
        long narrow = bits & 0x5555_5555_5555_5555L;
        narrow = (narrow | narrow >>> 1) & 0x3333_3333_3333_3333L;
        narrow = (narrow | narrow >>> 2) & 0x0F0F_0F0F_0F0F_0F0FL;
        narrow = (narrow | narrow >>> 4) & 0x00FF_00FF_00FF_00FFL;
        narrow = (narrow | narrow >>> 8) & 0x0000_FFFF_0000_FFFFL;
        return (narrow | narrow >>> 16) & 0xFFFF_FFFFL;
    }

    /** The geohash as the world writes it: from pole to pole, 5 bits a character. */
    static String text(GeoPoint point) {
        long cell = encode(point, POLE, MAX_STEP);
        StringBuilder text = new StringBuilder(TEXT_LENGTH);
        for (int shift = 2 * MAX_STEP - 5; shift >= 0; shift -= 5) {
            text.append(ALPHABET.charAt((int) (cell >>> shift) & 31));
        }
        // For the last character 3 of 5 bits are missing, and Redis takes none of them.
        return text.append('0').toString();
    }

    // ---- distances

    /** The distance of two positions in metres, by the haversine formula. */
    static double distance(GeoPoint from, GeoPoint to) {
        return distance(from.longitude(), from.latitude(), to.longitude(), to.latitude());
    }

    static double distance(double lon1, double lat1, double lon2, double lat2) {
        double v = Math.sin((radians(lon2) - radians(lon1)) / 2);
        if (v == 0.0) {
            return latitudeDistance(lat1, lat2);
        }
        double u = Math.sin((radians(lat2) - radians(lat1)) / 2);
        double a = u * u + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * v * v;
        return 2.0 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(a));
    }

    static double latitudeDistance(double lat1, double lat2) {
        return EARTH_RADIUS_METRES * Math.abs(radians(lat2) - radians(lat1));
    }

    /** The angle, in radians, that a distance is on a great circle. */
    static double angle(double metres) {
        return metres / EARTH_RADIUS_METRES;
    }
}
