package io.hotpair.resp;

/** How many HRANDFIELD and its kin choose: different ones, or, negative, with repetitions. */
final class RandomCount {
    /** The shortest reply to one element, which is empty. */
    private static final int MIN_ELEMENT_LENGTH = 6;

    private RandomCount() {}

    /**
     * Reads it.
     *
     * @param argument where it stands
     * @param more a word that may follow, or the empty one for none
     */
    static long of(Request request, int argument, String more) {
        long count = request.integer(argument);
        if (count == Long.MIN_VALUE) {
            throw CommandException.notBetween(-Long.MAX_VALUE, Long.MAX_VALUE);
        }
        int left = request.count() - argument - 1;
        if (left > 1 || (left == 1 && !request.is(argument + 1, more))) {
            throw CommandException.syntax();
        }
        if (left == 1 && (count < -Long.MAX_VALUE / 2 || count > Long.MAX_VALUE / 2)) {
            throw new CommandException("ERR value is out of range");
        }
        return count;
    }

    /** Refuses repetitions without end before they are chosen. */
    static void check(Client client, long count, int strings) {
        long limitBytes = client.server().replyLimitBytes();
        if (count < 0 && -count > limitBytes / MIN_ELEMENT_LENGTH / strings) {
            throw CommandException.replyTooLong(limitBytes);
        }
    }
}
