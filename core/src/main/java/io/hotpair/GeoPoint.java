package io.hotpair;

/**
 * A position on the earth, in degrees of WGS 84.
 *
 * @param longitude from -180 to 180
 * @param latitude from -85.05112878 to 85.05112878: beyond, a map in Mercator's projection ends
 */
public record GeoPoint(double longitude, double latitude) {
    /** The highest longitude; the lowest one is its negative. */
    public static final double MAX_LONGITUDE = 180;

    /** The highest latitude; the lowest one is its negative. */
    public static final double MAX_LATITUDE = 85.05112878;

    /**
     * Checks both.
     *
     * @param longitude from -180 to 180
     * @param latitude from -85.05112878 to 85.05112878
     */
    public GeoPoint {
        if (!(Math.abs(longitude) <= MAX_LONGITUDE) || !(Math.abs(latitude) <= MAX_LATITUDE)) {
            throw new IllegalArgumentException(
                    "longitude="
                            + longitude
                            + ", latitude="
                            + latitude
                            + ", expected at most "
                            + MAX_LONGITUDE
                            + " and "
                            + MAX_LATITUDE
                            + " either way");
        }
    }
}
