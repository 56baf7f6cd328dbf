package io.hotpair.resp;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What MIGRATE was told.
 *
 * @param host where to, a name or an address
 * @param port its port, in the client's words
 * @param database the number of the database there
 * @param timeoutMs how long nothing may happen
 * @param copy whether the keys stay here, too
 * @param replace whether they take the place of what is there
 * @param user whose password it is, with a character for each byte; null for the default user
 * @param password what the target is to be given first; null for nothing
 * @param firstKey which argument is the first key
 * @param lastKey which one is the last
 */
record MigrateArguments(
        String host,
        String port,
        long database,
        int timeoutMs,
        boolean copy,
        boolean replace,
        @Nullable String user,
        @Nullable String password,
        int firstKey,
        int lastKey) {

    private static final int KEY = 3;
    private static final int FIRST_OPTION = 6;
    private static final int DEFAULT_TIMEOUT_MS = 1_000;

    /** Reads them, and refuses what is wrong in the order in which Redis does. */
    static MigrateArguments of(Request request) {
        boolean copy = false;
        boolean replace = false;
        String user = null;
        String password = null;
        int keysWord = 0;
        int last = request.count() - 1;
        for (int i = FIRST_OPTION; i <= last && keysWord == 0; i++) {
            if (request.is(i, "COPY")) {
                copy = true;
            } else if (request.is(i, "REPLACE")) {
                replace = true;
            } else if (request.is(i, "AUTH") && i < last) {
                password = request.text(++i);
            } else if (request.is(i, "AUTH2") && i + 1 < last) {
                user = request.text(++i);
                password = request.text(++i);
            } else if (request.is(i, "KEYS")) {
                keysWord = i;
            } else {
                throw CommandException.syntax();
            }
        }
        if (keysWord > 0 && request.length(KEY) > 0) {
            throw new CommandException(
                    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty"
                            + " string");
        }
        long timeoutMs = request.integer(5);
        return new MigrateArguments(
                request.text(1),
                request.text(2),
                request.integer(4),
                timeoutMs <= 0 ? DEFAULT_TIMEOUT_MS : (int) Math.min(timeoutMs, Integer.MAX_VALUE),
                copy,
                replace,
                user,
                password,
                keysWord == 0 ? KEY : keysWord + 1,
                keysWord == 0 ? KEY : last);
    }

    /**
     * Where the word is behind which the keys stand. Allocates nothing.
     *
     * @param from where the command begins in the request
     * @return its place, the command's name being 0; -1 if the key is the one that stands alone
     */
    static int keysWord(Request request, int from) {
        if (from + KEY >= request.count() || request.length(from + KEY) > 0) {
            return -1;
        }
        for (int i = from + FIRST_OPTION; i < request.count(); i++) {
            if (request.is(i, "KEYS")) {
                return i - from;
            }
            i += passwordLength(request, i);
        }
        return -1;
    }

    /** Which arguments belong to a password, or may if it is written oddly. */
    static BitSet secrets(Request request) {
        BitSet secrets = new BitSet();
        for (int i = FIRST_OPTION; i < request.count() && !request.is(i, "KEYS"); i++) {
            int length = passwordLength(request, i);
            secrets.set(i + 1, i + 1 + length);
            i += length;
        }
        return secrets;
    }

    /** How many arguments behind an option are a password, and whose it is. */
    private static int passwordLength(Request request, int option) {
        return request.is(option, "AUTH") ? 1 : request.is(option, "AUTH2") ? 2 : 0;
    }

    /** Passwords stay out of logs. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
