package io.hotpair.replication.internal;

import io.hotpair.Clock;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A connection whose every wait has an end. One thread reads; {@link #send} and {@link #close} may
 * be called by any, and the latter ends the waits of all.
 */
final class PeerSocket implements Closeable {
    private static final int INPUT_LENGTH = 64 * 1024;

    private final Socket socket;
    private final Clock clock;
    private final InputStream in;
    private final OutputStream out;
    private final ReentrantLock sending = new ReentrantLock();
    private final byte[] input = new byte[INPUT_LENGTH];
    private int from;
    private int to;

    PeerSocket(Socket socket, Clock clock) throws IOException {
        this.socket = socket;
        this.clock = clock;
        socket.setTcpNoDelay(true);
        in = socket.getInputStream();
        out = socket.getOutputStream();
    }

    /** Who is at the other end, for messages. */
    String peer() {
        return String.valueOf(socket.getRemoteSocketAddress());
    }

    /** The address at the other end, without the port, which is another one each time. */
    String peerHost() {
        InetAddress address = socket.getInetAddress();
        return address == null ? "?" : address.getHostAddress();
    }

    /** The time at which a wait that begins now has to end. */
    long deadlineAfter(long limitNs) {
        return clock.nanoTime() + limitNs;
    }

    /** Whether bytes can be read without waiting. */
    boolean hasInput() throws IOException {
        return from < to || in.available() > 0;
    }

    /**
     * Reads exactly so many bytes.
     *
     * @throws SocketTimeoutException if they have not all come by the deadline, however slowly they
     *     dripped in
     */
    void readFully(byte[] into, int offset, int length, long deadlineNs) throws IOException {
        int at = offset;
        int end = offset + length;
        while (at < end) {
            if (from == to) {
                fill(deadlineNs);
            }
            int count = Math.min(to - from, end - at);
            System.arraycopy(input, from, into, at, count);
            from += count;
            at += count;
        }
    }

    /** Reads a message, header first. */
    void read(Message message, long deadlineNs) throws IOException {
        readFully(message.bytes(), 0, WireDescriptor.HEADER_LENGTH, deadlineNs);
        int rest = message.checkHeader();
        readFully(message.bytes(), WireDescriptor.HEADER_LENGTH, rest, deadlineNs);
    }

    void write(byte[] bytes, int length) throws IOException {
        out.write(bytes, 0, length);
    }

    /** Sends what was collected, if anything was. */
    void send(MessageWriter messages) throws IOException {
        if (messages.length() > 0) {
            sending.lock();
            try {
                out.write(messages.bytes(), 0, messages.length());
            } finally {
                sending.unlock();
            }
            messages.clear();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void fill(long deadlineNs) throws IOException {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - clock.nanoTime());
        if (leftMs <= 0) {
            throw new SocketTimeoutException("nothing was heard in time from " + peer());
        }
        socket.setSoTimeout((int) Math.min(leftMs, Integer.MAX_VALUE));
        int count = in.read(input, 0, input.length);
        if (count < 0) {
            throw new EOFException("connection closed by " + peer());
        }
        from = 0;
        to = count;
    }
}
