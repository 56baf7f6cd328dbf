package io.hotpair.benchmarks.compare;

/**
 * What is done to every contestant.
 *
 * <p>In a chain of gets the next key depends on the value that was just read, as it does in an
 * application that waits for its value. Without that a processor overlaps the cache misses of
 * several gets, the more of them the fewer instructions each one has and the fewer fences, and the
 * figure is a throughput that no caller sees who needs what it asked for. {@link #GET_INDEPENDENT}
 * is that other figure.
 */
enum Operation {
    GET("get") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            Keys.write(access.next() + previous, caller.key);
            return caller.get();
        }
    },
    GET_INDEPENDENT("get-independent") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            Keys.write(access.next(), caller.key);
            return caller.get();
        }
    },
    MISS("miss") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            Keys.write(Keys.ABSENT + access.next() + previous, caller.key);
            return caller.get() - Caller.ABSENT;
        }
    },
    PUT("put") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            return put(caller, access.next(), access, dataset);
        }
    },
    INCREMENT("increment") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            Keys.write(Keys.COUNTERS + access.next() % dataset.counterCount(), caller.key);
            return caller.increment() > 0 ? 0 : 1;
        }
    },
    MGET16("mget16") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            for (int i = 0; i < Caller.BATCH; i++) {
                caller.numbers[i] = access.next() + previous;
            }
            return caller.getAll();
        }
    },
    MIXED95("mixed95") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            return mixed(95, caller, access, dataset, previous);
        }
    },
    MIXED50("mixed50") {
        @Override
        int once(Caller caller, Access access, Dataset dataset, int previous) {
            return mixed(50, caller, access, dataset, previous);
        }
    };

    private static final int CALLS_BETWEEN_CLOCKS = 32;

    private final String label;

    Operation(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    boolean writes() {
        return this == PUT || this == INCREMENT || this == MIXED95 || this == MIXED50;
    }

    /**
     * Does it once.
     *
     * @param previous what the previous call returned
     * @return 0, learnt from the value that was read, or another number if the answer was wrong
     */
    abstract int once(Caller caller, Access access, Dataset dataset, int previous);

    /** Does it until a moment; returns how often. */
    long repeat(Seat seat, Dataset dataset, long untilNs) {
        Caller caller = seat.caller();
        Access access = seat.access();
        long count = 0;
        int wrong = 0;
        do {
            int answer = 0;
            for (int i = 0; i < CALLS_BETWEEN_CLOCKS; i++) {
                answer = once(caller, access, dataset, answer);
                wrong |= answer;
            }
            count += CALLS_BETWEEN_CLOCKS;
        } while (System.nanoTime() - untilNs < 0);
        check(wrong);
        return count;
    }

    /** Does it until a moment, with the clock read around each call. */
    void repeatTimed(Seat seat, Dataset dataset, long untilNs, LatencyHistogram histogram) {
        int answer = 0;
        int wrong = 0;
        long beforeNs = System.nanoTime();
        while (beforeNs - untilNs < 0) {
            answer = once(seat.caller(), seat.access(), dataset, answer);
            long afterNs = System.nanoTime();
            histogram.record(afterNs - beforeNs);
            beforeNs = afterNs;
            wrong |= answer;
        }
        check(wrong);
    }

    private void check(int wrong) {
        if (wrong != 0) {
            throw new WrongAnswer(label + " gave a wrong answer, or lost an entry");
        }
    }

    /** Overwrites a key. */
    static int put(Caller caller, long number, Access access, Dataset dataset) {
        Keys.write(number, caller.key);
        Keys.putLong(caller.value, 0, number);
        caller.put(dataset.valueLength(number, access.turn()));
        return 0;
    }

    private static int mixed(
            int readPercent, Caller caller, Access access, Dataset dataset, int previous) {
        long number = access.next() + previous;
        if (access.percent() >= readPercent) {
            return put(caller, number, access, dataset);
        }
        Keys.write(number, caller.key);
        return caller.get();
    }

    /** A contestant that can't be compared, because it does not do its work. */
    static final class WrongAnswer extends IllegalStateException {
        private static final long serialVersionUID = 1;

        WrongAnswer(String message) {
            super(message);
        }
    }
}
