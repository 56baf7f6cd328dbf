package io.hotpair.log;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a keyspace finds its log: the persistence module registers one with {@link
 * java.util.ServiceLoader}, so that persistence is on as soon as that module is on the class path.
 */
public interface LogProvider {

    /**
     * Opens the log in a directory, or creates it. Verifies what it finds: cuts a torn tail at the
     * last whole operation and reports it, refuses damage anywhere else.
     *
     * @param directory the directory, created if it is not there
     * @return the log; the caller closes it
     * @throws io.hotpair.HotpairException {@code MISSING_JVM_FLAG}, {@code DIRECTORY_IN_USE},
     *     {@code CORRUPTION}, {@code UNKNOWN_VERSION}, or {@code LOG_FAILED} if the directory can't
     *     be used
     */
    OperationLog open(Path directory);

    /**
     * Opens the log as {@link #open(Path)} does, and says how far it is.
     *
     * @param directory the directory
     * @param progress told of the bytes of the log that are read and checked, from time to time; of
     *     nothing if there is nothing to say
     * @return the log; the caller closes it
     */
    default OperationLog open(Path directory, Progress progress) {
        return open(directory);
    }

    /**
     * Opens the log as {@link #open(Path, Progress)} does, except that damage does not keep it from
     * opening: the files that hold it are set aside, in a directory of their own, and reported as
     * an error. For a keyspace of which others hold copies.
     *
     * <p>If a sound snapshot shows all that the damaged part did, the log begins after that part,
     * and nothing of the state is missing. Otherwise the log ends before the damage, or is empty if
     * nothing could be rebuilt from what is left, and {@link OperationLog#isIncomplete()}.
     *
     * @param directory the directory
     * @param progress told of the bytes that are read
     * @return the log; the caller closes it
     */
    default OperationLog openSoundPart(Path directory, Progress progress) {
        return open(directory, progress);
    }

    /**
     * Whether the log in a directory is one of a pair's, so that what is written to it without the
     * pair would be no part of the pair's history. Touches nothing.
     *
     * @param directory the directory
     * @return whether a node of a pair was opened with it
     */
    default boolean belongsToPair(Path directory) {
        return false;
    }

    /**
     * Makes a log one of no pair any more: a pair that finds it takes it for a stranger's, and
     * refuses it. Called while the log is open.
     *
     * @param directory the directory
     * @throws HotpairException {@code LOG_FAILED} if that can't be noted
     */
    default void leavePair(Path directory) {}

    /**
     * What makes and checks backups of such logs.
     *
     * @return the store, or null if there is none
     */
    default @Nullable BackupStore backups() {
        return null;
    }
}
