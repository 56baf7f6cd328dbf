package io.hotpair.resp;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often each error code was given, as INFO errorstats tells. Thread-safe. */
final class ErrorCounts {
    /** Codes are ours, so there are few; a bug that made them of input must not fill memory. */
    private static final int MAX_CODES = 128;

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
    private final LongAdder total = new LongAdder();

    void count(String error) {
        int blank = error.indexOf(' ');
        String code = blank < 0 ? error : error.substring(0, blank);
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
