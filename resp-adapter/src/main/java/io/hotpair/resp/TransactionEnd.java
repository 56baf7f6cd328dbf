package io.hotpair.resp;

/** A failure of a command of a transaction after which nothing of it may stay. */
final class TransactionEnd extends CommandException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates one.
     *
     * @param why what EXEC answers
     */
    TransactionEnd(String why) {
        super("EXECABORT Transaction discarded because of: " + why);
    }
}
