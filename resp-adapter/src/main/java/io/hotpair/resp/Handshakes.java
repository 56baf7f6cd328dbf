package io.hotpair.resp;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections that have begun a handshake of TLS and not finished it. There are only so many of
 * them: one more ends the oldest one, which had the most time. So connections that are opened and
 * then left alone take no place from those that go on. Thread-safe.
 */
final class Handshakes {
    private static final int MOST = 512;
    private static final int LEAST = 8;

    private final int limit;
    private final Set<Connection> pending = new LinkedHashSet<>();

    Handshakes(int maxClients) {
        limit = Math.max(LEAST, Math.min(MOST, maxClients / 2));
    }

    int limit() {
        return limit;
    }

    synchronized int count() {
        return pending.size();
    }

    void begun(Connection connection) {
        Connection oldest = add(connection);
        if (oldest != null) {
            oldest.kill();
        }
    }

    private synchronized @Nullable Connection add(Connection connection) {
        pending.add(connection);
        if (pending.size() <= limit) {
            return null;
        }
        Iterator<Connection> each = pending.iterator();
        Connection oldest = each.next();
        each.remove();
        return oldest;
    }

    synchronized void ended(Connection connection) {
        pending.remove(connection);
    }
}
