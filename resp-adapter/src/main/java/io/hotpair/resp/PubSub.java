package io.hotpair.resp;

import io.hotpair.resp.Topic.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Who has subscribed to what, and the way of a message to them. Thread-safe.
 *
 * <p>What is published gets its place in one order, under a lock that is held only while the
 * message is put into the {@link Inbox} of each event loop that has a subscriber. So all
 * subscribers see all messages in the same order, whichever loops they and the publishers are on;
 * and whether a message was published before or after somebody subscribed is decided for good, in
 * the count that PUBLISH answers and in what arrives.
 *
 * <p>With one exception: what a client publishes in EXEC, and has subscribed to itself, it finds
 * among the replies, before the message has its place; others' messages that have an earlier one
 * may reach it behind that.
 */
final class PubSub {
    private final List<Worker> workers;
    private final Map<Kind, Map<KeyName, Topic>> topics = new EnumMap<>(Kind.class);
    private final AtomicInteger behind = new AtomicInteger();
    private long sequence;

    /** Counts what comes into the maps of topics and leaves them. Changed under the lock. */
    private volatile long topicsVersion;

    PubSub(List<Worker> workers) {
        this.workers = workers;
        for (Kind kind : Kind.values()) {
            topics.put(kind, new ConcurrentHashMap<>());
        }
    }

    private Map<KeyName, Topic> of(Kind kind) {
        Map<KeyName, Topic> map = topics.get(kind);
        if (map == null) {
            throw new IllegalStateException("kind=" + kind);
        }
        return map;
    }

    /** Makes a client a subscriber. Called by its loop, once until it unsubscribes. */
    Topic subscribe(Kind kind, KeyName name, Client client) {
        Worker worker = client.connection().worker();
        synchronized (this) {
            Topic topic = of(kind).get(name);
            if (topic == null) {
                topic = new Topic(kind, name, workers.size());
                of(kind).put(name, topic);
                topicsVersion++;
            }
            topic.add(worker.index(), 1);
            worker.inbox().subscribe(topic, client, sequence);
            return topic;
        }
    }

    /**
     * Ends a subscription. Called by the client's loop.
     *
     * @param delivers whether the client still gets what was published until now
     */
    void unsubscribe(Topic topic, Client client, boolean delivers) {
        Worker worker = client.connection().worker();
        synchronized (this) {
            topic.add(worker.index(), -1);
            if (topic.total() == 0) {
                of(topic.kind()).remove(topic.name());
                topicsVersion++;
            }
        }
        if (delivers) {
            worker.inbox().deliver();
        }
        worker.inbox().unsubscribe(topic, client);
    }

    /** Whether nobody has subscribed to a channel or a pattern. */
    boolean isSilent() {
        return of(Kind.CHANNEL).isEmpty() && of(Kind.PATTERN).isEmpty();
    }

    /** A message to all who have subscribed now; null if there is nobody. */
    @Nullable Message message(Kind kind, byte[] channel, byte[] payload, @Nullable Client except) {
        Topic topic = of(kind).get(new KeyName(channel));
        List<Topic> patterns = kind == Kind.CHANNEL ? patterns(channel) : List.of();
        return topic == null && patterns.isEmpty()
                ? null
                : new Message(channel, payload, topic, patterns, except);
    }

    private List<Topic> patterns(byte[] channel) {
        Map<KeyName, Topic> all = of(Kind.PATTERN);
        if (all.isEmpty()) {
            return List.of();
        }
        List<Topic> matching = new ArrayList<>();
        for (Topic pattern : all.values()) {
            if (pattern.matches(channel)) {
                matching.add(pattern);
            }
        }
        return matching;
    }

    /** How many would receive a message. */
    synchronized int receivers(@Nullable Message message) {
        return message == null ? 0 : message.receivers();
    }

    /**
     * Sends a message.
     *
     * @return how many receive it
     */
    int publish(Kind kind, byte[] channel, byte[] payload, @Nullable Client except) {
        long seen = topicsVersion;
        Message message = message(kind, channel, payload, except);
        if (message == null && seen == topicsVersion) {
            return 0;
        }
        int receivers;
        synchronized (this) {
            if (seen != topicsVersion) {
                // Somebody came first or went last meanwhile: who is there now is to get it.
                message = message(kind, channel, payload, except);
            }
            if (message == null) {
                return 0;
            }
            message.sequence(++sequence);
            receivers = message.receivers();
            for (Worker worker : workers) {
                if (message.isFor(worker.index())) {
                    worker.inbox().offer(message);
                }
            }
        }
        for (Worker worker : workers) {
            worker.inbox().signalIfAny();
        }
        return receivers;
    }

    /** The names of a kind that match; all if there is no pattern. */
    List<byte[]> names(Kind kind, @Nullable GlobPattern pattern) {
        List<byte[]> names = new ArrayList<>();
        for (KeyName name : of(kind).keySet()) {
            if (pattern == null || Topic.matches(pattern, name.bytes())) {
                names.add(name.bytes());
            }
        }
        return names;
    }

    /** How many clients have subscribed to a channel. */
    synchronized int subscribers(Kind kind, byte[] name) {
        Topic topic = of(kind).get(new KeyName(name));
        return topic == null ? 0 : topic.total();
    }

    /** How many of a kind somebody has subscribed to. */
    int count(Kind kind) {
        return of(kind).size();
    }

    // ---- backpressure

    void fellBehind() {
        behind.incrementAndGet();
    }

    void caughtUp() {
        behind.decrementAndGet();
    }

    /** Whether an event loop has much to deliver, so that whoever has more for it should wait. */
    boolean isBehind() {
        return behind.get() > 0;
    }
}
