package io.hotpair.resp;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Slows down who guesses passwords: each wrong one from an address makes the answer to the next
 * wrong one from there come later, and only a few may wait for an answer at once. So guessing takes
 * at least a tenth of a second a try, however many connections try.
 *
 * <p>While so many wait, nobody else at that address gets in, with the right password neither: to
 * look at it would tell a guesser at full speed which one is right.
 */
final class GuessLimit {
    private static final int MAX_ADDRESSES = 4096;
    private static final int FREE_FAILURES = 3;
    private static final int MAX_WAITING = 10;
    private static final long FIRST_DELAY_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long MAX_DELAY_NS = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, Failures> failuresByAddress =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
                    return size() > MAX_ADDRESSES;
                }
            };

    private static final class Failures {
        private int count;

        /** When the places of those who wait are free again, whether they still wait or not. */
        private final ArrayDeque<Long> endsNs = new ArrayDeque<>();

        /** Whose password was guessed; null if several users' were. */
        private @Nullable String userName = "";
    }

    /** Whether so many guesses of an address wait for their answer that no more are looked at. */
    synchronized boolean isSwamped(String address) {
        Failures failures = failuresByAddress.get(address);
        if (failures == null) {
            return false;
        }
        long nowNs = System.nanoTime();
        failures.endsNs.removeIf(endNs -> endNs - nowNs <= 0);
        return failures.endsNs.size() >= MAX_WAITING;
    }

    /** Whether the answer to the next wrong one of an address would have to wait. */
    synchronized boolean isSlowed(String address) {
        Failures failures = failuresByAddress.get(address);
        return failures != null && failures.count >= FREE_FAILURES;
    }

    /**
     * Takes a wrong one down.
     *
     * @param userName whose password it was meant to be
     * @return how long its answer has to wait, 0 for not at all
     */
    synchronized long delayNs(String address, String userName) {
        Failures failures = failuresByAddress.computeIfAbsent(address, a -> new Failures());
        if (failures.count++ == 0) {
            failures.userName = userName;
        } else if (!userName.equals(failures.userName)) {
            failures.userName = null;
        }
        if (failures.count <= FREE_FAILURES) {
            return 0;
        }
        int doublings = Math.min(failures.count - FREE_FAILURES - 1, 10);
        long delayNs = Math.min(FIRST_DELAY_NS << doublings, MAX_DELAY_NS);
        failures.endsNs.add(System.nanoTime() + delayNs);
        return delayNs;
    }

    /**
     * Forgets the wrong ones of an address that has given the right one, if they were all for that
     * user: who has an account of his own must not guess that of somebody else with it.
     */
    synchronized void succeeded(String address, String userName) {
        Failures failures = failuresByAddress.get(address);
        if (failures != null && userName.equals(failures.userName)) {
            failures.count = 0;
        }
    }
}
