package io.hotpair.resp;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** Holds a command back while clients are paused; then it is executed as if it came just now. */
final class PauseWait implements Parked {
    /** The keyspace's clock, which decides, need not be that of the event loop. */
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Pause pause;
    private final Client client;
    private final boolean isHeldWithWrites;

    /** Who wants to know when it has looked again. */
    private final Queue<Runnable> told = new ConcurrentLinkedQueue<>();

    PauseWait(Pause pause, Client client, boolean isHeldWithWrites) {
        this.pause = pause;
        this.client = client;
        this.isHeldWithWrites = isHeldWithWrites;
        pause.add(this);
    }

    /**
     * Has it look again whether it is held back.
     *
     * @param then called once by any thread when it has, and its command, if it is not, had its
     *     turn
     */
    void wake(Runnable then) {
        told.add(then);
        if (pause.holdsBack(this)) {
            client.connection().wake(this);
        } else {
            tell();
        }
    }

    @Override
    public long advance(ReplyBuffer reply) {
        long leftNs = pause.leftNs(isHeldWithWrites);
        if (leftNs > 0) {
            tell();
            return Math.min(leftNs, POLL_NS);
        }
        pause.remove(this);
        // The command itself comes next, and this after it.
        client.connection().worker().execute(this::tell);
        return DONE;
    }

    @Override
    public void cancel() {
        pause.remove(this);
        tell();
    }

    private void tell() {
        for (Runnable then = told.poll(); then != null; then = told.poll()) {
            then.run();
        }
    }

    @Override
    public boolean isHeldBack() {
        return true;
    }
}
