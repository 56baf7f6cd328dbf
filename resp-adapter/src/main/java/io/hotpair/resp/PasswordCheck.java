package io.hotpair.resp;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Checks passwords, and slows down who guesses: each wrong one from an address makes the answer to
 * the next wrong one from there come later, and only a few may wait for an answer at once. So
 * guessing takes at least a tenth of a second a try, however many connections try.
 *
 * <p>While so many wait, nobody else at that address gets in, with the right password neither: to
 * look at it would tell a guesser at full speed which one is right.
 */
final class PasswordCheck {
    private static final int MAX_ADDRESSES = 4096;
    private static final int FREE_FAILURES = 3;
    private static final int MAX_WAITING = 10;
    private static final long FIRST_DELAY_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long MAX_DELAY_NS = TimeUnit.SECONDS.toNanos(1);

    private final List<PasswordHash> passwords;
    private final Map<String, Failures> failuresByAddress =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
                    return size() > MAX_ADDRESSES;
                }
            };

    PasswordCheck(List<PasswordHash> passwords) {
        this.passwords = passwords;
    }

    private static final class Failures {
        private int count;
        private int waiting;
    }

    /** Whether so many guesses of an address wait for their answer that no more are looked at. */
    synchronized boolean isSwamped(String address) {
        Failures failures = failuresByAddress.get(address);
        return failures != null && failures.waiting >= MAX_WAITING;
    }

    /** Whether a password is right. Takes equally long for every one of them that is wrong. */
    boolean isRight(PasswordHash given) {
        boolean right = false;
        for (PasswordHash password : passwords) {
            right |= password.matches(given);
        }
        return right;
    }

    /**
     * Takes a wrong one down.
     *
     * @return how long its answer has to wait, 0 for not at all; if it has, {@link #answered} is to
     *     be called
     */
    synchronized long delayNs(String address) {
        Failures failures = failuresByAddress.computeIfAbsent(address, a -> new Failures());
        failures.count++;
        if (failures.count <= FREE_FAILURES) {
            return 0;
        }
        failures.waiting++;
        int doublings = Math.min(failures.count - FREE_FAILURES - 1, 10);
        return Math.min(FIRST_DELAY_NS << doublings, MAX_DELAY_NS);
    }

    synchronized void answered(String address) {
        Failures failures = failuresByAddress.get(address);
        if (failures != null && failures.waiting > 0) {
            failures.waiting--;
        }
    }

    /** Forgets the wrong ones of an address that has given the right one. */
    synchronized void succeeded(String address) {
        Failures failures = failuresByAddress.get(address);
        if (failures != null) {
            failures.count = 0;
        }
    }
}
