package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.Session;
import io.hotpair.TransactionView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What MULTI and WATCH have gathered for a client, and its execution. The commands are executed in
 * one transaction of the keyspace: they get a {@link TransactionSession} in the place of the
 * client's session. If it loses to another writer it is done again, and the replies are written
 * again. Used by the client's event loop only.
 */
final class ClientTransaction {
    private static final int COMMAND_OVERHEAD = 128;
    private static final int WATCH_OVERHEAD = 224;

    /**
     * A command that waits for EXEC.
     *
     * @param command what it is
     * @param request its arguments
     */
    record Queued(Command command, Request request) {}

    /**
     * A key that is watched.
     *
     * @param database the number of its database
     * @param name its name there
     */
    private record WatchedKey(int database, KeyName name) {}

    /**
     * A key as it was when it was first watched.
     *
     * @param existed whether it was there
     * @param version its version
     * @param area the area that its database had
     * @param swaps how often its database had been exchanged with another one
     */
    private record Watched(boolean existed, long version, int area, int swaps) {}

    /**
     * What was published and is not sent yet.
     *
     * @param kind what the channel is
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    private record Published(Topic.Kind kind, byte[] channel, byte[] payload) {}

    /** About what is kept with a message or a line. */
    private static final int HELD_OVERHEAD = 64;

    private final Client client;
    private final Map<WatchedKey, Watched> watched = new LinkedHashMap<>();
    private List<Queued> queued = new ArrayList<>();
    private boolean open;
    private boolean broken;
    private boolean executing;
    private final List<Published> published = new ArrayList<>();
    private final List<Runnable> afterCommit = new ArrayList<>(0);
    private boolean hasSwapped;
    private final List<Origin> origins = new ArrayList<>();
    private final List<byte[]> shown = new ArrayList<>();
    private @Nullable Session outside;
    private Databases.Mapping mapping = Databases.Mapping.NONE;
    private int databaseBefore;
    private boolean offLoop;
    private byte @Nullable [][] declaredKeys;
    private @Nullable Runnable betweenSteps;
    private long heldBytes;
    private long chargedBytes;

    ClientTransaction(Client client) {
        this.client = client;
    }

    /** Whether commands are being gathered. */
    boolean isOpen() {
        return open;
    }

    /** Whether the command that is executing is a part of EXEC. */
    boolean isExecuting() {
        return executing;
    }

    /** Whether a script is executed in a thread that is not the event loop's. */
    boolean isOffLoop() {
        return offLoop;
    }

    /** Whether the command that is executing is one that a script calls. */
    boolean isScripted() {
        return declaredKeys != null;
    }

    /** The keys that the script was given which is executing, or null if none is. */
    byte @Nullable [][] declaredKeys() {
        return declaredKeys;
    }

    int size() {
        return queued.size();
    }

    long bytes() {
        return chargedBytes;
    }

    void begin() {
        open = true;
    }

    /** A command was refused while commands were gathered: none of them will be executed. */
    void refuse() {
        broken = open;
    }

    /** Keeps a command until EXEC. */
    void add(Command command, Request request) {
        charge(request.argumentBytes() + request.indexBytes() + COMMAND_OVERHEAD);
        queued.add(new Queued(command, request.copy()));
    }

    private void charge(long bytes) {
        long limitBytes = client.server().settings().queryBufferLimitBytes();
        if (chargedBytes + bytes > limitBytes) {
            throw new CommandException(
                    "ERR the transaction is longer than the limit for client input, "
                            + limitBytes
                            + " bytes");
        }
        chargedBytes += bytes;
        client.connection().account().chargeOrEnd(bytes);
    }

    /** Whether a pause of writes holds any of the gathered commands. */
    boolean isHeldWithWrites() {
        return queued.stream()
                .anyMatch(each -> each.command().isHeldWithWrites(each.request(), client));
    }

    /** Whether any of the gathered commands writes. */
    boolean isWrite() {
        return queued.stream().anyMatch(each -> each.command().isWrite());
    }

    /** Whether what the gathered commands answer rests on keys. */
    boolean touchesKeys() {
        return queued.stream().anyMatch(each -> each.command().touchesKeys());
    }

    /**
     * Watches what stands under keys of the client's database. If one of them is refused none of
     * them is watched, and none is charged for: who was refused does not unwatch.
     *
     * @param request has them from its first argument on
     */
    void watch(Request request) {
        Map<WatchedKey, Watched> added = new LinkedHashMap<>();
        long chargedBefore = chargedBytes;
        boolean isAdded = false;
        try {
            for (int i = 1; i < request.count(); i++) {
                watch(request.copy(i), added);
            }
            watched.putAll(added);
            isAdded = true;
        } finally {
            if (!isAdded) {
                release(chargedBytes - chargedBefore);
            }
        }
    }

    private void watch(byte[] key, Map<WatchedKey, Watched> added) {
        int database = client.database();
        WatchedKey name = new WatchedKey(database, new KeyName(KeyArea.name(key)));
        if (!watched.containsKey(name) && !added.containsKey(name)) {
            charge(key.length + (long) WATCH_OVERHEAD);
            Session session = client.unnoticed();
            boolean exists = session.deadlineMs(key, 0, key.length) != Session.ABSENT;
            Databases.Mapping present = Databases.mapping(client);
            int area = present.area(database);
            int swaps = present.swaps(database);
            added.put(name, new Watched(exists, session.version(key), area, swaps));
        }
    }

    /** Which database has which area in the transaction that is executed. */
    Databases.Mapping mapping() {
        return mapping;
    }

    /** Takes down that the transaction exchanges two databases. */
    void swapped(Databases.Mapping changed) {
        mapping = changed;
        hasSwapped = true;
    }

    void unwatch() {
        watched.clear();
        if (!open) {
            release(chargedBytes);
        }
    }

    /** Forgets everything. */
    void discard() {
        queued = new ArrayList<>();
        watched.clear();
        open = false;
        broken = false;
        release(chargedBytes);
    }

    private void release(long bytes) {
        client.connection().account().charge(-bytes);
        chargedBytes -= bytes;
    }

    /**
     * Executes what was gathered, and forgets it.
     *
     * @return whether it was executed; if not, a watched key was changed
     */
    boolean execute(Dispatcher dispatcher, ReplyBuffer reply) {
        if (broken) {
            discard();
            throw new CommandException(
                    "EXECABORT Transaction discarded because of previous errors.");
        }
        Session session = client.session();
        int from = reply.length();
        Map<Topic.Kind, Map<KeyName, Topic>> subscribed = savedSubscriptions();
        AclAccount account = client.account();
        databaseBefore = client.database();
        executing = true;
        outside = session;
        boolean executed = false;
        try {
            executed =
                    session.transaction(
                            view -> {
                                reply.truncate(from);
                                beginAttempt(subscribed, account);
                                return attempt(session, view, dispatcher, reply);
                            });
            if (executed) {
                if (!subscribed.isEmpty()) {
                    client.subscriptions().leave();
                }
                sendPublished();
                afterCommit.forEach(Runnable::run);
                afterCommit.clear();
                moveWaiting();
                show();
            }
            return executed;
        } finally {
            executing = false;
            outside = null;
            if (!executed) {
                beginAttempt(subscribed, account);
            }
            client.session(session);
            discard();
        }
    }

    /** What is to be done between the steps of a command that goes in steps; may throw. */
    void betweenSteps(@Nullable Runnable task) {
        betweenSteps = task;
    }

    /** Does that. */
    void step() {
        Runnable task = betweenSteps;
        if (task != null) {
            task.run();
        }
    }

    /**
     * Executes a script as one transaction, or as a part of the one that executes already.
     *
     * @param keys those that it was given
     * @param elsewhere whether this is not the event loop's thread; the client is parked then
     * @param attempt does it, perhaps several times
     */
    void executeScript(byte[][] keys, boolean elsewhere, Runnable attempt) {
        // The database that a script selects is its own.
        int database = client.database();
        declaredKeys = keys;
        try {
            if (executing) {
                attempt.run();
            } else {
                executeAlone(elsewhere, attempt);
            }
        } finally {
            declaredKeys = null;
            client.database(database);
        }
    }

    private void executeAlone(boolean elsewhere, Runnable attempt) {
        Session session = client.session();
        AclAccount account = client.account();
        databaseBefore = client.database();
        executing = true;
        offLoop = elsewhere;
        outside = session;
        boolean executed = false;
        try {
            executed =
                    session.transaction(
                            view -> {
                                beginAttempt(Map.of(), account);
                                begin(session, view);
                                attempt.run();
                                return true;
                            });
            sendPublished();
            moveWaiting();
            show();
        } finally {
            executing = false;
            offLoop = false;
            outside = null;
            if (!executed) {
                beginAttempt(Map.of(), account);
            }
            client.session(session);
        }
    }

    /** What the client has subscribed to, if that may change; else nothing. */
    private Map<Topic.Kind, Map<KeyName, Topic>> savedSubscriptions() {
        boolean changes = queued.stream().anyMatch(each -> each.command().has(Command.Flag.PUBSUB));
        return changes ? client.subscriptions().saved() : Map.of();
    }

    /** Forgets what an attempt before did that is no part of the keyspace. */
    private void beginAttempt(Map<Topic.Kind, Map<KeyName, Topic>> subscribed, AclAccount account) {
        if (client.account() != account) {
            client.account(account);
        }
        client.database(databaseBefore);
        published.clear();
        afterCommit.clear();
        hasSwapped = false;
        origins.clear();
        shown.clear();
        heldBytes = 0;
        if (!subscribed.isEmpty()) {
            client.subscriptions().restore(subscribed);
        }
    }

    /**
     * Keeps a message until the transaction has committed. If the client itself has subscribed it
     * finds the message where it stands among the replies, as with Redis.
     *
     * @return how many will receive it
     */
    int publishLater(Topic.Kind kind, byte[] channel, byte[] payload) {
        if (!reserve((long) channel.length + payload.length)) {
            throw CommandException.outOfMemory();
        }
        published.add(new Published(kind, channel, payload));
        PubSub pubSub = client.server().pubSub();
        Message message = pubSub.message(kind, channel, payload, null);
        if (offLoop) {
            // It gets its own messages as others do, from its loop.
            return pubSub.receivers(message);
        }
        if (message != null) {
            message.deliverTo(client.subscriptions(), client);
        }
        return pubSub.receivers(message) - client.subscriptions().countLeaving(message);
    }

    /** Has something done once the transaction has committed. */
    void afterCommit(Runnable task) {
        afterCommit.add(task);
    }

    /** Has the keyspace say of each write which of the commands made it, if anybody listens. */
    @Nullable Origin beginOrigin(Command command, Request request) {
        Session session = outside;
        if (session == null || !client.server().keyEvents().isListening()) {
            return null;
        }
        Origin origin = new Origin(client, command, request);
        origin.mapping(mapping);
        client.server().keyEvents().prepare(origin);
        origins.add(origin);
        session.origin(origin);
        return origin;
    }

    /** The commands that were executed last. */
    List<Origin> takeOrigins() {
        if (origins.isEmpty()) {
            return List.of();
        }
        List<Origin> all = List.copyOf(origins);
        origins.clear();
        return all;
    }

    private void show() {
        shown.forEach(client.server().monitors()::tell);
        shown.clear();
    }

    /**
     * Takes room for what is kept until the transaction has committed, if there is. A script may
     * make any amount of it; what was gathered for EXEC was charged to the client when it came.
     */
    private boolean reserve(long bytes) {
        if (!isScripted()) {
            return true;
        }
        heldBytes += bytes + HELD_OVERHEAD;
        return heldBytes <= client.server().config().scriptMemoryLimitBytes();
    }

    /** Keeps what is shown to monitors until the transaction has committed. */
    void showLater(byte[] line) {
        // What is executed already must not fail because somebody watches.
        if (reserve(line.length)) {
            shown.add(line);
        }
    }

    private void moveWaiting() {
        if (hasSwapped) {
            Databases.moveWaiting(client.server());
            hasSwapped = false;
        }
    }

    private void sendPublished() {
        PubSub pubSub = client.server().pubSub();
        for (Published each : published) {
            Client except = offLoop ? null : client;
            int unused = pubSub.publish(each.kind(), each.channel(), each.payload(), except);
        }
        published.clear();
    }

    private void begin(Session session, TransactionView view) {
        mapping = client.server().databases().within(view);
        long nowMs = client.keyspace().currentTimeMs();
        client.session(new TransactionSession(session, view, nowMs));
    }

    private boolean attempt(
            Session session, TransactionView view, Dispatcher dispatcher, ReplyBuffer reply) {
        begin(session, view);
        for (Map.Entry<WatchedKey, Watched> entry : watched.entrySet()) {
            if (isChanged(view, entry.getKey(), entry.getValue())) {
                return false;
            }
        }
        reply.array(queued.size());
        for (Queued each : queued) {
            dispatcher.executeQueued(each.command(), each.request(), client, reply);
        }
        return true;
    }

    /**
     * A key that expired counts as changed, though nobody has removed it yet. One that was absent,
     * and of which now even the trace of its removal is gone, does not.
     */
    private boolean isChanged(TransactionView view, WatchedKey watchedKey, Watched before) {
        int database = watchedKey.database();
        byte[] key = KeyArea.key(mapping.area(database), watchedKey.name().bytes());
        int swaps = mapping.swaps(database) - before.swaps();
        if (swaps > 0) {
            // Another database now, which is a change if the key is or was there; it may also have
            // come before the exchange.
            byte[] then = KeyArea.key(before.area(), watchedKey.name().bytes());
            return swaps > 1
                    || before.existed()
                    || view.keys().pexpireTime(key) != Session.ABSENT
                    || isWritten(view.version(then), before);
        }
        long version = view.version(key);
        if (before.existed()) {
            return version != before.version() || view.keys().pexpireTime(key) == Session.ABSENT;
        }
        return isWritten(version, before);
    }

    private static boolean isWritten(long version, Watched before) {
        return version != before.version() && version != 0;
    }
}
