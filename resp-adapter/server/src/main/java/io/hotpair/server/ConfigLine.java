package io.hotpair.server;

import java.util.ArrayList;
import java.util.List;

/**
 * The quotes of a line of redis.conf: {@code "..."} with {@code \n}, {@code \r}, {@code \t}, {@code
 * \b}, {@code \a}, {@code \xHH} and {@code \} before any other character; {@code '...'} with {@code
 * \'}. Unlike in Redis, a quote within a word is a character like others, as passwords and patterns
 * of keys may have it.
 */
final class ConfigLine {
    private final String text;
    private int at;

    private ConfigLine(String text) {
        this.text = text;
    }

    /**
     * What a value means, without its quotes.
     *
     * @param text what follows the name of an option
     * @throws IllegalArgumentException if a quote has no end, or more than a space behind it
     */
    static String value(String text) {
        boolean hasQuotes = text.matches("(?s)(.*\\s)?[\"'].*");
        return hasQuotes ? String.join(" ", new ConfigLine(text).words()) : text;
    }

    private List<String> words() {
        List<String> words = new ArrayList<>();
        for (skipSpaces(); at < text.length(); skipSpaces()) {
            char first = text.charAt(at);
            words.add(first == '"' || first == '\'' ? quoted(first) : plain());
        }
        return words;
    }

    private void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private String plain() {
        int from = at;
        while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return text.substring(from, at);
    }

    private String quoted(char quote) {
        StringBuilder word = new StringBuilder();
        for (at++; at < text.length() && text.charAt(at) != quote; at++) {
            boolean isEscape = text.charAt(at) == '\\' && at + 1 < text.length();
            if (isEscape && quote == '"') {
                at++;
                word.append(escaped());
            } else if (isEscape && text.charAt(at + 1) == '\'') {
                word.append(text.charAt(++at));
            } else {
                word.append(text.charAt(at));
            }
        }
        at++;
        boolean isEnded = at <= text.length();
        if (!isEnded || (at < text.length() && !Character.isWhitespace(text.charAt(at)))) {
            throw new IllegalArgumentException(
                    "unbalanced quotes, expected another " + quote + " at the end of the value");
        }
        return word.toString();
    }

    private char escaped() {
        char escape = text.charAt(at);
        if (escape == 'x' && at + 3 <= text.length()) {
            String digits = text.substring(at + 1, Math.min(at + 3, text.length()));
            if (digits.matches("[0-9a-fA-F]{2}")) {
                at += 2;
                return (char) Integer.parseInt(digits, 16);
            }
        }
        return switch (escape) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> '\u0007';
            default -> escape;
        };
    }
}
