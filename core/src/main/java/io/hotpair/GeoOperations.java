package io.hotpair;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations on geographical positions. They are members of sorted sets, with scores of 52 bits in
 * which longitude and latitude take turns, so {@link SortedSetOperations} work on them as well.
 * Named after Redis's commands, and with their meaning; results are those of Redis. GEORADIUS and
 * GEORADIUSBYMEMBER are {@link #geosearch} and {@link #geosearchStore} by other names. A key that
 * holds another type is refused with {@link HotpairException.Category#WRONG_TYPE}.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=geo">Redis, geospatial commands</a>
 */
public interface GeoOperations {

    /**
     * Gives members their positions, one after the other, where a condition allows it.
     *
     * @param key the key
     * @param condition which members are added, and which get a new position
     * @param countsChanges whether members whose position changed are counted too: Redis's CH
     * @param members the members; at least one
     * @param points the position of each
     * @return how many are new, or new or changed
     */
    long geoadd(
            byte[] key,
            ZaddCondition condition,
            boolean countsChanges,
            byte[][] members,
            GeoPoint[] points);

    /**
     * Gives a member a position.
     *
     * @param key the key
     * @param point the position
     * @param member the member
     * @return whether the member is new
     */
    boolean geoadd(byte[] key, GeoPoint point, byte[] member);

    /**
     * Reads positions.
     *
     * @param key the key
     * @param members the members
     * @return the position of each, the middle of a cell less than a metre wide, or null for one
     *     that is absent
     */
    List<@Nullable GeoPoint> geopos(byte[] key, byte[]... members);

    /**
     * Measures the distance between two members, on a sphere.
     *
     * @param key the key
     * @param from a member
     * @param to another one
     * @param unit the unit of the result
     * @return the distance, or null if one of them is absent
     */
    @Nullable Double geodist(byte[] key, byte[] from, byte[] to, GeoUnit unit);

    /**
     * Reads positions as geohashes, 11 letters and digits each.
     *
     * @param key the key
     * @param members the members
     * @return the geohash of each, or null for one that is absent
     * @see <a href="https://en.wikipedia.org/wiki/Geohash">Geohash</a>
     */
    List<@Nullable String> geohash(byte[] key, byte[]... members);

    /**
     * Looks for members in a circle or box.
     *
     * @param key the key; nothing is found if it is absent
     * @param search where to look, and for how many
     * @return what was found
     * @throws HotpairException {@code WRONG_VALUE} if the member to look around is absent from a
     *     key that is there
     */
    List<GeoMatch> geosearch(byte[] key, GeoSearch search);

    /**
     * Puts what a search finds into a sorted set, in the place of what is there, whatever its type
     * and deadline. If nothing is found the key is deleted.
     *
     * @param destination the key that is written
     * @param source the key that is read; may be the same
     * @param search where to look, and for how many
     * @param asDistances whether the scores are distances in the search's unit, or positions
     * @return how many members the destination has now
     * @throws HotpairException {@code WRONG_VALUE} if the member to look around is absent from a
     *     key that is there
     */
    long geosearchStore(byte[] destination, byte[] source, GeoSearch search, boolean asDistances);
}
