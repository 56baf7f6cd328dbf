package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.hotpair.KeyArea;
import io.hotpair.resp.RespConfig.DebugAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link RespConfig}. A setter checks its value; none touches the network. Not
 * thread-safe.
 */
public final class RespConfigBuilder {
    private static final int MAX_PORT = 65_535;
    private static final int MAX_BULK_LENGTH = 512 << 20;
    private static final long MIN_LIMIT_BYTES = 64 << 10;
    private static final long MIN_SCRIPT_BYTES = 4 << 20;

    List<String> bindAddresses = List.of("127.0.0.1");
    List<String> allowedAddresses = List.of();
    int port = 6379;
    final List<PasswordHash> passwords = new ArrayList<>();
    @Nullable TlsConfig tls;
    final Map<String, List<String>> users = new LinkedHashMap<>();
    @Nullable Path aclFile;
    int aclLogMaxLength = 128;
    boolean aclAllChannelsByDefault;
    int maxClients = 10_000;
    int maxBulkLength = MAX_BULK_LENGTH;
    long queryBufferLimitBytes = 1L << 30;
    long outputBufferLimitBytes = 1L << 30;
    OutputLimit pubSubLimit = OutputLimit.PUBSUB;
    int notifyKeyspaceEvents;
    long clientMemoryLimitBytes = Math.max(Runtime.getRuntime().maxMemory() / 4, 16L << 20);
    Duration idleTimeout = Duration.ZERO;
    Duration handshakeTimeout = Duration.ofSeconds(10);
    Duration stallTimeout = Duration.ofSeconds(60);
    int databases = 16;
    int eventLoopThreads = Math.min(2, Runtime.getRuntime().availableProcessors());
    @Nullable Acknowledgement acknowledgement;
    boolean replicaOfCommand;
    boolean migrateCommand;
    @Nullable Runnable shutdownCommand;
    DebugAccess debugCommand = DebugAccess.NO;
    @Nullable String sentinelName;
    @Nullable String masterUser;
    @Nullable String masterPassword;
    long scriptMemoryLimitBytes = partOfHeap(32 << 20);
    long scriptCacheLimitBytes = partOfHeap(64 << 20);
    Duration scriptTimeout = Duration.ofSeconds(30);
    Duration busyReplyThreshold = Duration.ZERO;
    final List<Map.Entry<String, String>> parameters = new ArrayList<>();
    @Nullable Path configFile;

    RespConfigBuilder() {}

    /**
     * An eighth of the heap, which is enough for each of those who may have it at the same time.
     */
    private static long partOfHeap(long mostBytes) {
        return Math.max(
                MIN_SCRIPT_BYTES, Math.min(mostBytes, Runtime.getRuntime().maxMemory() / 8));
    }

    /**
     * Sets where to listen. The default is {@code 127.0.0.1}. Any address that is not of this
     * machine's loopback needs a {@link #password}; should the default user come to need none while
     * the listener is open, clients from elsewhere are denied.
     *
     * @param addresses one or more
     * @return this
     */
    public RespConfigBuilder bind(String... addresses) {
        if (addresses.length == 0) {
            throw new IllegalArgumentException("bind=[], expected at least one address");
        }
        bindAddresses = List.of(addresses);
        return this;
    }

    /**
     * Lets clients connect from these addresses and networks only. The connection of any other one
     * is ended before a byte of it is read. By default, and with an empty list, all may connect.
     *
     * @param cidrs addresses, or networks as {@code 10.0.0.0/8} or {@code fd00::/8}; an IPv4
     *     address within an IPv6 one counts as IPv4
     * @return this
     * @throws IllegalArgumentException if one is not understood
     */
    public RespConfigBuilder allowedAddresses(List<String> cidrs) {
        AllowedAddresses.of(cidrs);
        allowedAddresses = List.copyOf(cidrs);
        return this;
    }

    /**
     * Sets the port. The default is 6379.
     *
     * @param port 1 to 65535, or 0 for any free one, which {@link RespListener#port()} tells
     * @return this
     */
    public RespConfigBuilder port(int port) {
        this.port = (int) within("port", port, 0, MAX_PORT);
        return this;
    }

    /**
     * Adds a password that clients must give; any one of several will do, so that one can be
     * replaced while clients still use the other. By default there is none.
     *
     * @param password 1 to 512 characters
     * @return this
     */
    public RespConfigBuilder password(String password) {
        if (password.isEmpty() || password.length() > PasswordHash.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "password of length="
                            + password.length()
                            + ", expected 1 to "
                            + PasswordHash.MAX_LENGTH);
        }
        passwords.add(PasswordHash.of(password));
        return this;
    }

    /**
     * Opens a port for TLS, besides the one for plain text or in its place. By default there is
     * none.
     *
     * @param config from {@link TlsConfig#builder}
     * @return this
     */
    public RespConfigBuilder tls(TlsConfig config) {
        tls = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Makes a user, or says what the user {@code default} may do, by Redis's rules: {@code
     * user("alice", "on", ">secret", "~cache:*", "+@read")}. Who authenticates as nobody is the
     * user {@code default}, who may do everything unless it is said otherwise.
     *
     * @param name without spaces
     * @param rules as {@code ACL SETUSER} takes them
     * @return this
     * @throws IllegalArgumentException if a rule is not understood, or the user was made before
     */
    public RespConfigBuilder user(String name, String... rules) {
        String user = Acl.bytesAsText(name);
        if (AclUser.hasSpaces(user) || user.isEmpty() || users.containsKey(user)) {
            throw new IllegalArgumentException(
                    "user=" + name + ", expected a name without spaces, once");
        }
        users.put(user, Acl.checkedRules(name, rules));
        return this;
    }

    /**
     * Keeps the users in a file, from which they are read when the listener is opened and when
     * {@code ACL LOAD} says so, and to which {@code ACL SAVE} writes them. It must be there; an
     * empty one will do. Not to be combined with {@link #user}.
     *
     * @param file the file
     * @return this
     */
    public RespConfigBuilder aclFile(Path file) {
        aclFile = Objects.requireNonNull(file, "file");
        return this;
    }

    /**
     * Limits how many refusals {@code ACL LOG} keeps. The default is 128. {@code CONFIG SET
     * acllog-max-len} changes it.
     *
     * @param count 0 or more
     * @return this
     */
    public RespConfigBuilder aclLogMaxLength(int count) {
        aclLogMaxLength = (int) within("aclLogMaxLength", count, 0, 100_000);
        return this;
    }

    /**
     * Says what channels a new user may use, before the rules say more: {@code allchannels} or
     * {@code resetchannels}, which is none of them and the default. {@code CONFIG SET
     * acl-pubsub-default} changes it.
     *
     * @param rule one of the two
     * @return this
     */
    public RespConfigBuilder aclPubSubDefault(String rule) {
        aclAllChannelsByDefault = ConfigTable.isAllChannels(rule);
        return this;
    }

    /**
     * Limits how many clients may be connected at once. The default is 10000.
     *
     * @param count at least 1
     * @return this
     */
    public RespConfigBuilder maxClients(int count) {
        maxClients = (int) within("maxClients", count, 1, Integer.MAX_VALUE);
        return this;
    }

    /**
     * Limits the length of one argument. The default, and the most, is 512 MiB.
     *
     * @param bytes at least 1024
     * @return this
     */
    public RespConfigBuilder maxBulkLength(int bytes) {
        maxBulkLength = (int) within("maxBulkLength", bytes, 1024, MAX_BULK_LENGTH);
        return this;
    }

    /**
     * Limits how much input of one client is held while a command is incomplete. The default is 1
     * GiB.
     *
     * @param bytes at least 64 KiB
     * @return this
     */
    public RespConfigBuilder queryBufferLimit(long bytes) {
        queryBufferLimitBytes =
                within("queryBufferLimit", bytes, MIN_LIMIT_BYTES, Integer.MAX_VALUE - 64);
        return this;
    }

    /**
     * Limits the length of the replies to one client that are held. A reply that is longer is
     * replaced by an error. The default is 1 GiB.
     *
     * @param bytes at least 64 KiB
     * @return this
     */
    public RespConfigBuilder outputBufferLimit(long bytes) {
        outputBufferLimitBytes =
                within("outputBufferLimit", bytes, MIN_LIMIT_BYTES, Integer.MAX_VALUE - 64);
        return this;
    }

    /**
     * Limits what may wait for a client that has subscribed to channels and reads too slowly: its
     * connection is ended. The default is Redis's: 32 MiB at once, or 8 MiB for 60 s. {@code CONFIG
     * SET client-output-buffer-limit} changes it.
     *
     * @param hardBytes how much at once; 0 for no such limit
     * @param softBytes how much for a while; 0 for no such limit
     * @param softTime how long that while is, in full seconds
     * @return this
     */
    public RespConfigBuilder subscriberOutputLimit(
            long hardBytes, long softBytes, Duration softTime) {
        pubSubLimit =
                new OutputLimit(
                        within("hardBytes", hardBytes, 0, Long.MAX_VALUE),
                        within("softBytes", softBytes, 0, Long.MAX_VALUE),
                        within("softTime", softTime.toSeconds(), 0, Integer.MAX_VALUE));
        return this;
    }

    /**
     * Sets which events of keys are published to subscribers, in the letters of Redis's {@code
     * notify-keyspace-events}, such as {@code KEA}. By default there are none. {@code CONFIG SET}
     * changes it.
     *
     * @param classes the letters, any of {@code Ag$lshzxeKEtmdn}
     * @return this
     */
    public RespConfigBuilder notifyKeyspaceEvents(String classes) {
        notifyKeyspaceEvents = KeyEventFlags.parse(classes);
        return this;
    }

    /**
     * Limits how much input and output of all clients together is held; the largest client is
     * disconnected when more is needed. The default is a quarter of the JVM's heap.
     *
     * @param bytes at least 64 KiB
     * @return this
     */
    public RespConfigBuilder clientMemoryLimit(long bytes) {
        clientMemoryLimitBytes = within("clientMemoryLimit", bytes, MIN_LIMIT_BYTES, 1L << 42);
        return this;
    }

    /**
     * Limits how much memory the values of a script may take while it is executed; one that wants
     * more gets an error. The default is 32 MiB, or an eighth of the JVM's heap if that is less.
     * Two scripts that take long are executed at once.
     *
     * @param bytes at least 64 KiB
     * @return this
     */
    public RespConfigBuilder scriptMemoryLimit(long bytes) {
        scriptMemoryLimitBytes = within("scriptMemoryLimit", bytes, MIN_LIMIT_BYTES, 1L << 31);
        return this;
    }

    /**
     * Limits how much memory the scripts that are kept, and the libraries of functions, may take;
     * SCRIPT FLUSH empties the cache. For new ones those go that were only executed, by EVAL. The
     * default is 64 MiB, or an eighth of the JVM's heap if that is less.
     *
     * @param bytes at least 64 KiB
     * @return this
     */
    public RespConfigBuilder scriptCacheLimit(long bytes) {
        scriptCacheLimitBytes = within("scriptCacheLimit", bytes, MIN_LIMIT_BYTES, 1L << 40);
        return this;
    }

    /**
     * Ends a script that takes longer than this, and forgets what it did. It holds up others that
     * take long, and a change of roles, until then. The default is 30 s.
     *
     * @param timeout above zero
     * @return this
     */
    public RespConfigBuilder scriptTimeout(Duration timeout) {
        scriptTimeout = positive("scriptTimeout", timeout);
        return this;
    }

    /**
     * Has clients told BUSY, as a Redis tells them, while a script runs that has taken this long;
     * and such a script can't be killed once it has written. The default is zero: clients are
     * served while scripts run. CONFIG SET busy-reply-threshold changes it.
     *
     * @param time zero or more
     * @return this
     */
    public RespConfigBuilder busyReplyThreshold(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(
                    "busyReplyThreshold=" + time + ", expected 0 or more");
        }
        busyReplyThreshold = time;
        return this;
    }

    /**
     * Disconnects a client that has sent no complete command for this long. The default is zero:
     * never. A client that waits for a reply is not idle.
     *
     * @param timeout zero or more
     * @return this
     */
    public RespConfigBuilder idleTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("idleTimeout=" + timeout + ", expected 0 or more");
        }
        idleTimeout = timeout;
        return this;
    }

    /**
     * Disconnects a client that has not authenticated after this long, where there is a password;
     * one that was let in without, or says RESET, has as long from then on. The default is 10 s.
     *
     * @param timeout above zero
     * @return this
     */
    public RespConfigBuilder handshakeTimeout(Duration timeout) {
        handshakeTimeout = positive("handshakeTimeout", timeout);
        return this;
    }

    /**
     * Disconnects a client that takes none of the replies that wait for it for this long. The
     * default is 60 s.
     *
     * @param timeout above zero
     * @return this
     */
    public RespConfigBuilder stallTimeout(Duration timeout) {
        stallTimeout = positive("stallTimeout", timeout);
        return this;
    }

    /**
     * Sets how many databases clients can {@code SELECT}. All of them stand in the one keyspace;
     * see {@link KeyArea}. The default is 16, as with Redis.
     *
     * @param count 1 to 255
     * @return this
     */
    public RespConfigBuilder databases(int count) {
        databases = (int) within("databases", count, 1, KeyArea.COUNT);
        return this;
    }

    /**
     * Sets how many threads serve the clients. The default is 2, or 1 on a machine with one
     * processor.
     *
     * @param count 1 to 1024
     * @return this
     */
    public RespConfigBuilder eventLoopThreads(int count) {
        eventLoopThreads = (int) within("eventLoopThreads", count, 1, 1024);
        return this;
    }

    /**
     * Sets how far a write must have come before its reply is sent. The default is the keyspace's
     * level.
     *
     * @param level the level
     * @return this
     */
    public RespConfigBuilder acknowledgement(Acknowledgement level) {
        acknowledgement = Objects.requireNonNull(level, "level");
        return this;
    }

    /**
     * Lets clients have this keyspace follow a Redis of their choice ({@code REPLICAOF}), which
     * replaces all that it holds by what somebody else says. By default they can't, as an attacker
     * would; {@link RedisMigration} does the same for the application.
     *
     * @param enabled whether clients may
     * @return this
     */
    public RespConfigBuilder replicaOfCommand(boolean enabled) {
        replicaOfCommand = enabled;
        return this;
    }

    /**
     * Lets clients send keys to a server of their choice ({@code MIGRATE}): this process connects
     * to any host and port that they name then, with its own address. By default they can't, as an
     * attacker would.
     *
     * @param enabled whether clients may
     * @return this
     */
    public RespConfigBuilder migrateCommand(boolean enabled) {
        migrateCommand = enabled;
        return this;
    }

    /**
     * Says what the command {@code SHUTDOWN} does, once, when the client that said it is
     * disconnected and, after {@code SHUTDOWN SAVE}, a snapshot is saved. By default the command is
     * refused, as the process is not ours to end.
     *
     * @param action ends the process in order; it is called by a thread of the listener, and must
     *     return at once
     * @return this
     */
    public RespConfigBuilder shutdownCommand(Runnable action) {
        shutdownCommand = Objects.requireNonNull(action, "action");
        return this;
    }

    /**
     * Lets clients say {@code DEBUG}, of which there is what test suites and tools use and harms
     * nobody. By default nobody may.
     *
     * @param access who may
     * @return this
     */
    public RespConfigBuilder debugCommand(DebugAccess access) {
        debugCommand = Objects.requireNonNull(access, "access");
        return this;
    }

    /**
     * Sets the name under which clients of a Sentinel ask for the master, such as {@code mymaster}.
     * The default is the keyspace's name.
     *
     * @param name not empty
     * @return this
     */
    public RespConfigBuilder sentinelName(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("sentinelName is empty, expected a name");
        }
        sentinelName = name;
        return this;
    }

    /**
     * Sets what to log in with at a Redis that {@code REPLICAOF} names.
     *
     * @param user the user's name, or null for the Redis's default user
     * @param password the password
     * @return this
     */
    public RespConfigBuilder masterAuth(@Nullable String user, String password) {
        masterUser = user;
        masterPassword = Objects.requireNonNull(password, "password");
        return this;
    }

    /**
     * Sets a parameter by Redis's name as {@code CONFIG SET} does, before the first client comes,
     * such as {@code slowlog-log-slower-than}; {@code CONFIG GET *} lists them. What can't be set
     * is taken if it says what is so. Later ones win, also over what setters of this builder say.
     * Opening the listener throws {@link IllegalArgumentException} if there is no such parameter or
     * its value is refused.
     *
     * @param name the name, in any case
     * @param value the value
     * @return this
     */
    public RespConfigBuilder parameter(String name, String value) {
        parameters.add(Map.entry(name, value));
        return this;
    }

    /**
     * Names the file that the host reads its options from, a line each without dashes as in {@code
     * redis.conf}. {@code CONFIG REWRITE} writes into it what {@code CONFIG SET} and, unless there
     * is a file for users, {@code ACL SETUSER} have changed; passwords as hashes. By default there
     * is none, and {@code CONFIG REWRITE} is refused.
     *
     * @param file a file that there is; the listener does not read options from it
     * @return this
     */
    public RespConfigBuilder configFile(Path file) {
        configFile = Objects.requireNonNull(file, "file");
        return this;
    }

    /**
     * Makes the configuration.
     *
     * @return the configuration
     * @throws IllegalStateException if there is a file for the users, and users besides
     */
    public RespConfig build() {
        if (aclFile != null && !users.isEmpty()) {
            throw new IllegalStateException(
                    "aclFile=" + aclFile + " and user=" + users.keySet() + ", expected only one");
        }
        return new RespConfig(this);
    }

    private static long within(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    what + "=" + value + ", expected " + min + " to " + max);
        }
        return value;
    }

    private static Duration positive(String what, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(what + "=" + duration + ", expected above zero");
        }
        return duration;
    }
}
