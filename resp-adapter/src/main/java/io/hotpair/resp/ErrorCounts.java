package io.hotpair.resp;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often each error code was given, as INFO errorstats tells. Thread-safe. */
final class ErrorCounts {
    /** Scripts make codes of their own, which must not fill memory. */
    private static final int MAX_CODES = 128;

    /** What is longer is no code, as in Redis. */
    private static final int MAX_CODE_LENGTH = 30;

    private static final String UNCODED = "ERR";

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
    private final LongAdder total = new LongAdder();

    void count(String error) {
        String code = code(error);
        total.increment();
        LongAdder counter = counts.get(code);
        if (counter == null) {
            if (counts.size() >= MAX_CODES) {
                return;
            }
            counter = counts.computeIfAbsent(code, c -> new LongAdder());
        }
        counter.increment();
    }

    /** What is before the first blank; a line break is one, as in what the client reads. */
    private static String code(String error) {
        for (int i = 0; i < error.length() && i <= MAX_CODE_LENGTH; i++) {
            char c = error.charAt(i);
            if (c == ' ' || c == '\r' || c == '\n') {
                // As Redis writes them, so that a line of INFO can be told from another.
                return error.substring(0, i).replace('#', '_').replace(':', '_');
            }
        }
        return UNCODED;
    }

    long total() {
        return total.sum();
    }

    void reset() {
        counts.clear();
        total.reset();
    }

    Map<String, LongAdder> byCode() {
        return new TreeMap<>(counts);
    }
}
