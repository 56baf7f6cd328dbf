package io.hotpair.resp;

import io.hotpair.Watermark;
import io.hotpair.resp.ReplyBuffer.Ground;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Replies that can't be sent yet: their writes are on the way to where they must come, or earlier
 * replies wait, or the client is slow to read. Filled and emptied by the event loop; told the
 * outcome of its last write by any thread, once.
 */
final class Batch implements Watermark.Waiter {
    private static final int WAITING = 0;
    private static final int REACHED = 1;
    private static final int UNKNOWN = 2;
    private static final int KEPT_LENGTH = 4 << 10;

    private final AtomicInteger outcome = new AtomicInteger();
    private @Nullable Outbox owner;
    private byte[] bytes = {};
    private int length;
    private int position;
    private int[] ends = {};
    private Ground[] grounds = {};
    private int count;
    private long readTerm;
    private boolean wrote;
    private boolean closing;
    private boolean checked;
    private boolean timedOut;
    private boolean pushes;
    private long sinceNs;

    /** Makes it wait for its outcome. */
    void begin(Outbox forOutbox, long nowNs) {
        owner = forOutbox;
        sinceNs = nowNs;
        outcome.set(WAITING);
        length = 0;
        position = 0;
        count = 0;
        checked = false;
        timedOut = false;
        pushes = false;
    }

    @Override
    public void done(boolean reached) {
        if (outcome.compareAndSet(WAITING, reached ? REACHED : UNKNOWN)) {
            Outbox outbox = owner;
            if (outbox != null) {
                outbox.settled();
            }
        }
    }

    /**
     * Stops waiting: the outcome is unknown. The keyspace still has this object and may call it, so
     * it is never used again.
     */
    void timeOut() {
        timedOut = outcome.compareAndSet(WAITING, UNKNOWN);
    }

    boolean isSettled() {
        return outcome.get() != WAITING;
    }

    boolean isUnknown() {
        return outcome.get() == UNKNOWN;
    }

    boolean isReusable() {
        return !timedOut;
    }

    long sinceNs() {
        return sinceNs;
    }

    /** Takes the replies over; a long one with its array, a short one by copying. */
    void fill(ReplyBuffer reply, int takeFrom) {
        length = reply.length();
        if (length >= takeFrom) {
            bytes = reply.takeBytes();
        } else {
            if (bytes.length < length) {
                bytes = new byte[length];
            }
            System.arraycopy(reply.bytes(), 0, bytes, 0, length);
        }
        count = reply.count();
        if (ends.length < count) {
            ends = new int[count];
            grounds = new Ground[count];
        }
        for (int i = 0; i < count; i++) {
            ends[i] = reply.end(i);
            grounds[i] = reply.ground(i);
        }
        readTerm = reply.readTerm();
        wrote = reply.writeOpId() != 0;
        closing = reply.closing();
    }

    /** Makes it one of pushes, which rest on nothing. */
    void beginPushes() {
        readTerm = ReplyBuffer.NO_TERM;
        wrote = false;
        closing = false;
        pushes = true;
    }

    /** Whether a push may be added: not to replies, and not beyond a length. */
    boolean takes(int pushLength, int maxLength) {
        return pushes && length + pushLength <= maxLength;
    }

    /** Adds a push at the end. */
    void add(byte[] push) {
        if (bytes.length - length < push.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + push.length, 2 * bytes.length));
        }
        System.arraycopy(push, 0, bytes, length, push.length);
        length += push.length;
    }

    /** Drops what is too large to keep for the next use. */
    void recycle() {
        owner = null;
        if (bytes.length > KEPT_LENGTH) {
            bytes = new byte[0];
        }
        if (ends.length > KEPT_LENGTH / Integer.BYTES) {
            ends = new int[0];
            grounds = new Ground[0];
        }
    }

    long readTerm() {
        return readTerm;
    }

    boolean wrote() {
        return wrote;
    }

    boolean closing() {
        return closing;
    }

    byte[] bytes() {
        return bytes;
    }

    int position() {
        return position;
    }

    void advance(int by) {
        position += by;
    }

    int remaining() {
        return length - position;
    }

    boolean isChecked() {
        return checked;
    }

    void checked() {
        checked = true;
    }

    /**
     * Replaces the replies that must not be sent.
     *
     * @param insteadOfWrites the error for replies that rest on a write, or null to keep them
     * @param insteadOfReads the error for replies that rest on a read, or null to keep them
     */
    void replace(byte @Nullable [] insteadOfWrites, byte @Nullable [] insteadOfReads) {
        byte[] kept = new byte[length + count * 256];
        int keptLength = 0;
        int from = 0;
        for (int i = 0; i < count; i++) {
            byte[] instead =
                    switch (grounds[i]) {
                        case WRITE -> insteadOfWrites;
                        case READ -> insteadOfReads;
                        case NOTHING -> null;
                    };
            byte[] source = instead == null ? bytes : instead;
            int sourceFrom = instead == null ? from : 0;
            // A suppressed reply (CLIENT REPLY OFF) stays suppressed.
            int partLength =
                    ends[i] == from ? 0 : instead == null ? ends[i] - from : instead.length;
            if (kept.length - keptLength < partLength) {
                kept = Arrays.copyOf(kept, keptLength + partLength + length);
            }
            System.arraycopy(source, sourceFrom, kept, keptLength, partLength);
            keptLength += partLength;
            from = ends[i];
        }
        bytes = kept;
        length = keptLength;
    }
}
