package io.hotpair.resp;

import io.hotpair.resp.Topic.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one client has subscribed to. Used by its event loop; the counts may be read by any. */
final class Subscriptions {
    private static final int OVERHEAD = 640;

    private final Client client;
    private final PubSub pubSub;
    private final Map<Kind, Map<KeyName, Topic>> topics = new EnumMap<>(Kind.class);

    /** What a transaction that is executing has unsubscribed from. */
    private final Set<Topic> leaving = new LinkedHashSet<>(0);

    private volatile int channels;
    private volatile int patterns;
    private volatile int shards;

    Subscriptions(Client client, PubSub pubSub) {
        this.client = client;
        this.pubSub = pubSub;
        for (Kind kind : Kind.values()) {
            topics.put(kind, new LinkedHashMap<>(0));
        }
    }

    private Map<KeyName, Topic> of(Kind kind) {
        Map<KeyName, Topic> map = topics.get(kind);
        if (map == null) {
            throw new IllegalStateException("kind=" + kind);
        }
        return map;
    }

    int count(Kind kind) {
        return switch (kind) {
            case CHANNEL -> channels;
            case PATTERN -> patterns;
            case SHARD -> shards;
        };
    }

    /** What a confirmation says: shard channels are counted alone, all others together. */
    int confirmedCount(Kind kind) {
        return kind.isShard() ? shards : channels + patterns;
    }

    boolean isEmpty() {
        return channels + patterns + shards == 0;
    }

    boolean has(Topic topic) {
        return of(topic.kind()).get(topic.name()) == topic;
    }

    /** Subscribes, unless the client has already. */
    void add(Kind kind, byte[] name) {
        KeyName key = new KeyName(name);
        if (of(kind).containsKey(key)) {
            return;
        }
        client.connection().account().chargeOrEnd(name.length + (long) OVERHEAD);
        Topic left = leaving(kind, key);
        if (left == null) {
            of(kind).put(key, pubSub.subscribe(kind, key, client));
        } else {
            leaving.remove(left);
            of(kind).put(key, left);
        }
        count();
    }

    /** Ends a subscription, if there is one. */
    void remove(Kind kind, byte[] name) {
        remove(kind, name, true);
    }

    private void remove(Kind kind, byte[] name, boolean delivers) {
        Topic topic = of(kind).get(new KeyName(name));
        if (topic != null) {
            if (client.transaction().isExecuting()) {
                leaving.add(topic);
            } else {
                // Removed behind this, as what is delivered meanwhile is still for this client.
                pubSub.unsubscribe(topic, client, delivers);
            }
            of(kind).remove(topic.name());
            client.connection().account().charge(-(name.length + (long) OVERHEAD));
            count();
        }
    }

    /** The names of a kind, in the order of the subscriptions. */
    List<byte[]> names(Kind kind) {
        List<byte[]> names = new ArrayList<>();
        of(kind).keySet().forEach(name -> names.add(name.bytes()));
        return names;
    }

    /** Ends all subscriptions, without a word. */
    void clear() {
        for (Kind kind : Kind.values()) {
            for (byte[] name : names(kind)) {
                remove(kind, name, false);
            }
        }
    }

    private void count() {
        channels = of(Kind.CHANNEL).size();
        patterns = of(Kind.PATTERN).size();
        shards = of(Kind.SHARD).size();
    }

    // ---- attempts of a transaction
    // Who unsubscribes there remains a subscriber for all others until the transaction has
    // committed: an attempt that does not count has then taken no message from the client.

    /** What is subscribed to now, for {@link #restore}. */
    Map<Kind, Map<KeyName, Topic>> saved() {
        Map<Kind, Map<KeyName, Topic>> saved = new EnumMap<>(Kind.class);
        topics.forEach((kind, present) -> saved.put(kind, new LinkedHashMap<>(present)));
        return saved;
    }

    /** Puts back what was there before an attempt that does not count. */
    void restore(Map<Kind, Map<KeyName, Topic>> saved) {
        Set<Topic> added = new LinkedHashSet<>(leaving);
        leaving.clear();
        long bytes = 0;
        for (Kind kind : Kind.values()) {
            Map<KeyName, Topic> present = of(kind);
            Map<KeyName, Topic> before = saved.getOrDefault(kind, Map.of());
            bytes += bytes(before) - bytes(present);
            added.addAll(present.values());
            added.removeAll(before.values());
            present.clear();
            present.putAll(before);
        }
        added.forEach(topic -> pubSub.unsubscribe(topic, client, false));
        client.connection().account().charge(bytes);
        count();
    }

    private static long bytes(Map<KeyName, Topic> some) {
        return some.keySet().stream().mapToLong(name -> name.bytes().length + OVERHEAD).sum();
    }

    /** Ends for good what the transaction, which has committed, unsubscribed from. */
    void leave() {
        for (Topic topic : leaving) {
            pubSub.unsubscribe(topic, client, true);
        }
        leaving.clear();
    }

    private @Nullable Topic leaving(Kind kind, KeyName name) {
        for (Topic topic : leaving) {
            if (topic.kind() == kind && topic.name().equals(name)) {
                return topic;
            }
        }
        return null;
    }

    /** How many subscribers of a topic are this client on its way out: one or none. */
    int countLeaving(Kind kind, byte[] name) {
        return leaving(kind, new KeyName(name)) == null ? 0 : 1;
    }

    /** How many of a message's receivers are this client on its way out. */
    int countLeaving(@Nullable Message message) {
        return message == null ? 0 : (int) leaving.stream().filter(message::isTo).count();
    }

    /** How many topics of a kind have no other subscriber than this client on its way out. */
    int countLeft(Kind kind) {
        return (int)
                leaving.stream()
                        .filter(topic -> topic.kind() == kind)
                        .filter(topic -> pubSub.subscribers(kind, topic.name().bytes()) == 1)
                        .count();
    }

    // ---- replies

    /** Writes that a subscription has begun or ended. */
    void confirm(Kind kind, String what, byte @Nullable [] name, ReplyBuffer reply) {
        reply.beginPush();
        reply.pushHeader(3);
        reply.bulk(kind.word(what));
        reply.bulkOrNull(name);
        reply.integer(confirmedCount(kind));
        reply.endPush();
    }
}
