package io.hotpair.resp;

import java.util.Random;

/** Commands on geographical positions. */
final class GeoSource extends CommandSource {
    private static final String[] LONGITUDES = {
        "13.361389",
        "15.087269",
        "0",
        "-180",
        "180",
        "179.99",
        "-0.5",
        "2.3522",
        "181",
        "abc",
        "nan",
        "inf",
        "1e-5",
        "-73.99106",
        ""
    };
    private static final String[] LATITUDES = {
        "38.115556",
        "37.502669",
        "0",
        "85.05112878",
        "-85.05112878",
        "86",
        "48.8566",
        "abc",
        "40.73509",
        "-0.5",
        "1e-9",
        "85"
    };
    private static final String[] MEMBERS = {
        "Palermo", "Catania", "Paris", "a", "b", "c", "d", "", "null\0", "10"
    };
    private static final String[] DISTANCES = {
        "0", "1", "100", "200", "500.5", "1000", "20000", "1e7", "-1", "abc", "inf", "0.001", ""
    };

    GeoSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return perhapsBroken(valid());
    }

    private String[] valid() {
        return switch (random.nextInt(14)) {
            case 0, 1, 2 -> geoadd();
            case 3 -> members(one("GEOPOS", "GEOHASH", "ZMSCORE"));
            case 4 -> geodist();
            case 5, 6 -> search(command("GEOSEARCH", key()));
            case 7 -> search(command(one("GEOSEARCHSTORE", "geosearchstore"), key(), key()));
            case 8 -> radius(command(one("GEORADIUS", "GEORADIUS_RO"), key(), x(), y()));
            case 9 ->
                    radius(
                            command(
                                    one("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"),
                                    key(),
                                    member()));
            case 10 -> command("ZRANGE", key(), "0", "-1", "WITHSCORES");
            case 11 -> command(one("ZREM", "ZSCORE"), key(), member());
            case 12 -> command(one("DEL", "TYPE", "ZCARD"), key());
            default -> command("ZADD", key(), one("0", "1", "1e15", "3479099956230698"), member());
        };
    }

    private String x() {
        return chance(2) ? one(LONGITUDES) : (random.nextInt(360_000) - 180_000) / 1000.0 + "";
    }

    private String y() {
        return chance(2) ? one(LATITUDES) : (random.nextInt(170_000) - 85_000) / 1000.0 + "";
    }

    private String member() {
        return one(MEMBERS);
    }

    private String[] geoadd() {
        String[] command = command("GEOADD", key());
        while (chance(4)) {
            command = plus(command, one("NX", "XX", "CH", "nx", "INCR"));
        }
        do {
            command = plus(command, x(), y(), member());
        } while (chance(2));
        return command;
    }

    private String[] members(String name) {
        String[] command = command(name, key());
        while (!chance(3)) {
            command = plus(command, member());
        }
        return command;
    }

    private String[] geodist() {
        String[] command = command("GEODIST", key(), member(), member());
        return chance(2) ? plus(command, unit()) : command;
    }

    private String unit() {
        return chance(12) ? one("x", "") : one("m", "km", "ft", "mi", "KM");
    }

    private String distance() {
        return chance(2) ? one(DISTANCES) : Integer.toString(random.nextInt(10_000));
    }

    private String[] search(String[] beginning) {
        String[] command = beginning;
        if (!chance(20)) {
            command =
                    chance(2)
                            ? plus(command, "FROMMEMBER", member())
                            : plus(command, "FROMLONLAT", x(), y());
        }
        if (!chance(20)) {
            command =
                    chance(2)
                            ? plus(command, "BYRADIUS", distance(), unit())
                            : plus(command, "BYBOX", distance(), distance(), unit());
        }
        while (chance(2)) {
            command = option(command, one("STOREDIST", "STORE", "FROMMEMBER", "BYRADIUS", "foo"));
        }
        return chance(4) ? command : plus(command, one("ASC", "DESC"));
    }

    private String[] radius(String[] beginning) {
        String[] command = plus(beginning, distance(), unit());
        while (chance(2)) {
            command =
                    chance(4)
                            ? plus(command, one("STORE", "STOREDIST", "store"), key())
                            : option(command, one("STORE", "foo", "BYRADIUS"));
        }
        return chance(4) ? command : plus(command, one("ASC", "DESC"));
    }

    private String[] option(String[] command, String odd) {
        return switch (random.nextInt(10)) {
            case 0, 1 -> plus(command, "WITHDIST");
            case 2, 3 -> plus(command, "WITHCOORD");
            case 4, 5 -> plus(command, "WITHHASH");
            case 6, 7 -> plus(command, "COUNT", one("1", "2", "3", "10", "0", "-1", "abc"));
            case 8 -> plus(command, "ANY");
            default -> plus(command, odd);
        };
    }
}
