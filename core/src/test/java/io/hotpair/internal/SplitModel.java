package io.hotpair.internal;

import java.util.HashMap;
import java.util.Map;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;

/** Operations in a segment that is full, so that they split or rebuild it, for Lincheck. */
@Param(name = "key", gen = IntGen.class, conf = "0:6")
public class SplitModel {
    private static final int FILLED = 5;

    private final TestEngine engine = Checks.open(false);
    private final String[] keys = Checks.fill(engine, FILLED);

    @Operation
    public String get(@Param(name = "key") int key) {
        return engine.get(keys[key]);
    }

    @Operation
    public String put(@Param(name = "key") int key) {
        return engine.put(keys[key], "5");
    }

    @Operation
    public long increment(@Param(name = "key") int key) {
        return engine.increment(keys[key]);
    }

    @Operation
    public boolean delete(@Param(name = "key") int key) {
        return engine.delete(keys[key]);
    }

    @Operation
    public String transfer(@Param(name = "key") int from) {
        return engine.transfer(keys[from], keys[(from + 3) % keys.length]);
    }

    @Validate
    public void check() {
        Checks.check(engine);
    }

    /** The same on a map. */
    public static class Sequential {
        private final Map<Integer, Long> map = new HashMap<>();

        public Sequential() {
            for (int i = 0; i < FILLED; i++) {
                map.put(i, 1L);
            }
        }

        public String get(int key) {
            return map.containsKey(key) ? Long.toString(map.get(key)) : TestEngine.ABSENT;
        }

        public String put(int key) {
            map.put(key, 5L);
            return "ok";
        }

        public long increment(int key) {
            return map.merge(key, 1L, Long::sum);
        }

        public boolean delete(int key) {
            return map.remove(key) != null;
        }

        public String transfer(int from) {
            long left = map.getOrDefault(from, 0L) - 1;
            if (left < 0) {
                return "none";
            }
            map.put(from, left);
            map.merge((from + 3) % (FILLED + 2), 1L, Long::sum);
            return Long.toString(left);
        }
    }
}
