package io.hotpair.persistence;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Looks at, copies and damages the files of a log. */
final class TestFiles {
    private TestFiles() {}

    static List<Path> segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(ChronicleLog.QUEUE_DIRECTORY))) {
            return files.filter(f -> f.toString().endsWith(Segment.SUFFIX)).sorted().toList();
        }
    }

    static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    static void flipBit(Path file, long position, int bit) throws IOException {
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "rw")) {
            raf.seek(position);
            int before = raf.read();
            raf.seek(position);
            raf.write(before ^ (1 << bit));
        }
    }

    static void write(Path file, long position, byte... bytes) throws IOException {
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "rw")) {
            raf.seek(position);
            raf.write(bytes);
        }
    }
}
