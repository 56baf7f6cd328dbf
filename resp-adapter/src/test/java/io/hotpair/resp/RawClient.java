package io.hotpair.resp;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client that sees every byte of a reply. Text stands for bytes, a character for each. */
final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MS = 20_000;

    private final Socket socket;
    private final InputStream in;

    RawClient(int port) {
        this(InetAddress.getLoopbackAddress().getHostAddress(), port);
    }

    RawClient(String address, int port) {
        try {
            socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(address, port), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a connection that is there. */
    RawClient(Socket connected) {
        try {
            socket = connected;
            socket.setSoTimeout(TIMEOUT_MS);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command in the multi-bulk form. */
    static String command(String... arguments) {
        StringBuilder out = new StringBuilder("*" + arguments.length + "\r\n");
        for (String argument : arguments) {
            out.append('$').append(argument.length()).append("\r\n");
            out.append(argument).append("\r\n");
        }
        return out.toString();
    }

    void send(String text) {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a command and reads its reply. */
    String call(String... arguments) {
        send(command(arguments));
        return reply();
    }

    /** Reads one reply, whole, as it came. */
    String reply() {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            reply(out);
            return out.toString(StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads so many replies. */
    List<String> replies(int count) {
        List<String> replies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            replies.add(reply());
        }
        return replies;
    }

    /** Reads until the other side closes, and returns what came. */
    String untilClosed() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            for (int b = in.read(); b >= 0; b = in.read()) {
                out.write(b);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("not closed; it sent " + out, e);
        } catch (IOException e) {
            out.write(0);
            // A reset is a close too.
            return out.toString(StandardCharsets.ISO_8859_1).replace("\0", "");
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    void timeout(int ms) {
        try {
            socket.setSoTimeout(ms);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether nothing arrives for a while. */
    boolean isSilentFor(int ms) {
        try {
            socket.setSoTimeout(ms);
            in.mark(1);
            int b = in.read();
            in.reset();
            return b < 0;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            timeout(TIMEOUT_MS);
        }
    }

    private void reply(ByteArrayOutputStream out) throws IOException {
        String line = line(out);
        switch (line.charAt(0)) {
            case '$', '=' -> bulk(out, Integer.parseInt(line.substring(1)));
            case '*', '~', '>' -> several(out, Integer.parseInt(line.substring(1)));
            case '%' -> several(out, 2 * Integer.parseInt(line.substring(1)));
            case '+', '-', ':', '_', ',', '#', '(' -> {}
            default -> throw new IOException("no reply begins with: " + line);
        }
    }

    private void several(ByteArrayOutputStream out, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            reply(out);
        }
    }

    private void bulk(ByteArrayOutputStream out, int length) throws IOException {
        if (length < 0) {
            return;
        }
        byte[] bytes = in.readNBytes(length + 2);
        if (bytes.length < length + 2) {
            throw new EOFException("closed in the middle of a reply: " + out);
        }
        out.write(bytes);
    }

    private String line(ByteArrayOutputStream out) throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("closed in the middle of a reply: " + out + line);
            }
            out.write(b);
            if (b == '\n') {
                return line.substring(0, line.length() - 1);
            }
            line.append((char) b);
        }
    }

    @Override
    public void close() {
        close(socket);
    }

    static void close(Closeable what) {
        try {
            what.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
