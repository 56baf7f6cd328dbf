package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;

/**
 * FLUSHALL and FLUSHDB: deletes all keys, or those of a database, in short steps, between which
 * other clients have their turns. So it is not one moment: what others set meanwhile may stay or
 * go.
 */
final class FlushWalk implements Parked {
    /** The area that stands for all of them. */
    static final int ALL = -1;

    private static final int STEP = 256;

    private final Client client;
    private final int area;
    private final List<byte[]> batch = new ArrayList<>();
    private long cursor;

    FlushWalk(Client client, int area) {
        this.client = client;
        this.area = area;
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
        if (area != ALL
                && client.keyspace().isUnused(area)
                && !client.transaction().isExecuting()) {
            cursor = 0;
            return;
        }
        cursor = session.scan(cursor, STEP, batch::add);
        for (byte[] key : batch) {
            if (isFlushed(key) && session.delete(key, 0, key.length)) {
                client.noteWrite();
            }
        }
    }

    /** What belongs to all databases stays, and which of them has which area. */
    private boolean isFlushed(byte[] key) {
        return area == ALL ? !KeyArea.isOwn(key) : KeyArea.of(key) == area;
    }

    private void tell() {
        if (!client.transaction().isExecuting()) {
            client.server().tracking().flushed();
        }
    }
}
