package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Invalidations when something fails. */
@Timeout(60)
class TrackingTest {
    private static final String ALL_IS_OLD = ">2\r\n$10\r\ninvalidate\r\n_\r\n";

    private static RawClient tracker(RespListener listener) {
        RawClient client = new RawClient(listener.port());
        client.call("HELLO", "3");
        assertEquals("+OK\r\n", client.call("CLIENT", "TRACKING", "ON"));
        return client;
    }

    @Test
    void shouldNotTellAnotherClientWhatWasForOneThatFailed() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true)) {
            keyspace.around(
                    "put",
                    real -> {
                        real.call();
                        throw new AssertionError("planned");
                    });
            try (RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
                    RawClient failing = tracker(listener);
                    RawClient other = new RawClient(listener.port())) {
                other.call("HELLO", "3");
                failing.call("GET", "k");
                failing.send(RawClient.command("SET", "k", "1"));
                failing.untilClosed();
                assertEquals("+PONG\r\n", other.call("PING"));
                assertTrue(other.isSilentFor(30));
            }
        }
    }

    @Test
    void shouldTellOfAFlushThatFailsHalfway() {
        AtomicInteger deletions = new AtomicInteger();
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true)) {
            keyspace.around(
                    "delete",
                    real -> {
                        if (deletions.incrementAndGet() == 2) {
                            throw new HotpairException(HotpairException.Category.BUSY, "planned");
                        }
                        return real.call();
                    });
            try (RespListener listener = keyspace.listen(config -> config);
                    RawClient tracker = tracker(listener);
                    RawClient other = new RawClient(listener.port())) {
                other.call("MSET", "a", "1", "b", "1");
                tracker.call("MGET", "a", "b");
                assertTrue(other.call("FLUSHALL").startsWith("-TRYAGAIN"));
                assertEquals(":1\r\n", other.call("DBSIZE"));
                assertEquals(ALL_IS_OLD, tracker.reply());
            }
        }
    }
}
