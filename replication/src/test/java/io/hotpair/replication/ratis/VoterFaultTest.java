package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What killed and stopped voters do to the register. They run in JVMs of their own. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class VoterFaultTest {

    private static final Logger LOG = LoggerFactory.getLogger(VoterFaultTest.class);

    private static final int KILLS = Integer.getInteger("hotpair.voter.kills", 3);
    private static final int STOP_MS = Integer.getInteger("hotpair.voter.stopMs", 2_000);

    @TempDir Path directory;

    @Test
    void shouldTakeChangesSoonAfterTheLeaderWasKilled() throws Exception {
        long[] gapsMs = new long[KILLS];
        try (VoterGroup group = new VoterGroup(directory)) {
            RatisRegister a = group.open("a");
            group.open("b");
            for (int kill = 0; kill < KILLS; kill++) {
                VoterConfig witness = group.config("w").build();
                try (VoterProcess w = VoterProcess.start(witness)) {
                    VoterGroup.eventually(
                            "witness that leads and others that are ready",
                            () ->
                                    (leads("w", a)
                                                    && VoterGroup.answered(a::read)
                                                            .everyVoterReady())
                                            ? true
                                            : null);
                    TopologyState state = VoterGroup.answered(a::read).state();
                    w.kill();
                    long killedNs = System.nanoTime();
                    TopologyState changed = VoterGroup.changeB(a);
                    gapsMs[kill] = msSince(killedNs);
                    assertTrue(changed.version() > state.version());
                }
            }
        }
        Arrays.sort(gapsMs);
        LOG.info(
                "kill -9 of the leading voter to the next change: kills={} medianMs={} maxMs={}",
                KILLS,
                gapsMs[KILLS / 2],
                gapsMs[KILLS - 1]);
        assertTrue(gapsMs[KILLS - 1] < 10_000, Arrays.toString(gapsMs));
    }

    @Test
    void shouldRememberAfterAllVotersWereKilled() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        TopologyState state;
        try (VoterProcess b = VoterProcess.start(group.config("b").build());
                VoterProcess w = VoterProcess.start(group.config("w").build())) {
            RatisRegister a = group.open("a");
            state = VoterGroup.makeMaster(a, "a").state();
            b.kill();
            w.kill();
            group.closeAll();
        }
        // Without a, so that only the killed ones can know.
        try (group) {
            group.open("b");
            group.open("w");
            assertEquals(state, VoterGroup.answered(group.get("b")::read).state());
        }
    }

    /**
     * The leader is this JVM's own, and does not know yet that it is alone. Ratis's own
     * linearisable read would go on answering from memory, since nothing was committed since the
     * last one.
     */
    @Test
    void shouldNotRenewFromTheMomentAtWhichNoMajorityAnswers() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        VoterConfig.Builder preferred = group.config("a").witness("a");
        try (VoterProcess b = VoterProcess.start(group.config("b").witness("a").build());
                VoterProcess w = VoterProcess.start(group.config("w").witness("a").build());
                RatisRegister a = RatisRegister.open(preferred.build())) {
            TopologyState state = VoterGroup.makeMaster(a, "a").state();
            VoterGroup.eventually("own leader", () -> a.voter().isLeader() ? true : null);
            // Several, so that nothing is left to be committed between the last one and the stop.
            for (int i = 0; i < 20; i++) {
                assertTrue(
                        VoterGroup.answered(() -> a.renewLease(state.term(), States.INCARNATION_A))
                                .accepted());
                TimeUnit.MILLISECONDS.sleep(20);
            }

            b.stop();
            w.stop();
            long stoppedNs = System.nanoTime();
            while (msSince(stoppedNs) < 1_500) {
                assertNotAnswered(a, state, msSince(stoppedNs));
            }
            b.goOn();
            assertTrue(
                    VoterGroup.answered(() -> a.renewLease(state.term(), States.INCARNATION_A))
                            .accepted());
        }
    }

    private static void assertNotAnswered(RatisRegister a, TopologyState state, long afterMs) {
        try {
            RegisterView view = VoterGroup.now(a.renewLease(state.term(), States.INCARNATION_A));
            throw new AssertionError(view + " " + afterMs + " ms after the others stopped");
        } catch (HotpairException expected) {
            assertEquals(HotpairException.Category.CONSENSUS, expected.category());
        }
    }

    @Test
    void shouldTakeBackAVoterThatWasStopped() throws Exception {
        try (VoterGroup group = new VoterGroup(directory);
                VoterProcess w = VoterProcess.start(group.config("w").build())) {
            RatisRegister a = group.open("a");
            group.open("b");
            TopologyState state = VoterGroup.makeMaster(a, "a").state();
            VoterGroup.eventually("witness that leads", () -> leads("w", a) ? true : null);
            w.stop();
            long stoppedNs = System.nanoTime();
            TopologyState changed = VoterGroup.changeB(a);
            long gapMs = msSince(stoppedNs);
            assertTrue(changed.version() > state.version());
            TimeUnit.MILLISECONDS.sleep(Math.max(0, STOP_MS - msSince(stoppedNs)));

            w.goOn();
            long continuedNs = System.nanoTime();
            VoterGroup.eventually(
                    "readiness",
                    () -> VoterGroup.answered(a::read).everyVoterReady() ? true : null);
            long readyMs = msSince(continuedNs);
            VoterGroup.eventually("witness that leads", () -> leads("w", a) ? true : null);
            LOG.info(
                    "leading voter stopped for {} ms: next change after {} ms; continued, all"
                            + " ready after {} ms, leads again after {} ms",
                    STOP_MS,
                    gapMs,
                    readyMs,
                    msSince(continuedNs));
            assertEquals(changed, VoterGroup.answered(a::read).state());
        }
    }

    private static boolean leads(String name, RatisRegister asSeenBy) {
        return name.equals(asSeenBy.voter().leader());
    }

    private static long msSince(long ns) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - ns);
    }
}
