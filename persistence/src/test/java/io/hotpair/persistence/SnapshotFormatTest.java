package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import io.hotpair.log.SnapshotSource;
import io.hotpair.log.SnapshotWriter;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds {@code docs/snapshot-format.md} and the files together. */
class SnapshotFormatTest {
    private static final UUID LOG_ID = UUID.fromString("6ff3c1de-3a1c-4d7c-b9a5-6f2d3c0f8a11");
    private static final long TIME_MS = 1_763_700_000_000L;

    @TempDir Path directory;

    /** A file as it is written for a log of three operations, whoever the log is. */
    private Path write(Path home, Writing writing) throws IOException {
        History history = new History(LogBegin.ORIGIN);
        SnapshotDirectory snapshots = SnapshotDirectory.open(home, LOG_ID, history);
        SnapshotHeader header =
                new SnapshotHeader(LOG_ID, 3, 2, TIME_MS, new Place(489_916, 65_808));
        Path partial = snapshots.path().resolve("x.partial");
        try (SnapshotWriter writer =
                new SnapshotFileWriter(
                        snapshots, header, partial, LogOptions.standard(), written -> {})) {
            writing.to(writer);
            return writer.seal().file();
        }
    }

    private interface Writing {
        void to(SnapshotWriter writer);
    }

    private static List<String> read(Path file) {
        List<String> operations = new ArrayList<>();
        try (SnapshotFileReader reader = SnapshotFileReader.open(file)) {
            for (SnapshotSource.Block block = reader.next(); block != null; block = reader.next()) {
                block.forEach(operation -> operations.add(describe(operation)));
            }
        }
        return operations;
    }

    private static String describe(OperationReader operation) {
        byte[] value =
                Arrays.copyOfRange(
                        operation.bytes(),
                        operation.valueOffset(),
                        operation.valueOffset() + operation.valueLength());
        return operation.type()
                + " "
                + operation.opId()
                + " "
                + new String(operation.bytes(), operation.keyOffset(), operation.keyLength(), UTF_8)
                + " "
                + Arrays.hashCode(value);
    }

    /** Encodes one operation. */
    private static void add(
            SnapshotWriter writer,
            OperationType type,
            boolean replaces,
            long opId,
            String key,
            byte[] value) {
        int flags = replaces ? FrameDescriptor.OP_FLAG_REPLACES : 0;
        int keyAt = FrameDescriptor.operationContentOffset(flags);
        int length =
                FrameDescriptor.alignedOperationLength((long) keyAt + key.length() + value.length);
        byte[] bytes = new byte[length];
        FrameDescriptor.putOperationHeader(
                bytes, 0, type, flags, length, key.length(), value.length);
        FrameDescriptor.putLong(bytes, FrameDescriptor.OP_ID_OFFSET, opId);
        System.arraycopy(key.getBytes(UTF_8), 0, bytes, keyAt, key.length());
        System.arraycopy(value, 0, bytes, keyAt + key.length(), value.length);
        OperationReader reader = new OperationReader();
        reader.wrap(bytes, 0, length);
        assertTrue(reader.next());
        writer.add(reader);
    }

    private static void addGolden(SnapshotWriter writer) {
        byte[] value = "v".repeat(100).getBytes(UTF_8);
        add(writer, OperationType.SET, false, 1, "first", value);
        add(writer, OperationType.SET, false, 3, "second", value);
    }

    @Test
    void shouldWriteAndReadTheFileOfTheDocument() throws IOException {
        byte[] golden = golden();
        Path file = write(directory, SnapshotFormatTest::addGolden);
        assertEquals(
                HexFormat.of().formatHex(golden),
                HexFormat.of().formatHex(Files.readAllBytes(file)));
        Path copy = directory.resolve("golden");
        Files.write(copy, golden);
        int hash = Arrays.hashCode("v".repeat(100).getBytes(UTF_8));
        assertEquals(List.of("SET 1 first " + hash, "SET 3 second " + hash), read(copy));
    }

    private static String document() throws IOException {
        String base = System.getProperty("basedir", ".");
        return Files.readString(Path.of(base, "docs", "snapshot-format.md"));
    }

    /** The hexadecimal lines of the document's example. */
    private static byte[] golden() throws IOException {
        String text = document();
        String example = text.substring(text.indexOf("## Example"));
        StringBuilder hex = new StringBuilder();
        Matcher lines = Pattern.compile("(?m)^[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+)").matcher(example);
        while (lines.find()) {
            hex.append(lines.group(1).replace(" ", ""));
        }
        return HexFormat.of().parseHex(hex);
    }

    @Test
    void shouldHaveTheOffsetsOfTheDocument() throws IOException {
        String text = document();
        List<List<Integer>> offsets = new ArrayList<>();
        for (String part : List.of("## Header", "## Block", "## Footer")) {
            List<Integer> found = new ArrayList<>();
            String section = text.substring(text.indexOf(part + "\n"));
            Matcher rows =
                    Pattern.compile("(?m)^\\| (\\d+) \\|")
                            .matcher(section.substring(0, section.indexOf("\n\n| offset") + 900));
            int last = -1;
            while (rows.find() && Integer.parseInt(rows.group(1)) > last) {
                last = Integer.parseInt(rows.group(1));
                found.add(last);
            }
            offsets.add(found);
        }
        assertEquals(
                List.of(
                        List.of(
                                0,
                                SnapshotDescriptor.HEADER_VERSION_OFFSET,
                                6,
                                SnapshotDescriptor.LOG_ID_HIGH_OFFSET,
                                SnapshotDescriptor.LOG_ID_LOW_OFFSET,
                                SnapshotDescriptor.OP_ID_OFFSET,
                                SnapshotDescriptor.TERM_OFFSET,
                                SnapshotDescriptor.TIMESTAMP_OFFSET,
                                SnapshotDescriptor.CYCLE_OFFSET,
                                52,
                                SnapshotDescriptor.POSITION_OFFSET,
                                64,
                                SnapshotDescriptor.HEADER_CRC_OFFSET),
                        List.of(
                                0,
                                SnapshotDescriptor.BLOCK_INDEX_OFFSET,
                                SnapshotDescriptor.BLOCK_STORED_OFFSET,
                                SnapshotDescriptor.BLOCK_LENGTH_OFFSET,
                                SnapshotDescriptor.BLOCK_COUNT_OFFSET,
                                SnapshotDescriptor.BLOCK_CODEC_OFFSET,
                                SnapshotDescriptor.BLOCK_FLAGS_OFFSET,
                                22,
                                24,
                                SnapshotDescriptor.BLOCK_CRC_OFFSET),
                        List.of(
                                0,
                                SnapshotDescriptor.FOOTER_BLOCKS_OFFSET,
                                SnapshotDescriptor.FOOTER_OPERATIONS_OFFSET,
                                SnapshotDescriptor.FOOTER_FILE_LENGTH_OFFSET,
                                SnapshotDescriptor.FOOTER_CHAIN_OFFSET,
                                SnapshotDescriptor.FOOTER_CRC_OFFSET)),
                offsets);
    }

    @Test
    void shouldNoticeEveryFlippedBitAndEveryShorterOrLongerFile() throws IOException {
        Path file = write(directory, writer -> TestSnapshots.add(writer, 5, 40));
        byte[] sound = Files.readAllBytes(file);
        Path copy = directory.resolve("copy");
        for (int bit = 0; bit < sound.length * 8; bit++) {
            byte[] damaged = sound.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(copy, damaged);
            HotpairException e =
                    assertThrows(HotpairException.class, () -> read(copy), "bit=" + bit);
            assertTrue(String.valueOf(e.getMessage()).contains(copy.toString()), e.getMessage());
        }
        for (int length = 0; length < sound.length; length++) {
            Files.write(copy, Arrays.copyOf(sound, length));
            assertThrows(HotpairException.class, () -> read(copy), "length=" + length);
        }
        Files.write(copy, Arrays.copyOf(sound, sound.length + 1));
        assertThrows(HotpairException.class, () -> read(copy));
    }

    @Test
    void shouldNoticeBlocksThatAreMissingTwiceThereOrSwapped() throws IOException {
        Random random = new Random(5);
        byte[] value = new byte[200_000];
        Path file =
                write(
                        directory,
                        writer -> {
                            for (int i = 1; i <= 8; i++) {
                                random.nextBytes(value);
                                add(writer, OperationType.SET, false, i, "k" + i, value);
                            }
                        });
        byte[] sound = Files.readAllBytes(file);
        int blockLength =
                SnapshotDescriptor.BLOCK_HEADER_LENGTH
                        + FrameDescriptor.getInt(
                                sound,
                                SnapshotDescriptor.HEADER_LENGTH
                                        + SnapshotDescriptor.BLOCK_STORED_OFFSET);
        int first = SnapshotDescriptor.HEADER_LENGTH;
        byte[] swapped = sound.clone();
        System.arraycopy(sound, first, swapped, first + blockLength, blockLength);
        System.arraycopy(sound, first + blockLength, swapped, first, blockLength);
        Path copy = directory.resolve("copy");
        Files.write(copy, swapped);
        HotpairException e = assertThrows(HotpairException.class, () -> read(copy));
        assertTrue(String.valueOf(e.getMessage()).contains("block 0"), e.getMessage());
        assertEquals(8, read(file).size());
    }

    @Test
    void shouldKeepOperationsOfAllLengthsAndSayWhereAKeyGoesOn() throws IOException {
        byte[] huge = new byte[40 << 20];
        new Random(1).nextBytes(huge);
        byte[] piece = new byte[12_500];
        Path file =
                write(
                        directory,
                        writer -> {
                            add(writer, OperationType.CHANGE_HASH, true, 9, "h", piece);
                            for (int i = 0; i < 5; i++) {
                                piece[0]++;
                                add(writer, OperationType.CHANGE_HASH, false, 9, "h", piece);
                            }
                            add(writer, OperationType.SET, false, 4, "huge", huge);
                            add(writer, OperationType.SET, false, 5, "empty", new byte[0]);
                        });
        List<String> found = read(file);
        assertEquals(8, found.size());
        assertEquals("SET 4 huge " + Arrays.hashCode(huge), found.get(6));
        assertEquals("SET 5 empty 1", found.get(7));
        List<Boolean> goesOn = new ArrayList<>();
        try (SnapshotFileReader reader = SnapshotFileReader.open(file)) {
            for (SnapshotSource.Block block = reader.next(); block != null; block = reader.next()) {
                goesOn.add(block.continuesKey());
            }
        }
        assertEquals(List.of(false, true, true, false, false), goesOn);
    }

    @Test
    void shouldLeaveNothingOfASnapshotThatIsGivenUp() throws IOException {
        try (ChronicleLog log = ChronicleLog.open(directory, LogOptions.standard())) {
            new TestFrames().append(log, 1, 3, 10);
            try (SnapshotWriter writer = log.snapshots().begin(3, written -> {})) {
                TestSnapshots.add(writer, 3, 10);
            }
            assertThrows(
                    IllegalArgumentException.class, () -> log.snapshots().begin(4, written -> {}));
            SavedSnapshot saved = TestSnapshots.save(log, 3, 10);
            assertEquals(List.of(saved), log.snapshots().list());
            try (var files = Files.list(directory.resolve("snapshots"))) {
                assertArrayEquals(new Path[] {saved.file()}, files.toArray());
            }
            Files.createFile(directory.resolve("snapshots/7.snapshot.partial"));
        }
        try (ChronicleLog log = ChronicleLog.open(directory, LogOptions.standard())) {
            assertEquals(1, log.snapshots().list().size());
            assertFalse(Files.exists(directory.resolve("snapshots/7.snapshot.partial")));
        }
    }
}
