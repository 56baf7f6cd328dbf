package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Commands that wait, against a real server: seeded programs of several clients, of whom many wait.
 * After each step the same ones have been served, with the same things.
 */
@Timeout(120)
class BlockingRedisTest {
    private static final int STEPS = Integer.getInteger("hotpair.blocking.steps", 3_000);
    private static final int MAX_WAITING = 12;
    private static final Duration FOR_EVER = Duration.ZERO;
    private static final Pattern BLOCKED = Pattern.compile("blocked_clients:(\\d+)");

    /** One that waits, here and there. */
    private record Waiter(
            CompletableFuture<?> ours, RedisProcess theirs, String command, int begun) {}

    /** One change, here and there. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Change(Consumer<TransactionView> ours, Object... theirs) {}

    /** One program that runs on both. */
    private static final class Program implements AutoCloseable {
        private final Path directory = Path.of("memory", UUID.randomUUID().toString());
        private final Random random;
        private final RedisProcess redis = RedisProcess.start();
        private final List<RedisProcess> idle = new ArrayList<>();
        private final List<Waiter> waiters = new ArrayList<>();
        private final List<String> trace = new ArrayList<>();
        private Keyspace keyspace = open();
        private int number;
        private int steps;
        int served;
        int late;
        final Map<String, Integer> refused = new TreeMap<>();

        Program(long seed) {
            random = new Random(seed);
            trace.add("seed=" + seed);
        }

        /** What is done is seen at once, so that each step has come to its end when it returns. */
        private Keyspace open() {
            return Keyspace.open(
                    Keyspace.builder()
                            .directory(directory)
                            .maxMemory(64 << 20)
                            .acknowledgement(Acknowledgement.MEMORY)
                            .build());
        }

        // ---- what is chosen

        /** One of a few keys; what it is called after is what it mostly holds. */
        private byte[] key(char type) {
            char named = random.nextInt(25) == 0 ? "lzs".charAt(random.nextInt(3)) : type;
            return (named + "" + random.nextInt(3)).getBytes(UTF_8);
        }

        private byte[][] keys(char type) {
            byte[][] keys = new byte[Math.max(1, random.nextInt(5) - 1)][];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = key(type);
            }
            return keys;
        }

        private byte[] value() {
            return ("v" + number++).getBytes(UTF_8);
        }

        private byte[] group() {
            return ("g" + random.nextInt(5) / 4).getBytes(UTF_8);
        }

        private ListEnd end() {
            return random.nextBoolean() ? ListEnd.LEFT : ListEnd.RIGHT;
        }

        private static List<Object> command(Object... parts) {
            List<Object> command = new ArrayList<>();
            for (Object part : parts) {
                if (part instanceof byte[][] several) {
                    command.addAll(List.of(several));
                } else {
                    command.add(part);
                }
            }
            return command;
        }

        // ---- steps

        void step() {
            steps++;
            int choice = random.nextInt(20);
            if (choice < 8 && waiters.size() < MAX_WAITING) {
                begin();
            } else if (choice == 8 && !waiters.isEmpty()) {
                unblock();
            } else if (choice < 15) {
                change(change());
            } else {
                transaction();
            }
            compare();
        }

        private void begin() {
            int which = random.nextInt(9);
            byte[][] keys = keys(which < 5 ? 'l' : which < 7 ? 'z' : 's');
            int count = 1 + random.nextInt(3);
            ListEnd end = end();
            switch (which) {
                case 0 ->
                        begin(
                                keyspace.lists().blpopAsync(FOR_EVER, keys),
                                command("BLPOP", keys, 0));
                case 1 ->
                        begin(
                                keyspace.lists().brpopAsync(FOR_EVER, keys),
                                command("BRPOP", keys, 0));
                case 2 ->
                        begin(
                                keyspace.lists().blmpopAsync(FOR_EVER, end, count, keys),
                                command("BLMPOP", 0, keys.length, keys, end, "COUNT", count));
                case 3, 4 -> {
                    byte[] to = key('l');
                    ListEnd other = end();
                    begin(
                            keyspace.lists().blmoveAsync(FOR_EVER, keys[0], to, end, other),
                            command("BLMOVE", keys[0], to, end, other, 0));
                }
                case 5 -> {
                    boolean lowest = random.nextBoolean();
                    begin(
                            lowest
                                    ? keyspace.sortedSets().bzpopminAsync(FOR_EVER, keys)
                                    : keyspace.sortedSets().bzpopmaxAsync(FOR_EVER, keys),
                            command(lowest ? "BZPOPMIN" : "BZPOPMAX", keys, 0));
                }
                case 6 -> {
                    boolean highest = end == ListEnd.RIGHT;
                    begin(
                            keyspace.sortedSets().bzmpopAsync(FOR_EVER, keys, highest, count),
                            command(
                                    "BZMPOP",
                                    0,
                                    keys.length,
                                    keys,
                                    highest ? "MAX" : "MIN",
                                    "COUNT",
                                    count));
                }
                case 7 -> beginToRead(keys, count);
                default -> beginToReadForGroup(keys, count);
            }
        }

        private void beginToRead(byte[][] keys, int count) {
            StreamPosition[] positions = new StreamPosition[keys.length];
            List<Object> command = command("XREAD", "COUNT", count, "BLOCK", 0, "STREAMS", keys);
            for (int i = 0; i < keys.length; i++) {
                boolean fromNow = random.nextInt(3) > 0;
                StreamId after = new StreamId(random.nextInt(number + 1), 0);
                positions[i] =
                        fromNow
                                ? StreamPosition.added(keys[i])
                                : StreamPosition.after(keys[i], after);
                command.add(fromNow ? "$" : after);
            }
            begin(keyspace.streams().xreadAsync(FOR_EVER, count, positions), command);
        }

        private void beginToReadForGroup(byte[][] keys, int count) {
            byte[] group = group();
            byte[] consumer = value();
            StreamPosition[] positions = new StreamPosition[keys.length];
            List<Object> command =
                    command("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "BLOCK", 0);
            command.addAll(command("STREAMS", keys));
            for (int i = 0; i < keys.length; i++) {
                boolean again = random.nextInt(12) == 0;
                positions[i] =
                        again
                                ? StreamPosition.after(keys[i], StreamId.MIN)
                                : StreamPosition.undelivered(keys[i]);
                command.add(again ? "0-0" : ">");
            }
            begin(
                    keyspace.streams()
                            .xreadGroupAsync(FOR_EVER, group, consumer, count, false, positions),
                    command);
        }

        private void begin(CompletableFuture<?> ours, List<Object> command) {
            RedisProcess theirs = idle.isEmpty() ? redis.connect() : idle.remove(0);
            long blocked = blocked();
            theirs.send(command.toArray());
            waiters.add(new Waiter(ours, theirs, Judge.show(command), steps));
            trace.add(waiters.size() + " waits: " + Judge.show(command));
            await(() -> theirs.hasReplied() || blocked() > blocked);
        }

        private long blocked() {
            Matcher found = BLOCKED.matcher(text(redis.call("INFO", "clients")));
            assertTrue(found.find());
            return Long.parseLong(found.group(1));
        }

        private void await(java.util.function.BooleanSupplier condition) {
            long startNs = System.nanoTime();
            while (!condition.getAsBoolean()) {
                assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20), this::tail);
                LockSupport.parkNanos(20_000);
            }
        }

        /** One that waits gives up. */
        private void unblock() {
            Waiter waiter = waiters.remove(random.nextInt(waiters.size()));
            trace.add("gives up: " + waiter.command);
            assertTrue(waiter.ours.cancel(false), this::tail);
            waiter.theirs.close();
            long expected = waiters.size();
            await(() -> blocked() == expected);
        }

        private char anyType() {
            return "lzs".charAt(random.nextInt(3));
        }

        private Change change() {
            int which = random.nextInt(40);
            char type = which < 8 ? 'l' : which < 16 ? 'z' : which < 32 ? 's' : anyType();
            byte[] key = key(type);
            byte[] other = key(type);
            byte[] value = value();
            byte[] value2 = value();
            byte[] group = group();
            int score = random.nextInt(5);
            return switch (which) {
                case 0, 1, 2, 3, 4 ->
                        new Change(tx -> tx.lists().rpush(key, value), "RPUSH", key, value);
                case 5, 6, 7 ->
                        new Change(
                                tx -> tx.lists().lpush(key, value, value2),
                                "LPUSH",
                                key,
                                value,
                                value2);
                case 8, 9, 10, 11, 12, 13, 14, 15 ->
                        new Change(
                                tx -> tx.sortedSets().zadd(key, score, value),
                                "ZADD",
                                key,
                                score,
                                value);
                case 16, 17, 18, 19, 20, 21 -> {
                    StreamId id = new StreamId(number, 0);
                    yield new Change(
                            tx -> tx.streams().xadd(key, StreamAdd.at(id), value, value2),
                            "XADD",
                            key,
                            id,
                            value,
                            value2);
                }
                case 22, 23, 24, 25, 26, 27 ->
                        new Change(
                                tx -> tx.streams().xgroupCreate(key, group, null, true, -1),
                                "XGROUP",
                                "CREATE",
                                key,
                                group,
                                "$",
                                "MKSTREAM");
                case 28, 29 ->
                        new Change(
                                tx -> tx.streams().xgroupDestroy(key, group),
                                "XGROUP",
                                "DESTROY",
                                key,
                                group);
                case 30, 31, 32, 33, 34, 35, 36 -> new Change(tx -> tx.delete(key), "DEL", key);
                case 37 -> new Change(tx -> tx.put(key, value, Session.NEVER), "SET", key, value);
                default -> new Change(tx -> tx.keys().rename(key, other), "RENAME", key, other);
            };
        }

        private void change(Change change) {
            trace.add(Judge.show(change.theirs));
            boolean refused = refuses(() -> keyspace.transaction(view -> run(change, view)));
            boolean refusedThere = redis.call(change.theirs) instanceof RedisProcess.Failure;
            boolean answersNo =
                    change.theirs[0].equals("RENAME")
                            || (change.theirs[0].equals("XGROUP") && change.theirs.length == 6);
            assertTrue(refused == refusedThere || answersNo, this::tail);
        }

        private static boolean run(Change change, TransactionView view) {
            change.ours.accept(view);
            return true;
        }

        private static boolean refuses(Runnable action) {
            try {
                action.run();
                return false;
            } catch (HotpairException e) {
                return true;
            }
        }

        /** Several changes; one that is refused changes nothing, and the others go on. */
        private void transaction() {
            List<Change> changes = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                changes.add(change());
            }
            redis.call("MULTI");
            for (Change change : changes) {
                trace.add("in one step: " + Judge.show(change.theirs));
                redis.call(change.theirs);
            }
            redis.call("EXEC");
            boolean done =
                    keyspace.transaction(
                            view -> {
                                for (Change change : changes) {
                                    boolean unused = refuses(() -> change.ours.accept(view));
                                }
                                return true;
                            });
            assertTrue(done);
        }

        private String tail() {
            return trace.get(0) + trace.subList(Math.max(0, trace.size() - 30), trace.size());
        }

        // ---- comparison

        private void compare() {
            long waitingThere = blocked();
            for (Waiter waiter : List.copyOf(waiters)) {
                if (waiter.ours.isDone()) {
                    waiters.remove(waiter);
                    idle.add(waiter.theirs);
                    Object reply = waiter.theirs.read();
                    String expected =
                            reply instanceof RedisProcess.Failure failure
                                    ? failure.text().split(" ", 2)[0]
                                    : Judge.show(reply);
                    late += waiter.begun < steps ? 1 : 0;
                    assertEquals(
                            expected,
                            shown(waiter),
                            () -> waiter.command + " at the end of " + tail());
                }
            }
            assertEquals(
                    waitingThere, waiters.size(), () -> waiters + " wait at the end of " + tail());
        }

        private String shown(Waiter waiter) {
            try {
                waiter.ours.join();
                served++;
                return Judge.show(reply(waiter.ours.join(), waiter.command.startsWith("[BLMPOP")));
            } catch (CompletionException e) {
                String code = code(e.getCause());
                refused.merge(code, 1, Integer::sum);
                return code;
            }
        }

        private static @Nullable Object reply(@Nullable Object result, boolean counted) {
            if (result instanceof PoppedElements popped) {
                Object elements = counted ? popped.elements() : popped.elements().get(0);
                return List.of(popped.key(), elements);
            }
            if (result instanceof Map.Entry<?, ?> entry
                    && entry.getValue() instanceof List<?> all) {
                return List.of(
                        entry.getKey(), all.stream().map(each -> reply(each, counted)).toList());
            }
            if (result instanceof Map.Entry<?, ?> entry) {
                ScoredMember member = (ScoredMember) entry.getValue();
                return List.of(entry.getKey(), member.member(), (long) member.score());
            }
            if (result instanceof ScoredMember member) {
                return List.of(member.member(), (long) member.score());
            }
            if (result instanceof StreamBatch batch) {
                return List.of(batch.key(), reply(batch.entries(), counted));
            }
            if (result instanceof StreamEntry entry) {
                return List.of(entry.id(), entry.fieldsAndValues());
            }
            return result instanceof List<?> several
                    ? several.stream().map(each -> reply(each, counted)).toList()
                    : result;
        }

        private static String code(@Nullable Throwable failure) {
            HotpairException e = assertInstanceOf(HotpairException.class, failure);
            if (e.category() == HotpairException.Category.WRONG_TYPE) {
                return "WRONGTYPE";
            }
            assertEquals(HotpairException.Category.WRONG_VALUE, e.category());
            return StreamOperations.NO_STREAM.equals(e.getMessage()) ? "UNBLOCKED" : "NOGROUP";
        }

        void replay() {
            for (Waiter waiter : waiters) {
                assertTrue(waiter.ours.cancel(false));
            }
            String digest = keyspace.digest();
            keyspace.close();
            keyspace = open();
            assertEquals(digest, keyspace.digest(), "replay gives another state");
        }

        @Override
        public void close() {
            keyspace.close();
            redis.close();
        }

        private static String text(@Nullable Object reply) {
            return reply instanceof byte[] bytes ? new String(bytes, UTF_8) : "";
        }
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Integer.getInteger("hotpair.blocking.seeds", 6));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldServeAsRedisDoes(long seed) {
        try (Program program = new Program(seed)) {
            for (int i = 0; i < STEPS; i++) {
                program.step();
            }
            program.replay();
            System.out.println(
                    "seed="
                            + seed
                            + ": "
                            + program.served
                            + " served, refused "
                            + program.refused
                            + ", of both after a wait "
                            + program.late);
            assertTrue(program.late > STEPS / 15, "late=" + program.late);
            assertTrue(program.refused.keySet().containsAll(List.of("NOGROUP", "WRONGTYPE")));
        }
    }
}
