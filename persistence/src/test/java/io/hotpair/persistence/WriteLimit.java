package io.hotpair.persistence;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes a device slow for a process: limits how many bytes a second it may write there, through a
 * control group of whichever version the machine has. The limit holds for what the process writes
 * to the device itself, with a force above all.
 */
final class WriteLimit implements AutoCloseable {
    private static final long REMOVE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final Path group;
    private final boolean isVersion1;
    private String limited = "";

    private WriteLimit(Path group, boolean isVersion1) {
        this.group = group;
        this.isVersion1 = isVersion1;
    }

    /** Of the machine that this runs on. */
    static WriteLimit make(String name) throws IOException {
        return make(Path.of("/sys/fs/cgroup"), name);
    }

    /**
     * Makes a group without a limit.
     *
     * @param controlGroups where control groups are mounted
     * @throws IOException if that is not possible on this machine
     */
    static WriteLimit make(Path controlGroups, String name) throws IOException {
        Path version1 = controlGroups.resolve("blkio");
        boolean isVersion1 = Files.exists(version1.resolve("blkio.throttle.write_bps_device"));
        if (!isVersion1) {
            enable(controlGroups);
        }
        Path group = (isVersion1 ? version1 : controlGroups).resolve(name);
        Files.createDirectory(group);
        return new WriteLimit(group, isVersion1);
    }

    /** With version 2, a group has the files of a controller when its parent says so. */
    private static void enable(Path controlGroups) throws IOException {
        Path controllers = controlGroups.resolve("cgroup.controllers");
        if (!Files.exists(controllers) || !words(controllers).contains("io")) {
            throw new IOException("no control group limits writes under " + controlGroups);
        }
        Path enabled = controlGroups.resolve("cgroup.subtree_control");
        if (!words(enabled).contains("io")) {
            Files.writeString(enabled, "+io");
        }
    }

    private static List<String> words(Path file) throws IOException {
        return List.of(Files.readString(file).strip().split(" ", -1));
    }

    /** Puts a process under the limit, with the threads that it has and will have. */
    void add(long pid) throws IOException {
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(pid));
    }

    /**
     * Sets the limit, which holds at once, also for what waits at the device.
     *
     * @param device major and minor number
     */
    void set(String device, long bytesPerSecond) throws IOException {
        limited = device;
        write(isVersion1 ? "%s %d" : "%s wbps=%d", device, bytesPerSecond);
    }

    /** Ends the limit, if there is one. */
    void lift() throws IOException {
        if (!limited.isEmpty()) {
            write(isVersion1 ? "%s 0" : "%s wbps=max", limited);
            limited = "";
        }
    }

    private void write(String format, Object... arguments) throws IOException {
        Files.writeString(
                group.resolve(isVersion1 ? "blkio.throttle.write_bps_device" : "io.max"),
                String.format(Locale.ROOT, format, arguments));
    }

    /** Removes the group, which a process may need a moment to leave when it has ended. */
    @Override
    public void close() throws IOException {
        long giveUpNs = System.nanoTime() + REMOVE_TIMEOUT_NS;
        while (true) {
            try {
                Files.delete(group);
                return;
            } catch (DirectoryNotEmptyException e) {
                throw e;
            } catch (FileSystemException e) {
                if (System.nanoTime() - giveUpNs > 0) {
                    throw e;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
    }
}
