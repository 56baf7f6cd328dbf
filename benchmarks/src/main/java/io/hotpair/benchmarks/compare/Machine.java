package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says. */
final class Machine {
    private static final long PAGE_BYTES = 4096;
    private static final long RESERVE_BYTES = 3L << 30;

    private Machine() {}

    /** Memory that could be taken without swapping; without end where nobody knows. */
    static long availableBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                    .filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    /** Whether that much can be taken, and something is left for everybody else. */
    static boolean hasRoomFor(long bytes) {
        return availableBytes() - RESERVE_BYTES >= bytes;
    }

    /** What the heap can still take. */
    static long availableHeapBytes() {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return heap.getMax() - heap.getUsed();
    }

    /**
     * What the heap may take of the machine's memory yet.
     *
     * @param offHeapBytes how much of this process is not heap
     */
    static long untouchedHeapBytes(long offHeapBytes) {
        long max = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getMax();
        return Math.max(0, max - Math.max(0, residentBytes() - offHeapBytes));
    }

    /** Memory of this process that is really there. */
    static long residentBytes() {
        try {
            String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
            return Long.parseLong(pages[1]) * PAGE_BYTES;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * How much this process has given to the kernel to be written to a device: a page counts when
     * it is changed for the first time since it was written last, by whatever way.
     */
    static long writtenBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/io")).stream()
                    .filter(line -> line.startsWith("write_bytes:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }
}
