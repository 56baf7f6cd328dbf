package io.hotpair.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.KeyspaceConfig;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Pair;
import io.hotpair.replication.PairBuilder;
import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.ratis.Witness;
import io.hotpair.resp.RedisMigration;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.RespConfigBuilder;
import io.hotpair.resp.RespListener;
import io.hotpair.resp.TlsConfig;
import io.hotpair.resp.TlsConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A keyspace as a process of its own, for Redis clients: alone, as one node of a pair, or as the
 * pair's witness. Ends on SIGTERM in an orderly way.
 */
public final class HotpairServer implements AutoCloseable {
    private final @Nullable Keyspace keyspace;
    private final @Nullable RespListener listener;
    private final @Nullable Witness witness;
    private final @Nullable RedisMigration migration;

    private HotpairServer(
            @Nullable Keyspace keyspace,
            @Nullable RespListener listener,
            @Nullable Witness witness,
            @Nullable RedisMigration migration) {
        this.keyspace = keyspace;
        this.listener = listener;
        this.witness = witness;
        this.migration = migration;
    }

    /**
     * Runs the server. Exit code 1 for a bad option, 2 if it can't start, 0 after SHUTDOWN; a
     * signal gives the JVM's own, 143 after SIGTERM.
     *
     * @param args the options, or a command and its own; {@code --help} prints them
     */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** What the jar's manifest says; classes that are in no jar have no version. */
    private static String version() {
        String version = HotpairServer.class.getPackage().getImplementationVersion();
        return version == null ? "without a version" : version;
    }

    private static int run(String[] args) {
        if (Set.of("--version", "-v", "version").contains(args.length == 0 ? "" : args[0])) {
            System.out.println("hotpair-server " + version() + ", Java " + Runtime.version());
            return 0;
        }
        if (args.length > 0 && args[0].equals("help")) {
            return run(new String[] {"--help"});
        }
        if (OfflineTool.isCommand(args)) {
            return OfflineTool.run(args, System.out, System.err);
        }
        try {
            ServerOptions options = ServerOptions.parse(args, System.getenv());
            if (options.help) {
                System.out.print(ServerOptions.USAGE + "\n" + OfflineTool.USAGE);
                return 0;
            }
            if (options.logLevel != null) {
                // Before the first logger is made: they keep the level that they find.
                System.setProperty(
                        "org.slf4j.simpleLogger.defaultLogLevel", options.logLevel.loggerName);
            }
            doNotLookForLostBuffers();
            CompletableFuture<Optional<HotpairServer>> opened = new CompletableFuture<>();
            CountDownLatch closed = new CountDownLatch(1);
            Thread hook =
                    new Thread(
                            () -> {
                                opened.join().ifPresent(HotpairServer::end);
                                closed.countDown();
                            },
                            "hotpair-shutdown");
            try {
                // The process is ours, and SIGTERM is how operators end it.
                HotpairServer server =
                        open(options, () -> Runtime.getRuntime().addShutdownHook(hook));
                boolean unused = opened.complete(Optional.of(server));
            } finally {
                // Else there is nothing left to close.
                boolean unused = opened.complete(Optional.empty());
            }
            closed.await();
            return 0;
        } catch (IllegalArgumentException | IllegalStateException e) {
            String.valueOf(e.getMessage())
                    .lines()
                    .forEach(line -> System.err.println("hotpair-server: " + line));
            System.err.println("hotpair-server: --help lists the options");
            return 1;
        } catch (HotpairException e) {
            System.err.println("hotpair-server: can't start: " + e.getMessage());
            if (e.category() == HotpairException.Category.CORRUPTION) {
                System.err.println(
                        "hotpair-server: keep this directory, restore a backup to another one"
                                + " (restore --dir BACKUP --to DIRECTORY) and start with that; those"
                                + " made by themselves are in --backup-dir, or in backups of --dir");
            }
            return 2;
        } catch (InterruptedException e) {
            return 0;
        }
    }

    /**
     * The network library takes stack traces for one in a hundred of its buffers, to find those
     * that get lost: that is more than a hundredth of what a command costs which comes alone.
     */
    private static void doNotLookForLostBuffers() {
        String level = "io.netty.leakDetection.level";
        if (System.getProperty(level) == null
                && System.getProperty("io.netty.leakDetectionLevel") == null) {
            System.setProperty(level, "disabled");
        }
    }

    /**
     * Opens what the options ask for.
     *
     * @param beforeServing called when all is read and nobody is served yet: from then on a client
     *     may end the process, which is to leave all in order. Until then it may end at any time.
     */
    static HotpairServer open(ServerOptions options, Runnable beforeServing) {
        Logger logger = LoggerFactory.getLogger(HotpairServer.class);
        if (!options.appendOnly) {
            logger.warn("appendonly=no: all keys are gone when this process ends");
        }
        if (options.mode == ServerOptions.Mode.WITNESS) {
            beforeServing.run();
            Witness witness = Witness.open(voter(options));
            logger.info("witness of pair {} is ready", options.name);
            return new HotpairServer(null, null, witness, null);
        }
        RespConfig listen = listener(options);
        Keyspace keyspace = open(options);
        try {
            beforeServing.run();
            RespListener listener = listen(keyspace, listen, options);
            logger.info(
                    "ready to accept connections on port {}{}",
                    listener.port(),
                    listener.tlsPort() == 0 ? "" : " and, by TLS, " + listener.tlsPort());
            if (listener.tlsPort() != 0) {
                CertificateWatch.start(options, listener);
            }
            return new HotpairServer(keyspace, listener, null, migrate(keyspace, listen, options));
        } catch (RuntimeException e) {
            keyspace.close();
            throw e;
        }
    }

    private static Keyspace open(ServerOptions options) {
        try {
            return Keyspace.open(keyspace(options));
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NODE_OF_PAIR) {
                throw e;
            }
            throw new IllegalStateException(
                    options.written("--dir")
                            + "="
                            + options.directory
                            + " is that of a node of a pair, expected --mode pair with it; to serve"
                            + " what it holds alone, clone it to another directory (clone --dir "
                            + options.directory
                            + " --to DIRECTORY) and start with that",
                    e);
        }
    }

    private static RespListener listen(
            Keyspace keyspace, RespConfig listen, ServerOptions options) {
        try {
            return RespListener.open(keyspace, listen);
        } catch (IllegalArgumentException e) {
            throw options.named(e);
        }
    }

    private static KeyspaceConfig keyspace(ServerOptions options) {
        KeyspaceBuilder builder =
                Keyspace.builder()
                        .name(options.name)
                        .maxMemory(options.maxMemoryBytes)
                        .maxMemoryPolicy(options.maxMemoryPolicy);
        if (options.acknowledgement != null) {
            builder.acknowledgement(options.acknowledgement);
        }
        if (options.acknowledgementTimeout != null) {
            builder.acknowledgementTimeout(options.acknowledgementTimeout);
        }
        if (options.appendOnly) {
            builder.directory(options.directory)
                    .forceInterval(options.forceInterval)
                    .snapshots(options.snapshots)
                    .backups(options.backupOptions());
        } else {
            builder.inMemory();
        }
        if (options.mode == ServerOptions.Mode.PAIR) {
            builder.replication(pair(options));
        }
        return builder.build();
    }

    /** It ends with REPLICAOF NO ONE, or with the keyspace. */
    private static @Nullable RedisMigration migrate(
            Keyspace keyspace, RespConfig listen, ServerOptions options) {
        String host = options.sourceHost;
        if (host == null) {
            return null;
        }
        RedisMigration.Builder builder =
                RedisMigration.builder(keyspace, host, options.sourcePort).listener(listen);
        if (options.sourceUser != null) {
            builder.user(options.sourceUser);
        }
        if (options.sourcePassword != null) {
            builder.password(options.sourcePassword);
        }
        if (options.sourceBytesPerSecond > 0) {
            builder.bytesPerSecond(options.sourceBytesPerSecond);
        }
        return builder.start();
    }

    private static RespConfig listener(ServerOptions options) {
        RespConfigBuilder builder =
                RespConfig.builder()
                        .port(options.port)
                        .databases(options.databases)
                        .eventLoopThreads(options.ioThreads)
                        .aclPubSubDefault(options.aclPubSubDefault)
                        .replicaOfCommand(options.allowsReplicaOf())
                        .migrateCommand(options.migrateCommand)
                        .scriptMemoryLimit(options.scriptMemoryBytes)
                        .scriptCacheLimit(options.scriptCacheBytes)
                        .scriptTimeout(Duration.ofMillis(options.scriptTimeoutMs))
                        .handshakeTimeout(Duration.ofMillis(options.handshakeTimeoutMs))
                        .stallTimeout(Duration.ofMillis(options.stallTimeoutMs))
                        .outputBufferLimit(options.outputBufferBytes)
                        .maxBulkLength(options.maxBulkLength())
                        .debugCommand(options.debugCommand)
                        .shutdownCommand(HotpairServer::endProcess);
        if (options.sentinelName != null) {
            builder.sentinelName(options.sentinelName);
        }
        if (options.sourcePassword != null) {
            builder.masterAuth(options.sourceUser, options.sourcePassword);
        }
        if (!options.bind.isEmpty()) {
            builder.bind(present(options.bind));
        }
        if (!options.allowedAddresses.isEmpty()) {
            builder.allowedAddresses(options.allowedAddresses);
        }
        if (options.password != null) {
            builder.password(options.password);
        }
        if (options.tlsPort > 0) {
            builder.tls(tls(options));
        }
        for (String user : options.users) {
            String[] words = user.split(" +", -1);
            builder.user(words[0], Arrays.copyOfRange(words, 1, words.length));
        }
        if (options.aclFile != null) {
            builder.aclFile(options.aclFile);
        }
        options.parameters.forEach(each -> builder.parameter(each.getKey(), each.getValue()));
        if (options.file != null) {
            builder.configFile(options.file);
        }
        return builder.build();
    }

    /** Says that it ends: who finds nothing of it in the log knows that it was killed. */
    private void end() {
        Logger logger = LoggerFactory.getLogger(HotpairServer.class);
        logger.info("closing, as the process was told to end");
        close();
        logger.info("closed");
    }

    /** Has the shutdown hook close all, as SIGTERM does, while the listener's thread goes on. */
    private static void endProcess() {
        new Thread(() -> System.exit(0), "hotpair-shutdown-command").start();
    }

    /** As in Redis, one with a hyphen is left out if this machine has it not. */
    private static String[] present(List<String> addresses) {
        List<String> present = new ArrayList<>();
        for (String address : addresses) {
            boolean isOptional = address.startsWith("-");
            String name = isOptional ? address.substring(1) : address;
            if (!isOptional || isHere(name)) {
                present.add(name);
            }
        }
        return present.toArray(String[]::new);
    }

    private static boolean isHere(String name) {
        try {
            InetAddress address = InetAddress.getByName(name);
            return address.isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(address) != null;
        } catch (IOException e) {
            LoggerFactory.getLogger(HotpairServer.class)
                    .info("bind=-{} is left out: {}", name, e.toString());
            return false;
        }
    }

    private static TlsConfig tls(ServerOptions options) {
        TlsConfigBuilder builder =
                TlsConfig.builder(
                                Objects.requireNonNull(options.tlsCertFile),
                                Objects.requireNonNull(options.tlsKeyFile))
                        .port(options.tlsPort)
                        .authClients(options.tlsAuthClients)
                        .ciphers(options.tlsCiphers)
                        .cipherSuites(options.tlsCipherSuites)
                        .preferServerCiphers(options.tlsPreferServerCiphers);
        if (options.tlsKeyFilePass != null) {
            builder.keyFilePass(options.tlsKeyFilePass);
        }
        if (options.tlsCaCertFile != null) {
            builder.caCertFile(options.tlsCaCertFile);
        }
        if (options.tlsProtocols.length > 0) {
            builder.protocols(options.tlsProtocols);
        }
        if (options.port == 0) {
            builder.alone();
        }
        return builder.build();
    }

    private static Pair pair(ServerOptions options) {
        PairBuilder builder = Pair.builder().nodeName(options.node).minInSync(options.minInSync);
        options.peers.forEach(builder::dataNode);
        ServerOptions.WitnessNode witness = options.witness;
        if (witness != null) {
            builder.witness(witness.name(), witness.consensus());
        }
        if (options.secret != null) {
            builder.secret(options.secret.getBytes(UTF_8));
        }
        return builder.build();
    }

    private static VoterConfig voter(ServerOptions options) {
        ServerOptions.WitnessNode self = Objects.requireNonNull(options.witness);
        VoterConfig.Builder builder =
                VoterConfig.builder(options.name, self.name())
                        .voter(self.name(), self.consensus())
                        .witness(self.name())
                        .directory(options.directory);
        for (DataNode node : options.peers) {
            builder.voter(node.name(), node.consensus());
        }
        return builder.build();
    }

    /** The port for Redis clients; 0 for a witness. */
    int port() {
        return listener == null ? 0 : listener.port();
    }

    @Override
    public void close() {
        try {
            if (migration != null) {
                migration.close();
            }
        } finally {
            closeRest();
        }
    }

    private void closeRest() {
        try {
            if (listener != null) {
                listener.close();
            }
        } finally {
            try {
                if (keyspace != null) {
                    keyspace.close();
                }
            } finally {
                if (witness != null) {
                    witness.close();
                }
            }
        }
    }
}
