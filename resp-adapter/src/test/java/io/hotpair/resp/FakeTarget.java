package io.hotpair.resp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** A server that answers when a test says so, and what. */
final class FakeTarget implements AutoCloseable {
    private static final int TIMEOUT_MS = 20_000;
    private static final int SMALL_BUFFER = 4 << 10;

    private final ServerSocket socket;

    FakeTarget() {
        try {
            socket = new ServerSocket();
            // So that little is taken of what nobody reads.
            socket.setReceiveBufferSize(SMALL_BUFFER);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            socket.setSoTimeout(TIMEOUT_MS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return socket.getLocalPort();
    }

    /** The next one who connects; what it sends is read as replies are. */
    RawClient accept() {
        try {
            return new RawClient(socket.accept());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next one who connects, when it has selected a database. */
    RawClient acceptAndGreet() {
        RawClient source = accept();
        String select = source.reply();
        if (!select.startsWith("*2\r\n$6\r\nSELECT\r\n")) {
            throw new AssertionError(select);
        }
        source.send("+OK\r\n");
        return source;
    }

    @Override
    public void close() {
        RawClient.close(socket);
    }
}
