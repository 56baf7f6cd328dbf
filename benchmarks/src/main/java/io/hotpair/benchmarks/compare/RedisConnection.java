package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Speaks as much of Redis's protocol as the comparisons take. What is sent goes out with {@link
 * #flush()}, so that many commands go together.
 */
final class RedisConnection implements AutoCloseable {
    private static final byte[] END = "\r\n".getBytes(US_ASCII);

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RedisConnection(int port) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            out = new BufferedOutputStream(socket.getOutputStream(), 1 << 17);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void send(byte[]... words) {
        try {
            head('*', words.length);
            for (byte[] word : words) {
                head('$', word.length);
                out.write(word);
                out.write(END);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void head(char type, int number) throws IOException {
        out.write(type);
        out.write(Integer.toString(number).getBytes(US_ASCII));
        out.write(END);
    }

    void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a command; returns its reply as text. */
    String command(String... words) {
        send(Arrays.stream(words).map(w -> w.getBytes(US_ASCII)).toArray(byte[][]::new));
        flush();
        byte[] reply = reply();
        return reply == null ? "" : new String(reply, US_ASCII);
    }

    /** Reads a reply that is no array. */
    byte @Nullable [] reply() {
        return (byte[]) anyReply();
    }

    /** Reads a reply: bytes, also of a number, or null, or a list of such. */
    @Nullable Object anyReply() {
        try {
            String line = line();
            String rest = line.substring(1);
            return switch (line.charAt(0)) {
                case '+', ':' -> rest.getBytes(US_ASCII);
                case '$' -> body(Integer.parseInt(rest));
                case '*' -> elements(Integer.parseInt(rest));
                default -> throw new IllegalStateException(line);
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte @Nullable [] body(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] body = in.readNBytes(length);
        if (!line().isEmpty()) {
            throw new IllegalStateException("a value of " + length + " bytes goes on");
        }
        return body;
    }

    private @Nullable List<@Nullable Object> elements(int count) {
        if (count < 0) {
            return null;
        }
        List<@Nullable Object> elements = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            elements.add(anyReply());
        }
        return elements;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\r'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server hung up");
            }
            line.append((char) c);
        }
        if (in.read() != '\n') {
            throw new IOException("expected a line feed after " + line);
        }
        return line.toString();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
