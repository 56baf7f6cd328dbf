package io.hotpair.resp;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a Redis that keys are taken from. One thread reads; any may send. Text stands for
 * bytes, a character for each.
 */
final class SourceLink implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 10_000;

    /** Redis sends something every 10 s, and gives a silent replica up after 60 s. */
    private static final int SILENCE_MS = 60_000;

    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MAX_LINE = 1 << 16;

    /**
     * Where it goes to.
     *
     * @param user null for the default user
     * @param password null for none
     * @param tls null for a plain connection
     * @param bytesPerSecond how fast it is read at most; 0 for as fast as it comes
     */
    record Source(
            String host,
            int port,
            @Nullable String user,
            @Nullable String password,
            @Nullable SSLContext tls,
            long bytesPerSecond) {

        /** Passwords stay out of logs. */
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /** An error that the other side answered. */
    static final class Refusal extends IOException {
        private static final long serialVersionUID = 1;

        Refusal(String error) {
            super(error);
        }
    }

    /** Who listens there is no Redis. */
    static final class OtherProtocol extends IOException {
        private static final long serialVersionUID = 1;

        OtherProtocol() {
            super("the other side does not speak the protocol of Redis");
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private volatile long lastReadNs = System.nanoTime();

    private SourceLink(Socket socket, long bytesPerSecond) throws IOException {
        this.socket = socket;
        InputStream plain = new Watched(socket.getInputStream(), bytesPerSecond);
        in = new BufferedInputStream(plain, BUFFER_BYTES);
        out = socket.getOutputStream();
    }

    /** Connects, and logs in if there is a password. */
    static SourceLink connect(Source source) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSoTimeout(SILENCE_MS);
            socket.connect(new InetSocketAddress(source.host(), source.port()), CONNECT_TIMEOUT_MS);
            SSLContext tls = source.tls();
            SourceLink link =
                    new SourceLink(
                            tls == null ? socket : secured(socket, source, tls),
                            source.bytesPerSecond());
            link.login(source);
            return link;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket secured(Socket socket, Source source, SSLContext tls) throws IOException {
        SSLSocket secured =
                (SSLSocket)
                        tls.getSocketFactory()
                                .createSocket(socket, source.host(), source.port(), true);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        return secured;
    }

    private void login(Source source) throws IOException {
        String password = source.password();
        if (password != null) {
            String user = source.user();
            if (user == null) {
                status("AUTH", utf8(password));
            } else {
                status("AUTH", utf8(user), utf8(password));
            }
        }
        status("PING");
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** How long nothing came. */
    long silentNs() {
        return System.nanoTime() - lastReadNs;
    }

    InputStream in() {
        return in;
    }

    void send(String... arguments) throws IOException {
        StringBuilder text = new StringBuilder();
        append(text, arguments);
        send(text);
    }

    static void append(StringBuilder to, String... arguments) {
        to.append('*').append(arguments.length).append("\r\n");
        for (String argument : arguments) {
            to.append('$').append(argument.length()).append("\r\n");
            to.append(argument).append("\r\n");
        }
    }

    /** Sends an empty line, which only says that somebody is there. */
    void sendSignOfLife() throws IOException {
        send(new StringBuilder("\n"));
    }

    void send(StringBuilder text) throws IOException {
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        synchronized (out) {
            out.write(bytes);
            out.flush();
        }
    }

    /** Sends a command whose reply is one line; returns that, without its first character. */
    String status(String... arguments) throws IOException {
        send(arguments);
        String line = line();
        if (line.startsWith("-")) {
            throw new Refusal(line.substring(1));
        }
        if (!line.startsWith("+")) {
            throw new OtherProtocol();
        }
        return line.substring(1);
    }

    /** The next line that is not empty: those say only that the other side is busy. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("the connection was closed");
            }
            if (b == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
                if (!text.isEmpty()) {
                    return text;
                }
                line.reset();
            } else if (line.size() == MAX_LINE) {
                throw new OtherProtocol();
            } else {
                line.write(b);
            }
        }
    }

    /**
     * The next reply: a byte[] for a string, a Long, a String for a status, a Refusal for an error,
     * a List of replies, or null.
     */
    @Nullable Object reply() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+' -> rest;
            case '-' -> new Refusal(rest);
            case ':' -> Long.parseLong(rest);
            case '$' -> rest.equals("-1") ? null : string(Integer.parseInt(rest));
            case '*' -> rest.equals("-1") ? null : replies(Integer.parseInt(rest));
            default -> throw new OtherProtocol();
        };
    }

    private List<@Nullable Object> replies(int count) throws IOException {
        List<@Nullable Object> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(reply());
        }
        return all;
    }

    private byte[] string(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length || in.readNBytes(2).length < 2) {
            throw new EOFException("the connection was closed");
        }
        return bytes;
    }

    /** Ends the connection, from any thread; who reads gets an exception. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            RespServer.LOGGER.debug("A connection was not closed in an orderly way", e);
        }
    }

    /** Notes when something came, and reads no faster than allowed. */
    private final class Watched extends FilterInputStream {
        private static final int STEP = 1 << 14;

        private final long bytesPerSecond;
        private long freeAtNs = System.nanoTime();

        Watched(InputStream in, long bytesPerSecond) {
            super(in);
            this.bytesPerSecond = bytesPerSecond;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int n = super.read(into, offset, bytesPerSecond == 0 ? length : Math.min(length, STEP));
            lastReadNs = System.nanoTime();
            if (bytesPerSecond > 0 && n > 0) {
                slowDown(n);
            }
            return n;
        }

        private void slowDown(int read) throws IOException {
            long costNs = (long) ((double) read / bytesPerSecond * TimeUnit.SECONDS.toNanos(1));
            freeAtNs = Math.max(freeAtNs, System.nanoTime()) + costNs;
            for (long leftNs = freeAtNs - System.nanoTime();
                    leftNs > 0 && !socket.isClosed();
                    leftNs = freeAtNs - System.nanoTime()) {
                LockSupport.parkNanos(this, leftNs);
                if (Thread.interrupted()) {
                    throw new InterruptedIOException();
                }
            }
        }
    }
}
