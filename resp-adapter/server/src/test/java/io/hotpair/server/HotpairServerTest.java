package io.hotpair.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class HotpairServerTest {
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Socket connect(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /** Else SHUTDOWN could end the process while nothing is there yet that closes all. */
    @Test
    void shouldServeNobodyBeforeItCanBeClosed() throws IOException {
        int port = freePort();
        ServerOptions options =
                ServerOptions.parse(
                        new String[] {
                            "--port",
                            Integer.toString(port),
                            "--appendonly",
                            "no",
                            "--maxmemory",
                            "64mb"
                        });
        int[] asked = {0};
        HotpairServer server =
                HotpairServer.open(
                        options,
                        () -> {
                            asked[0]++;
                            assertThrows(ConnectException.class, () -> connect(port).close());
                        });
        try (server) {
            assertEquals(1, asked[0]);
            connect(port).close();
        }
    }
}
