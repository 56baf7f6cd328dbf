package io.hotpair.replication.internal;

import io.hotpair.Watermark;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** A watermark as the port describes it. */
final class MemoryWatermark implements Watermark {
    private record Waiting(long opId, Waiter waiter) {}

    private final List<Waiting> waiting = new ArrayList<>();
    private long opId;

    @Override
    public synchronized long get() {
        return opId;
    }

    @Override
    public void whenReached(long wanted, Waiter waiter) {
        synchronized (this) {
            if (opId < wanted) {
                waiting.add(new Waiting(wanted, waiter));
                return;
            }
        }
        waiter.done(true);
    }

    void raise(long to) {
        List<Waiter> reached = new ArrayList<>();
        synchronized (this) {
            opId = Math.max(opId, to);
            for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
                Waiting one = each.next();
                if (one.opId() <= opId) {
                    each.remove();
                    reached.add(one.waiter());
                }
            }
        }
        reached.forEach(waiter -> waiter.done(true));
    }

    void reset(long to) {
        List<Waiting> failed;
        synchronized (this) {
            opId = to;
            failed = List.copyOf(waiting);
            waiting.clear();
        }
        failed.forEach(one -> one.waiter().done(false));
    }
}
