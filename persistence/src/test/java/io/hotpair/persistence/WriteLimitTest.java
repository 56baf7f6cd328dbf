package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is written into the files of a control group, in the words of the kernel's documentation.
 */
class WriteLimitTest {
    @TempDir Path groups;

    @Test
    void shouldSpeakToVersion1() throws IOException {
        Files.createDirectory(groups.resolve("blkio"));
        Files.createFile(groups.resolve("blkio/blkio.throttle.write_bps_device"));
        WriteLimit limit = WriteLimit.make(groups, "slow");
        limit.add(42);
        limit.set("7:12", 65_536);
        assertEquals("42", read("blkio/slow/cgroup.procs"));
        assertEquals("7:12 65536", read("blkio/slow/blkio.throttle.write_bps_device"));
        limit.lift();
        assertEquals("7:12 0", read("blkio/slow/blkio.throttle.write_bps_device"));
    }

    @Test
    void shouldSpeakToVersion2() throws IOException {
        Files.writeString(groups.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
        Files.writeString(groups.resolve("cgroup.subtree_control"), "cpu memory\n");
        WriteLimit limit = WriteLimit.make(groups, "slow");
        assertEquals("+io", read("cgroup.subtree_control"));
        limit.add(42);
        limit.set("7:12", 65_536);
        assertEquals("42", read("slow/cgroup.procs"));
        assertEquals("7:12 wbps=65536", read("slow/io.max"));
        limit.lift();
        assertEquals("7:12 wbps=max", read("slow/io.max"));
    }

    @Test
    void shouldSayThatAMachineHasNeither() throws IOException {
        assertThrows(IOException.class, () -> WriteLimit.make(groups, "slow"));
        Files.writeString(groups.resolve("cgroup.controllers"), "cpu memory\n");
        assertThrows(IOException.class, () -> WriteLimit.make(groups, "slow"));
    }

    private String read(String file) throws IOException {
        return Files.readString(groups.resolve(file));
    }
}
