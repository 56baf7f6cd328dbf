package io.hotpair.resp;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What SCAN and its kin are to give.
 *
 * @param count about how many elements
 * @param pattern what they match
 * @param type the type of keys, or null for all
 * @param namesOnly whether fields are asked for without values, or members without scores
 */
record ScanArguments(int count, GlobPattern pattern, @Nullable String type, boolean namesOnly) {
    private static final int DEFAULT_COUNT = 10;
    private static final int MAX_COUNT = 10_000;

    /** The cursor. */
    static long cursor(Request request, int argument) {
        byte[] bytes = request.bytes();
        int offset = request.offset(argument);
        int length = request.length(argument);
        if (!Decimals.isCursor(bytes, offset, length)) {
            throw CommandException.invalidCursor();
        }
        return Decimals.parseCursor(bytes, offset, length);
    }

    /**
     * The options of a walk over what a key holds. What Redis keeps in a packed form it gives in
     * one go, however small the COUNT, and there are programs that count on it.
     *
     * @param namesOption what asks for names only, or null if nothing does
     */
    static ScanArguments ofValue(Request request, Client client, @Nullable String namesOption) {
        ScanArguments asked = of(request, 3, false, namesOption);
        String encoding =
                new ValueEncoding(client.server().settings().packing())
                        .of(client.session(), request.copy(1));
        boolean packed = "listpack".equals(encoding) || "intset".equals(encoding);
        return packed ? new ScanArguments(MAX_COUNT, asked.pattern, null, asked.namesOnly) : asked;
    }

    /** The same of a walk over keys, which may be of a type. */
    static ScanArguments ofKeys(Request request, int from) {
        return of(request, from, true, null);
    }

    private static ScanArguments of(
            Request request, int from, boolean ofKeys, @Nullable String namesOption) {
        int count = DEFAULT_COUNT;
        GlobPattern pattern = new GlobPattern(new byte[] {'*'}, false);
        String type = null;
        boolean namesOnly = false;
        int i = from;
        while (i < request.count()) {
            if (namesOption != null && request.is(i, namesOption)) {
                namesOnly = true;
                i++;
                continue;
            }
            if (i + 1 == request.count()) {
                throw CommandException.syntax();
            }
            if (request.is(i, "COUNT")) {
                count = count(request.integer(i + 1));
            } else if (request.is(i, "MATCH")) {
                pattern = new GlobPattern(request.copy(i + 1), false);
            } else if (ofKeys && request.is(i, "TYPE")) {
                type = request.text(i + 1).toLowerCase(Locale.ROOT);
            } else {
                throw CommandException.syntax();
            }
            i += 2;
        }
        return new ScanArguments(count, pattern, type, namesOnly);
    }

    /** COUNT is a hint; one step must stay short, however large it is. */
    private static int count(long asked) {
        if (asked < 1) {
            throw CommandException.syntax();
        }
        return (int) Math.min(asked, MAX_COUNT);
    }

    boolean matches(byte[] element) {
        return pattern.matches(element);
    }

    /** Begins the reply: the cursor, and how many strings follow. */
    static void begin(ReplyBuffer reply, long cursor, long strings) {
        reply.array(2);
        reply.bulk(Long.toUnsignedString(cursor));
        reply.array(strings);
    }
}
