package io.hotpair;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Stands between a replica and its master. Of what the master sends on a connection it flips a bit,
 * or breaks it off, after so many bytes.
 */
final class FaultyLink implements AutoCloseable {
    private static final int CHUNK = 4096;

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int masterPort;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger breaks = new AtomicInteger();
    private final AtomicInteger flips = new AtomicInteger();
    private final AtomicLong passed = new AtomicLong();
    private volatile LongSupplier breakAfter = () -> Long.MAX_VALUE;
    private volatile LongSupplier flipAt = () -> Long.MAX_VALUE;

    FaultyLink(int masterPort) throws IOException {
        this.masterPort = masterPort;
        daemon(this::acceptAll);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Asked for each connection: after how many bytes it breaks. */
    void breakAfter(LongSupplier bytes) {
        breakAfter = bytes;
    }

    /** Asked for each connection: which byte is changed. */
    void flipAt(LongSupplier position) {
        flipAt = position;
    }

    int breakCount() {
        return breaks.get();
    }

    int flipCount() {
        return flips.get();
    }

    /** Bytes of the master that went through, on all connections. */
    long passedBytes() {
        return passed.get();
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket replica = listener.accept();
                try {
                    Socket master = new Socket(InetAddress.getLoopbackAddress(), masterPort);
                    open.add(replica);
                    open.add(master);
                    long most = breakAfter.getAsLong();
                    long flipped = flipAt.getAsLong();
                    daemon(() -> copy(replica, master, Long.MAX_VALUE, Long.MAX_VALUE, false));
                    daemon(() -> copy(master, replica, most, flipped, true));
                } catch (IOException e) {
                    // The master does not listen right now.
                    replica.close();
                }
            }
        } catch (IOException e) {
            // The test has ended.
            return;
        }
    }

    private void copy(Socket from, Socket to, long most, long flipped, boolean ofMaster) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[CHUNK];
            long at = 0;
            while (at < most) {
                int count = in.read(buffer, 0, (int) Math.min(buffer.length, most - at));
                if (count < 0) {
                    return;
                }
                if (flipped >= at && flipped < at + count) {
                    buffer[(int) (flipped - at)] ^= 4;
                    flips.incrementAndGet();
                }
                out.write(buffer, 0, count);
                at += count;
                if (ofMaster) {
                    passed.addAndGet(count);
                }
            }
            breaks.incrementAndGet();
        } catch (IOException e) {
            // Either end broke it, which is what this is for.
            return;
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "faulty-link");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
