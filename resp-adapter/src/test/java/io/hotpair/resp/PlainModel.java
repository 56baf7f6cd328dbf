package io.hotpair.resp;

import io.hotpair.Session;
import io.hotpair.SortedSetRange;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the commonest commands answer, and leave behind, as simple functions of what the key holds
 * before: read past the command layer, with the types of {@code java.util}. Of what it does not
 * know it says nothing.
 */
final class PlainModel {
    /** As many arguments as a command has, its name included: at least, and at most. */
    private static final Map<String, int[]> ARITIES = arities();

    private static final int MANY = Integer.MAX_VALUE;
    private static final String WRONG_TYPE = "-WRONGTYPE";
    private static final String ERR = "-ERR";
    private static final String NIL = "nil";
    private static final long MAX_OFFSET = 1_000;
    private static final long MAX_DEADLINE_MS = Long.MAX_VALUE / 4;

    /**
     * What a key holds.
     *
     * @param content a String, a List, a Map of Strings, a TreeSet, or a Map of scores
     * @param deadlineMs when it expires, or {@link Session#NEVER}
     */
    record Value(String type, Object content, long deadlineMs) {}

    /**
     * What a command should do.
     *
     * @param reply as {@link WireReply#plain} gives it; of an error its beginning
     * @param sorted whether the order of the elements means nothing
     * @param keys what the keys hold then
     */
    record Prediction(String reply, boolean sorted, Map<String, @Nullable Value> keys) {}

    private final FuzzServer server;
    private final Session session;
    private String[] words = {};
    private boolean sorted;
    private final Map<String, @Nullable Value> after = new HashMap<>();

    PlainModel(FuzzServer server) {
        this.server = server;
        session = server.keyspace().session();
    }

    /** Of this nothing is known. */
    private static final class NotKnown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotKnown() {
            super(null, null, false, false);
        }
    }

    /** The command is refused. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String reply) {
            super(reply, null, false, false);
        }
    }

    /** What a command should do, said before it does it; null if that is not known. */
    @Nullable Prediction predict(Request request) {
        words = new String[request.count()];
        for (int i = 0; i < words.length; i++) {
            words[i] = request.text(i);
        }
        String name = words[0].toUpperCase(Locale.ROOT);
        int[] arity = ARITIES.get(name);
        if (arity == null) {
            return null;
        }
        after.clear();
        sorted = false;
        if (words.length < arity[0] || words.length > arity[1]) {
            return new Prediction(ERR + " wrong number of arguments", false, Map.of());
        }
        String key = words[1];
        try {
            Value before = of(key);
            String reply = reply(name, key, before);
            return new Prediction(reply, sorted, new HashMap<>(after));
        } catch (NotKnown e) {
            return null;
        } catch (Refused e) {
            Map<String, @Nullable Value> same = new HashMap<>();
            same.put(key, of(key));
            return new Prediction(Objects.requireNonNull(e.getMessage()), false, same);
        }
    }

    /** Compares what was predicted with what is. */
    void check(Prediction prediction, WireReply reply) {
        String expected = prediction.reply();
        String actual =
                reply.isError() && expected.indexOf(' ') > 0
                        ? "-" + reply.text()
                        : reply.plain(prediction.sorted());
        boolean isSame =
                expected.startsWith("-") ? actual.startsWith(expected) : actual.equals(expected);
        if (!isSame) {
            throw new AssertionError("reply: expected " + expected + ", was " + actual);
        }
        prediction
                .keys()
                .forEach(
                        (key, value) -> {
                            Value present = read(key);
                            if (value == null && isHollow(present)) {
                                return;
                            }
                            if (!Objects.equals(value, present)) {
                                throw new AssertionError(
                                        "key " + key + ": expected " + value + ", is " + present);
                            }
                        });
    }

    private @Nullable Value of(String key) {
        Value known = after.containsKey(key) ? after.get(key) : read(key);
        if (isHollow(known)) {
            throw new NotKnown();
        }
        return known;
    }

    /** A hash whose fields have all expired is there until they are removed, as in Redis. */
    private static boolean isHollow(@Nullable Value value) {
        return value != null && value.type().equals("hash") && value.content().equals(Map.of());
    }

    private @Nullable Value read(String name) {
        byte[] key = bytes(name);
        if (key.length > 0 && key[0] == -1) {
            throw new NotKnown();
        }
        String type = session.keys().type(key);
        long deadlineMs = session.deadlineMs(key, 0, key.length);
        if (type == null || deadlineMs == Session.ABSENT) {
            return null;
        }
        Object content =
                switch (type) {
                    case "string" -> latin(Objects.requireNonNull(session.get(key, 0, key.length)));
                    case "list" -> texts(session.lists().lrange(key, 0, -1));
                    case "set" -> new TreeSet<>(texts(session.sets().smembers(key)));
                    case "hash" -> {
                        Map<String, String> fields = new TreeMap<>();
                        session.hashes().hgetAll(key, (f, v) -> fields.put(latin(f), latin(v)));
                        yield fields;
                    }
                    case "zset" -> {
                        Map<String, Double> scores = new TreeMap<>();
                        session.sortedSets()
                                .zrange(key, SortedSetRange.byIndex(0, -1))
                                .forEach(m -> scores.put(latin(m.member()), m.score()));
                        yield scores;
                    }
                    default -> "";
                };
        return new Value(type, content, deadlineMs);
    }

    private static List<String> texts(List<byte[]> all) {
        return all.stream().map(PlainModel::latin).collect(Collectors.toCollection(ArrayList::new));
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Map<String, int[]> arities() {
        Map<String, int[]> all = new HashMap<>();
        String table =
                """
                GET 2 2 GETDEL 2 2 GETSET 3 3 SET 3 * SETNX 3 3 SETEX 4 4 PSETEX 4 4 APPEND 3 3
                STRLEN 2 2 GETRANGE 4 4 SUBSTR 4 4 SETRANGE 4 4 INCR 2 2 DECR 2 2 INCRBY 3 3
                DECRBY 3 3 DELIFEQ 3 3 MSETEX 4 * MGET 2 * GETBIT 3 3 SETBIT 4 4 GETEX 2 *
                DEL 2 * UNLINK 2 * EXISTS 2 * TYPE 2 2 TTL 2 2 PTTL 2 2 EXPIRETIME 2 2
                PEXPIRETIME 2 2 EXPIRE 3 * PEXPIRE 3 * EXPIREAT 3 * PEXPIREAT 3 * PERSIST 2 2
                RENAME 3 3 RENAMENX 3 3
                LPUSH 3 * RPUSH 3 * LPUSHX 3 * RPUSHX 3 * LPOP 2 3 RPOP 2 3 LLEN 2 2 LINDEX 3 3
                LRANGE 4 4 LSET 4 4 LINSERT 5 5 LREM 4 4 LTRIM 4 4 RPOPLPUSH 3 3 LMOVE 5 5
                HSET 4 * HMSET 4 * HSETNX 4 4 HGET 3 3 HMGET 3 * HDEL 3 * HLEN 2 2 HEXISTS 3 3
                HSTRLEN 3 3 HGETALL 2 2 HKEYS 2 2 HVALS 2 2 HINCRBY 4 4
                SADD 3 * SREM 3 * SISMEMBER 3 3 SMISMEMBER 3 * SCARD 2 2 SMEMBERS 2 2 SINTER 2 *
                SUNION 2 * SDIFF 2 * SMOVE 4 4
                ZADD 4 * ZREM 3 * ZSCORE 3 3 ZCARD 2 2 ZRANK 3 4 ZREVRANK 3 4 ZCOUNT 4 4
                """;
        String[] parts = table.trim().split("\\s+", -1);
        for (int i = 0; i < parts.length; i += 3) {
            int most = parts[i + 2].equals("*") ? MANY : Integer.parseInt(parts[i + 2]);
            all.put(parts[i], new int[] {Integer.parseInt(parts[i + 1]), most});
        }
        return all;
    }

    private String reply(String name, String key, @Nullable Value before) {
        return switch (name.charAt(0)) {
            case 'L', 'R' -> ofList(name, key, before);
            case 'H' -> ofHash(name, key, before);
            case 'Z' -> ofSortedSet(name, key, before);
            case 'S' ->
                    switch (name) {
                        case "SET", "SETNX", "SETEX", "SETRANGE", "SETBIT", "STRLEN", "SUBSTR" ->
                                ofString(name, key, before);
                        default -> ofSet(name, key, before);
                    };
            default -> ofKey(name, key, before);
        };
    }

    // ---- keys

    private String ofKey(String name, String key, @Nullable Value before) {
        switch (name) {
            case "DEL", "UNLINK", "EXISTS" -> {
                int count = 0;
                for (int i = 1; i < words.length; i++) {
                    if (of(words[i]) != null) {
                        count++;
                        if (!name.equals("EXISTS")) {
                            after.put(words[i], null);
                        }
                    }
                }
                return ":" + count;
            }
            case "TYPE" -> {
                return "+" + (before == null ? "none" : before.type());
            }
            case "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME" -> {
                if (before == null || before.deadlineMs() == Session.NEVER) {
                    return before == null ? ":-2" : ":-1";
                }
                if (before.deadlineMs() > MAX_DEADLINE_MS) {
                    throw new NotKnown();
                }
                long ms = before.deadlineMs() - (name.endsWith("TTL") ? server.nowMs() : 0);
                return ":" + (name.startsWith("P") ? ms : (ms + 500) / 1_000);
            }
            case "PERSIST" -> {
                boolean has = before != null && before.deadlineMs() != Session.NEVER;
                after.put(
                        key,
                        before == null
                                ? null
                                : new Value(before.type(), before.content(), Session.NEVER));
                return has ? ":1" : ":0";
            }
            case "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT" -> {
                return expire(name, key, before);
            }
            default -> {
                return ofString(name, key, before);
            }
        }
    }

    private String expire(String name, String key, @Nullable Value before) {
        boolean nx = false;
        boolean xx = false;
        boolean gt = false;
        boolean lt = false;
        for (int i = 3; i < words.length; i++) {
            switch (words[i].toUpperCase(Locale.ROOT)) {
                case "NX" -> nx = true;
                case "XX" -> xx = true;
                case "GT" -> gt = true;
                case "LT" -> lt = true;
                default -> throw new Refused(ERR + " Unsupported option");
            }
        }
        if ((nx && (xx || gt || lt)) || (gt && lt)) {
            throw new Refused(ERR);
        }
        long deadlineMs =
                deadline(integer(2), name.startsWith("P"), name.endsWith("AT"), Long.MIN_VALUE);
        if (before == null) {
            after.put(key, null);
            return ":0";
        }
        boolean has = before.deadlineMs() != Session.NEVER;
        long old = has ? before.deadlineMs() : Long.MAX_VALUE;
        boolean allowed =
                !(nx && has)
                        && !(xx && !has)
                        && !(gt && (!has || deadlineMs <= old))
                        && !(lt && deadlineMs >= old && has);
        if (!allowed) {
            after.put(key, before);
            return ":0";
        }
        boolean isPast = deadlineMs <= server.nowMs();
        after.put(key, isPast ? null : new Value(before.type(), before.content(), deadlineMs));
        return ":1";
    }

    /** A deadline of which all parts fit, and that is at least so much. */
    private long deadline(long given, boolean inMs, boolean absolute, long least) {
        if (given < least) {
            throw new Refused(ERR + " invalid expire time");
        }
        BigInteger ms = BigInteger.valueOf(given).multiply(BigInteger.valueOf(inMs ? 1 : 1_000));
        BigInteger all = ms.add(BigInteger.valueOf(absolute ? 0 : server.nowMs()));
        if (ms.bitLength() > 63 || all.bitLength() > 63) {
            throw new Refused(ERR + " invalid expire time");
        }
        long deadlineMs = all.longValue();
        // The last milliseconds of all are a matter of their own.
        if (deadlineMs > MAX_DEADLINE_MS) {
            throw new NotKnown();
        }
        return deadlineMs;
    }

    /** Leaves a value, none if it is empty, with the deadline of the one before. */
    private void leave(
            String key, @Nullable Value before, String type, Object content, boolean empty) {
        after.put(
                key,
                empty
                        ? null
                        : new Value(
                                type,
                                content,
                                before == null ? Session.NEVER : before.deadlineMs()));
    }

    // ---- strings

    private static String text(@Nullable Value value) {
        require(value, "string");
        return value == null ? "" : (String) value.content();
    }

    private static void require(@Nullable Value value, String type) {
        if (value != null && !value.type().equals(type)) {
            throw new Refused(WRONG_TYPE);
        }
    }

    /** A number; if there is none the command is refused, for this or for another reason. */
    private long integer(int argument) {
        Long number = number(words[argument]);
        if (number == null) {
            throw new Refused("-");
        }
        return number;
    }

    private static @Nullable Long number(String text) {
        try {
            long number = Long.parseLong(text);
            return Long.toString(number).equals(text) ? number : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private String ofString(String name, String key, @Nullable Value before) {
        switch (name) {
            case "SET" -> {
                return set(key, before);
            }
            case "GETEX" -> {
                if (words.length > 2) {
                    throw new NotKnown();
                }
                return bulkOrNil(before, text(before));
            }
            case "DELIFEQ" -> {
                boolean deletes = before != null && text(before).equals(words[2]);
                after.put(key, deletes ? null : before);
                return deletes ? ":1" : ":0";
            }
            case "MSETEX" -> {
                return setAll();
            }
            case "SETNX" -> {
                if (before == null) {
                    after.put(key, new Value("string", words[2], Session.NEVER));
                    return ":1";
                }
                after.put(key, before);
                return ":0";
            }
            case "SETEX", "PSETEX" -> {
                long deadlineMs = deadline(integer(2), name.startsWith("P"), false, 1);
                after.put(key, new Value("string", words[3], deadlineMs));
                return "+OK";
            }
            case "MGET" -> {
                List<String> all = new ArrayList<>();
                for (int i = 1; i < words.length; i++) {
                    Value value = of(words[i]);
                    boolean isString = value != null && value.type().equals("string");
                    all.add(isString ? "$" + text(value) : NIL);
                }
                return array(all);
            }
            case "RENAME", "RENAMENX" -> {
                return rename(name, key, before);
            }
            default -> {
                return ofText(name, key, before);
            }
        }
    }

    private String ofText(String name, String key, @Nullable Value before) {
        boolean isNumber = name.startsWith("INCR") || name.startsWith("DECR");
        long first = isNumber && words.length == 3 ? integer(2) : 1;
        if (name.equals("DECRBY") && first == Long.MIN_VALUE) {
            throw new Refused("-");
        }
        boolean isRange = name.equals("GETRANGE") || name.equals("SUBSTR");
        boolean isAtOffset = name.equals("SETRANGE") || name.endsWith("BIT");
        long offset = isRange || isAtOffset ? integer(2) : 0;
        long end = isRange ? integer(3) : 0;
        if (isAtOffset && offset < 0) {
            throw new Refused("-");
        }
        if (name.equals("SETBIT") && !words[3].equals("0") && !words[3].equals("1")) {
            throw new Refused("-");
        }
        if (isAtOffset && offset > MAX_OFFSET) {
            // There is a limit, and which mistake is told first depends on the command.
            throw new NotKnown();
        }
        String text = text(before);
        switch (name) {
            case "GET" -> {
                return bulkOrNil(before, text);
            }
            case "GETDEL" -> {
                after.put(key, null);
                return bulkOrNil(before, text);
            }
            case "GETSET" -> {
                after.put(key, new Value("string", words[2], Session.NEVER));
                return bulkOrNil(before, text);
            }
            case "STRLEN" -> {
                return ":" + text.length();
            }
            case "APPEND" -> {
                leave(key, before, "string", text + words[2], false);
                return ":" + (text.length() + words[2].length());
            }
            case "GETRANGE", "SUBSTR" -> {
                return "$" + range(text, offset, end);
            }
            case "SETRANGE" -> {
                return setRange(key, before, text, offset);
            }
            case "GETBIT" -> {
                return ":" + bit(text, offset);
            }
            case "SETBIT" -> {
                return setBit(key, before, text, offset);
            }
            default -> {
                return increment(name, key, before, text, first);
            }
        }
    }

    private static String range(String text, long start, long end) {
        BigInteger length = BigInteger.valueOf(text.length());
        BigInteger from = BigInteger.valueOf(start);
        BigInteger to = BigInteger.valueOf(end);
        if (start < 0 && end < 0 && start > end) {
            return "";
        }
        from = (start < 0 ? from.add(length) : from).max(BigInteger.ZERO);
        to =
                (end < 0 ? to.add(length) : to)
                        .max(BigInteger.ZERO)
                        .min(length.subtract(BigInteger.ONE));
        return from.compareTo(to) > 0
                ? ""
                : text.substring(from.intValueExact(), to.intValueExact() + 1);
    }

    private String setRange(String key, @Nullable Value before, String text, long offset) {
        if (words[3].isEmpty()) {
            after.put(key, before);
            return ":" + text.length();
        }
        StringBuilder changed = new StringBuilder(text);
        changed.setLength((int) Math.max(text.length(), offset + words[3].length()));
        changed.replace((int) offset, (int) offset + words[3].length(), words[3]);
        leave(key, before, "string", changed.toString(), false);
        return ":" + changed.length();
    }

    private static int bit(String text, long offset) {
        long at = offset / 8;
        return at >= text.length() ? 0 : text.charAt((int) at) >> (7 - offset % 8) & 1;
    }

    private String setBit(String key, @Nullable Value before, String text, long offset) {
        StringBuilder changed = new StringBuilder(text);
        int at = (int) (offset / 8);
        changed.setLength(Math.max(text.length(), at + 1));
        int mask = 1 << (7 - offset % 8);
        int old = changed.charAt(at);
        changed.setCharAt(at, (char) (words[3].equals("1") ? old | mask : old & ~mask));
        leave(key, before, "string", changed.toString(), false);
        return ":" + bit(text, offset);
    }

    private String increment(
            String name, String key, @Nullable Value before, String text, long by) {
        Long present = before == null ? Long.valueOf(0) : number(text);
        if (present == null) {
            throw new Refused(ERR);
        }
        BigInteger delta = BigInteger.valueOf(by);
        BigInteger sum =
                BigInteger.valueOf(present).add(name.startsWith("DECR") ? delta.negate() : delta);
        if (sum.bitLength() > 63) {
            throw new Refused(ERR);
        }
        leave(key, before, "string", sum.toString(), false);
        return ":" + sum;
    }

    private static String bulkOrNil(@Nullable Value value, String text) {
        return value == null ? NIL : "$" + text;
    }

    private String rename(String name, String key, @Nullable Value before) {
        if (before == null) {
            throw new Refused(ERR);
        }
        boolean isNew = of(words[2]) == null;
        if (name.equals("RENAMENX") && !isNew) {
            after.put(key, before);
            return ":0";
        }
        after.put(key, null);
        after.put(words[2], before);
        return name.equals("RENAME") ? "+OK" : ":1";
    }

    private String set(String key, @Nullable Value before) {
        boolean nx = false;
        boolean xx = false;
        boolean get = false;
        boolean keep = false;
        String unit = "";
        int time = 0;
        String comparison = "";
        String compared = "";
        for (int i = 3; i < words.length; i++) {
            String option = words[i].toUpperCase(Locale.ROOT);
            switch (option) {
                case "NX" -> nx = true;
                case "XX" -> xx = true;
                case "GET" -> get = true;
                case "KEEPTTL" -> keep = true;
                case "IFEQ", "IFNE" -> {
                    if (!comparison.isEmpty() || i + 1 == words.length) {
                        throw new Refused(ERR + " syntax");
                    }
                    comparison = option;
                    compared = words[++i];
                }
                case "IFDEQ", "IFDNE" -> throw new NotKnown();
                case "EX", "PX", "EXAT", "PXAT" -> {
                    if ((!unit.isEmpty() && !unit.equals(option)) || i + 1 == words.length) {
                        throw new Refused(ERR + " syntax");
                    }
                    unit = option;
                    time = ++i;
                }
                default -> throw new Refused(ERR + " syntax");
            }
        }
        boolean twoConditions = (nx && xx) || ((nx || xx) && !comparison.isEmpty());
        if (twoConditions || (keep && !unit.isEmpty())) {
            throw new Refused(ERR + " syntax");
        }
        long deadlineMs = Session.NEVER;
        if (!unit.isEmpty()) {
            deadlineMs = deadline(integer(time), unit.startsWith("P"), unit.endsWith("AT"), 1);
        } else if (keep && before != null) {
            deadlineMs = before.deadlineMs();
        }
        String old = get || !comparison.isEmpty() ? bulkOrNil(before, text(before)) : "";
        boolean unequal =
                !comparison.isEmpty() && (before == null || !text(before).equals(compared));
        if ((nx && before != null)
                || (xx && before == null)
                || (comparison.equals("IFEQ") && unequal)
                || (comparison.equals("IFNE") && !unequal)) {
            after.put(key, before);
            return get ? old : NIL;
        }
        boolean gone = deadlineMs != Session.NEVER && deadlineMs <= server.nowMs();
        after.put(key, gone ? null : new Value("string", words[2], deadlineMs));
        return get ? old : "+OK";
    }

    /** MSETEX. */
    private String setAll() {
        Long pairs = number(words[1]);
        if (pairs == null || pairs < 1 || pairs > Integer.MAX_VALUE) {
            throw new Refused(ERR + " invalid numkeys value");
        }
        if (pairs > (words.length - 2) / 2) {
            throw new Refused(ERR + " wrong number of key-value pairs");
        }
        int end = 2 + 2 * pairs.intValue();
        Set<String> flags = new HashSet<>();
        String unit = "";
        int time = 0;
        for (int i = end; i < words.length; i++) {
            String option = words[i].toUpperCase(Locale.ROOT);
            boolean isTime = option.matches("(EX|PX)(AT)?");
            boolean fits =
                    isTime
                            ? (unit.isEmpty() || unit.equals(option)) && i + 1 < words.length
                            : option.matches("NX|XX|KEEPTTL");
            if (!fits) {
                throw new Refused(ERR + " syntax");
            }
            if (isTime) {
                unit = option;
                time = ++i;
            } else {
                flags.add(option);
            }
        }
        boolean keep = flags.contains("KEEPTTL");
        if (flags.containsAll(Set.of("NX", "XX")) || (keep && !unit.isEmpty())) {
            throw new Refused(ERR + " syntax");
        }
        long deadlineMs = Session.NEVER;
        if (!unit.isEmpty()) {
            deadlineMs = deadline(integer(time), unit.startsWith("P"), unit.endsWith("AT"), 1);
        }
        boolean met = true;
        for (int i = 2; i < end; i += 2) {
            Value present = of(words[i]);
            after.put(words[i], present);
            met &= !flags.contains(present == null ? "XX" : "NX");
        }
        for (int i = 2; met && i < end; i += 2) {
            Value present = of(words[i]);
            long its = keep && present != null ? present.deadlineMs() : deadlineMs;
            boolean gone = its != Session.NEVER && its <= server.nowMs();
            after.put(words[i], gone ? null : new Value("string", words[i + 1], its));
        }
        return met ? ":1" : ":0";
    }

    private static String array(List<String> elements) {
        return elements.stream().collect(Collectors.joining(" ", "[", "]"));
    }

    private static String bulks(List<String> elements) {
        return elements.stream().map(e -> "$" + e).collect(Collectors.joining(" ", "[", "]"));
    }

    private String anyOrder(List<String> elements) {
        sorted = true;
        return elements.stream()
                .map(e -> "$" + e)
                .sorted()
                .collect(Collectors.joining(" ", "[", "]"));
    }

    // ---- lists

    @SuppressWarnings("unchecked") // A list's content is one.
    private static List<String> list(@Nullable Value value) {
        require(value, "list");
        return value == null ? new ArrayList<>() : new ArrayList<>((List<String>) value.content());
    }

    private String ofList(String name, String key, @Nullable Value before) {
        if (name.startsWith("RENAME")) {
            return rename(name, key, before);
        }
        switch (name) {
            case "LPUSH", "RPUSH", "LPUSHX", "RPUSHX" -> {
                return push(name, key, before);
            }
            case "LPOP", "RPOP" -> {
                return pop(name, key, before);
            }
            case "RPOPLPUSH" -> {
                return move(key, before, false, true);
            }
            case "LMOVE" -> {
                return move(key, before, isLeft(words[3]), isLeft(words[4]));
            }
            case "LLEN" -> {
                return ":" + list(before).size();
            }
            case "LINDEX" -> {
                Long index = number(words[2]);
                List<String> list = list(before);
                if (index == null) {
                    throw new NotKnown();
                }
                long at = index < 0 ? index + list.size() : index;
                return at >= 0 && at < list.size() ? "$" + list.get((int) at) : NIL;
            }
            case "LRANGE" -> {
                long start = integer(2);
                long stop = integer(3);
                return bulks(part(list(before), start, stop));
            }
            case "LTRIM" -> {
                long start = integer(2);
                long stop = integer(3);
                List<String> part = part(list(before), start, stop);
                leave(key, before, "list", part, part.isEmpty());
                return "+OK";
            }
            default -> {
                return changeList(name, key, before);
            }
        }
    }

    private static boolean isLeft(String word) {
        if (!word.equalsIgnoreCase("LEFT") && !word.equalsIgnoreCase("RIGHT")) {
            throw new Refused(ERR + " syntax");
        }
        return word.equalsIgnoreCase("LEFT");
    }

    private String push(String name, String key, @Nullable Value before) {
        List<String> list = list(before);
        if (name.endsWith("X") && before == null) {
            after.put(key, null);
            return ":0";
        }
        for (int i = 2; i < words.length; i++) {
            list.add(name.startsWith("L") ? 0 : list.size(), words[i]);
        }
        leave(key, before, "list", list, false);
        return ":" + list.size();
    }

    private String pop(String name, String key, @Nullable Value before) {
        long count = words.length == 3 ? integer(2) : 1;
        if (count < 0) {
            throw new Refused("-");
        }
        List<String> list = list(before);
        List<String> popped = new ArrayList<>();
        while (popped.size() < count && !list.isEmpty()) {
            popped.add(list.remove(name.startsWith("L") ? 0 : list.size() - 1));
        }
        leave(key, before, "list", list, list.isEmpty());
        if (before == null) {
            return NIL;
        }
        return words.length == 3 ? bulks(popped) : "$" + popped.get(0);
    }

    private String move(String key, @Nullable Value before, boolean fromLeft, boolean toLeft) {
        List<String> source = list(before);
        if (before == null) {
            return NIL;
        }
        require(of(words[2]), "list");
        String element = source.remove(fromLeft ? 0 : source.size() - 1);
        leave(key, before, "list", source, source.isEmpty());
        Value target = of(words[2]);
        if (key.equals(words[2])) {
            target = before;
        }
        List<String> destination = key.equals(words[2]) ? source : list(target);
        destination.add(toLeft ? 0 : destination.size(), element);
        leave(words[2], target, "list", destination, false);
        return "$" + element;
    }

    private static List<String> part(List<String> list, long start, long stop) {
        long from = Math.max(0, start < 0 ? start + list.size() : start);
        long to = Math.min(list.size() - 1, stop < 0 ? stop + list.size() : stop);
        return from > to
                ? new ArrayList<>()
                : new ArrayList<>(list.subList((int) from, (int) to + 1));
    }

    private String changeList(String name, String key, @Nullable Value before) {
        if (name.equals("LSET")) {
            Long index = number(words[2]);
            if (index == null) {
                throw new NotKnown();
            }
            List<String> list = list(before);
            long at = index < 0 ? index + list.size() : index;
            if (at < 0 || at >= list.size()) {
                throw new Refused(ERR);
            }
            list.set((int) at, words[3]);
            leave(key, before, "list", list, false);
            return "+OK";
        }
        if (name.equals("LINSERT")) {
            boolean isBefore = words[2].equalsIgnoreCase("BEFORE");
            if (!isBefore && !words[2].equalsIgnoreCase("AFTER")) {
                throw new Refused(ERR + " syntax");
            }
            List<String> list = list(before);
            int at = list.indexOf(words[3]);
            if (at >= 0) {
                list.add(isBefore ? at : at + 1, words[4]);
            }
            leave(key, before, "list", list, list.isEmpty());
            return ":" + (before == null ? 0 : at < 0 ? -1 : list.size());
        }
        return remove(key, before);
    }

    private String remove(String key, @Nullable Value before) {
        long count = integer(2);
        List<String> list = list(before);
        long most = count == 0 || count == Long.MIN_VALUE ? MANY : Math.abs(count);
        if (count < 0) {
            Collections.reverse(list);
        }
        long removed = 0;
        for (int i = 0; i < list.size(); ) {
            if (removed < most && list.get(i).equals(words[3])) {
                list.remove(i);
                removed++;
            } else {
                i++;
            }
        }
        if (count < 0) {
            Collections.reverse(list);
        }
        leave(key, before, "list", list, list.isEmpty());
        return ":" + removed;
    }

    // ---- hashes

    @SuppressWarnings("unchecked") // A hash's content is one.
    private static Map<String, String> hash(@Nullable Value value) {
        require(value, "hash");
        return value == null
                ? new TreeMap<>()
                : new TreeMap<>((Map<String, String>) value.content());
    }

    private String ofHash(String name, String key, @Nullable Value before) {
        switch (name) {
            case "HSET", "HMSET" -> {
                if (words.length % 2 != 0) {
                    throw new Refused(ERR + " wrong number of arguments");
                }
                Map<String, String> hash = hash(before);
                int size = hash.size();
                for (int i = 2; i < words.length; i += 2) {
                    hash.put(words[i], words[i + 1]);
                }
                leave(key, before, "hash", hash, false);
                return name.equals("HMSET") ? "+OK" : ":" + (hash.size() - size);
            }
            case "HSETNX" -> {
                Map<String, String> hash = hash(before);
                boolean isNew = hash.putIfAbsent(words[2], words[3]) == null;
                leave(key, before, "hash", hash, false);
                return isNew ? ":1" : ":0";
            }
            case "HINCRBY" -> {
                long by = integer(3);
                Map<String, String> hash = hash(before);
                Long present = number(hash.getOrDefault(words[2], "0"));
                if (present == null) {
                    throw new Refused(ERR);
                }
                BigInteger sum = BigInteger.valueOf(present).add(BigInteger.valueOf(by));
                if (sum.bitLength() > 63) {
                    throw new Refused(ERR);
                }
                hash.put(words[2], sum.toString());
                leave(key, before, "hash", hash, false);
                return ":" + sum;
            }
            case "HDEL" -> {
                Map<String, String> hash = hash(before);
                int size = hash.size();
                for (int i = 2; i < words.length; i++) {
                    hash.remove(words[i]);
                }
                leave(key, before, "hash", hash, hash.isEmpty());
                return ":" + (size - hash.size());
            }
            default -> {
                return readHash(name, hash(before));
            }
        }
    }

    private String readHash(String name, Map<String, String> hash) {
        String value = words.length > 2 ? hash.get(words[2]) : null;
        return switch (name) {
            case "HGET" -> value == null ? NIL : "$" + value;
            case "HEXISTS" -> value == null ? ":0" : ":1";
            case "HSTRLEN" -> ":" + (value == null ? 0 : value.length());
            case "HLEN" -> ":" + hash.size();
            case "HKEYS" -> anyOrder(new ArrayList<>(hash.keySet()));
            case "HVALS" -> anyOrder(new ArrayList<>(hash.values()));
            case "HGETALL" -> {
                List<String> all = new ArrayList<>();
                hash.forEach(
                        (f, v) -> {
                            all.add(f);
                            all.add(v);
                        });
                yield anyOrder(all);
            }
            case "HMGET" -> {
                List<String> all = new ArrayList<>();
                for (int i = 2; i < words.length; i++) {
                    String one = hash.get(words[i]);
                    all.add(one == null ? NIL : "$" + one);
                }
                yield array(all);
            }
            default -> throw new NotKnown();
        };
    }

    // ---- sets

    @SuppressWarnings("unchecked") // A set's content is one.
    private static Set<String> members(@Nullable Value value) {
        require(value, "set");
        return value == null ? new TreeSet<>() : new TreeSet<>((Set<String>) value.content());
    }

    private String ofSet(String name, String key, @Nullable Value before) {
        switch (name) {
            case "SINTER", "SUNION", "SDIFF" -> {
                return combined(name);
            }
            case "SMOVE" -> {
                return moveMember(key, before);
            }
            default -> {}
        }
        Set<String> set = members(before);
        int size = set.size();
        switch (name) {
            case "SADD" -> {
                set.addAll(List.of(words).subList(2, words.length));
                leave(key, before, "set", set, false);
                return ":" + (set.size() - size);
            }
            case "SREM" -> {
                List.of(words).subList(2, words.length).forEach(set::remove);
                leave(key, before, "set", set, set.isEmpty());
                return ":" + (size - set.size());
            }
            case "SISMEMBER" -> {
                return set.contains(words[2]) ? ":1" : ":0";
            }
            case "SMISMEMBER" -> {
                List<String> all = new ArrayList<>();
                for (int i = 2; i < words.length; i++) {
                    all.add(set.contains(words[i]) ? ":1" : ":0");
                }
                return array(all);
            }
            case "SCARD" -> {
                return ":" + size;
            }
            case "SMEMBERS" -> {
                return anyOrder(new ArrayList<>(set));
            }
            default -> throw new NotKnown();
        }
    }

    private String combined(String name) {
        for (int i = 1; i < words.length; i++) {
            // Which of several keys is looked at first decides on the error.
            Value value = of(words[i]);
            if (value != null && !value.type().equals("set")) {
                throw new NotKnown();
            }
        }
        Set<String> all = members(of(words[1]));
        for (int i = 2; i < words.length; i++) {
            Set<String> other = members(of(words[i]));
            switch (name) {
                case "SINTER" -> all.retainAll(other);
                case "SUNION" -> all.addAll(other);
                default -> all.removeAll(other);
            }
        }
        return anyOrder(new ArrayList<>(all));
    }

    private String moveMember(String key, @Nullable Value before) {
        if (before == null) {
            return ":0";
        }
        Set<String> source = members(before);
        Value target = of(words[2]);
        Set<String> destination = members(target);
        if (key.equals(words[2]) || !source.remove(words[3])) {
            after.put(key, before);
            return source.contains(words[3]) ? ":1" : ":0";
        }
        destination.add(words[3]);
        leave(key, before, "set", source, source.isEmpty());
        leave(words[2], target, "set", destination, false);
        return ":1";
    }

    // ---- sorted sets

    @SuppressWarnings("unchecked") // A sorted set's content is one.
    private static Map<String, Double> scores(@Nullable Value value) {
        require(value, "zset");
        return value == null
                ? new LinkedHashMap<>()
                : new TreeMap<>((Map<String, Double>) value.content());
    }

    private String ofSortedSet(String name, String key, @Nullable Value before) {
        if (name.equals("ZADD")) {
            return addScores(key, before);
        }
        if (name.equals("ZCOUNT")) {
            return count(before);
        }
        if (words.length == 4) {
            // With WITHSCORE, or with something that is nothing.
            throw new NotKnown();
        }
        Map<String, Double> scores = scores(before);
        Double score = words.length > 2 ? scores.get(words[2]) : null;
        switch (name) {
            case "ZCARD" -> {
                return ":" + scores.size();
            }
            case "ZREM" -> {
                Map<String, Double> left = new TreeMap<>(scores);
                List.of(words).subList(2, words.length).forEach(left::remove);
                leave(key, before, "zset", left, left.isEmpty());
                return ":" + (scores.size() - left.size());
            }
            case "ZSCORE" -> {
                if (score != null && score != Math.rint(score)) {
                    throw new NotKnown();
                }
                return score == null ? NIL : "$" + whole(score);
            }
            default -> {
                if (score == null) {
                    return NIL;
                }
                long less =
                        scores.entrySet().stream()
                                .filter(e -> isLess(e, Map.entry(words[2], score)))
                                .count();
                return ":" + (name.equals("ZRANK") ? less : scores.size() - 1 - less);
            }
        }
    }

    private static boolean isLess(Map.Entry<String, Double> one, Map.Entry<String, Double> other) {
        double a = one.getValue();
        double b = other.getValue();
        return a < b || (a == b && one.getKey().compareTo(other.getKey()) < 0);
    }

    private static String whole(double score) {
        if (Double.isInfinite(score)) {
            return score > 0 ? "inf" : "-inf";
        }
        if (Math.abs(score) > 1e15 || (score == 0 && 1 / score < 0)) {
            throw new NotKnown();
        }
        return Long.toString((long) score);
    }

    private String addScores(String key, @Nullable Value before) {
        int first = 2;
        List<String> options = new ArrayList<>();
        while (first < words.length
                && List.of("NX", "XX", "GT", "LT", "CH", "INCR")
                        .contains(words[first].toUpperCase(Locale.ROOT))) {
            options.add(words[first++].toUpperCase(Locale.ROOT));
        }
        int left = words.length - first;
        if (left == 0 || left % 2 != 0) {
            throw new Refused(ERR + " syntax");
        }
        if (options.contains("INCR")) {
            throw new NotKnown();
        }
        boolean nx = options.contains("NX");
        boolean xx = options.contains("XX");
        boolean gt = options.contains("GT");
        boolean lt = options.contains("LT");
        if ((nx && (xx || gt || lt)) || (gt && lt)) {
            throw new Refused(ERR);
        }
        double[] given = new double[left / 2];
        for (int i = 0; i < given.length; i++) {
            Long score = number(words[first + 2 * i]);
            if (score == null || Math.abs(score) > 1_000_000_000L) {
                throw new NotKnown();
            }
            given[i] = score;
        }
        Map<String, Double> scores = new TreeMap<>(scores(before));
        int added = 0;
        int changed = 0;
        for (int i = 0; i < given.length; i++) {
            String member = words[first + 2 * i + 1];
            Double old = scores.get(member);
            if (old == null && !xx) {
                scores.put(member, given[i]);
                added++;
            } else if (old != null
                    && !nx
                    && old != given[i]
                    && !(gt && given[i] < old)
                    && !(lt && given[i] > old)) {
                scores.put(member, given[i]);
                changed++;
            }
        }
        leave(key, before, "zset", scores, scores.isEmpty());
        return ":" + (options.contains("CH") ? added + changed : added);
    }

    private String count(@Nullable Value before) {
        Double min = end(words[2]);
        Double max = end(words[3]);
        if (min == null || max == null) {
            throw new NotKnown();
        }
        boolean above = words[2].startsWith("(");
        boolean below = words[3].startsWith("(");
        return ":"
                + scores(before).values().stream()
                        .filter(s -> above ? s > min : s >= min)
                        .filter(s -> below ? s < max : s <= max)
                        .count();
    }

    private static @Nullable Double end(String text) {
        String bare = text.startsWith("(") ? text.substring(1) : text;
        if (bare.equals("inf") || bare.equals("+inf")) {
            return Double.POSITIVE_INFINITY;
        }
        if (bare.equals("-inf")) {
            return Double.NEGATIVE_INFINITY;
        }
        Long whole = number(bare);
        return whole == null ? null : Double.valueOf(whole);
    }
}
