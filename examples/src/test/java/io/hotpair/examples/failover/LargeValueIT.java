package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A value that is logged and shipped in many fragments, and something that happens when the replica
 * has some of them and not all. Whether it was so the replica's log tells; if it was not, because
 * this JVM looked too late, it is done again.
 */
@Timeout(600)
class LargeValueIT {
    private static final int VALUE_LENGTH = 32 << 20;
    private static final int MAX_ATTEMPTS = 10;
    private static final String DROPPED = "was not sent to its end and is dropped";

    /** One thing that breaks the way of a large value. */
    private interface Break {
        void happen(PairOfJvms pair, String master);
    }

    @Test
    void shouldFailOverWhileALargeValueIsOnItsWay() {
        inTheMiddleOfALargeValue(LargeValueIT::killMaster);
    }

    @Test
    void shouldResumeWhenTheConnectionBreaksWhileALargeValueIsOnItsWay() {
        inTheMiddleOfALargeValue(LargeValueIT::stopReplica);
    }

    private static void inTheMiddleOfALargeValue(Break what) {
        try (PairOfJvms pair = new PairOfJvms("", new Auditor())) {
            pair.start();
            int attempts = 0;
            boolean inTheMiddle = false;
            while (!inTheMiddle) {
                assertTrue(++attempts <= MAX_ATTEMPTS, "a fragment was never seen on its way");
                inTheMiddle = breakOnce(pair, "key-" + attempts, what);
            }
        }
    }

    /** Returns whether the replica had to drop fragments. */
    private static boolean breakOnce(PairOfJvms pair, String key, Break what) {
        String master = pair.awaitInSync();
        String replica = PairOfJvms.other(master);
        long droppedBefore = droppedCount(pair, replica);
        put(pair, key + "-before", "1");
        long lengthBefore = logLength(pair, replica);
        Thread client = new Thread(() -> putLarge(pair, master, key), "client");
        client.start();
        pair.await(
                Duration.ofSeconds(30),
                replica + " has some of it, or nobody sends it any more",
                () -> logLength(pair, replica) > lengthBefore || !client.isAlive());
        what.happen(pair, master);
        put(pair, key + "-after", "2");
        join(client);
        List<String> digests = pair.digests();
        assertEquals(digests.get(0), digests.get(1), pair::describe);
        assertEquals("1", pair.read(pair.master(), key + "-before"));
        assertEquals("2", pair.read(pair.master(), key + "-after"));
        return droppedCount(pair, replica) > droppedBefore;
    }

    /** The other one goes on, and this one comes back. */
    private static void killMaster(PairOfJvms pair, String master) {
        pair.process(master).kill();
        String heir = PairOfJvms.other(master);
        pair.await(Duration.ofSeconds(20), heir + " is master", () -> pair.master().equals(heir));
        // Before anybody helps it: it is alone, and takes writes.
        put(pair, "alone", heir);
        pair.startNode(master);
        pair.awaitReady(List.of(master));
        pair.awaitInSync();
    }

    /** The master gives the connection up, and the replica connects anew when it goes on. */
    private static void stopReplica(PairOfJvms pair, String master) {
        String replica = PairOfJvms.other(master);
        pair.process(replica).signal("STOP");
        try {
            pair.await(
                    Duration.ofSeconds(20),
                    master + " goes on alone",
                    () -> pair.state(master).inSyncCount() == 1);
        } finally {
            pair.process(replica).signal("CONT");
        }
        pair.awaitInSync();
    }

    private static void put(PairOfJvms pair, String key, String value) {
        pair.await(
                Duration.ofSeconds(20),
                key + " is acknowledged",
                () -> {
                    String master = pair.master();
                    if (master.isEmpty()) {
                        return false;
                    }
                    try (Jedis jedis = RedisLoad.connect(pair.layout(), master)) {
                        return "OK".equals(jedis.set(key, value));
                    } catch (JedisException e) {
                        return false;
                    }
                });
    }

    /** Whatever comes of it: the master may die. */
    private static void putLarge(PairOfJvms pair, String master, String key) {
        try (Jedis jedis =
                new Jedis(
                        new HostAndPort("127.0.0.1", pair.layout().clientPort(master)),
                        DefaultJedisClientConfig.builder().socketTimeoutMillis(20_000).build())) {
            jedis.set(key.getBytes(US_ASCII), new byte[VALUE_LENGTH]);
        } catch (JedisException e) {
            // Not acknowledged, and nobody asks for it.
        }
    }

    private static void join(Thread client) {
        try {
            client.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static long droppedCount(PairOfJvms pair, String node) {
        return pair.logLines(node).stream().filter(line -> line.contains(DROPPED)).count();
    }

    /** The length of a node's segment files, which are allocated a little ahead. */
    private static long logLength(PairOfJvms pair, String node) {
        try (Stream<Path> files = Files.walk(pair.directory(node))) {
            long length = 0;
            for (Path file : files.filter(p -> p.toString().endsWith(".cq4")).toList()) {
                length += Files.size(file);
            }
            return length;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
