package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.READONLY;

import io.hotpair.HotpairException;
import io.hotpair.LcsMatches;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;

/** LCS: what two strings have in common. */
final class LcsCommand {
    private LcsCommand() {}

    static void register(CommandTable table) {
        table.add("lcs", -3, Group.STRING)
                .categories(Category.STRING)
                .flags(READONLY)
                .keys(1, 2, 1, "RO", "access")
                .since("7.0.0")
                .syntax("key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]")
                .complexity("O(N*M), N and M being the lengths of the values")
                .summary("Finds the longest common subsequence of two values.")
                .does(LcsCommand::lcs);
    }

    private static void lcs(Request request, Client client, ReplyBuffer reply) {
        checkType(request, client, 1);
        checkType(request, client, 2);
        boolean indexes = false;
        boolean lengthOnly = false;
        boolean lengths = false;
        long minLength = 0;
        for (int i = 3; i < request.count(); i++) {
            if (request.is(i, "IDX")) {
                indexes = true;
            } else if (request.is(i, "LEN")) {
                lengthOnly = true;
            } else if (request.is(i, "WITHMATCHLEN")) {
                lengths = true;
            } else if (request.is(i, "MINMATCHLEN") && i + 1 < request.count()) {
                minLength = Math.max(0, request.integer(++i));
            } else {
                throw CommandException.syntax();
            }
        }
        if (indexes && lengthOnly) {
            throw new CommandException(
                    "ERR If you want both the length and indexes, please just use IDX.");
        }
        byte[] first = request.copy(1);
        byte[] second = request.copy(2);
        if (indexes) {
            matches(
                    client.session().strings().lcsMatches(first, second, minLength),
                    lengths,
                    reply);
        } else if (lengthOnly) {
            reply.integer(client.session().strings().lcsLength(first, second));
        } else {
            reply.bulk(client.session().strings().lcs(first, second));
        }
    }

    /** Redis has words of its own for another type here. */
    private static void checkType(Request request, Client client, int argument) {
        try {
            int unused =
                    client.unnoticed()
                            .length(
                                    request.bytes(),
                                    request.offset(argument),
                                    request.length(argument));
        } catch (HotpairException e) {
            if (e.category() == HotpairException.Category.WRONG_TYPE) {
                throw new CommandException("ERR The specified keys must contain string values");
            }
            throw e;
        }
    }

    private static void matches(LcsMatches found, boolean lengths, ReplyBuffer reply) {
        reply.map(2);
        reply.bulk("matches");
        reply.array(found.matches().size());
        for (LcsMatches.Match match : found.matches()) {
            reply.array(lengths ? 3 : 2);
            range(match.firstStart(), match.firstEnd(), reply);
            range(match.secondStart(), match.secondEnd(), reply);
            if (lengths) {
                reply.integer(match.length());
            }
        }
        reply.bulk("len");
        reply.integer(found.length());
    }

    private static void range(long start, long end, ReplyBuffer reply) {
        reply.array(2);
        reply.integer(start);
        reply.integer(end);
    }
}
