package io.hotpair.resp;

import java.util.concurrent.TimeUnit;

/** Holds a command back while clients are paused; then it is executed as if it came just now. */
final class PauseWait implements Parked {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private final RespServer server;
    private final Command command;
    private final boolean isHeldWithWrites;

    PauseWait(RespServer server, Command command, boolean isHeldWithWrites) {
        this.server = server;
        this.command = command;
        this.isHeldWithWrites = isHeldWithWrites;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        return server.pause().holds(command, isHeldWithWrites, server.keyspace().nanoTime())
                ? POLL_NS
                : DONE;
    }

    @Override
    public boolean isHeldBack() {
        return true;
    }
}
