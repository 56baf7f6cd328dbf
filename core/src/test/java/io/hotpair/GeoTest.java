package io.hotpair;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeoTest extends TypeTest {
    private static final byte[] KEY = bytes("g");
    private static final byte[] STORED = bytes("stored");
    private static final List<GeoUnit> UNITS =
            List.of(GeoUnit.M, GeoUnit.KM, GeoUnit.FT, GeoUnit.MI);
    private static final List<GeoSearch.Order> ORDERS =
            List.of(GeoSearch.Order.NONE, GeoSearch.Order.ASC, GeoSearch.Order.DESC);

    /** Of about 20,000 distances that a test compares; 0.1 is the number to expect. */
    private static final int MOST_TIES = 3;

    private final long seed = Long.getLong("hotpair.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int ties;

    @Test
    void shouldAnswerWhatTheManualShows() {
        GeoOperations geo = keyspace.geo();
        assertTrue(geo.geoadd(KEY, new GeoPoint(13.361389, 38.115556), bytes("Palermo")));
        assertTrue(geo.geoadd(KEY, new GeoPoint(15.087269, 37.502669), bytes("Catania")));
        assertEquals(3479099956230698.0, keyspace.sortedSets().zscore(KEY, bytes("Palermo")));
        assertEquals(
                List.of("sqc8b49rny0", "sqdtr74hyu0"),
                geo.geohash(KEY, bytes("Palermo"), bytes("Catania")));
        Double metres = geo.geodist(KEY, bytes("Palermo"), bytes("Catania"), GeoUnit.M);
        assertEquals("166274.1516", decimals(metres));
        GeoSearch search = GeoSearch.fromLonLat(new GeoPoint(15, 37)).byRadius(100, GeoUnit.KM);
        List<GeoMatch> found = geo.geosearch(KEY, search);
        assertEquals(1, found.size());
        assertEquals("Catania", text(found.get(0).member()));
        assertEquals("56.4413", decimals(found.get(0).distance()));
        assertEquals(3479447370796909L, found.get(0).hash());
    }

    @Test
    void shouldRefuseWhatIsNowhere() {
        assertThrows(IllegalArgumentException.class, () -> new GeoPoint(181, 0));
        assertThrows(IllegalArgumentException.class, () -> new GeoPoint(0, -85.06));
        assertThrows(IllegalArgumentException.class, () -> new GeoPoint(Double.NaN, 0));
        GeoSearch search = GeoSearch.fromMember(bytes("x")).byRadius(1, GeoUnit.M);
        assertEquals(List.of(), keyspace.geo().geosearch(KEY, search));
        keyspace.geo().geoadd(KEY, new GeoPoint(1, 1), bytes("y"));
        HotpairException refusal =
                assertThrows(HotpairException.class, () -> keyspace.geo().geosearch(KEY, search));
        assertEquals(HotpairException.Category.WRONG_VALUE, refusal.category());
    }

    // ---- compared with Redis

    /** A distance as Redis prints it. */
    private static String decimals(@Nullable Double distance) {
        return distance == null
                ? "null"
                : BigDecimal.valueOf((long) Math.rint(distance * 10_000), 4).toPlainString();
    }

    /** A coordinate as Redis prints it. */
    private static String coordinate(double degrees) {
        BigDecimal printed = new BigDecimal(degrees).setScale(17, RoundingMode.HALF_EVEN);
        return printed.signum() == 0 ? "0" : printed.stripTrailingZeros().toPlainString();
    }

    private static String text(Object bulk) {
        return new String((byte[]) bulk, ISO_8859_1);
    }

    private static String flat(@Nullable Object reply) {
        if (reply instanceof List<?> list) {
            StringBuilder all = new StringBuilder("[");
            list.forEach(each -> all.append(flat(each)).append(' '));
            return all.append(']').toString();
        }
        return reply instanceof byte[] bulk ? text((Object) bulk) : String.valueOf(reply);
    }

    private static String flat(List<GeoMatch> matches) {
        StringBuilder all = new StringBuilder("[");
        for (GeoMatch each : matches) {
            all.append('[').append(text((Object) each.member()));
            all.append(' ').append(decimals(each.distance())).append(' ').append(each.hash());
            all.append(' ').append(flat(each.point())).append(" ] ");
        }
        return all.append(']').toString();
    }

    private static String flat(@Nullable GeoPoint point) {
        return point == null
                ? "null"
                : "[" + coordinate(point.longitude()) + " " + coordinate(point.latitude()) + " ]";
    }

    /**
     * Like {@code assertEquals}, but a distance may be one off in its last place: the sines of Java
     * and of C differ in the last bit for one distance of thirteen, and where that bit decides
     * which way the printed one is rounded, the two print differently (measured: 6 of a million).
     */
    private void assertSameButTies(String expected, String actual, String message) {
        if (expected.equals(actual)) {
            return;
        }
        String[] theirs = expected.split(" ", -1);
        String[] ours = actual.split(" ", -1);
        assertEquals(theirs.length, ours.length, () -> message + ": " + expected + " / " + actual);
        for (int i = 0; i < theirs.length; i++) {
            if (!theirs[i].equals(ours[i])) {
                assertTrue(isDistance(theirs[i]) && isDistance(ours[i]), theirs[i] + " " + message);
                BigDecimal apart =
                        new BigDecimal(theirs[i]).subtract(new BigDecimal(ours[i])).abs();
                assertEquals(new BigDecimal("0.0001"), apart, theirs[i] + " " + message);
                ties++;
            }
        }
        assertTrue(ties <= MOST_TIES, () -> ties + " distances off by one in the last place");
    }

    private static boolean isDistance(String text) {
        return text.matches("[0-9]+\\.[0-9]{4}");
    }

    private double within(double most) {
        return switch (random.nextInt(20)) {
            case 0 -> most;
            case 1 -> -most;
            case 2 -> 0;
            case 3, 4, 5, 6, 7 -> random.nextDouble() * 0.2 + 10;
            default -> (random.nextDouble() * 2 - 1) * most;
        };
    }

    private GeoPoint point() {
        return new GeoPoint(within(GeoPoint.MAX_LONGITUDE), within(GeoPoint.MAX_LATITUDE));
    }

    private double length() {
        return random.nextInt(15) == 0 ? 0 : Math.pow(10, random.nextDouble() * 5);
    }

    private GeoSearch search(List<Object> arguments, int memberCount) {
        GeoSearch.Center center;
        if (random.nextBoolean()) {
            byte[] member = bytes("m" + random.nextInt(memberCount));
            arguments.addAll(List.of("FROMMEMBER", member));
            center = GeoSearch.fromMember(member);
        } else {
            GeoPoint point = point();
            arguments.addAll(List.of("FROMLONLAT", point.longitude(), point.latitude()));
            center = GeoSearch.fromLonLat(point);
        }
        GeoUnit unit = UNITS.get(random.nextInt(4));
        GeoSearch search;
        if (random.nextBoolean()) {
            double radius = length();
            arguments.addAll(List.of("BYRADIUS", radius, unit));
            search = center.byRadius(radius, unit);
        } else {
            double width = length();
            double height = length();
            arguments.addAll(List.of("BYBOX", width, height, unit));
            search = center.byBox(width, height, unit);
        }
        GeoSearch.Order order = ORDERS.get(random.nextInt(3));
        if (order != GeoSearch.Order.NONE) {
            arguments.add(order);
        }
        search = search.order(order);
        int count = 1 + random.nextInt(10);
        switch (random.nextInt(3)) {
            case 0 -> {
                arguments.addAll(List.of("COUNT", count));
                return search.count(count);
            }
            case 1 -> {
                arguments.addAll(List.of("COUNT", count, "ANY"));
                return search.countAny(count);
            }
            default -> {
                return search;
            }
        }
    }

    private Object redis(RedisProcess redis, List<Object> command) {
        return Objects.requireNonNull(redis.call(command.toArray()));
    }

    /** The cell that stands for a position: the score of a member that has it. */
    private double cell(GeoPoint point) {
        boolean unused = keyspace.geo().geoadd(STORED, point, KEY);
        return Objects.requireNonNull(keyspace.sortedSets().zscore(STORED, KEY));
    }

    private void fill(RedisProcess redis, int memberCount) {
        Set<Double> taken = new HashSet<>();
        for (int i = 0; i < memberCount; i++) {
            // Of two in the same cell the order by distance is nobody's promise.
            GeoPoint point = point();
            while (!taken.add(cell(point))) {
                point = point();
            }
            byte[] member = bytes("m" + i);
            Object added =
                    redis.call("GEOADD", KEY, "NX", point.longitude(), point.latitude(), member);
            long here =
                    keyspace.geo()
                            .geoadd(
                                    KEY,
                                    ZaddCondition.NX,
                                    false,
                                    new byte[][] {member},
                                    new GeoPoint[] {point});
            assertEquals(added, here);
        }
    }

    private void compareMembers(RedisProcess redis, int memberCount) {
        GeoOperations geo = keyspace.geo();
        for (int i = 0; i < memberCount + 1; i++) {
            byte[] member = bytes("m" + i);
            byte[] other = bytes("m" + random.nextInt(memberCount));
            String place = "seed=" + seed + ", i=" + i;
            assertEquals(
                    flat(redis.call("GEOPOS", KEY, member)),
                    "[" + flat(geo.geopos(KEY, member).get(0)) + " ]",
                    place);
            assertEquals(
                    flat(redis.call("GEOHASH", KEY, member)),
                    "[" + geo.geohash(KEY, member).get(0) + " ]",
                    place);
            GeoUnit unit = UNITS.get(random.nextInt(4));
            assertSameButTies(
                    flat(redis.call("GEODIST", KEY, member, other, unit)),
                    decimals(geo.geodist(KEY, member, other, unit)),
                    place);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 3_000})
    void shouldAnswerAsRedisDoes(int memberCount) {
        try (RedisProcess redis = RedisProcess.start()) {
            fill(redis, memberCount);
            compareMembers(redis, memberCount);
            long found = 0;
            for (int i = 0; i < 1_500; i++) {
                List<Object> arguments = new ArrayList<>();
                GeoSearch search = search(arguments, memberCount);
                String message = "seed=" + seed + ", " + arguments;
                List<Object> command = new ArrayList<>(List.of("GEOSEARCH", KEY));
                command.addAll(arguments);
                command.addAll(Arrays.asList("WITHDIST", "WITHHASH", "WITHCOORD"));
                List<GeoMatch> matches = keyspace.geo().geosearch(KEY, search);
                assertSameButTies(flat(redis(redis, command)), flat(matches), message);
                found += matches.size();
                boolean asDistances = random.nextBoolean();
                command = new ArrayList<>(List.of("GEOSEARCHSTORE", STORED, KEY));
                command.addAll(arguments);
                if (asDistances) {
                    command.add("STOREDIST");
                }
                long stored = keyspace.geo().geosearchStore(STORED, KEY, search, asDistances);
                assertEquals(redis(redis, command), stored, message);
            }
            assertTrue(found > 1_000, "found=" + found + ": the searches are too narrow to tell");
        }
    }
}
