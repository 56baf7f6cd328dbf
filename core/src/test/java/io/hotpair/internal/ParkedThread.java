package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Progress;
import io.hotpair.log.MemoryLog;
import io.hotpair.topology.Lease;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One run with a thread that is stopped before its k-th access of memory: all others must go on,
 * and when it goes on, too, everything must be as the log says. Loaded anew for each {@link
 * Variant}.
 */
final class ParkedThread {
    private static final int DEADLINE_SECONDS = 60;
    private static final int FILLED = 5;

    /** What the thread does that is stopped. */
    enum Script {
        PUT_NEW {
            @Override
            void run(TestEngine engine, String[] keys) {
                String unused = engine.put(keys[FILLED], "7");
            }
        },
        REPLACE {
            @Override
            void run(TestEngine engine, String[] keys) {
                long unused = engine.increment(keys[0]);
            }
        },
        DELETE {
            @Override
            void run(TestEngine engine, String[] keys) {
                boolean unused = engine.delete(keys[0]);
            }
        },
        READ {
            @Override
            void run(TestEngine engine, String[] keys) {
                String unused = engine.get(keys[0]) + engine.getBoth(keys[0], keys[1]);
            }
        },
        COMMIT {
            @Override
            void run(TestEngine engine, String[] keys) {
                String unused = engine.transfer(keys[0], keys[1]);
            }
        },
        COMMIT_WITH_A_KEY_THAT_IS_READ {
            @Override
            void run(TestEngine engine, String[] keys) {
                String unused = engine.copy(keys[0], keys[FILLED]);
            }
        },
        MOVE {
            @Override
            void run(TestEngine engine, String[] keys) {
                String unused = engine.move();
            }
        },
        SPLIT {
            @Override
            void run(TestEngine engine, String[] keys) {
                for (int i = FILLED; i < keys.length; i++) {
                    String unused = engine.put(keys[i], "7");
                }
            }
        };

        abstract void run(TestEngine engine, String[] keys);
    }

    /** Each look at this clock takes a millisecond, so that nobody waits for time to pass. */
    private static final class SwiftClock implements Clock {
        private final AtomicLong nowMs = new AtomicLong(1);

        @Override
        public long currentTimeMs() {
            return 1;
        }

        @Override
        public long nanoTime() {
            return nowMs.incrementAndGet() * 1_000_000;
        }
    }

    private final StepMem mem = new StepMem(new HeapMem());
    private final MemoryLog log = new MemoryLog();
    private final Clock clock = new SwiftClock();
    private final Engine engine =
            new Engine(mem, 8 << 20, MaxMemoryPolicy.NOEVICTION, true, clock, 1_000_000_000);
    private final RoleSwitch roles = roles(engine, log, clock);
    private final TestEngine operations;
    private final String[] keys;
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private long steps;

    private ParkedThread() {
        roles.openAlone(Lease.permanent(clock));
        operations = new TestEngine(engine, new LogOrder(256), roles.writer());
        keys = operations.neighbours(FILLED + 4);
        for (int i = 0; i < FILLED; i++) {
            String unused = operations.put(keys[i], "3");
        }
    }

    private static RoleSwitch roles(Engine engine, MemoryLog log, Clock clock) {
        OperationRing ring = engine.ring();
        if (ring == null) {
            throw new IllegalStateException("ring=null, expected one");
        }
        return new RoleSwitch(
                "test", Path.of("test"), engine, ring, log, clock, Thread::new, Long.MAX_VALUE);
    }

    /**
     * Runs a script with its thread stopped before its k-th access.
     *
     * @return whether there was such an access
     */
    static boolean run(String script, long k) throws Exception {
        ParkedThread run = new ParkedThread();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            return run.run(Script.valueOf(script), k, threads);
        } catch (AssertionError | ExecutionException | TimeoutException e) {
            throw new AssertionError("script=" + script + " k=" + k + ": " + e, e);
        } finally {
            run.goOn.countDown();
            threads.shutdown();
        }
    }

    private boolean run(Script script, long k, ExecutorService threads) throws Exception {
        Future<?> parked = threads.submit(() -> runParked(script, k));
        arrived.await();
        Future<?> others = threads.submit(this::runOthers);
        others.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        goOn.countDown();
        parked.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        operations.check();
        checkReplay();
        return steps >= k;
    }

    private void runParked(Script script, long k) {
        mem.hook(
                (access, address, value) -> {
                    if (++steps == k) {
                        arrived.countDown();
                        await(goOn);
                    }
                });
        try {
            script.run(operations, keys);
        } finally {
            mem.unhook();
            arrived.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Everything that others may do, on the same keys and in the same segment. */
    private void runOthers() {
        String unused = operations.get(keys[0]) + operations.getBoth(keys[0], keys[1]);
        unused = operations.log();
        unused = operations.transfer(keys[1], keys[0]) + operations.copy(keys[1], keys[2]);
        long sum = operations.increment(keys[0]) + operations.increment(keys[FILLED]);
        boolean deleted = operations.delete(keys[1]);
        for (int i = FILLED; i < keys.length; i++) {
            unused = operations.put(keys[i], Long.toString(sum)) + deleted;
            unused = operations.log();
        }
        for (String key : keys) {
            unused = operations.get(key);
        }
        unused = operations.readBoth(keys[0], keys[1]);
    }

    private void checkReplay() {
        Engine replayed =
                new Engine(new HeapMem(), 8 << 20, MaxMemoryPolicy.NOEVICTION, true, clock, 1);
        if (!roles(replayed, log, clock).replay(new OpeningProgress(Progress.NONE))) {
            throw new AssertionError("not replayed");
        }
        if (!replayed.digest().equals(engine.digest())) {
            throw new AssertionError("the log gives another state: " + log.operations());
        }
    }
}
