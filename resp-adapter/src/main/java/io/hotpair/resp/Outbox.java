package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The way out for one client's replies: in order, each batch only when what it rests on holds.
 *
 * <p>A batch that wrote waits until its last write has come as far as the level asks; the earlier
 * ones have then come as far too. A batch that read is sent only by a node that can vouch for the
 * term it read in, asked last of all. Where either fails the replies concerned become errors: a
 * client never sees an OK or a value that nobody answers for.
 *
 * <p>What the client does not read stays here, not in the network library: only {@link #CHUNK}
 * bytes at a time are handed on. While much waits, {@link #congested()} tells the connection to
 * execute nothing more.
 *
 * <p>Used by the event loop's thread only, but for {@link #settled()}.
 */
final class Outbox {
    /** Sent in place of the reply to a write whose level was not reached in time. */
    static final String UNKNOWN_OUTCOME =
            "UNKNOWN outcome: the write was made, but it was not acknowledged in time or this node"
                    + " stopped being the master; it may or may not survive";

    /** Sent in place of data that this node can't vouch for. */
    static final String NOT_VOUCHED =
            "MASTERDOWN this node stopped being the master while it executed the command; ask the"
                    + " new master";

    /** The longest piece that is handed to the network at once. */
    static final int CHUNK = 128 << 10;

    private static final int MAX_BATCHES = 64;
    private static final long MAX_QUEUED_BYTES = 256 << 10;
    private static final byte[] UNKNOWN_REPLY = encoded(UNKNOWN_OUTCOME);
    private static final byte[] NOT_VOUCHED_REPLY = encoded(NOT_VOUCHED);

    /** Whose outbox it is. */
    interface Owner {
        /** Something was sent or settled; there may be room to execute more. */
        void outboxAdvanced();

        /** The last replies before the end of the connection were handed to the network. */
        void outboxClosing();
    }

    private final Channel channel;
    private final Worker worker;
    private final KeyspacePort keyspace;
    private final Acknowledgement level;
    private final MemoryBudget.Account account;
    private final Owner owner;
    private final ArrayDeque<Batch> queue = new ArrayDeque<>(0);
    private final Runnable pump = this::pump;
    private final boolean secure;
    private long unflushedBytes;
    private long queuedBytes;
    private long handedBytes;
    private boolean submitting;
    private boolean flushNeeded;
    private boolean closed;

    /**
     * Creates one.
     *
     * @param secure whether the channel speaks TLS: then what is not flushed is not encrypted yet,
     *     and does not count where the channel tells whether more can be written
     */
    Outbox(
            Channel channel,
            Worker worker,
            MemoryBudget.Account account,
            Owner owner,
            boolean secure) {
        this.channel = channel;
        this.secure = secure;
        this.worker = worker;
        this.keyspace = worker.server().keyspace();
        this.level = worker.server().acknowledgement();
        this.account = account;
        this.owner = owner;
    }

    /** Takes the replies of a batch over and sends them, now or when they may be. */
    void submit(ReplyBuffer reply) {
        if (reply.isEmpty() || closed) {
            return;
        }
        Batch waiting = reply.writeOpId() == 0 ? null : await(reply);
        if (waiting == null && queue.isEmpty() && sendable(reply)) {
            send(reply.bytes(), 0, reply.length());
            if (reply.closing()) {
                owner.outboxClosing();
            }
            return;
        }
        enqueue(waiting == null ? settledBatch() : waiting, reply);
        pump();
    }

    /**
     * Sends what the client did not ask for now, or keeps it behind what waits. Executes nothing,
     * as that may be going on for another client.
     */
    void push(byte[] encoded) {
        if (closed) {
            return;
        }
        if (queue.isEmpty() && encoded.length <= CHUNK && channel.isWritable()) {
            send(encoded, 0, encoded.length);
            return;
        }
        Batch last = queue.peekLast();
        if (last == null || !last.takes(encoded.length, CHUNK)) {
            last = settledBatch();
            last.beginPushes();
            queue.add(last);
            hold(last.bytes().length);
        }
        int before = last.bytes().length;
        last.add(encoded);
        hold(last.bytes().length - (long) before);
        if (queue.peek() == last && channel.isWritable()) {
            // Nothing else would: neither an outcome nor the network is waited for.
            worker.execute(pump);
        }
    }

    /** Hands what was sent to the kernel. */
    void flush() {
        if (flushNeeded) {
            flushNeeded = false;
            unflushedBytes = 0;
            channel.flush();
        }
    }

    /** Whether so much waits that nothing more should be executed. */
    boolean congested() {
        return queue.size() >= MAX_BATCHES
                || queuedBytes > MAX_QUEUED_BYTES
                || !channel.isWritable();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int batchCount() {
        return queue.size();
    }

    long queuedBytes() {
        return queuedBytes;
    }

    /** Grows as replies leave for the network; stands still while the client reads nothing. */
    long handedBytes() {
        return handedBytes;
    }

    /** Gives up waiting for writes that were made before a moment. */
    void timeOut(long nowNs, long timeoutNs) {
        boolean any = false;
        for (Batch batch : queue) {
            if (!batch.isSettled() && nowNs - batch.sinceNs() > timeoutNs) {
                batch.timeOut();
                any = true;
            }
        }
        if (any) {
            pump();
        }
    }

    /** Forgets what was not sent. */
    void close() {
        closed = true;
        queue.clear();
        queuedBytes = 0;
    }

    /** A batch has its outcome. Called by any thread. */
    void settled() {
        // In the loop's own thread while submitting, the answer is looked at as soon as the call
        // returns; a task would only cost time. The flag is this thread's own, so the read is safe.
        if (!(channel.eventLoop().inEventLoop() && submitting)) {
            worker.execute(pump);
        }
    }

    private @Nullable Batch await(ReplyBuffer reply) {
        if (!worker.server().waitsForWrites()) {
            return null;
        }
        Batch batch = worker.batch();
        batch.begin(this, keyspace.nanoTime());
        submitting = true;
        try {
            keyspace.whenAcknowledged(level, reply.writeOpId(), reply.writeTerm(), batch);
        } finally {
            submitting = false;
        }
        if (batch.isSettled() && !batch.isUnknown()) {
            worker.release(batch);
            return null;
        }
        return batch;
    }

    private boolean sendable(ReplyBuffer reply) {
        return reply.length() <= CHUNK
                && channel.isWritable()
                && (reply.readTerm() == ReplyBuffer.NO_TERM || keyspace.vouches(reply.readTerm()));
    }

    private Batch settledBatch() {
        Batch batch = worker.batch();
        batch.begin(this, keyspace.nanoTime());
        submitting = true;
        batch.done(true);
        submitting = false;
        return batch;
    }

    private void enqueue(Batch batch, ReplyBuffer reply) {
        batch.fill(reply, CHUNK);
        queue.add(batch);
        hold(batch.bytes().length);
    }

    private void pump() {
        for (Batch batch = queue.peek(); batch != null; batch = queue.peek()) {
            if (!batch.isSettled()) {
                break;
            }
            if (!batch.isChecked()) {
                check(batch);
            }
            drain(batch);
            if (batch.remaining() > 0) {
                break;
            }
            queue.remove();
            hold(-batch.bytes().length);
            boolean closing = batch.closing();
            worker.release(batch);
            if (closing) {
                owner.outboxClosing();
            }
        }
        if (!closed) {
            owner.outboxAdvanced();
        }
    }

    private void check(Batch batch) {
        boolean vouched =
                batch.readTerm() == ReplyBuffer.NO_TERM || keyspace.vouches(batch.readTerm());
        if (batch.isUnknown() || !vouched) {
            int before = batch.bytes().length;
            batch.replace(
                    batch.isUnknown() ? UNKNOWN_REPLY : null, vouched ? null : NOT_VOUCHED_REPLY);
            hold(batch.bytes().length - (long) before);
            worker.server().countWithheldBatch();
        }
        batch.checked();
    }

    private void drain(Batch batch) {
        while (batch.remaining() > 0 && channel.isWritable()) {
            int piece = Math.min(CHUNK, batch.remaining());
            send(batch.bytes(), batch.position(), piece);
            batch.advance(piece);
            if (!channel.isWritable()) {
                flush();
            }
        }
    }

    // Void: a failed write is told to the pipeline, where the connection ends itself.
    @SuppressWarnings("FutureReturnValueIgnored")
    private void send(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return;
        }
        ByteBuf out = channel.alloc().directBuffer(length);
        out.writeBytes(bytes, offset, length);
        handedBytes += length;
        worker.statistics().sent(length);
        worker.unflushed(length);
        if (!flushNeeded) {
            flushNeeded = true;
            worker.flushSoon(this);
        }
        channel.write(out, channel.voidPromise());
        unflushedBytes += length;
        if (secure && unflushedBytes >= CHUNK) {
            flush();
        }
    }

    private void hold(long bytes) {
        queuedBytes += bytes;
        account.charge(bytes);
    }

    private static byte[] encoded(String error) {
        return ("-" + error + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
