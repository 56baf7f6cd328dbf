package io.hotpair.resp;

import io.hotpair.KeyspaceConfig;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What CONFIG GET tells: only what is so. Names are Redis's; a few can be set. Paths of files and
 * passwords are not among them.
 */
final class ConfigTable {
    static final String IMMUTABLE = "can't set immutable config";

    private static final String ALL_CHANNELS = "allchannels";
    private static final String NO_CHANNELS = "resetchannels";
    private static final String OUTPUT_LIMIT = "client-output-buffer-limit";
    private static final long MIN_CLIENT_MEMORY = 1 << 20;

    private final Map<String, Parameter> byName = new TreeMap<>();
    private final RespServer server;

    /**
     * A parameter.
     *
     * @param name its name
     * @param canonicalName the name that it is kept by where it has an older one, too
     * @param value tells its value; null if it is nobody's to know
     * @param change how it is set, or null if it can't
     */
    record Parameter(
            String name,
            String canonicalName,
            Supplier<@Nullable String> value,
            @Nullable Change change) {}

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
        addImmutable();
        addFixed();
        addSettings();
        addLatency();
        addReplicas();
        settable("save", () -> "", ConfigTable::savePoints);
        settable(
                "allowed-addresses",
                () -> String.join(" ", server.allowedAddresses().texts()),
                text -> {
                    AllowedAddresses addresses = AllowedAddresses.of(words(text.replace(',', ' ')));
                    return () -> server.allow(addresses);
                });
        addPackingLimits();
    }

    private void addImmutable() {
        immutable("databases", Integer.toString(server.databases().count()));
        immutable("cluster-enabled", "no");
        immutable("daemonize", "no");
        immutable("enable-debug-command", DebugCommands.text(server.config().debugCommand()));
        immutable("enable-module-command", "no");
        immutable("io-threads", Integer.toString(server.config().eventLoopThreads()));
        immutable("tcp-backlog", "511");
    }

    private void addFixed() {
        RespConfig config = server.config();
        KeyspacePort keyspace = server.keyspace();
        fixed("appendonly", () -> keyspace.hasLog() ? "yes" : "no");
        fixed("appendfsync", () -> "everysec");
        fixed("bind", () -> String.join(" ", config.bindAddresses()));
        fixed("enable-migrate-command", () -> config.migrateCommand() ? "yes" : "no");
        fixed("enable-replicaof-command", () -> config.replicaOfCommand() ? "yes" : "no");
        fixed("maxmemory-policy", () -> keyspace.maxMemoryPolicy().configName());
        fixed("port", () -> Integer.toString(server.port()));
        fixed("proto-max-bulk-len", () -> Integer.toString(server.settings().maxBulkLength()));
        fixed("protected-mode", () -> "yes");
        fixed("replica-read-only", () -> "yes");
        fixed("replica-serve-stale-data", () -> "yes");
        fixed("replicaof", this::master);
        fixed("slaveof", this::master);
        fixed("tcp-nodelay", () -> "yes");
        fixed("tls-port", () -> Integer.toString(server.tlsPort()));
        TlsConfig tls = config.tls();
        if (tls != null) {
            fixed("tls-auth-clients", () -> tls.authClients().name().toLowerCase(Locale.ROOT));
            fixed("tls-protocols", () -> String.join(" ", tls.protocols()));
            fixed("tls-prefer-server-ciphers", () -> tls.prefersServerCiphers() ? "yes" : "no");
        }
    }

    private String master() {
        RedisMigration migration = server.keyspace().migration().active();
        if (migration != null) {
            return migration.source().replace(':', ' ');
        }
        Topology pair = server.keyspace().topology();
        Member master = pair == null || pair.role() != Role.REPLICA ? null : pair.master();
        return master == null ? "" : master.clientHost() + " " + master.clientPort();
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
                checkUnchanged(type, given);
            } else {
                throw new IllegalArgumentException(
                        "Invalid client class specified in buffer limit configuration.");
            }
        }
        OutputLimit set = limit;
        return () -> server.settings().pubSubLimit(set);
    }

    private void checkUnchanged(String type, OutputLimit given) {
        OutputLimit present =
                type.equals("normal") ? server.settings().normalLimit() : OutputLimit.NONE;
        if (!given.equals(present)) {
            throw new IllegalArgumentException("only that of the class pubsub can be set");
        }
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
        settable(OUTPUT_LIMIT, this::outputBufferLimit, this::outputBufferLimit);
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
        settable(
                "acllog-max-len",
                () -> Long.toString(settings.aclLogMaxLength()),
                new Range(0, 100_000, false, settings::aclLogMaxLength));
        settable(
                "acl-pubsub-default",
                () -> settings.aclAllChannelsByDefault() ? ALL_CHANNELS : NO_CHANNELS,
                text -> {
                    boolean all = isAllChannels(text);
                    return () -> settings.aclAllChannelsByDefault(all);
                });
        // There is a password or none: told is only that there is none.
        settable(
                "requirepass",
                () -> server.acl().defaultAccount().user().needsNoPassword() ? "" : null,
                text -> () -> server.acl().requirePassword(text));
        settable(
                "busy-reply-threshold",
                () -> Long.toString(settings.busyReplyThresholdMs()),
                new Range(0, Long.MAX_VALUE, false, settings::busyReplyThresholdMs));
        alias("lua-time-limit", "busy-reply-threshold");
        KeyspacePort keyspace = server.keyspace();
        settable(
                "maxmemory",
                () -> Long.toString(withoutLimit(keyspace.statistics().maxMemoryBytes())),
                new Range(
                        0,
                        KeyspaceConfig.MAX_MEMORY_BYTES,
                        true,
                        bytes ->
                                keyspace.maxMemory(
                                        bytes == 0 ? KeyspaceConfig.MAX_MEMORY_BYTES : bytes)));
        settable(
                "maxmemory-clients",
                () -> Long.toString(server.budget().limitBytes()),
                this::clientMemory);
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

    /** What says that there is no limit is the highest limit. */
    static long withoutLimit(long bytes) {
        return bytes == KeyspaceConfig.MAX_MEMORY_BYTES ? 0 : bytes;
    }

    private void addLatency() {
        Settings settings = server.settings();
        settable(
                "latency-monitor-threshold",
                () -> Long.toString(settings.latencyThresholdMs()),
                new Range(0, Long.MAX_VALUE, false, settings::latencyThresholdMs));
        settable(
                "latency-tracking",
                () -> settings.tracksLatency() ? "yes" : "no",
                text -> {
                    boolean whether = yesOrNo(text);
                    return () -> settings.tracksLatency(whether);
                });
        settable(
                "latency-tracking-info-percentiles",
                () ->
                        settings.latencyPercentiles().stream()
                                .map(ConfigTable::text)
                                .collect(Collectors.joining(" ")),
                text -> {
                    List<Double> percentiles = percentiles(text);
                    return () -> settings.latencyPercentiles(percentiles);
                });
    }

    private void addReplicas() {
        Settings settings = server.settings();
        settable(
                "min-replicas-to-write",
                () -> Integer.toString(settings.minReplicasToWrite()),
                new Range(0, Integer.MAX_VALUE, false, settings::minReplicasToWrite));
        settable(
                "min-replicas-max-lag",
                () -> Integer.toString(settings.minReplicasMaxLag()),
                new Range(0, Integer.MAX_VALUE, false, settings::minReplicasMaxLag));
        alias("min-slaves-to-write", "min-replicas-to-write");
        alias("min-slaves-max-lag", "min-replicas-max-lag");
    }

    /** Understands pairs of seconds and changes, and grants none: snapshots have another plan. */
    private static Runnable savePoints(String text) {
        if (!text.isBlank()) {
            boolean isUnderstood =
                    text.strip()
                            .matches(
                                    "0*[1-9]\\d{0,9}\\s+\\d{1,9}(\\s+0*[1-9]\\d{0,9}\\s+\\d{1,9})*");
            throw new IllegalArgumentException(
                    isUnderstood ? IMMUTABLE : "Invalid save parameters");
        }
        return () -> {};
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+", -1));
    }

    private static boolean yesOrNo(String text) {
        if (!text.equalsIgnoreCase("yes") && !text.equalsIgnoreCase("no")) {
            throw new IllegalArgumentException("argument must be 'yes' or 'no'");
        }
        return text.equalsIgnoreCase("yes");
    }

    private static List<Double> percentiles(String text) {
        List<Double> percentiles = new ArrayList<>();
        for (String word : words(text)) {
            if (!word.matches("[+-]?\\d{1,9}(\\.\\d{0,9})?")) {
                throw new IllegalArgumentException(
                        "Invalid latency-tracking-info-percentiles parameters");
            }
            double percentile = Double.parseDouble(word);
            if (percentile < 0 || percentile > 100) {
                throw new IllegalArgumentException(
                        "latency-tracking-info-percentiles parameters should sit between"
                                + " [0.0,100.0]");
            }
            percentiles.add(percentile);
        }
        return List.copyOf(percentiles);
    }

    /** A percentile as Redis writes it, with six digits at most. */
    static String text(double percentile) {
        return String.format(Locale.ROOT, "%f", percentile).replaceFirst("\\.?0+$", "");
    }

    /** Understands {@code acl-pubsub-default}. */
    static boolean isAllChannels(String text) {
        String given = text.toLowerCase(Locale.ROOT);
        if (!given.equals(ALL_CHANNELS) && !given.equals(NO_CHANNELS)) {
            throw new IllegalArgumentException(
                    "argument(s) must be one of the following: "
                            + ALL_CHANNELS
                            + ", "
                            + NO_CHANNELS);
        }
        return given.equals(ALL_CHANNELS);
    }

    private void addPackingLimits() {
        PackingLimits limits = server.settings().packing();
        for (PackingLimits.Limit limit : PackingLimits.Limit.values()) {
            Range range =
                    new Range(
                            limit.min(),
                            limit.max(),
                            limit.isMemory(),
                            value -> limits.set(limit, value));
            Supplier<String> value = () -> Long.toString(limits.get(limit));
            settable(limit.configName(), value, range);
            if (!limit.olderName().isEmpty()) {
                alias(limit.olderName(), limit.configName());
            }
        }
    }

    /** Takes an amount, or a percentage of the memory for keys. */
    private Runnable clientMemory(String text) {
        Range range =
                new Range(MIN_CLIENT_MEMORY, Long.MAX_VALUE, true, server.budget()::limitBytes);
        if (!text.matches("\\d{1,9}%")) {
            if (MemoryValue.parse(text) < 0) {
                throw new IllegalArgumentException("argument must be a memory or percent value");
            }
            return range.to(text);
        }
        int percent = Integer.parseInt(text.substring(0, text.length() - 1));
        if (percent > 100) {
            throw new IllegalArgumentException("percentage argument must be less or equal to 100");
        }
        long maxBytes = server.keyspace().statistics().maxMemoryBytes();
        long bytes = Math.max(MIN_CLIENT_MEMORY, maxBytes / 100 * percent);
        return range.to(Long.toString(bytes));
    }

    /** What Redis can't change either while it runs. */
    private void immutable(String name, String value) {
        byName.put(name, new Parameter(name, name, () -> value, null));
    }

    /**
     * What Redis could change, and can't be changed here. Programs that set all that they need, or
     * put back what they found, set it to what it is, which is granted.
     */
    private void fixed(String name, Supplier<String> value) {
        settable(
                name,
                value,
                text -> {
                    if (!text.equalsIgnoreCase(value.get())) {
                        throw new IllegalArgumentException(IMMUTABLE);
                    }
                    return () -> {};
                });
    }

    /** Another name of what there is. */
    private void alias(String name, String canonicalName) {
        Parameter of = Objects.requireNonNull(byName.get(canonicalName));
        byName.put(name, new Parameter(name, canonicalName, of.value(), of.change()));
    }

    private void settable(String name, Supplier<@Nullable String> value, Change change) {
        byName.put(name, new Parameter(name, name, value, change));
    }

    /**
     * Checks a new value of a parameter that can be set.
     *
     * @return sets it, and has CONFIG REWRITE write it
     * @throws IllegalArgumentException if it is refused; the message is for the client
     */
    Runnable change(Parameter parameter, String value) {
        Runnable change = Objects.requireNonNull(parameter.change()).to(value);
        ConfigFile file = server.configFile();
        if (file == null) {
            return change;
        }
        return () -> {
            String before = parameter.value().get();
            change.run();
            if (!Objects.equals(before, parameter.value().get())) {
                file.changed(parameter, kept(parameter));
            }
        };
    }

    /** What CONFIG REWRITE writes of a parameter; null if it is nobody's to know. */
    @Nullable String kept(Parameter parameter) {
        // What can't be set has another owner, which may be set otherwise at the next start.
        return parameter.name().equals(OUTPUT_LIMIT)
                ? "pubsub " + server.settings().pubSubLimit().text()
                : parameter.value().get();
    }

    /**
     * Sets what a configuration has by the names of CONFIG SET.
     *
     * @throws IllegalArgumentException if there is no such parameter, or a value is refused
     */
    void set(List<Map.Entry<String, String>> values) {
        values.forEach(each -> set(each.getKey(), each.getValue()));
    }

    private void set(String name, String value) {
        Parameter parameter = find(name);
        if (parameter == null) {
            throw new IllegalArgumentException(
                    "parameter=" + name + ", expected one that CONFIG GET * lists");
        }
        Change change = parameter.change();
        try {
            if (change != null) {
                change.to(value).run();
            } else if (!value.equalsIgnoreCase(parameter.value().get())) {
                throw new IllegalArgumentException(
                        "can't be anything but " + parameter.value().get());
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + "=" + value + ": " + e.getMessage(), e);
        }
    }

    Collection<Parameter> parameters() {
        return byName.values();
    }

    @Nullable Parameter find(String name) {
        return byName.get(name.toLowerCase(Locale.ROOT));
    }
}
