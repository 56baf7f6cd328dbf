package io.hotpair.resp;

import io.hotpair.KeyspaceConfig;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What CONFIG GET tells: only what is so. Names are Redis's; a few can be set. Paths of files and
 * passwords are not among them.
 */
final class ConfigTable {
    private final Map<String, Parameter> byName = new TreeMap<>();
    private final RespServer server;

    /**
     * A parameter.
     *
     * @param name its name
     * @param value tells its value
     * @param change how it is set, or null if it can't
     */
    record Parameter(String name, Supplier<String> value, @Nullable Change change) {}

    /** How a parameter is set. */
    interface Change {
        /**
         * Checks a new value.
         *
         * @return sets it
         * @throws IllegalArgumentException if it is refused; the message is for the client
         */
        Runnable to(String value);
    }

    /**
     * What a parameter can be set to.
     *
     * @param min the least
     * @param max the most
     * @param isMemory whether units such as {@code kb} are understood
     * @param setter sets it
     */
    private record Range(long min, long max, boolean isMemory, LongConsumer setter)
            implements Change {
        @Override
        public Runnable to(String text) {
            long value = isMemory ? memory(text) : integer(text);
            if (value < min || value > max) {
                throw new IllegalArgumentException(
                        "argument must be between " + min + " and " + max + " inclusive");
            }
            return () -> setter.accept(value);
        }

        private static long memory(String text) {
            long value = MemoryValue.parse(text);
            if (value < 0) {
                throw new IllegalArgumentException("argument must be a memory value");
            }
            return value;
        }

        private static long integer(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            if (!Decimals.isLong(bytes, 0, bytes.length)) {
                throw new IllegalArgumentException("argument couldn't be parsed into an integer");
            }
            return Decimals.parse(bytes, 0, bytes.length);
        }
    }

    ConfigTable(RespServer server) {
        this.server = server;
        addFixed();
        addSettings();
    }

    private void addFixed() {
        RespConfig config = server.config();
        KeyspacePort keyspace = server.keyspace();
        fixed("appendonly", () -> keyspace.hasLog() ? "yes" : "no");
        fixed("appendfsync", () -> "everysec");
        fixed("bind", () -> String.join(" ", config.bindAddresses()));
        fixed("databases", () -> "1");
        fixed("enable-debug-command", () -> "no");
        fixed("enable-module-command", () -> "no");
        fixed("io-threads", () -> Integer.toString(config.eventLoopThreads()));
        fixed("latency-monitor-threshold", () -> "0");
        fixed("maxmemory-clients", () -> Long.toString(server.budget().limitBytes()));
        fixed("maxmemory-policy", () -> keyspace.maxMemoryPolicy().configName());
        fixed("port", () -> Integer.toString(server.port()));
        fixed("proto-max-bulk-len", () -> Integer.toString(server.settings().maxBulkLength()));
        fixed("protected-mode", () -> "yes");
        fixed("replica-read-only", () -> "yes");
        fixed("replica-serve-stale-data", () -> "yes");
        fixed("save", () -> "");
        fixed("tcp-backlog", () -> "511");
        fixed("tcp-nodelay", () -> "yes");
    }

    private String outputBufferLimit() {
        return "normal "
                + server.settings().normalLimit().text()
                + " slave 0 0 0 pubsub "
                + server.settings().pubSubLimit().text();
    }

    /**
     * Takes {@code class hard soft seconds}, several times; all but subscribers are as they are.
     */
    private Runnable outputBufferLimit(String text) {
        String[] words = text.trim().split("\\s+", -1);
        if (words.length % 4 != 0) {
            throw new IllegalArgumentException(
                    "Wrong number of arguments in buffer limit configuration.");
        }
        OutputLimit limit = server.settings().pubSubLimit();
        for (int i = 0; i < words.length; i += 4) {
            String type = words[i].toLowerCase(Locale.ROOT);
            OutputLimit given = outputLimit(words, i + 1);
            if (type.equals("pubsub")) {
                limit = given;
            } else if (Set.of("normal", "slave", "replica").contains(type)) {
                throw new IllegalArgumentException("only that of the class pubsub can be set");
            } else {
                throw new IllegalArgumentException(
                        "Invalid client class specified in buffer limit configuration.");
            }
        }
        OutputLimit set = limit;
        return () -> server.settings().pubSubLimit(set);
    }

    private static OutputLimit outputLimit(String[] words, int from) {
        long hard = MemoryValue.parse(words[from]);
        long soft = MemoryValue.parse(words[from + 1]);
        String seconds = words[from + 2];
        if (hard < 0 || soft < 0 || !seconds.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
        }
        return new OutputLimit(hard, soft, Long.parseLong(seconds));
    }

    private void addSettings() {
        Settings settings = server.settings();
        settable("client-output-buffer-limit", this::outputBufferLimit, this::outputBufferLimit);
        settable(
                "client-query-buffer-limit",
                () -> Long.toString(settings.queryBufferLimitBytes()),
                new Range(64 << 10, Integer.MAX_VALUE - 64, true, settings::queryBufferLimitBytes));
        settable(
                "notify-keyspace-events",
                () -> KeyEventFlags.text(server.keyEvents().flags()),
                text -> {
                    int flags = KeyEventFlags.parse(text);
                    return () -> server.keyEvents().flags(flags);
                });
        KeyspacePort keyspace = server.keyspace();
        settable(
                "maxmemory",
                () -> Long.toString(keyspace.statistics().maxMemoryBytes()),
                new Range(
                        KeyspaceConfig.MIN_MEMORY_BYTES,
                        KeyspaceConfig.MAX_MEMORY_BYTES,
                        true,
                        keyspace::maxMemory));
        settable(
                "maxclients",
                () -> Integer.toString(settings.maxClients()),
                new Range(1, Integer.MAX_VALUE, false, settings::maxClients));
        settable(
                "slowlog-log-slower-than",
                () -> Long.toString(settings.slowLogThresholdUs()),
                new Range(-1, Long.MAX_VALUE / 1000, false, settings::slowLogThresholdUs));
        settable(
                "slowlog-max-len",
                () -> Long.toString(settings.slowLogMaxLength()),
                new Range(0, 100_000, false, settings::slowLogMaxLength));
        settable(
                "tracking-table-max-keys",
                () -> Long.toString(server.tracking().maxKeys()),
                new Range(0, Long.MAX_VALUE, false, server.tracking()::maxKeys));
        settable(
                "timeout",
                () -> Long.toString(settings.idleTimeoutSeconds()),
                new Range(0, Integer.MAX_VALUE, false, settings::idleTimeoutSeconds));
    }

    private void fixed(String name, Supplier<String> value) {
        byName.put(name, new Parameter(name, value, null));
    }

    private void settable(String name, Supplier<String> value, Change change) {
        byName.put(name, new Parameter(name, value, change));
    }

    Collection<Parameter> parameters() {
        return byName.values();
    }

    @Nullable Parameter find(String name) {
        return byName.get(name.toLowerCase(Locale.ROOT));
    }
}
