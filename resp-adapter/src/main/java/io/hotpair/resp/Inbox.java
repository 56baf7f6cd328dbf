package io.hotpair.resp;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What others have for the clients of one event loop: messages of channels, invalidations. Offered
 * by any thread, delivered by the loop's, in the order of the offers.
 *
 * <p>The loop looks here before it executes what a client sent. So whoever has the reply to PUBLISH
 * knows that each subscriber gets the message before the reply to anything that it sends from then
 * on, as if there were one thread for all.
 *
 * <p>What waits is bounded: while an inbox holds more than {@link #HIGH_BYTES}, publishers among
 * the clients wait; threads that can't be made to wait may fill it up to {@link #LIMIT_BYTES}, and
 * then the loop's subscribers and those who are told of keys lose their connections, as those do
 * that read too slowly.
 */
final class Inbox {
    /**
     * From here on publishers wait; or from a quarter of what all clients may hold, if that is
     * less.
     */
    static final long HIGH_BYTES = 16 << 20;

    /** From here on subscribers are cut off; or from what all clients may hold, if that is less. */
    static final long LIMIT_BYTES = 64 << 20;

    /** Something to deliver. */
    interface Delivery {
        /** About how much memory it takes. */
        long bytes();

        /** Hands it to clients. Called by the loop's thread. */
        void deliver(Inbox at);
    }

    /** Told of each client that has subscribed to a topic. */
    interface Receiver {
        void accept(Client client);
    }

    private final Worker worker;
    private final long highBytes;
    private final long limitBytes;
    private final Queue<Delivery> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong heldBytes = new AtomicLong();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Runnable run = this::run;
    private volatile boolean overflown;

    /** This loop's subscribers, and what was published last when each of them subscribed. */
    private final Map<Topic, Map<Client, Long>> subscribers = new HashMap<>();

    private boolean delivering;

    Inbox(Worker worker) {
        this.worker = worker;
        long clientBytes = worker.server().config().clientMemoryLimitBytes();
        highBytes = Math.min(HIGH_BYTES, clientBytes / 4);
        limitBytes = Math.min(LIMIT_BYTES, clientBytes);
    }

    /** Adds something; {@link #signal} is to follow. */
    void offer(Delivery delivery) {
        long bytes = delivery.bytes();
        if (heldBytes.get() > limitBytes) {
            overflown = true;
            return;
        }
        long held = heldBytes.addAndGet(bytes);
        if (held > highBytes && held - bytes <= highBytes) {
            worker.server().pubSub().fellBehind();
        }
        queue.add(delivery);
        count.incrementAndGet();
    }

    /** Has the loop deliver what was offered; at once if this is its thread. */
    void signal() {
        if (worker.loop().inEventLoop()) {
            deliver();
        } else {
            signalLater();
        }
    }

    /** As {@link #signal}, but not before the present task is over: a reply may be half written. */
    void signalLater() {
        if (!scheduled.getAndSet(true)) {
            worker.execute(run);
        }
    }

    /** As {@link #signal}, if there is something. */
    void signalIfAny() {
        if (count.get() > 0 || overflown) {
            signal();
        }
    }

    private void run() {
        scheduled.set(false);
        deliver();
    }

    /** How much waits here. */
    long heldBytes() {
        return heldBytes.get();
    }

    /** Delivers what is there now. */
    void deliver() {
        int present = count.get();
        if ((present == 0 && !overflown) || delivering) {
            return;
        }
        delivering = true;
        try {
            for (int i = 0; i < present; i++) {
                take();
            }
            if (overflown) {
                overflown = false;
                cutOff();
            }
        } finally {
            delivering = false;
        }
    }

    private void take() {
        Delivery delivery = queue.poll();
        if (delivery == null) {
            return;
        }
        count.decrementAndGet();
        long bytes = delivery.bytes();
        long held = heldBytes.addAndGet(-bytes);
        if (held <= highBytes && held + bytes > highBytes) {
            worker.server().pubSub().caughtUp();
        }
        delivery.deliver(this);
    }

    private void cutOff() {
        RespServer.LOGGER.warn(
                "An event loop can't keep up with what it is to tell its clients: those who have"
                        + " subscribed or track keys are disconnected");
        for (Map<Client, Long> clients : subscribers.values()) {
            clients.keySet().forEach(client -> client.connection().kill());
        }
        // An invalidation that is lost leaves a cache old for ever.
        Tracking tracking = worker.server().tracking();
        for (Connection connection : List.copyOf(worker.connections())) {
            if (tracking.tells(connection.client()) || connection.client().isMonitor()) {
                connection.kill();
            }
        }
    }

    // ---- this loop's subscribers

    /** Adds a subscriber, who gets what is published later than a moment. */
    void subscribe(Topic topic, Client client, long since) {
        subscribers.computeIfAbsent(topic, t -> new LinkedHashMap<>(2)).put(client, since);
    }

    void unsubscribe(Topic topic, Client client) {
        Map<Client, Long> clients = subscribers.get(topic);
        if (clients != null) {
            clients.remove(client);
            if (clients.isEmpty()) {
                subscribers.remove(topic);
            }
        }
    }

    /** Goes through the clients who had subscribed when something was published. */
    void forEach(Topic topic, long sequence, Receiver receiver) {
        Map<Client, Long> clients = subscribers.get(topic);
        if (clients == null) {
            return;
        }
        clients.forEach(
                (client, since) -> {
                    if (since < sequence) {
                        tell(client, receiver);
                    }
                });
    }

    /** Goes through the clients that watched all commands when something was executed. */
    void forEachMonitor(long sequence, Receiver receiver) {
        for (Connection connection : List.copyOf(worker.connections())) {
            Client client = connection.client();
            if (client.isMonitor() && client.monitorsSince() < sequence) {
                tell(client, receiver);
            }
        }
    }

    /** Hands something to one client, whose failure is not that of the others. */
    static void tell(Client client, Receiver receiver) {
        try {
            receiver.accept(client);
        } catch (RuntimeException | Error e) {
            client.connection().fail(e);
        }
    }
}
