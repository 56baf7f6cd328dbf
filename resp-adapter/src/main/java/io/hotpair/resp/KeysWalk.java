package io.hotpair.resp;

import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;

/** KEYS: walks over all keys in short steps, between which other clients have their turns. */
final class KeysWalk implements Parked {
    private static final int STEP = 1024;

    private static final int KEY_OVERHEAD = 32;

    private final Session session;
    private final GlobPattern pattern;
    private final long limitBytes;
    private final List<byte[]> found = new ArrayList<>();
    private long cursor;
    private long foundBytes;

    KeysWalk(Client client, GlobPattern pattern) {
        session = client.session();
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
        if (pattern.matches(key)) {
            found.add(key);
            foundBytes += key.length + KEY_OVERHEAD;
        }
    }
}
