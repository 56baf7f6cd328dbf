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
        Session session = client.session();
        batch.clear();
        cursor = session.scan(cursor, STEP, batch::add);
        for (byte[] key : batch) {
            if (session.delete(key, 0, key.length)) {
                client.noteWrite();
            }
        }
        if (cursor != 0) {
            return 0;
        }
        if (!client.transaction().isExecuting()) {
            client.server().tracking().flushed();
        }
        reply.ok();
        return DONE;
    }
}
