package io.hotpair.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyspaceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server makes of its file, its environment and its command line. */
class ServerOptionsTest {
    private static final String A = "a=127.0.0.1:7011,127.0.0.1:7012,127.0.0.1:6379";
    private static final String B = "b=127.0.0.1:7021,127.0.0.1:7022,127.0.0.1:6380";
    private static final String W = "w=127.0.0.1:7032";

    @TempDir private Path directory;

    private static List<String> refused(Map<String, String> environment, String... args) {
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> ServerOptions.parse(args, environment));
        return String.valueOf(refused.getMessage()).lines().toList();
    }

    private static List<String> refused(String... args) {
        return refused(Map.of(), args);
    }

    private static ServerOptions pair(String... more) {
        List<String> args = new ArrayList<>(List.of("--peer", A, "--peer", B, "--witness", W));
        args.addAll(List.of(more));
        return ServerOptions.parse(args.toArray(String[]::new));
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("hotpair.conf"), text);
    }

    @Test
    void shouldRefuseAWitnessWithoutTheNodesItVotesOn() {
        String expected =
                "--peer is given for %s and --witness for %s, expected both data nodes and the"
                        + " witness, the same on all of them";
        assertEquals(
                List.of(expected.formatted("no node", "w")),
                refused("--mode", "witness", "--witness", W));
        assertEquals(
                List.of(expected.formatted("[a]", "w")),
                refused("--mode", "witness", "--witness", W, "--peer", A));
        assertEquals(
                List.of(
                        "--witness is missing, expected NAME=host:port",
                        expected.formatted("[a, b]", "none")),
                refused("--mode", "witness", "--peer", A, "--peer", B));
        assertEquals(
                List.of(
                        expected.formatted("[a, a]", "none"),
                        "--peer is given for [a, a], expected each name once"),
                refused("--mode", "pair", "--node", "a", "--peer", A, "--peer", A));
        assertEquals(
                List.of("--witness=a, expected a name that no --peer has"),
                refused(
                        "--mode",
                        "witness",
                        "--peer",
                        A,
                        "--peer",
                        B,
                        "--witness",
                        "a=127.0.0.1:7032"));
        assertEquals(2, pair("--mode", "witness").peers.size());
    }

    @Test
    void shouldRefuseWhatIsForAPairWithoutTheMode() {
        for (String option : List.of("--node=a", "--peer=" + A, "--witness=" + W)) {
            assertEquals(
                    List.of(
                            option.substring(0, option.indexOf('='))
                                    + " is for a pair, expected --mode pair or --mode witness with"
                                    + " it"),
                    refused(option));
        }
        assertEquals(
                List.of(
                                "environment variable HOTPAIR_SECRET is for a pair, expected --mode pair or"
                                        + " --mode witness with it",
                                "--min-in-sync is for a pair, expected --mode pair or --mode witness with"
                                        + " it")
                        .stream()
                        .sorted()
                        .toList(),
                refused(
                                Map.of("HOTPAIR_SECRET", "0123456789abcdef"),
                                "--mode",
                                "standalone",
                                "--min-in-sync",
                                "1")
                        .stream()
                        .sorted()
                        .toList());
    }

    @Test
    void shouldSayWhatANodeOfAPairLacks() {
        assertEquals(
                List.of("--node is missing, expected one of those that --peer names: [a, b]"),
                refused("--mode", "pair", "--peer", A, "--peer", B, "--witness", W));
        assertEquals(
                "--node=c, expected one of those that --peer names: [a, b]",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> pair("--mode", "pair", "--node", "c"))
                        .getMessage());
        assertEquals(
                List.of("--secret is missing, expected one as --peer has addresses off loopback"),
                refused(
                        "--mode",
                        "pair",
                        "--node",
                        "b",
                        "--witness",
                        W,
                        "--peer",
                        A,
                        "--peer",
                        "b=10.0.0.2:1,10.0.0.2:2"));
        assertEquals(
                List.of(
                        "--min-in-sync=3, expected at most the number of data nodes, 2",
                        "--appendonly=no with --mode pair, expected yes: what is shipped is the"
                                + " log"),
                refused(
                        "--mode",
                        "pair",
                        "--node",
                        "b",
                        "--witness",
                        W,
                        "--peer",
                        A,
                        "--peer",
                        B,
                        "--min-in-sync",
                        "3",
                        "--appendonly",
                        "no"));
        assertEquals(
                List.of("--acknowledge without --mode pair, expected memory, log or disk"),
                refused("--acknowledge", "peer"));
        assertEquals(
                List.of("--acknowledge=disk with --appendonly=no, expected memory"),
                refused("--acknowledge", "disk", "--appendonly", "no"));
    }

    @Test
    void shouldNameAnOptionAsItWasWrittenAndWhere() throws IOException {
        Path file =
                file("# memory\nMaxMemory 12qb\n\n  nonsense 5\nio-threads\nrequirepass \"\"\n");
        assertEquals(
                List.of(
                        file + ":2: MaxMemory=12qb, expected a size such as 512mb",
                        file
                                + ":4: nonsense=5: no such option, expected one of those that"
                                + " --help lists",
                        file + ":5: io-threads=, expected 1 to 1024",
                        "environment variable HOTPAIR_BACKUPS=abc, expected 0 to 10000",
                        "--appendonly=maybe, expected yes or no",
                        "--maxmemory-policy=x, expected one such as allkeys-lru",
                        "--script-memory-limit=5, expected 65536 to"),
                refused(
                                Map.of("HOTPAIR_BACKUPS", "abc"),
                                file.toString(),
                                "--appendonly",
                                "maybe",
                                "--maxmemory-policy",
                                "x",
                                "--script-memory-limit",
                                "5")
                        .stream()
                        .map(line -> line.replaceFirst("(65536 to) \\d+", "$1"))
                        .toList());
    }

    @Test
    void shouldRefuseAnEmptyDirectoryAndAnOptionThatIsNone() {
        assertEquals(
                List.of("--dir=, expected a directory, . for the present one"),
                refused("--dir", ""));
        assertEquals(
                List.of("--backup-dir= , expected a directory, . for the present one"),
                refused("--backup-dir= "));
        assertEquals(List.of("option=--port, expected a value after it"), refused("--port"));
        assertEquals(
                List.of(
                        "option=--verison, expected one of those that --help lists, and a value after it"),
                refused("--verison"));
    }

    @Test
    void shouldKeepSecretsOutOfErrors() {
        assertEquals(
                List.of("--secret, expected at least 16 bytes"), refused("--secret", "too short"));
        List<String> user = refused("--user", "alice on >hidden nonsense");
        assertEquals(1, user.size());
        assertTrue(user.get(0).startsWith("--user: user=alice: "), user.get(0));
        assertFalse(user.get(0).contains("hidden"), user.get(0));
    }

    @Test
    void shouldRefuseVariablesThatAreNoOptions() {
        assertEquals(
                List.of(
                        "environment variable HOTPAIR_REQUIREPAS=x: no such option, expected one of"
                                + " those that --help lists"),
                refused(Map.of("HOTPAIR_REQUIREPAS", "x")));
        ServerOptions linked =
                ServerOptions.parse(
                        new String[0],
                        Map.of(
                                "HOTPAIR_PORT", "tcp://10.0.0.1:6379",
                                "HOTPAIR_SERVICE_HOST", "10.0.0.1",
                                "HOTPAIR_SERVICE_PORT", "6379",
                                "HOTPAIR_SERVICE_PORT_REDIS", "6379",
                                "HOTPAIR_PORT_6379_TCP", "tcp://10.0.0.1:6379",
                                "HOTPAIR_PORT_6379_TCP_PROTO", "tcp",
                                "HOTPAIR_B_SERVICE_HOST", "10.0.0.2",
                                "HOTPAIR_B_PORT", "tcp://10.0.0.2:6379",
                                "HOTPAIR_IO_THREADS", "7"));
        assertEquals(6379, linked.port);
        assertEquals(7, linked.ioThreads);
    }

    @Test
    void shouldReadQuotesAsRedisDoes() throws IOException {
        Path file =
                file(
                        """
                        dir "with space"
                        requirepass "a\\"b\\x21\\\\"
                        masterauth pa"ss
                        name 'default'
                        sentinel-name 'it\\'s'
                        user bob "on" '~k' +get
                        """);
        ServerOptions options = ServerOptions.parse(new String[] {file.toString()});
        assertEquals(Path.of("with space"), options.directory);
        assertEquals("a\"b!\\", options.password);
        assertEquals("pa\"ss", options.sourcePassword);
        assertEquals("it's", options.sentinelName);
        assertEquals(List.of("bob on ~k +get"), options.users);
    }

    @Test
    void shouldRefuseAQuoteWithoutAnEnd() throws IOException {
        for (String value : List.of("\"unterminated", "'x", "\"", "\"a\"b", "\"a\\\"", "a \"b")) {
            char quote = value.contains("'") ? '\'' : '"';
            Path file = file("dir " + value + "\n");
            assertEquals(
                    List.of(
                            file
                                    + ":1: dir: unbalanced quotes, expected another "
                                    + quote
                                    + " at the end of the value"),
                    refused(file.toString()));
        }
    }

    /** What Debian's package of Redis 7.0 installs, without comments, but for what is asked of. */
    private static final String OF_DEBIAN =
            """
            bind 127.0.0.1 -::1
            protected-mode yes
            port 6379
            tcp-backlog 511
            timeout 0
            tcp-keepalive 300
            pidfile /run/redis/redis-server.pid
            loglevel notice
            databases 16
            always-show-logo no
            set-proc-title yes
            proc-title-template "{title} {listen-addr} {server-mode}"
            stop-writes-on-bgsave-error yes
            rdbcompression yes
            rdbchecksum yes
            dbfilename dump.rdb
            rdb-del-sync-files no
            dir /var/lib/redis
            replica-serve-stale-data yes
            replica-read-only yes
            repl-diskless-sync yes
            repl-diskless-sync-delay 5
            repl-diskless-sync-max-replicas 0
            repl-diskless-load disabled
            repl-disable-tcp-nodelay no
            replica-priority 100
            acllog-max-len 128
            lazyfree-lazy-eviction no
            lazyfree-lazy-expire no
            lazyfree-lazy-server-del no
            replica-lazy-flush no
            lazyfree-lazy-user-del no
            lazyfree-lazy-user-flush no
            oom-score-adj no
            oom-score-adj-values 0 200 800
            disable-thp yes
            appendonly no
            appendfilename "appendonly.aof"
            appenddirname "appendonlydir"
            appendfsync everysec
            no-appendfsync-on-rewrite no
            auto-aof-rewrite-percentage 100
            auto-aof-rewrite-min-size 64mb
            aof-load-truncated yes
            aof-use-rdb-preamble yes
            aof-timestamp-enabled no
            slowlog-log-slower-than 10000
            slowlog-max-len 128
            latency-monitor-threshold 0
            notify-keyspace-events ""
            hash-max-listpack-entries 512
            hash-max-listpack-value 64
            list-max-listpack-size -2
            list-compress-depth 0
            set-max-intset-entries 512
            zset-max-listpack-entries 128
            zset-max-listpack-value 64
            hll-sparse-max-bytes 3000
            stream-node-max-bytes 4096
            stream-node-max-entries 100
            activerehashing yes
            client-output-buffer-limit normal 0 0 0
            client-output-buffer-limit replica 256mb 64mb 60
            client-output-buffer-limit pubsub 32mb 8mb 60
            hz 10
            dynamic-hz yes
            aof-rewrite-incremental-fsync yes
            rdb-save-incremental-fsync yes
            jemalloc-bg-thread yes
            """;

    @Test
    void shouldTakeTheFileOfARedis() throws IOException {
        ServerOptions options = ServerOptions.parse(new String[] {file(OF_DEBIAN).toString()});
        assertEquals(List.of("127.0.0.1", "-::1"), options.bind);
        assertFalse(options.appendOnly);
        assertEquals(
                List.of(Map.entry("client-output-buffer-limit", "pubsub 32mb 8mb 60")),
                options.parameters.stream()
                        .filter(each -> each.getKey().startsWith("client-output"))
                        .toList());
    }

    /** As a redis-server 7.0.15 does, whose CONFIG GET tells what the last line says. */
    @Test
    void shouldGoByTheLastLineOfSeveralAboutOneParameter() throws IOException {
        Path file =
                file(
                        """
                        maxmemory 1kb
                        maxmemory 64mb
                        bind 0.0.0.0
                        bind 127.0.0.1 -::1
                        hash-max-listpack-entries 1
                        hash-max-ziplist-entries 2
                        hash-max-listpack-entries 3
                        """);
        ServerOptions options = ServerOptions.parse(new String[] {file.toString()});
        assertEquals(64 << 20, options.maxMemoryBytes);
        assertEquals(List.of("127.0.0.1", "-::1"), options.bind);
        assertEquals(
                List.of(
                        Map.entry("hash-max-ziplist-entries", "2"),
                        Map.entry("hash-max-listpack-entries", "1"),
                        Map.entry("hash-max-listpack-entries", "3")),
                options.parameters);

        options = ServerOptions.parse(new String[] {file.toString(), "--maxmemory", "2kb"});
        assertEquals(KeyspaceConfig.MIN_MEMORY_BYTES, options.maxMemoryBytes);
        assertTrue(options.parameters.contains(Map.entry("maxmemory", "2kb")));
        assertFalse(options.parameters.contains(Map.entry("maxmemory", "1kb")));
    }

    /** As a redis-server 7.0.15, which reads a line before it reads the next. */
    @Test
    void shouldRefuseALineThoughALaterOneWouldReplaceIt() throws IOException {
        Path file = file("maxmemory abc\nmaxmemory 64mb\n");
        assertEquals(
                List.of(file + ":1: maxmemory=abc, expected a size such as 512mb"),
                refused(file.toString()));
    }

    @Test
    void shouldTakeWhatRedisTakesInAnyCase() throws IOException {
        Path file =
                file(
                        """
                        logfile ""
                        daemonize No
                        appendfsync EVERYSEC
                        protected-mode YES
                        cluster-enabled NO
                        rdbcompression YES
                        appendonly no
                        """);
        assertFalse(ServerOptions.parse(new String[] {file.toString()}).appendOnly);
    }

    @Test
    void shouldSayAtOnceWhatThereIsInPlaceOfRedisParameters() throws IOException {
        Path file =
                file(
                        """
                        daemonize yes
                        logfile /var/log/redis/redis-server.log
                        save 900 1
                        appendfsync always
                        supervised systemd
                        rename-command FLUSHALL ""
                        """);
        List<String> errors = refused(file.toString());
        assertEquals(6, errors.size(), errors.toString());
        assertEquals(
                file + ":1: daemonize=yes, expected no; have systemd or the like start the server",
                errors.get(0));
        assertTrue(errors.get(2).contains("--snapshot-interval"), errors.get(2));
        assertTrue(errors.get(3).contains("--acknowledge disk"), errors.get(3));
        assertTrue(errors.get(5).contains("--user"), errors.get(5));
    }

    @Test
    void shouldTakeAnOptionAndItsValueInOneWord() {
        assertEquals(6400, ServerOptions.parse(new String[] {"--port=6400"}).port);
        assertEquals(List.of("option=--port, expected a value after it"), refused("--port"));
    }
}
