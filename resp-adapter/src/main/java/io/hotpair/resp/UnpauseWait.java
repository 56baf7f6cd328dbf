package io.hotpair.resp;

import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * CLIENT UNPAUSE: answers when the commands that were held back have had their turn, which the
 * event loops of their clients give them. Who has the answer finds them executed, or waiting.
 */
final class UnpauseWait implements Parked {
    private final Client asking;
    private final AtomicInteger awaited;

    private UnpauseWait(Client asking, int awaited) {
        this.asking = asking;
        this.awaited = new AtomicInteger(awaited);
    }

    static void begin(Request request, Client client, ReplyBuffer reply) {
        Set<PauseWait> held = client.server().pause().end();
        // A transaction waits for nobody.
        if (held.isEmpty() || client.transaction().isExecuting()) {
            held.forEach(other -> other.wake(() -> {}));
            reply.ok();
            return;
        }
        UnpauseWait wait = new UnpauseWait(client, held.size());
        client.park(wait);
        held.forEach(other -> other.wake(wait::count));
    }

    private void count() {
        if (awaited.decrementAndGet() == 0) {
            asking.connection().wake(this);
        }
    }

    @Override
    public long advance(ReplyBuffer reply) {
        if (awaited.get() > 0) {
            return UNTIL_WOKEN;
        }
        reply.ok();
        return DONE;
    }
}
