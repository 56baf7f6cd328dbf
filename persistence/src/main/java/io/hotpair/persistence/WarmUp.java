package io.hotpair.persistence;

import net.openhft.chronicle.core.Memory;
import net.openhft.chronicle.core.OS;

/**
 * Has the instructions compiled by which Chronicle claims and commits a document and keeps its
 * tables: a compare-and-set, of an int or a long, in a mapped file. When the device behind the file
 * is gone, that is a SIGBUS. In compiled code the JVM makes an {@code InternalError} of it, on
 * which the log fails as on any other; but while the code is interpreted, the same ends the JVM. So
 * a log does not leave it to its first frames to be compiled: {@code
 * persistence/docs/decisions.md}.
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
        long address = memory.allocate(Long.BYTES);
        try {
            memory.writeLong(address, 0);
            for (int i = 0; i < CALLS; i++) {
                require(memory.compareAndSwapInt(address, i, i + 1), i);
            }
            memory.writeLong(address, 0);
            for (int i = 0; i < CALLS; i++) {
                require(memory.compareAndSwapLong(address, i, i + 1L), i);
            }
            memory.writeLong(address, 0);
            for (int i = 0; i < CALLS; i++) {
                require(memory.addLong(address, 1) == i + 1L, i);
                memory.testAndSetInt(address, 0, i + 1, i + 1);
            }
        } finally {
            memory.freeMemory(address, Long.BYTES);
        }
    }

    private static void require(boolean done, int turn) {
        if (!done) {
            throw new IllegalStateException("compare-and-set of " + turn + " failed");
        }
    }
}
