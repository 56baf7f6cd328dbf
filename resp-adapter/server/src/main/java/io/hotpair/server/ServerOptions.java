package io.hotpair.server;

import io.hotpair.Acknowledgement;
import io.hotpair.BackupOptions;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The command line. Every mistake in it is an {@link IllegalArgumentException} that says what fits.
 */
final class ServerOptions {
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
            usage: java -jar hotpair-server.jar [options]

              --port N            where Redis clients connect (6379; 0 for any free port)
              --bind ADDRESS      ... and at which address (127.0.0.1; others need a password)
              --requirepass TEXT  the password that Redis clients give
              --dir DIRECTORY     where the log is kept (./hotpair-data)
              --maxmemory SIZE    off-heap memory for keys and values, 512mb or 4gb (256mb)
              --maxmemory-policy NAME
                                  what goes when that is full: noeviction, allkeys-lru,
                                  allkeys-lfu, allkeys-random, volatile-lru, volatile-lfu,
                                  volatile-random, volatile-ttl, allkeys-windowed-lfu (noeviction)
              --notify-keyspace-events LETTERS
                                  which events of keys are published, as KEA (none)
              --acknowledge LEVEL how far a write has come when it is answered:
                                  memory, log, disk, peer, peer-disk (log)
              --backups N         how many daily backups are kept (7; 0 for none)
              --backup-dir DIRECTORY
                                  where they go, best on another device (backups, in --dir)

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
            """;

    Mode mode = Mode.STANDALONE;
    int port = 6379;
    List<String> bind = new ArrayList<>();
    @Nullable String password;
    Path directory = Path.of("hotpair-data");
    long maxMemoryBytes = 256L << 20;
    MaxMemoryPolicy maxMemoryPolicy = MaxMemoryPolicy.NOEVICTION;
    String notifyKeyspaceEvents = "";
    Acknowledgement acknowledgement = Acknowledgement.LOG;
    int backups = 7;
    @Nullable Path backupDirectory;
    String name = "default";
    String node = "";
    List<DataNode> peers = new ArrayList<>();
    @Nullable WitnessNode witness;
    int minInSync = 1;
    @Nullable String secret;
    boolean help;

    static ServerOptions parse(String[] args) {
        ServerOptions options = new ServerOptions();
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--help") || args[i].equals("-h")) {
                options.help = true;
                continue;
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(
                        "option=" + args[i] + ", expected a value after it");
            }
            options.set(args[i], args[++i]);
        }
        return options;
    }

    private void set(String option, String value) {
        switch (option) {
            case "--port" -> port = integer(option, value, 0, 65_535);
            case "--bind" -> bind.addAll(List.of(value.split(" ", -1)));
            case "--requirepass" -> password = value;
            case "--dir" -> directory = Path.of(value);
            case "--maxmemory" -> maxMemoryBytes = memory(value);
            case "--maxmemory-policy" -> maxMemoryPolicy = MaxMemoryPolicy.of(value);
            case "--notify-keyspace-events" -> notifyKeyspaceEvents = value;
            case "--acknowledge" ->
                    acknowledgement = constant(Acknowledgement.class, option, value);
            case "--backups" -> backups = integer(option, value, 0, 10_000);
            case "--backup-dir" -> backupDirectory = Path.of(value);
            case "--mode" -> mode = constant(Mode.class, option, value);
            case "--name" -> name = value;
            case "--node" -> node = value;
            case "--peer" -> peers.add(peer(value));
            case "--witness" -> witness = witness(value);
            case "--min-in-sync" -> minInSync = integer(option, value, 1, 16);
            case "--secret" -> secret = value;
            default ->
                    throw new IllegalArgumentException(
                            "option=" + option + ", expected one of those that --help lists");
        }
    }

    /** When backups are made by themselves. */
    BackupOptions backupOptions() {
        BackupOptions all = BackupOptions.defaults();
        BackupOptions there = backupDirectory == null ? all : all.withDirectory(backupDirectory);
        return backups == 0 ? there.onDemand() : there.withKeep(backups);
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
            throw new IllegalArgumentException(
                    "--maxmemory=" + value + ", expected a size such as 512mb");
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
