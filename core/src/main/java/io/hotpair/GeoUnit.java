package io.hotpair;

/** A unit of distances. */
public enum GeoUnit {
    /** Metres. */
    M(1),
    /** Kilometres. */
    KM(1000),
    /** Feet. */
    FT(0.3048),
    /** Miles. */
    MI(1609.34);

    private final double metres;

    GeoUnit(double metres) {
        this.metres = metres;
    }

    /**
     * How long it is.
     *
     * @return its length in metres, as Redis has it
     */
    public double metres() {
        return metres;
    }
}
