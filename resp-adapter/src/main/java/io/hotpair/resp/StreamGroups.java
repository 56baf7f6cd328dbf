package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.StreamInfo;
import io.hotpair.StreamOperations;
import java.util.Arrays;
import java.util.function.Supplier;

/** What is said when a consumer group is not there, or may be said only when it is. */
final class StreamGroups {
    private StreamGroups() {}

    /** Whether there is a group; a key of another type is refused. */
    static boolean exists(Client client, byte[] key, byte[] group) {
        if (!StreamCommands.exists(client, key)) {
            return false;
        }
        try {
            for (StreamInfo.Group each : StreamCommands.streams(client).xinfoGroups(key)) {
                if (Arrays.equals(each.name(), group)) {
                    return true;
                }
            }
            return false;
        } catch (HotpairException e) {
            if (isAbsence(e)) {
                return false;
            }
            throw e;
        }
    }

    /** Whether a refusal says that a stream or a group is not there. */
    static boolean isAbsence(HotpairException e) {
        return e.category() == HotpairException.Category.WRONG_VALUE
                && (StreamOperations.NO_STREAM.equals(e.getMessage())
                        || StreamOperations.NO_GROUP.equals(e.getMessage()));
    }

    static CommandException absent(Request request, int key, int group) {
        return new CommandException(
                "NOGROUP No such key '"
                        + request.keyInError(key)
                        + "' or consumer group '"
                        + request.inError(group)
                        + "'");
    }

    static CommandException absentInStream(Request request, int key, int group) {
        return new CommandException(
                "NOGROUP No such consumer group '"
                        + request.inError(group)
                        + "' for key name '"
                        + request.keyInError(key)
                        + "'");
    }

    /**
     * Does something with a group, which is looked for first as in Redis: if it is not there, that
     * is the error, whatever else is wrong.
     *
     * @param key where the key is
     * @param group where the group's name is
     */
    static <R> R inGroup(Request request, Client client, int key, int group, Supplier<R> work) {
        try {
            return work.get();
        } catch (CommandException e) {
            if (!exists(client, request.copy(key), request.copy(group))) {
                throw absent(request, key, group);
            }
            throw e;
        } catch (HotpairException e) {
            throw isAbsence(e) ? absent(request, key, group) : e;
        }
    }
}
