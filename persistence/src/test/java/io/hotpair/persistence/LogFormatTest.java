package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds {@code docs/log-format.md} and the files together. */
class LogFormatTest {
    private static final String BOOT = "3359a593-7853-4205-a0ad-76f343343329";

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);
    private final LogOptions options =
            LogOptions.standard().withWallClock(clock::get).withBootId(BOOT);

    @Test
    void shouldKeepTheMarkAsDocumented() throws IOException {
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 3, 100);
            log.force();
            assertMark(1);
        }
        assertMark(2);
    }

    private void assertMark(int state) throws IOException {
        byte[] mark = Files.readAllBytes(directory.resolve("durable.mark"));
        assertEquals(72, mark.length);
        assertEquals("HPDM", new String(mark, 0, 4, StandardCharsets.US_ASCII));
        assertEquals(1, FrameDescriptor.getShort(mark, 4));
        assertEquals(state, FrameDescriptor.getShort(mark, 6));
        assertEquals(489_916, FrameDescriptor.getInt(mark, 8));
        Path segment = directory.resolve("queue/20251121-04F.cq4");
        assertEquals(TestFiles.contentEnd(segment), FrameDescriptor.getLong(mark, 16));
        assertEquals(3, FrameDescriptor.getLong(mark, 24));
        assertEquals(BOOT, new String(mark, 32, 36, StandardCharsets.US_ASCII));
        CRC32C crc = new CRC32C();
        crc.update(mark, 0, 68);
        assertEquals((int) crc.getValue(), FrameDescriptor.getInt(mark, 68));
    }

    @Test
    void shouldKeepIdentityAndCutsAsDocumented() throws IOException {
        String id;
        long end;
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            id = log.id().toString();
            frames.append(log, 4, 9, 100);
            end = TestFiles.contentEnd(TestFiles.lastSegment(directory));
            log.cutAfter(5);
        }
        assertSealed("log.identity", "format=1\nid=" + id + "\ncreated=2025-11-21T04:40:00Z\n");
        assertSealed("cuts", "489916 " + end + " 5 4-6-9\n");
    }

    private void assertSealed(String name, String body) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        String seal = "crc32c=" + Long.toHexString(0x1_0000_0000L | crc.getValue()).substring(1);
        assertEquals(body + seal + "\n", Files.readString(directory.resolve(name)));
    }

    @Test
    void shouldLayOutASegmentAsDocumented() throws IOException {
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 100);
            frames.append(log, 1, 1, 100);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 1, 100);
        }
        Path segment = TestFiles.segments(directory).get(0);
        List<Long> headers = TestFiles.frameHeaders(segment);
        assertEquals(65_808, headers.get(0));
        byte[] begin = TestFiles.read(segment, 0, 33_012);
        assertEquals(headers.get(1), FrameDescriptor.getLong(begin, 64));
        assertEquals((headers.get(1) << 32) + 1, FrameDescriptor.getLong(begin, 72));
        assertEquals(256, FrameDescriptor.getLong(begin, 176));
        assertEquals(0x4000_8024, FrameDescriptor.getInt(begin, 200));
        assertEquals(0x4000_801C, FrameDescriptor.getInt(begin, 33_008));
        byte[] end = TestFiles.read(segment, TestFiles.contentEnd(segment), 12);
        assertArrayEquals(
                new byte[] {0, 0, 0, (byte) 0xC0, (byte) 0xC3, 'E', 'O', 'F', 0, 0, 0, 0}, end);
        assertTrue(Files.size(segment) >= headers.get(1) + AllocatedFile.AHEAD_BYTES);
    }

    @Test
    void shouldBeReadableByChronicle() {
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            for (int i = 0; i < 700; i++) {
                frames.append(log, 1, 1, i);
                clock.addAndGet(Segment.CYCLE_MS / 300);
            }
        }
        try (ChronicleQueue queue =
                        ChronicleQueue.singleBuilder(directory.resolve("queue"))
                                .rollCycle(RollCycles.FAST_HOURLY)
                                .readOnly(true)
                                .build();
                ExcerptTailer tailer = queue.createTailer()) {
            for (int i = 0; i < 700; i++) {
                try (DocumentContext document = tailer.readingDocument()) {
                    assertTrue(document.isPresent(), "document " + i);
                    Bytes<?> bytes = document.wire().bytes();
                    byte[] found = new byte[(int) bytes.readRemaining()];
                    bytes.read(found);
                    assertEquals(found.length, FrameDescriptor.getInt(found, 8));
                    assertEquals(i + 1, FrameDescriptor.getLong(found, 24));
                    assertEquals(
                            FrameDescriptor.computeCrc(found, found.length),
                            FrameDescriptor.getInt(found, FrameDescriptor.CRC_OFFSET));
                }
            }
        }
    }
}
