package io.hotpair.resp.internal.lua;

import java.nio.charset.StandardCharsets;

/** Reads a value that is written as JSON. */
final class JsonReader {
    private enum Token {
        T_OBJ_BEGIN,
        T_OBJ_END,
        T_ARR_BEGIN,
        T_ARR_END,
        T_STRING,
        T_NUMBER,
        T_BOOLEAN,
        T_NULL,
        T_COLON,
        T_COMMA,
        T_END,
        T_ERROR
    }

    private final LuaState state;
    private final JsonLibrary.Config config;
    private final byte[] bytes;
    private int at;
    private int depth;
    private Token token = Token.T_END;
    private int tokenAt;
    private String error = "";
    private Object value = false;

    JsonReader(LuaState state, JsonLibrary.Config config, byte[] bytes) {
        this.state = state;
        this.config = config;
        this.bytes = bytes;
    }

    Object read() {
        if (bytes.length >= 2 && (bytes[0] == 0 || bytes[1] == 0)) {
            throw state.error("JSON parser does not support UTF-16 or UTF-32");
        }
        next();
        Object result = value();
        next();
        if (token != Token.T_END) {
            throw expected("the end");
        }
        return result;
    }

    private LuaError expected(String what) {
        String found = token == Token.T_ERROR ? error : token.name();
        return state.error(
                "Expected " + what + " but found " + found + " at character " + (tokenAt + 1));
    }

    // ---- values

    private Object value() {
        state.budget().step();
        return switch (token) {
            case T_STRING, T_NUMBER, T_BOOLEAN -> value;
            case T_NULL -> LuaPointer.NULL;
            case T_OBJ_BEGIN -> object();
            case T_ARR_BEGIN -> array();
            default -> throw expected("value");
        };
    }

    private void descend() {
        depth++;
        if (depth > config.decodeMaxDepth) {
            throw state.error(
                    "Found too many nested data structures (" + depth + ") at character " + at);
        }
        state.budget().enter(4);
    }

    private void ascend() {
        depth--;
        state.unpin();
        state.budget().leave(4);
    }

    private LuaTable object() {
        descend();
        LuaTable table = state.pin(state.newTable());
        next();
        if (token == Token.T_OBJ_END) {
            ascend();
            return table;
        }
        while (true) {
            if (token != Token.T_STRING) {
                throw expected("object key string");
            }
            Object key = value;
            next();
            if (token != Token.T_COLON) {
                throw expected("colon");
            }
            next();
            table.put(key, value());
            next();
            if (token == Token.T_OBJ_END) {
                ascend();
                return table;
            }
            if (token != Token.T_COMMA) {
                throw expected("comma or object end");
            }
            next();
        }
    }

    private LuaTable array() {
        descend();
        LuaTable table = state.pin(state.newTable());
        next();
        if (token == Token.T_ARR_END) {
            ascend();
            return table;
        }
        for (int i = 1; ; i++) {
            table.set(i, value());
            next();
            if (token == Token.T_ARR_END) {
                ascend();
                return table;
            }
            if (token != Token.T_COMMA) {
                throw expected("comma or array end");
            }
            next();
        }
    }

    // ---- tokens

    private int peek(int ahead) {
        return at + ahead < bytes.length ? bytes[at + ahead] & 0xff : 0;
    }

    private void fail(String why) {
        token = Token.T_ERROR;
        tokenAt = at;
        error = why;
    }

    private void single(Token which) {
        token = which;
        at++;
    }

    private void next() {
        int from = at;
        while (peek(0) == ' ' || peek(0) == '\t' || peek(0) == '\n' || peek(0) == '\r') {
            at++;
        }
        state.budget().steps((at - from) >>> 5);
        tokenAt = at;
        int c = peek(0);
        switch (c) {
            case '{' -> single(Token.T_OBJ_BEGIN);
            case '}' -> single(Token.T_OBJ_END);
            case '[' -> single(Token.T_ARR_BEGIN);
            case ']' -> single(Token.T_ARR_END);
            case ':' -> single(Token.T_COLON);
            case ',' -> single(Token.T_COMMA);
            case 0 -> token = Token.T_END;
            case '"' -> string();
            default -> {
                if (c == '-' || Numbers.isDigit(c)) {
                    if (!config.decodeInvalid && isInvalidNumber()) {
                        fail("invalid number");
                    } else {
                        number();
                    }
                } else if (!word()) {
                    if (config.decodeInvalid && isInvalidNumber()) {
                        number();
                    } else {
                        fail("invalid token");
                    }
                }
            }
        }
    }

    private boolean startsWith(String text, int ahead, boolean anyCase) {
        for (int i = 0; i < text.length(); i++) {
            int c = peek(ahead + i);
            if (c != text.charAt(i) && !(anyCase && (c | 0x20) == text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean word() {
        if (startsWith("true", 0, false)) {
            token = Token.T_BOOLEAN;
            value = true;
            at += 4;
        } else if (startsWith("false", 0, false)) {
            token = Token.T_BOOLEAN;
            value = false;
            at += 5;
        } else if (startsWith("null", 0, false)) {
            token = Token.T_NULL;
            at += 4;
        } else {
            return false;
        }
        return true;
    }

    /** What C reads as a number, but JSON does not. */
    private boolean isInvalidNumber() {
        int ahead = 0;
        if (peek(0) == '+') {
            return true;
        }
        if (peek(0) == '-') {
            ahead++;
        }
        int c = peek(ahead);
        if (c == '0') {
            int second = peek(ahead + 1);
            return (second | 0x20) == 'x' || Numbers.isDigit(second);
        }
        if (c <= '9') {
            return false;
        }
        return startsWith("inf", ahead, true) || startsWith("nan", ahead, true);
    }

    /** The longest text from here on that is a number. */
    private void number() {
        int end = at;
        while (end < bytes.length && end - at < 400 && isNumberPart(bytes[end])) {
            end++;
        }
        while (end > at) {
            byte[] text = StringPattern.upToZero(java.util.Arrays.copyOfRange(bytes, at, end));
            Double parsed = Numbers.parse(text);
            if (parsed != null) {
                token = Token.T_NUMBER;
                value = Operations.number(parsed);
                at = end;
                return;
            }
            state.budget().step();
            end--;
        }
        fail("invalid number");
    }

    private static boolean isNumberPart(int c) {
        return Numbers.isDigit(c)
                || (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '+'
                || c == '-'
                || c == '.';
    }

    private void string() {
        ByteBuilder text = new ByteBuilder(state);
        at++;
        while (peek(0) != '"') {
            int c = peek(0);
            if (c == 0) {
                fail("unexpected end of string");
                return;
            }
            if (c == '\\') {
                int escaped = peek(1);
                if (escaped == 'u') {
                    if (!unicode(text)) {
                        fail("invalid unicode escape code");
                        return;
                    }
                    continue;
                }
                c = unescaped(escaped);
                if (c == 0) {
                    fail("invalid escape code");
                    return;
                }
                at++;
            }
            text.append(c);
            at++;
        }
        at++;
        state.budget().steps(text.length() >>> 5);
        token = Token.T_STRING;
        value = text.toLuaString();
    }

    private static int unescaped(int c) {
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'f' -> '\f';
            case 'r' -> '\r';
            default -> 0;
        };
    }

    private int hex4(int ahead) {
        int result = 0;
        for (int i = 0; i < 4; i++) {
            int c = peek(ahead + i);
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            result = result * 16 + digit;
        }
        return result;
    }

    private boolean unicode(ByteBuilder text) {
        int code = hex4(2);
        int length = 6;
        if (code < 0) {
            return false;
        }
        if ((code & 0xf800) == 0xd800) {
            if ((code & 0x400) != 0 || peek(6) != '\\' || peek(7) != 'u') {
                return false;
            }
            int low = hex4(8);
            if (low < 0 || (low & 0xfc00) != 0xdc00) {
                return false;
            }
            code = (((code & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000;
            length = 12;
        }
        text.append(new String(Character.toChars(code)).getBytes(StandardCharsets.UTF_8));
        at += length;
        return true;
    }
}
