package io.hotpair.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file with a file system in it, mounted as a device of its own. Made in a {@link
 * MountNamespace}, so that nothing stays mounted.
 */
record LoopDevice(Path file, Path mountPoint) {
    /** Makes one of a type ({@code ext4} or {@code xfs}), not mounted. */
    static LoopDevice make(Path at, String type) throws IOException, InterruptedException {
        sh(script(at, type));
        return at(at);
    }

    /** The commands that make one and try whether it can be mounted and shut down. */
    static String script(Path at, String type) {
        LoopDevice device = at(at);
        String make =
                type.equals("ext4")
                        ? "mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "
                        : "mkfs." + type + " -q -f ";
        return String.join(
                " && ",
                "truncate -s 1G " + device.file,
                make + device.file,
                "mkdir -p " + device.mountPoint,
                device.mountCommand(),
                device.shutDownCommand(),
                device.unmountCommand());
    }

    private static LoopDevice at(Path path) {
        return new LoopDevice(
                path.resolveSibling(path.getFileName() + ".img"),
                path.resolveSibling(path.getFileName() + ".mnt"));
    }

    void mount() throws IOException, InterruptedException {
        sh(mountCommand());
    }

    void unmount() throws IOException, InterruptedException {
        sh(unmountCommand());
    }

    /** In an instant, without writing its journal: what was not forced is gone. */
    void shutDown() throws IOException, InterruptedException {
        sh(shutDownCommand());
    }

    /** Keeps what has reached the device so far, and nothing of what waits for it. */
    void keepImage() throws IOException, InterruptedException {
        sh("cp --sparse=always " + file + " " + keptImage());
    }

    /** Goes back to what was kept. To be done while it is not mounted. */
    void restoreImage() throws IOException {
        Files.move(keptImage(), file, StandardCopyOption.REPLACE_EXISTING);
    }

    private Path keptImage() {
        return file.resolveSibling(file.getFileName() + ".kept");
    }

    /** Major and minor number of the device while it is mounted, as the kernel writes them. */
    String number() throws IOException {
        long device = ((Number) Files.getAttribute(mountPoint, "unix:dev")).longValue();
        long major = (device >>> 8) & 0xfff;
        long minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
        return major + ":" + minor;
    }

    private String mountCommand() {
        return "mount -o loop " + file + " " + mountPoint;
    }

    private String unmountCommand() {
        return "umount " + mountPoint;
    }

    /** The number of the call is the same for both types. */
    private String shutDownCommand() {
        return "perl -e 'open(my $d, \"<\", \""
                + mountPoint
                + "\") or die $!; ioctl($d, 0x8004587d, my $f = pack(\"L\", 2)) or die $!'";
    }

    private static void sh(String script) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IllegalStateException("exit=" + exit + " of " + script);
        }
    }
}
