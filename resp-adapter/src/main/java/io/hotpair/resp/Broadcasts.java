package io.hotpair.resp;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys that one event loop's clients have written and that are still to be told to those who
 * track a prefix: gathered while a client's input is executed, then told at once, in the order of
 * their bytes. Used by the loop's thread only.
 */
final class Broadcasts {
    private static final Comparator<KeyName> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.bytes(), b.bytes());

    /**
     * Who wrote a key first.
     *
     * @param origin the command, or null if it was none
     */
    record By(@Nullable Origin origin) {
        boolean is(Client client) {
            return origin != null && origin.client() == client;
        }
    }

    private final Map<KeyName, Map<KeyName, By>> keys = new TreeMap<>(BY_BYTES);

    void add(KeyName prefix, KeyName key, By by) {
        keys.computeIfAbsent(prefix, p -> new TreeMap<>(BY_BYTES)).putIfAbsent(key, by);
    }

    /** Tells what was gathered. */
    void tell(Tracking tracking) {
        if (keys.isEmpty()) {
            return;
        }
        Map<KeyName, Map<KeyName, By>> all = new TreeMap<>(BY_BYTES);
        all.putAll(keys);
        keys.clear();
        all.forEach(tracking::broadcast);
    }
}
