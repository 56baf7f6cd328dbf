package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A reply as it stands on the wire, read by the letter: whatever a protocol does not allow is an
 * {@link AssertionError}.
 */
final class WireReply {
    private static final int MAX_DEPTH = 64;
    private static final String KINDS_2 = "+-:$*";
    private static final String KINDS_3 = "+-:$*_#,(=%~>";
    private static final String NIL = "nil";

    private final char kind;
    private final String text;
    private final List<WireReply> elements;
    private final int end;

    private WireReply(char kind, String text, List<WireReply> elements, int end) {
        this.kind = kind;
        this.text = text;
        this.elements = elements;
        this.end = end;
    }

    /**
     * Reads one reply.
     *
     * @param from where it begins
     * @param to where the bytes end
     */
    static WireReply read(byte[] bytes, int from, int to, int protocol) {
        return new Reader(bytes, to, protocol == 3 ? KINDS_3 : KINDS_2).next(from, 0);
    }

    /** The first byte of the reply. */
    char kind() {
        return kind;
    }

    /** What stands behind it, or the bytes of a string, with a character for each byte. */
    String text() {
        return text;
    }

    List<WireReply> elements() {
        return elements;
    }

    /** Where it ends. */
    int end() {
        return end;
    }

    boolean isError() {
        return kind == '-';
    }

    boolean isNull() {
        return kind == '_' || ((kind == '$' || kind == '*') && text.equals(NIL));
    }

    /**
     * The same for the same answer in both protocols.
     *
     * @param sorted whether the order of the elements means nothing
     */
    String plain(boolean sorted) {
        if (isNull()) {
            return NIL;
        }
        return switch (kind) {
            case '-' -> "-" + text.replaceFirst(" .*", "");
            case '#' -> text.equals("t") ? ":1" : ":0";
            case ',', '(' -> "$" + text;
            case '=' -> "$" + text.substring(4);
            case '*', '~', '%', '>' ->
                    (sorted
                                    ? elements.stream().map(e -> e.plain(false)).sorted()
                                    : elements.stream().map(e -> e.plain(false)))
                            .collect(Collectors.joining(" ", "[", "]"));
            default -> kind + text;
        };
    }

    private static final class Reader {
        private final byte[] bytes;
        private final int to;
        private final String kinds;

        Reader(byte[] bytes, int to, String kinds) {
            this.bytes = bytes;
            this.to = to;
            this.kinds = kinds;
        }

        WireReply next(int from, int depth) {
            check(from < to, from, "a reply");
            check(depth < MAX_DEPTH, from, "less depth");
            char kind = (char) (bytes[from] & 0xFF);
            check(kinds.indexOf(kind) >= 0, from, "one of " + kinds);
            int line = from;
            while (line < to && bytes[line] != '\r') {
                check(bytes[line] != '\n', line, "no line feed by itself");
                line++;
            }
            check(line + 1 < to && bytes[line + 1] == '\n', line, "CR LF");
            String text = latin(from + 1, line);
            int next = line + 2;
            return switch (kind) {
                case '+' -> scalar(kind, text, next);
                case '-' -> {
                    check(text.matches("[A-Z]+( .*|$)"), from, "an error code");
                    yield scalar(kind, text, next);
                }
                case ':' -> {
                    check(text.equals(Long.toString(number(text, from))), from, "an integer");
                    yield scalar(kind, text, next);
                }
                case '_' -> {
                    check(text.isEmpty(), from, "a null");
                    yield scalar(kind, NIL, next);
                }
                case '#' -> {
                    check(text.equals("t") || text.equals("f"), from, "a boolean");
                    yield scalar(kind, text, next);
                }
                case ',' -> {
                    check(
                            text.matches("-?inf|nan|-?\\d+(\\.\\d+)?(e[+-]\\d+)?"),
                            from,
                            "a floating point number");
                    yield scalar(kind, text, next);
                }
                case '(' -> {
                    check(text.matches("-?\\d+"), from, "a big number");
                    yield scalar(kind, text, next);
                }
                case '$', '=' -> string(kind, text, next);
                default -> several(kind, text, next, depth);
            };
        }

        private static WireReply scalar(char kind, String text, int next) {
            return new WireReply(kind, text, List.of(), next);
        }

        private WireReply string(char kind, String header, int from) {
            if (kind == '$' && header.equals("-1") && kinds.equals(KINDS_2)) {
                return scalar(kind, NIL, from);
            }
            long length = length(header, from);
            check(length <= to - from - 2L, from, "a string of " + length + " bytes");
            int stringEnd = from + (int) length;
            check(bytes[stringEnd] == '\r' && bytes[stringEnd + 1] == '\n', stringEnd, "CR LF");
            String text = latin(from, stringEnd);
            check(kind == '$' || (length >= 4 && text.charAt(3) == ':'), from, "a format");
            return scalar(kind, text, stringEnd + 2);
        }

        private WireReply several(char kind, String header, int from, int depth) {
            if (kind == '*' && header.equals("-1") && kinds.equals(KINDS_2)) {
                return scalar(kind, NIL, from);
            }
            long count = length(header, from) * (kind == '%' ? 2 : 1);
            List<WireReply> elements = new ArrayList<>();
            int at = from;
            for (long i = 0; i < count; i++) {
                WireReply element = next(at, depth + 1);
                elements.add(element);
                at = element.end();
            }
            return new WireReply(kind, header, elements, at);
        }

        private long length(String header, int at) {
            check(header.matches("0|[1-9]\\d{0,9}"), at, "a length, not " + header);
            return Long.parseLong(header);
        }

        private long number(String text, int at) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new AssertionError("expected an integer at " + at + ", not " + text, e);
            }
        }

        private String latin(int from, int end) {
            return new String(bytes, from, end - from, StandardCharsets.ISO_8859_1);
        }

        private void check(boolean condition, int at, String expected) {
            if (!condition) {
                String around = latin(Math.max(0, at - 20), Math.min(to, at + 60));
                throw new AssertionError(
                        "malformed reply: expected " + expected + " at " + at + " in: " + around);
            }
        }
    }
}
