package io.hotpair.resp;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts of memory as redis.conf writes them: {@code 100}, {@code 64kb}, {@code 1g}. */
final class MemoryValue {
    private static final Pattern SHAPE = Pattern.compile("(\\d{1,18})([a-z]{0,2})");
    private static final Map<String, Long> UNITS =
            Map.of(
                    "",
                    1L,
                    "b",
                    1L,
                    "k",
                    1000L,
                    "kb",
                    1L << 10,
                    "m",
                    1_000_000L,
                    "mb",
                    1L << 20,
                    "g",
                    1_000_000_000L,
                    "gb",
                    1L << 30);

    private MemoryValue() {}

    /** The bytes, or -1 if the text is no amount. */
    static long parse(String text) {
        Matcher parts = SHAPE.matcher(text.toLowerCase(Locale.ROOT));
        if (!parts.matches()) {
            return -1;
        }
        Long unit = UNITS.get(parts.group(2));
        if (unit == null) {
            return -1;
        }
        long number = Long.parseLong(parts.group(1));
        return number > Long.MAX_VALUE / unit ? -1 : number * unit;
    }
}
