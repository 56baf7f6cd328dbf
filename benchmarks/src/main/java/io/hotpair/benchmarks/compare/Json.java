package io.hotpair.benchmarks.compare;

import java.util.Locale;
import java.util.Map;

/** Writes maps, texts and numbers as JSON. */
final class Json {
    private Json() {}

    static String write(Map<String, ?> object) {
        StringBuilder into = new StringBuilder();
        write(into, object, "\n");
        return into.append('\n').toString();
    }

    private static void write(StringBuilder into, Object value, String newLine) {
        if (value instanceof Map<?, ?> map) {
            writeObject(into, map, newLine);
        } else if (value instanceof Number number) {
            double figure = number.doubleValue();
            into.append(Double.isFinite(figure) ? number.toString() : "null");
        } else if (value instanceof Boolean) {
            into.append(value);
        } else {
            writeText(into, value.toString());
        }
    }

    private static void writeObject(StringBuilder into, Map<?, ?> map, String newLine) {
        String indented = newLine + "  ";
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            into.append(separator).append(indented);
            writeText(into, entry.getKey().toString());
            into.append(": ");
            write(into, entry.getValue(), indented);
            separator = ",";
        }
        into.append(map.isEmpty() ? "{}" : newLine + "}");
    }

    private static void writeText(StringBuilder into, String text) {
        into.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                into.append('\\').append(c);
            } else if (c < ' ') {
                into.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                into.append(c);
            }
        }
        into.append('"');
    }
}
