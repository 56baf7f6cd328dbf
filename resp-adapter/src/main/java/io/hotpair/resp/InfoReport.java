package io.hotpair.resp;

import io.hotpair.BackupManifest;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.resp.AclSelector.Denial;
import io.hotpair.resp.MigrationStatus.State;
import io.hotpair.resp.Topic.Kind;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What INFO answers: Redis's sections and names, of what is so here. */
final class InfoReport {
    /** How often event loops look around, which is what Redis calls hz. */
    private static final int TICKS_PER_SECOND = 10;

    private static final String VERSION = readVersion();

    private static final Set<String> BY_DEFAULT =
            Set.of(
                    "server",
                    "clients",
                    "memory",
                    "persistence",
                    "stats",
                    "replication",
                    "cpu",
                    "modules",
                    "errorstats",
                    "cluster",
                    "keyspace");

    private final RespServer server;
    private final KeyspaceStatistics statistics;
    private final @Nullable Topology topology;
    private final Map<String, Consumer<StringBuilder>> sections = new LinkedHashMap<>();

    InfoReport(RespServer server) {
        this.server = server;
        statistics = server.keyspace().statistics();
        topology = server.keyspace().topology();
        sections.put("server", this::server);
        sections.put("clients", this::clients);
        sections.put("memory", this::memory);
        sections.put("persistence", this::persistence);
        sections.put("stats", this::stats);
        sections.put("replication", this::replication);
        sections.put("cpu", this::cpu);
        sections.put("modules", out -> {});
        sections.put("commandstats", this::commandStats);
        sections.put("errorstats", this::errorStats);
        sections.put("latencystats", this::latencyStats);
        sections.put("cluster", out -> line(out, "cluster_enabled", 0));
        sections.put("keyspace", this::keyspace);
    }

    /**
     * The report.
     *
     * @param asked names of sections, lower-case; none means the default ones
     */
    String text(Set<String> asked) {
        boolean all = asked.contains("all") || asked.contains("everything");
        boolean usual = asked.isEmpty() || asked.contains("default");
        StringBuilder out = new StringBuilder();
        sections.forEach(
                (name, section) -> {
                    if (all || asked.contains(name) || (usual && BY_DEFAULT.contains(name))) {
                        if (out.length() > 0) {
                            out.append("\r\n");
                        }
                        out.append("# ").append(title(name)).append("\r\n");
                        section.accept(out);
                    }
                });
        return out.toString();
    }

    private static String title(String name) {
        return name.equals("cpu")
                ? "CPU"
                : name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private static void line(StringBuilder out, String name, Object value) {
        out.append(name).append(':').append(value).append("\r\n");
    }

    private void server(StringBuilder out) {
        long uptimeSeconds = TimeUnit.NANOSECONDS.toSeconds(server.uptimeNs());
        line(out, "redis_version", RespServer.REDIS_VERSION);
        line(out, "redis_git_sha1", "00000000");
        line(out, "redis_git_dirty", 0);
        line(out, "redis_build_id", 0);
        line(out, "redis_mode", "standalone");
        line(out, "os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        line(out, "arch_bits", 64);
        line(out, "multiplexing_api", Transport.best().name().toLowerCase(Locale.ROOT));
        line(out, "hotpair_version", VERSION);
        line(out, "hotpair_keyspace", server.keyspace().name());
        line(out, "java_version", Runtime.version());
        line(out, "process_id", ProcessHandle.current().pid());
        line(out, "run_id", server.runId());
        line(out, "tcp_port", server.port() == 0 ? server.tlsPort() : server.port());
        line(out, "server_time_usec", server.keyspace().currentTimeMs() * 1000);
        line(out, "uptime_in_seconds", uptimeSeconds);
        line(out, "uptime_in_days", TimeUnit.SECONDS.toDays(uptimeSeconds));
        line(out, "hz", TICKS_PER_SECOND);
        line(out, "configured_hz", TICKS_PER_SECOND);
        line(out, "lru_clock", server.keyspace().currentTimeMs() / 1000 & 0xFFFFFF);
        line(out, "config_file", "");
        line(out, "io_threads_active", server.config().eventLoopThreads() > 1 ? 1 : 0);
    }

    /** From a file of the build, as a manifest may be that of the application around us. */
    private static String readVersion() {
        try (InputStream in = InfoReport.class.getResourceAsStream("version.properties")) {
            Properties build = new Properties();
            build.load(Objects.requireNonNull(in, "version.properties"));
            return build.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void clients(StringBuilder out) {
        List<Connection> all = server.clients().all();
        line(out, "connected_clients", all.size());
        line(out, "cluster_connections", 0);
        line(out, "maxclients", server.settings().maxClients());
        line(
                out,
                "client_recent_max_input_buffer",
                all.stream().mapToInt(Connection::heldCapacity).max().orElse(0));
        line(
                out,
                "client_recent_max_output_buffer",
                all.stream().mapToLong(c -> c.outbox().queuedBytes()).max().orElse(0));
        line(out, "blocked_clients", all.stream().filter(Connection::isBlocked).count());
        line(out, "tracking_clients", server.tracking().clientCount());
        line(out, "clients_in_timeout_table", 0);
    }

    private void memory(StringBuilder out) {
        long used = statistics.usedMemoryBytes();
        long idle = Math.min(used, statistics.idleMemoryBytes());
        memoryLine(out, "used_memory", used - idle);
        memoryLine(out, "used_memory_rss", used);
        long peak = server.samples().peakBytes();
        memoryLine(out, "used_memory_peak", peak);
        line(out, "used_memory_peak_perc", percent(used - idle, peak));
        line(out, "used_memory_overhead", 0);
        line(out, "used_memory_startup", 0);
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system) {
            memoryLine(out, "total_system_memory", system.getTotalMemorySize());
        }
        Scripts scripts = server.scripts();
        FunctionSet.Totals functions = server.functions().totals();
        memoryLine(out, "used_memory_lua", scripts.bytes());
        line(out, "used_memory_vm_eval", scripts.bytes());
        line(out, "used_memory_vm_functions", functions.bytes());
        memoryLine(out, "used_memory_vm_total", scripts.bytes() + functions.bytes());
        memoryLine(out, "used_memory_scripts", scripts.bytes() + functions.bytes());
        line(out, "used_memory_scripts_eval", scripts.bytes());
        line(out, "number_of_cached_scripts", scripts.count());
        line(out, "used_memory_functions", functions.bytes());
        line(out, "number_of_functions", functions.functions());
        line(out, "number_of_libraries", functions.libraries());
        memoryLine(out, "maxmemory", ConfigTable.withoutLimit(statistics.maxMemoryBytes()));
        line(out, "maxmemory_policy", server.keyspace().maxMemoryPolicy().configName());
        line(out, "used_memory_dataset", used - idle);
        line(out, "used_memory_dataset_perc", percent(1, 1));
        line(out, "allocator_allocated", used - idle);
        line(out, "allocator_active", used);
        line(out, "allocator_resident", used);
        String ratio = String.format(Locale.ROOT, "%.2f", used / (double) Math.max(1, used - idle));
        line(out, "allocator_frag_ratio", ratio);
        line(out, "allocator_frag_bytes", idle);
        // The memory is asked for once, and the system has nothing to take back or to swap.
        line(out, "allocator_rss_ratio", "1.00");
        line(out, "allocator_rss_bytes", 0);
        line(out, "rss_overhead_ratio", "1.00");
        line(out, "rss_overhead_bytes", 0);
        line(out, "mem_fragmentation_ratio", ratio);
        line(out, "mem_fragmentation_bytes", idle);
        line(out, "mem_not_counted_for_evict", 0);
        line(out, "mem_replication_backlog", 0);
        line(out, "mem_total_replication_buffers", 0);
        line(out, "mem_clients_slaves", 0);
        line(out, "mem_clients_normal", server.budget().usedBytes());
        line(out, "mem_cluster_links", 0);
        line(out, "mem_aof_buffer", 0);
        line(out, "mem_clients_limit", server.budget().limitBytes());
        Runtime jvm = Runtime.getRuntime();
        memoryLine(out, "heap_used", jvm.totalMemory() - jvm.freeMemory());
        memoryLine(out, "heap_max", jvm.maxMemory());
        line(out, "mem_allocator", "hotpair");
        line(out, "active_defrag_running", 0);
        line(out, "lazyfree_pending_objects", 0);
        line(out, "lazyfreed_objects", 0);
    }

    private static void memoryLine(StringBuilder out, String name, long bytes) {
        line(out, name, bytes);
        line(out, name + "_human", human(bytes));
    }

    private static String human(long bytes) {
        String[] units = {"B", "K", "M", "G", "T"};
        double amount = bytes;
        int unit = 0;
        while (amount >= 1024 && unit < units.length - 1) {
            amount /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + "B" : String.format(Locale.ROOT, "%.2f%s", amount, units[unit]);
    }

    private void persistence(StringBuilder out) {
        PersistenceStatus status = server.keyspace().persistenceStatus();
        SavedSnapshot newest = status.newestSnapshot();
        Duration lastSaving = status.lastSaving();
        RedisMigration migration = server.keyspace().migration().active();
        boolean isLoading = status.loading() || (migration != null && migration.isLoading());
        line(out, "loading", isLoading ? 1 : 0);
        line(out, "async_loading", 0);
        line(
                out,
                "rdb_changes_since_last_save",
                Math.max(0, statistics.lastOpId() - (newest == null ? 0 : newest.opId())));
        line(out, "rdb_bgsave_in_progress", server.saves().inProgress() ? 1 : 0);
        line(out, "rdb_last_save_time", server.saves().lastSavedAtMs() / 1000);
        line(out, "rdb_last_bgsave_status", status.savingFailure() == null ? "ok" : "err");
        line(out, "rdb_last_bgsave_time_sec", lastSaving == null ? -1 : lastSaving.toSeconds());
        line(out, "rdb_current_bgsave_time_sec", secondsSince(status.savingSince()));
        line(out, "rdb_saves", status.savedCount());
        line(out, "rdb_last_cow_size", 0);
        line(out, "aof_enabled", server.keyspace().hasLog() ? 1 : 0);
        line(out, "aof_rewrite_in_progress", 0);
        line(out, "aof_rewrite_scheduled", 0);
        line(out, "aof_last_rewrite_time_sec", -1);
        line(out, "aof_current_rewrite_time_sec", -1);
        line(out, "aof_last_bgrewrite_status", "ok");
        line(out, "aof_last_write_status", status.refusal() == null ? "ok" : "err");
        line(out, "aof_last_cow_size", 0);
        line(out, "module_fork_in_progress", 0);
        line(out, "module_fork_last_cow_size", 0);
        BackupManifest backup = status.lastBackup();
        line(out, "backup_last_status", status.backupFailure() == null ? "ok" : "err");
        line(out, "backup_last_time", backup == null ? 0 : backup.created().getEpochSecond());
        line(out, "acknowledgement", server.acknowledgement().name().toLowerCase(Locale.ROOT));
        line(out, "last_op_id", statistics.lastOpId());
        line(out, "logged_op_id", statistics.loggedOpId());
        line(out, "durable_op_id", statistics.durableOpId());
        line(out, "committed_op_id", statistics.committedOpId());
    }

    private long secondsSince(@Nullable Instant begin) {
        long nowMs = server.keyspace().currentTimeMs();
        return begin == null ? -1 : Math.max(0, nowMs - begin.toEpochMilli()) / 1000;
    }

    private void stats(StringBuilder out) {
        line(out, "total_connections_received", server.clients().acceptedCount());
        line(out, "total_commands_processed", sum(WorkerStatistics::commandCount));
        line(out, "instantaneous_ops_per_sec", server.samples().commandsPerSecond());
        line(out, "total_net_input_bytes", sum(WorkerStatistics::receivedBytes));
        line(out, "total_net_output_bytes", sum(WorkerStatistics::sentBytes));
        line(out, "instantaneous_input_kbps", kilobytes(server.samples().receivedBytesPerSecond()));
        line(out, "instantaneous_output_kbps", kilobytes(server.samples().sentBytesPerSecond()));
        line(out, "rejected_connections", server.clients().rejectedCount());
        line(out, "rejected_connections_by_address", server.clients().disallowedCount());
        line(out, "sync_full", topology == null ? 0 : topology.fullCopyCount());
        line(out, "expired_keys", server.sinceReset(KeyspaceStatistics::expiredCount));
        line(out, "evicted_keys", server.sinceReset(KeyspaceStatistics::evictedCount));
        line(out, "evicted_clients", server.budget().evictedCount());
        line(out, "total_eviction_exceeded_time", 0);
        line(out, "current_eviction_exceeded_time", 0);
        line(out, "keyspace_hits", server.sinceReset(KeyspaceStatistics::hitCount));
        line(out, "keyspace_misses", server.sinceReset(KeyspaceStatistics::missCount));
        line(out, "pubsub_channels", server.pubSub().count(Kind.CHANNEL));
        line(out, "pubsub_patterns", server.pubSub().count(Kind.PATTERN));
        line(out, "pubsubshard_channels", server.pubSub().count(Kind.SHARD));
        line(out, "latest_fork_usec", 0);
        line(out, "total_forks", 0);
        line(out, "migrate_cached_sockets", 0);
        line(out, "slave_expires_tracked_keys", 0);
        line(out, "active_defrag_hits", 0);
        line(out, "active_defrag_misses", 0);
        line(out, "active_defrag_key_hits", 0);
        line(out, "active_defrag_key_misses", 0);
        line(out, "total_active_defrag_time", 0);
        line(out, "current_active_defrag_time", 0);
        line(out, "withheld_reply_batches", server.withheldBatches());
        line(out, "tracking_total_keys", server.tracking().keyCount());
        line(out, "tracking_total_items", server.tracking().itemCount());
        line(out, "tracking_total_prefixes", server.tracking().prefixCount());
        line(out, "unexpected_error_replies", 0);
        line(out, "total_error_replies", server.errorCounts().total());
        line(out, "dump_payload_sanitizations", 0);
        AclLog refused = server.acl().log();
        line(out, "acl_access_denied_auth", refused.count(Denial.AUTH));
        line(out, "acl_access_denied_cmd", refused.count(Denial.COMMAND));
        line(out, "acl_access_denied_key", refused.count(Denial.KEY));
        line(out, "acl_access_denied_channel", refused.count(Denial.CHANNEL));
        long reads = sum(WorkerStatistics::readCount);
        long writes = sum(WorkerStatistics::writeCount);
        boolean byThreads = server.config().eventLoopThreads() > 1;
        line(out, "total_reads_processed", reads);
        line(out, "total_writes_processed", writes);
        line(out, "io_threaded_reads_processed", byThreads ? reads : 0);
        line(out, "io_threaded_writes_processed", byThreads ? writes : 0);
    }

    private long sum(ToLongFunction<WorkerStatistics> counter) {
        return server.sum(counter);
    }

    private static String kilobytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f", bytes / 1024.0);
    }

    private static String percent(long part, long whole) {
        return String.format(Locale.ROOT, "%.2f%%", 100.0 * part / Math.max(1, whole));
    }

    private void replication(StringBuilder out) {
        Topology pair = topology;
        RedisMigration migration = server.keyspace().migration().active();
        if (migration != null) {
            following(out, migration.status());
        } else if (pair != null && pair.role() == Role.REPLICA) {
            replica(out, pair);
        } else {
            line(out, "role", "master");
        }
        List<Member> replicas =
                pair != null && pair.role() == Role.MASTER
                        ? ReplicationCommands.replicas(pair).stream()
                                .filter(Member::connected)
                                .toList()
                        : List.of();
        line(out, "connected_slaves", replicas.size());
        if (server.settings().wantedReplicas() > 0) {
            line(out, "min_slaves_good_slaves", replicas.stream().filter(Member::inSync).count());
        }
        for (int i = 0; i < replicas.size(); i++) {
            Member replica = replicas.get(i);
            line(
                    out,
                    "slave" + i,
                    "ip="
                            + replica.clientHost()
                            + ",port="
                            + replica.clientPort()
                            + ",state=online,offset="
                            + replica.loggedOpId()
                            + ",lag=0,lag_ops="
                            + replica.lagOps()
                            + ",in_sync="
                            + (replica.inSync() ? "yes" : "no"));
        }
        line(out, "master_failover_state", "no-failover");
        line(out, "master_replid", replicationId());
        line(out, "master_replid2", "0".repeat(40));
        line(out, "master_repl_offset", statistics.lastOpId());
        line(out, "second_repl_offset", -1);
        // The log is the backlog; there is none in memory.
        line(out, "repl_backlog_active", 0);
        line(out, "repl_backlog_size", 0);
        line(out, "repl_backlog_first_byte_offset", 0);
        line(out, "repl_backlog_histlen", 0);
        if (pair != null) {
            line(out, "node_name", pair.nodeName());
            line(out, "term", pair.term());
            line(out, "hotpair_ha_ready", pair.haReady() ? 1 : 0);
            line(out, "hotpair_in_sync", inSync(pair));
            line(out, "hotpair_alarm", oneLine(pair.alarm()));
        }
    }

    private static String inSync(Topology pair) {
        return pair.members().stream()
                .filter(Member::inSync)
                .map(Member::name)
                .collect(Collectors.joining(","));
    }

    /** What comes from elsewhere must not look like a line of its own. */
    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.replace('\r', ' ').replace('\n', ' ');
    }

    private static void following(StringBuilder out, MigrationStatus migration) {
        boolean isUp = migration.state() == State.FOLLOWING;
        boolean isReceiving = migration.state() == State.RECEIVING;
        long offset = Math.max(0, migration.offset());
        line(out, "role", "slave");
        line(out, "master_host", migration.host());
        line(out, "master_port", migration.port());
        line(out, "master_link_status", isUp ? "up" : "down");
        line(out, "master_last_io_seconds_ago", isUp ? migration.silentSeconds() : -1);
        line(out, "master_sync_in_progress", isReceiving ? 1 : 0);
        line(out, "slave_read_repl_offset", offset);
        line(out, "slave_repl_offset", offset);
        if (isReceiving) {
            long total = migration.totalBytes();
            line(out, "master_sync_total_bytes", total);
            line(out, "master_sync_read_bytes", migration.receivedBytes());
            line(out, "master_sync_left_bytes", total - migration.receivedBytes());
            line(
                    out,
                    "master_sync_perc",
                    String.format(
                            Locale.ROOT,
                            "%.2f",
                            total == 0 ? 0 : 100.0 * migration.receivedBytes() / total));
            line(out, "master_sync_last_io_seconds_ago", migration.silentSeconds());
        }
        if (!isUp) {
            line(out, "master_link_down_since_seconds", migration.downSeconds());
        }
        // A Sentinel that finds this node among a Redis's replicas must not choose it.
        line(out, "slave_priority", 0);
        line(out, "slave_read_only", 1);
        line(out, "replica_announced", 1);
        line(out, "migration_state", migration.state().name().toLowerCase(Locale.ROOT));
        line(out, "migration_master_replid", migration.replicationId());
        line(out, "migration_full_copies", migration.fullCopies());
        line(out, "migration_resumptions", migration.resumptions());
        line(out, "migration_last_error", oneLine(migration.lastError()));
    }

    private void replica(StringBuilder out, Topology pair) {
        Member master = pair.master();
        line(out, "role", "slave");
        line(out, "master_host", master == null ? "" : master.clientHost());
        line(out, "master_port", master == null ? 0 : master.clientPort());
        line(out, "master_link_status", ReplicationCommands.isLinked(pair) ? "up" : "down");
        line(out, "master_last_io_seconds_ago", ReplicationCommands.isLinked(pair) ? 0 : -1);
        line(out, "master_sync_in_progress", pair.receivesFullCopy() ? 1 : 0);
        line(out, "slave_read_repl_offset", statistics.loggedOpId());
        line(out, "slave_repl_offset", statistics.lastOpId());
        line(out, "slave_priority", 100);
        line(out, "slave_read_only", 1);
        line(out, "replica_announced", 1);
    }

    /** The same on all nodes of a pair while a term lasts, as a replication id is. */
    private String replicationId() {
        Topology pair = topology;
        if (pair == null) {
            return server.runId();
        }
        String lineage = server.keyspace().name() + ":" + pair.term();
        UUID id = UUID.nameUUIDFromBytes(lineage.getBytes(StandardCharsets.UTF_8));
        return String.format(
                Locale.ROOT,
                "%016x%016x%08x",
                id.getMostSignificantBits(),
                id.getLeastSignificantBits(),
                pair.term());
    }

    private void cpu(StringBuilder out) {
        var threads = ManagementFactory.getThreadMXBean();
        long processNs = 0;
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system) {
            processNs = system.getProcessCpuTime();
        }
        line(out, "used_cpu_sys", "0.000000");
        line(out, "used_cpu_user", String.format(Locale.ROOT, "%.6f", processNs / 1e9));
        line(out, "used_cpu_sys_children", "0.000000");
        line(out, "used_cpu_user_children", "0.000000");
        line(out, "jvm_threads", threads.getThreadCount());
    }

    private void commandStats(StringBuilder out) {
        for (Command command : server.commands().everything()) {
            long calls = sum(s -> s.calls(command));
            long rejected = sum(s -> s.rejectedCalls(command));
            if (calls == 0 && rejected == 0) {
                continue;
            }
            long us = TimeUnit.NANOSECONDS.toMicros(sum(s -> s.durationNs(command)));
            line(
                    out,
                    "cmdstat_" + command.fullName(),
                    String.format(
                            Locale.ROOT,
                            "calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
                            calls,
                            us,
                            calls == 0 ? 0.0 : (double) us / calls,
                            rejected,
                            sum(s -> s.failedCalls(command))));
        }
    }

    private void errorStats(StringBuilder out) {
        server.errorCounts()
                .byCode()
                .forEach((code, count) -> line(out, "errorstat_" + code, "count=" + count.sum()));
    }

    private void latencyStats(StringBuilder out) {
        if (!server.settings().tracksLatency()) {
            return;
        }
        List<Double> percentiles = server.settings().latencyPercentiles();
        for (Command command : server.commands().everything()) {
            LatencyHistogram latency = server.latencyOf(command);
            if (latency.count() > 0) {
                line(
                        out,
                        "latency_percentiles_usec_" + command.fullName(),
                        percentiles.stream()
                                .map(each -> percentile(latency, each))
                                .collect(Collectors.joining(",")));
            }
        }
    }

    private static String percentile(LatencyHistogram latency, double percentile) {
        return String.format(
                Locale.ROOT,
                "p%s=%.3f",
                ConfigTable.text(percentile),
                latency.percentileNs(percentile) / 1000.0);
    }

    private void keyspace(StringBuilder out) {
        Databases databases = server.databases();
        Databases.Mapping mapping = databases.present();
        for (int database = 0; database < databases.count(); database++) {
            int area = mapping.area(database);
            long keys = server.keyspace().keyCount(area);
            if (keys > 0) {
                long timed = server.keyspace().deadlineCount(area);
                line(out, "db" + database, "keys=" + keys + ",expires=" + timed + ",avg_ttl=0");
            }
        }
    }
}
