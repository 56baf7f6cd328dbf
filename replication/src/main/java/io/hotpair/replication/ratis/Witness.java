package io.hotpair.replication.ratis;

/**
 * A voter that holds no data: the third vote that lets two data nodes tell a dead peer from a cut
 * line. It keeps the register's few hundred bytes and its own votes on disk, and runs in 40 MB of
 * heap. It opens no connection but to the other voters. Thread-safe.
 */
public final class Witness implements AutoCloseable {

    private final Voter voter;

    private Witness(Voter voter) {
        this.voter = voter;
    }

    /**
     * Opens a voter. It returns once the voter listens; it does not wait for the others.
     *
     * @param config which voter this is, and the others
     * @return the voter, to be closed
     * @throws io.hotpair.HotpairException {@code NETWORK} if the address can't be listened on,
     *     {@code DIRECTORY_IN_USE} if another voter has the directory open, {@code CONSENSUS} if
     *     the directory can't be used, {@code CORRUPTION} or {@code UNKNOWN_VERSION} if what it
     *     holds can't be read
     * @throws IllegalStateException if the directory belongs to another pair or voter, or to a pair
     *     with other voters
     */
    public static Witness open(VoterConfig config) {
        return new Witness(Voter.open(config));
    }

    /**
     * Whether it votes. It stops to once it can't write to its directory any more; the reason was
     * logged, and it has to be opened anew.
     *
     * @return whether it votes
     */
    public boolean isRunning() {
        return voter.isRunning();
    }

    /** Leaves in an orderly way. Idempotent. */
    @Override
    public void close() {
        voter.close();
    }
}
