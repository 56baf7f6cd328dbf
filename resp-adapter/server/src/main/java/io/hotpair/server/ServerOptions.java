package io.hotpair.server;

import io.hotpair.Acknowledgement;
import io.hotpair.BackupOptions;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.SnapshotOptions;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.TlsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
              --bind ADDRESS      ... and at which address (127.0.0.1; others need a password)
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
              --help              this text

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
            "appendfsync everysec" or "daemonize no". CONFIG REWRITE writes into the file.
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

    Mode mode = Mode.STANDALONE;
    int port = 6379;
    List<String> bind = new ArrayList<>();
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
     */
    static ServerOptions parse(String[] args, Map<String, String> environment) {
        ServerOptions options = new ServerOptions();
        boolean hasFile = args.length > 0 && !args[0].startsWith("-");
        Map<String, List<String>> given = new LinkedHashMap<>();
        if (hasFile) {
            Path file = Path.of(args[0]);
            options.file = file;
            replace(given, ofFile(file));
        }
        replace(given, ofEnvironment(environment));
        replace(given, ofArguments(args, hasFile ? 1 : 0, options));
        given.forEach((option, values) -> values.forEach(value -> options.set(option, value)));
        return options;
    }

    /** Of users, only those of the same name. */
    private static void replace(Map<String, List<String>> given, Map<String, List<String>> by) {
        by.forEach(
                (option, values) -> {
                    // Behind what there is, as an older name of the same may be among that.
                    List<String> before = given.remove(option);
                    List<String> all = new ArrayList<>();
                    if (before != null && option.equals("--user")) {
                        List<String> names = values.stream().map(v -> userName(v)).toList();
                        before.stream().filter(v -> !names.contains(userName(v))).forEach(all::add);
                    }
                    all.addAll(values);
                    given.put(option, all);
                });
    }

    private static String userName(String user) {
        return user.strip().split(" +", 2)[0];
    }

    private static Map<String, List<String>> ofArguments(
            String[] args, int from, ServerOptions options) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        for (int i = from; i < args.length; i++) {
            if (args[i].equals("--help") || args[i].equals("-h")) {
                options.help = true;
                continue;
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(
                        "option=" + args[i] + ", expected a value after it");
            }
            add(given, args[i], args[++i]);
        }
        return given;
    }

    private static void add(Map<String, List<String>> given, String option, String value) {
        given.computeIfAbsent(option, o -> new ArrayList<>()).add(value);
    }

    private static Map<String, List<String>> ofFile(Path file) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        try {
            for (String each : Files.readAllLines(file)) {
                String line = each.strip();
                if (!line.isEmpty() && !line.startsWith("#")) {
                    String[] parts = line.split("\\s+", 2);
                    add(given, "--" + parts[0], parts.length == 1 ? "" : unquoted(parts[1]));
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "file=" + file + ", expected a file of options that can be read", e);
        }
        return given;
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
    }

    /** What begins like one of ours and is none is somebody else's. */
    private static Map<String, List<String>> ofEnvironment(Map<String, String> environment) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        for (String name : NAMES) {
            String value =
                    environment.get("HOTPAIR_" + name.toUpperCase(Locale.ROOT).replace('-', '_'));
            // Kubernetes says so where a service of the name "hotpair" is.
            boolean isLink = value != null && value.matches("(tcp|udp)://.*");
            if (value != null && !isLink) {
                add(given, "--" + name, value);
            }
        }
        return given;
    }

    private static String[] words(String value) {
        return value.strip().split("[ :,]+", -1);
    }

    private void set(String option, String value) {
        switch (option) {
            case "--port" -> port = integer(option, value, 0, 65_535);
            case "--bind" -> bind.addAll(List.of(value.split(" ", -1)));
            case "--allowed-addresses" ->
                    Stream.of(value.strip().split("[ ,]+", -1))
                            .filter(word -> !word.isEmpty())
                            .forEach(allowedAddresses::add);
            case "--requirepass" -> password = value;
            case "--databases" -> databases = integer(option, value, 1, 255);
            case "--io-threads" -> ioThreads = integer(option, value, 1, 1024);
            case "--tls-port" -> tlsPort = integer(option, value, 0, 65_535);
            case "--tls-cert-file" -> tlsCertFile = Path.of(value);
            case "--tls-key-file" -> tlsKeyFile = Path.of(value);
            case "--tls-key-file-pass" -> tlsKeyFilePass = value;
            case "--tls-ca-cert-file" -> tlsCaCertFile = Path.of(value);
            case "--tls-auth-clients" ->
                    tlsAuthClients = constant(TlsConfig.ClientAuth.class, option, value);
            case "--tls-protocols" -> tlsProtocols = words(value);
            case "--tls-ciphers" -> tlsCiphers = words(value);
            case "--tls-ciphersuites" -> tlsCipherSuites = words(value);
            case "--tls-prefer-server-ciphers" -> tlsPreferServerCiphers = yesOrNo(option, value);
            case "--user" -> users.add(value.strip());
            case "--aclfile" -> aclFile = Path.of(value);
            case "--acl-pubsub-default" -> aclPubSubDefault = value;
            case "--dir" -> directory = Path.of(value);
            case "--appendonly" -> appendOnly = yesOrNo(option, value);
            case "--maxmemory" -> maxMemory(value);
            case "--maxmemory-policy" -> maxMemoryPolicy = MaxMemoryPolicy.of(value);
            case "--acknowledge" ->
                    acknowledgement = constant(Acknowledgement.class, option, value);
            case "--backups" -> backups = integer(option, value, 0, 10_000);
            case "--backup-dir" -> backupDirectory = Path.of(value);
            case "--sentinel-name" -> sentinelName = value;
            case "--replicaof" -> source(value);
            case "--masteruser" -> sourceUser = value;
            case "--masterauth" -> sourcePassword = value;
            case "--replicaof-rate" -> sourceBytesPerSecond = memory(value);
            case "--enable-replicaof-command" -> replicaOfCommand = yesOrNo(option, value);
            case "--enable-migrate-command" -> migrateCommand = yesOrNo(option, value);
            case "--script-memory-limit" -> scriptMemoryBytes = memory(value);
            case "--script-cache-limit" -> scriptCacheBytes = memory(value);
            case "--script-timeout" -> scriptTimeoutMs = milliseconds(option, value);
            case "--handshake-timeout" -> handshakeTimeoutMs = milliseconds(option, value);
            case "--stall-timeout" -> stallTimeoutMs = milliseconds(option, value);
            case "--output-buffer-limit" -> outputBufferBytes = memory(value);
            case "--proto-max-bulk-len" -> maxBulkBytes = memory(value);
            case "--acknowledge-timeout" ->
                    acknowledgementTimeout = Duration.ofMillis(milliseconds(option, value));
            case "--force-interval" ->
                    forceInterval = Duration.ofMillis(milliseconds(option, value));
            case "--snapshot-after" -> snapshots = snapshots.withAfterLogBytes(memory(value));
            case "--snapshot-interval" -> snapshots = snapshots.withInterval(hours(option, value));
            case "--snapshot-rate" -> snapshots = snapshots.withBytesPerSecond(memory(value));
            case "--log-retention" -> snapshots = snapshots.withRetention(hours(option, value));
            case "--log-retention-limit" -> snapshots = snapshots.withRetentionBytes(memory(value));
            case "--enable-debug-command" ->
                    debugCommand = constant(RespConfig.DebugAccess.class, option, value);
            case "--mode" -> mode = constant(Mode.class, option, value);
            case "--name" -> name = value;
            case "--node" -> node = value;
            case "--peer" -> peers.add(peer(value));
            case "--witness" -> witness = witness(value);
            case "--min-in-sync" -> minInSync = integer(option, value, 1, 16);
            case "--secret" -> secret = value;
            default -> {
                String parameter = option.startsWith("--") ? option.substring(2) : "";
                if (!NAMES.contains(parameter) && !ALSO_TAKEN.contains(parameter)) {
                    throw new IllegalArgumentException(
                            "option=" + option + ", expected one of those that --help lists");
                }
                parameters.add(Map.entry(parameter, value));
            }
        }
    }

    /** As in Redis, 0 is no limit; what is too small to open with is set at once behind that. */
    private void maxMemory(String value) {
        long bytes = memory(value);
        maxMemoryBytes = bytes == 0 ? KeyspaceConfig.MAX_MEMORY_BYTES : bytes;
        if (maxMemoryBytes < KeyspaceConfig.MIN_MEMORY_BYTES) {
            maxMemoryBytes = KeyspaceConfig.MIN_MEMORY_BYTES;
            parameters.add(Map.entry("maxmemory", value));
        }
    }

    private static int milliseconds(String option, String value) {
        return integer(option, value, 1, Integer.MAX_VALUE);
    }

    private static Duration hours(String option, String value) {
        return Duration.ofHours(integer(option, value, 1, Integer.MAX_VALUE));
    }

    private void source(String value) {
        String[] words = value.trim().split("\\s+", -1);
        if (words.length != 2) {
            throw new IllegalArgumentException("--replicaof=" + value + ", expected \"HOST PORT\"");
        }
        sourceHost = words[0];
        sourcePort = integer("--replicaof", words[1], 1, 65_535);
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

    private static boolean yesOrNo(String option, String value) {
        return switch (value) {
            case "yes" -> true;
            case "no" -> false;
            default ->
                    throw new IllegalArgumentException(
                            option + "=" + value + ", expected yes or no");
        };
    }

    private static int integer(String option, String value, int least, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw notInRange(option, value, least, most, e);
        }
        throw notInRange(option, value, least, most, null);
    }

    private static IllegalArgumentException notInRange(
            String option, String value, int least, int most, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                option + "=" + value + ", expected " + least + " to " + most, cause);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String option, String value) {
        for (E constant : type.getEnumConstants()) {
            if (optionName(constant).equalsIgnoreCase(value)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                option
                        + "="
                        + value
                        + ", expected one of "
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
            throw new IllegalArgumentException("size=" + value + ", expected a size such as 512mb");
        }
        return count * unit;
    }

    private static DataNode peer(String value) {
        int equals = value.indexOf('=');
        String[] endpoints = value.substring(equals + 1).split(",", -1);
        if (equals < 1 || endpoints.length < 2 || endpoints.length > 3) {
            throw new IllegalArgumentException(
                    "--peer=" + value + ", expected NAME=REPLICATION,CONSENSUS[,CLIENT]");
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
            throw new IllegalArgumentException("--witness=" + value + ", expected NAME=host:port");
        }
        return new WitnessNode(
                value.substring(0, equals), Endpoint.parse(value.substring(equals + 1)));
    }
}
