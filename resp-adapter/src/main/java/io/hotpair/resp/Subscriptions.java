package io.hotpair.resp;

import io.hotpair.resp.Topic.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one client has subscribed to. Used by its event loop; the counts may be read by any. */
final class Subscriptions {
    private static final int OVERHEAD = 256;

    private final Client client;
    private final PubSub pubSub;
    private final Map<Kind, Map<KeyName, Topic>> topics = new EnumMap<>(Kind.class);
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
        of(kind).put(key, pubSub.subscribe(kind, key, client));
        client.connection().account().charge(name.length + (long) OVERHEAD);
        count();
    }

    /** Ends a subscription, if there is one. */
    void remove(Kind kind, byte[] name) {
        remove(kind, name, true);
    }

    private void remove(Kind kind, byte[] name, boolean delivers) {
        Topic topic = of(kind).get(new KeyName(name));
        if (topic != null) {
            // Removed behind this, as what is delivered meanwhile is still for this client.
            pubSub.unsubscribe(topic, client, delivers);
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

    /** What is subscribed to now, for {@link #restore}. */
    Map<Kind, List<byte[]>> saved() {
        Map<Kind, List<byte[]>> saved = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            saved.put(kind, names(kind));
        }
        return saved;
    }

    /** Puts back what was there before an attempt that does not count. */
    void restore(Map<Kind, List<byte[]>> saved) {
        saved.forEach(
                (kind, before) -> {
                    for (byte[] name : names(kind)) {
                        if (before.stream().noneMatch(b -> Arrays.equals(b, name))) {
                            remove(kind, name, false);
                        }
                    }
                    before.forEach(name -> add(kind, name));
                });
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
