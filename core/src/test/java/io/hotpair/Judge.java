package io.hotpair;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compares what operations give with what a real server replies to the same commands. */
final class Judge implements AutoCloseable {
    private final RedisProcess redis = RedisProcess.start();
    private final long seed;
    private long compared;

    /** Its random numbers, from a seed that every failure names. */
    final Random random;

    Judge(long seed) {
        this.seed = seed;
        random = new Random(seed);
    }

    /** Runs both, and fails if they differ; any refusal is equal to any other. */
    void same(Supplier<@Nullable Object> ours, Object... command) {
        String expected = show(redis.call(command));
        String actual;
        try {
            actual = show(ours.get());
        } catch (HotpairException | IllegalArgumentException | ArithmeticException e) {
            actual = "refused";
        }
        compared++;
        assertEquals(
                expected,
                actual,
                () ->
                        "seed="
                                + seed
                                + " command "
                                + compared
                                + ": "
                                + show(Arrays.asList(command)));
    }

    /** As {@link #same}, for operations that give nothing. */
    void sameRun(Runnable ours, Object... command) {
        same(
                () -> {
                    ours.run();
                    return "OK";
                },
                command);
    }

    @Nullable Object call(Object... command) {
        return redis.call(command);
    }

    /** A reply, or a result, as text. */
    static String show(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new String(bytes, ISO_8859_1);
        }
        if (value instanceof Object[] several) {
            return show(Arrays.asList(several));
        }
        if (value instanceof Collection<?> several) {
            return several.stream().map(Judge::show).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Map.Entry<?, ?> entry) {
            return show(entry.getKey()) + "=" + show(entry.getValue());
        }
        if (value instanceof RedisProcess.Status status) {
            return status.text();
        }
        if (value instanceof RedisProcess.Failure) {
            return "refused";
        }
        if (value instanceof Boolean flag) {
            return flag ? "1" : "0";
        }
        return String.valueOf(value);
    }

    @Override
    public void close() {
        redis.close();
    }
}
