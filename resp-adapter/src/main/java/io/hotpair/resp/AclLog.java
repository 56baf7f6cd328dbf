package io.hotpair.resp;

import io.hotpair.resp.AclSelector.Denial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What was refused lately, the latest first, and how often it was in all. The same thing again
 * within a minute is counted, not listed again. Thread-safe.
 */
final class AclLog {
    private static final long SAME_MS = TimeUnit.SECONDS.toMillis(60);
    private static final int LOOKED_AT = 10;

    /** What a refused command was a part of. */
    enum Context {
        TOPLEVEL,
        MULTI,
        LUA
    }

    /**
     * Something that was refused.
     *
     * @param count how often
     * @param why the reason
     * @param context what it was a part of
     * @param object the command, the key or the channel
     * @param userName whose it was
     * @param timeMs when, for the last time
     * @param clientInfo the client as CLIENT INFO described it then
     */
    record Entry(
            long count,
            Denial why,
            Context context,
            String object,
            String userName,
            long timeMs,
            String clientInfo) {
        boolean isSame(Entry other) {
            return why == other.why
                    && context == other.context
                    && Math.abs(timeMs - other.timeMs) <= SAME_MS
                    && object.equals(other.object)
                    && userName.equals(other.userName);
        }

        Entry plus(long more) {
            return new Entry(count + more, why, context, object, userName, timeMs, clientInfo);
        }
    }

    private final Settings settings;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private final Map<Denial, AtomicLong> counts = new EnumMap<>(Denial.class);

    AclLog(Settings settings) {
        this.settings = settings;
        for (Denial why : Denial.values()) {
            counts.put(why, new AtomicLong());
        }
    }

    /** Adds an entry with the count 1. */
    void add(Entry entry) {
        counter(entry.why()).incrementAndGet();
        synchronized (this) {
            Entry same = takeSame(entry);
            entries.addFirst(same == null ? entry : entry.plus(same.count()));
            while (entries.size() > settings.aclLogMaxLength()) {
                entries.removeLast();
            }
        }
    }

    private @Nullable Entry takeSame(Entry entry) {
        Iterator<Entry> each = entries.iterator();
        for (int i = 0; i < LOOKED_AT && each.hasNext(); i++) {
            Entry present = each.next();
            if (present.isSame(entry)) {
                each.remove();
                return present;
            }
        }
        return null;
    }

    private AtomicLong counter(Denial why) {
        AtomicLong counter = counts.get(why);
        if (counter == null) {
            throw new IllegalStateException("why=" + why);
        }
        return counter;
    }

    synchronized List<Entry> latest(long count) {
        List<Entry> latest = new ArrayList<>();
        for (Entry entry : entries) {
            if (latest.size() >= count) {
                break;
            }
            latest.add(entry);
        }
        return latest;
    }

    synchronized void reset() {
        entries.clear();
    }

    /** How often something was refused for a reason. */
    long count(Denial why) {
        return counter(why).get();
    }

    void resetCounts() {
        counts.values().forEach(count -> count.set(0));
    }
}
