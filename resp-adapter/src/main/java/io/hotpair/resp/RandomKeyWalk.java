package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.Session;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * RANDOMKEY of a database that has few of the keyspace's keys: walks over all in short steps, and
 * takes one of its own, each with the same chance.
 */
final class RandomKeyWalk implements Parked {
    private static final int STEP = 1024;

    private final Session session;
    private final int area;
    private long cursor;
    private long seen;
    private byte @Nullable [] chosen;

    RandomKeyWalk(Session session, int area) {
        this.session = session;
        this.area = area;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        cursor = session.scan(cursor, STEP, this::consider);
        if (cursor != 0) {
            return 0;
        }
        byte[] key = chosen;
        reply.bulkOrNull(key == null ? null : KeyArea.name(key));
        return DONE;
    }

    private void consider(byte[] key) {
        if (KeyArea.of(key) == area && ThreadLocalRandom.current().nextLong(++seen) == 0) {
            chosen = key;
        }
    }
}
