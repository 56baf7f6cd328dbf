package io.hotpair.internal;

/** Adds to the decimal integer that a key holds. Reused by its session. */
public final class IncrementString implements Mutation {
    private static final int MAX_DECIMAL_LENGTH = 20;

    private final byte[] scratch = new byte[MAX_DECIMAL_LENGTH];
    private long delta;
    private long sum;

    /** Says how much to add. */
    public IncrementString of(long toAdd) {
        delta = toAdd;
        return this;
    }

    /** The sum. */
    public long sum() {
        return sum;
    }

    @Override
    public long apply(Edit edit, long current) {
        Mem mem = edit.mem();
        sum = Math.addExact(current == 0 ? 0 : number(mem, current), delta);
        int from = Decimal.format(sum, scratch);
        long deadlineMs = current == 0 ? 0 : Records.deadlineMs(mem, current);
        return edit.string(scratch, from, scratch.length - from, deadlineMs);
    }

    private long number(Mem mem, long record) {
        Edit.expect(mem, record, Records.STRING);
        int length = Records.valueLength(mem, record);
        if (length > MAX_DECIMAL_LENGTH || Records.isTree(mem, record)) {
            throw Decimal.notAnInteger();
        }
        Records.copyValue(mem, record, scratch, 0, length);
        return Decimal.parse(scratch, length);
    }
}
