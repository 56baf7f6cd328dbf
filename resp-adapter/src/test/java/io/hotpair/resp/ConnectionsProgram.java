package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What several clients send, and what happens to their connections, by chance.
 *
 * @param seed decides how it is delivered
 * @param steps what is done, one after the other
 */
record ConnectionsProgram(long seed, List<Step> steps) {
    /** How many connections there are at a time. */
    static final int SLOTS = 4;

    private static final int STEPS = 80;

    /** What a step does. */
    enum Kind {
        /** A client sends a command; {@code @n} in it stands for the id of connection n. */
        SEND,
        /** Time passes. */
        PASS,
        /** A client takes so many bytes and then none. */
        STALL,
        /** A client takes all there is. */
        TAKE,
        /** A client closes its connection, and another one takes its place. */
        CLOSE,
        /** All is done that can be done now. */
        SETTLE
    }

    /**
     * A step.
     *
     * @param slot whose
     * @param words a command
     * @param number of milliseconds, or bytes
     */
    record Step(Kind kind, int slot, List<String> words, int number) {
        @Override
        public String toString() {
            return switch (kind) {
                case SEND ->
                        "send("
                                + slot
                                + words.stream()
                                        .map(word -> ", " + shown(word))
                                        .collect(Collectors.joining())
                                + ")";
                case PASS -> "pass(" + number + ")";
                case STALL -> "stall(" + slot + ", " + number + ")";
                case TAKE, CLOSE -> kind.name().toLowerCase(Locale.ROOT) + "(" + slot + ")";
                case SETTLE -> "settle()";
            };
        }
    }

    private static String shown(String word) {
        return FuzzBytes.literal(word.getBytes(StandardCharsets.ISO_8859_1));
    }

    static ConnectionsProgram of(long seed) {
        return new Maker(seed).make();
    }

    /** The same without some steps. */
    ConnectionsProgram without(int from, int to) {
        List<Step> fewer = new ArrayList<>(steps.subList(0, from));
        fewer.addAll(steps.subList(to, steps.size()));
        return new ConnectionsProgram(seed, fewer);
    }

    @Override
    public String toString() {
        return steps.stream().map(Step::toString).collect(Collectors.joining(";\n", "", ";"));
    }

    private static final class Maker {
        private final Random random;
        private final List<Step> steps = new ArrayList<>();
        private final boolean[] open = new boolean[SLOTS];
        private final boolean[] subscribed = new boolean[SLOTS];
        private final boolean[] three = new boolean[SLOTS];
        private final int[] weights = new int[6];
        private final boolean flushes;
        private final boolean swaps;
        private int number;

        Maker(long seed) {
            random = new Random(seed);
            for (int i = 0; i < weights.length; i++) {
                weights[i] = chance(3) ? 1 : 1 + random.nextInt(8);
            }
            flushes = chance(3);
            swaps = chance(3);
        }

        private boolean chance(int in) {
            return random.nextInt(in) == 0;
        }

        private String one(String... of) {
            return of[random.nextInt(of.length)];
        }

        ConnectionsProgram make() {
            for (int slot = 0; slot < SLOTS; slot++) {
                if (random.nextBoolean()) {
                    send(slot, "HELLO", "3");
                    three[slot] = true;
                }
            }
            int most = 10 + random.nextInt(STEPS);
            while (steps.size() < most) {
                int slot = random.nextInt(SLOTS);
                switch (random.nextInt(20)) {
                    case 0 -> add(Kind.PASS, 0, one(3, 20, 60, 250, 1_000));
                    case 1 -> add(Kind.SETTLE, 0, 0);
                    case 2 -> add(chance(2) ? Kind.STALL : Kind.TAKE, slot, random.nextInt(60));
                    case 3 -> {
                        if (chance(3)) {
                            add(Kind.CLOSE, slot, 0);
                            forget(slot);
                        }
                    }
                    default -> command(slot);
                }
            }
            return new ConnectionsProgram(random.nextLong(), steps);
        }

        private int one(int... of) {
            return of[random.nextInt(of.length)];
        }

        private void forget(int slot) {
            open[slot] = false;
            subscribed[slot] = false;
            three[slot] = false;
        }

        private void add(Kind kind, int slot, int count) {
            steps.add(new Step(kind, slot, List.of(), count));
        }

        private void send(int slot, String... words) {
            steps.add(new Step(Kind.SEND, slot, List.of(words), 0));
        }

        private void command(int slot) {
            int sum = Arrays.stream(weights).sum();
            int at = random.nextInt(sum);
            int family = 0;
            while (at >= weights[family]) {
                at -= weights[family++];
            }
            switch (family) {
                case 0 -> pubSub(slot);
                case 1 -> blocking(slot);
                case 2 -> tracking(slot);
                case 3 -> transaction(slot);
                case 4 -> administration(slot);
                default -> values(slot);
            }
        }

        private String channel() {
            return one("c1", "c2", "d");
        }

        private void pubSub(int slot) {
            switch (random.nextInt(12)) {
                case 0, 1 -> subscribe(slot, "SUBSCRIBE", channel());
                case 2 -> subscribe(slot, "SUBSCRIBE", "c1", "d");
                case 3 -> subscribe(slot, "PSUBSCRIBE", one("c*", "*", "d", "c?"));
                case 4 -> subscribe(slot, "SSUBSCRIBE", channel());
                case 5 -> {
                    if (!open[slot]) {
                        String kind = one("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE");
                        if (chance(3)) {
                            send(slot, kind, kind.startsWith("P") ? "c*" : channel());
                        } else {
                            send(slot, kind);
                        }
                    }
                }
                default -> {
                    if (!open[slot] || !subscribed[slot]) {
                        String kind = one("PUBLISH", "PUBLISH", "SPUBLISH");
                        String channel = channel();
                        for (int i = chance(4) ? 3 : 1; i > 0; i--) {
                            send(slot, kind, channel, message());
                        }
                    }
                }
            }
        }

        private String message() {
            String text = "m" + number++;
            return chance(5) ? text + "x".repeat(random.nextInt(3_000)) : text;
        }

        private void subscribe(int slot, String... words) {
            // In EXEC a confirmation is half of a reply, as in Redis.
            if (!open[slot]) {
                subscribed[slot] = true;
                send(slot, words);
            }
        }

        private String timeout() {
            return one("0", "0", "0", "0.01", "0.05", "0.2", "1.5");
        }

        private String list() {
            return "l" + random.nextInt(3);
        }

        private String scored() {
            return "z" + random.nextInt(2);
        }

        private String stream() {
            return "x" + random.nextInt(2);
        }

        private void blocking(int slot) {
            switch (random.nextInt(14)) {
                case 0, 1 -> send(slot, one("BLPOP", "BRPOP"), list(), timeout());
                case 2 -> send(slot, one("BLPOP", "BRPOP"), "l0", "l1", timeout());
                case 3 -> send(slot, "BLMOVE", list(), list(), side(), side(), timeout());
                case 4 -> send(slot, "BRPOPLPUSH", list(), list(), timeout());
                case 5 -> send(slot, "BLMPOP", timeout(), "2", "l1", "l0", side(), "COUNT", "2");
                case 6 -> send(slot, one("BZPOPMIN", "BZPOPMAX"), scored(), timeout());
                case 7 -> send(slot, "BZPOPMIN", "z1", "z0", timeout());
                case 8, 9 -> send(slot, "XREAD", "BLOCK", ms(), "STREAMS", stream(), one("$", "0"));
                case 10, 11 ->
                        send(
                                slot,
                                "XREADGROUP",
                                "GROUP",
                                "g",
                                "a",
                                "BLOCK",
                                ms(),
                                "STREAMS",
                                stream(),
                                ">");
                case 12 -> send(slot, "WAIT", one("0", "1"), one("1", "10", "100"));
                default -> send(slot, "XGROUP", "CREATE", stream(), "g", "$", "MKSTREAM");
            }
        }

        private String ms() {
            return one("0", "0", "10", "200");
        }

        private String side() {
            return one("LEFT", "RIGHT");
        }

        private void values(int slot) {
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> send(slot, one("RPUSH", "LPUSH"), list(), "e" + number++);
                case 3 -> send(slot, "RPUSH", list(), "e" + number++, "e" + number++);
                case 4 -> send(slot, one("LPOP", "RPOP", "LLEN"), list());
                case 5 -> send(slot, "LRANGE", list(), "0", "-1");
                case 6, 7 -> send(slot, "ZADD", scored(), Integer.toString(number), "e" + number++);
                case 8, 9 -> send(slot, "XADD", stream(), ++number + "-0", "f", "v" + number);
                case 10 -> send(slot, "DEL", one(list(), scored(), stream(), string()));
                case 11 -> send(slot, "RENAME", list(), list());
                case 12 -> send(slot, "SET", string(), "v" + number++);
                default -> database(slot);
            }
        }

        private void database(int slot) {
            if (swaps && chance(2)) {
                send(slot, "SWAPDB", "0", "1");
            } else if (swaps) {
                send(slot, "SELECT", one("0", "1"));
            } else if (flushes) {
                send(slot, one("FLUSHALL", "FLUSHDB"));
            }
        }

        private String string() {
            return "s" + random.nextInt(3);
        }

        private void tracking(int slot) {
            // In EXEC it would also tell of what was written there before, which does no harm.
            switch (open[slot] ? 8 + random.nextInt(8) : random.nextInt(16)) {
                case 0 -> send(slot, "CLIENT", "TRACKING", "ON");
                case 1 -> send(slot, "CLIENT", "TRACKING", "ON", "NOLOOP");
                case 2 -> send(slot, "CLIENT", "TRACKING", "ON", one("OPTIN", "OPTOUT"));
                case 3 -> send(slot, "CLIENT", "TRACKING", "ON", "BCAST");
                case 4 ->
                        send(
                                slot,
                                "CLIENT",
                                "TRACKING",
                                "ON",
                                "BCAST",
                                "PREFIX",
                                one("s", "l"),
                                "NOLOOP");
                case 5 -> {
                    if (!flushes) {
                        String other = "@" + random.nextInt(SLOTS);
                        send(slot, "CLIENT", "TRACKING", "ON", "REDIRECT", other);
                    }
                }
                case 6 -> send(slot, "CLIENT", "TRACKING", "OFF");
                case 7 -> cache(slot);
                case 8, 9, 10, 11, 12 -> send(slot, "GET", string());
                case 13 -> send(slot, "DEL", string(), string());
                case 14 -> database(slot);
                default -> send(slot, "SET", string(), "v" + number++);
            }
        }

        /** Says of what follows whether it is tracked, and reads. */
        private void cache(int slot) {
            if (chance(2)) {
                send(slot, "CLIENT", "TRACKING", "ON", one("OPTIN", "OPTOUT"));
            }
            send(slot, "CLIENT", "CACHING", one("YES", "NO"));
            boolean isTransaction = chance(3);
            if (isTransaction) {
                send(slot, "MULTI");
            }
            String key = string();
            send(slot, "GET", key);
            if (isTransaction) {
                send(slot, "EXEC");
            }
            send(random.nextInt(SLOTS), "SET", key, "v" + number++);
        }

        private void transaction(int slot) {
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (!open[slot]) {
                        send(slot, "WATCH", one(list(), string(), scored(), stream()));
                    }
                }
                case 1, 2 -> {
                    if (!open[slot]) {
                        send(slot, "MULTI");
                        open[slot] = true;
                    }
                }
                case 3, 4 -> {
                    if (open[slot]) {
                        send(slot, chance(6) ? "DISCARD" : "EXEC");
                        open[slot] = false;
                    }
                }
                default -> send(slot, one("UNWATCH", "PING"));
            }
        }

        private void administration(int slot) {
            String other = "@" + random.nextInt(SLOTS);
            switch (random.nextInt(18)) {
                case 0, 1, 2 -> send(slot, "CLIENT", "UNBLOCK", other, one("TIMEOUT", "ERROR"));
                case 3 -> send(slot, "CLIENT", "KILL", "ID", other, "SKIPME", one("yes", "no"));
                case 4 -> send(slot, "CLIENT", "KILL", "TYPE", one("pubsub", "normal"));
                case 5 -> send(slot, "CLIENT", "PAUSE", one("10", "100"), one("ALL", "WRITE"));
                case 6 -> send(slot, "CLIENT", "UNPAUSE");
                case 7, 8 -> {
                    if (!open[slot]) {
                        send(slot, "CLIENT", "REPLY", one("ON", "OFF", "SKIP", "SKIP"));
                    }
                }
                case 9 -> {
                    if (!open[slot] && chance(3)) {
                        send(slot, "MONITOR");
                    }
                }
                case 10 -> {
                    send(slot, "RESET");
                    forget(slot);
                }
                case 11 -> {
                    if (chance(4)) {
                        send(slot, "QUIT");
                    }
                }
                case 12, 13 -> {
                    if (!open[slot]) {
                        three[slot] = random.nextBoolean();
                        send(slot, "HELLO", three[slot] ? "3" : "2");
                    }
                }
                case 14 -> send(slot, "CLIENT", "ID");
                case 15 -> send(slot, "CLIENT", "NO-EVICT", one("ON", "OFF"));
                default -> send(slot, one("ECHO", "CLIENT"), "LIST");
            }
        }
    }
}
