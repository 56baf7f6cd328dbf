package io.hotpair.resp;

import io.hotpair.StreamDeletionPolicy;
import io.hotpair.StreamId;
import io.hotpair.StreamOperations;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What XDELEX and XACKDEL have behind the key, and the group.
 *
 * @param from where the ids begin
 * @param count how many there are
 */
record StreamDeletion(StreamDeletionPolicy policy, int from, int count) {
    static final String POLICY = "[KEEPREF|DELREF|ACKED]";

    /** The policy that an argument names, or null. */
    static @Nullable StreamDeletionPolicy policyAt(Request request, int argument) {
        if (request.is(argument, "KEEPREF")) {
            return StreamDeletionPolicy.KEEP_REFERENCES;
        }
        if (request.is(argument, "DELREF")) {
            return StreamDeletionPolicy.DELETE_REFERENCES;
        }
        return request.is(argument, "ACKED") ? StreamDeletionPolicy.ACKNOWLEDGED : null;
    }

    static StreamDeletionPolicy orKeep(@Nullable StreamDeletionPolicy policy) {
        return policy == null ? StreamDeletionPolicy.KEEP_REFERENCES : policy;
    }

    /**
     * Reads the arguments from one on. There are three at least, and no more than one may be a
     * policy, so there are ids among them.
     */
    static StreamDeletion read(Request request, int first) {
        StreamDeletionPolicy policy = null;
        int from = first;
        int count = 0;
        int i = first;
        while (i < request.count()) {
            StreamDeletionPolicy given = policy == null ? policyAt(request, i) : null;
            if (given != null) {
                policy = given;
                i++;
            } else if (i + 1 < request.count() && request.is(i, "IDS")) {
                count = count(request, i + 1);
                from = i + 2;
                i = from + count;
            } else {
                throw CommandException.syntax();
            }
        }
        return new StreamDeletion(orKeep(policy), from, count);
    }

    private static int count(Request request, int argument) {
        String otherwise = "ERR Number of IDs must be a positive integer";
        long count = request.integer(argument, 1, Long.MAX_VALUE, otherwise);
        if (count >= request.count() - argument) {
            throw new CommandException(
                    "ERR The `numids` parameter must match the number of arguments");
        }
        return (int) count;
    }

    StreamId[] ids(Request request) {
        return StreamCommands.ids(request, from, from + count);
    }

    /** Says that there is no stream, or no group: at the ids nobody looks then. */
    void foundNothing(ReplyBuffer reply) {
        int[] results = new int[count];
        Arrays.fill(results, StreamOperations.ENTRY_ABSENT);
        reply(results, reply);
    }

    static void reply(int[] results, ReplyBuffer reply) {
        reply.array(results.length);
        for (int result : results) {
            reply.integer(result);
        }
    }
}
