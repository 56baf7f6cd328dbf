package io.hotpair.internal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The oracle for everything that the engine's threads do together: the order of opIds must be a
 * linearisation. Each operation is noted with what it would do to a map, what it gave, and its
 * opId.
 *
 * <ol>
 *   <li>Done again in the order of their opIds, the writes give what they gave.
 *   <li>What had returned before another one began comes before it.
 *   <li>Each read has a place between two opIds where it would give what it gave, not before
 *       anything that had returned when it began, and not after anything that began when it had
 *       returned.
 * </ol>
 */
final class LogOrder {
    private static final int MAX_OPERATIONS = 1 << 16;

    /** One operation; a place is twice the opId of a write, or one more than that of a read. */
    private static final class Noted {
        final String name;
        final Function<Map<String, String>, Object> effect;
        final int began;
        int returned = Integer.MAX_VALUE;
        @Nullable Object result;
        long opId;
        long place;

        Noted(String name, Function<Map<String, String>, Object> effect, int began) {
            this.name = name;
            this.effect = effect;
            this.began = began;
        }

        @Override
        public String toString() {
            return "[%d..%d] %s = %s, opId %d".formatted(began, returned, name, result, opId);
        }
    }

    private final AtomicInteger time = new AtomicInteger();
    private final AtomicReferenceArray<@Nullable Noted> operations;
    private final Queue<Long> logged = new ConcurrentLinkedQueue<>();

    LogOrder() {
        this(MAX_OPERATIONS);
    }

    LogOrder(int maxOperations) {
        operations = new AtomicReferenceArray<>(2 * maxOperations);
    }

    /**
     * Does an operation and notes it.
     *
     * @param effect what it does to a map of all keys, and what it gives
     * @param outcome receives its opId, or 0 if it changed nothing
     */
    <R> R note(
            String name,
            Function<Map<String, String>, Object> effect,
            Outcome outcome,
            Supplier<R> operation) {
        Noted noted = new Noted(name, effect, time.getAndIncrement());
        outcome.begin(0);
        R result = operation.get();
        noted.result = result;
        noted.opId = outcome.opId();
        noted.returned = time.getAndIncrement();
        operations.set(noted.began, noted);
        return result;
    }

    /** Notes what the log role took. */
    void logged(long opId) {
        logged.add(opId);
    }

    private List<Noted> noted() {
        List<Noted> all = new ArrayList<>();
        for (int i = 0; i < time.get(); i++) {
            Noted noted = operations.get(i);
            if (noted != null) {
                all.add(noted);
            }
        }
        return all;
    }

    /** Checks all that was noted, and gives the state after it. Nothing may be under way. */
    Map<String, String> check() {
        List<Noted> all = noted();
        List<Noted> writes =
                new ArrayList<>(all.stream().filter(noted -> noted.opId != 0).toList());
        writes.sort(Comparator.comparingLong(noted -> noted.opId));
        List<Map<String, String>> states = new ArrayList<>();
        Map<String, String> state = new HashMap<>();
        states.add(Map.of());
        long before = 0;
        for (Noted write : writes) {
            require(write.opId > before, "two operations have one opId", write, all);
            before = write.opId;
            write.place = 2 * write.opId;
            require(
                    write.effect.apply(state).equals(write.result),
                    "the log gives something else for",
                    write,
                    all);
            states.add(new HashMap<>(state));
        }
        for (Noted noted : all) {
            // In the order in which they began, so that all that comes before it has its place.
            long earliest = 0;
            for (Noted other : all) {
                if (other.returned < noted.began) {
                    earliest = Math.max(earliest, other.place);
                }
            }
            if (noted.opId == 0) {
                noted.place = placeOfRead(noted, earliest, writes, states, all);
            } else {
                require(earliest < noted.place, "the log has too early", noted, all);
            }
        }
        return state;
    }

    /** Checks that the log role has taken every operation, each once, in their order. */
    void checkLogged() {
        List<Long> opIds =
                noted().stream()
                        .map(noted -> noted.opId)
                        .filter(opId -> opId != 0)
                        .sorted()
                        .toList();
        if (!opIds.equals(List.copyOf(logged))) {
            throw new AssertionError("the log has " + logged + ", expected " + opIds);
        }
    }

    private static long placeOfRead(
            Noted read,
            long earliest,
            List<Noted> writes,
            List<Map<String, String>> states,
            List<Noted> all) {
        for (int i = 0; i <= writes.size(); i++) {
            long from = i == 0 ? 1 : writes.get(i - 1).place + 1;
            long end = i == writes.size() ? Long.MAX_VALUE : writes.get(i).place;
            if (end > earliest
                    && read.effect.apply(new HashMap<>(states.get(i))).equals(read.result)) {
                return Math.max(from, earliest);
            }
        }
        require(false, "no prefix of the log that it may have seen gives what was read", read, all);
        return 0;
    }

    private static void require(boolean holds, String what, Noted where, List<Noted> all) {
        if (!holds) {
            StringBuilder text = new StringBuilder(what).append(": ").append(where);
            all.forEach(noted -> text.append("\n  ").append(noted));
            throw new AssertionError(text.toString());
        }
    }
}
