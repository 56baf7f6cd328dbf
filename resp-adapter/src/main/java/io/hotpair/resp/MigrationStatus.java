package io.hotpair.resp;

import org.jspecify.annotations.Nullable;

/**
 * How far a migration is. Immutable.
 *
 * @param state what it does
 * @param host the Redis that is followed
 * @param port its port
 * @param replicationId what the history of its data is called; empty before the first copy
 * @param offset the byte of its stream up to which everything is applied; -1 before the first copy
 * @param receivedBytes what has come of the copy that is being received, or came of the last one
 * @param totalBytes how long that is; 0 if the Redis does not say it in advance
 * @param silentSeconds how long nothing came; -1 while there is no connection
 * @param downSeconds how long there is no link; -1 if there is one, or never was
 * @param fullCopies how many full copies were begun
 * @param resumptions how often the stream was taken up again where it was
 * @param lastError why the connection was lost last, or the migration failed; null if it never was
 */
public record MigrationStatus(
        State state,
        String host,
        int port,
        String replicationId,
        long offset,
        long receivedBytes,
        long totalBytes,
        long silentSeconds,
        long downSeconds,
        long fullCopies,
        long resumptions,
        @Nullable String lastError) {

    /** What a migration does. */
    public enum State {
        /** It connects, or waits to try again. */
        CONNECTING,
        /** It agrees with the Redis on how to begin. */
        HANDSHAKE,
        /** It receives a full copy; the keyspace is as it was. */
        RECEIVING,
        /** It empties the keyspace and loads the copy; clients are told to wait. */
        LOADING,
        /** It applies what the Redis writes. */
        FOLLOWING,
        /** It met what it can't apply. The keyspace stays as it is, and takes no writes. */
        FAILED,
        /** It was ended, and the keyspace takes writes. */
        ENDED
    }
}
