package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes that are put together, and then shown to people who are to send them again. */
final class FuzzBytes {
    private byte[] bytes = new byte[256];
    private int length;

    void clear() {
        length = 0;
    }

    int length() {
        return length;
    }

    FuzzBytes add(byte[] more) {
        ensureCapacity(length + more.length);
        System.arraycopy(more, 0, bytes, length, more.length);
        length += more.length;
        return this;
    }

    FuzzBytes add(String latin) {
        return add(latin.getBytes(StandardCharsets.ISO_8859_1));
    }

    FuzzBytes add(int oneByte) {
        ensureCapacity(length + 1);
        bytes[length++] = (byte) oneByte;
        return this;
    }

    private void ensureCapacity(int needed) {
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
        }
    }

    /** Adds a command as clients send it. */
    FuzzBytes command(byte[]... arguments) {
        add("*" + arguments.length + "\r\n");
        for (byte[] argument : arguments) {
            add("$" + argument.length + "\r\n").add(argument).add("\r\n");
        }
        return this;
    }

    byte[] toArray() {
        return Arrays.copyOf(bytes, length);
    }

    /** Bytes as a literal of Java's, a long run of the same one shortened. */
    static String literal(byte[] bytes) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < bytes.length; ) {
            int run = i;
            while (run < bytes.length && bytes[run] == bytes[i]) {
                run++;
            }
            String shown = shown(bytes[i]);
            if (run - i > 40) {
                text.append("\" + \"").append(shown).append("\".repeat(").append(run - i);
                text.append(") + \"");
                i = run;
            } else {
                text.append(shown);
                i++;
            }
        }
        return text.append('"').toString();
    }

    private static String shown(byte b) {
        return switch (b) {
            case '\r' -> "\\r";
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            default ->
                    b >= ' ' && b < 127
                            ? Character.toString((char) b)
                            : "\\" + Integer.toOctalString(0x200 | (b & 0xFF)).substring(1);
        };
    }
}
