package io.hotpair.replication.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between a replica and its master, and breaks each connection after so many bytes of the
 * master, later each time.
 */
final class BreakingProxy implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int masterPort;
    private final AtomicInteger breaks = new AtomicInteger();
    private final AtomicInteger chunksToFlip = new AtomicInteger();
    private int allowance;

    BreakingProxy(int masterPort, int allowance) throws IOException {
        this.masterPort = masterPort;
        this.allowance = allowance;
        daemon(this::acceptAll);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Flips one bit behind the header of the next long frame that comes. */
    void flipOneBit() {
        chunksToFlip.set(3);
    }

    boolean hasFlipped() {
        return chunksToFlip.get() == 0;
    }

    int breakCount() {
        return breaks.get();
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket replica = listener.accept();
                Socket master = new Socket(InetAddress.getLoopbackAddress(), masterPort);
                int bytes = allowance;
                allowance += 97;
                daemon(() -> copy(replica, master, Integer.MAX_VALUE, false));
                daemon(() -> copy(master, replica, bytes, true));
            }
        } catch (IOException e) {
            // The test has ended.
            return;
        }
    }

    private void copy(Socket from, Socket to, int bytes, boolean flips) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[64];
            int left = bytes;
            while (left > 0) {
                int count = in.read(buffer, 0, Math.min(buffer.length, left));
                if (count < 0) {
                    return;
                }
                // A heartbeat is shorter than a chunk.
                if (flips
                        && count == buffer.length
                        && chunksToFlip.getAndUpdate(n -> Math.max(0, n - 1)) == 1) {
                    buffer[count - 1] ^= 1;
                }
                out.write(buffer, 0, count);
                left -= count;
            }
            breaks.incrementAndGet();
        } catch (IOException e) {
            // Either end broke it, which is what this is for.
            return;
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "breaking-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
