package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.ratis.Witness;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;

/** The third voter: holds no data, and decides with the other two who is master. */
final class WitnessNode {
    private WitnessNode() {}

    /**
     * Runs until it is told to exit, or its parent is gone.
     *
     * @param args layout, directory
     */
    public static void main(String[] args) throws IOException {
        Layout layout = Layout.parse(args[0]);
        VoterConfig.Builder voter =
                VoterConfig.builder("failover-example", Layout.WITNESS)
                        .voter(Layout.WITNESS, layout.witness())
                        .witness(Layout.WITNESS)
                        .directory(Path.of(args[1]));
        for (String node : Layout.DATA_NODES) {
            voter.voter(node, layout.dataNode(node).consensus());
        }
        try (Witness witness = Witness.open(voter.build())) {
            System.out.println("READY " + witness.isRunning());
            BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
            String command = commands.readLine();
            while (command != null && !command.equals("EXIT")) {
                command = commands.readLine();
            }
        }
    }
}
