package io.hotpair.resp;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A message on its way to the subscribers of its channel and of the patterns that match it. */
final class Message implements Inbox.Delivery {
    private static final int OVERHEAD = 128;

    private final byte[] channel;
    private final byte[] payload;
    private final @Nullable Topic topic;
    private final List<Topic> patterns;
    private final @Nullable Client except;
    private long sequence;

    /**
     * Creates one.
     *
     * @param topic the channel, or null if nobody has subscribed to it
     * @param patterns those that match
     * @param except a client that has it already, or null
     */
    Message(
            byte[] channel,
            byte[] payload,
            @Nullable Topic topic,
            List<Topic> patterns,
            @Nullable Client except) {
        this.channel = channel;
        this.payload = payload;
        this.topic = topic;
        this.patterns = patterns;
        this.except = except;
    }

    /** Gives it its place among all that was published; before it is offered to any inbox. */
    void sequence(long place) {
        sequence = place;
    }

    @Override
    public long bytes() {
        return (long) channel.length + payload.length + OVERHEAD;
    }

    /** How many receive it. Under the lock. */
    int receivers() {
        int total = topic == null ? 0 : topic.total();
        for (Topic pattern : patterns) {
            total += pattern.total();
        }
        return total;
    }

    /** Whether a topic's subscribers receive it. */
    boolean isTo(Topic some) {
        return some == topic || patterns.contains(some);
    }

    /** Whether one of an event loop's clients receives it. Under the lock. */
    boolean isFor(int worker) {
        if (topic != null && topic.hasAt(worker)) {
            return true;
        }
        for (Topic pattern : patterns) {
            if (pattern.hasAt(worker)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void deliver(Inbox at) {
        if (topic != null) {
            deliver(topic, at);
        }
        for (Topic pattern : patterns) {
            deliver(pattern, at);
        }
    }

    private void deliver(Topic to, Inbox at) {
        byte[][] encoded = new byte[2][];
        at.forEach(
                to,
                sequence,
                client -> {
                    if (client != except) {
                        int form = client.protocol() - 2;
                        if (encoded[form] == null) {
                            encoded[form] = encode(to, form == 1);
                        }
                        client.connection().push(encoded[form]);
                    }
                });
    }

    private byte[] encode(Topic to, boolean resp3) {
        PushBuilder push = new PushBuilder(resp3);
        boolean pattern = to.kind() == Topic.Kind.PATTERN;
        push.header(pattern ? 4 : 3).bulk(to.kind().word("message"));
        if (pattern) {
            push.bulk(to.name().bytes());
        }
        return push.bulk(channel).bulk(payload).bytes();
    }

    /** Gives it to one client alone, if that is a subscriber. */
    void deliverTo(Subscriptions subscriptions, Client client) {
        boolean resp3 = client.protocol() == 3;
        if (topic != null && subscriptions.has(topic)) {
            client.connection().push(encode(topic, resp3));
        }
        for (Topic pattern : patterns) {
            if (subscriptions.has(pattern)) {
                client.connection().push(encode(pattern, resp3));
            }
        }
    }
}
