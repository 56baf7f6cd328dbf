package io.hotpair.persistence;

/**
 * A place in the log's files.
 *
 * @param cycle of the segment, the hour of its name, counted from 1970
 * @param position the offset in its file
 */
record Place(int cycle, long position) implements Comparable<Place> {
    static final Place START = new Place(0, 0);

    /** Whether a place, given by its parts, comes before this one. */
    boolean isAfter(int otherCycle, long otherPosition) {
        return cycle > otherCycle || (cycle == otherCycle && position > otherPosition);
    }

    @Override
    public int compareTo(Place other) {
        return cycle == other.cycle
                ? Long.compare(position, other.position)
                : Integer.compare(cycle, other.cycle);
    }
}
