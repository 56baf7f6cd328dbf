package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file system of 48 MiB that somebody else fills to the last byte, again and again, while a
 * keyspace writes to it. A child JVM does it, in a mount namespace of its own.
 */
@Timeout(300)
class DiskFullTest {
    @TempDir Path directory;

    @Test
    void shouldRefuseWritesServeReadsAndGoOnByItself() throws Exception {
        List<String> mount = List.of("unshare", "-m", "sh", "-c");
        assumeTrue(
                run(with(mount, "mount -t tmpfs -o size=48m tmpfs " + directory)) == 0,
                "mounts need root");
        List<String> child =
                ChildJvm.command(ChildJvm.requiredFlags(), Filler.class, directory.toString());
        String script =
                "mount -t tmpfs -o size=48m tmpfs " + directory + " && exec " + quoted(child);
        assertEquals(0, run(with(mount, script)));
    }

    private static List<String> with(List<String> command, String last) {
        List<String> all = new ArrayList<>(command);
        all.add(last);
        return all;
    }

    private static String quoted(List<String> command) {
        StringBuilder text = new StringBuilder();
        command.forEach(word -> text.append('\'').append(word).append("' "));
        return text.toString();
    }

    private static int run(List<String> command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            return -1;
        }
        if (!process.waitFor(240, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("the child takes too long");
        }
        return process.exitValue();
    }

    /** The child. It throws, and so exits with 1, when something is not as it should be. */
    static final class Filler {
        private static final int ROUNDS = 4;

        private final Path directory;
        private final List<String> acknowledged = new ArrayList<>();
        private int next;

        private Filler(Path directory) {
            this.directory = directory;
        }

        public static void main(String[] args) throws Exception {
            new Filler(Path.of(args[0])).run();
            System.exit(0);
        }

        private Keyspace open() {
            return Keyspace.open(
                    Keyspace.builder()
                            .directory(directory.resolve("k"))
                            .maxMemory(64 << 20)
                            .acknowledgementTimeout(Duration.ofSeconds(2))
                            .build());
        }

        private void run() throws IOException {
            for (int round = 0; round < ROUNDS; round++) {
                try (Keyspace keyspace = open()) {
                    verify(keyspace);
                    writeUntilRefused(keyspace);
                    verify(keyspace);
                    // The reserve that was given back goes too.
                    fill();
                    refuse(keyspace);
                    verify(keyspace);
                    Files.delete(directory.resolve("filler"));
                    writeAgain(keyspace);
                }
            }
            try (Keyspace keyspace = open()) {
                verify(keyspace);
            }
        }

        private void writeUntilRefused(Keyspace keyspace) throws IOException {
            for (int i = 0; i < 200; i++) {
                if (!put(keyspace)) {
                    throw new IllegalStateException("refused with room");
                }
            }
            fill();
            for (int i = 0; i < 2_000; i++) {
                if (!put(keyspace)) {
                    return;
                }
            }
            throw new IllegalStateException("never refused");
        }

        private void refuse(Keyspace keyspace) {
            if (put(keyspace)) {
                throw new IllegalStateException("taken without room");
            }
        }

        private void writeAgain(Keyspace keyspace) {
            long giveUpNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!put(keyspace)) {
                if (System.nanoTime() > giveUpNs) {
                    throw new IllegalStateException("not taken though there is room");
                }
                Thread.onSpinWait();
            }
        }

        /** Writes something; false if that was refused, or nobody knows what became of it. */
        private boolean put(Keyspace keyspace) {
            String key = "k" + next++;
            try {
                keyspace.at(Acknowledgement.LOG).put(key.getBytes(UTF_8), value(key));
                acknowledged.add(key);
                return true;
            } catch (HotpairException e) {
                if (e.category() != HotpairException.Category.DISK_FULL
                        && e.category() != HotpairException.Category.OUTCOME_UNKNOWN) {
                    throw e;
                }
                return false;
            }
        }

        private static byte[] value(String key) {
            return key.repeat(2_000).getBytes(UTF_8);
        }

        private void verify(Keyspace keyspace) {
            for (String key : acknowledged) {
                String found = keyspace.get(key);
                if (!new String(value(key), UTF_8).equals(found)) {
                    throw new IllegalStateException(key + " is lost");
                }
            }
        }

        /** Takes all the room that there is, and what comes free within a moment. */
        private void fill() throws IOException {
            try (FileOutputStream out =
                    new FileOutputStream(directory.resolve("filler").toFile(), true)) {
                for (int length = 1 << 20; length > 0; length /= 2) {
                    append(out, new byte[length]);
                }
            }
        }

        private static void append(FileOutputStream out, byte[] zeros) {
            try {
                while (true) {
                    out.write(zeros);
                }
            } catch (IOException e) {
                // Full, as it was meant to be.
            }
        }
    }
}
