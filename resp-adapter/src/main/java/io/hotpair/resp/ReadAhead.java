package io.hotpair.resp;

import io.hotpair.Session;
import io.hotpair.resp.RequestParser.Outcome;

/**
 * The next few commands of a client that has sent several: parsed before the first of them is
 * executed, so that what finding their keys takes is brought into the cache for all of them side by
 * side. Most of what a command costs in a pipeline is waiting for memory otherwise.
 *
 * <p>One for each event loop, whose thread alone uses it; empty between two turns of connections:
 * what was not executed is given back to the parser, which parses it again.
 */
final class ReadAhead {
    /** Cache misses that a processor has under way at a time are not many more. */
    private static final int CAPACITY = 16;

    /** What is longer is no key, mostly, and takes longer to hash than a miss would. */
    private static final int MAX_KEY_LENGTH = 256;

    /** Below that it costs what it saves. */
    private static final int MIN_KEYS = 3;

    private final Request[] requests = new Request[CAPACITY];
    private final int[] starts = new int[CAPACITY + 1];
    private final int[] keyOffsets = new int[CAPACITY];
    private final int[] keyLengths = new int[CAPACITY];
    private int next;
    private int count;

    ReadAhead() {
        for (int i = 0; i < CAPACITY; i++) {
            requests[i] = new Request();
        }
    }

    boolean isEmpty() {
        return next == count;
    }

    /** The command whose turn it is. */
    Request current() {
        return requests[next];
    }

    /** Where it begins. */
    int start() {
        return starts[next];
    }

    /** Its bytes. */
    int length() {
        return starts[next + 1] - starts[next];
    }

    /** The bytes of those behind it. */
    int lengthBehind() {
        return starts[count] - starts[next + 1];
    }

    /** Goes on to the next one. */
    void advance() {
        requests[next++].reset();
    }

    /**
     * Parses what is there, the first command at least.
     *
     * @return what the parser found first
     */
    Outcome fill(RequestParser parser, Client client) {
        next = 0;
        count = 0;
        starts[0] = parser.start();
        boolean authenticated = client.isAuthenticated();
        // What may be sent depends on it, so where the next command may change it none is parsed.
        int most = authenticated ? CAPACITY : 1;
        Outcome outcome;
        do {
            outcome = parser.next(authenticated);
            if (outcome == Outcome.REQUEST) {
                requests[count] = parser.takeRequest(requests[count]);
                starts[++count] = parser.start();
            }
        } while (outcome == Outcome.REQUEST && count < most);
        if (count >= MIN_KEYS && client.database() == 0) {
            prefetch(client.session());
        }
        return count > 0 ? Outcome.REQUEST : outcome;
    }

    /** Most commands have a key as the first argument; with others it does no harm. */
    private void prefetch(Session session) {
        // An inline command has an array of its own, so the last one's is most likely that of most.
        byte[] bytes = requests[count - 1].bytes();
        int keys = 0;
        for (int i = 0; i < count; i++) {
            Request request = requests[i];
            if (request.bytes() == bytes
                    && request.count() > 1
                    && request.length(1) <= MAX_KEY_LENGTH) {
                keyOffsets[keys] = request.offset(1);
                keyLengths[keys++] = request.length(1);
            }
        }
        if (keys < MIN_KEYS) {
            return;
        }
        try {
            session.prefetch(bytes, keyOffsets, keyLengths, keys);
        } catch (IllegalStateException e) {
            // The keyspace is closed, which the commands themselves are going to tell.
        }
    }

    /** Gives back to the parser what was not executed. */
    void giveBack(RequestParser parser) {
        if (!isEmpty()) {
            parser.rewindTo(start());
        }
        clear();
    }

    /** Forgets what was not executed. */
    void clear() {
        while (!isEmpty()) {
            advance();
        }
    }
}
