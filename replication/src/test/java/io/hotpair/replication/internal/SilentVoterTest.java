package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.replication.DataNode;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.ratis.RatisRegister;
import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.ratis.Witness;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the nodes of a pair say of voters that do not answer; with the real consensus engine. */
@Timeout(120)
class SilentVoterTest {
    @TempDir Path directory;

    private final String witnessAddress = "127.0.0.1:" + TestPair.freePort();

    private VoterConfig voter(TestPair pair, String name) {
        VoterConfig.Builder builder =
                VoterConfig.builder("test", name)
                        .directory(directory.resolve("voter-" + name))
                        .voter("w", witnessAddress)
                        .witness("w");
        for (DataNode node : pair.dataNodes()) {
            builder.voter(node.name(), node.consensus());
        }
        return builder.build();
    }

    private TestPair pair() {
        TestPair pair = new TestPair(directory, 1);
        return pair.registers(name -> RatisRegister.open(voter(pair, name)));
    }

    private static void awaitAlarm(TestPair pair, TestPair.Node node, String part) {
        Await.until(
                "the alarm of " + node.name + " says " + part,
                () -> String.valueOf(node.session().status().alarm()).contains(part),
                pair::describe);
    }

    private static void awaitNoAlarm(TestPair pair) {
        for (TestPair.Node node : List.of(pair.a, pair.b)) {
            Await.until(
                    node.name + " is without an alarm",
                    () -> node.session().status().alarm() == null,
                    pair::describe);
        }
    }

    @Test
    void shouldRaiseAnAlarmOnEachNodeWhileTheWitnessIsSilent() {
        try (TestPair pair = pair()) {
            Witness witness = Witness.open(voter(pair, "w"));
            try {
                pair.a.start();
                pair.b.start();
                pair.awaitMaster();
                pair.a.awaitEvent(Kind.HA_READY);
                pair.b.awaitEvent(Kind.HA_READY);
                awaitNoAlarm(pair);

                witness.close();
                String text = "witness w=" + witnessAddress + " silent for ";
                awaitAlarm(pair, pair.a, text);
                awaitAlarm(pair, pair.b, text);
                awaitAlarm(pair, pair.a, "a further failure stops the shard");

                witness = Witness.open(voter(pair, "w"));
                awaitNoAlarm(pair);
                String back = pair.b.awaitEvent(Kind.VOTERS_BACK).text();
                assertTrue(back.contains("w=" + witnessAddress), back);
            } finally {
                witness.close();
            }
        }
    }

    @Test
    void shouldNameEverySilentVoterUntilAMajorityAnswers() {
        try (TestPair pair = pair()) {
            pair.a.start();
            String text = pair.a.awaitEvent(Kind.VOTERS_SILENT).text();
            assertTrue(text.startsWith("no majority of voters has answered this node"), text);
            assertTrue(text.contains("witness w=" + witnessAddress + " ("), text);
            assertTrue(text.contains("voter b=" + pair.dataNodes().get(1).consensus()), text);
            assertTrue(!text.contains("voter a="), text);

            pair.b.start();
            String back = pair.a.awaitEvent(Kind.VOTERS_BACK).text();
            assertTrue(back.contains("a majority of voters"), back);
            pair.awaitMaster();
            awaitAlarm(pair, pair.a, "witness w=" + witnessAddress + " silent for ");
            awaitAlarm(pair, pair.b, "witness w=" + witnessAddress + " silent for ");
        }
    }
}
