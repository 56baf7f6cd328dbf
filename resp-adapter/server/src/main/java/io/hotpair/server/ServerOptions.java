package io.hotpair.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Acknowledgement;
import io.hotpair.BackupOptions;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.SnapshotOptions;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.Pair;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.TlsConfig;
import io.hotpair.resp.TlsConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The command line. Every mistake in it is an {@link IllegalArgumentException} that says what fits.
 */
final class ServerOptions {
    private static final RespConfig DEFAULTS = RespConfig.builder().port(0).build();

    /** What is logged, by Redis's names. */
    enum LogLevel {
        /** All. */
        DEBUG("debug"),
        /** There is nothing between this and the next. */
        VERBOSE("info"),
        /** What an operator may want to know. */
        NOTICE("info"),
        /** What an operator has to know. */
        WARNING("warn"),
        /** Nothing. */
        NOTHING("off");

        /** The logger's own name. */
        final String loggerName;

        LogLevel(String loggerName) {
            this.loggerName = loggerName;
        }
    }

    /** What the process is. */
    enum Mode {
        /** One keyspace alone. */
        STANDALONE,
        /** One data node of a pair. */
        PAIR,
        /** The voter without data. */
        WITNESS
    }

    /** A voter without data. */
    record WitnessNode(String name, Endpoint consensus) {}

    static final String USAGE =
            """
            usage: java -jar hotpair-server.jar [file] [options]

            Options are also read from the file, a line each without the dashes, as in redis.conf,
            and from the environment: --tls-port from HOTPAIR_TLS_PORT. The command line wins over
            the environment, and that over the file.

              --port N            where Redis clients connect (6379; 0 for any free port, or for
                                  none if there is one for TLS)
              --bind "ADDRESS..." ... and at which addresses (127.0.0.1; others need a password);
                                  one as -::1 is left out where this machine has it not
              --allowed-addresses "CIDR..."
                                  from where they may connect: addresses and networks, as
                                  10.0.0.0/8,192.168.1.7,fd00::/8 (from everywhere)
              --requirepass TEXT  the password that Redis clients give
              --databases N       how many databases clients can select (16)
              --io-threads N      event loops, which serve the clients (2, or 1 on one processor)
              --user "NAME RULE..."
                                  what a user is and may do, by Redis's ACL rules; once for each
              --aclfile FILE      ... or a file of such users, which ACL SAVE writes
              --acl-pubsub-default RULE
                                  a new user's channels: allchannels or resetchannels
                                  (resetchannels)
              --tls-port N        where they connect by TLS (0, which is nowhere)
              --tls-cert-file FILE
                                  the server's certificate and what leads to its authority, as PEM
              --tls-key-file FILE its private key, as PEM; both are read again when they change
              --tls-key-file-pass TEXT
                                  what the key is encrypted with
              --tls-ca-cert-file FILE
                                  whose certificates are trusted when clients show theirs
              --tls-auth-clients yes|no|optional
                                  whether clients have to show a certificate (yes)
              --tls-protocols "VERSION..."
                                  TLSv1.2, TLSv1.3 or both (both)
              --tls-ciphers NAME:NAME...
                                  ciphers for TLSv1.2 (the JDK's choice)
              --tls-ciphersuites NAME:NAME...
                                  ciphers for TLSv1.3 (the JDK's choice)
              --tls-prefer-server-ciphers yes|no
                                  whose order of ciphers counts (no)
              --dir DIRECTORY     where the log is kept (./hotpair-data)
              --appendonly yes|no whether there is a log; without one a restart forgets all (yes)
              --maxmemory SIZE    off-heap memory for keys and values, 512mb or 4gb (256mb)
              --maxmemory-policy NAME
                                  what goes when that is full: noeviction, allkeys-lru,
                                  allkeys-lfu, allkeys-random, volatile-lru, volatile-lfu,
                                  volatile-random, volatile-ttl, allkeys-windowed-lfu (noeviction)
              --notify-keyspace-events LETTERS
                                  which events of keys are published, as KEA (none)
              --acknowledge LEVEL how far a write has come when it is answered:
                                  memory, log, disk, peer, peer-disk (log)
              --acknowledge-timeout MS
                                  how long it waits for that at most, before the error
                                  OUTCOME_UNKNOWN (5000)
              --force-interval MS how often the log is forced to the device in any case (1000)
              --snapshot-after SIZE
                                  how much is logged between two snapshots (512mb)
              --snapshot-interval HOURS
                                  ... and how old the last one gets (24)
              --snapshot-rate SIZE
                                  how fast one is written, bytes a second (100mb)
              --log-retention HOURS
                                  how far back the log reaches, which is to what moments a
                                  restore can go (168)
              --log-retention-limit SIZE
                                  ... unless it gets longer than this (64gb)
              --backups N         how many daily backups are kept (7; 0 for none)
              --backup-dir DIRECTORY
                                  where they go, best on another device (backups, in --dir)

              --replicaof "HOST PORT"
                                  takes what this Redis holds, and follows it until REPLICAOF NO ONE
              --masteruser NAME   ... logged in as this user (its default user)
              --masterauth TEXT   ... and with this password
              --replicaof-rate SIZE
                                  ... read no faster than so many bytes a second (no limit)
              --enable-replicaof-command yes|no
                                  whether clients may say REPLICAOF (no; yes with --replicaof)
              --enable-migrate-command yes|no
                                  whether clients may say MIGRATE, which has this process connect
                                  to wherever they say (no)

              --script-memory-limit SIZE
                                  how much memory a script may hold (32mb, or an
                                  eighth of the heap if that is less)
              --script-cache-limit SIZE
                                  ... and all scripts and libraries that are kept (64mb,
                                  or an eighth of the heap)
              --script-timeout MS how long a script may take (30000)
              --handshake-timeout MS
                                  how long a client may take until it is authenticated (10000)
              --stall-timeout MS  ... and take none of the replies that wait for it (60000)
              --output-buffer-limit SIZE
                                  how many bytes of replies may wait for one client (1gb)
              --proto-max-bulk-len SIZE
                                  the longest argument (512mb)
              --enable-debug-command yes|no|local
                                  whether clients, or those on this machine, may say DEBUG (no)

              --sentinel-name NAME
                                  the master's name for clients of a Sentinel (that of --name)

              --mode MODE         standalone, pair or witness (standalone)
              --name NAME         the pair's name, the same on every node (default)
              --node NAME         this node's name, one of those below
              --peer NAME=REPLICATION,CONSENSUS[,CLIENT]
                                  a data node's addresses as host:port; once for each,
                                  the same on every node and in the same order
              --witness NAME=CONSENSUS
                                  the witness's address, the same on every node
              --min-in-sync N     nodes that must be in sync for writes to be taken (1)
              --secret TEXT       what the nodes of a pair know each other by, off loopback
              --loglevel LEVEL    what is logged, to standard error: debug, verbose, notice, warning
                                  or nothing (notice)
              --help              this text
              --version           the version

            What CONFIG SET changes, by the same names and with the same values:

              --busy-reply-threshold MS
                                  after how long a script has other clients told BUSY, as in
                                  Redis (0, which is never: they are served meanwhile)
              --maxclients N      how many clients may be connected (10000)
              --maxmemory-clients SIZE
                                  how much their input and output may take, or which part of
                                  maxmemory, as 5% (a quarter of the Java heap)
              --client-query-buffer-limit SIZE
                                  how much input of one client may wait (1gb)
              --client-output-buffer-limit "pubsub SIZE SIZE SECONDS"
                                  how much may wait for a subscriber, and how much so long
                                  (32mb 8mb 60)
              --timeout SECONDS   how long a client may say nothing (0, for ever)
              --tracking-table-max-keys N
                                  how many keys are remembered for CLIENT TRACKING (1000000)
              --slowlog-log-slower-than US
                                  what is a slow command (10000; -1 for none)
              --slowlog-max-len N ... and how many of them are kept (128)
              --latency-monitor-threshold MS
                                  what LATENCY takes down (0, which is nothing)
              --latency-tracking yes|no
                                  whether there is a histogram for each command (yes)
              --latency-tracking-info-percentiles "P..."
                                  what INFO tells of them (50 99 99.9)
              --acllog-max-len N  how many refusals ACL LOG keeps (128)
              --min-replicas-to-write N
                                  how many replicas in sync a write needs (0)
              --min-replicas-max-lag SECONDS
                                  ... and how far one may be behind (10)
              --hash-max-listpack-entries N
              --hash-max-listpack-value SIZE
              --list-max-listpack-size N
              --set-max-intset-entries N
              --zset-max-listpack-entries N
              --zset-max-listpack-value SIZE
              --hll-sparse-max-bytes SIZE
              --list-compress-depth N
              --stream-node-max-entries N
              --stream-node-max-bytes SIZE
                                  what OBJECT ENCODING goes by

            Other parameters of redis.conf are taken where they say what is so here, such as
            "appendfsync everysec" or "daemonize no", and passed over where they mean nothing
            here, such as "hz 10" and "pidfile". CONFIG REWRITE writes into the file.

            SHUTDOWN, SIGTERM and SIGINT end it in an orderly way: what was acknowledged is kept.
            Exit codes: 0 after SHUTDOWN, 143 after SIGTERM and 130 after SIGINT, as of any JVM
            (systemd needs SuccessExitStatus=143); 1 for options that do not fit, 2 if it can't
            start.
            """;

    /** Without their dashes. */
    private static final List<String> NAMES =
            Pattern.compile("(?m)^ *--([a-z-]+) ")
                    .matcher(USAGE)
                    .results()
                    .map(name -> name.group(1))
                    .toList();

    /** What redis.conf may say besides: what is settled here, and older names. */
    private static final Set<String> ALSO_TAKEN =
            Set.of(
                    "appendfsync",
                    "cluster-enabled",
                    "daemonize",
                    "enable-module-command",
                    "hash-max-ziplist-entries",
                    "hash-max-ziplist-value",
                    "list-max-ziplist-size",
                    "lua-time-limit",
                    "min-slaves-max-lag",
                    "min-slaves-to-write",
                    "protected-mode",
                    "replica-read-only",
                    "replica-serve-stale-data",
                    "save",
                    "tcp-backlog",
                    "tcp-nodelay",
                    "zset-max-ziplist-entries",
                    "zset-max-ziplist-value");

    /** Options of which only the name may stand in an error. */
    private static final Set<String> SECRET =
            Set.of("--requirepass", "--secret", "--masterauth", "--tls-key-file-pass", "--user");

    /** Options that a keyspace that is alone has no use for. */
    private static final List<String> OF_PAIRS =
            List.of("--node", "--peer", "--witness", "--min-in-sync", "--secret");

    /** What options are called where they were given. */
    private final Map<String, String> written = new HashMap<>();

    Mode mode = Mode.STANDALONE;
    @Nullable LogLevel logLevel;
    int port = 6379;
    List<String> bind = List.of();
    List<String> allowedAddresses = new ArrayList<>();
    @Nullable String password;
    int databases = 16;
    int ioThreads = Math.min(2, Runtime.getRuntime().availableProcessors());
    int tlsPort;
    @Nullable Path tlsCertFile;
    @Nullable Path tlsKeyFile;
    @Nullable String tlsKeyFilePass;
    @Nullable Path tlsCaCertFile;
    TlsConfig.ClientAuth tlsAuthClients = TlsConfig.ClientAuth.YES;
    String[] tlsProtocols = {};
    String[] tlsCiphers = {};
    String[] tlsCipherSuites = {};
    boolean tlsPreferServerCiphers;
    List<String> users = new ArrayList<>();
    @Nullable Path aclFile;
    String aclPubSubDefault = "resetchannels";
    Path directory = Path.of("hotpair-data");
    boolean appendOnly = true;
    long maxMemoryBytes = 256L << 20;
    MaxMemoryPolicy maxMemoryPolicy = MaxMemoryPolicy.NOEVICTION;
    @Nullable Acknowledgement acknowledgement;
    int backups = 7;
    @Nullable Path backupDirectory;
    String name = "default";
    String node = "";
    List<DataNode> peers = new ArrayList<>();
    @Nullable WitnessNode witness;
    int minInSync = 1;
    @Nullable String secret;
    @Nullable String sentinelName;
    @Nullable String sourceHost;
    int sourcePort;
    @Nullable String sourceUser;
    @Nullable String sourcePassword;
    long sourceBytesPerSecond;
    @Nullable Boolean replicaOfCommand;
    boolean migrateCommand;
    int scriptTimeoutMs = 30_000;
    long scriptCacheBytes = DEFAULTS.scriptCacheLimitBytes();
    int handshakeTimeoutMs = 10_000;
    int stallTimeoutMs = 60_000;
    long outputBufferBytes = 1L << 30;
    long maxBulkBytes = 512L << 20;
    @Nullable Duration acknowledgementTimeout;
    Duration forceInterval = Duration.ofSeconds(1);
    SnapshotOptions snapshots = SnapshotOptions.defaults();
    final List<Map.Entry<String, String>> parameters = new ArrayList<>();
    @Nullable Path file;
    long scriptMemoryBytes = DEFAULTS.scriptMemoryLimitBytes();
    RespConfig.DebugAccess debugCommand = RespConfig.DebugAccess.NO;
    boolean help;

    /** Reads the command line alone. */
    static ServerOptions parse(String[] args) {
        return parse(args, Map.of());
    }

    /**
     * Reads the file that the command line may begin with, the environment and the command line;
     * what is in a later one of these takes the place of what is in an earlier one.
     *
     * @throws IllegalArgumentException if something does not fit; the message has a line for each
     */
    static ServerOptions parse(String[] args, Map<String, String> environment) {
        ServerOptions options = new ServerOptions();
        List<String> arguments = new ArrayList<>(List.of(args));
        options.help = arguments.removeAll(List.of("--help", "-h"));
        if (options.help) {
            return options;
        }
        List<String> errors = new ArrayList<>();
        OptionReader reader = new OptionReader(Set.copyOf(NAMES), errors);
        Map<String, List<GivenOption>> given = new LinkedHashMap<>();
        if (!arguments.isEmpty() && !arguments.get(0).startsWith("-")) {
            Path file = Path.of(arguments.remove(0));
            options.file = file;
            replace(given, reader.ofFile(file));
        }
        replace(given, reader.ofEnvironment(environment));
        replace(given, reader.ofArguments(arguments));
        given.values().forEach(each -> each.forEach(option -> options.take(option, errors)));
        if (errors.isEmpty()) {
            options.checkTogether(errors);
        }
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", errors));
        }
        return options;
    }

    /** Of users, only those of the same name. */
    private static void replace(
            Map<String, List<GivenOption>> given, Map<String, List<GivenOption>> by) {
        by.forEach(
                (option, values) -> {
                    // Behind what there is, as an older name of the same may be among that.
                    List<GivenOption> before = given.remove(option);
                    List<GivenOption> all = new ArrayList<>();
                    if (before != null && option.equals("--user")) {
                        List<String> names = values.stream().map(ServerOptions::userName).toList();
                        before.stream().filter(v -> !names.contains(userName(v))).forEach(all::add);
                    }
                    all.addAll(values);
                    given.put(option, all);
                });
    }

    private static String userName(GivenOption user) {
        return user.value().strip().split(" +", 2)[0];
    }

    private void take(GivenOption given, List<String> errors) {
        written.put(given.option(), given.written());
        try {
            set(given.option(), given.value());
        } catch (IllegalArgumentException e) {
            String why = String.valueOf(e.getMessage());
            // What is secret is not for a log.
            String value = SECRET.contains(given.option()) ? "" : "=" + given.value();
            errors.add(given.written() + value + (why.startsWith("expected") ? ", " : ": ") + why);
        }
    }

    /** How an option is called where its user gave it; as on the command line if nobody did. */
    String written(String option) {
        return written.getOrDefault(option, option);
    }

    /**
     * What is wrong with a parameter of {@link #parameters}, by the name that its user knows.
     *
     * @param refused begins with {@code name=value}
     */
    IllegalArgumentException named(IllegalArgumentException refused) {
        String why = String.valueOf(refused.getMessage());
        for (Map.Entry<String, String> each : parameters) {
            String start = each.getKey() + "=" + each.getValue() + ": ";
            if (why.startsWith(start)) {
                String named =
                        written("--" + each.getKey()) + why.substring(each.getKey().length());
                return new IllegalArgumentException(named, refused);
            }
        }
        return refused;
    }

    private void checkTogether(List<String> errors) {
        if (mode == Mode.STANDALONE) {
            OF_PAIRS.stream()
                    .filter(written::containsKey)
                    .forEach(
                            option ->
                                    errors.add(
                                            written(option)
                                                    + " is for a pair, expected --mode pair or"
                                                    + " --mode witness with it"));
        } else {
            checkVoters(errors);
        }
        if (mode == Mode.PAIR) {
            checkNode(errors);
        }
        if (!appendOnly) {
            checkWithoutLog(errors);
        }
        boolean needsPeer = acknowledgement != null && acknowledgement.needsPeer();
        if (needsPeer && mode == Mode.STANDALONE) {
            errors.add(
                    written("--acknowledge")
                            + " without --mode pair, expected memory, log or disk");
        }
        if (sourceHost != null && mode != Mode.STANDALONE) {
            errors.add(
                    written("--replicaof")
                            + " with --mode, expected standalone: a node of a pair knows only later"
                            + " whether it is the master, so say REPLICAOF to that one");
        }
        if (tlsPort > 0 && (tlsCertFile == null || tlsKeyFile == null)) {
            errors.add(
                    written("--tls-port")
                            + ", expected --tls-cert-file and --tls-key-file with it");
        }
        if (aclFile != null && !users.isEmpty()) {
            errors.add(written("--aclfile") + " and " + written("--user") + ", expected only one");
        }
    }

    /** A witness alone would be a group of its own, whose directory no pair could use. */
    private void checkVoters(List<String> errors) {
        List<String> names = peers.stream().map(DataNode::name).toList();
        WitnessNode voter = witness;
        if (mode == Mode.WITNESS && voter == null) {
            errors.add("--witness is missing, expected NAME=host:port");
        }
        if (names.size() < 2 || (names.size() + (voter == null ? 0 : 1)) % 2 == 0) {
            errors.add(
                    "--peer is given for "
                            + (names.isEmpty() ? "no node" : names)
                            + " and --witness for "
                            + (voter == null ? "none" : voter.name())
                            + ", expected both data nodes and the witness, the same on all of them");
        }
        if (Set.copyOf(names).size() < names.size()) {
            errors.add("--peer is given for " + names + ", expected each name once");
        }
        if (voter != null && names.contains(voter.name())) {
            errors.add(
                    written("--witness")
                            + "="
                            + voter.name()
                            + ", expected a name that no --peer has");
        }
    }

    private void checkNode(List<String> errors) {
        List<String> names = peers.stream().map(DataNode::name).toList();
        if (!written.containsKey("--node")) {
            errors.add("--node is missing, expected one of those that --peer names: " + names);
        } else if (!names.contains(node)) {
            errors.add(
                    written("--node")
                            + "="
                            + node
                            + ", expected one of those that --peer names: "
                            + names);
        }
        if (minInSync > Math.max(1, names.size())) {
            errors.add(
                    written("--min-in-sync")
                            + "="
                            + minInSync
                            + ", expected at most the number of data nodes, "
                            + names.size());
        }
        if (secret == null && peers.stream().anyMatch(peer -> !peer.replication().isLoopback())) {
            errors.add("--secret is missing, expected one as --peer has addresses off loopback");
        }
    }

    private void checkWithoutLog(List<String> errors) {
        if (mode == Mode.PAIR) {
            errors.add(
                    written("--appendonly")
                            + "=no with --mode pair, expected yes: what is shipped is the log");
        } else if (acknowledgement != null && acknowledgement != Acknowledgement.MEMORY) {
            errors.add(
                    written("--acknowledge")
                            + "="
                            + optionName(acknowledgement)
                            + " with "
                            + written("--appendonly")
                            + "=no, expected memory");
        }
    }

    private static String[] words(String value) {
        return value.strip().split("[ :,]+", -1);
    }

    private void set(String option, String value) {
        switch (option) {
            case "--port" -> port = integer(value, 0, 65_535);
            case "--bind" -> bind = List.of(value.strip().split("\\s+", -1));
            case "--loglevel" -> logLevel = constant(LogLevel.class, value);
            case "--allowed-addresses" ->
                    Stream.of(value.strip().split("[ ,]+", -1))
                            .filter(word -> !word.isEmpty())
                            .forEach(this::allow);
            case "--requirepass" -> {
                password = value.isEmpty() ? null : value;
                if (password != null) {
                    fits(() -> RespConfig.builder().password(value));
                }
            }
            case "--databases" -> databases = integer(value, 1, 255);
            case "--io-threads" -> ioThreads = integer(value, 1, 1024);
            case "--tls-port" -> tlsPort = integer(value, 0, 65_535);
            case "--tls-cert-file" -> tlsCertFile = Path.of(value);
            case "--tls-key-file" -> tlsKeyFile = Path.of(value);
            case "--tls-key-file-pass" -> tlsKeyFilePass = value;
            case "--tls-ca-cert-file" -> tlsCaCertFile = Path.of(value);
            case "--tls-auth-clients" ->
                    tlsAuthClients = constant(TlsConfig.ClientAuth.class, value);
            case "--tls-protocols" -> {
                fits(() -> anyTls().protocols(words(value)));
                tlsProtocols = words(value);
            }
            case "--tls-ciphers" -> {
                fits(() -> anyTls().ciphers(words(value)));
                tlsCiphers = words(value);
            }
            case "--tls-ciphersuites" -> {
                fits(() -> anyTls().cipherSuites(words(value)));
                tlsCipherSuites = words(value);
            }
            case "--tls-prefer-server-ciphers" -> tlsPreferServerCiphers = yesOrNo(value);
            case "--user" -> user(value.strip());
            case "--aclfile" -> aclFile = Path.of(value);
            case "--acl-pubsub-default" -> {
                fits(() -> RespConfig.builder().aclPubSubDefault(value));
                aclPubSubDefault = value;
            }
            case "--dir" -> directory = directory(value);
            case "--appendonly" -> appendOnly = yesOrNo(value);
            case "--maxmemory" -> maxMemory(value);
            case "--maxmemory-policy" -> fits(() -> maxMemoryPolicy = MaxMemoryPolicy.of(value));
            case "--acknowledge" -> acknowledgement = constant(Acknowledgement.class, value);
            case "--backups" -> backups = integer(value, 0, 10_000);
            case "--backup-dir" -> backupDirectory = directory(value);
            case "--sentinel-name" -> {
                fits(() -> RespConfig.builder().sentinelName(value));
                sentinelName = value;
            }
            case "--replicaof" -> source(value);
            case "--masteruser" -> sourceUser = value;
            case "--masterauth" -> sourcePassword = value;
            case "--replicaof-rate" -> sourceBytesPerSecond = memory(value);
            case "--enable-replicaof-command" -> replicaOfCommand = yesOrNo(value);
            case "--enable-migrate-command" -> migrateCommand = yesOrNo(value);
            case "--script-memory-limit" -> {
                scriptMemoryBytes = memory(value);
                fits(() -> RespConfig.builder().scriptMemoryLimit(scriptMemoryBytes));
            }
            case "--script-cache-limit" -> {
                scriptCacheBytes = memory(value);
                fits(() -> RespConfig.builder().scriptCacheLimit(scriptCacheBytes));
            }
            case "--script-timeout" -> scriptTimeoutMs = milliseconds(value);
            case "--handshake-timeout" -> handshakeTimeoutMs = milliseconds(value);
            case "--stall-timeout" -> stallTimeoutMs = milliseconds(value);
            case "--output-buffer-limit" -> {
                outputBufferBytes = memory(value);
                fits(() -> RespConfig.builder().outputBufferLimit(outputBufferBytes));
            }
            case "--proto-max-bulk-len" -> {
                maxBulkBytes = memory(value);
                fits(() -> RespConfig.builder().maxBulkLength(maxBulkLength()));
            }
            case "--acknowledge-timeout" ->
                    acknowledgementTimeout = Duration.ofMillis(milliseconds(value));
            case "--force-interval" -> forceInterval = Duration.ofMillis(milliseconds(value));
            case "--snapshot-after" -> snapshots = snapshots.withAfterLogBytes(memory(value));
            case "--snapshot-interval" -> snapshots = snapshots.withInterval(hours(value));
            case "--snapshot-rate" -> snapshots = snapshots.withBytesPerSecond(memory(value));
            case "--log-retention" -> snapshots = snapshots.withRetention(hours(value));
            case "--log-retention-limit" -> snapshots = snapshots.withRetentionBytes(memory(value));
            case "--enable-debug-command" ->
                    debugCommand = constant(RespConfig.DebugAccess.class, value);
            case "--mode" -> mode = constant(Mode.class, value);
            case "--name" -> {
                fits(() -> Keyspace.builder().name(value));
                name = value;
            }
            case "--node" -> node = value;
            case "--peer" -> peers.add(peer(value));
            case "--witness" -> witness = witness(value);
            case "--min-in-sync" -> minInSync = integer(value, 1, 16);
            case "--secret" -> {
                fits(() -> Pair.builder().secret(value.getBytes(UTF_8)));
                secret = value;
            }
            default -> {
                String parameter = option.startsWith("--") ? option.substring(2) : "";
                if (RedisConf.isPassedOver(parameter, value)) {
                    return;
                }
                if (!NAMES.contains(parameter) && !ALSO_TAKEN.contains(parameter)) {
                    throw new IllegalArgumentException(
                            "no such option, expected one of those that --help lists");
                }
                parameters.add(Map.entry(parameter, value));
            }
        }
    }

    /**
     * Has the value tried by what will use it later, which knows it by a name of its own.
     *
     * @throws IllegalArgumentException if it is refused, without that name
     */
    private static void fits(Runnable trial) {
        try {
            trial.run();
        } catch (IllegalArgumentException e) {
            String why = String.valueOf(e.getMessage());
            int at = why.indexOf("expected ");
            throw new IllegalArgumentException(at < 0 ? why : why.substring(at), e);
        }
    }

    /** The ciphers and protocols of one that has no files are checked like those of others. */
    private static TlsConfigBuilder anyTls() {
        return TlsConfig.builder(Path.of("none"), Path.of("none"));
    }

    private void allow(String address) {
        try {
            fits(() -> RespConfig.builder().allowedAddresses(List.of(address)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(address + ", " + e.getMessage(), e);
        }
        allowedAddresses.add(address);
    }

    private void user(String value) {
        String[] words = value.split(" +", -1);
        RespConfig.builder().user(words[0], Arrays.copyOfRange(words, 1, words.length));
        users.add(value);
    }

    /** More than fits an int is more than is possible. */
    int maxBulkLength() {
        return (int) Math.min(maxBulkBytes, Integer.MAX_VALUE);
    }

    /** As in Redis, 0 is no limit; what is too small to open with is set at once behind that. */
    private void maxMemory(String value) {
        // What an earlier line says is settled otherwise.
        parameters.removeIf(each -> each.getKey().equals("maxmemory"));
        long bytes = memory(value);
        maxMemoryBytes = bytes == 0 ? KeyspaceConfig.MAX_MEMORY_BYTES : bytes;
        if (maxMemoryBytes > KeyspaceConfig.MAX_MEMORY_BYTES) {
            throw new IllegalArgumentException(
                    "expected at most " + (KeyspaceConfig.MAX_MEMORY_BYTES >> 30) + "gb");
        }
        if (maxMemoryBytes < KeyspaceConfig.MIN_MEMORY_BYTES) {
            maxMemoryBytes = KeyspaceConfig.MIN_MEMORY_BYTES;
            parameters.add(Map.entry("maxmemory", value));
        }
    }

    private static int milliseconds(String value) {
        return integer(value, 1, Integer.MAX_VALUE);
    }

    private static Duration hours(String value) {
        return Duration.ofHours(integer(value, 1, Integer.MAX_VALUE));
    }

    private void source(String value) {
        String[] words = value.trim().split("\\s+", -1);
        if (words.length != 2) {
            throw new IllegalArgumentException("expected \"HOST PORT\"");
        }
        sourceHost = words[0];
        sourcePort = integer(words[1], 1, 65_535);
    }

    /** Who starts with --replicaof needs a way to end it. */
    boolean allowsReplicaOf() {
        return replicaOfCommand == null ? sourceHost != null : replicaOfCommand;
    }

    /** When backups are made by themselves. */
    BackupOptions backupOptions() {
        BackupOptions all = BackupOptions.defaults();
        BackupOptions there = backupDirectory == null ? all : all.withDirectory(backupDirectory);
        return backups == 0 ? there.onDemand() : there.withKeep(backups);
    }

    /** The empty one would be where the process happens to have been started. */
    private static Path directory(String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException("expected a directory, . for the present one");
        }
        return Path.of(value);
    }

    private static boolean yesOrNo(String value) {
        return switch (value) {
            case "yes" -> true;
            case "no" -> false;
            default -> throw new IllegalArgumentException("expected yes or no");
        };
    }

    private static int integer(String value, int least, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw notInRange(least, most, e);
        }
        throw notInRange(least, most, null);
    }

    private static IllegalArgumentException notInRange(
            int least, int most, @Nullable Throwable cause) {
        return new IllegalArgumentException("expected " + least + " to " + most, cause);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String value) {
        for (E constant : type.getEnumConstants()) {
            if (optionName(constant).equalsIgnoreCase(value)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "expected one of "
                        + Stream.of(type.getEnumConstants())
                                .map(ServerOptions::optionName)
                                .toList());
    }

    private static String optionName(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A size as redis.conf has it: 1k is a thousand, 1kb is 1,024. */
    static long memory(String value) {
        String text = value.toLowerCase(Locale.ROOT);
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        long unit =
                switch (text.substring(digits)) {
                    case "", "b" -> 1;
                    case "k" -> 1_000;
                    case "kb" -> 1L << 10;
                    case "m" -> 1_000_000;
                    case "mb" -> 1L << 20;
                    case "g" -> 1_000_000_000;
                    case "gb" -> 1L << 30;
                    default -> 0;
                };
        // So many digits fit into a long; more units than that do not.
        long count = digits == 0 || digits > 18 ? -1 : Long.parseLong(text.substring(0, digits));
        if (count < 0 || unit == 0 || count > Long.MAX_VALUE / unit) {
            throw new IllegalArgumentException("expected a size such as 512mb");
        }
        return count * unit;
    }

    private static DataNode peer(String value) {
        int equals = value.indexOf('=');
        String[] endpoints = value.substring(equals + 1).split(",", -1);
        if (equals < 1 || endpoints.length < 2 || endpoints.length > 3) {
            throw new IllegalArgumentException("expected NAME=REPLICATION,CONSENSUS[,CLIENT]");
        }
        return new DataNode(
                value.substring(0, equals),
                Endpoint.parse(endpoints[0]),
                Endpoint.parse(endpoints[1]),
                endpoints.length == 3 ? Endpoint.parse(endpoints[2]) : null);
    }

    private static WitnessNode witness(String value) {
        int equals = value.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("expected NAME=host:port");
        }
        String name = value.substring(0, equals);
        Endpoint consensus = Endpoint.parse(value.substring(equals + 1));
        Pair.builder().witness(name, consensus);
        return new WitnessNode(name, consensus);
    }
}
