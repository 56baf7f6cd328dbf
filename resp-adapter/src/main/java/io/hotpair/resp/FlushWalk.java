package io.hotpair.resp;

import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;

/**
 * FLUSHALL: deletes all keys in short steps, between which other clients have their turns. So it is
 * not one moment: what others set meanwhile may stay or go.
 */
final class FlushWalk implements Parked {
    private static final int STEP = 256;

    private final Client client;
    private final List<byte[]> batch = new ArrayList<>();
    private long cursor;

    FlushWalk(Client client) {
        this.client = client;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        boolean failed = true;
        try {
            step();
            failed = false;
        } finally {
            if (failed) {
                tell();
            }
        }
        if (cursor != 0) {
            return 0;
        }
        tell();
        reply.ok();
        return DONE;
    }

    /** What was deleted until now stays deleted, and those who have it in a cache are to know. */
    @Override
    public void cancel() {
        tell();
    }

    private void step() {
        Session session = client.session();
        batch.clear();
        cursor = session.scan(cursor, STEP, batch::add);
        for (byte[] key : batch) {
            if (session.delete(key, 0, key.length)) {
                client.noteWrite();
            }
        }
    }

    private void tell() {
        if (!client.transaction().isExecuting()) {
            client.server().tracking().flushed();
        }
    }
}
