package io.hotpair.resp;

/** Splits an inline command as Redis does: blanks, double quotes with escapes, single quotes. */
final class InlineArguments {
    private final byte[] bytes;
    private final int end;
    private final byte[] out;
    private int at;
    private int written;

    private InlineArguments(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
        this.out = new byte[end - from];
    }

    /**
     * Splits a line.
     *
     * @param into receives the arguments, in an array of their own
     * @return false if a quote is not closed, or something follows a closing one
     */
    static boolean split(byte[] bytes, int from, int to, Request into) {
        InlineArguments line = new InlineArguments(bytes, from, to);
        while (line.skipBlanks()) {
            int begin = line.written;
            if (!line.argument()) {
                return false;
            }
            into.add(begin, line.written - begin);
        }
        into.locate(line.out, 0);
        return true;
    }

    private boolean skipBlanks() {
        while (at < end && isBlank(bytes[at])) {
            at++;
        }
        return at < end;
    }

    private boolean argument() {
        while (at < end && !endsWord(bytes[at])) {
            byte b = bytes[at++];
            if (b == '"') {
                return doubleQuoted();
            }
            if (b == '\'') {
                return singleQuoted();
            }
            out[written++] = b;
        }
        return true;
    }

    private boolean doubleQuoted() {
        while (at < end) {
            byte b = bytes[at++];
            if (b == '"') {
                return at == end || isBlank(bytes[at]);
            }
            out[written++] = b == '\\' && at < end ? escaped() : b;
        }
        return false;
    }

    private byte escaped() {
        if (at + 2 < end
                && bytes[at] == 'x'
                && hex(bytes[at + 1]) >= 0
                && hex(bytes[at + 2]) >= 0) {
            int value = hex(bytes[at + 1]) << 4 | hex(bytes[at + 2]);
            at += 3;
            return (byte) value;
        }
        byte b = bytes[at++];
        return switch (b) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> 7;
            default -> b;
        };
    }

    private boolean singleQuoted() {
        while (at < end) {
            byte b = bytes[at++];
            if (b == '\\' && at < end && bytes[at] == '\'') {
                out[written++] = bytes[at++];
            } else if (b == '\'') {
                return at == end || isBlank(bytes[at]);
            } else {
                out[written++] = b;
            }
        }
        return false;
    }

    private static int hex(byte b) {
        return Character.digit((char) (b & 0xff), 16);
    }

    /** Between words, and behind a closing quote. */
    private static boolean isBlank(byte b) {
        return b == ' ' || (b >= '\t' && b <= '\r');
    }

    /** A vertical tab and a form feed do not, once a word has begun. */
    private static boolean endsWord(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }
}
