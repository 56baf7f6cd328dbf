package io.hotpair.resp.internal.lua;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Cuts a chunk into tokens. */
final class Lexer {
    /** What a token is. */
    enum Token {
        AND("and"),
        BREAK("break"),
        DO("do"),
        ELSE("else"),
        ELSEIF("elseif"),
        END("end"),
        FALSE("false"),
        FOR("for"),
        FUNCTION("function"),
        IF("if"),
        IN("in"),
        LOCAL("local"),
        NIL("nil"),
        NOT("not"),
        OR("or"),
        REPEAT("repeat"),
        RETURN("return"),
        THEN("then"),
        TRUE("true"),
        UNTIL("until"),
        WHILE("while"),
        CONCAT(".."),
        DOTS("..."),
        EQ("=="),
        GE(">="),
        LE("<="),
        NE("~="),
        NUMBER("<number>"),
        NAME("<name>"),
        STRING("<string>"),
        EOS("<eof>"),
        PLUS("+"),
        MINUS("-"),
        TIMES("*"),
        DIVIDE("/"),
        PERCENT("%"),
        CARET("^"),
        HASH("#"),
        LESS("<"),
        GREATER(">"),
        ASSIGN("="),
        OPEN("("),
        CLOSE(")"),
        OPEN_BRACE("{"),
        CLOSE_BRACE("}"),
        OPEN_BRACKET("["),
        CLOSE_BRACKET("]"),
        SEMICOLON(";"),
        COLON(":"),
        COMMA(","),
        DOT("."),
        /** A character that begins no token. */
        OTHER("?");

        private final String text;

        Token(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    private static final Map<String, Token> WORDS = words();
    private static final Set<Token> SIGNS = EnumSet.range(Token.PLUS, Token.DOT);
    private static final int END = -1;

    private final byte[] source;
    private final String name;
    private final Budget budget;
    private final Tree tree;
    private int count;
    private int at;
    private int line = 1;
    private int lastLine = 1;
    private int tokenFrom;
    private Token token = Token.EOS;
    private String text = "";
    private LuaString string = LuaString.EMPTY;
    private double number;

    private @Nullable Token ahead;
    private int aheadLine;
    private String aheadText = "";
    private LuaString aheadString = LuaString.EMPTY;
    private double aheadNumber;

    /**
     * Makes one.
     *
     * @param budget pays for the time, and for what the tokens become
     * @param tree notes what they become
     */
    Lexer(byte[] source, String name, Budget budget, Tree tree) {
        this.source = source;
        this.name = name;
        this.budget = budget;
        this.tree = tree;
        if (source.length > 0 && source[0] == '#') {
            skipLine();
        }
    }

    private static Map<String, Token> words() {
        Map<String, Token> words = new HashMap<>();
        for (Token each : EnumSet.range(Token.AND, Token.WHILE)) {
            words.put(each.text, each);
        }
        return Map.copyOf(words);
    }

    Token token() {
        return token;
    }

    /** How many tokens there were so far. */
    int count() {
        return count;
    }

    /** A name, or the number as it was written. */
    String text() {
        return text;
    }

    LuaString string() {
        return string;
    }

    double number() {
        return number;
    }

    /** Where the present token ends. */
    int line() {
        return line;
    }

    /** Where the token before ended. */
    int lastLine() {
        return lastLine;
    }

    void next() {
        lastLine = line;
        if (ahead != null) {
            token = ahead;
            ahead = null;
            line = aheadLine;
            text = aheadText;
            string = aheadString;
            number = aheadNumber;
            return;
        }
        token = scan();
    }

    /** The token behind the present one. */
    Token lookAhead() {
        Token present = token;
        int presentLine = line;
        String presentText = text;
        LuaString presentString = string;
        double presentNumber = number;
        Token behind = scan();
        ahead = behind;
        aheadLine = line;
        aheadText = text;
        aheadString = string;
        aheadNumber = number;
        token = present;
        line = presentLine;
        text = presentText;
        string = presentString;
        number = presentNumber;
        return behind;
    }

    // ---- errors

    LuaError error(String message) {
        return errorAt(message, null);
    }

    /** An error that says near what. */
    LuaError errorNear(String message) {
        String near =
                switch (token) {
                    case NAME, NUMBER, STRING, OTHER -> text;
                    default -> token.text();
                };
        return errorAt(message, near);
    }

    private LuaError errorInToken(String message) {
        return errorAt(message, written(tokenFrom, at));
    }

    private LuaError errorAt(String message, @Nullable String near) {
        return new LuaError(
                LuaString.of(
                        LuaState.chunkName(name)
                                + ":"
                                + line
                                + ": "
                                + message
                                + (near == null ? "" : " near '" + near + "'")),
                null,
                -1);
    }

    private String written(int from, int to) {
        int end = Math.min(to, source.length);
        String all = new String(source, from, Math.max(0, end - from), StandardCharsets.ISO_8859_1);
        int zero = all.indexOf('\0');
        return zero < 0 ? all : all.substring(0, zero);
    }

    // ---- characters

    private int peek() {
        return at < source.length ? source[at] & 0xff : END;
    }

    private int peek(int ahead) {
        return at + ahead < source.length ? source[at + ahead] & 0xff : END;
    }

    private boolean isLineBreak() {
        int c = peek();
        return c == '\n' || c == '\r';
    }

    /** Passes a line break, which may be of two characters. */
    private void lineBreak() {
        int first = peek();
        at++;
        if (isLineBreak() && peek() != first) {
            at++;
        }
        line++;
    }

    private void skipLine() {
        while (at < source.length && !isLineBreak()) {
            at++;
        }
    }

    private static boolean isNameStart(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    private static boolean isNamePart(int c) {
        return isNameStart(c) || Numbers.isDigit(c);
    }

    // ---- tokens

    private Token scan() {
        while (true) {
            int from = at;
            Token found = scanOne();
            budget.steps(1 + ((at - from) >>> 3));
            if (found != null) {
                count++;
                budget.hold(tree.add(at - from));
                return found;
            }
        }
    }

    /** The token that begins here, or null if it was a blank or a comment. */
    private @Nullable Token scanOne() {
        tokenFrom = at;
        int c = peek();
        return switch (c) {
            case END -> Token.EOS;
            case '\n', '\r' -> {
                lineBreak();
                yield null;
            }
            case ' ', '\t', 0x0b, '\f' -> {
                at++;
                yield null;
            }
            case '-' -> minusOrComment();
            case '[' -> bracketOrString();
            case '"', '\'' -> {
                string = quoted(c);
                text = written(tokenFrom, at);
                yield Token.STRING;
            }
            default ->
                    Numbers.isDigit(c) || (c == '.' && Numbers.isDigit(peek(1)))
                            ? numeral()
                            : isNameStart(c) ? word() : operator(c);
        };
    }

    private @Nullable Token minusOrComment() {
        at++;
        if (peek() != '-') {
            return Token.MINUS;
        }
        at++;
        comment();
        return null;
    }

    private Token bracketOrString() {
        int level = longBracket();
        if (level >= 0) {
            string = longString(level, "string");
            return Token.STRING;
        }
        if (level == -1) {
            at++;
            return Token.OPEN_BRACKET;
        }
        at += -level;
        throw errorInToken("invalid long string delimiter");
    }

    private void comment() {
        if (peek() == '[') {
            int level = longBracket();
            if (level >= 0) {
                LuaString unused = longString(level, "comment");
                return;
            }
        }
        skipLine();
    }

    /** The level of a long bracket that begins here, -1 for a lone bracket, else how long it is. */
    private int longBracket() {
        int count = 0;
        while (peek(1 + count) == '=') {
            count++;
        }
        if (peek(1 + count) == '[') {
            return count;
        }
        return count == 0 ? -1 : -(count + 1);
    }

    private LuaString longString(int level, String what) {
        at += level + 2;
        if (isLineBreak()) {
            lineBreak();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            int c = peek();
            if (c == END) {
                throw errorAt("unfinished long " + what, Token.EOS.text());
            }
            if (c == ']' && closes(level)) {
                at += level + 2;
                text = written(tokenFrom, at);
                return new LuaString(bytes.toByteArray());
            }
            if (c == '[' && level == 0 && peek(1) == '[') {
                at += 2;
                throw errorAt("nesting of [[...]] is deprecated", "[");
            }
            if (isLineBreak()) {
                lineBreak();
                bytes.write('\n');
            } else {
                bytes.write(c);
                at++;
            }
        }
    }

    private boolean closes(int level) {
        for (int i = 0; i < level; i++) {
            if (peek(1 + i) != '=') {
                return false;
            }
        }
        return peek(1 + level) == ']';
    }

    private LuaString quoted(int quote) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        at++;
        while (peek() != quote) {
            int c = peek();
            if (c == END) {
                throw errorAt("unfinished string", Token.EOS.text());
            }
            if (isLineBreak()) {
                throw errorAt("unfinished string", near(quote, bytes));
            }
            at++;
            if (c == '\\') {
                escape(bytes, quote);
            } else {
                bytes.write(c);
            }
        }
        at++;
        return new LuaString(bytes.toByteArray());
    }

    private static String near(int quote, ByteArrayOutputStream bytes) {
        return (char) quote + bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private void escape(ByteArrayOutputStream bytes, int quote) {
        int c = peek();
        if (isLineBreak()) {
            lineBreak();
            bytes.write('\n');
            return;
        }
        if (c == END) {
            return;
        }
        if (Numbers.isDigit(c)) {
            int value = 0;
            for (int i = 0; i < 3 && Numbers.isDigit(peek()); i++) {
                value = value * 10 + (peek() - '0');
                at++;
            }
            if (value > 255) {
                throw errorAt("escape sequence too large", near(quote, bytes));
            }
            bytes.write(value);
            return;
        }
        at++;
        bytes.write(
                switch (c) {
                    case 'a' -> 7;
                    case 'b' -> '\b';
                    case 'f' -> '\f';
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    case 't' -> '\t';
                    case 'v' -> 0x0b;
                    default -> c;
                });
    }

    private Token numeral() {
        while (Numbers.isDigit(peek()) || peek() == '.') {
            at++;
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
        }
        while (isNamePart(peek())) {
            at++;
        }
        text = written(tokenFrom, at);
        Double value = Numbers.parse(text.getBytes(StandardCharsets.ISO_8859_1));
        if (value == null) {
            throw errorInToken("malformed number");
        }
        number = value;
        return Token.NUMBER;
    }

    private Token word() {
        while (isNamePart(peek())) {
            at++;
        }
        text = written(tokenFrom, at);
        return WORDS.getOrDefault(text, Token.NAME);
    }

    private Token operator(int c) {
        at++;
        return switch (c) {
            case '=' -> orEqual(Token.ASSIGN, Token.EQ);
            case '<' -> orEqual(Token.LESS, Token.LE);
            case '>' -> orEqual(Token.GREATER, Token.GE);
            case '~' -> peek() == '=' ? orEqual(Token.NE, Token.NE) : other(c);
            case '.' -> dots();
            default -> sign(c);
        };
    }

    private Token dots() {
        if (peek() != '.') {
            return Token.DOT;
        }
        at++;
        if (peek() != '.') {
            return Token.CONCAT;
        }
        at++;
        return Token.DOTS;
    }

    private Token sign(int c) {
        for (Token each : SIGNS) {
            if (each.text.charAt(0) == c) {
                return each;
            }
        }
        return other(c);
    }

    private Token other(int c) {
        text = c < 0x20 || c == 0x7f ? "char(" + c + ")" : String.valueOf((char) c);
        return Token.OTHER;
    }

    private Token orEqual(Token alone, Token withEqual) {
        if (peek() != '=') {
            return alone;
        }
        at++;
        return withEqual;
    }
}
