package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.replication.Endpoint;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class VoterDirectoryTest {
    @TempDir Path directory;

    private VoterConfig config() {
        return VoterConfig.builder("pair", "a")
                .voter("a", new Endpoint("127.0.0.1", 7001))
                .voter("b", new Endpoint("127.0.0.1", 7002))
                .voter("w", new Endpoint("127.0.0.1", 7003))
                .witness("w")
                .directory(directory)
                .build();
    }

    @Test
    void shouldRefuseADirectoryThatIsOpenHere() {
        try (VoterDirectory open = VoterDirectory.open(config())) {
            HotpairException refused =
                    assertThrows(HotpairException.class, () -> VoterDirectory.open(config()));
            assertEquals(HotpairException.Category.DIRECTORY_IN_USE, refused.category());
            assertEquals(directory, open.path());
        }
        VoterDirectory.open(config()).close();
    }

    /** Also where somebody else has made the directory, and of what the engine makes in it. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldLetNobodyElseReadWhatAVoterKeeps() throws IOException {
        Path home = directory.resolve("w");
        Files.createDirectory(home);
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (VoterGroup group = new VoterGroup(directory);
                RatisRegister open = group.open("w")) {
            assertTrue(open.voter().isRunning());
            try (Stream<Path> found = Files.walk(home)) {
                List<Path> all = found.filter(Files::isDirectory).toList();
                assertTrue(all.size() > 2, all::toString);
                for (Path each : all) {
                    assertEquals("rwx------", rights(each), each::toString);
                }
            }
            assertEquals("rw-------", rights(home.resolve("voter")));
            assertEquals("rw-------", rights(home.resolve("voter.lock")));
        }
    }

    private static String rights(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    /** What a copy of the class holds that was loaded by another class loader. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldNotFreeALockOfThisJvmThatItMeets() throws IOException {
        Path file = directory.resolve("voter.lock");
        try (FileChannel other =
                        FileChannel.open(
                                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = other.lock()) {
            assertEquals(1, locksOf(file));
            HotpairException refused =
                    assertThrows(HotpairException.class, () -> VoterDirectory.open(config()));
            assertEquals(HotpairException.Category.DIRECTORY_IN_USE, refused.category());
            assertEquals(1, locksOf(file), "valid=" + lock.isValid());
        }
    }

    /** The locks that the kernel knows: a JVM can't see its own. */
    private static long locksOf(Path file) throws IOException {
        String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
        return Files.readAllLines(Path.of("/proc/locks")).stream()
                .filter(line -> line.contains(inode))
                .count();
    }
}
