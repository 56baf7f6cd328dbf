package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The scan-resistant default: keeps what was used lately, and of the rest what is used often.
 *
 * <pre>
 *   access word:  31 ......... 20 | 19 ........ 8 | 7 ....... 4 | 3 .......... 0
 *                 tick of the     | tick of its   | frequency   | period of the
 *                 last access     | creation      | 0 to 15     | last access
 *   now:          tick            | -             | -           | period
 * </pre>
 *
 * <ul>
 *   <li>A <em>turnover</em> is as much allocation as the limit of memory; a tick is a 16th of one.
 *       What was used in this tick or the last one is in the window: it is evicted only if all
 *       others at hand are in it too. So what is new gets time to be used again.
 *   <li>Of the others the least frequently used is evicted. A frequency counts the <em>ticks</em>
 *       in which a record was used, so that a burst counts once and costs one write. It is halved
 *       each <em>period</em>, {@value #ACCESSES_PER_PERIOD} accesses for each record there is; that
 *       is done when it is looked at, nobody sweeps.
 *   <li>Of equals the one created last is evicted. So the keys of a scan, or of a loop that is
 *       larger than the memory, do not push each other out one after the other.
 *   <li>A use counts for less in a larger record, in proportion to the square root of its length:
 *       in the place of one large record there is room for many small ones.
 *   <li>{@link GhostFrequencies} remember the frequency of what was evicted, so that a key that
 *       comes back adds to it.
 * </ul>
 *
 * <p>The fields wrap: after 16 periods, or 256 turnovers, without a use a record looks used. It was
 * looked at, and worth nothing, often before.
 *
 * <p>After W-TinyLFU (Einziger, Friedman and Manes, 2017), whose window, history and aging these
 * are, without its queues.
 */
public final class WindowedLfu implements EvictionPolicy {
    static final int TICKS_PER_TURNOVER = 16;
    static final int WINDOW_TICKS = 1;
    static final int ACCESSES_PER_PERIOD = 15;

    /** A small cache needs a longer memory than it can fill. */
    static final int MIN_ACCESSES_PER_PERIOD = 2000;

    /** Where nearly all hits, frequencies would be halved faster than ticks let them grow. */
    static final int MIN_TICKS_PER_PERIOD = TICKS_PER_TURNOVER;

    private static final int TICK_SHIFT = 20;
    private static final int TICK_BITS = 12;
    private static final int TICK_MASK = (1 << TICK_BITS) - 1;
    private static final int CREATION_SHIFT = 8;
    private static final int FREQUENCY_SHIFT = 4;
    private static final int MAX_FREQUENCY = GhostFrequencies.MAX_FREQUENCY;
    private static final int PERIOD_MASK = 15;
    private static final long IN_WINDOW = 1L << 60;

    /** What one use is worth in a record of one byte: enough for a difference in the largest. */
    private static final double WORTH_UNIT = 1 << 24;

    private static final VarHandle NOW;

    static {
        try {
            NOW = MethodHandles.lookup().findVarHandle(WindowedLfu.class, "now", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final LongSupplier limitBytes;
    private final LongSupplier recordCount;
    private final LongSupplier accessCount;
    private final AtomicLong bytesIntoTick = new AtomicLong();
    private final AtomicLong periodStart = new AtomicLong();
    private volatile int periodStartTick;
    private volatile int now;
    private volatile @Nullable GhostFrequencies ghosts;

    /**
     * Creates one that forgets what it evicts.
     *
     * @param limitBytes the memory limit, which may change
     * @param recordCount how many records there are; asked once a tick
     * @param accessCount how many accesses there were; asked once a tick
     */
    public WindowedLfu(
            LongSupplier limitBytes, LongSupplier recordCount, LongSupplier accessCount) {
        this.limitBytes = limitBytes;
        this.recordCount = recordCount;
        this.accessCount = accessCount;
    }

    /** Remembers what is evicted from now on. */
    public void remember(GhostFrequencies evicted) {
        ghosts = evicted;
    }

    /** Whether it remembers what it evicts. */
    boolean remembers() {
        return ghosts != null;
    }

    @Override
    public int now(long clockMs) {
        return (int) NOW.getOpaque(this);
    }

    @Override
    public int onCreate(long hash, int now) {
        GhostFrequencies present = ghosts;
        int before = present == null ? 0 : present.take(hash, now);
        return word(now, tick(now), before + 1);
    }

    @Override
    public int onAccess(int access, int now) {
        boolean sameTick = (access ^ now) >>> TICK_SHIFT == 0;
        return sameTick ? access : word(now, creation(access), frequency(access, now) + 1);
    }

    @Override
    public long priority(int access, int now, long deadlineMs, long length) {
        int age = (tick(now) - tick(access)) & TICK_MASK;
        if (age <= WINDOW_TICKS) {
            return IN_WINDOW - age;
        }
        // One more than twice the frequency: of those never used again the larger goes, too.
        int uses = 2 * frequency(access, now) + 1;
        long worth = (long) (uses * WORTH_UNIT / Math.sqrt((double) length));
        return (worth << TICK_BITS) | ((tick(now) - creation(access)) & TICK_MASK);
    }

    @Override
    public void onEvict(long hash, int access, int now) {
        GhostFrequencies present = ghosts;
        int frequency = frequency(access, now);
        if (present != null && frequency > 0) {
            present.put(hash, frequency, now);
        }
    }

    /** Moves the time on. Whoever completes a tick also sees whether it completes a period. */
    @Override
    public void onAllocate(long bytes) {
        long bytesPerTick = Math.max(1, limitBytes.getAsLong() / TICKS_PER_TURNOVER);
        long into = bytesIntoTick.addAndGet(bytes);
        if (into >= bytesPerTick && bytesIntoTick.compareAndSet(into, into % bytesPerTick)) {
            int ticks = (int) (into / bytesPerTick) << TICK_SHIFT;
            // The period may carry into the bits between the two, which nobody looks at.
            NOW.getAndAdd(this, ticks + completedPeriods());
        }
    }

    private int completedPeriods() {
        long start = periodStart.get();
        long accesses = accessCount.getAsLong();
        int tick = tick(now);
        boolean completed =
                accesses - start >= accessesPerPeriod()
                        && ((tick - periodStartTick) & TICK_MASK) >= MIN_TICKS_PER_PERIOD;
        if (!completed || !periodStart.compareAndSet(start, accesses)) {
            return 0;
        }
        periodStartTick = tick;
        return 1;
    }

    private long accessesPerPeriod() {
        return Math.max(MIN_ACCESSES_PER_PERIOD, ACCESSES_PER_PERIOD * recordCount.getAsLong());
    }

    private static int word(int now, int creation, int frequency) {
        return (tick(now) << TICK_SHIFT)
                | (creation << CREATION_SHIFT)
                | (Math.min(MAX_FREQUENCY, frequency) << FREQUENCY_SHIFT)
                | (now & PERIOD_MASK);
    }

    static int tick(int word) {
        return word >>> TICK_SHIFT;
    }

    private static int creation(int word) {
        return (word >>> CREATION_SHIFT) & TICK_MASK;
    }

    static int frequency(int access, int now) {
        int periods = (now - access) & PERIOD_MASK;
        return ((access >>> FREQUENCY_SHIFT) & MAX_FREQUENCY) >>> periods;
    }
}
