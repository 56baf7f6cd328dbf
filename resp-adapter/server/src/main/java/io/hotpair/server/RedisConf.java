package io.hotpair.server;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parameters of a redis.conf that are no options here: those that say nothing about what this
 * server does, which are passed over where they stand as Redis's own file has them, and those for
 * which there is something else.
 */
final class RedisConf {
    /** Names, and the values as a pattern. */
    private static final Map<String, String> PASSED_OVER = new HashMap<>();

    /** What to do in place of a parameter that has not the one value that is so here. */
    private static final Map<String, Instead> INSTEAD =
            Map.ofEntries(
                    Map.entry(
                            "appendfsync",
                            new Instead(
                                    "everysec",
                                    "expected everysec; with --acknowledge disk each write is on the"
                                            + " device before it is answered")),
                    Map.entry(
                            "save",
                            new Instead(
                                    "",
                                    "expected \"\", as the log keeps every write; --snapshot-interval"
                                            + " and --snapshot-after say when snapshots are"
                                            + " saved")),
                    Map.entry(
                            "daemonize",
                            new Instead(
                                    "no",
                                    "expected no; have systemd or the like start the server")),
                    Map.entry(
                            "supervised",
                            new Instead(
                                    "no|auto",
                                    "expected no; under systemd it is a service of Type=simple,"
                                            + " with SuccessExitStatus=143")),
                    Map.entry(
                            "logfile",
                            new Instead(
                                    "",
                                    "expected \"\", as it logs to standard error, which can be sent"
                                            + " to a file")),
                    Map.entry(
                            "protected-mode",
                            new Instead(
                                    "yes",
                                    "expected yes; clients from elsewhere need --requirepass or"
                                            + " --user")),
                    Map.entry(
                            "cluster-enabled",
                            new Instead("no", "expected no; --mode pair keeps a second copy")),
                    Map.entry(
                            "include",
                            new Instead(null, "no such option, expected all in one file")),
                    Map.entry(
                            "rename-command",
                            new Instead(
                                    null,
                                    "no such option; --user says who may say which commands")),
                    Map.entry(
                            "unixsocket",
                            new Instead(null, "no such option; clients connect by TCP")),
                    Map.entry(
                            "loadmodule",
                            new Instead(null, "no such option; there are no modules")),
                    Map.entry("slaveof", new Instead(null, "no such option, expected replicaof")));

    static {
        passOver(
                "yes|no",
                "activerehashing",
                "always-show-logo",
                "aof-load-truncated",
                "aof-rewrite-incremental-fsync",
                "aof-use-rdb-preamble",
                "crash-log-enabled",
                "crash-memcheck-enabled",
                "disable-thp",
                "dynamic-hz",
                "io-threads-do-reads",
                "jemalloc-bg-thread",
                "lazyfree-lazy-eviction",
                "lazyfree-lazy-expire",
                "lazyfree-lazy-server-del",
                "lazyfree-lazy-user-del",
                "lazyfree-lazy-user-flush",
                "no-appendfsync-on-rewrite",
                "rdb-del-sync-files",
                "rdb-save-incremental-fsync",
                "rdbchecksum",
                "rdbcompression",
                "repl-disable-tcp-nodelay",
                "repl-diskless-sync",
                "replica-lazy-flush",
                "set-proc-title",
                "tls-session-caching");
        passOver("no", "activedefrag", "aof-timestamp-enabled", "oom-score-adj", "syslog-enabled");
        passOver("no", "enable-protected-configs");
        passOver("yes", "replica-announced", "stop-writes-on-bgsave-error");
        passOver("disabled", "repl-diskless-load");
        passOver(
                "[0-9]+[a-z]{0,2}",
                "active-expire-effort",
                "auto-aof-rewrite-min-size",
                "auto-aof-rewrite-percentage",
                "hz",
                "lfu-decay-time",
                "lfu-log-factor",
                "maxmemory-eviction-tenacity",
                "maxmemory-samples",
                "repl-backlog-size",
                "repl-backlog-ttl",
                "repl-diskless-sync-delay",
                "repl-diskless-sync-max-replicas",
                "repl-ping-replica-period",
                "repl-timeout",
                "replica-priority",
                "shutdown-timeout",
                "tcp-keepalive");
        passOver(
                ".*",
                "appenddirname",
                "appendfilename",
                "dbfilename",
                "oom-score-adj-values",
                "pidfile",
                "proc-title-template",
                "shutdown-on-sigint",
                "shutdown-on-sigterm");
        passOver("normal 0 0 0|(replica|slave) 256mb 64mb 60", "client-output-buffer-limit");
    }

    /**
     * What else there is.
     *
     * @param value the values that are taken, as a pattern; null for none
     * @param sentence what to say of others
     */
    private record Instead(@Nullable String value, String sentence) {}

    private RedisConf() {}

    private static void passOver(String values, String... names) {
        for (String name : names) {
            PASSED_OVER.put(name, values);
        }
    }

    /**
     * Whether a parameter is passed over.
     *
     * @throws IllegalArgumentException if there is something else for it
     */
    static boolean isPassedOver(String name, String value) {
        String given = value.strip().toLowerCase(Locale.ROOT);
        Instead instead = INSTEAD.get(name);
        if (instead != null && (instead.value() == null || !given.matches(instead.value()))) {
            throw new IllegalArgumentException(instead.sentence());
        }
        String values = PASSED_OVER.get(name);
        return name.equals("supervised")
                || name.equals("logfile")
                || (values != null && given.matches(values));
    }
}
