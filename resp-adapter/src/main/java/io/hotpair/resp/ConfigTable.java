package io.hotpair.resp;

import io.hotpair.KeyspaceConfig;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
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
     * @param range what it can be set to, or null if it can't
     */
    record Parameter(String name, Supplier<String> value, @Nullable Range range) {}

    /**
     * What a parameter can be set to.
     *
     * @param min the least
     * @param max the most
     * @param isMemory whether units such as {@code kb} are understood
     * @param setter sets it
     */
    record Range(long min, long max, boolean isMemory, LongConsumer setter) {}

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
        fixed("client-output-buffer-limit", this::outputBufferLimit);
        fixed("databases", () -> "1");
        fixed("enable-debug-command", () -> "no");
        fixed("enable-module-command", () -> "no");
        fixed("io-threads", () -> Integer.toString(config.eventLoopThreads()));
        fixed("latency-monitor-threshold", () -> "0");
        fixed("maxmemory-clients", () -> Long.toString(server.budget().limitBytes()));
        fixed("maxmemory-policy", () -> keyspace.maxMemoryPolicy().configName());
        fixed("notify-keyspace-events", () -> "");
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
        return "normal " + server.settings().outputBufferLimitBytes() + " 0 0";
    }

    private void addSettings() {
        Settings settings = server.settings();
        settable(
                "client-query-buffer-limit",
                () -> Long.toString(settings.queryBufferLimitBytes()),
                new Range(64 << 10, Integer.MAX_VALUE - 64, true, settings::queryBufferLimitBytes));
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
                "timeout",
                () -> Long.toString(settings.idleTimeoutSeconds()),
                new Range(0, Integer.MAX_VALUE, false, settings::idleTimeoutSeconds));
    }

    private void fixed(String name, Supplier<String> value) {
        byName.put(name, new Parameter(name, value, null));
    }

    private void settable(String name, Supplier<String> value, Range range) {
        byName.put(name, new Parameter(name, value, range));
    }

    Collection<Parameter> parameters() {
        return byName.values();
    }

    @Nullable Parameter find(String name) {
        return byName.get(name.toLowerCase(Locale.ROOT));
    }
}
