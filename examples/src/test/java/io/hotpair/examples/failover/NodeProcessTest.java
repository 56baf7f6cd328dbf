package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NodeProcessTest {
    @TempDir Path directory;

    private final List<Exception> failures = Collections.synchronizedList(new ArrayList<>());

    /** Reports numbers for ever, and notes outside of the pipe how far it has come. */
    static final class Talker {
        private Talker() {}

        public static void main(String[] args) throws IOException {
            FileOutputStream out = new FileOutputStream(FileDescriptor.out);
            MappedByteBuffer written = map(Path.of(args[0]));
            for (int i = 1; ; i++) {
                out.write(("LINE " + i + "\n").getBytes(UTF_8));
                written.putInt(0, i);
            }
        }
    }

    private static MappedByteBuffer map(Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, Integer.BYTES);
        }
    }

    /** Counts lines, but takes none before it is let. */
    private final class SlowReports implements NodeProcess.Reports {
        final CountDownLatch mayRead = new CountDownLatch(1);
        volatile int last;

        @Override
        public void onReport(NodeProcess node, String[] words) {
            try {
                mayRead.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            last = Integer.parseInt(words[1]);
        }

        @Override
        public void onCutShort(NodeProcess node, Exception failure) {
            failures.add(failure);
        }
    }

    @Test
    void shouldReadEverythingThatAKilledProcessHadWritten() throws Exception {
        SlowReports reports = new SlowReports();
        Path counter = directory.resolve("counter");
        Files.createFile(counter);
        MappedByteBuffer written = map(counter);
        NodeProcess talker = start(counter, reports);
        awaitFullPipe(written);
        Thread killer = new Thread(talker::kill);
        killer.start();
        while (talker.isAlive()) {
            LockSupport.parkNanos(1_000_000);
        }
        reports.mayRead.countDown();
        killer.join();
        int promised = written.getInt(0);
        assertTrue(reports.last >= promised, "read=" + reports.last + " written=" + promised);
        assertEquals(List.of(), failures);
    }

    /** Until the child can't write any more, because nobody reads. */
    private static void awaitFullPipe(MappedByteBuffer written) {
        int before = -1;
        for (int same = 0; same < 20; ) {
            LockSupport.parkNanos(10_000_000);
            int now = written.getInt(0);
            same = now == before && now > 1_000 ? same + 1 : 0;
            before = now;
        }
    }

    @Test
    void shouldTellThatReportsBrokeOffWhenOneOfThemCantBeTaken() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        NodeProcess talker =
                start(
                        directory.resolve("counter"),
                        new NodeProcess.Reports() {
                            @Override
                            public void onReport(NodeProcess node, String[] words) {
                                throw new IllegalStateException("report=" + words[0]);
                            }

                            @Override
                            public void onCutShort(NodeProcess node, Exception failure) {
                                failures.add(failure);
                                told.countDown();
                            }
                        });
        told.await();
        talker.kill();
        assertFalse(talker.isAlive());
        assertEquals("report=LINE", failures.get(0).getMessage());
    }

    private NodeProcess start(Path counter, NodeProcess.Reports reports) {
        return NodeProcess.start(
                "talker",
                Talker.class,
                List.of(counter.toString()),
                directory.resolve("talker.log"),
                reports);
    }
}
