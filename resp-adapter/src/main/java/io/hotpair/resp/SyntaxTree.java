package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a command, read from its syntax line, as COMMAND DOCS tells them.
 *
 * <pre>
 *  sequence    = item*
 *  item        = "[" choice "]" | "(" choice ")" | word, each with "..." for several
 *  choice      = sequence ("|" sequence)*
 *  word        = a name, or in capitals a token, which belongs to the name behind it
 * </pre>
 */
final class SyntaxTree {
    private static final Set<String> INTEGERS =
            Set.of(
                    "seconds",
                    "milliseconds",
                    "start",
                    "end",
                    "offset",
                    "count",
                    "decrement",
                    "increment",
                    "index",
                    "cursor",
                    "destination-db",
                    "numlocal",
                    "numreplicas",
                    "timeout",
                    "client-id",
                    "protover",
                    "port",
                    "version",
                    "stop",
                    "rank",
                    "num-matches",
                    "len",
                    "numkeys",
                    "numfields",
                    "numids",
                    "limit",
                    "k",
                    "ratio",
                    "slot");
    private static final Set<String> KEYS =
            Set.of("key", "source", "sourcekey", "destination", "destkey");

    /**
     * An argument.
     *
     * @param name its name
     * @param type what it is, in Redis's words
     * @param token what stands before it, or for it, or null
     * @param optional whether it may be left out
     * @param multiple whether it may come several times
     * @param parts of what it consists, or between what it chooses
     */
    record Argument(
            String name,
            String type,
            @Nullable String token,
            boolean optional,
            boolean multiple,
            List<Argument> parts) {

        Argument with(boolean isOptional, boolean isMultiple) {
            return new Argument(name, type, token, isOptional, isMultiple, parts);
        }

        Argument behind(String newToken) {
            return new Argument(name, type, newToken, optional, multiple, parts);
        }
    }

    private final String text;
    private int at;

    private SyntaxTree(String text) {
        this.text = text;
    }

    static List<Argument> parse(String syntax) {
        SyntaxTree tree = new SyntaxTree(syntax);
        List<Argument> arguments = tree.sequence();
        if (tree.at != syntax.length()) {
            throw new IllegalStateException(
                    "syntax=" + syntax + ", expected nothing at " + tree.at);
        }
        return arguments;
    }

    private List<Argument> sequence() {
        List<Argument> arguments = new ArrayList<>();
        String token = null;
        while (true) {
            skipBlanks();
            if (at == text.length() || "])|".indexOf(text.charAt(at)) >= 0) {
                break;
            }
            char c = text.charAt(at);
            Argument argument = c == '[' || c == '(' ? group(c) : word();
            boolean isToken = argument.type().equals("pure-token");
            // A word in brackets of its own may be left out by itself: it belongs to nothing.
            boolean stands = isToken && c == '[';
            if (token != null) {
                arguments.add(isToken ? token(token) : argument.behind(token));
                token = null;
                if (!isToken) {
                    continue;
                }
            }
            if (isToken && !stands) {
                token = argument.token();
            } else {
                arguments.add(argument);
            }
        }
        if (token != null) {
            arguments.add(token(token));
        }
        return arguments;
    }

    private Argument group(char open) {
        char close = open == '[' ? ']' : ')';
        at++;
        List<Argument> choices = new ArrayList<>();
        do {
            if (!choices.isEmpty()) {
                at++;
            }
            choices.add(block(sequence()));
        } while (at < text.length() && text.charAt(at) == '|');
        if (at == text.length() || text.charAt(at) != close) {
            throw new IllegalStateException("syntax=" + text + ", expected " + close + " at " + at);
        }
        at++;
        Argument chosen =
                choices.size() == 1
                        ? choices.get(0)
                        : new Argument("option", "oneof", null, false, false, choices);
        return chosen.with(open == '[', chosen.multiple() || ellipsis());
    }

    private static Argument block(List<Argument> sequence) {
        return sequence.size() == 1
                ? sequence.get(0)
                : new Argument("block", "block", null, false, false, sequence);
    }

    private Argument word() {
        int from = at;
        while (at < text.length() && " [](|)".indexOf(text.charAt(at)) < 0 && !isEllipsis()) {
            at++;
        }
        String word = text.substring(from, at);
        if (word.equals(word.toUpperCase(Locale.ROOT))) {
            return token(word);
        }
        return new Argument(word, type(word), null, false, ellipsis(), List.of());
    }

    private static Argument token(String word) {
        String name = word.toLowerCase(Locale.ROOT);
        return new Argument(name, "pure-token", word, false, false, List.of());
    }

    private static String type(String word) {
        if (KEYS.contains(word)) {
            return "key";
        }
        if (word.equals("pattern")) {
            return word;
        }
        if (word.startsWith("unix-time")) {
            return "unix-time";
        }
        return INTEGERS.contains(word) ? "integer" : "string";
    }

    private boolean isEllipsis() {
        return text.startsWith("...", at);
    }

    private boolean ellipsis() {
        boolean found = isEllipsis();
        if (found) {
            at += 3;
        }
        return found;
    }

    private void skipBlanks() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }
}
