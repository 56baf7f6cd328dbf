package io.hotpair.internal;

import java.util.HashMap;
import java.util.Map;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;

/** Commits of two keys, among point operations on the same keys, for Lincheck. */
@Param(name = "key", gen = IntGen.class, conf = "1:2")
public class CommitModel {
    private final TestEngine engine = Checks.open(false);

    private static String key(int number) {
        return "k" + number;
    }

    private static String other(int number) {
        return key(3 - number);
    }

    @Operation
    public String transfer(@Param(name = "key") int from) {
        return engine.transfer(key(from), other(from));
    }

    @Operation
    public String copy(@Param(name = "key") int from) {
        return engine.copy(key(from), other(from));
    }

    @Operation
    public String getBoth() {
        return engine.getBoth("k1", "k2");
    }

    @Operation
    public String readBoth() {
        return engine.readBoth("k1", "k2");
    }

    @Operation
    public String get(@Param(name = "key") int key) {
        return engine.get(key(key));
    }

    @Operation
    public String put(@Param(name = "key") int key) {
        return engine.put(key(key), "5");
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

        private static long number(String text) {
            return text.equals(TestEngine.ABSENT) ? 0 : Long.parseLong(text);
        }

        public String transfer(int from) {
            long left = number(get(from)) - 1;
            if (left < 0) {
                return "none";
            }
            map.put(from, Long.toString(left));
            map.put(3 - from, Long.toString(number(get(3 - from)) + 1));
            return Long.toString(left);
        }

        public String copy(int from) {
            map.put(3 - from, get(from));
            return get(from);
        }

        public String getBoth() {
            return get(1) + "," + get(2);
        }

        public String readBoth() {
            return getBoth();
        }

        public String get(int key) {
            return map.getOrDefault(key, TestEngine.ABSENT);
        }

        public String put(int key) {
            map.put(key, "5");
            return "ok";
        }

        public boolean delete(int key) {
            return map.remove(key) != null;
        }
    }
}
