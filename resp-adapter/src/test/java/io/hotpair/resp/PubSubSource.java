package io.hotpair.resp;

import java.util.Random;

/** Commands of publish and subscribe, over few names so that they meet. */
final class PubSubSource extends CommandSource {
    PubSubSource(Random random) {
        super(random);
    }

    private String channel() {
        return one("a", "b", "ab", "news.1", "news.2", "");
    }

    private String pattern() {
        return one("*", "a*", "news.*", "?", "news.[12]", "b", "[^a]*", "");
    }

    @Override
    String[] next() {
        return switch (random.nextInt(26)) {
            case 0, 1 -> several("SUBSCRIBE", false);
            case 2, 3 -> several("PSUBSCRIBE", true);
            case 4 -> several("SSUBSCRIBE", false);
            case 5 -> several("UNSUBSCRIBE", false);
            case 6 -> several("PUNSUBSCRIBE", true);
            case 7 -> several("SUNSUBSCRIBE", false);
            case 8 -> command(one("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"));
            case 9, 10, 11, 12, 13, 14 -> command("PUBLISH", channel(), below(1000));
            case 15, 16 -> command("SPUBLISH", channel(), "line\r\nbreak" + below(10));
            case 17 -> command("PUBSUB", one("CHANNELS", "SHARDCHANNELS", "NUMPAT"));
            case 18 -> command("PUBSUB", one("CHANNELS", "SHARDCHANNELS"), pattern());
            case 19 -> command("PUBSUB", one("NUMSUB", "SHARDNUMSUB"), channel(), channel());
            case 20 -> command("HELLO", one("2", "3", "3"));
            case 21 -> command(one("MULTI", "EXEC", "EXEC", "DISCARD"));
            case 22 -> command(one("MULTI", "EXEC"));
            case 23 -> command(one("GET", "INCR", "PING"), key());
            case 24 -> chance(3) ? odd() : command("PING");
            default -> chance(6) ? command(one("RESET", "QUIT")) : command("PUBLISH", "a", "x");
        };
    }

    private String[] several(String name, boolean patterns) {
        String[] command = command(name);
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            command = plus(command, patterns ? pattern() : channel());
        }
        return command;
    }

    private String[] odd() {
        return switch (random.nextInt(6)) {
            case 0 -> command("SUBSCRIBE");
            case 1 -> command("PUBLISH", "a");
            case 2 -> command("PUBSUB", "nosuch", "x");
            case 3 -> command("PUBSUB", "CHANNELS", "a", "b");
            case 4 -> command("PUBSUB", "NUMPAT", "x");
            default -> command("nosuch", "x");
        };
    }
}
