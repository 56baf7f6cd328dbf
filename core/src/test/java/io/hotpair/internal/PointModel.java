package io.hotpair.internal;

import java.util.HashMap;
import java.util.Map;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;

/** Point operations on two keys, for Lincheck. */
@Param(name = "key", gen = IntGen.class, conf = "1:2")
@Param(name = "value", gen = IntGen.class, conf = "1:3")
public class PointModel {
    private final TestEngine engine = Checks.open(false);

    private static String key(int number) {
        return "k" + number;
    }

    @Operation
    public String get(@Param(name = "key") int key) {
        return engine.get(key(key));
    }

    @Operation
    public String put(@Param(name = "key") int key, @Param(name = "value") int value) {
        return engine.put(key(key), Integer.toString(value));
    }

    @Operation
    public boolean replace(
            @Param(name = "key") int key,
            @Param(name = "value") int expected,
            @Param(name = "value") int value) {
        return engine.replace(key(key), Integer.toString(expected), Integer.toString(value));
    }

    @Operation
    public boolean putIfAbsent(@Param(name = "key") int key, @Param(name = "value") int value) {
        return engine.putIfAbsent(key(key), Integer.toString(value));
    }

    @Operation
    public long increment(@Param(name = "key") int key) {
        return engine.increment(key(key));
    }

    @Operation
    public boolean delete(@Param(name = "key") int key) {
        return engine.delete(key(key));
    }

    @Validate
    public void check() {
        Checks.check(engine);
    }

    /** The same on a map. */
    public static class Sequential {
        private final Map<Integer, String> map = new HashMap<>();

        public String get(int key) {
            return map.getOrDefault(key, TestEngine.ABSENT);
        }

        public String put(int key, int value) {
            map.put(key, Integer.toString(value));
            return "ok";
        }

        public boolean replace(int key, int expected, int value) {
            return map.replace(key, Integer.toString(expected), Integer.toString(value));
        }

        public boolean putIfAbsent(int key, int value) {
            return map.putIfAbsent(key, Integer.toString(value)) == null;
        }

        public long increment(int key) {
            long sum = Long.parseLong(map.getOrDefault(key, "0")) + 1;
            map.put(key, Long.toString(sum));
            return sum;
        }

        public boolean delete(int key) {
            return map.remove(key) != null;
        }
    }
}
