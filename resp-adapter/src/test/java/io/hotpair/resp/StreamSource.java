package io.hotpair.resp;

import java.util.Arrays;
import java.util.Random;

/** Commands on streams. Ids are given: those made from a clock differ. */
final class StreamSource extends CommandSource {
    private static final String[] ODD_IDS = {
        "0-0",
        "0",
        "0-1",
        "abc",
        "",
        "-",
        "+",
        "1-",
        "-1",
        "1-abc",
        "18446744073709551615",
        "18446744073709551615-18446744073709551615",
        "18446744073709551616",
        "007-01",
        " 5",
        "+5",
        "1-+2",
        "5 ",
        "1--1",
        "1-*x",
        "18446744073709551615-*",
        "$",
        ">"
    };
    private static final String[] COUNTS = {
        "0", "1", "2", "5", "100", "-1", "abc", "9223372036854775807", ""
    };
    private static final String[] IDLES = {
        "0", "0", "0", "0", "50000000", "-1", "abc", "9223372036854775807"
    };
    private static final String[] FIELDS = {"f", "g", "", "10", "\0\377", "long field name"};

    private int time = 1;

    StreamSource(Random random) {
        super(random);
    }

    @Override
    String[] next() {
        String[] command = perhapsBroken(valid());
        if (command[0].equals("XREAD")) {
            // From 7.4 on that is the last entry.
            Arrays.asList(command).replaceAll(each -> each.equals("+") ? "-" : each);
        }
        return command;
    }

    private String[] valid() {
        return switch (random.nextInt(34)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> xadd();
            case 8 -> command("XLEN", stream());
            case 9, 10 -> xrange();
            case 11 -> ids(command("XDEL", stream()));
            case 12 -> trim(command("XTRIM", chance(8) ? "nosuch" : stream()));
            case 13 -> xsetid();
            case 14, 15 -> xread();
            case 16, 17 -> create();
            case 18 -> setGroup();
            case 19 ->
                    command(
                            "XGROUP",
                            one("CREATECONSUMER", "DELCONSUMER"),
                            stream(),
                            group(),
                            consumer());
            case 20 -> chance(5) ? command("XGROUP", "DESTROY", stream(), group()) : create();
            case 21, 22, 23 -> xreadgroup();
            case 24, 25 -> ids(command("XACK", stream(), group()));
            case 26, 27 -> xpending();
            case 28 -> xclaim();
            case 29 -> xautoclaim();
            case 30, 31 -> xinfo();
            case 32 -> command(one("TYPE", "EXISTS", "TTL", "OBJECT"), chance(2) ? stream() : "x");
            default -> chance(6) ? command("DEL", stream()) : command("GET", stream());
        };
    }

    /** Mostly one of few, so that entries, groups and consumers meet. */
    private String stream() {
        return chance(8) ? key() : "k" + random.nextInt(3);
    }

    private String[] xadd() {
        String[] command = command("XADD", stream());
        if (chance(8)) {
            command = plus(command, one("NOMKSTREAM", "nomkstream", "foo"));
        }
        if (chance(6)) {
            command = trim(command);
        }
        command = plus(command, chance(3) ? id() : time++ + one("", "", "-0", "-*", "-1"));
        do {
            command = plus(command, one(FIELDS), one(FIELDS));
        } while (chance(2));
        return chance(30) ? plus(command, "odd") : command;
    }

    private String[] trim(String[] command) {
        boolean absent = command[1].equals("nosuch");
        String sign = chance(3) ? "=" : absent ? "~" : null;
        String[] longer = plus(command, one("MAXLEN", "MINID", "maxlen"));
        if (sign != null) {
            longer = plus(longer, sign);
        }
        longer = plus(longer, chance(2) ? one(COUNTS) : id());
        if (chance(6)) {
            longer = plus(longer, "LIMIT", one(COUNTS));
        }
        return chance(12) ? plus(longer, "MAXLEN", "10") : longer;
    }

    private String id() {
        if (chance(6)) {
            return one(ODD_IDS);
        }
        int newest = Math.max(0, time - 12);
        String ms = Integer.toString(newest + random.nextInt(time + 2 - newest));
        return chance(3) ? ms + "-" + random.nextInt(3) : ms;
    }

    private String bound() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> "-";
            case 2, 3 -> "+";
            case 4 -> "(" + id();
            default -> id();
        };
    }

    private String[] xrange() {
        String[] command = command(one("XRANGE", "XREVRANGE"), stream(), bound(), bound());
        return chance(2) ? plus(command, one("COUNT", "COUNT", "foo"), one(COUNTS)) : command;
    }

    private String[] ids(String[] command) {
        String[] longer = command;
        do {
            longer = plus(longer, id());
        } while (chance(2));
        return longer;
    }

    private String[] xsetid() {
        String[] command = command("XSETID", stream(), chance(4) ? id() : time++ + "-0");
        if (chance(2)) {
            command = plus(command, "ENTRIESADDED", one(COUNTS));
        }
        return chance(3) ? plus(command, "MAXDELETEDID", id()) : command;
    }

    private String group() {
        return chance(6) ? one("h", "", "nosuch") : "g";
    }

    private String consumer() {
        return one("alice", "bob", "carol", "");
    }

    private String[] create() {
        String[] command =
                command("XGROUP", "CREATE", stream(), group(), one("$", "0", "0", "1", id()));
        while (chance(3)) {
            command = plus(command, one("MKSTREAM", "mkstream", "foo"));
        }
        return chance(6) ? plus(command, "ENTRIESREAD", one(COUNTS)) : command;
    }

    private String[] setGroup() {
        String[] command = command("XGROUP", "SETID", stream(), group(), one("$", "0", "-", id()));
        return chance(3) ? plus(command, one("ENTRIESREAD", "foo"), one(COUNTS)) : command;
    }

    private String[] xread() {
        String[] command = command("XREAD");
        if (chance(2)) {
            command = plus(command, "COUNT", one(COUNTS));
        }
        if (chance(20)) {
            command = plus(command, one("NOACK", "foo"));
        }
        return streams(command, chance(8) ? ">" : "$");
    }

    private String[] streams(String[] command, String special) {
        int count = 1 + random.nextInt(3);
        String[] longer = plus(command, one("STREAMS", "streams"));
        for (int i = 0; i < count; i++) {
            longer = plus(longer, stream());
        }
        for (int i = 0; i < count; i++) {
            longer = plus(longer, chance(3) ? special : chance(2) ? "0" : id());
        }
        return longer;
    }

    private String[] xreadgroup() {
        String[] command = command("XREADGROUP");
        if (!chance(20)) {
            command = plus(command, "GROUP", group(), consumer());
        }
        if (chance(2)) {
            command = plus(command, "COUNT", one(COUNTS));
        }
        if (chance(4)) {
            command = plus(command, "NOACK");
        }
        if (chance(2)) {
            // Several groups with one name are rare: mostly one stream, and what is new in it.
            return plus(command, "STREAMS", stream(), chance(12) ? "$" : ">");
        }
        return streams(command, chance(8) ? "$" : ">");
    }

    private String[] xpending() {
        String[] command = command("XPENDING", stream(), group());
        if (chance(3)) {
            return command;
        }
        if (chance(3)) {
            command = plus(command, "IDLE", one(IDLES));
        }
        command = plus(command, bound(), bound(), one(COUNTS));
        return chance(2) ? plus(command, consumer()) : command;
    }

    private String[] xclaim() {
        String[] command = ids(command("XCLAIM", stream(), group(), consumer(), one(IDLES)));
        while (chance(2)) {
            command =
                    switch (random.nextInt(6)) {
                        case 0 -> plus(command, "FORCE");
                        case 1 -> plus(command, "JUSTID");
                        case 2 -> plus(command, "IDLE", one("100000000", "abc", "100000000"));
                        case 3 -> plus(command, "TIME", one("1000", "0", "abc"));
                        case 4 -> plus(command, "RETRYCOUNT", one("0", "5", "abc", "-3"));
                        default -> plus(command, one("LASTID", "foo"), id());
                    };
        }
        return command;
    }

    private String[] xautoclaim() {
        String[] command =
                command("XAUTOCLAIM", stream(), group(), consumer(), one(IDLES), bound());
        if (chance(2)) {
            command = plus(command, "COUNT", one(COUNTS));
        }
        return chance(3) ? plus(command, one("JUSTID", "foo")) : command;
    }

    private String[] xinfo() {
        return switch (random.nextInt(5)) {
            case 0 -> command("XINFO", "STREAM", stream());
            case 1 -> command("XINFO", "GROUPS", stream());
            case 2 -> command("XINFO", "CONSUMERS", stream(), group());
            case 3 -> command("XINFO", "STREAM", stream(), one("FULL", "full", "foo"));
            default ->
                    command("XINFO", "STREAM", stream(), "FULL", one("COUNT", "foo"), one(COUNTS));
        };
    }
}
