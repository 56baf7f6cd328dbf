package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.log.MemoryLog;
import io.hotpair.log.OperationLog;
import io.hotpair.topology.Lease;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log that fails while the heap has no room to say so: it is said as soon as it has. */
@Timeout(60)
class LogFailureTest {
    private final Engine engine =
            new Engine(
                    Mem.platform(),
                    8 << 20,
                    MaxMemoryPolicy.NOEVICTION,
                    true,
                    Clock.SYSTEM,
                    1_000_000_000L);

    /** What went wrong; to make a text of it does not work at first. */
    private static final class Untold extends IllegalStateException {
        private static final long serialVersionUID = 1;

        private final AtomicInteger times;

        Untold(int times) {
            super("the device is gone");
            this.times = new AtomicInteger(times);
        }

        @Override
        public String getLocalizedMessage() {
            if (times.getAndDecrement() > 0) {
                throw this;
            }
            return "the device is gone";
        }
    }

    private RoleSwitch open(String failing, Untold cause) {
        OperationRing ring = engine.ring();
        assertNotNull(ring);
        MemoryLog log = new MemoryLog();
        OperationLog failingLog =
                (OperationLog)
                        Proxy.newProxyInstance(
                                OperationLog.class.getClassLoader(),
                                new Class<?>[] {OperationLog.class},
                                (proxy, method, arguments) -> {
                                    if (method.getName().equals(failing)) {
                                        throw cause;
                                    }
                                    try {
                                        return method.invoke(log, arguments);
                                    } catch (InvocationTargetException e) {
                                        throw e.getTargetException();
                                    }
                                });
        RoleSwitch roles =
                new RoleSwitch(
                        "test",
                        Path.of("memory"),
                        engine,
                        ring,
                        failingLog,
                        Clock.SYSTEM,
                        task -> new Thread(task),
                        1_000_000L);
        roles.openAlone(Lease.permanent(Clock.SYSTEM));
        return roles;
    }

    /** Once it is written, nobody does the log's work but the threads of the log. */
    private void shouldBeSaid(String failing, int times) throws InterruptedException {
        RoleSwitch roles = open(failing, new Untold(times));
        Thread writer = new Thread(roles.writer());
        Thread forcer = new Thread(roles.writer().forcer());
        writer.start();
        forcer.start();
        byte[] key = "k".getBytes(UTF_8);
        PutString put = new PutString().of(key, 0, key.length, 0);
        boolean unused = engine.mutate(key, 0, key.length, put, new Outcome());
        roles.writer().signal();
        long untilNs = System.nanoTime() + 10_000_000_000L;
        while (engine.mode().refusalCategory() == null && System.nanoTime() < untilNs) {
            Thread.sleep(1);
        }
        boolean isAlive = writer.isAlive();
        roles.writer().stop();
        roles.writer().forcer().stop();
        writer.join();
        forcer.join();
        assertTrue(isAlive, "the log's thread has ended");
        assertEquals(HotpairException.Category.LOG_FAILED, engine.mode().refusalCategory());
        engine.release();
    }

    @Test
    void shouldBeSaidWhenAForceFailed() throws InterruptedException {
        shouldBeSaid("force", 1);
    }

    @Test
    void shouldBeSaidWhenAnAppendFailed() throws InterruptedException {
        shouldBeSaid("append", 4);
    }

    @Test
    void shouldBeSaidWhenNothingCouldBePrepared() throws InterruptedException {
        shouldBeSaid("prepare", 1);
    }
}
