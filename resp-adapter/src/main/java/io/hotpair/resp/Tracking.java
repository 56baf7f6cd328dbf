package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.WriteListener.Write;
import io.hotpair.resp.Broadcasts.By;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which clients have which keys in a cache of their own, and tells them when that is old, as CLIENT
 * TRACKING asks. Thread-safe.
 *
 * <p>A key is noted before it is read. So whoever changes it after the read finds it noted, and the
 * invalidation, which takes the way through the client's event loop, comes behind the reply with
 * the old value.
 */
final class Tracking {
    private static final int OVERHEAD = 128;
    private static final int KEY_BYTES = 192;
    private static final int PREFIX_BYTES = 448;
    private static final int NOTED_AT_ONCE = 1_000;
    private static final By NOBODY = new By(null);

    /** About what one client's id takes in a key's set. */
    private static final int ITEM_BYTES = 48;

    /**
     * How a client wants to be told.
     *
     * @param redirect the id of the client that is told in its place, 0 for itself
     * @param broadcast whether it is told of all keys with its prefixes, read or not
     * @param optIn whether only what follows CLIENT CACHING YES is noted
     * @param optOut whether what follows CLIENT CACHING NO is not
     * @param noLoop whether its own writes are not told
     */
    record Mode(long redirect, boolean broadcast, boolean optIn, boolean optOut, boolean noLoop) {}

    private final RespServer server;
    private final Map<KeyName, Set<Long>> table = new ConcurrentHashMap<>();
    private final Map<KeyName, Set<Client>> prefixes = new ConcurrentHashMap<>();
    private final Map<Long, Client> clients = new ConcurrentHashMap<>();
    private final AtomicLong items = new AtomicLong();
    private final AtomicLong tableBytes = new AtomicLong();
    private final Object victimsLock = new Object();
    private Iterator<KeyName> victims = Collections.emptyIterator();
    private volatile long maxKeys = 1_000_000;

    Tracking(RespServer server) {
        this.server = server;
    }

    // ---- who tracks

    boolean isActive() {
        return !clients.isEmpty();
    }

    /** Begins to tell a client, or changes how. Called by the client's event loop. */
    void enable(Client client, Mode mode, List<byte[]> newPrefixes) {
        client.tracking(mode);
        clients.put(client.id(), client);
        for (byte[] prefix : newPrefixes) {
            KeyName name = new KeyName(prefix);
            if (!client.trackedPrefixes().contains(name)) {
                client.connection().account().chargeOrEnd(prefix.length + (long) PREFIX_BYTES);
                client.trackedPrefixes().add(name);
                prefixes.compute(
                        name,
                        (n, present) -> {
                            Set<Client> with = ConcurrentHashMap.newKeySet();
                            with.addAll(present == null ? Set.of() : present);
                            with.add(client);
                            return with;
                        });
            }
        }
        server.keyEvents().listenIfNeeded();
    }

    /** Ends that. Its keys stay noted until they change, for nobody. */
    void disable(Client client) {
        if (clients.remove(client.id()) == null) {
            return;
        }
        client.tracking(null);
        for (KeyName prefix : client.trackedPrefixes()) {
            prefixes.computeIfPresent(
                    prefix,
                    (n, present) -> {
                        present.remove(client);
                        return present.isEmpty() ? null : present;
                    });
            client.connection().account().charge(-(prefix.bytes().length + (long) PREFIX_BYTES));
        }
        client.trackedPrefixes().clear();
        if (clients.isEmpty()) {
            // Somebody may begin at this moment, and be the one who has a key.
            table.keySet().forEach(key -> invalidate(key, NOBODY));
        }
        server.keyEvents().listenIfNeeded();
    }

    /** Whether a client is told of keys, for itself or in the place of another. */
    boolean tells(Client client) {
        if (client.tracking() != null) {
            return true;
        }
        for (Client tracker : clients.values()) {
            Mode mode = tracker.tracking();
            if (mode != null && mode.redirect() == client.id()) {
                return true;
            }
        }
        return false;
    }

    int clientCount() {
        return clients.size();
    }

    int keyCount() {
        return table.size();
    }

    long itemCount() {
        return items.get();
    }

    int prefixCount() {
        return prefixes.size();
    }

    long maxKeys() {
        return maxKeys;
    }

    void maxKeys(long count) {
        maxKeys = count;
        limit();
    }

    // ---- what is read

    /**
     * Notes the keys that a command is about to read, if its client wants that. Of a script all
     * keys that it was given are noted as soon as it calls a command that reads, whatever that
     * reads.
     */
    void note(Origin origin) {
        Client client = origin.client();
        Mode mode = client.tracking();
        if (mode == null
                || mode.broadcast()
                || !origin.command().has(Command.Flag.READONLY)
                || origin.command().group() == Command.Group.SCRIPTING
                || (mode.optIn()
                        ? !client.isCachingSet()
                        : mode.optOut() && client.isCachingSet())) {
            return;
        }
        int noted = 0;
        byte[][] declared = client.transaction().declaredKeys();
        if (declared == null) {
            // As with Redis, a name is the same in all databases.
            for (KeySpec.Found found : KeySpec.find(origin.command().keys(), origin.request(), 0)) {
                byte[] key = origin.request().copy(found.argument());
                note(new KeyName(KeyArea.name(key)), client.id());
                limitAfter(++noted);
            }
        } else {
            for (byte[] key : declared) {
                note(new KeyName(key), client.id());
                limitAfter(++noted);
            }
        }
        limit();
    }

    private void note(KeyName key, long id) {
        table.compute(
                key,
                (k, present) -> {
                    Set<Long> ids = present;
                    if (ids == null) {
                        ids = new HashSet<>(2);
                        tableBytes.addAndGet(k.bytes().length + (long) KEY_BYTES);
                    }
                    if (ids.add(id)) {
                        items.incrementAndGet();
                        tableBytes.addAndGet(ITEM_BYTES);
                    }
                    return ids;
                });
    }

    /** Keeps to the limit also in the middle of a command with very many keys. */
    private void limitAfter(int noted) {
        if (noted % NOTED_AT_ONCE == 0) {
            limit();
        }
    }

    /** Forgets some keys where there are too many, and tells those who have them. */
    private void limit() {
        Map<Client, List<byte[]>> old = new HashMap<>();
        long maxBytes = server.budget().limitBytes() / 4;
        while ((maxKeys > 0 && table.size() > maxKeys) || tableBytes.get() > maxBytes) {
            KeyName any = nextVictim();
            if (any == null) {
                break;
            }
            forget(any, old);
        }
        old.forEach(
                (client, keys) -> {
                    Mode mode = client.tracking();
                    if (mode != null && !mode.broadcast()) {
                        tell(client, mode, keys, List.of(NOBODY));
                    }
                });
    }

    private void forget(KeyName key, Map<Client, List<byte[]>> old) {
        Set<Long> ids = take(key);
        if (ids == null) {
            return;
        }
        for (long id : ids) {
            Client client = clients.get(id);
            if (client != null) {
                old.computeIfAbsent(client, c -> new ArrayList<>()).add(key.bytes());
            }
        }
    }

    /** Some key: it goes round the table, as from its beginning each search would be a long one. */
    private @Nullable KeyName nextVictim() {
        synchronized (victimsLock) {
            if (!victims.hasNext()) {
                victims = table.keySet().iterator();
            }
            return victims.hasNext() ? victims.next() : null;
        }
    }

    private @Nullable Set<Long> take(KeyName key) {
        Set<Long> ids = table.remove(key);
        if (ids != null) {
            tableBytes.addAndGet(
                    -(key.bytes().length + KEY_BYTES + (long) ITEM_BYTES * ids.size()));
            items.addAndGet(-ids.size());
        }
        return ids;
    }

    private void clear() {
        for (KeyName key : table.keySet()) {
            take(key);
        }
    }

    // ---- what is written

    /** Tells of writes. Called by the thread that made them. */
    void written(List<Write> writes) {
        for (Write write : writes) {
            Origin origin = write.origin() instanceof Origin command ? command : null;
            boolean isFlushed = origin != null && origin.isFlush();
            if (!isFlushed && !KeyArea.isOwn(write.key())) {
                KeyName key = new KeyName(KeyArea.name(write.key()));
                By by = new By(origin);
                invalidate(key, by);
                broadcast(key, by);
            }
        }
    }

    private void invalidate(KeyName key, By by) {
        Set<Long> ids = take(key);
        if (ids == null) {
            return;
        }
        for (long id : ids) {
            Client client = clients.get(id);
            Mode mode = client == null ? null : client.tracking();
            if (client != null
                    && mode != null
                    && !mode.broadcast()
                    && !(mode.noLoop() && by.is(client))) {
                tell(client, mode, List.of(key.bytes()), List.of(by));
            }
        }
    }

    private void broadcast(KeyName key, By by) {
        if (prefixes.isEmpty()) {
            return;
        }
        Worker worker = server.currentWorker();
        for (KeyName prefix : prefixes.keySet()) {
            if (startsWith(key.bytes(), prefix.bytes())) {
                if (worker != null) {
                    worker.broadcasts().add(prefix, key, by);
                } else {
                    broadcast(prefix, Map.of(key, by));
                }
            }
        }
    }

    /** Tells those with a prefix of keys, all in one message. */
    void broadcast(KeyName prefix, Map<KeyName, By> keys) {
        for (Client client : prefixes.getOrDefault(prefix, Set.of())) {
            Mode mode = client.tracking();
            if (mode == null) {
                continue;
            }
            List<byte[]> told = new ArrayList<>();
            keys.forEach(
                    (key, by) -> {
                        if (!mode.noLoop() || !by.is(client)) {
                            told.add(key.bytes());
                        }
                    });
            if (!told.isEmpty()) {
                tell(client, mode, told, keys.values());
            }
        }
    }

    static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length
                && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** Tells all that nothing is as it was. */
    void flushed() {
        clear();
        for (Client client : new LinkedHashSet<>(clients.values())) {
            Mode mode = client.tracking();
            if (mode != null) {
                tell(client, mode, null, List.of());
            }
        }
    }

    // ---- how it is told

    private void tell(
            Client client, Mode mode, @Nullable List<byte[]> keys, Collection<By> writers) {
        Client target = client;
        if (mode.redirect() != 0) {
            Connection other = server.clients().find(mode.redirect());
            if (other == null) {
                client.redirectionBroke();
                send(client, new Invalidation(client, null, mode.redirect(), client, List.of()));
                return;
            }
            target = other.client();
        }
        send(target, new Invalidation(target, keys, 0, client, writers));
    }

    private void send(Client target, Invalidation message) {
        Worker worker = target.connection().worker();
        if (worker == server.currentWorker() && worker.executing() == target) {
            worker.tellAfterReply(message);
            return;
        }
        worker.inbox().offer(message);
        worker.inbox().signalLater();
    }

    /** One message to one client. */
    static final class Invalidation implements Inbox.Delivery {
        private final Client target;
        private final @Nullable List<byte[]> keys;
        private final long broken;
        private final boolean redirected;
        private final boolean trackerResp3;

        /** Whether each key has a message of its own, as in Redis if not all were told at once. */
        private final boolean isApart;

        private final List<Request> own = new ArrayList<>(1);

        /**
         * Creates one.
         *
         * @param keys what is old, or null for everything
         * @param broken the id of a client that is gone, or 0
         * @param tracker who reads the keys
         * @param writers whose writes are told of
         */
        Invalidation(
                Client target,
                @Nullable List<byte[]> keys,
                long broken,
                Client tracker,
                Collection<By> writers) {
            this.target = target;
            this.keys = keys;
            this.broken = broken;
            Mode mode = tracker.tracking();
            redirected = mode != null && mode.redirect() != 0;
            trackerResp3 = tracker.protocol() == 3;
            isApart = mode != null && !mode.broadcast();
            for (By by : writers) {
                if (by.origin() != null && by.is(target)) {
                    own.add(by.origin().request());
                }
            }
        }

        /** Whether it tells of what a command did that waited, and is not answered yet. */
        private boolean isOfParked(Client client) {
            Client.Begun begun = client.begun();
            if (begun == null || own.isEmpty()) {
                return false;
            }
            // What a script has written comes while it is parked, and all before it came earlier.
            return client.parked() instanceof ScriptRun
                    || own.stream().anyMatch(each -> each == begun.stored());
        }

        @Override
        public long bytes() {
            return OVERHEAD
                    + (keys == null ? 0 : keys.stream().mapToLong(key -> key.length + 16L).sum());
        }

        @Override
        public void deliver(Inbox at) {
            Inbox.tell(
                    target,
                    client -> {
                        if (isOfParked(client)) {
                            client.tellAfterReply(this);
                            return;
                        }
                        byte[] encoded = encode();
                        if (encoded != null) {
                            client.connection().push(encoded);
                        }
                    });
        }

        /** The message as the target understands it; null if it has no way to get it. */
        byte @Nullable [] encode() {
            if (!isApart || keys == null) {
                return encode(keys);
            }
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (byte[] key : keys) {
                byte[] one = encode(List.of(key));
                if (one == null) {
                    return null;
                }
                all.writeBytes(one);
            }
            return all.toByteArray();
        }

        private byte @Nullable [] encode(@Nullable List<byte[]> told) {
            boolean resp3 = target.protocol() == 3;
            PushBuilder push = new PushBuilder(resp3);
            if (broken != 0) {
                return resp3
                        ? push.header(2).bulk("tracking-redir-broken").integer(broken).bytes()
                        : null;
            }
            if (resp3) {
                push.header(2).bulk("invalidate");
            } else if (redirected && target.isSubscriber()) {
                push.header(3).bulk("message").bulk("__redis__:invalidate");
            } else {
                return null;
            }
            if (told == null) {
                // In the form of who tracks, not of who is told.
                return push.nothing(trackerResp3).bytes();
            }
            push.array(told.size());
            told.forEach(push::bulk);
            return push.bytes();
        }
    }
}
