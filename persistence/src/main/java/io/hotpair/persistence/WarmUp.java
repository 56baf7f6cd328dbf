package io.hotpair.persistence;

import net.openhft.chronicle.core.Memory;
import net.openhft.chronicle.core.OS;

/**
 * Has the one instruction compiled by which Chronicle claims and commits a document, a
 * compare-and-set in a mapped file. When the device behind the file is gone, that is a SIGBUS. In
 * compiled code the JVM makes an {@code InternalError} of it, on which the log fails as on any
 * other; but while the code is interpreted, the same ends the JVM. So a log does not leave it to
 * its first frames to be compiled: {@code persistence/docs/decisions.md}.
 */
final class WarmUp {
    /** Ten times what the JVM asks for; takes some milliseconds, once. */
    private static final int CALLS = 50_000;

    private static boolean done;

    private WarmUp() {}

    /** Does it, unless it is done. Called before the first frame. */
    static synchronized void run() {
        if (done) {
            return;
        }
        done = true;
        Memory memory = OS.memory();
        long address = memory.allocate(Integer.BYTES);
        try {
            memory.writeInt(address, 0);
            for (int i = 0; i < CALLS; i++) {
                if (!memory.compareAndSwapInt(address, i, i + 1)) {
                    throw new IllegalStateException("compare-and-set of " + i + " failed");
                }
            }
        } finally {
            memory.freeMemory(address, Integer.BYTES);
        }
    }
}
