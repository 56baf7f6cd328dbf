package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;

/**
 * KEYS: walks over all keys, of other databases too, in short steps, between which other clients
 * have their turns.
 */
final class KeysWalk implements Parked {
    private static final int STEP = 1024;

    private static final int KEY_OVERHEAD = 32;

    private final Session session;
    private final int area;
    private final GlobPattern pattern;
    private final long limitBytes;
    private final List<byte[]> found = new ArrayList<>();
    private long cursor;
    private long foundBytes;

    KeysWalk(Client client, GlobPattern pattern) {
        session = client.session();
        area = Databases.area(client);
        this.pattern = pattern;
        limitBytes = client.server().replyLimitBytes();
    }

    @Override
    public long advance(ReplyBuffer reply) {
        cursor = session.scan(cursor, STEP, this::consider);
        if (foundBytes > limitBytes) {
            throw CommandException.replyTooLong(limitBytes);
        }
        if (cursor != 0) {
            return 0;
        }
        reply.array(found.size());
        for (byte[] key : found) {
            reply.bulk(key);
        }
        return DONE;
    }

    private void consider(byte[] key) {
        if (KeyArea.of(key) == area) {
            byte[] name = KeyArea.name(key);
            if (pattern.matches(name)) {
                found.add(name);
                foundBytes += name.length + KEY_OVERHEAD;
            }
        }
    }
}
