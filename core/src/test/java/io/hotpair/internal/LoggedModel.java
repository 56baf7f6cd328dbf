package io.hotpair.internal;

import java.util.HashMap;
import java.util.Map;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Writes that are numbered by the ring, and a log role that takes what it finds and poisons what is
 * claimed but empty at once, for Lincheck.
 */
@Param(name = "key", gen = IntGen.class, conf = "1:2")
public class LoggedModel {
    private final TestEngine engine = Checks.open(true);

    private static String key(int number) {
        return "k" + number;
    }

    @Operation
    public String get(@Param(name = "key") int key) {
        return engine.get(key(key));
    }

    @Operation
    public long increment(@Param(name = "key") int key) {
        return engine.increment(key(key));
    }

    @Operation
    public String transfer(@Param(name = "key") int from) {
        return engine.transfer(key(from), key(3 - from));
    }

    @Operation(nonParallelGroup = "log")
    public String log() {
        return engine.log();
    }

    @Validate
    public void check() {
        Checks.check(engine);
    }

    /** The same on a map. */
    public static class Sequential {
        private final Map<Integer, Long> map = new HashMap<>();

        public String get(int key) {
            return map.containsKey(key) ? Long.toString(map.get(key)) : TestEngine.ABSENT;
        }

        public long increment(int key) {
            return map.merge(key, 1L, Long::sum);
        }

        public String transfer(int from) {
            long left = map.getOrDefault(from, 0L) - 1;
            if (left < 0) {
                return "none";
            }
            map.put(from, left);
            map.merge(3 - from, 1L, Long::sum);
            return Long.toString(left);
        }

        public String log() {
            return "ok";
        }
    }
}
