package io.hotpair.resp;

import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.SyntaxTree.Argument;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Makes commands of the command table itself, so that none is forgotten: each as its line of syntax
 * says, with plausible arguments mostly.
 */
final class TableSource {
    /** What is not executed, and why. */
    static final Map<String, String> EXCLUDED = excluded();

    private static final Set<Group> OF_KEYS =
            EnumSet.of(
                    Group.STRING,
                    Group.BITMAP,
                    Group.HASH,
                    Group.LIST,
                    Group.SET,
                    Group.SORTED_SET,
                    Group.HYPERLOGLOG,
                    Group.GEO,
                    Group.STREAM,
                    Group.GENERIC);
    private static final int WEIGHT_OF_KEYS = 24;
    private static final String[] INTEGERS = {
        "0",
        "1",
        "2",
        "3",
        "-1",
        "-2",
        "5",
        "10",
        "100",
        "-100",
        "1000",
        "2147483647",
        "2147483648",
        "-2147483649",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "007",
        "+5",
        "-0",
        "1.5",
        "1e3",
        "0x10",
        "",
        " 1",
        "1 ",
        "abc",
        "\0"
    };
    private static final String[] FLOATS = {
        "0", "1", "-1", "2.5", "-2.5", "0.1", "3.0e3", "1e-5", "1e300", "-1e300", "1e-300", "inf",
        "-inf", "+inf", "nan", "-nan", "infinity", "0x10", "0x1p-3", ".5", "5.", "1e", "", "abc",
        " 1", "1 ", "1e4000", "1e-5000", "123456789012345678901234567890", "9007199254740993", "-0"
    };
    private static final String[] STRINGS = {
        "a",
        "b",
        "c",
        "d",
        "",
        "10",
        "-7",
        "3.5",
        "9223372036854775807",
        "hello",
        "A",
        "\0\1\377",
        "line\r\nbreak",
        "0123456789012345678901234567890123456789abcdefgh",
        "*",
        "[",
        "(",
        "-",
        "+",
        "\377DB\0k1",
        "\u00e4\u00f6"
    };
    private static final String[] SCRIPTS = {
        "return 1",
        "return redis.call('set', KEYS[1], ARGV[1])",
        "return redis.call('get', KEYS[1])",
        "redis.call('rpush', KEYS[1], 'x') return redis.call('nosuch')",
        "return {1, 2.5, 'a', {ok = 'fine'}, {err = 'ERR own'}, false, nil, 3}",
        "return redis.pcall('incr', KEYS[1])",
        "redis.setresp(3) return redis.call('hgetall', KEYS[1])",
        "return ARGV",
        "error('own')",
        "return {map = {a = 1}}",
        "this is no script"
    };
    private static final String LIBRARY =
            "#!lua name=lib\nredis.register_function('f', function(keys, args) return"
                    + " redis.call('set', keys[1], 'f') end)";
    private static final int KEYS = 3;

    /** A command, with what its line of syntax says. */
    private record Known(Command command, List<Argument> arguments) {}

    private final List<Known> wheel = new ArrayList<>();
    private final List<byte[]> payloads;
    private Random random = new Random(0);
    private List<byte[]> out = new ArrayList<>();
    private int countAt;
    private String keyPrefix = "k";

    /**
     * Creates one.
     *
     * @param payloads what DUMP gave
     */
    TableSource(CommandTable table, List<byte[]> payloads) {
        this.payloads = payloads;
        for (Command command : table.everything()) {
            if (!EXCLUDED.containsKey(command.fullName()) && !command.isContainer()) {
                Known known = new Known(command, SyntaxTree.parse(command.syntax()));
                boolean isOfKeys = OF_KEYS.contains(command.group()) && !command.has(Flag.ADMIN);
                for (int i = isOfKeys ? WEIGHT_OF_KEYS : 1; i > 0; i--) {
                    wheel.add(known);
                }
            }
        }
    }

    private static Map<String, String> excluded() {
        Map<String, String> reasons = new LinkedHashMap<>();
        reasons.put("acl|setuser", "changes what later programs may do");
        reasons.put("acl|deluser", "changes what later programs may do");
        reasons.put("auth", "a wrong password makes the next one wait");
        reasons.put("client|kill", "ends the connection");
        reasons.put("client|pause", "holds back what follows");
        reasons.put("client|reply", "what follows has no reply");
        reasons.put("client|tracking", "tells in between of keys, by a network that is not there");
        reasons.put("config|set", "lasts longer than a program");
        reasons.put("config|resetstat", "waits for event loops that do not run");
        reasons.put("function|kill", "nothing runs that it could end");
        reasons.put("hello", "every program says it; a wrong password makes the next one wait");
        reasons.put("migrate", "needs a network");
        reasons.put("monitor", "tells in between what is executed");
        reasons.put("psubscribe", "leaves few commands in RESP2");
        reasons.put("psync", "sends a file");
        reasons.put("quit", "ends the connection");
        reasons.put("replconf", "is part of what sends a file");
        reasons.put("replicaof", "needs a network");
        reasons.put("reset", "signs out, and who comes from no address is not let in again");
        reasons.put("save", "needs a log");
        reasons.put("bgsave", "needs a log");
        reasons.put("bgrewriteaof", "needs a log");
        reasons.put("script|kill", "nothing runs that it could end");
        reasons.put("slaveof", "needs a network");
        reasons.put("ssubscribe", "leaves few commands in RESP2");
        reasons.put("subscribe", "leaves few commands in RESP2");
        reasons.put("sunsubscribe", "is answered by pushes alone");
        reasons.put("unsubscribe", "is answered by pushes alone");
        reasons.put("punsubscribe", "is answered by pushes alone");
        reasons.put("sync", "sends a file");
        reasons.put("client|unblock", "nobody else is there");
        return reasons;
    }

    /** The next command. */
    byte[][] next(Random from) {
        random = from;
        out = new ArrayList<>();
        countAt = -1;
        Known known = wheel.get(random.nextInt(wheel.size()));
        keyPrefix = prefix(known.command());
        String[] name = known.command().fullName().split("\\|", -1);
        for (String word : name) {
            add(chance(8) ? word : word.toUpperCase(Locale.ROOT));
        }
        known.arguments().forEach(this::several);
        if (chance(6)) {
            spoil(name.length);
        }
        return out.toArray(new byte[0][]);
    }

    private static String prefix(Command command) {
        return switch (command.group()) {
            case HASH -> "h";
            case LIST -> "l";
            case SET -> "s";
            case SORTED_SET, GEO -> "z";
            case STREAM -> "x";
            case HYPERLOGLOG -> "p";
            default -> "k";
        };
    }

    private void several(Argument argument) {
        if (argument.optional() && random.nextInt(100) >= 35) {
            return;
        }
        int times = 1;
        while (argument.multiple() && times < 6 && chance(2)) {
            times++;
        }
        if (argument.multiple() && countAt >= 0) {
            if (!chance(6)) {
                out.set(countAt, latin(Integer.toString(times)));
            }
            countAt = -1;
        }
        for (int i = 0; i < times; i++) {
            one(argument);
        }
    }

    private void one(Argument argument) {
        String token = argument.token();
        if (token != null) {
            add(chance(5) ? token.toLowerCase(Locale.ROOT) : token);
        }
        switch (argument.type()) {
            case "pure-token" -> {}
            case "oneof" -> one(argument.parts().get(random.nextInt(argument.parts().size())));
            case "block" -> argument.parts().forEach(this::several);
            default -> {
                String name = argument.name();
                if (name.equals("numkeys") || name.equals("numfields")) {
                    countAt = out.size();
                }
                out.add(value(name, argument.type()));
            }
        }
    }

    private byte[] value(String name, String type) {
        if (name.equals("serialized-value")) {
            return payload();
        }
        return latin(
                switch (name) {
                    case "key",
                            "source",
                            "destination",
                            "destkey",
                            "sourcekey",
                            "newkey",
                            "key1",
                            "key2" ->
                            key();
                    case "ifdeq-digest", "ifdne-digest" ->
                            chance(3) ? one(STRINGS) : ValueDigest.of(latin(one(STRINGS)));
                    case "increment", "score", "weight" ->
                            chance(2) ? one(FLOATS) : Integer.toString(random.nextInt(20) - 10);
                    case "min", "max" -> bound();
                    case "longitude", "latitude" ->
                            chance(5) ? one(FLOATS) : (random.nextInt(1600) - 800) / 10 + ".5";
                    case "radius", "width", "height" -> chance(5) ? one(FLOATS) : "2000";
                    case "timeout" -> one("0", "1000", "1000", "-1", "abc", "inf", "1e30");
                    case "seconds", "milliseconds" ->
                            chance(3) ? one(INTEGERS) : one("1", "100", "5000", "100000");
                    case "id", "start", "end", "last-id", "entries-read", "threshold" ->
                            chance(2) ? integer() : streamId();
                    case "group" -> one("g1", "g1", "g2", "");
                    case "consumer" -> one("c1", "c2", "");
                    case "encoding" -> one("u8", "i8", "u63", "i64", "u1", "u64", "i0", "i65", "x");
                    case "bit" -> one("0", "1", "1", "2", "-1", "x");
                    case "offset" -> one("0", "1", "7", "8", "100", "#1", "#x", "-1", integer());
                    case "pattern" ->
                            one("*", "k*", "h?", "[a-c]", "\\*", "[^a]*", "", "k[", "BY*");
                    case "cursor" -> one("0", "0", "0", "1", "abc", "18446744073709551616");
                    case "index", "index1", "index2", "db", "destination-db" ->
                            one("0", "0", "1", "2", "-1", "16", "x");
                    case "protover" -> one("2", "3", "4", "x");
                    case "script" -> one(SCRIPTS);
                    case "function" -> one("f", "f", "nosuch");
                    case "code" -> one(LIBRARY, "#!lua name=x\n", "return 1", "");
                    case "library" -> one("lib", "nosuch");
                    case "command", "command-name" -> one("get", "SET", "xadd", "nosuch", "");
                    default -> otherValue(type);
                });
    }

    private String otherValue(String type) {
        return switch (type) {
            case "integer" -> integer();
            case "unix-time" ->
                    chance(3)
                            ? one(INTEGERS)
                            : one("1700000100", "1600000000", "1700000100000", "1699999999999");
            default -> chance(40) ? "x".repeat(random.nextInt(12_000)) : one(STRINGS);
        };
    }

    private String key() {
        return chance(8) ? one(STRINGS) : (chance(6) ? "k" : keyPrefix) + random.nextInt(KEYS);
    }

    private String integer() {
        return chance(4) ? one(INTEGERS) : Integer.toString(random.nextInt(12) - 3);
    }

    private String bound() {
        return switch (random.nextInt(4)) {
            case 0 -> one("-inf", "+inf", "-", "+", "(1", "[a", "(a", "[", "(", "");
            case 1 -> one(FLOATS);
            default -> Integer.toString(random.nextInt(12) - 4);
        };
    }

    private String streamId() {
        return one("*", "$", ">", "-", "+", "0", "0-0", "1-1", "2-*", "5-0", "(1-1", "abc", "1-");
    }

    private byte[] payload() {
        byte[] payload = payloads.get(random.nextInt(payloads.size())).clone();
        if (chance(3)) {
            payload[random.nextInt(payload.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return payload;
    }

    /** Leaves an argument out, repeats one, or puts another in its place. */
    private void spoil(int nameLength) {
        int at = nameLength + random.nextInt(out.size() - nameLength + 1);
        boolean isBehind = at == out.size();
        switch (random.nextInt(4)) {
            case 0 -> out.add(at, latin(one(STRINGS)));
            case 1 -> out.add(at, isBehind ? latin("foo") : out.get(at));
            case 2 -> {
                if (!isBehind) {
                    out.remove(at);
                }
            }
            default -> {
                if (!isBehind) {
                    out.set(at, latin(chance(2) ? one(INTEGERS) : one(FLOATS)));
                }
            }
        }
    }

    private void add(String word) {
        out.add(latin(word));
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String one(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
