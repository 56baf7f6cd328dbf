package io.hotpair.resp;

import io.hotpair.WriteListener.Write;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the events of a command are called, and in which order they come: as in Redis 7.0, and for
 * deadlines of fields as in 7.4. Most commands have one name for what they do to a key; before it
 * comes {@code new} if the key was not there, behind it {@code del} if it is gone.
 */
final class KeyEventRules {
    /** Tells of what a command did. */
    interface Rule {
        void tell(Origin origin, KeyEvents out);
    }

    private static final Rule SILENT = (origin, out) -> {};
    private static final Map<String, Rule> RULES = new HashMap<>();

    static {
        strings();
        keys();
        hashes();
        lists();
        sets();
        sortedSets();
        streams();
    }

    private KeyEventRules() {}

    static Rule of(Command command) {
        return RULES.getOrDefault(command.fullName(), SILENT);
    }

    private static void add(Rule rule, String... commands) {
        for (String command : commands) {
            if (RULES.put(command, rule) != null) {
                throw new IllegalStateException("command=" + command + ", expected it once");
            }
        }
    }

    /** The same name for each key that was written. */
    private static Rule plain(char type, String event) {
        return named(type, origin -> event);
    }

    private static Rule named(char type, Function<Origin, String> name) {
        return (origin, out) -> {
            for (Write write : origin.writes()) {
                out.write(write, type, name.apply(origin));
            }
        };
    }

    /** As {@link #plain}, also where the key is left as it was because it is so already. */
    private static Rule always(char type, String event) {
        return (origin, out) -> {
            if (!origin.writes().isEmpty()) {
                plain(type, event).tell(origin, out);
            } else if (!origin.foundNothing()) {
                out.emit(type, event, origin.request().copy(1));
            }
        };
    }

    /** What puts a result into a key, or deletes it if there is none. */
    private static Rule store(char type, String event) {
        return (origin, out) -> {
            for (Write write : origin.writes()) {
                if (write.type() == null) {
                    out.end(write);
                } else {
                    out.write(write, type, event);
                }
            }
        };
    }

    static boolean has(Request request, int from, String... options) {
        return has(request, from, request.count(), options);
    }

    // ---- strings

    private static void strings() {
        add(KeyEventRules::set, "set");
        add(KeyEventRules::setWithDeadline, "setex", "psetex");
        add(plain('$', "set"), "setnx", "getset");
        add(KeyEventRules::mset, "mset", "msetnx");
        add(KeyEventRules::msetEx, "msetex");
        add(always('$', "append"), "append");
        add(KeyEventRules::setRange, "setrange");
        add(always('$', "incrby"), "incr", "decr", "incrby", "decrby");
        add(always('$', "incrbyfloat"), "incrbyfloat");
        add(plain('$', "setbit"), "setbit");
        add(KeyEventRules::bitField, "bitfield");
        add(store('$', "set"), "bitop");
        add(plain('$', "pfadd"), "pfadd");
        add(always('$', "pfadd"), "pfmerge");
        add(KeyEventRules::getEx, "getex");
    }

    private static void set(Origin origin, KeyEvents out) {
        if (setHas(origin.request(), "EX", "PX", "EXAT", "PXAT")) {
            setWithDeadline(origin, out);
        } else {
            plain('$', "set").tell(origin, out);
        }
    }

    /** A value whose deadline has passed already is set, and then expires. */
    private static void setWithDeadline(Origin origin, KeyEvents out) {
        byte[] key = origin.request().copy(1);
        boolean gone = origin.writes().stream().anyMatch(write -> write.type() == null);
        boolean neverThere = origin.writes().isEmpty() && hasSet(origin);
        if (neverThere) {
            out.emit('n', "new", key);
        } else if (origin.writes().isEmpty()) {
            return;
        }
        origin.writes().forEach(out::begin);
        out.emit('$', "set", key);
        out.emit('g', "expire", key);
        if (gone || neverThere) {
            out.emit('x', "expired", key);
        }
    }

    /** Whether SET, SETEX or PSETEX has set its key, as far as the reply tells. */
    private static boolean hasSet(Origin origin) {
        Request request = origin.request();
        if (origin.hasFailed()
                || !origin.command().name().equals("set")
                || !setHas(request, "GET")) {
            return !origin.foundNothing();
        }
        if (setHas(request, "IFEQ", "IFDEQ")) {
            // What is equal is there, and would have been written.
            return false;
        }
        return setHas(request, "NX", "IFNE", "IFDNE")
                ? origin.foundNothing()
                : !setHas(request, "XX") || !origin.foundNothing();
    }

    /** Whether SET has one of these options, which a value that is compared with is not. */
    static boolean setHas(Request request, String... options) {
        for (int i = 3; i < request.count(); i++) {
            if (has(request, i, i + 1, options)) {
                return true;
            }
            if (has(request, i, i + 1, "IFEQ", "IFNE", "IFDEQ", "IFDNE")) {
                i++;
            }
        }
        return false;
    }

    /** Operations that would have overflown, and so were answered with null, change nothing. */
    private static void bitField(Origin origin, KeyEvents out) {
        int changes = -origin.nulls();
        for (int i = 2; i < origin.request().count(); i++) {
            changes += has(origin.request(), i, i + 1, "SET", "INCRBY") ? 1 : 0;
        }
        if (changes > 0) {
            plain('$', "setbit").tell(origin, out);
        } else {
            origin.writes().forEach(out::begin);
        }
    }

    private static void setRange(Origin origin, KeyEvents out) {
        if (origin.request().length(3) > 0) {
            always('$', "setrange").tell(origin, out);
        }
    }

    private static void mset(Origin origin, KeyEvents out) {
        if (!origin.writes().isEmpty()) {
            pairs(origin, 1, origin.request().count(), false, out);
        }
    }

    private static void msetEx(Origin origin, KeyEvents out) {
        if (!origin.refused()) {
            Request request = origin.request();
            int end = (int) (2 + 2 * request.integer(1));
            pairs(origin, 2, end, has(request, end, "EX", "PX", "EXAT", "PXAT"), out);
        }
    }

    /**
     * The events of each pair, though a key that is there twice is written once. Values whose
     * deadline has passed already are set, and then expire.
     */
    private static void pairs(
            Origin origin, int from, int to, boolean withDeadline, KeyEvents out) {
        Map<KeyName, Write> first = new HashMap<>();
        for (Write write : origin.writes()) {
            first.putIfAbsent(new KeyName(write.key()), write);
        }
        Set<KeyName> told = new HashSet<>();
        List<byte[]> gone = new ArrayList<>();
        for (int i = from; i < to; i += 2) {
            byte[] key = origin.request().copy(i);
            KeyName name = new KeyName(key);
            Write write = first.get(name);
            if (told.add(name)) {
                if (write != null) {
                    out.begin(write);
                } else if (withDeadline) {
                    out.emit('n', "new", key);
                }
                if (withDeadline && (write == null || write.type() == null)) {
                    gone.add(key);
                }
            }
            if (withDeadline) {
                out.emit('g', "expire", key);
            }
            out.emit('$', "set", key);
        }
        gone.forEach(key -> out.emit('x', "expired", key));
    }

    private static void getEx(Origin origin, KeyEvents out) {
        boolean persist = has(origin.request(), 2, "PERSIST");
        if (persist) {
            plain('g', "persist").tell(origin, out);
        } else if (!origin.writes().isEmpty()) {
            deadline(origin, out);
        } else if (!origin.foundNothing() && origin.request().count() > 2) {
            always('g', "expire").tell(origin, out);
        }
    }

    // ---- all types

    private static void keys() {
        add(KeyEventRules::deleted, "del", "unlink", "getdel", "delex", "delifeq", "migrate");
        add(KeyEventRules::expire, "expire", "pexpire", "expireat", "pexpireat");
        add(plain('g', "persist"), "persist");
        add(KeyEventRules::rename, "rename", "renamenx");
        add(KeyEventRules::copy, "copy");
        add(KeyEventRules::move, "move");
        add(KeyEventRules::restore, "restore");
    }

    private static void deleted(Origin origin, KeyEvents out) {
        origin.writes().forEach(out::end);
    }

    private static void expire(Origin origin, KeyEvents out) {
        if (!origin.writes().isEmpty()) {
            deadline(origin, out);
        } else if (!origin.didNothing()) {
            always('g', "expire").tell(origin, out);
        }
    }

    /** A deadline that has passed already deletes, and nobody calls that expired. */
    private static void deadline(Origin origin, KeyEvents out) {
        for (Write write : origin.writes()) {
            out.expired(write);
            if (write.type() == null) {
                out.end(write);
            } else {
                out.emit('g', "expire", write.key());
            }
        }
    }

    /** The new key is always new: what was there is deleted first, without a word. */
    private static void rename(Origin origin, KeyEvents out) {
        if (origin.writes().isEmpty()) {
            return;
        }
        byte[] from = origin.request().copy(1);
        byte[] to = origin.request().copy(2);
        out.emit('n', "new", to);
        out.emit('g', "rename_from", from);
        out.emit('g', "rename_to", to);
    }

    private static void copy(Origin origin, KeyEvents out) {
        for (Write write : origin.writes()) {
            out.emit('n', "new", write.key());
            out.emit('g', "copy_to", write.key());
        }
    }

    private static void move(Origin origin, KeyEvents out) {
        byte[] from = origin.request().copy(1);
        for (Write write : origin.writes()) {
            out.expired(write);
        }
        for (Write write : origin.writes()) {
            if (write.type() != null) {
                out.emit('n', "new", write.key());
                out.emit('g', "move_from", from);
                out.emit('g', "move_to", write.key());
            }
        }
    }

    /** As {@link #copy}; with a deadline that has passed already it deletes what was there. */
    private static void restore(Origin origin, KeyEvents out) {
        List<Write> writes = origin.writes();
        if (writes.isEmpty()) {
            return;
        }
        out.expired(writes.get(0));
        Write last = writes.get(writes.size() - 1);
        if (last.type() == null) {
            out.end(last);
        } else {
            out.emit('n', "new", last.key());
            out.emit('g', "restore", last.key());
        }
    }

    // ---- hashes

    private static void hashes() {
        add(always('h', "hset"), "hset", "hmset");
        add(plain('h', "hset"), "hsetnx");
        add(always('h', "hincrby"), "hincrby");
        add(always('h', "hincrbyfloat"), "hincrbyfloat");
        add(plain('h', "hdel"), "hdel", "hgetdel");
        add(named('h', o -> deadlineOfFields(o, 2, ExpireTime.Unit.SECONDS)), "hexpire");
        add(named('h', o -> deadlineOfFields(o, 2, ExpireTime.Unit.MILLISECONDS)), "hpexpire");
        add(named('h', o -> deadlineOfFields(o, 2, ExpireTime.Unit.UNIX_SECONDS)), "hexpireat");
        add(
                named('h', o -> deadlineOfFields(o, 2, ExpireTime.Unit.UNIX_MILLISECONDS)),
                "hpexpireat");
        add(plain('h', "hpersist"), "hpersist");
        add(named('h', KeyEventRules::hgetEx), "hgetex");
        add(KeyEventRules::hsetEx, "hsetex");
    }

    /** Fields whose deadline has passed already are deleted, and nobody calls that expired. */
    private static String deadlineOfFields(Origin origin, int at, ExpireTime.Unit unit) {
        long nowMs = origin.client().keyspace().currentTimeMs();
        boolean gone = FieldExpiryCommands.hasPassed(origin.request(), at, unit, nowMs);
        return gone ? "hdel" : "hexpire";
    }

    private static String hgetEx(Origin origin) {
        ExpireTime.Unit unit = StringOptions.unit(origin.request(), 2);
        return unit == null ? "hpersist" : deadlineOfFields(origin, 3, unit);
    }

    /** Fields with a deadline that has passed already are set, in whatever is there, and go. */
    private static void hsetEx(Origin origin, KeyEvents out) {
        Request request = origin.request();
        if (origin.writes().isEmpty() && origin.refused()) {
            return;
        }
        byte[] key = request.copy(1);
        boolean neverThere = origin.writes().isEmpty() && origin.foundNothing();
        if (neverThere) {
            out.emit('n', "new", key);
        }
        origin.writes().forEach(out::begin);
        out.emit('h', "hset", key);
        for (int i = 2; !request.is(i, "FIELDS"); i++) {
            ExpireTime.Unit unit = StringOptions.unit(request, i);
            if (unit != null) {
                out.emit('h', deadlineOfFields(origin, i + 1, unit), key);
            }
        }
        origin.writes().forEach(out::end);
        if (neverThere) {
            out.emit('g', "del", key);
        }
    }

    // ---- lists

    private static void lists() {
        add(plain('l', "lpush"), "lpush", "lpushx");
        add(plain('l', "rpush"), "rpush", "rpushx");
        add(plain('l', "lpop"), "lpop", "blpop");
        add(plain('l', "rpop"), "rpop", "brpop");
        add(plain('l', "linsert"), "linsert");
        add(always('l', "lset"), "lset");
        add(plain('l', "lrem"), "lrem");
        add(always('l', "ltrim"), "ltrim");
        add(named('l', o -> direction(o, 1).equals("left") ? "lpop" : "rpop"), "lmpop");
        add(named('l', o -> direction(o, 2).equals("left") ? "lpop" : "rpop"), "blmpop");
        add((origin, out) -> move(origin, end(origin, 3), end(origin, 4), out), "lmove", "blmove");
        add((origin, out) -> move(origin, "r", "l", out), "rpoplpush", "brpoplpush");
        add(store('l', "sortstore"), "sort");
    }

    /** The word behind so many keys as an argument says. */
    private static String direction(Origin origin, int countAt) {
        Request request = origin.request();
        long at = countAt + request.integer(countAt) + 1;
        return at < request.count() ? request.text((int) at).toLowerCase(Locale.ROOT) : "";
    }

    private static String end(Origin origin, int argument) {
        return origin.request().is(argument, "LEFT") ? "l" : "r";
    }

    /** The element arrives before it leaves. */
    private static void move(Origin origin, String from, String to, KeyEvents out) {
        byte[] source = origin.request().copy(1);
        byte[] destination = origin.request().copy(2);
        if (origin.writes().isEmpty() && origin.foundNothing()) {
            return;
        }
        if (Arrays.equals(source, destination)) {
            out.emit('l', to + "push", destination);
            out.emit('l', from + "pop", source);
            return;
        }
        Write pushed = to(destination, origin.writes());
        Write popped = to(source, origin.writes());
        if (pushed != null) {
            out.begin(pushed);
            out.emit('l', to + "push", destination);
        }
        if (popped != null) {
            out.emit('l', from + "pop", source);
            out.end(popped);
        }
    }

    private static @Nullable Write to(byte[] key, List<Write> writes) {
        for (Write write : writes) {
            if (Arrays.equals(write.key(), key)) {
                return write;
            }
        }
        return null;
    }

    // ---- sets

    private static void sets() {
        add(plain('s', "sadd"), "sadd");
        add(plain('s', "srem"), "srem");
        add(plain('s', "spop"), "spop");
        add(KeyEventRules::smove, "smove");
        add(store('s', "sinterstore"), "sinterstore");
        add(store('s', "sunionstore"), "sunionstore");
        add(store('s', "sdiffstore"), "sdiffstore");
    }

    private static void smove(Origin origin, KeyEvents out) {
        byte[] source = origin.request().copy(1);
        byte[] destination = origin.request().copy(2);
        if (Arrays.equals(source, destination)) {
            return;
        }
        Write left = to(source, origin.writes());
        Write arrived = to(destination, origin.writes());
        if (left != null) {
            out.write(left, 's', "srem");
        }
        if (arrived != null) {
            out.write(arrived, 's', "sadd");
        }
    }

    // ---- sorted sets

    private static void sortedSets() {
        add(named('z', KeyEventRules::zadd), "zadd");
        add(plain('z', "zincr"), "zincrby");
        add(plain('z', "zadd"), "geoadd");
        for (String same :
                List.of("zrem", "zremrangebyrank", "zremrangebyscore", "zremrangebylex")) {
            add(plain('z', same), same);
        }
        add(plain('z', "zpopmin"), "zpopmin", "bzpopmin");
        add(plain('z', "zpopmax"), "zpopmax", "bzpopmax");
        add(named('z', o -> "zpop" + direction(o, 1)), "zmpop");
        add(named('z', o -> "zpop" + direction(o, 2)), "bzmpop");
        for (String same :
                List.of(
                        "zunionstore",
                        "zinterstore",
                        "zdiffstore",
                        "zrangestore",
                        "geosearchstore")) {
            add(store('z', same), same);
        }
        add(store('z', "georadiusstore"), "georadius", "georadiusbymember");
    }

    private static String zadd(Origin origin) {
        Request request = origin.request();
        int i = 2;
        while (i < request.count() && has(request, i, i + 1, "NX", "XX", "GT", "LT", "CH")) {
            i++;
        }
        return has(request, i, i + 1, "INCR") ? "zincr" : "zadd";
    }

    private static boolean has(Request request, int from, int to, String... options) {
        for (int i = from; i < to && i < request.count(); i++) {
            for (String option : options) {
                if (request.is(i, option)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- streams

    private static void streams() {
        add(
                (origin, out) -> {
                    plain('t', "xadd").tell(origin, out);
                    if (!origin.writes().isEmpty()) {
                        origin.besides().forEach(key -> out.emit('t', "xtrim", key));
                    }
                },
                "xadd");
        add(plain('t', "xdel"), "xdel");
        add(
                (origin, out) -> origin.besides().forEach(key -> out.emit('t', "xdel", key)),
                "xdelex",
                "xackdel");
        add(plain('t', "xtrim"), "xtrim");
        add(always('t', "xsetid"), "xsetid");
        Rule consumer =
                (origin, out) ->
                        origin.besides()
                                .forEach(key -> out.emit('t', "xgroup-createconsumer", key));
        add(consumer, "xreadgroup", "xclaim", "xautoclaim");
        add(group("create"), "xgroup|create");
        add(group("setid"), "xgroup|setid");
        add(group("destroy"), "xgroup|destroy");
        add(group("createconsumer"), "xgroup|createconsumer");
        add(group("delconsumer"), "xgroup|delconsumer");
    }

    private static Rule group(String what) {
        boolean also = what.equals("setid");
        String event = "xgroup-" + what;
        return (origin, out) -> {
            if (!origin.writes().isEmpty()) {
                plain('t', event).tell(origin, out);
            } else if (also) {
                out.emit('t', event, origin.request().copy(2));
            }
        };
    }
}
