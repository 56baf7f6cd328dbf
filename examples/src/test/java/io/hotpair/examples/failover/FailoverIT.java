package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Three real JVMs, real signals, and an auditor outside. */
@Timeout(3_600)
class FailoverIT {
    private static final int CYCLES = Integer.getInteger("hotpair.failovers", 5);

    /** What a user is promised; the median is near one second. */
    private static final long WORST_FIRST_WRITE_MS = 3_000;

    /** How many writes a lying application reports before it makes them. */
    private static final long LIED_AHEAD = 1_000;

    private final Auditor auditor = new Auditor();

    @Test
    void shouldLoseNothingWhenMastersAreKilledInARow() {
        FailoverExample example = new FailoverExample(CYCLES, 2, "");
        assertTrue(example.run(), "see the verdict above");
        assertEquals(CYCLES, example.firstWriteMs().size());
        long worst = Collections.max(example.firstWriteMs());
        assertTrue(worst <= WORST_FIRST_WRITE_MS, "first write after ms=" + example.firstWriteMs());
    }

    @Test
    void shouldCountWhatAnApplicationLostThatAcknowledgesTooEarly() {
        try (PairOfJvms pair = new PairOfJvms("", auditor, LIED_AHEAD)) {
            pair.start();
            pair.tellAll("LOAD");
            pair.await(Duration.ofSeconds(20), "some writes", () -> auditor.count() > 2_000);
            String victim = pair.awaitInSync();
            long term = pair.state(victim).term();
            killAndGoOn(pair, victim);
            // Only what the dead one promised: the living one has not had its time yet.
            assertCounts(pair, PairOfJvms.other(victim), victim + "1." + term + ":");
        }
    }

    @Test
    void shouldCountWhatARedisClientLostThatReportsTooEarly() {
        try (PairOfJvms pair = new PairOfJvms("", auditor);
                RedisLoad redis =
                        new RedisLoad(pair.layout(), Trace.read(""), auditor, LIED_AHEAD)) {
            pair.start();
            pair.await(Duration.ofSeconds(20), "some writes", () -> auditor.count() > 2_000);
            String writer = redis.writer();
            String victim = pair.awaitInSync();
            pair.tellAll("LOAD");
            killAndGoOn(pair, victim);
            assertCounts(pair, PairOfJvms.other(victim), writer);
        }
    }

    /** Kills the master, and lets the load go on for long enough to write over every key. */
    private void killAndGoOn(PairOfJvms pair, String victim) {
        pair.watchForFirstAck(pair.state(victim).term());
        pair.process(victim).kill();
        pair.await(Duration.ofSeconds(20), "a first write", () -> pair.firstAckNs() != 0);
        long before = auditor.count();
        pair.await(
                Duration.ofSeconds(60),
                "the load goes on",
                () -> auditor.count() > before + 3 * LIED_AHEAD);
    }

    /** Each write that was reported early and not made is counted: no more and no fewer. */
    private void assertCounts(PairOfJvms pair, String heir, String writer) {
        pair.audit(heir);
        long lost = auditor.lost().stream().filter(write -> write.startsWith(writer)).count();
        assertTrue(
                lost >= LIED_AHEAD && lost <= LIED_AHEAD + 1,
                "lost=" + lost + ", expected what was promised ahead: " + LIED_AHEAD);
        assertEquals(Set.of(), auditor.cutShort(), "reports that broke off");
    }

    private static void assertSound(PairOfJvms pair, Auditor auditor) {
        pair.tellAll("PAUSE");
        List<String> digests = pair.digests();
        assertEquals(digests.get(0), digests.get(1), pair::describe);
        Layout.DATA_NODES.forEach(pair::audit);
        assertEquals(Set.of(), auditor.lost(), "acknowledged writes lost");
        assertEquals(Set.of(), auditor.cutShort(), "reports that broke off");
        assertEquals(0, auditor.lateTerms(), "terms that wrote after a later one");
        assertEquals(0, auditor.sharedTerms(), "terms with two masters");
        assertTrue(auditor.count() > 100, "acknowledged=" + auditor.count());
    }

    @Test
    void shouldNotAcceptAWriteAfterItsLeaseWhenAMasterIsStoppedAndContinued() throws IOException {
        try (PairOfJvms pair = new PairOfJvms("", auditor)) {
            pair.start();
            pair.tellAll("LOAD");
            pair.await(Duration.ofSeconds(20), "some writes", () -> auditor.count() > 2_000);
            String stopped = pair.awaitInSync();
            String heir = PairOfJvms.other(stopped);
            long term = pair.state(stopped).term();
            pair.watchForFirstAck(term);
            long continuedNs;
            try (Socket client =
                    new Socket(
                            InetAddress.getLoopbackAddress(), pair.layout().clientPort(stopped))) {
                client.setSoTimeout(10_000);
                pair.process(stopped).signal("STOP");
                long stopNs = System.nanoTime();
                // Lies in the stopped master's socket until it goes on, long after its lease.
                client.getOutputStream().write("SET zombie yes\r\n".getBytes(US_ASCII));
                pair.await(
                        Duration.ofSeconds(10),
                        heir + " took the first write",
                        () -> pair.firstAckNs() != 0);
                pair.await(
                        Duration.ofSeconds(15),
                        "ten seconds pass",
                        () -> System.nanoTime() - stopNs > 10_000_000_000L);
                continuedNs = System.nanoTime();
                pair.process(stopped).signal("CONT");
                assertFalse(reply(client).startsWith("+OK"), "a write after the lease");
            }
            pair.await(
                    Duration.ofSeconds(20),
                    stopped + " follows",
                    () -> pair.state(stopped).role().equals("replica"));
            assertEquals(heir, pair.awaitInSync());
            assertTrue(
                    pair.state(stopped).first("RESUMED", continuedNs).orElseThrow().opId() > 0,
                    pair::describe);
            assertSound(pair, auditor);
            assertNotEquals("yes", pair.read(stopped, "zombie"));
            assertNotEquals("yes", pair.read(heir, "zombie"));
        }
    }

    private static String reply(Socket client) throws IOException {
        InputStream in = client.getInputStream();
        byte[] bytes = new byte[256];
        try {
            int length = in.read(bytes);
            return length < 0 ? "closed" : new String(bytes, 0, length, US_ASCII);
        } catch (SocketTimeoutException e) {
            return "no reply";
        }
    }

    @Test
    void shouldHaveEveryAcknowledgedKeyWhenBothAreKilledAndStartedAgain() {
        try (PairOfJvms pair = new PairOfJvms("", auditor);
                RedisLoad redis = new RedisLoad(pair.layout(), Trace.read(""), auditor)) {
            pair.start();
            pair.tellAll("LOAD");
            redis.watchForFirstAck();
            pair.await(
                    Duration.ofSeconds(20),
                    "some writes of both kinds",
                    () -> auditor.count() > 5_000 && redis.firstAckNs() != 0);
            long killNs = System.nanoTime();
            Layout.DATA_NODES.parallelStream().forEach(name -> pair.process(name).kill());
            Layout.DATA_NODES.forEach(pair::startNode);
            pair.awaitReady(Layout.DATA_NODES);
            String replica = PairOfJvms.other(pair.awaitInSync());
            redis.stop();
            NodeState.Return returned = pair.state(replica).returned(killNs).orElseThrow();
            assertTrue(returned.fromItsLog(), returned::toString);
            assertSound(pair, auditor);
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenItIsToldToEnd(@TempDir Path directory) throws Exception {
        Process example =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Djava.io.tmpdir=" + directory,
                                "-cp",
                                System.getProperty("java.class.path"),
                                FailoverExample.class.getName())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("output").toFile())
                        .start();
        List<ProcessHandle> nodes = List.of();
        long giveUpNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (nodes.size() < 3 && System.nanoTime() - giveUpNs < 0) {
            nodes = example.descendants().toList();
            LockSupport.parkNanos(10_000_000);
        }
        String output = Files.readString(directory.resolve("output"));
        assertEquals(3, nodes.size(), output);
        example.destroy();
        assertTrue(example.waitFor(60, TimeUnit.SECONDS), "it does not end");
        for (ProcessHandle node : nodes) {
            node.onExit().get(60, TimeUnit.SECONDS);
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(
                    List.of(),
                    left.filter(file -> file.getFileName().toString().startsWith("hotpair-"))
                            .toList());
        }
    }

    @Test
    void shouldStopRatherThanSplitWhenWitnessAndMasterAreGoneAndGoOnWhenOneReturns() {
        try (PairOfJvms pair = new PairOfJvms("", auditor)) {
            pair.start();
            pair.tellAll("LOAD");
            pair.await(Duration.ofSeconds(20), "some writes", () -> auditor.count() > 1_000);
            pair.process(Layout.WITNESS).kill();
            long before = auditor.count();
            pair.await(
                    Duration.ofSeconds(20),
                    "writes go on without the witness",
                    () -> auditor.count() > before + 1_000);
            String master = pair.awaitInSync();
            String heir = PairOfJvms.other(master);
            pair.watchForFirstAck(pair.state(master).term());
            pair.process(master).kill();
            long killNs = System.nanoTime();
            pair.await(
                    Duration.ofSeconds(15),
                    "five seconds pass",
                    () -> System.nanoTime() - killNs > 5_000_000_000L);
            assertEquals(0, pair.firstAckNs(), "one voter of three must not take over");
            try (Jedis jedis = RedisLoad.connect(pair.layout(), heir)) {
                JedisDataException refusal =
                        assertThrows(JedisDataException.class, () -> jedis.set("k", "v"));
                assertTrue(refusal.toString().contains("READONLY"), refusal.toString());
            }
            pair.startWitness();
            pair.await(
                    Duration.ofSeconds(30),
                    heir + " takes over once the witness is back",
                    () -> pair.firstAckNs() != 0);
            pair.startNode(master);
            pair.awaitReady(List.of(master));
            pair.awaitInSync();
            assertSound(pair, auditor);
        }
    }
}
