package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The worst that two slow threads can do which double the directory: the second one copies what the
 * first one has published and not yet repaired, and publishes that when the segment of a stale
 * entry is about to be freed. Loaded anew for each {@link Variant}.
 *
 * <pre>
 *   first    copies X ............ publishes X, stops ............. repairs, leaves
 *   mover        X ─► Y, repairs, retires X                             X: second repair, retired again
 *   second                                  copies X, stops ......................... publishes X ... repairs, leaves
 *   reader                                                                                   meets X .......... reads
 * </pre>
 */
final class StaleDirectory {
    private StaleDirectory() {}

    /** Stops at a load that {@link StaleDirectoryTest} has put before a directory is published. */
    private static boolean publishes(StepMem.Access access, long address, long segment) {
        return access == StepMem.Access.LOAD && address == segment;
    }

    static void run() throws Exception {
        StepMem mem = new StepMem(new HeapMem());
        TestEngine test = TestEngine.open(mem, 1_024, false);
        Engine engine = test.engine;
        String key = test.neighbours(2)[0];
        String unused = test.put(key, "old");
        long segment = segmentOf(mem, test, key);
        try (Stepper first = new Stepper(mem);
                Stepper second = new Stepper(mem);
                Stepper reader = new Stepper(mem)) {
            AtomicBoolean isFilled = new AtomicBoolean();
            require(
                    first.start(
                            () -> fill(test, 1, 0x1, isFilled),
                            (access, address, value) -> publishes(access, address, segment)),
                    "the first one has copied the directory");
            isFilled.set(true);
            Relocation ofSegment = new Relocation(address -> address == segment);
            int unusedNext = engine.relocateSegment(0, ofSegment);
            unused = test.put(key, "new");
            Stepper.Stop atGeneration =
                    (access, address, value) -> address == segment + Index.GENERATION;
            require(first.goOn(atGeneration), "the first one has published its copy");
            engine.stripes().advance();
            isFilled.set(false);
            require(
                    second.start(
                            () -> fill(test, 2, 0x3, isFilled),
                            (access, address, value) -> publishes(access, address, segment)),
                    "the second one has copied that");
            isFilled.set(true);
            first.end();
            // The second repair.
            engine.maintainMemory(0);
            engine.stripes().advance();
            boolean isPassedOn = second.goOn(atGeneration);
            String[] read = new String[1];
            boolean isMet =
                    reader.start(
                            () -> read[0] = test.get(key),
                            (access, address, value) -> address == segment + Index.NEXT);
            second.end();
            engine.maintainMemory(0);
            reader.end();
            require("new".equals(read[0]), "the reader reads what is there, not " + read[0]);
            require(!isPassedOn && !isMet, "nobody meets the segment again");
        }
        test.check();
        engine.release();
    }

    private static long segmentOf(StepMem mem, TestEngine test, String key) {
        long[] slot = new long[1];
        mem.hook(
                (access, address, value) -> {
                    if (slot[0] == 0 && access == StepMem.Access.VOLATILE_LOAD) {
                        slot[0] = address;
                    }
                });
        String unused = test.get(key);
        mem.unhook();
        return slot[0] - Index.HEADER_LENGTH;
    }

    /** Puts keys whose hashes begin with these bits, until it is told that there are enough. */
    private static void fill(TestEngine test, int bits, int prefix, AtomicBoolean isFilled) {
        for (int i = 0; !isFilled.get(); i++) {
            String key = "f" + i;
            if (test.engine.hash(TestEngine.bytes(key)) >>> (Long.SIZE - bits) == prefix) {
                String unused = test.put(key, "1");
            }
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected that " + what);
        }
    }
}
