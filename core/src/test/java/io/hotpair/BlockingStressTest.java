package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Producers, and consumers that give up at any moment: by a time-out of microseconds, by an
 * interrupt, by cancelling. Whatever was put is taken exactly once or is still there.
 */
@Timeout(300)
class BlockingStressTest extends TypeTest {
    private static final int PRODUCERS = 3;
    private static final int CONSUMERS = 6;
    private static final int MAX_BACKLOG = 4;
    private static final long RUN_NS = Long.getLong("hotpair.blocking.seconds", 2) * 1_000_000_000L;

    private final byte[][] keys = {bytes("k0"), bytes("k1"), bytes("k2")};
    private final long seed = ThreadLocalRandom.current().nextLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicInteger pushed = new AtomicInteger();
    private final AtomicInteger popped = new AtomicInteger();
    private final AtomicInteger gaveUp = new AtomicInteger();

    /** What is done, for each type. */
    enum Kind {
        LISTS,
        SORTED_SETS,
        GROUPS
    }

    private static Duration timeout(SplittableRandom random) {
        return Duration.ofNanos(1 + random.nextInt(1 << random.nextInt(21)));
    }

    private void produce(Kind kind, int number) {
        SplittableRandom random = new SplittableRandom(seed + number);
        while (!stopped.get()) {
            if (pushed.get() - popped.get() > MAX_BACKLOG) {
                LockSupport.parkNanos(20_000);
                continue;
            }
            byte[] key = keys[random.nextInt(keys.length)];
            int count = 1 + random.nextInt(3);
            int first = pushed.getAndAdd(count);
            byte[][] values = new byte[count][];
            for (int i = 0; i < count; i++) {
                values[i] = bytes("" + (first + i));
            }
            switch (kind) {
                case LISTS -> keyspace.lists().rpush(key, values);
                case SORTED_SETS ->
                        keyspace.transaction(
                                view -> {
                                    for (byte[] value : values) {
                                        view.sortedSets().zadd(key, random.nextInt(5), value);
                                    }
                                    return true;
                                });
                case GROUPS ->
                        keyspace.transaction(
                                view -> {
                                    for (byte[] value : values) {
                                        view.streams().xadd(key, value, value);
                                    }
                                    return true;
                                });
            }
        }
    }

    /** One call of a consumer; in one form or another. */
    private interface Call {
        List<byte[]> taken(SplittableRandom random);
    }

    private Call call(Kind kind) {
        return switch (kind) {
            case LISTS -> this::takeFromLists;
            case SORTED_SETS -> this::takeFromSortedSets;
            case GROUPS -> this::readForGroup;
        };
    }

    private byte[][] someKeys(SplittableRandom random) {
        int from = random.nextInt(keys.length);
        return random.nextInt(3) == 0
                ? new byte[][] {keys[from]}
                : new byte[][] {keys[from], keys[(from + 1) % keys.length]};
    }

    private List<byte[]> takeFromLists(SplittableRandom random) {
        byte[][] from = someKeys(random);
        Duration timeout = timeout(random);
        ListEnd end = random.nextBoolean() ? ListEnd.LEFT : ListEnd.RIGHT;
        PoppedElements taken =
                switch (random.nextInt(5)) {
                    case 0 -> keyspace.lists().blpop(timeout, from);
                    case 1 -> keyspace.lists().blmpop(timeout, end, 3, from);
                    case 2 -> outcome(random, keyspace.lists().brpopAsync(timeout, from));
                    case 3 -> outcome(random, keyspace.lists().blmpopAsync(timeout, end, 2, from));
                    default -> {
                        byte[] to = keys[random.nextInt(keys.length)];
                        if (random.nextBoolean()) {
                            keyspace.lists().brpopLpush(timeout, from[0], to);
                        } else {
                            outcome(
                                    random,
                                    keyspace.lists()
                                            .blmoveAsync(timeout, from[0], to, end, ListEnd.LEFT));
                        }
                        yield null;
                    }
                };
        return taken == null ? List.of() : taken.elements();
    }

    private List<byte[]> takeFromSortedSets(SplittableRandom random) {
        byte[][] from = someKeys(random);
        Duration timeout = timeout(random);
        boolean highest = random.nextBoolean();
        SortedSetOperations sets = keyspace.sortedSets();
        Map.Entry<byte[], List<ScoredMember>> several = null;
        Map.Entry<byte[], ScoredMember> one = null;
        switch (random.nextInt(4)) {
            case 0 -> one = sets.bzpopmin(timeout, from);
            case 1 -> one = outcome(random, sets.bzpopmaxAsync(timeout, from));
            case 2 -> several = sets.bzmpop(timeout, from, highest, 3);
            default -> several = outcome(random, sets.bzmpopAsync(timeout, from, highest, 2));
        }
        List<byte[]> taken = new ArrayList<>();
        if (one != null) {
            taken.add(one.getValue().member());
        }
        if (several != null) {
            several.getValue().forEach(member -> taken.add(member.member()));
        }
        return taken;
    }

    private List<byte[]> readForGroup(SplittableRandom random) {
        byte[][] from = someKeys(random);
        StreamPosition[] positions = new StreamPosition[from.length];
        for (int i = 0; i < from.length; i++) {
            positions[i] = StreamPosition.undelivered(from[i]);
        }
        byte[] group = bytes("g");
        byte[] me = bytes("me");
        Duration timeout = timeout(random);
        StreamOperations streams = keyspace.streams();
        List<StreamBatch> batches =
                random.nextBoolean()
                        ? streams.xreadGroup(timeout, group, me, 2, true, positions)
                        : outcome(
                                random,
                                streams.xreadGroupAsync(timeout, group, me, 2, true, positions));
        List<byte[]> taken = new ArrayList<>();
        if (batches != null) {
            for (StreamBatch batch : batches) {
                for (StreamEntry entry : batch.entries()) {
                    List<byte[]> fields = entry.fieldsAndValues();
                    if (fields != null) {
                        taken.add(fields.get(0));
                    }
                }
            }
        }
        return taken;
    }

    /** What a future gives, for somebody who may cancel it after a moment. */
    private <R> @Nullable R outcome(SplittableRandom random, CompletableFuture<R> future) {
        if (random.nextBoolean()) {
            for (int i = random.nextInt(1 << random.nextInt(14)); i > 0; i--) {
                Thread.onSpinWait();
            }
            if (random.nextBoolean()) {
                boolean unused = future.cancel(true);
            } else {
                boolean unused = future.completeExceptionally(new CancellationException());
            }
        }
        try {
            return future.join();
        } catch (CancellationException e) {
            return null;
        } catch (CompletionException e) {
            if (e.getCause() instanceof CancellationException) {
                return null;
            }
            throw e;
        }
    }

    private List<byte[]> consume(Kind kind, int number) {
        SplittableRandom random = new SplittableRandom(seed - number);
        List<byte[]> all = new ArrayList<>();
        Call call = call(kind);
        while (!stopped.get()) {
            List<byte[]> taken = call.taken(random);
            boolean unused = Thread.interrupted();
            all.addAll(taken);
            popped.addAndGet(taken.size());
            gaveUp.addAndGet(taken.isEmpty() ? 1 : 0);
        }
        return all;
    }

    private List<byte[]> left(Kind kind) {
        List<byte[]> left = new ArrayList<>();
        for (byte[] key : keys) {
            switch (kind) {
                case LISTS -> left.addAll(keyspace.lists().lrange(key, 0, -1));
                case SORTED_SETS ->
                        keyspace.sortedSets()
                                .zpopmin(key, Long.MAX_VALUE)
                                .forEach(member -> left.add(member.member()));
                case GROUPS ->
                        keyspace.streams()
                                .xreadGroup(
                                        bytes("g"),
                                        bytes("me"),
                                        0,
                                        true,
                                        StreamPosition.undelivered(key))
                                .forEach(
                                        batch ->
                                                batch.entries()
                                                        .forEach(entry -> left.add(first(entry))));
            }
        }
        return left;
    }

    private static byte[] first(StreamEntry entry) {
        List<byte[]> fields = entry.fieldsAndValues();
        return fields == null ? new byte[0] : fields.get(0);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void shouldLoseNothingHoweverConsumersGiveUp(Kind kind) throws Exception {
        System.out.println("seed=" + seed);
        for (byte[] key : keys) {
            if (kind == Kind.GROUPS) {
                keyspace.streams().xgroupCreate(key, bytes("g"), null, true, -1);
            }
        }
        ExecutorService pool = Executors.newCachedThreadPool();
        List<Future<List<byte[]>>> consumers = new ArrayList<>();
        List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> producers = new ArrayList<>();
        try {
            for (int i = 0; i < CONSUMERS; i++) {
                int number = i + 1;
                consumers.add(
                        pool.submit(
                                () -> {
                                    threads.add(Thread.currentThread());
                                    return consume(kind, number);
                                }));
            }
            for (int i = 0; i < PRODUCERS; i++) {
                int number = i + 1;
                producers.add(pool.submit(() -> produce(kind, number)));
            }
            interruptNowAndThen(threads);
            stopped.set(true);
            for (Future<?> producer : producers) {
                producer.get(60, TimeUnit.SECONDS);
            }
            int[] times = new int[pushed.get()];
            for (Future<List<byte[]>> consumer : consumers) {
                count(consumer.get(60, TimeUnit.SECONDS), times);
            }
            count(left(kind), times);
            for (int i = 0; i < times.length; i++) {
                assertEquals(1, times[i], "times of " + i + ", seed=" + seed);
            }
        } finally {
            stopped.set(true);
            pool.shutdownNow();
        }
        System.out.println(
                kind + ": " + pushed + " put, " + popped + " taken, gave up " + gaveUp + " times");
        assertTrue(popped.get() > 100 && gaveUp.get() > 100);
    }

    private void interruptNowAndThen(List<Thread> threads) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < RUN_NS) {
            TimeUnit.MICROSECONDS.sleep(random.nextInt(500));
            if (threads.size() == CONSUMERS) {
                threads.get(random.nextInt(CONSUMERS)).interrupt();
            }
        }
    }

    private void count(List<byte[]> taken, int[] times) {
        for (byte[] value : taken) {
            times[Integer.parseInt(text(value))]++;
        }
    }
}
