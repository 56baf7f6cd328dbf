package io.hotpair.resp;

import io.hotpair.WriteListener.Write;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What one event loop's thread has for itself: the buffers that its clients take turns with, spare
 * batches, counters. Only that thread uses it, but for {@link #execute} and reading the counters.
 */
final class Worker {
    private static final int MAX_SPARE_BATCHES = 64;
    private static final int READ_LENGTH = 64 << 10;
    private static final long MAX_UNFLUSHED_BYTES = 256 << 10;

    private final EventLoop loop;
    private final RespServer server;

    /** Which database had which area when it was looked at last who waits. */
    private Databases.Mapping mapping = Databases.Mapping.NONE;

    private final WorkerStatistics statistics;
    private final ReplyBuffer reply;
    private final Dispatcher dispatcher;
    private final ArrayDeque<Batch> spareBatches = new ArrayDeque<>();
    private final Set<Connection> connections = new LinkedHashSet<>();
    private final int index;
    private final Inbox inbox;
    private final ArrayDeque<Outbox> toFlush = new ArrayDeque<>();
    private final Runnable flush = this::flush;
    private boolean flushes;
    private long unflushedBytes;
    private final List<Write> writes = new ArrayList<>();
    private boolean loggingWrites;
    private final Broadcasts broadcasts = new Broadcasts();
    private final List<Tracking.Invalidation> afterReply = new ArrayList<>();
    private @Nullable Client executing;
    private @Nullable ScriptContext scriptContext;
    private final ReadAhead readAhead = new ReadAhead();
    private byte[] readArray = new byte[READ_LENGTH];

    Worker(EventLoop loop, RespServer server, int index) {
        this.loop = loop;
        this.server = server;
        this.index = index;
        inbox = new Inbox(this);
        statistics = new WorkerStatistics(server);
        reply = new ReplyBuffer(server.errorCounts());
        dispatcher = new Dispatcher(server, statistics);
    }

    EventLoop loop() {
        return loop;
    }

    RespServer server() {
        return server;
    }

    /** Its place among the listener's event loops. */
    int index() {
        return index;
    }

    Inbox inbox() {
        return inbox;
    }

    WorkerStatistics statistics() {
        return statistics;
    }

    ReplyBuffer reply() {
        return reply;
    }

    ReadAhead readAhead() {
        return readAhead;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    /** What scripts need here; made with the first one. */
    ScriptContext scriptContext() {
        ScriptContext present = scriptContext;
        if (present == null) {
            present = new ScriptContext(server, dispatcher, statistics);
            scriptContext = present;
        }
        return present;
    }

    Set<Connection> connections() {
        return connections;
    }

    /** An array for what was just read, until the next read of any client. */
    byte[] readArray(int length) {
        if (readArray.length < length) {
            readArray = new byte[length];
        }
        return readArray;
    }

    Batch batch() {
        Batch batch = spareBatches.poll();
        return batch == null ? new Batch() : batch;
    }

    void release(Batch batch) {
        if (batch.isReusable() && spareBatches.size() < MAX_SPARE_BATCHES) {
            batch.recycle();
            spareBatches.add(batch);
        }
    }

    /** Runs a task in the loop's thread. A listener that is closing has no more use for it. */
    void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            RespServer.LOGGER.debug("The listener is closed, its clients are gone", e);
        }
    }

    Broadcasts broadcasts() {
        return broadcasts;
    }

    /** The client whose input is being executed, or null. */
    @Nullable Client executing() {
        return executing;
    }

    void executing(@Nullable Client client) {
        executing = client;
    }

    /** Keeps what the client is to be told behind the reply that is being made. */
    void tellAfterReply(Tracking.Invalidation message) {
        afterReply.add(message);
    }

    /** Tells it. Called between two replies. */
    void tellAfterReply() {
        if (afterReply.isEmpty()) {
            return;
        }
        boolean closing = executing == null || executing.isClosing();
        for (Tracking.Invalidation message : afterReply) {
            byte[] encoded = closing ? null : message.encode();
            if (encoded != null) {
                reply.push(encoded);
                reply.end(ReplyBuffer.Ground.NOTHING);
            }
        }
        afterReply.clear();
    }

    /** Forgets what was kept for a client that failed: the next one must not get it. */
    void abandon() {
        afterReply.clear();
        loggingWrites = false;
        writes.clear();
    }

    /** Takes down what is written from now on in this thread. */
    void beginLoggingWrites() {
        loggingWrites = true;
    }

    boolean isLoggingWrites() {
        return loggingWrites;
    }

    void logWrites(List<Write> more) {
        writes.addAll(more);
    }

    /** Ends that, and tells what was written. */
    List<Write> endLoggingWrites() {
        loggingWrites = false;
        List<Write> all = List.copyOf(writes);
        writes.clear();
        return all;
    }

    /**
     * Hands what an outbox sent to the kernel when all that has arrived for any client is executed:
     * who is woken by his reply then finds the others', too, and is not woken for each of them.
     */
    void flushSoon(Outbox outbox) {
        toFlush.add(outbox);
        if (!flushes) {
            execute(flush);
            flushes = true;
        }
    }

    /** Counts what an outbox sent and has not handed to the kernel. */
    void unflushed(int length) {
        unflushedBytes += length;
    }

    /**
     * Hands over at once what was sent to all, where that is so much that the memory which it takes
     * matters more. Not to be called while a client's input is executed.
     */
    void flushIfMuch() {
        if (unflushedBytes > MAX_UNFLUSHED_BYTES) {
            flush();
        }
    }

    private void flush() {
        flushes = false;
        unflushedBytes = 0;
        for (Outbox next = toFlush.poll(); next != null; next = toFlush.poll()) {
            next.flush();
        }
    }

    /** Ends the waits of all who wait for an element. Called by the loop. */
    void unblock() {
        for (Connection connection : connections) {
            if (connection.client().parked() instanceof BlockedClient<?> blocked) {
                blocked.endForReplica();
            }
        }
    }

    /**
     * Has those wait for other keys who wait in a database that was exchanged with another, in the
     * order in which they came. Called by the loop.
     */
    void moveWaiting() {
        Databases.Mapping present = server.databases().lastSeen();
        if (present == mapping) {
            return;
        }
        mapping = present;
        List<Client> waiting = new ArrayList<>();
        for (Connection connection : connections) {
            Client client = connection.client();
            int database = client.database();
            boolean isConcerned = client.mapping().area(database) != present.area(database);
            if (isConcerned && client.parked() instanceof BlockedClient<?>) {
                waiting.add(client);
            }
        }
        waiting.sort(Comparator.comparingLong(Client::lastCommandNs));
        for (Client client : waiting) {
            if (client.parked() instanceof BlockedClient<?> blocked) {
                blocked.move();
            }
        }
    }

    /** Looks after time-outs, and after what others than this listener's clients did. */
    void tick() {
        if (connections.isEmpty()) {
            return;
        }
        moveWaiting();
        long nowNs = server.keyspace().nanoTime();
        List<Connection> present = new ArrayList<>(connections);
        for (Connection connection : present) {
            connection.tick(nowNs);
        }
    }
}
