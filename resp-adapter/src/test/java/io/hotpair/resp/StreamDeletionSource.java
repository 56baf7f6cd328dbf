package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/**
 * What Redis 8.2 and 8.4 have new of streams: deletions that look at what is pending, and reading
 * that claims it. Before it comes {@link #SETUP}, so that each stream is one node for Redis, and
 * where one ends does not matter.
 */
final class StreamDeletionSource extends CommandSource {
    static final String[][] SETUP = {
        {"CONFIG", "SET", "stream-node-max-entries", "100000", "stream-node-max-bytes", "0"}
    };

    private static final int CLAIMABLE_MS = 1_000_000_000;

    private int time = 1;

    StreamDeletionSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        return switch (random.nextInt(24)) {
            case 0, 1, 2, 3 -> add();
            case 4 ->
                    command("XGROUP", "CREATE", stream(), group(), one("0", "$", id()), "MKSTREAM");
            case 5 -> chance(4) ? command("XGROUP", "DESTROY", stream(), group()) : groupSetId();
            case 6, 7, 8 -> read();
            case 9 -> ids(command("XACK", stream(), group()));
            case 10, 11, 12 -> perhapsCut(deletion(command("XDELEX", stream())));
            case 13, 14, 15 -> perhapsCut(deletion(command("XACKDEL", stream(), group())));
            case 16 -> perhapsCut(trim(command("XTRIM", stream())));
            case 17 -> command("XPENDING", stream(), group());
            case 18 -> command("XRANGE", stream(), "-", "+");
            case 19 -> command("XINFO", "STREAM", stream());
            case 20 -> ids(command("XCLAIM", stream(), group(), consumer(), "0"));
            case 21 -> age();
            case 22 -> claimingRead();
            default -> other();
        };
    }

    /** Makes entries idle for some time, of which no two are the same. */
    private String[] age() {
        String idle = Long.toString(CLAIMABLE_MS / 2 + random.nextInt(CLAIMABLE_MS));
        return plus(command("XCLAIM", stream(), group(), consumer(), "0", id()), "IDLE", idle);
    }

    /** Idle times are claimed that are much longer than a program takes. */
    private String[] claimingRead() {
        String[] command = command("XREADGROUP", "GROUP", group(), consumer());
        command = chance(2) ? command : plus(command, "COUNT", one("1", "2", "5"));
        String idle = chance(20) ? one("-1", "x", "") : Integer.toString(CLAIMABLE_MS);
        command = plus(command, one("CLAIM", "claim"), idle);
        command = chance(4) ? plus(command, "NOACK") : command;
        command = chance(20) ? plus(command, "CLAIM", "99999999999999999") : command;
        command = plus(command, "STREAMS", stream());
        return chance(3)
                ? plus(command, stream(), chance(4) ? "0" : ">", chance(6) ? "0" : ">")
                : plus(command, chance(8) ? "0" : ">");
    }

    /** Mostly one of few, so that entries and groups meet. */
    private String stream() {
        return chance(12) ? key() : "k" + random.nextInt(2);
    }

    private String[] other() {
        return switch (random.nextInt(6)) {
            case 0 -> command("DEL", stream());
            case 1 -> command("RPUSH", stream(), "x");
            default -> ids(command("XDEL", stream()));
        };
    }

    private String[] add() {
        String[] command = command("XADD", stream());
        if (chance(4)) {
            command = trim(command);
        } else if (chance(8)) {
            command = plus(command, policy());
        }
        return plus(command, chance(12) ? id() : time++ + "-1", "f", "v");
    }

    private String[] trim(String[] command) {
        String[] longer = command;
        boolean loosely = chance(3);
        if (loosely) {
            // Which nodes are whole depends on entries that are deleted.
            longer = plus(longer, one("DELREF", "ACKED"));
        } else if (chance(3)) {
            longer = plus(longer, policy());
        }
        longer = plus(longer, one("MAXLEN", "MINID", "maxlen"));
        if (chance(2) || loosely) {
            longer = plus(longer, loosely ? "~" : "=");
        }
        longer = plus(longer, Integer.toString(random.nextInt(chance(2) ? 10 : time + 1)));
        if (chance(loosely ? 2 : 30)) {
            longer = plus(longer, "LIMIT", one("0", "1", "3", "10", "1000", "-1"));
        }
        return chance(2) ? plus(longer, policy()) : longer;
    }

    private String[] deletion(String[] command) {
        String[] longer = chance(3) ? command : plus(command, policy());
        int count = 1 + random.nextInt(4);
        longer = plus(longer, one("IDS", "ids"));
        longer = plus(longer, chance(20) ? one("0", "-1", "x", "99", "1") : "" + count);
        for (int i = 0; i < count; i++) {
            longer = plus(longer, id());
        }
        return chance(12) ? plus(longer, policy()) : longer;
    }

    private String policy() {
        return one("KEEPREF", "DELREF", "DELREF", "ACKED", "ACKED", "acked");
    }

    private String[] perhapsCut(String[] command) {
        return chance(25) ? Arrays.copyOf(command, 1 + random.nextInt(command.length)) : command;
    }

    private String[] groupSetId() {
        return command("XGROUP", "SETID", stream(), group(), one("0", "$", id()));
    }

    private String[] read() {
        String[] command = command("XREADGROUP", "GROUP", group(), consumer());
        command = chance(3) ? command : plus(command, "COUNT", one("1", "2", "5"));
        return plus(command, "STREAMS", stream(), chance(6) ? "0" : ">");
    }

    private String[] ids(String[] command) {
        String[] longer = command;
        do {
            longer = plus(longer, id());
        } while (!chance(3));
        return longer;
    }

    private String id() {
        if (chance(25)) {
            return one("x", "0-0", "18446744073709551615-18446744073709551615", "");
        }
        int newest = Math.max(0, time - 15);
        return newest + random.nextInt(time + 1 - newest) + "-1";
    }

    private String group() {
        return one("g", "g", "h", chance(10) ? "nosuch" : "g");
    }

    private String consumer() {
        return one("alice", "bob");
    }
}
