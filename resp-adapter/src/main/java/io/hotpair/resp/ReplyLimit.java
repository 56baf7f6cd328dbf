package io.hotpair.resp;

/** Refuses what would give a longer reply than a client may get, before it is read into memory. */
final class ReplyLimit {
    /** What an element takes on the heap, and nearly in the reply, beside its own bytes. */
    private static final int ELEMENT_OVERHEAD = 32;

    private ReplyLimit() {}

    /** How many elements a reply can have at most. */
    static long elements(Client client) {
        return Math.max(1, client.server().replyLimitBytes() / ELEMENT_OVERHEAD);
    }

    /**
     * Checks a number of elements.
     *
     * @param client who would get them
     * @param count how many
     */
    static void check(Client client, long count) {
        if (count > elements(client)) {
            throw CommandException.replyTooLong(client.server().replyLimitBytes());
        }
    }
}
