package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Lease;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EvictorTest {
    private static final Mode MASTER = Mode.master(1, Lease.permanent(TestEngine.STILL));
    private static final byte[] VALUE = new byte[1000];

    private final Engine engine =
            new Engine(
                    Mem.platform(),
                    8 << 20,
                    MaxMemoryPolicy.ALLKEYS_LRU,
                    false,
                    TestEngine.STILL,
                    1);

    @BeforeEach
    void fill() {
        engine.mode(MASTER);
        for (int i = 0; engine.evictedCount() == 0; i++) {
            byte[] key = TestEngine.bytes("key-" + i);
            boolean unused =
                    engine.mutate(
                            key,
                            0,
                            key.length,
                            (edit, current) -> edit.string(VALUE, 0, VALUE.length, 0),
                            new Outcome());
        }
    }

    @AfterEach
    void release() {
        engine.release();
    }

    /** Writes, and has something happen between the write and the eviction that it owes. */
    private void assertIsMade(String name, Consumer<Engine> meanwhile) {
        byte[] key = TestEngine.bytes(name);
        Outcome outcome = new Outcome();

        boolean isMade =
                engine.mutate(
                        key,
                        0,
                        key.length,
                        (edit, current) -> {
                            meanwhile.accept(engine);
                            return edit.string(VALUE, 0, VALUE.length, 0);
                        },
                        outcome);

        assertTrue(isMade);
        assertNotEquals(0, outcome.opId());
    }

    @Test
    void shouldNotFailAWriteThatIsMadeWhenEvictionsAreRefused() {
        long evicted = engine.evictedCount();

        assertIsMade(
                "a",
                present ->
                        present.mode(MASTER.refusing(HotpairException.Category.DISK_FULL, "full")));

        assertEquals(evicted, engine.evictedCount());
        engine.mode(MASTER);
        assertIsMade("b", present -> {});
        assertTrue(engine.evictedCount() > evicted);
    }

    @Test
    void shouldNotFailAWriteThatIsMadeWhenTheKeyspaceIsClosed() {
        assertIsMade("a", present -> present.mode(MASTER.close()));
    }
}
