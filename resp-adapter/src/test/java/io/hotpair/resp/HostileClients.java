package io.hotpair.resp;

import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Clients that want more memory of a server than they may have, by what they attack. */
final class HostileClients {
    private static final int CLIENTS = 30;
    private static final int FEW_CLIENTS = 12;
    private static final int KEYS = 100_000;
    private static final int BIG_SOURCE = 3_000_000;
    private static final int SOURCES = 12;
    private static final int LIST_PART = 10_000;

    private final int port;
    private final List<RawClient> open = new ArrayList<>();

    private HostileClients(int port) {
        this.port = port;
    }

    /** What one attack does; it may be disconnected at any time. */
    @FunctionalInterface
    interface Attack {
        void by(HostileClients clients);
    }

    /** Attacks with all that it opens left open until it is over. */
    static void attack(int port, Attack attack) {
        HostileClients clients = new HostileClients(port);
        try {
            attack.by(clients);
        } finally {
            clients.open.forEach(RawClient::close);
        }
    }

    private RawClient connect() {
        RawClient client = new RawClient(port);
        open.add(client);
        return client;
    }

    /** Has each of many clients do something, as far as it is let. */
    private void each(int count, IntFunction<byte[]> input) {
        for (int i = 0; i < count; i++) {
            tell(connect(), input.apply(i));
        }
        settle();
    }

    /** Sends, without a look at what comes back; false if it was disconnected. */
    private static boolean tell(RawClient client, byte[] input) {
        try {
            client.send(input);
            return true;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private static void ask(RawClient client, String... command) {
        try {
            String unused = client.call(command);
        } catch (UncheckedIOException e) {
            // That it is disconnected is an answer, too.
        }
    }

    /** Waits until the loops have come to what was sent last. */
    private void settle() {
        for (int i = 0; i < 4; i++) {
            try (RawClient client = new RawClient(port)) {
                ask(client, "PING");
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] command(String... arguments) {
        return bytes(RawClient.command(arguments));
    }

    /** A command with many keys between what it begins and what it ends with. */
    private static byte[] wide(String begin, int count, IntFunction<String> key, String... end) {
        String[] head = begin.split(" ", -1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytes("*" + (head.length + count + end.length) + "\r\n"));
        for (String each : head) {
            bulk(out, each);
        }
        for (int i = 0; i < count; i++) {
            bulk(out, key.apply(i));
        }
        for (String each : end) {
            bulk(out, each);
        }
        return out.toByteArray();
    }

    private static void bulk(ByteArrayOutputStream out, String text) {
        out.writeBytes(bytes("$" + text.length() + "\r\n" + text + "\r\n"));
    }

    private static byte[] repeated(byte[] input, int times) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(input.length * times);
        for (int i = 0; i < times; i++) {
            out.writeBytes(input);
        }
        return out.toByteArray();
    }

    private void fill(String key, int length) {
        ask(connect(), "SETRANGE", key, Integer.toString(length - 1), "x");
    }

    /** Clients that hold on to what they were given, or give without end. */
    static Map<String, Attack> onConnections() {
        Map<String, Attack> all = new LinkedHashMap<>();
        all.put(
                "commands that never end",
                c ->
                        c.each(
                                CLIENTS,
                                i ->
                                        bytes(
                                                "*2\r\n$4\r\nECHO\r\n$9000000\r\n"
                                                        + "x".repeat(8_000_000))));
        all.put(
                "arguments that never end",
                c -> c.each(CLIENTS, i -> bytes("*1000000\r\n" + "$1\r\nx\r\n".repeat(900_000))));
        all.put("bytes without a line", c -> c.each(CLIENTS, i -> bytes("x".repeat(1_000_000))));
        all.put(
                "replies that nobody reads",
                c -> {
                    c.fill("big", 1_000_000);
                    c.each(CLIENTS, i -> repeated(command("GET", "big"), 200));
                });
        all.put(
                "short replies that nobody reads",
                c -> c.each(CLIENTS, i -> repeated(command("PING"), 200_000)));
        all.put(
                "long echoes that nobody reads",
                c -> c.each(CLIENTS, i -> command("ECHO", "x".repeat(5_000_000))));
        all.put(
                "messages that nobody reads",
                c -> {
                    c.each(CLIENTS, i -> command("SUBSCRIBE", "channel"));
                    RawClient speaker = c.connect();
                    for (int i = 0; i < 60; i++) {
                        ask(speaker, "PUBLISH", "channel", "x".repeat(1_000_000));
                    }
                });
        all.put(
                "MONITOR that nobody reads",
                c -> {
                    c.each(CLIENTS, i -> command("MONITOR"));
                    RawClient speaker = c.connect();
                    for (int i = 0; i < 40; i++) {
                        ask(speaker, "ECHO", "x".repeat(1_000_000));
                    }
                });
        all.put("many idle clients", c -> c.each(1_000, i -> command("PING")));
        return all;
    }

    /** Clients for whom much is to be remembered. */
    static Map<String, Attack> onMemories() {
        Map<String, Attack> all = new LinkedHashMap<>();
        all.put(
                "BLPOP of many keys, each its own",
                c -> c.each(CLIENTS, i -> wide("BLPOP", KEYS, k -> "b" + i + ":" + k, "0")));
        all.put(
                "BLPOP of many keys, all the same",
                c -> c.each(CLIENTS, i -> wide("BLPOP", KEYS, k -> "b:" + k, "0")));
        all.put(
                "BLPOP of very many keys",
                c -> c.each(4, i -> wide("BLPOP", 8 * KEYS, Integer::toString, "0")));
        all.put(
                "BZPOPMIN in another database",
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i -> {
                                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                                    out.writeBytes(command("SELECT", "1"));
                                    out.writeBytes(
                                            wide("BZPOPMIN", KEYS, k -> "z" + i + ":" + k, "0"));
                                    return out.toByteArray();
                                }));
        all.put(
                "XREAD of many streams",
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i ->
                                        wide(
                                                "XREAD BLOCK 0 STREAMS",
                                                KEYS,
                                                k -> k < KEYS / 2 ? "s" + i + ":" + k : "$")));
        all.put(
                "WATCH of many keys",
                c -> c.each(FEW_CLIENTS, i -> wide("WATCH", KEYS, k -> "w" + i + ":" + k)));
        all.put(
                "SUBSCRIBE to many channels",
                c -> c.each(FEW_CLIENTS, i -> wide("SUBSCRIBE", KEYS, k -> "c" + i + ":" + k)));
        all.put(
                "PSUBSCRIBE to many patterns",
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i -> wide("PSUBSCRIBE", KEYS, k -> "p" + i + ":" + k + "*")));
        all.put(
                "MULTI that never ends",
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i -> {
                                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                                    out.writeBytes(command("MULTI"));
                                    out.writeBytes(repeated(command("GET", "kept"), 100_000));
                                    return out.toByteArray();
                                }));
        all.put(
                "tracking of many keys",
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i -> {
                                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                                    out.writeBytes(command("HELLO", "3"));
                                    out.writeBytes(command("CLIENT", "TRACKING", "ON"));
                                    out.writeBytes(wide("MGET", KEYS, k -> "t" + i + ":" + k));
                                    return out.toByteArray();
                                }));
        all.put(
                "tracking of many prefixes",
                // Not more: each is compared with all others, as in Redis, which takes time.
                c ->
                        c.each(
                                FEW_CLIENTS,
                                i ->
                                        wide(
                                                "CLIENT TRACKING ON BCAST",
                                                KEYS / 20,
                                                k ->
                                                        k % 2 == 0
                                                                ? "PREFIX"
                                                                : "p" + i + ":" + k + ";")));
        return all;
    }

    private void onList(Runnable attack) {
        RawClient client = connect();
        for (int i = 0; i < 10; i++) {
            tell(client, wide("RPUSH list", LIST_PART, k -> "element" + k));
            settle();
        }
        attack.run();
        ask(connect(), "DEL", "list");
    }

    /** Commands that have much to do at once. */
    static Map<String, Attack> onCommands() {
        Map<String, Attack> all = new LinkedHashMap<>();
        for (String each : List.of("DEL", "MGET", "SUNION", "PFCOUNT", "EXISTS", "SINTERSTORE d")) {
            all.put(
                    each + " of very many keys",
                    c -> c.each(3, i -> wide(each, 6 * KEYS, Integer::toString)));
        }
        all.put(
                "a list, whole, again and again",
                c ->
                        c.onList(
                                () ->
                                        c.each(
                                                CLIENTS,
                                                i ->
                                                        repeated(
                                                                command(
                                                                        "LRANGE", "list", "0",
                                                                        "-1"),
                                                                3))));
        all.put(
                "a list, sorted",
                c -> c.onList(() -> c.each(CLIENTS, i -> command("SORT", "list", "ALPHA"))));
        all.put(
                "keys, all of them",
                c -> {
                    RawClient client = c.connect();
                    StringBuilder sets = new StringBuilder();
                    for (int i = 0; i < KEYS; i++) {
                        sets.append(RawClient.command("SET", "many:" + i, "x"));
                    }
                    tell(client, bytes(sets.toString()));
                    c.each(CLIENTS, i -> command("KEYS", "*"));
                    c.each(CLIENTS, i -> command("SCAN", "0", "COUNT", "1000000"));
                    tell(c.connect(), wide("DEL", KEYS, k -> "many:" + k));
                    c.settle();
                });
        return all;
    }

    /** A new source of some length each time. */
    private static String source(int number, String unit) {
        String start = "local x = " + number + " ";
        return start + unit.repeat((BIG_SOURCE - start.length()) / unit.length());
    }

    /** Scripts that are kept, wait, or are long to read. */
    static Map<String, Attack> onScripts() {
        Map<String, Attack> all = new LinkedHashMap<>();
        Map<String, String> units = new LinkedHashMap<>();
        units.put("comments", "--xxxxxxxxxxxxxx\n");
        units.put("statements", "x = 1 ");
        units.put("names", "x=x ");
        units.forEach(
                (name, unit) -> {
                    all.put(
                            "EVAL of ever new sources: " + name,
                            c ->
                                    c.inTurn(
                                            3,
                                            (client, i) ->
                                                    ask(client, "EVAL", source(i, unit), "0")));
                    all.put(
                            "SCRIPT LOAD of ever new sources: " + name,
                            c ->
                                    c.inTurn(
                                            3,
                                            (client, i) ->
                                                    ask(
                                                            client,
                                                            "SCRIPT",
                                                            "LOAD",
                                                            source(i, unit))));
                    all.put(
                            "FUNCTION LOAD of ever new libraries: " + name,
                            c ->
                                    c.inTurn(
                                            3,
                                            (client, i) ->
                                                    ask(
                                                            client,
                                                            "FUNCTION",
                                                            "LOAD",
                                                            "#!lua name=l"
                                                                    + i
                                                                    + "\nredis.register_function('f"
                                                                    + i
                                                                    + "', function() return 1 end) "
                                                                    + source(i, unit))));
                });
        all.put(
                "EVAL of a string as a source",
                c ->
                        c.inTurn(
                                3,
                                (client, i) ->
                                        ask(
                                                client,
                                                "EVAL",
                                                "return #'" + i + "x".repeat(BIG_SOURCE) + "'",
                                                "0")));
        all.put(
                "EVAL of many short sources",
                c ->
                        c.each(
                                2,
                                i -> {
                                    StringBuilder out = new StringBuilder();
                                    for (int k = 0; k < 60_000; k++) {
                                        out.append(
                                                RawClient.command(
                                                        "EVAL", "return " + i + k + "1", "0"));
                                    }
                                    return bytes(out.toString());
                                }));
        all.put(
                "scripts that wait, with long arguments",
                c ->
                        c.each(
                                CLIENTS,
                                i ->
                                        command(
                                                "EVAL",
                                                "while true do end",
                                                "0",
                                                "x".repeat(BIG_SOURCE))));
        all.put(
                "scripts that wait, with long sources",
                c -> c.each(CLIENTS, i -> command("EVAL", source(i, "--xxxxxxxxxxxxxx\n"), "0")));
        return all;
    }

    /** What a client asks for the n-th time. */
    @FunctionalInterface
    private interface Turn {
        void take(RawClient client, int number);
    }

    /** Has some clients ask at the same time, each several times. */
    private void inTurn(int clients, Turn turn) {
        inTurn(clients, clients * SOURCES, turn);
    }

    /** Has some clients do so many things between them. */
    private void inTurn(int clients, int times, Turn turn) {
        AtomicInteger next = new AtomicInteger();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Thread thread =
                    new Thread(
                            () -> {
                                int k = next.getAndIncrement();
                                for (; k < times; k = next.getAndIncrement()) {
                                    try (RawClient client = new RawClient(port)) {
                                        turn.take(client, k);
                                    } catch (RuntimeException e) {
                                        failures.add(e);
                                    }
                                }
                            });
            thread.start();
            threads.add(thread);
        }
        for (Thread each : threads) {
            try {
                each.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("can't connect", failures.peek());
        }
    }

    /** Has some clients execute scripts. */
    void evaluate(int clients, List<String> scripts) {
        inTurn(
                clients,
                scripts.size(),
                (client, i) -> ask(client, "EVAL", scripts.get(i), "1", "key", "arg"));
    }
}
