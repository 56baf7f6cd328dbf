package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every operation of the public API, found by reflection and called with arguments that make sense,
 * so that a method which is added later is among them without anybody's doing. A parameter of a
 * type that is not known here fails the test, with a sentence that says what to add.
 */
final class PublicOperations {

    /** One method on one object. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Operation(Object target, Method method, Object[] arguments) {

        /** What it throws is thrown, as it is. */
        @Nullable Object call() throws Throwable {
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        @Override
        public String toString() {
            return method.getDeclaringClass().getSimpleName()
                    + "."
                    + method.getName()
                    + Arrays.toString(method.getParameterTypes())
                            .replaceAll("class |java\\.\\w+\\.", "");
        }
    }

    private static final Map<Class<?>, Object> VALUES =
            Map.ofEntries(
                    Map.entry(int.class, 1),
                    Map.entry(long.class, 1L),
                    Map.entry(double.class, 1.0),
                    Map.entry(boolean.class, true),
                    Map.entry(String.class, "1"),
                    Map.entry(Duration.class, Duration.ofMillis(1)),
                    Map.entry(Instant.class, Instant.ofEpochMilli(4_000_000_000_000L)),
                    Map.entry(List.class, List.of("key".getBytes(UTF_8))),
                    Map.entry(Consumer.class, (Consumer<Object>) ignored -> {}),
                    Map.entry(BiConsumer.class, (BiConsumer<Object, Object>) (a, b) -> {}),
                    Map.entry(Supplier.class, (Supplier<String>) () -> "found"),
                    Map.entry(Function.class, (Function<TransactionView, String>) view -> "done"),
                    Map.entry(ChangeListener.class, (ChangeListener) (key, event, opId) -> {}),
                    Map.entry(WriteListener.class, (WriteListener) writes -> {}),
                    Map.entry(Object.class, "origin"),
                    Map.entry(StringUpdate.class, (StringUpdate) entry -> entry.set(new byte[1])),
                    Map.entry(Watermark.Waiter.class, (Watermark.Waiter) reached -> {}),
                    Map.entry(Acknowledgement.class, Acknowledgement.MEMORY),
                    Map.entry(BitField.class, BitField.get(true, 8, 0)),
                    Map.entry(Expiry.class, Expiry.never()),
                    Map.entry(FieldExpiry.class, FieldExpiry.KEEP),
                    Map.entry(GeoPoint.class, new GeoPoint(13, 52)),
                    Map.entry(
                            GeoSearch.class,
                            GeoSearch.fromLonLat(new GeoPoint(13, 52)).byRadius(1, GeoUnit.KM)),
                    Map.entry(LexBound.class, LexBound.HIGHEST),
                    Map.entry(MemoryReportOptions.class, MemoryReportOptions.defaults()),
                    Map.entry(Moment.class, Moment.latest()),
                    Map.entry(OutputStream.class, OutputStream.nullOutputStream()),
                    Map.entry(Path.class, Path.of("memory", "never")),
                    Map.entry(ScoreBound.class, ScoreBound.HIGHEST),
                    Map.entry(ScoredMember.class, new ScoredMember(new byte[] {7}, 7)),
                    Map.entry(SetOptions.class, SetOptions.plain()),
                    Map.entry(SortedSetRange.class, SortedSetRange.byIndex(0, -1)),
                    Map.entry(StreamAdd.class, StreamAdd.generated()),
                    Map.entry(StreamClaim.class, StreamClaim.idleFor(Duration.ofMillis(1))),
                    Map.entry(StreamGroupRead.class, StreamGroupRead.all()),
                    Map.entry(StreamDeletionPolicy.class, StreamDeletionPolicy.KEEP_REFERENCES),
                    Map.entry(StreamId.class, new StreamId(1, 1)),
                    Map.entry(StreamRange.class, StreamRange.all()),
                    Map.entry(StreamTrim.class, StreamTrim.toLength(3)),
                    Map.entry(ValueCondition.class, ValueCondition.always()));

    private PublicOperations() {}

    /** Those of a keyspace, of a session, and of the types of both. */
    static List<Operation> of(Keyspace keyspace) throws ReflectiveOperationException {
        List<Operation> found = new ArrayList<>();
        for (Object target : List.of(keyspace, keyspace.session())) {
            Class<?> type = target == keyspace ? Keyspace.class : Session.class;
            add(target, type, found);
            for (Method method : type.getMethods()) {
                if (method.getReturnType().getSimpleName().endsWith("Operations")
                        && method.getParameterCount() == 0) {
                    add(method.invoke(target), method.getReturnType(), found);
                }
            }
        }
        return found;
    }

    private static void add(Object target, Class<?> type, List<Operation> into) {
        Arrays.stream(type.getMethods())
                .filter(method -> method.getDeclaringClass() != Object.class)
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .sorted(Comparator.comparing(Method::toGenericString))
                .map(method -> new Operation(target, method, arguments(type, method)))
                .forEach(into::add);
    }

    private static Object[] arguments(Class<?> type, Method method) {
        Class<?>[] parameters = method.getParameterTypes();
        Object[] arguments = new Object[parameters.length];
        for (int i = 0; i < arguments.length; i++) {
            // To copy a key to itself makes no sense; elsewhere all alike leaves no room for
            // chance.
            boolean other = i > 0 && type == KeyOperations.class;
            String key = (other ? "another key of " : "key of ") + type.getSimpleName();
            arguments[i] = argument(key, method, parameters[i]);
        }
        return arguments;
    }

    /** Keys are named after the type that they are to hold; of everything several there are two. */
    private static Object argument(String key, Method method, Class<?> type) {
        if (type == byte[].class) {
            return key.getBytes(UTF_8);
        }
        if (method.getName().equals("maxMemory") && type == long.class) {
            return 16L << 20;
        }
        if (type == StreamPosition.class) {
            byte[] name = "key of StreamOperations".getBytes(UTF_8);
            return method.getName().contains("Group")
                    ? StreamPosition.undelivered(name)
                    : StreamPosition.after(name, StreamId.MIN);
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        if (type.isArray()) {
            Object array = Array.newInstance(type.getComponentType(), 2);
            Array.set(array, 0, argument(key, method, type.getComponentType()));
            Array.set(array, 1, argument(key, method, type.getComponentType()));
            return array;
        }
        Object value = VALUES.get(type);
        if (value == null) {
            throw new AssertionError(
                    "no argument is known for " + type + " of " + method + ": add one to VALUES");
        }
        return value;
    }
}
