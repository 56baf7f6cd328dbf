package io.hotpair.persistence;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Looks at, copies and damages the files of a log. */
final class TestFiles {
    private static final int PAGE = 4096;

    private TestFiles() {}

    static List<Path> segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(ChronicleLog.QUEUE_DIRECTORY))) {
            return files.filter(f -> f.toString().endsWith(Segment.SUFFIX)).sorted().toList();
        }
    }

    static Path lastSegment(Path directory) throws IOException {
        List<Path> all = segments(directory);
        return all.get(all.size() - 1);
    }

    /** One of all files of a log that hold something, but for what was cut from it. */
    static Path any(Path home, Random random) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            List<Path> all =
                    files.filter(f -> Files.isRegularFile(f) && !f.toString().contains("divergent"))
                            .filter(f -> f.toFile().length() > 0)
                            .sorted()
                            .toList();
            return all.get(random.nextInt(all.size()));
        }
    }

    /** Where the documents of a segment begin that hold a frame. */
    static List<Long> frameHeaders(Path segment) {
        List<Long> headers = new ArrayList<>();
        try (SegmentReader reader = reader(segment)) {
            SegmentReader.Document document = reader.next(reader.fileLength());
            while (document == SegmentReader.Document.FRAME
                    || document == SegmentReader.Document.METADATA) {
                if (document == SegmentReader.Document.FRAME) {
                    headers.add(reader.header());
                }
                document = reader.next(reader.fileLength());
            }
        }
        return headers;
    }

    /** Where the content of a segment ends, and zeros or the mark of its end begin. */
    static long contentEnd(Path segment) {
        try (SegmentReader reader = reader(segment)) {
            SegmentReader.Document document = reader.next(reader.fileLength());
            while (document == SegmentReader.Document.FRAME
                    || document == SegmentReader.Document.METADATA) {
                document = reader.next(reader.fileLength());
            }
            return reader.header();
        }
    }

    /** Copies a log as it is at this moment, leaving the zeros in it out as holes. */
    static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) throws IOException {
                        Files.createDirectories(target(directory));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        try {
                            copySparse(file, target(file));
                        } catch (NoSuchFileException e) {
                            passIfRenamed(file, e);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e)
                            throws IOException {
                        passIfRenamed(file, e);
                        return FileVisitResult.CONTINUE;
                    }

                    private Path target(Path file) {
                        return to.resolve(from.relativize(file).toString());
                    }
                });
    }

    /**
     * What an open log is just writing may get its name at any moment, and is copied under it, or
     * not at all.
     */
    private static void passIfRenamed(Path file, IOException e) throws IOException {
        if (!(e instanceof NoSuchFileException) || !file.toString().endsWith(".partial")) {
            throw e;
        }
    }

    private static void copySparse(Path from, Path to) throws IOException {
        byte[] content = Files.readAllBytes(from);
        byte[] zeros = new byte[PAGE];
        try (RandomAccessFile raf = new RandomAccessFile(to.toFile(), "rw")) {
            raf.setLength(content.length);
            for (int at = 0; at < content.length; at += PAGE) {
                int end = Math.min(at + PAGE, content.length);
                if (!Arrays.equals(content, at, end, zeros, 0, end - at)) {
                    raf.seek(at);
                    raf.write(content, at, end - at);
                }
            }
        }
    }

    static void flipBit(Path file, long position, int bit) throws IOException {
        byte[] found = read(file, position, 1);
        write(file, position, (byte) (found[0] ^ (1 << bit)));
    }

    static byte[] read(Path file, long position, int count) throws IOException {
        byte[] bytes = new byte[count];
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "r")) {
            raf.seek(position);
            raf.readFully(bytes);
        }
        return bytes;
    }

    static void write(Path file, long position, byte... bytes) throws IOException {
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "rw")) {
            raf.seek(position);
            raf.write(bytes);
        }
    }

    static void truncate(Path file, long length) throws IOException {
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "rw")) {
            raf.setLength(length);
        }
    }

    private static SegmentReader reader(Path segment) {
        Path queue = segment.toAbsolutePath().getParent();
        if (queue == null) {
            throw new AssertionError(segment);
        }
        return new SegmentReader(new Segment(Segment.cycleOf(segment), queue));
    }

    /** What this JVM has open or mapped of a directory. */
    static List<String> handles(Path directory) throws IOException {
        String home = directory.toRealPath().toString();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"));
                Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return Stream.concat(descriptors.map(TestFiles::target), maps)
                    .filter(s -> s.contains(home))
                    .toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // The descriptor that lists the directory is gone by now.
            return "";
        }
    }
}
