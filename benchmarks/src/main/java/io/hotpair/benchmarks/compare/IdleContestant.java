package io.hotpair.benchmarks.compare;

/** Does nothing, and so shows what the measuring loop and the making of keys cost. */
final class IdleContestant implements Contestant {
    @Override
    public Caller caller() {
        return new IdleCaller();
    }

    @Override
    public boolean supports(Operation operation) {
        return operation == Operation.GET || operation == Operation.GET_INDEPENDENT;
    }

    @Override
    public boolean isMap() {
        return false;
    }

    @Override
    public void close() {}

    private static final class IdleCaller extends ReadingCaller {
        @Override
        int get() {
            return into[(int) Keys.longAt(key, 0) & Long.BYTES];
        }
    }
}
