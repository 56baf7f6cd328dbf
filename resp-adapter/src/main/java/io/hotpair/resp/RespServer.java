package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.hotpair.KeyspaceStatistics;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all clients of a listener share. Thread-safe. */
final class RespServer {
    static final Logger LOGGER = LoggerFactory.getLogger(RespListener.class);

    /** The version of Redis whose replies these are; clients decide by it what they may send. */
    static final String REDIS_VERSION = "7.0.15";

    private final KeyspacePort keyspace;
    private final RespConfig config;
    private final Acknowledgement acknowledgement;
    private final long acknowledgementTimeoutNs;
    private final boolean waitsForWrites;
    private final Settings settings;
    private final Clients clients;
    private final MemoryBudget budget;
    private final ErrorCounts errorCounts = new ErrorCounts();
    private final SlowLog slowLog;
    private final LatencyMonitor latencies;
    private final HotKeys hotKeys;
    private volatile AllowedAddresses allowedAddresses;
    private final Pause pause;
    private final Saves saves;
    private final RdbCopies rdbCopies;
    private final GuessLimit guessLimit = new GuessLimit();
    private final CommandTable commands = new CommandTable();
    private final List<Worker> workers = new CopyOnWriteArrayList<>();
    private final PubSub pubSub;
    private final KeyEvents keyEvents;
    private final Tracking tracking;
    private final SentinelView sentinel;
    private final Monitors monitors = new Monitors(this);
    private final Scripts scripts;
    private final Functions functions;
    private final Databases databases;
    private final Samples samples;
    private final HostNames hostNames;
    private volatile @Nullable KeyspaceStatistics atReset;
    private final AtomicLong withheldBatches = new AtomicLong();
    private final String runId;
    private final long startedAtNs;
    private final long startedAtMs;
    private final Acl acl;
    private final Handshakes handshakes;
    private volatile int port;
    private volatile int tlsPort;
    private volatile boolean unhurried;
    private volatile @Nullable ConfigFile configFile;

    RespServer(KeyspacePort keyspace, RespConfig config) {
        this.keyspace = keyspace;
        this.config = config;
        Acknowledgement asked = config.acknowledgement();
        acknowledgement = asked == null ? keyspace.acknowledgement() : asked;
        acknowledgementTimeoutNs = keyspace.acknowledgementTimeout().toNanos();
        waitsForWrites = acknowledgement != Acknowledgement.MEMORY || keyspace.topology() != null;
        settings = new Settings(config);
        clients = new Clients(settings);
        pubSub = new PubSub(workers);
        keyEvents = new KeyEvents(this);
        tracking = new Tracking(this);
        pause = new Pause(keyspace);
        databases = new Databases(keyspace, config.databases());
        sentinel = new SentinelView(this);
        scripts = new Scripts(this);
        functions = new Functions(this);
        budget = new MemoryBudget(config.clientMemoryLimitBytes());
        slowLog = new SlowLog(settings);
        latencies = new LatencyMonitor(settings);
        hotKeys = new HotKeys(keyspace);
        allowedAddresses = AllowedAddresses.of(config.allowedAddresses());
        rdbCopies = new RdbCopies(keyspace.name());
        saves = new Saves(keyspace, rdbCopies);
        runId = String.format(Locale.ROOT, "%040x", new BigInteger(160, new SecureRandom()));
        startedAtNs = keyspace.nanoTime();
        startedAtMs = keyspace.currentTimeMs();
        acl = new Acl(this);
        handshakes = new Handshakes(config.maxClients());
        samples = new Samples(this);
        hostNames = new HostNames(keyspace.name());
    }

    KeyspacePort keyspace() {
        return keyspace;
    }

    /** Whether nobody waits for the thread that executes commands but who has them executed. */
    boolean isUnhurried() {
        return unhurried;
    }

    void unhurried(boolean whether) {
        unhurried = whether;
    }

    RespConfig config() {
        return config;
    }

    /**
     * Sets what the configuration says by names of parameters, and reads the users' file.
     *
     * @throws IllegalArgumentException if there is no such parameter, or a value is refused
     */
    void configure() {
        keyEvents.flags(config.notifyKeyspaceEvents());
        new ConfigTable(this).set(config.parameters());
        acl.open();
        Path file = config.configFile();
        configFile = file == null ? null : new ConfigFile(file, this);
    }

    /** Where CONFIG REWRITE writes to, or null. */
    @Nullable ConfigFile configFile() {
        return configFile;
    }

    Acknowledgement acknowledgement() {
        return acknowledgement;
    }

    /** Whether a write is acknowledged only some time after it was made, or perhaps not at all. */
    boolean waitsForWrites() {
        return waitsForWrites;
    }

    /** How long a reply waits at most. */
    long acknowledgementTimeoutNs() {
        return acknowledgementTimeoutNs;
    }

    Settings settings() {
        return settings;
    }

    Clients clients() {
        return clients;
    }

    PubSub pubSub() {
        return pubSub;
    }

    KeyEvents keyEvents() {
        return keyEvents;
    }

    Monitors monitors() {
        return monitors;
    }

    SentinelView sentinel() {
        return sentinel;
    }

    Tracking tracking() {
        return tracking;
    }

    Databases databases() {
        return databases;
    }

    Functions functions() {
        return functions;
    }

    HostNames hostNames() {
        return hostNames;
    }

    Scripts scripts() {
        return scripts;
    }

    /** The event loop whose thread this is, or null. */
    @Nullable Worker currentWorker() {
        for (Worker worker : workers) {
            if (worker.loop().inEventLoop()) {
                return worker;
            }
        }
        return null;
    }

    MemoryBudget budget() {
        return budget;
    }

    ErrorCounts errorCounts() {
        return errorCounts;
    }

    /** How long all replies of a batch together may become now. */
    long replyLimitBytes() {
        return Math.min(settings.outputBufferLimitBytes(), budget.availableBytes());
    }

    SlowLog slowLog() {
        return slowLog;
    }

    /** Where clients may connect from. */
    AllowedAddresses allowedAddresses() {
        return allowedAddresses;
    }

    boolean allows(@Nullable InetSocketAddress client) {
        return allowedAddresses.includes(client);
    }

    /** Lets clients connect from elsewhere, and ends the connections of those that may not. */
    void allow(AllowedAddresses addresses) {
        allowedAddresses = addresses;
        for (Connection connection : clients.all()) {
            if (!allows(connection.remoteAddress())) {
                connection.kill();
            }
        }
    }

    LatencyMonitor latencies() {
        return latencies;
    }

    HotKeys hotKeys() {
        return hotKeys;
    }

    /** How long the calls of a command took in all event loops. */
    LatencyHistogram latencyOf(Command command) {
        LatencyHistogram sum = new LatencyHistogram();
        for (Worker worker : workers) {
            LatencyHistogram part = worker.statistics().latency(command);
            if (part != null) {
                sum.add(part);
            }
        }
        return sum;
    }

    Pause pause() {
        return pause;
    }

    Saves saves() {
        return saves;
    }

    /** The RDB files that clients are fetching. */
    RdbCopies rdbCopies() {
        return rdbCopies;
    }

    GuessLimit guessLimit() {
        return guessLimit;
    }

    Acl acl() {
        return acl;
    }

    CommandTable commands() {
        return commands;
    }

    List<Worker> workers() {
        return workers;
    }

    /** The sum of a counter over all event loops. */
    long sum(ToLongFunction<WorkerStatistics> counter) {
        long sum = 0;
        for (Worker worker : workers) {
            sum += counter.applyAsLong(worker.statistics());
        }
        return sum;
    }

    Samples samples() {
        return samples;
    }

    String runId() {
        return runId;
    }

    long uptimeNs() {
        return keyspace.nanoTime() - startedAtNs;
    }

    long startedAtMs() {
        return startedAtMs;
    }

    /** The port for plain text, 0 if there is none. */
    int port() {
        return port;
    }

    void port(int boundTo) {
        port = boundTo;
    }

    /** The port for TLS, 0 if there is none. */
    int tlsPort() {
        return tlsPort;
    }

    void tlsPort(int boundTo) {
        tlsPort = boundTo;
    }

    Handshakes handshakes() {
        return handshakes;
    }

    long withheldBatches() {
        return withheldBatches.get();
    }

    /** Counts a batch of which replies were replaced by errors, for nobody answered for them. */
    void countWithheldBatch() {
        withheldBatches.incrementAndGet();
    }

    void countEviction(Client client) {
        LOGGER.warn(
                "Client id={} addr={} is disconnected: it held the most when all clients together"
                        + " held more than {} bytes",
                client.id(),
                client.address(),
                budget.limitBytes());
    }

    /**
     * Sends away the clients that wait for an element, as this is no master any more. Done when all
     * event loops have.
     */
    CompletableFuture<Void> sendWaitingAway() {
        return inAllWorkers(Worker::unblock);
    }

    private CompletableFuture<Void> inAllWorkers(Consumer<Worker> task) {
        CompletableFuture<?>[] done =
                workers.stream()
                        .map(w -> CompletableFuture.runAsync(() -> task.accept(w), w::execute))
                        .toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(done);
    }

    /** How much a counter of the keyspace, which is the application's too, grew since the reset. */
    long sinceReset(ToLongFunction<KeyspaceStatistics> counter) {
        KeyspaceStatistics before = atReset;
        long count = counter.applyAsLong(keyspace.statistics());
        return before == null ? count : count - counter.applyAsLong(before);
    }

    /** Sets what is counted to zero. Done when all event loops have. */
    CompletableFuture<Void> resetStatistics() {
        atReset = keyspace.statistics();
        clients.resetCounts();
        errorCounts.reset();
        withheldBatches.set(0);
        acl.log().resetCounts();
        return inAllWorkers(worker -> worker.statistics().reset());
    }
}
