package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Absences look alike, but one that came after another is not the same. */
@Timeout(120)
class AbsentKeysTest {
    private final StepMem mem = new StepMem(new HeapMem());
    private final TestEngine engine = TestEngine.open(mem, 4_096, true);

    /** At every moment one of two keys is there, so nobody may see both absent. */
    @Test
    void shouldNotSeeTwoAbsencesThatNeverMet() {
        for (int k = 1; k < 40; k++) {
            String a = "a" + k;
            String b = "b" + k;
            use(engine.put(b, "1"));
            int stop = k;
            int[] runs = new int[1];
            String seen =
                    engine.engine.transact(
                            tx -> {
                                if (runs[0]++ > 0) {
                                    return read(tx, a) + read(tx, b);
                                }
                                String first = read(tx, a);
                                use(engine.put(a, "1"));
                                use(engine.delete(b));
                                String second = read(tx, b);
                                use(engine.put(b, "1"));
                                use(engine.delete(a));
                                int[] steps = new int[1];
                                mem.hook(
                                        (access, address, value) -> {
                                            if (++steps[0] == stop) {
                                                mem.unhook();
                                                use(engine.put(a, "1"));
                                                use(engine.delete(b));
                                            }
                                        });
                                return first + second;
                            },
                            new Outcome());
            mem.unhook();
            assertNotEquals("--", seen, "k=" + k);
        }
    }

    private static void use(Object result) {
        assertNotNull(result);
    }

    private static String read(Executor executor, String key) {
        return executor.read(
                TestEngine.bytes(key),
                (edit, record) ->
                        record == 0 ? "-" : new String(Records.value(edit.mem(), record), UTF_8));
    }

    /** A transaction that met a key before it was there writes it after it was deleted again. */
    @Test
    void shouldShowASnapshotWhatATransactionFoundAbsent() {
        Engine tested = engine.engine;
        Stripe slowReader = tested.stripes().enter();
        long epoch = tested.stripes().retirementEpoch();
        CompletableFuture<SnapshotView> opening =
                CompletableFuture.supplyAsync(tested::openSnapshot);
        // When the epoch has grown the view is up, and its grace period waits for the slow reader.
        while (tested.stripes().retirementEpoch() == epoch) {
            Thread.onSpinWait();
        }
        String absent =
                tested.transact(
                        tx -> {
                            String before = read(tx, "k");
                            boolean written = write(tx, "k", "new");
                            use(engine.put("k", "old"));
                            tested.stripes().leave(slowReader);
                            use(opening.join());
                            use(engine.delete("k"));
                            return before + written;
                        },
                        new Outcome());
        assertEquals("-true", absent);
        assertEquals(List.of("k=old"), contents(opening.join()));
    }

    private static boolean write(Executor executor, String key, String value) {
        byte[] bytes = TestEngine.bytes(value);
        return executor.write(TestEngine.bytes(key), new PutString().of(bytes, 0, bytes.length, 0));
    }

    private List<String> contents(SnapshotView view) {
        List<String> seen = new ArrayList<>();
        int upper = 0;
        do {
            upper =
                    engine.engine.visitSnapshot(
                            view,
                            upper,
                            (edit, record) ->
                                    seen.add(
                                            new String(Records.key(mem, record), UTF_8)
                                                    + "="
                                                    + new String(
                                                            Records.value(mem, record), UTF_8)));
        } while (upper != 0);
        return seen;
    }
}
