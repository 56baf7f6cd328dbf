package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compares answers of a keyspace with those of a real server, command after command. Answers are
 * compared as text; those whose order is nobody's promise, sorted.
 */
final class RedisModel implements AutoCloseable {
    private final RedisProcess redis = RedisProcess.start();
    final long seed = System.nanoTime();
    final Random random = new Random(seed);
    private int compared;

    /** Compares a command's answer with ours. */
    void same(Supplier<@Nullable Object> ours, Object... command) {
        compare(show(redis.call(command)), () -> show(ours.get()), command);
    }

    /** Compares a command's answer with ours, both being lists whose order means nothing. */
    void sameMembers(Supplier<@Nullable Object> ours, Object... command) {
        compare(sorted(redis.call(command)), () -> sorted(ours.get()), command);
    }

    /** Compares only how many there are in a command's answer. */
    void sameCount(Supplier<List<?>> ours, Object... command) {
        Object theirs = redis.call(command);
        Object count = theirs instanceof List<?> list ? list.size() : show(theirs);
        compare(show(count), () -> show(ours.get().size()), command);
    }

    private void compare(String theirs, Supplier<String> ours, Object[] command) {
        StringBuilder text = new StringBuilder("seed=" + seed + ", number " + compared++ + ":");
        Stream.of(command).forEach(argument -> text.append(' ').append(show(argument)));
        assertEquals(theirs, outcome(ours), text.toString());
    }

    private static String outcome(Supplier<String> ours) {
        try {
            return ours.get();
        } catch (HotpairException e) {
            return e.category() == HotpairException.Category.WRONG_TYPE
                    ? "WRONGTYPE"
                    : "ERR " + e.getMessage();
        } catch (ArithmeticException | IllegalArgumentException e) {
            return "ERR";
        }
    }

    private static String show(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
        }
        if (value instanceof Boolean yes) {
            return yes ? "1" : "0";
        }
        if (value instanceof RedisProcess.Failure failure) {
            return failure(failure.text());
        }
        if (value instanceof List<?> list) {
            List<String> all = new ArrayList<>();
            list.forEach(element -> all.add(show(element)));
            return all.toString();
        }
        return String.valueOf(value);
    }

    private static String failure(String text) {
        if (text.startsWith("WRONGTYPE")) {
            return "WRONGTYPE";
        }
        return text.startsWith("ERR hash value is not") ? text : "ERR";
    }

    private static String sorted(@Nullable Object value) {
        if (!(value instanceof List<?> list)) {
            return show(value);
        }
        return list.stream().map(RedisModel::show).sorted().toList().toString();
    }

    @Nullable Object call(Object... command) {
        return redis.call(command);
    }

    @Override
    public void close() {
        redis.close();
    }
}
