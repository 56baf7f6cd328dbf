package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.replication.internal.NodeMarker.Mark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkerFileTest {
    @TempDir Path directory;

    @Test
    void shouldRememberAcrossStarts() {
        MarkerFile file = new MarkerFile(directory);
        assertNull(file.load());
        assertFalse(file.currentBootId().isEmpty());
        file.store(new Mark("boot-1", false, true));
        file.store(new Mark("boot-2", true, false));
        assertEquals(new Mark("boot-2", true, false), new MarkerFile(directory).load());
    }

    @Test
    void shouldKeepItFromOthers() throws IOException {
        new MarkerFile(directory).store(new Mark("boot", true, true));
        Path file = directory.resolve("replication").resolve("node");
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    }

    @Test
    void shouldRefuseWhatItDidNotWrite() throws IOException {
        MarkerFile marker = new MarkerFile(directory);
        marker.store(new Mark("boot", true, true));
        Path file = directory.resolve("replication").resolve("node");
        for (String damaged :
                new String[] {
                    "",
                    "hotpair-node 2\nboot=x\nclean=true\nalone=true\n",
                    "hotpair-node 1\nboot=x\nclean=maybe\nalone=true\n",
                    "hotpair-node 1\nboot=x\nclean=true\n",
                    "\0".repeat(60)
                }) {
            Files.writeString(file, damaged);
            HotpairException refused = assertThrows(HotpairException.class, marker::load);
            assertEquals(HotpairException.Category.CORRUPTION, refused.category());
            assertTrue(
                    String.valueOf(refused.getMessage()).contains(file.toString()),
                    refused::toString);
        }
    }
}
