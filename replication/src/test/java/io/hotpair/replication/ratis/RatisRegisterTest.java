package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RatisRegisterTest {

    @TempDir Path directory;

    @Test
    void shouldAgreeOnOneWinnerPerVersion() throws Exception {
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            VoterGroup.answered(group.get("a")::read);
            List<Thread> racers = new ArrayList<>();
            int versions = 25;
            int[] wins = new int[versions + 1];
            int[] unknown = new int[versions + 1];
            List<Throwable> failures = new ArrayList<>();
            for (String node : VoterGroup.NAMES) {
                Thread racer = new Thread(() -> race(group.get(node), wins, unknown, failures));
                racers.add(racer);
                racer.start();
            }
            for (Thread racer : racers) {
                racer.join();
            }
            assertEquals(List.of(), failures);
            for (int version = 1; version <= versions; version++) {
                assertTrue(wins[version] <= 1, "winners of version=" + version);
                // Who got no answer, say because the leader changed, may be the winner.
                assertTrue(wins[version] + unknown[version] >= 1, "winners of version=" + version);
            }
            for (String node : VoterGroup.NAMES) {
                assertEquals(versions, VoterGroup.now(group.get(node).read()).state().version());
            }
        }
    }

    private static void race(
            RatisRegister register, int[] wins, int[] unknown, List<Throwable> failures) {
        try {
            RegisterView view = VoterGroup.answered(register::read);
            while (view.state().version() < wins.length - 1) {
                TopologyState next =
                        States.withIncarnation(
                                view.state(), "a", ThreadLocalRandom.current().nextLong());
                view = raceOnce(register, next, wins, unknown);
            }
        } catch (Throwable e) {
            synchronized (wins) {
                failures.add(e);
            }
        }
    }

    private static RegisterView raceOnce(
            RatisRegister register, TopologyState next, int[] wins, int[] unknown)
            throws Exception {
        int version = (int) next.version();
        try {
            RegisterView view = VoterGroup.now(register.compareAndSet(version - 1, next));
            if (view.accepted()) {
                assertEquals(next, view.state());
                synchronized (wins) {
                    wins[version]++;
                }
            }
            return view;
        } catch (HotpairException e) {
            assertEquals(Category.CONSENSUS, e.category());
            synchronized (wins) {
                unknown[version]++;
            }
            return VoterGroup.answered(register::read);
        }
    }

    @Test
    void shouldElectOnlyAfterTheLeaseHasEnded() throws Exception {
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            RatisRegister a = group.get("a");
            RatisRegister b = group.get("b");
            TopologyState state = VoterGroup.makeMaster(a, "a").state();
            // Then the leader does not change under the test.
            VoterGroup.eventually(
                    "witness that leads", () -> group.leader().equals("w") ? true : null);
            RegisterView renewed = renewAnswered(a, state);
            long renewedNs = System.nanoTime();
            assertTrue(renewed.accepted());

            TopologyState election = States.next(state, state.term() + 1, null);
            RegisterView refused = VoterGroup.now(b.compareAndSet(state.version(), election));
            assertFalse(refused.accepted());
            assertEquals(state, refused.state());
            assertTrue(refused.leaseLeftMs() > 0, refused.toString());

            while (!VoterGroup.answered(() -> b.compareAndSet(state.version(), election))
                    .accepted()) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            long waitedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - renewedNs);
            assertTrue(waitedMs >= 900, "elected after " + waitedMs + " ms");

            RegisterView late = renewAnswered(a, state);
            assertFalse(late.accepted());
            assertEquals(election, late.state());
            assertEquals(0, late.leaseLeftMs());
        }
    }

    @Test
    void shouldStartLeasesAtFullLengthUnderANewLeader() throws Exception {
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            RatisRegister a = group.get("a");
            TopologyState state = VoterGroup.makeMaster(a, "a").state();
            VoterGroup.eventually(
                    "witness that leads", () -> group.leader().equals("w") ? true : null);
            assertTrue(renewAnswered(a, state).accepted());
            long renewedNs = System.nanoTime();

            group.close("w");
            String leader = group.leader();
            RegisterView view = VoterGroup.answered(a::read);
            long passedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - renewedNs);

            assertEquals(state, view.state());
            assertFalse(leader.equals("w"));
            // Only a lease that began anew has so much left.
            assertTrue(
                    view.leaseLeftMs() > Math.max(0, 1_000 - passedMs),
                    view + " after " + passedMs + " ms");
            assertTrue(renewAnswered(a, state).accepted());
        }
    }

    @Test
    void shouldSayWhenEveryVoterIsReadyAndWhenOneIsNot() throws Exception {
        try (VoterGroup group = new VoterGroup(directory)) {
            RatisRegister a = group.open("a");
            group.open("b");
            RegisterView without = VoterGroup.answered(a::read);
            assertFalse(without.everyVoterReady());
            VoterGroup.eventually(
                    "the name of the missing one",
                    () ->
                            VoterGroup.answered(a::read)
                                            .missingVoters()
                                            .equals(Set.of(witness(group)))
                                    ? true
                                    : null);
            group.open("w");
            VoterGroup.eventually(
                    "readiness",
                    () -> VoterGroup.answered(a::read).everyVoterReady() ? true : null);
            group.close("b");
            RegisterView notice =
                    VoterGroup.eventually(
                            "notice",
                            () -> {
                                RegisterView view = VoterGroup.answered(a::read);
                                return view.missingVoters().isEmpty() ? null : view;
                            });
            assertFalse(notice.everyVoterReady());
            assertEquals(Set.of("voter b=127.0.0.1:" + group.port("b")), notice.missingVoters());
        }
    }

    private static String witness(VoterGroup group) {
        return "witness w=127.0.0.1:" + group.port("w");
    }

    @Test
    void shouldFailInTimeWithoutAMajority() throws Exception {
        try (VoterGroup group = new VoterGroup(directory)) {
            RatisRegister a = group.open("a");
            long startNs = System.nanoTime();
            HotpairException failure =
                    assertThrows(HotpairException.class, () -> VoterGroup.now(a.read()));
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);

            assertEquals(Category.CONSENSUS, failure.category());
            assertTrue(tookMs < 1_500, "took " + tookMs + " ms");
            assertSays("b=", failure);
            assertSays("w=", failure);
            String silent = String.join(", ", a.silentVoters());
            assertTrue(silent.contains("voter b=127.0.0.1:" + group.port("b") + " ("), silent);
            assertTrue(silent.contains(witness(group) + " ("), silent);
            assertEquals(2, a.silentVoters().size(), silent);
        }
    }

    @Test
    void shouldSayThatAVoterBelongsToAPairOfAnotherName() throws Exception {
        try (VoterGroup group = new VoterGroup(directory)) {
            VoterConfig.Builder other = VoterConfig.builder("shop", "b").witness("w");
            for (String name : VoterGroup.NAMES) {
                other.voter(name, "127.0.0.1:" + group.port(name));
            }
            RatisRegister a = group.open("a");
            try (RatisRegister b =
                    RatisRegister.open(other.directory(directory.resolve("shop")).build())) {
                assertSaysOtherPair(a, "voter b", group.port("b"), "test");
                assertSaysOtherPair(b, "voter a", group.port("a"), "shop");
            }
        }
    }

    private static void assertSaysOtherPair(
            RatisRegister asking, String voter, int port, String ownName) throws Exception {
        String expected =
                voter
                        + "=127.0.0.1:"
                        + port
                        + " (belongs to a pair of another name, expected "
                        + ownName
                        + ")";
        VoterGroup.eventually(
                expected + ", but " + asking.silentVoters(),
                () -> {
                    // Its outcome is of no matter: without a majority there is none.
                    boolean unused = isAnswered(asking);
                    return asking.silentVoters().contains(expected) ? true : null;
                });
    }

    @Test
    void shouldRecoverWhenTheMajorityReturns() throws Exception {
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            RatisRegister a = group.get("a");
            TopologyState state = VoterGroup.makeMaster(a, "a").state();
            group.close("b", "w");
            VoterGroup.eventually("loss", () -> isAnswered(a) ? null : true);
            group.open("b");
            assertEquals(state, VoterGroup.answered(a::read).state());
        }
    }

    @Test
    void shouldRememberAfterARestart() throws Exception {
        TopologyState state;
        try (VoterGroup group = new VoterGroup(directory)) {
            VoterGroup.NAMES.forEach(name -> group.open(name, 4));
            for (int i = 0; i < 10; i++) {
                VoterGroup.changeB(group.get("a"));
            }
            state = VoterGroup.makeMaster(group.get("a"), "a").state();
            group.closeAll();
            VoterGroup.NAMES.forEach(name -> group.open(name, 4));
            assertEquals(state, VoterGroup.answered(group.get("b")::read).state());
        }
        try (Stream<Path> files = Files.walk(directory)) {
            long bytes =
                    files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
            assertTrue(bytes < 2_000_000, "bytes=" + bytes);
        }
    }

    @Test
    void shouldSendTheSnapshotToAVoterThatWasAwayForLong() throws Exception {
        try (VoterGroup group = new VoterGroup(directory)) {
            VoterGroup.NAMES.forEach(name -> group.open(name, 4));
            TopologyState before = VoterGroup.makeMaster(group.get("a"), "a").state();
            group.close("b");
            for (int i = 0; i < 20; i++) {
                VoterGroup.changeB(group.get("a"));
            }
            TopologyState state = VoterGroup.answered(group.get("a")::read).state();
            assertTrue(state.version() >= before.version() + 20);
            group.open("b", 4);
            VoterGroup.eventually(
                    "readiness",
                    () ->
                            VoterGroup.answered(group.get("a")::read).everyVoterReady()
                                    ? true
                                    : null);
            // With a gone, b and the witness decide: b must have it all.
            group.close("w");
            assertEquals(state, VoterGroup.answered(group.get("b")::read).state());
        }
    }

    @Test
    void shouldNameTheAddressThatIsTaken() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        try (ServerSocket taken =
                new ServerSocket(group.port("a"), 1, InetAddress.getLoopbackAddress())) {
            HotpairException failure = assertThrows(HotpairException.class, () -> group.open("a"));
            assertEquals(Category.NETWORK, failure.category());
            assertSays("127.0.0.1:" + taken.getLocalPort(), failure);
        }
        // Nothing of the failed one is left behind.
        group.open("a");
        group.closeAll();
    }

    @Test
    void shouldNotShareItsDirectory() throws Exception {
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            HotpairException failure =
                    assertThrows(
                            HotpairException.class,
                            () -> RatisRegister.open(group.config("a").build()));
            assertEquals(Category.DIRECTORY_IN_USE, failure.category());
        }
    }

    @Test
    void shouldNotTakeAnotherVotersDirectory() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        group.open("a");
        group.closeAll();
        IllegalStateException failure =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                RatisRegister.open(
                                        group.config("b")
                                                .directory(directory.resolve("a"))
                                                .build()));
        assertSays("pair=test voter=a", failure);
    }

    @Test
    void shouldNotGoOnWithOtherVotersThanItsLogKnows() throws Exception {
        VoterGroup first = new VoterGroup(directory).openAll();
        VoterGroup.makeMaster(first.get("a"), "a");
        first.closeAll();
        VoterGroup moved = new VoterGroup(directory);
        assertThrows(IllegalStateException.class, () -> moved.open("a"));
    }

    @Test
    void shouldRefuseCallsAfterClose() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        RatisRegister a = group.open("a");
        group.closeAll();
        a.close();
        HotpairException failure =
                assertThrows(HotpairException.class, () -> VoterGroup.now(a.read()));
        assertSays("closed", failure);
    }

    @Test
    void shouldRefuseAVersionThatIsNotTheNext() throws Exception {
        try (VoterGroup group = new VoterGroup(directory)) {
            RatisRegister a = group.open("a");
            assertThrows(
                    IllegalArgumentException.class,
                    () -> a.compareAndSet(5, TopologyState.INITIAL));
        }
    }

    @Test
    void shouldLeaveTheHostAlone() throws Exception {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        try (VoterGroup group = new VoterGroup(directory).openAll()) {
            VoterGroup.answered(group.get("a")::read);
            assertEquals(before, Thread.getDefaultUncaughtExceptionHandler());
            List<String> foreground =
                    Thread.getAllStackTraces().keySet().stream()
                            .filter(t -> !t.isDaemon())
                            .map(Thread::getName)
                            .filter(n -> n.contains("hotpair") || n.matches("[abw][-@].*"))
                            .toList();
            assertEquals(List.of(), foreground);
        }
    }

    private static boolean isAnswered(RatisRegister register) throws Exception {
        CompletableFuture<RegisterView> read = register.read();
        try {
            read.get(5, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            return false;
        }
    }

    private static RegisterView renewAnswered(RatisRegister by, TopologyState state)
            throws Exception {
        return VoterGroup.answered(() -> by.renewLease(state.term(), States.INCARNATION_A));
    }

    private static void assertSays(String part, Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.contains(part), message);
    }
}
