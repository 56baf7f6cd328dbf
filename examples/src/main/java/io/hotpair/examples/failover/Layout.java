package io.hotpair.examples.failover;

import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Who listens where, all on loopback. Travels to the child processes as text.
 *
 * @param ports three for each data node (replication, consensus, Redis clients), one for the
 *     witness
 */
record Layout(List<Integer> ports) {
    static final List<String> DATA_NODES = List.of("a", "b");
    static final String WITNESS = "witness";
    private static final int COUNT = 7;
    private static final String HOST = "127.0.0.1";

    /** Finds free ports. */
    static Layout free() {
        return new Layout(freePorts(COUNT));
    }

    /** Each is held until the last is found, so that they differ. */
    private static List<Integer> freePorts(int count) {
        if (count == 0) {
            return List.of();
        }
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Integer> ports = new ArrayList<>(freePorts(count - 1));
            ports.add(socket.getLocalPort());
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Layout parse(String text) {
        List<Integer> ports = new ArrayList<>();
        for (String port : text.split(",", -1)) {
            ports.add(Integer.parseInt(port));
        }
        return new Layout(List.copyOf(ports));
    }

    String text() {
        return String.join(",", ports.stream().map(String::valueOf).toList());
    }

    int clientPort(String node) {
        return ports.get(DATA_NODES.indexOf(node) * 3 + 2);
    }

    DataNode dataNode(String node) {
        int first = DATA_NODES.indexOf(node) * 3;
        return new DataNode(
                node,
                new Endpoint(HOST, ports.get(first)),
                new Endpoint(HOST, ports.get(first + 1)),
                new Endpoint(HOST, ports.get(first + 2)));
    }

    Endpoint witness() {
        return new Endpoint(HOST, ports.get(COUNT - 1));
    }
}
