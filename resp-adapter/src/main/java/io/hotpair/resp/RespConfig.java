package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RespListener} is opened with; made by {@link #builder()}. Immutable. Passwords are
 * kept as hashes only, and never printed.
 */
public final class RespConfig {
    /** Who may say {@code DEBUG}. */
    public enum DebugAccess {
        /** Nobody. */
        NO,
        /** Clients on this machine that connect to its loopback. */
        LOCAL,
        /** Everybody whose user may. */
        YES
    }

    private final List<String> bindAddresses;
    private final List<String> allowedAddresses;
    private final int port;
    private final List<PasswordHash> passwords;
    private final @Nullable TlsConfig tls;
    private final Map<String, List<String>> users;
    private final @Nullable Path aclFile;
    private final int aclLogMaxLength;
    private final boolean aclAllChannelsByDefault;
    private final int maxClients;
    private final int maxBulkLength;
    private final long queryBufferLimitBytes;
    private final long outputBufferLimitBytes;
    private final OutputLimit pubSubLimit;
    private final int notifyKeyspaceEvents;
    private final long clientMemoryLimitBytes;
    private final Duration idleTimeout;
    private final Duration handshakeTimeout;
    private final Duration stallTimeout;
    private final int databases;
    private final int eventLoopThreads;
    private final @Nullable Acknowledgement acknowledgement;
    private final boolean replicaOfCommand;
    private final boolean migrateCommand;
    private final @Nullable Runnable shutdownCommand;
    private final DebugAccess debugCommand;
    private final @Nullable String sentinelName;
    private final @Nullable String masterUser;
    private final @Nullable String masterPassword;
    private final long scriptMemoryLimitBytes;
    private final long scriptCacheLimitBytes;
    private final Duration scriptTimeout;
    private final Duration busyReplyThreshold;
    private final List<Map.Entry<String, String>> parameters;
    private final @Nullable Path configFile;

    RespConfig(RespConfigBuilder from) {
        bindAddresses = List.copyOf(from.bindAddresses);
        allowedAddresses = from.allowedAddresses;
        port = from.port;
        passwords = List.copyOf(from.passwords);
        tls = from.tls;
        users = Collections.unmodifiableMap(new LinkedHashMap<>(from.users));
        aclFile = from.aclFile;
        aclLogMaxLength = from.aclLogMaxLength;
        aclAllChannelsByDefault = from.aclAllChannelsByDefault;
        maxClients = from.maxClients;
        maxBulkLength = from.maxBulkLength;
        queryBufferLimitBytes = from.queryBufferLimitBytes;
        outputBufferLimitBytes = from.outputBufferLimitBytes;
        pubSubLimit = from.pubSubLimit;
        notifyKeyspaceEvents = from.notifyKeyspaceEvents;
        clientMemoryLimitBytes = from.clientMemoryLimitBytes;
        idleTimeout = from.idleTimeout;
        handshakeTimeout = from.handshakeTimeout;
        stallTimeout = from.stallTimeout;
        databases = from.databases;
        eventLoopThreads = from.eventLoopThreads;
        acknowledgement = from.acknowledgement;
        replicaOfCommand = from.replicaOfCommand;
        migrateCommand = from.migrateCommand;
        shutdownCommand = from.shutdownCommand;
        debugCommand = from.debugCommand;
        sentinelName = from.sentinelName;
        masterUser = from.masterUser;
        masterPassword = from.masterPassword;
        scriptMemoryLimitBytes = from.scriptMemoryLimitBytes;
        scriptCacheLimitBytes = from.scriptCacheLimitBytes;
        scriptTimeout = from.scriptTimeout;
        busyReplyThreshold = from.busyReplyThreshold;
        parameters = List.copyOf(from.parameters);
        configFile = from.configFile;
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with every default set
     */
    public static RespConfigBuilder builder() {
        return new RespConfigBuilder();
    }

    /**
     * Where the listener listens.
     *
     * @return the addresses
     */
    public List<String> bindAddresses() {
        return bindAddresses;
    }

    /**
     * Where clients may connect from.
     *
     * @return addresses and networks; none if there is no limit
     */
    public List<String> allowedAddresses() {
        return allowedAddresses;
    }

    /**
     * The port that was asked for.
     *
     * @return the port, 0 for any free one
     */
    public int port() {
        return port;
    }

    /**
     * Whether there is a password for clients that name no user.
     *
     * @return whether there is one
     */
    public boolean requiresPassword() {
        return !passwords.isEmpty();
    }

    List<PasswordHash> passwords() {
        return passwords;
    }

    /**
     * How TLS is spoken.
     *
     * @return the configuration, or null if it is not
     */
    public @Nullable TlsConfig tls() {
        return tls;
    }

    /** Whether there is a port for plain text. */
    boolean isPlain() {
        return tls == null || !tls.isAlone();
    }

    /** The rules of users by their names; text stands for bytes, passwords are hashes. */
    Map<String, List<String>> users() {
        return users;
    }

    /**
     * Where the users are kept.
     *
     * @return the file, or null if there is none
     */
    public @Nullable Path aclFile() {
        return aclFile;
    }

    int aclLogMaxLength() {
        return aclLogMaxLength;
    }

    boolean aclAllChannelsByDefault() {
        return aclAllChannelsByDefault;
    }

    /** By the names of CONFIG SET, in the order in which they are set. */
    List<Map.Entry<String, String>> parameters() {
        return parameters;
    }

    /**
     * What {@code CONFIG REWRITE} writes.
     *
     * @return the file, or null if there is none
     */
    public @Nullable Path configFile() {
        return configFile;
    }

    /**
     * How many clients may be connected at once.
     *
     * @return the count
     */
    public int maxClients() {
        return maxClients;
    }

    /**
     * The longest argument of a command.
     *
     * @return bytes
     */
    public int maxBulkLength() {
        return maxBulkLength;
    }

    /**
     * How much of a client's input may be held.
     *
     * @return bytes
     */
    public long queryBufferLimitBytes() {
        return queryBufferLimitBytes;
    }

    /**
     * How long one client's reply may be.
     *
     * @return bytes
     */
    public long outputBufferLimitBytes() {
        return outputBufferLimitBytes;
    }

    int notifyKeyspaceEvents() {
        return notifyKeyspaceEvents;
    }

    OutputLimit pubSubLimit() {
        return pubSubLimit;
    }

    /**
     * How much input and output of all clients together may be held.
     *
     * @return bytes
     */
    public long clientMemoryLimitBytes() {
        return clientMemoryLimitBytes;
    }

    /**
     * How long a client may go without a complete command.
     *
     * @return the time, zero for ever
     */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /**
     * How long a client may take to authenticate.
     *
     * @return the time
     */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /**
     * How long a client may leave its replies unread.
     *
     * @return the time
     */
    public Duration stallTimeout() {
        return stallTimeout;
    }

    /**
     * How many databases there are.
     *
     * @return the count
     */
    public int databases() {
        return databases;
    }

    /**
     * How many threads serve the clients.
     *
     * @return the count
     */
    public int eventLoopThreads() {
        return eventLoopThreads;
    }

    /**
     * How far a write must have come before its reply is sent.
     *
     * @return the level, or null for the keyspace's
     */
    public @Nullable Acknowledgement acknowledgement() {
        return acknowledgement;
    }

    /**
     * How much memory a script may hold.
     *
     * @return bytes
     */
    public long scriptMemoryLimitBytes() {
        return scriptMemoryLimitBytes;
    }

    /**
     * How much memory the scripts that are kept, and the libraries of functions, may take.
     *
     * @return bytes
     */
    public long scriptCacheLimitBytes() {
        return scriptCacheLimitBytes;
    }

    /**
     * How long a script may take.
     *
     * @return the time
     */
    public Duration scriptTimeout() {
        return scriptTimeout;
    }

    /**
     * After how long a script has other clients told BUSY.
     *
     * @return the time, zero if it never has
     */
    public Duration busyReplyThreshold() {
        return busyReplyThreshold;
    }

    @Override
    public String toString() {
        return "RespConfig[bind="
                + bindAddresses
                + ", allowedAddresses="
                + allowedAddresses
                + ", port="
                + port
                + ", passwords="
                + passwords.size()
                + ", users="
                + users.keySet()
                + ", maxClients="
                + maxClients
                + ", databases="
                + databases
                + ", eventLoopThreads="
                + eventLoopThreads
                + "]";
    }

    /**
     * Whether clients may have the keyspace follow a Redis.
     *
     * @return whether they may
     */
    public boolean replicaOfCommand() {
        return replicaOfCommand;
    }

    /**
     * Whether clients may send keys to other servers.
     *
     * @return whether they may
     */
    public boolean migrateCommand() {
        return migrateCommand;
    }

    /** What SHUTDOWN does, or null if it is refused. */
    @Nullable Runnable shutdownCommand() {
        return shutdownCommand;
    }

    /**
     * Which clients may say {@code DEBUG}.
     *
     * @return who may
     */
    public DebugAccess debugCommand() {
        return debugCommand;
    }

    @Nullable String sentinelName() {
        return sentinelName;
    }

    @Nullable String masterUser() {
        return masterUser;
    }

    @Nullable String masterPassword() {
        return masterPassword;
    }
}
