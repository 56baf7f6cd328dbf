package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hotpair.Clock;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Lease;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What eviction knows of when a key was used. */
class AccessTimeTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final long MINUTE_MS = 60_000;

    private long nowMs = 1_800_000_000_000L;

    private Engine open(MaxMemoryPolicy policy) {
        Clock clock =
                new Clock() {
                    @Override
                    public long currentTimeMs() {
                        return nowMs;
                    }

                    @Override
                    public long nanoTime() {
                        return nowMs * 1_000_000;
                    }
                };
        Engine engine = new Engine(Mem.platform(), 8 << 20, policy, false, clock, 1);
        engine.mode(Mode.master(1, Lease.permanent(clock)));
        PutString put = new PutString().of(KEY, 0, KEY.length, 0);
        engine.mutate(KEY, 0, KEY.length, put, new Outcome());
        return engine;
    }

    @Test
    void shouldKnowTheTimeOfWritesBeforeTheFirstTick() {
        Engine engine = open(MaxMemoryPolicy.ALLKEYS_LRU);
        nowMs += 64 * MINUTE_MS;
        engine.tick();
        assertEquals(OptionalLong.of(64 * MINUTE_MS), engine.idleMs(KEY));
        engine.release();
    }

    @Test
    void shouldCountDownByTheMinuteFromTheFirstWriteOn() {
        Engine engine = open(MaxMemoryPolicy.ALLKEYS_LFU);
        assertEquals(OptionalInt.of(5), engine.frequency(KEY));
        nowMs += 3 * MINUTE_MS;
        engine.tick();
        assertEquals(OptionalInt.of(2), engine.frequency(KEY));
        engine.release();
    }
}
