package io.hotpair.resp;

import io.hotpair.Session;
import io.hotpair.Session.ReadTrace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a command knows of who sent it. Written by the thread of its event loop only; CLIENT LIST
 * reads some fields from another without ordering, which is benign: they may be a moment old.
 */
final class Client {
    /** What CLIENT REPLY asked for. */
    enum ReplyMode {
        ON,
        OFF,
        /** Leave out the next reply. */
        SKIP_NEXT,
        /** Leave out this reply, then go on. */
        SKIP
    }

    /** Of a client that does not watch what others execute. */
    static final long NO_MONITOR = -1;

    private final long id;
    private final Connection connection;
    private final RespServer server;
    private Session session;
    private @Nullable Session unnoticed;
    private final ClientTransaction transaction;
    private final String address;
    private final String localAddress;
    private final String host;
    private final boolean onLoopback;
    private final long connectedAtNs;
    private int protocol = 2;
    private volatile AclAccount account;
    private boolean authenticated;
    private boolean evictable = true;
    private boolean touching = true;
    private volatile @Nullable String name;
    private volatile String libraryName = "";
    private volatile String libraryVersion = "";
    private volatile int database;
    private Databases.Mapping mapping = Databases.Mapping.NONE;
    private ReplyMode replyMode = ReplyMode.ON;
    private SyncCommands.Wishes wishes = SyncCommands.Wishes.NONE;
    private @Nullable Command lastCommand;
    private long lastCommandNs;
    private @Nullable Parked parked;
    private @Nullable Begun begun;

    /** As parked, where a script is executed while the client itself is parked. */
    private @Nullable Parked parkedInScript;

    private long opId;
    private long term;
    private boolean closing;
    private volatile @Nullable Subscriptions subscriptions;
    private volatile Tracking.@Nullable Mode tracking;
    private volatile boolean redirectionBroken;
    private final Set<KeyName> trackedPrefixes =
            new TreeSet<>((a, b) -> Arrays.compareUnsigned(a.bytes(), b.bytes()));
    private boolean caching;
    private final List<Tracking.Invalidation> afterReply = new ArrayList<>(0);
    private volatile long monitorsSince = NO_MONITOR;

    Client(long id, Connection connection, RespServer server, Session session, Endpoints ends) {
        this.id = id;
        this.connection = connection;
        this.server = server;
        this.session = session;
        address = ends.remote();
        localAddress = ends.local();
        transaction = new ClientTransaction(this);
        host = ends.remoteHost();
        onLoopback = ends.onLoopback();
        connectedAtNs = server.keyspace().nanoTime();
        lastCommandNs = connectedAtNs;
        account = server.acl().defaultAccount();
        authenticated = isLetIn();
    }

    /**
     * Both ends of a connection, as text.
     *
     * @param remote the client's address and port
     * @param local our address and port
     * @param remoteHost the client's address
     * @param onLoopback whether that is of this machine's loopback
     */
    record Endpoints(String remote, String local, String remoteHost, boolean onLoopback) {}

    long id() {
        return id;
    }

    Connection connection() {
        return connection;
    }

    RespServer server() {
        return server;
    }

    KeyspacePort keyspace() {
        return server.keyspace();
    }

    Session session() {
        return session;
    }

    /** Puts another session in the place of this one, for what is executed meanwhile. */
    void session(Session other) {
        session = other;
    }

    /**
     * Says of the reads of a command what they leave behind. Several of the only key that it reads
     * are one.
     */
    void beginReads(Command command) {
        ReadTrace trace = command.readTrace();
        if (!touching && trace == ReadTrace.USE && !command.name().equals("touch")) {
            trace = ReadTrace.COUNT;
        }
        session.readTrace(trace, command.readsOneKey() ? ReadTrace.NONE : trace);
    }

    /** For a look at a key that is no part of what a command reads. */
    Session unnoticed() {
        if (transaction.isExecuting()) {
            // What is read inside leaves nothing anyway.
            return session;
        }
        Session own = unnoticed;
        if (own == null) {
            own = server.keyspace().unnoticed();
            unnoticed = own;
        }
        return own;
    }

    ClientTransaction transaction() {
        return transaction;
    }

    /** What it has subscribed to; made with the first use. Called by its event loop. */
    Subscriptions subscriptions() {
        Subscriptions present = subscriptions;
        if (present == null) {
            present = new Subscriptions(this, server.pubSub());
            subscriptions = present;
        }
        return present;
    }

    /** How many of a kind it has subscribed to. */
    int subscriptionCount(Topic.Kind kind) {
        Subscriptions present = subscriptions;
        return present == null ? 0 : present.count(kind);
    }

    boolean isSubscriber() {
        Subscriptions present = subscriptions;
        return present != null && !present.isEmpty();
    }

    /** How it wants to be told when keys change; null if it does not. */
    Tracking.@Nullable Mode tracking() {
        return tracking;
    }

    void tracking(Tracking.@Nullable Mode mode) {
        tracking = mode;
        redirectionBroken = false;
        caching = false;
    }

    /** The prefixes of the keys of which it is told; changed by {@link Tracking} alone. */
    Set<KeyName> trackedPrefixes() {
        return trackedPrefixes;
    }

    void redirectionBroke() {
        redirectionBroken = true;
    }

    boolean isRedirectionBroken() {
        return redirectionBroken;
    }

    /** Keeps what it is to be told behind the reply to what it waits for. */
    void tellAfterReply(Tracking.Invalidation message) {
        afterReply.add(message);
    }

    /** Takes what was kept. */
    List<Tracking.Invalidation> takeAfterReply() {
        if (afterReply.isEmpty()) {
            return List.of();
        }
        List<Tracking.Invalidation> all = List.copyOf(afterReply);
        afterReply.clear();
        return all;
    }

    /** Whether CLIENT CACHING has said something of the command that is executing. */
    boolean isCachingSet() {
        return caching;
    }

    void caching(boolean whether) {
        caching = whether;
    }

    /** Whether it watches what all clients execute. */
    boolean isMonitor() {
        return monitorsSince != NO_MONITOR;
    }

    /** The last line before it began to watch. */
    long monitorsSince() {
        return monitorsSince;
    }

    /** Changed by {@link Monitors} alone. */
    void monitorsSince(long line) {
        monitorsSince = line;
    }

    /** Ends all subscriptions, without a word. */
    void unsubscribeAll() {
        Subscriptions present = subscriptions;
        if (present != null) {
            present.clear();
        }
    }

    String address() {
        return address;
    }

    String localAddress() {
        return localAddress;
    }

    String host() {
        return host;
    }

    /** Whether it is on this machine, and connected over its loopback. */
    boolean isOnLoopback() {
        return onLoopback;
    }

    long connectedAtNs() {
        return connectedAtNs;
    }

    int protocol() {
        return protocol;
    }

    void protocol(int version) {
        protocol = version;
    }

    /** Whether it may send commands: because it has authenticated, or because nobody has to. */
    boolean isAuthenticated() {
        return authenticated || isLetIn();
    }

    /** Whether it is the default user without a password. */
    private boolean isLetIn() {
        return onLoopback && server.acl().isOpen();
    }

    /** Whose rights it has. */
    AclAccount account() {
        return account;
    }

    /** What it may do now. */
    AclUser user() {
        return account.user();
    }

    /** Whether it may execute a command, and may read any key whatever with that. */
    boolean readsAllKeys(Request request) {
        AclUser user = user();
        if (user.isUnrestricted()) {
            return true;
        }
        Command command =
                server.commands().find(request.bytes(), request.offset(0), request.length(0));
        return command != null && user.readsAllKeys(command, Databases.named(command, request));
    }

    /** It has authenticated. */
    void account(AclAccount user) {
        account = user;
        authenticated = true;
    }

    boolean isEvictable() {
        return evictable;
    }

    void evictable(boolean whether) {
        evictable = whether;
        connection.account().protectFromEviction(!whether);
    }

    /** Whether what it reads counts as used. */
    boolean isTouching() {
        return touching;
    }

    void touching(boolean whether) {
        touching = whether;
    }

    @Nullable String name() {
        return name;
    }

    void name(@Nullable String newName) {
        name = newName;
    }

    String libraryName() {
        return libraryName;
    }

    void libraryName(String library) {
        libraryName = library;
    }

    String libraryVersion() {
        return libraryVersion;
    }

    void libraryVersion(String version) {
        libraryVersion = version;
    }

    /** The number of the database that it has selected. */
    int database() {
        return database;
    }

    void database(int number) {
        database = number;
    }

    /** Which database has which area to the command that it executes, outside of EXEC. */
    Databases.Mapping mapping() {
        return mapping;
    }

    void mapping(Databases.Mapping present) {
        mapping = present;
    }

    ReplyMode replyMode() {
        return replyMode;
    }

    void replyMode(ReplyMode mode) {
        replyMode = mode;
    }

    /** What it has said of the RDB file that it wants. */
    SyncCommands.Wishes wishes() {
        return wishes;
    }

    void wishes(SyncCommands.Wishes changed) {
        wishes = changed;
    }

    @Nullable Command lastCommand() {
        return lastCommand;
    }

    long lastCommandNs() {
        return lastCommandNs;
    }

    void executed(Command command, long nowNs) {
        lastCommand = command;
        lastCommandNs = nowNs;
    }

    /** Puts the command that is executing aside until it can be answered. */
    void park(Parked command) {
        if (transaction.isOffLoop()) {
            parkedInScript = command;
        } else {
            parked = command;
        }
    }

    /** Takes what the last command of a transaction put aside, to be finished at once. */
    @Nullable Parked takeParked() {
        Parked taken = parked;
        if (transaction.isOffLoop()) {
            taken = parkedInScript;
            parkedInScript = null;
        } else {
            parked = null;
        }
        return taken;
    }

    @Nullable Parked parked() {
        return parked;
    }

    void unpark() {
        parked = null;
        begun = null;
    }

    /**
     * A command that was executed up to where it was put aside.
     *
     * @param request its arguments
     * @param stored what the command got in their place, by which its writes are known
     * @param ns how long it took so far
     */
    record Begun(Request request, Request stored, long ns) {}

    /** Says what was put aside. */
    void began(Request request, Request stored, long ns) {
        begun = new Begun(request, stored, ns);
    }

    /** What was put aside; null if nothing was, or if it was not begun. */
    @Nullable Begun begun() {
        return begun;
    }

    /** Begins a command: it has written nothing. */
    void beginCommand() {
        opId = 0;
    }

    /** Takes down what the session's last call wrote. Called after each call that may write. */
    void noteWrite() {
        long last = session.lastOpId();
        if (last != 0) {
            opId = last;
            term = session.lastTerm();
        }
    }

    /** Takes note of a write that was made for the command that is executing, not by it. */
    void noteWrite(long asOpId, long inTerm) {
        opId = asOpId;
        term = inTerm;
    }

    /** Takes down what the session's transaction wrote, and nothing that its parts said. */
    void noteTransaction() {
        opId = 0;
        noteWrite();
    }

    /** The opId of the last write of the command that is executing, or 0. */
    long commandOpId() {
        return opId;
    }

    long commandTerm() {
        return term;
    }

    /** The opId of this client's last write in its whole life, or 0. */
    long lastOpId() {
        return connection.lastOpId();
    }

    /** The term of that write: in another one the same opId may be another operation. */
    long lastTerm() {
        return connection.lastTerm();
    }

    /** Ends the connection when the replies so far are sent. */
    void close() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }

    /**
     * Puts everything back to what it was when the client connected, but for what it has said of
     * its library and of its eviction.
     */
    void reset() {
        protocol = 2;
        account = server.acl().defaultAccount();
        authenticated = isLetIn();
        name = null;
        database = 0;
        touching = true;
        // The reply to this is left out all the same if CLIENT REPLY SKIP said so of it.
        replyMode = replyMode == ReplyMode.SKIP ? ReplyMode.SKIP : ReplyMode.ON;
        transaction.discard();
        unsubscribeAll();
        server.monitors().remove(this);
        server.tracking().disable(this);
    }
}
