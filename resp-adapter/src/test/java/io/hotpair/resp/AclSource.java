package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Rules of access, and commands on what they are about, made by chance. */
final class AclSource extends CommandSource {
    private static final String HASH =
            "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

    private final List<String> categories = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();

    AclSource(Random random, AclCatalog catalog) {
        super(random);
        for (Command.Category category : Command.Category.values()) {
            categories.add(category.text());
        }
        for (AclCatalog.Entry entry : catalog.everything()) {
            if (entry.isOfRedis()) {
                commands.add(entry.name());
            }
        }
    }

    String user() {
        return one("alice", "bob", "carol", "default2");
    }

    @Override
    String[] next() {
        String[] command = command("ACL", "SETUSER", user());
        int count = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            command = plus(command, rule());
        }
        return command;
    }

    /** A rule; now and then a wrong one. */
    String rule() {
        return switch (random.nextInt(24)) {
            case 0 -> one("on", "off", "ON", "nopass", "resetpass", "reset", "clearselectors");
            case 1 -> one(">", "<") + one("p1", "p2", "", "p w");
            case 2 -> one("#", "!") + one(HASH, HASH.toUpperCase(Locale.ROOT), "12", "");
            case 3 -> one("sanitize-payload", "skip-sanitize-payload", "resetkeys", "foo", "");
            case 4, 5 -> selector();
            default -> selectorRule();
        };
    }

    private String selector() {
        StringBuilder text = new StringBuilder("(");
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : one(" ", "  ")).append(selectorRule());
        }
        return text + one(")", ")", ")", ")", ")", " )", "");
    }

    private String selectorRule() {
        return switch (random.nextInt(16)) {
            case 0 -> one("+@all", "-@all", "allcommands", "nocommands", "+@ALL");
            case 1, 2, 3, 4 -> one("+", "-") + categories.get(random.nextInt(categories.size()));
            case 5, 6, 7, 8 -> one("+", "-") + commands.get(random.nextInt(commands.size()));
            case 9 -> one("+select|0", "+get|x", "+client|id|x", "-select|0", "+@foo", "-nosuch");
            case 10 -> one("~", "%R~", "%W~", "%RW~", "%r~", "%~", "%", "%RR~") + pattern();
            case 11 -> "~" + pattern();
            case 12 -> one("allkeys", "~*", "resetkeys", "resetkeys", "%R~*");
            case 13 -> "&" + pattern();
            case 14 -> one("allchannels", "&*", "resetchannels", "resetchannels");
            default -> "+" + commands.get(random.nextInt(commands.size()));
        };
    }

    private String pattern() {
        return one("*", "k*", "k[0-3]", "k1", "x", "k?", "ch*", "ch1", "");
    }

    /** A command by whoever may. */
    String[] use() {
        return switch (random.nextInt(34)) {
            case 0 -> command("GET", key());
            case 1 -> command("SET", key(), "v");
            case 2 -> command("SET", key(), "v", one("GET", "NX", "XX", "EX"));
            case 3 -> command("MGET", key(), key());
            case 4 -> command("MSET", key(), "1", key(), "2");
            case 5 -> command("DEL", key(), key());
            case 6 -> command("EXISTS", key());
            case 7 -> command("RENAME", key(), key());
            case 8 -> command("COPY", key(), key());
            case 9 -> command("LPUSH", key(), "a");
            case 10 -> command("LMOVE", key(), key(), "LEFT", "RIGHT");
            case 11 -> command("ZADD", key(), "1", "a");
            case 12 -> command("ZUNIONSTORE", key(), one("1", "2", "3", "x"), key(), key());
            case 13 -> command("ZUNION", one("1", "2", "3"), key(), key());
            case 14 -> command("SINTERCARD", one("1", "2"), key(), key());
            case 15 -> command("SORT", key(), one("DESC", "ALPHA", "foo"), "STORE", key());
            case 16 -> command("SORT", key(), one("BY", "GET"), one("nosort", "w_*", "#"));
            case 17 -> command("SORT_RO", key(), one("BY", "GET"), one("nosort", "w_*", "#"));
            case 18 -> command("XADD", key(), "1-1", "f", "v");
            case 19 -> command("XREAD", "COUNT", "1", "STREAMS", key(), key(), "0", "0");
            case 20 -> command("BITFIELD", key(), "GET", "u8", "0");
            case 21 -> command("BITFIELD", key(), "OVERFLOW", "SAT", "GET", "u8", "0");
            case 22 -> command("BITFIELD", key(), "SET", "u8", "0", "1");
            case 23 -> command("PUBLISH", channel(), "m");
            case 24 -> command("SPUBLISH", channel(), "m");
            case 25 -> command(one("SUBSCRIBE", "SSUBSCRIBE", "PSUBSCRIBE"), channel(), channel());
            case 26 -> command(one("UNSUBSCRIBE", "SUNSUBSCRIBE", "PUNSUBSCRIBE"), channel());
            case 27 -> command("CONFIG", one("GET", "HELP", "RESETSTAT"), "port");
            case 28 -> command("CLIENT", one("GETREDIR", "GETNAME", "INFO", "foo"));
            case 29 -> command("SELECT", "0");
            case 30 -> command("OBJECT", "ENCODING", key());
            case 31 -> command("GEOSEARCHSTORE", key(), key(), "FROMLONLAT", "1", "1", "BYBOX");
            case 32 -> command(one("PING", "ECHO", "nosuch", "EXEC"), "a");
            default -> command(one("DBSIZE", "LASTSAVE", "UNWATCH", "MULTI", "EXEC", "DISCARD"));
        };
    }

    private String channel() {
        return one("ch1", "ch2", "x", "k1", "ch*", "*", "");
    }
}
