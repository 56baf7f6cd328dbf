package io.hotpair.resp;

import java.util.Random;

/** Commands of clients that keep what they read; {@code @n} stands for the id of connection n. */
final class TrackingSource extends CommandSource {
    TrackingSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return switch (random.nextInt(24)) {
            case 0, 1 -> command("CLIENT", "TRACKING", "ON");
            case 2 -> tracking();
            case 3 -> command("CLIENT", "TRACKING", one("OFF", "OFF", "ON", "foo"));
            case 4 -> command("CLIENT", "CACHING", one("YES", "NO", "YES", "foo"));
            case 5 -> command("CLIENT", one("TRACKINGINFO", "GETREDIR"));
            case 6 -> command("HELLO", one("3", "3", "2"));
            case 7, 8, 9, 10, 11 -> command("GET", key());
            case 12 -> command("MGET", key(), key(), key());
            case 13 -> command(one("EXISTS", "STRLEN", "TTL", "TYPE"), key());
            case 14, 15, 16 -> command("SET", key(), below(1000));
            case 17 -> command("INCR", "n" + key());
            case 18 -> command("MSET", key(), below(9), key(), below(9));
            case 19 -> command("DEL", key(), key());
            case 20 -> command("APPEND", key(), "x");
            case 21 -> chance(3) ? command("FLUSHALL") : command("GETDEL", key());
            case 22 -> chance(4) ? command("RESET") : command("GETSET", key(), below(9));
            default -> chance(4) ? command("QUIT") : command("SUBSCRIBE", "__redis__:invalidate");
        };
    }

    private String[] tracking() {
        String[] command = command("CLIENT", "TRACKING", one("ON", "ON", "ON", "OFF"));
        int options = 1 + random.nextInt(2);
        for (int i = 0; i < options; i++) {
            command =
                    switch (random.nextInt(8)) {
                        case 0 ->
                                plus(command, "REDIRECT", one("@0", "@1", "@2", "0", "77777", "x"));
                        case 1, 2 -> plus(command, "BCAST");
                        case 3 -> plus(command, "PREFIX", one("k", "k1", "n", ""));
                        case 4 -> plus(command, "OPTIN");
                        case 5 -> plus(command, "OPTOUT");
                        case 6 -> plus(command, "NOLOOP");
                        default -> plus(command, "BCAST", "PREFIX", one("k", "k1", "n", ""));
                    };
        }
        return command;
    }
}
