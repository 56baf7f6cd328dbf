package io.hotpair.internal;

import java.util.ArrayList;
import java.util.List;

/**
 * The worst that a slow helper of a commit can do: it puts the descriptor into an entry after the
 * commit was decided and its owner has retired the descriptor, and a reader that came later meets
 * it there. Loaded anew for each {@link Variant}.
 *
 * <pre>
 *   owner    puts D into w ........ puts D into r, commits, takes D out, retires D ..... reuses memory
 *   helper        meets D in w, stops before its CAS of r .... puts D into r .. takes D out, leaves
 *   reader                                                          meets D in r ............... reads
 * </pre>
 */
final class LateHelper {
    private LateHelper() {}

    private static void use(Object result) {
        if (result.equals("?")) {
            throw new AssertionError(result);
        }
    }

    /** Stops before a descriptor is put into an entry. */
    private static boolean putsDescriptor(StepMem.Access access, long value) {
        return access == StepMem.Access.COMPARE_AND_SET
                && (value & Index.DESC) != 0
                && value >>> 48 != 0;
    }

    static void run() throws Exception {
        StepMem mem = new StepMem(new HeapMem());
        TestEngine engine = TestEngine.open(mem, 1_024, true);
        String[] keys = engine.neighbours(6);
        for (String key : keys) {
            use(engine.put(key, "3"));
        }
        use(engine.log());
        // Of two keys of a segment the one that was put first comes first in every commit.
        String written = keys[0];
        String onlyRead = keys[1];
        try (Stepper owner = new Stepper(mem);
                Stepper helper = new Stepper(mem);
                Stepper reader = new Stepper(mem)) {
            int[] puts = new int[1];
            require(
                    owner.start(
                            () -> use(engine.copy(onlyRead, written)),
                            (access, address, value) ->
                                    putsDescriptor(access, value) && ++puts[0] == 2),
                    "the owner has put the descriptor into one entry");
            long[] entry = new long[1];
            require(
                    helper.start(
                            () -> use(engine.increment(written)),
                            (access, address, value) -> {
                                entry[0] = address;
                                return putsDescriptor(access, value);
                            }),
                    "the helper is about to put it into the other one");
            owner.end();
            engine.engine.stripes().advance();
            long[] accesses = new long[1];
            require(
                    helper.goOn((access, address, value) -> ++accesses[0] == 1),
                    "the helper has put it there");
            require((mem.getLong(entry[0]) & Index.DESC) != 0, "it is there");
            // The reader shall not have the stripe whose limbo the descriptor is in.
            List<Stripe> owned = claimFree(engine.engine.stripes());
            // First it looks at the bucket as a whole and then at the entry, twice.
            int[] met = new int[1];
            require(
                    reader.start(
                            () -> use(engine.get(onlyRead)),
                            (access, address, value) -> {
                                boolean before = met[0] == 3;
                                met[0] += address == entry[0] ? 1 : 0;
                                return before;
                            }),
                    "the reader has met it");
            owned.forEach(engine.engine.stripes()::leave);
            helper.end();
            owner.start(() -> reuseMemory(engine, keys), Stepper.NEVER);
            owner.end();
            reader.end();
            engine.check();
        }
    }

    private static List<Stripe> claimFree(Stripes stripes) {
        List<Stripe> claimed = new ArrayList<>();
        for (int i = 0; i < stripes.count(); i++) {
            if (stripes.stripe(i).limboCount() > 0 && stripes.claim(i)) {
                claimed.add(stripes.stripe(i));
            }
        }
        return claimed;
    }

    private static void reuseMemory(TestEngine engine, String[] keys) {
        for (int i = 0; i < 20; i++) {
            // As long as the descriptor, so that its block is taken for it.
            use(engine.put(keys[4], "x".repeat(98)));
            use(engine.log());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected that " + what);
        }
    }
}
