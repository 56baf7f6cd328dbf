package io.hotpair.resp;

import java.util.concurrent.TimeUnit;

/** Holds a command back while an event loop has much to deliver; then it is given again. */
final class DeliveryWait implements Parked {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final PubSub pubSub;

    DeliveryWait(PubSub pubSub) {
        this.pubSub = pubSub;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        return pubSub.isBehind() ? POLL_NS : DONE;
    }

    @Override
    public boolean isHeldBack() {
        return true;
    }
}
