package io.hotpair.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.openjdk.jcstress.infra.results.ZII_Result;
import org.openjdk.jcstress.infra.results.ZJJ_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** Commits of several keys, on entries as the index has them (D1 to D5), and in an engine. */
public class CommitStress {
    private static final Mem MEM = StressMemory.MEM;
    private static final CounterNumbering NUMBERING = new CounterNumbering(MEM);
    private static final MultiCommit COMMITS = new MultiCommit(MEM, NUMBERING);
    private static final StressEngine ENGINE = StressEngine.shared(true);
    private static final long TAG = 0x7A6L << 48;

    private CommitStress() {}

    /**
     * Some entries, each with its first record; the value of that is 0. A is the first of them and
     * B the last, so a commit that is under way has reached A well before it reaches B.
     */
    abstract static class Entries {
        private static final int COUNT = 6;

        private final long entries = StressMemory.block(COUNT * Long.BYTES);
        private final long entryA = entries;
        private final long entryB = at(COUNT - 1);

        Entries() {
            for (int i = 0; i < COUNT; i++) {
                MEM.putLong(at(i), TAG | StressMemory.record(1, 0));
            }
        }

        private long at(int i) {
            return entries + (long) i * Long.BYTES;
        }

        /** A commit that gives every entry a record with a value. */
        long descriptor(long value) {
            int length = MultiCommit.valueLength(COUNT);
            long block = StressMemory.block(Records.blockLength(Records.FLAG_EFFECT, 0, length));
            Records.writeHeader(
                    MEM, block, Records.DESCRIPTOR, Records.FLAG_EFFECT, 0, length, 0, 0);
            Records.presetVersion(MEM, block, 0);
            COMMITS.begin(block, COUNT);
            for (int i = 0; i < COUNT; i++) {
                long word = MEM.getLong(at(i));
                long old = word & Index.ADDRESS_MASK;
                COMMITS.entry(block, i, at(i), word, old, StressMemory.record(0, value));
            }
            return block;
        }

        /** Puts a record into B, as a writer of that key does; returns the value before. */
        int overwriteB(long record) {
            while (true) {
                long word = MEM.getLongVolatile(entryB);
                if ((word & Index.DESC) != 0) {
                    boolean unused = COMMITS.help(word & Index.ADDRESS_MASK);
                } else if (MEM.compareAndSetLong(entryB, word, TAG | record)) {
                    return (int) StressMemory.value(word & Index.ADDRESS_MASK);
                }
            }
        }

        void putB(long record) {
            MEM.putLong(entryB, TAG | record);
        }

        int readA() {
            return read(entryA);
        }

        int readB() {
            return read(entryB);
        }

        /** Reads as the index does; what has no number must not be seen, and is -1. */
        private static int read(long entry) {
            long word = MEM.getLongVolatile(entry);
            long address = word & Index.ADDRESS_MASK;
            long record = (word & Index.DESC) == 0 ? address : COMMITS.recordBehind(address, entry);
            return Records.version(MEM, record) == 0 ? -1 : (int) StressMemory.value(record);
        }

        /** The value of A when all is over: then no descriptor is left. */
        int finalA() {
            for (int i = 0; i < COUNT; i++) {
                if ((MEM.getLongVolatile(at(i)) & Index.DESC) != 0) {
                    return -2;
                }
            }
            return readA();
        }
    }

    /** A commit and a writer of one of its keys. */
    @JCStressTest
    @Description("A commit replaces all records, or none if one of them was replaced before.")
    @Outcome(id = "true, 1, 1", expect = ACCEPTABLE, desc = "committed, then overwritten")
    @Outcome(id = "false, 0, 0", expect = ACCEPTABLE, desc = "overwritten, so aborted")
    @Outcome(expect = FORBIDDEN, desc = "half a commit")
    @State
    public static class CommitAndOverwrite extends Entries {
        private final long descriptor = descriptor(1);
        private final long other = StressMemory.record(1, 7);

        @Actor
        public void commit(ZII_Result r) {
            r.r1 = COMMITS.help(descriptor);
        }

        @Actor
        public void overwrite(ZII_Result r) {
            r.r2 = overwriteB(other);
        }

        @Arbiter
        public void end(ZII_Result r) {
            r.r3 = readB() == 7 ? finalA() : -3;
        }
    }

    /** A commit and a reader that comes by the entries in their order. */
    @JCStressTest
    @Description("Who saw the commit sees all of it, with its number.")
    @Outcome(id = "true, 0, [01]", expect = ACCEPTABLE, desc = "before it, or across it")
    @Outcome(id = "true, 1, 1", expect = ACCEPTABLE, desc = "after it")
    @Outcome(expect = FORBIDDEN, desc = "half a commit, or a record without a number")
    @State
    public static class CommitAndRead extends Entries {
        private final long descriptor = descriptor(1);

        @Actor
        public void commit(ZII_Result r) {
            r.r1 = COMMITS.help(descriptor);
        }

        @Actor
        public void reader(ZII_Result r) {
            r.r2 = readA();
            r.r3 = readB();
        }
    }

    /** A commit that can't succeed, and a reader. */
    @JCStressTest
    @Description("Nobody sees anything of a commit that is aborted, and it leaves nothing behind.")
    @Outcome(id = "false, 0, 0", expect = ACCEPTABLE, desc = "nothing happened")
    @Outcome(expect = FORBIDDEN, desc = "something happened")
    @State
    public static class AbortAndRead extends Entries {
        private final long descriptor = descriptor(1);

        public AbortAndRead() {
            putB(StressMemory.record(1, 7));
        }

        @Actor
        public void commit(ZII_Result r) {
            r.r1 = COMMITS.help(descriptor);
        }

        @Actor
        public void reader(ZII_Result r) {
            r.r2 = readA();
        }

        @Arbiter
        public void end(ZII_Result r) {
            r.r3 = readB() == 7 ? finalA() : -3;
        }
    }

    /** Two commits of the same keys. */
    @JCStressTest
    @Description("Of two commits that expect the same records one succeeds.")
    @Outcome(id = "true, false, 11", expect = ACCEPTABLE, desc = "the first one")
    @Outcome(id = "false, true, 22", expect = ACCEPTABLE, desc = "the second one")
    @Outcome(expect = FORBIDDEN, desc = "both, neither, or half of each")
    @State
    public static class CommitAndCommit extends Entries {
        private final long first = descriptor(1);
        private final long second = descriptor(2);

        @Actor
        public void first(ZZI_Result r) {
            r.r1 = COMMITS.help(first);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = COMMITS.help(second);
        }

        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = 10 * finalA() + readB();
        }
    }

    /** The owner of a commit, and one that helps it. */
    @JCStressTest
    @Description("Whoever brings a commit to its end, it ends once.")
    @Outcome(id = "true, true, 11", expect = ACCEPTABLE, desc = "committed")
    @Outcome(expect = FORBIDDEN, desc = "they differ")
    @State
    public static class CommitAndHelp extends Entries {
        private final long descriptor = descriptor(1);

        @Actor
        public void owner(ZZI_Result r) {
            r.r1 = COMMITS.help(descriptor);
        }

        @Actor
        public void helper(ZZI_Result r) {
            r.r2 = COMMITS.help(descriptor);
        }

        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = 10 * finalA() + readB();
        }
    }

    /** A transaction, and a read of both its keys. */
    @JCStressTest
    @Description("A double collect sees one moment.")
    @Outcome(id = "3, 3|2, 4", expect = ACCEPTABLE, desc = "before or after")
    @Outcome(expect = FORBIDDEN, desc = "in between")
    @State
    public static class TransferAndReadBoth {
        private final byte[] a = ENGINE.key(3);
        private final byte[] b = ENGINE.key(3);

        @Actor
        public void transfer() {
            boolean unused = ENGINE.transfer(a, b);
        }

        @Actor
        public void reader(JJ_Result r) {
            long[] both = ENGINE.getBoth(a, b);
            r.r1 = both[0];
            r.r2 = both[1];
        }
    }

    /** A transaction, and one the other way. */
    @JCStressTest
    @Description("Transfers the one way and the other leave what was there.")
    @Outcome(id = "3, 3", expect = ACCEPTABLE, desc = "both happened")
    @Outcome(expect = FORBIDDEN, desc = "one is lost, in part or as a whole")
    @State
    public static class TransferAndTransferBack {
        private final byte[] a = ENGINE.key(3);
        private final byte[] b = ENGINE.key(3);

        @Actor
        public void there() {
            boolean unused = ENGINE.transfer(a, b);
        }

        @Actor
        public void back() {
            boolean unused = ENGINE.transfer(b, a);
        }

        @Arbiter
        public void end(JJ_Result r) {
            r.r1 = ENGINE.get(a);
            r.r2 = ENGINE.get(b);
        }
    }

    /** A transaction, which an increment of one of its keys may abort. */
    @JCStressTest
    @Description("A transaction and an increment of its keys come one after the other.")
    @Outcome(id = "true, (12|13), 124", expect = ACCEPTABLE, desc = "both happened")
    @Outcome(expect = FORBIDDEN, desc = "one is lost, in part or as a whole")
    @State
    public static class TransferAndAdd {
        private final byte[] a = ENGINE.key(3);
        private final byte[] b = ENGINE.key(3);

        @Actor
        public void transfer(ZJJ_Result r) {
            r.r1 = ENGINE.transfer(a, b);
        }

        @Actor
        public void add(ZJJ_Result r) {
            r.r2 = ENGINE.add(a, 10);
        }

        @Arbiter
        public void end(ZJJ_Result r) {
            r.r3 = 10 * ENGINE.get(a) + ENGINE.get(b);
        }
    }
}
