package io.hotpair.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameTest {
    private final FrameEncoder encoder = new FrameEncoder();
    private final OperationReader reader = new OperationReader();

    private void add(OperationType type, long opId, long deadlineMs, String key, byte[] value) {
        byte[] keyBytes = key.getBytes(UTF_8);
        int at = encoder.beginOperation(type, opId, deadlineMs, keyBytes.length, value.length);
        System.arraycopy(keyBytes, 0, encoder.bytes(), at, keyBytes.length);
        System.arraycopy(value, 0, encoder.bytes(), at + keyBytes.length, value.length);
        encoder.commitOperation();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private FrameBuffer golden() {
        encoder.begin(3, 40);
        add(OperationType.SET, 41, 1_700_000_000_000L, "user:1", bytes("Ada"));
        add(OperationType.DELETE, 43, 0, "user:2", new byte[0]);
        return encoder.seal(1_690_000_000_000L);
    }

    private String operation() {
        return reader.opId()
                + "<"
                + reader.previousOpId()
                + " "
                + reader.type()
                + " "
                + reader.deadlineMs()
                + " "
                + new String(reader.bytes(), reader.keyOffset(), reader.keyLength(), UTF_8)
                + "="
                + new String(reader.bytes(), reader.valueOffset(), reader.valueLength(), UTF_8);
    }

    @Test
    void shouldReadWhatWasWritten() {
        FrameBuffer frame = golden();
        FrameDescriptor.verify(frame, "test");
        assertEquals(3, FrameDescriptor.term(frame));
        assertEquals(41, FrameDescriptor.firstOpId(frame));
        assertEquals(43, FrameDescriptor.lastOpId(frame));
        assertEquals(40, FrameDescriptor.previousOpId(frame));
        assertEquals(1_690_000_000_000L, FrameDescriptor.timestampMs(frame));
        assertTrue(FrameDescriptor.isComplete(frame));
        reader.wrap(frame);
        assertTrue(reader.next());
        assertEquals("41<40 SET 1700000000000 user:1=Ada", operation());
        assertTrue(reader.next());
        assertEquals("43<41 DELETE 0 user:2=", operation());
        assertFalse(reader.next());
    }

    @Test
    void shouldHaveTheBytesOfTheFormatDocument() throws IOException {
        String document = Files.readString(Path.of("docs", "frame-format.md"));
        String hex =
                document.substring(document.indexOf("```hex") + 6, document.lastIndexOf("```"));
        FrameBuffer frame = golden();
        assertEquals(
                hex.replaceAll("\\s+", ""),
                HexFormat.of().formatHex(frame.bytes(), 0, frame.length()));
    }

    @Test
    void shouldHaveTheOffsetsOfTheFormatDocument() throws IOException {
        String document = Files.readString(Path.of("docs", "frame-format.md"));
        int[][] fields = {
            {FrameDescriptor.MAGIC_OFFSET, 4},
            {FrameDescriptor.VERSION_OFFSET, 2},
            {FrameDescriptor.FRAGMENT_INDEX_OFFSET, 2},
            {FrameDescriptor.LENGTH_OFFSET, 4},
            {FrameDescriptor.CRC_OFFSET, 4},
            {FrameDescriptor.TERM_OFFSET, 8},
            {FrameDescriptor.FIRST_OP_ID_OFFSET, 8},
            {FrameDescriptor.LAST_OP_ID_OFFSET, 8},
            {FrameDescriptor.PREVIOUS_OP_ID_OFFSET, 8},
            {FrameDescriptor.COUNT_OFFSET, 4},
            {FrameDescriptor.FRAGMENT_COUNT_OFFSET, 4},
            {FrameDescriptor.TIMESTAMP_OFFSET, 8},
        };
        String[] names = {
            "magic",
            "version",
            "fragment index",
            "length",
            "checksum",
            "term",
            "first opId",
            "last opId",
            "previous opId",
            "count",
            "fragment count",
            "timestamp"
        };
        int expected = 0;
        for (int i = 0; i < fields.length; i++) {
            assertEquals(expected, fields[i][0], names[i]);
            expected += fields[i][1];
            String row = "| " + fields[i][0] + " | " + fields[i][1] + " | " + names[i] + " |";
            assertTrue(document.contains(row), row);
        }
        assertEquals(FrameDescriptor.HEADER_LENGTH, expected);
        int[] operation = {
            FrameDescriptor.OP_LENGTH_OFFSET,
            FrameDescriptor.OP_TYPE_OFFSET,
            FrameDescriptor.OP_FLAGS_OFFSET,
            FrameDescriptor.OP_KEY_LENGTH_OFFSET,
            FrameDescriptor.OP_VALUE_LENGTH_OFFSET,
            FrameDescriptor.OP_ID_OFFSET,
            FrameDescriptor.OP_PREVIOUS_OFFSET,
            FrameDescriptor.OP_HEADER_LENGTH
        };
        String[] rows = {
            "| 0 | 4 | operation length |",
            "| 4 | 1 | type |",
            "| 5 | 1 | flags |",
            "| 6 | 2 | key length |",
            "| 8 | 4 | value length |",
            "| 16 | 8 | opId |",
            "| 24 | 8 | previous opId |",
            "| 32 | 8 | deadline |"
        };
        for (int i = 0; i < rows.length; i++) {
            assertTrue(rows[i].startsWith("| " + operation[i] + " |"), rows[i]);
            assertTrue(document.contains(rows[i]), rows[i]);
        }
    }

    @Test
    void shouldFindEveryFlippedBit() {
        FrameBuffer frame = golden();
        for (int bit = 0; bit < frame.length() * 8; bit++) {
            frame.bytes()[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThrows(
                    HotpairException.class,
                    () -> FrameDescriptor.verify(frame, "test"),
                    "bit=" + bit);
            frame.bytes()[bit / 8] ^= (byte) (1 << (bit % 8));
        }
        FrameDescriptor.verify(frame, "test");
    }

    @Test
    void shouldRefuseAVersionThatItDoesNotKnow() {
        FrameBuffer frame = golden();
        FrameDescriptor.putShort(frame.bytes(), FrameDescriptor.VERSION_OFFSET, 2);
        FrameDescriptor.putInt(
                frame.bytes(),
                FrameDescriptor.CRC_OFFSET,
                FrameDescriptor.computeCrc(frame.bytes(), frame.length()));
        HotpairException e =
                assertThrows(HotpairException.class, () -> FrameDescriptor.verify(frame, "test"));
        assertEquals(HotpairException.Category.UNKNOWN_VERSION, e.category());
    }

    @Test
    void shouldReadNothingOutsideWhateverTheLengthsSay() {
        Random random = new Random(11);
        FrameBuffer frame = golden();
        byte[] sound = Arrays.copyOf(frame.bytes(), frame.length());
        for (int i = 0; i < 20_000; i++) {
            System.arraycopy(sound, 0, frame.bytes(), 0, sound.length);
            int at = FrameDescriptor.HEADER_LENGTH + random.nextInt(sound.length - 64);
            frame.bytes()[at] = (byte) random.nextInt();
            frame.bytes()[FrameDescriptor.HEADER_LENGTH + random.nextInt(12)] =
                    (byte) random.nextInt();
            reader.wrap(frame);
            try {
                while (reader.next()) {
                    assertTrue(
                            reader.valueOffset() + reader.valueLength() <= frame.length(),
                            "i=" + i);
                }
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.CORRUPTION, e.category());
            }
        }
    }

    @Test
    void shouldPutTheFragmentsOfALargeOperationTogether() {
        byte[] value = new byte[3 * FrameDescriptor.MAX_LENGTH + 5];
        new Random(1).nextBytes(value);
        encoder.begin(1, 0);
        add(OperationType.SET, 7, 0, "big", value);
        assertEquals(4, encoder.fragmentCount());
        assertThrows(IllegalStateException.class, () -> encoder.seal(0));
        FrameBuffer fragment = new FrameBuffer();
        for (int i = 0; i < 4; i++) {
            encoder.fragment(i, 5, fragment);
            FrameDescriptor.verify(fragment, "test");
            assertEquals(i == 3, FrameDescriptor.isComplete(fragment));
            assertEquals(7, FrameDescriptor.lastOpId(fragment));
            reader.wrap(fragment);
            assertEquals(i == 3, reader.next());
        }
        assertEquals(7, reader.opId());
        assertArrayEquals(
                value,
                Arrays.copyOfRange(
                        reader.bytes(),
                        reader.valueOffset(),
                        reader.valueOffset() + reader.valueLength()));
        assertFalse(reader.next());
        assertTrue(encoder.bytes().length > value.length);
        encoder.clear();
        assertEquals(0, encoder.count());
        assertTrue(encoder.bytes().length < FrameDescriptor.MAX_LENGTH, "it keeps the heap");
        reader.wrap(golden());
        assertTrue(reader.next());
        assertEquals(41, reader.opId());
    }

    @Test
    void shouldRefuseAFragmentThatDoesNotFollow() {
        encoder.begin(1, 0);
        add(OperationType.SET, 7, 0, "big", new byte[2 * FrameDescriptor.MAX_LENGTH]);
        FrameBuffer fragment = new FrameBuffer();
        encoder.fragment(1, 5, fragment);
        assertThrows(HotpairException.class, () -> reader.wrap(fragment));
    }

    @Test
    void shouldFindWhereHistoriesPart() {
        Lineage lineage = Lineage.EMPTY.begin(1, 1).begin(3, 101).begin(4, 151);
        assertEquals(90, lineage.commonOpId(1, 90));
        assertEquals(100, lineage.commonOpId(1, 120));
        assertEquals(100, lineage.commonOpId(2, 130), "a term that left nothing");
        assertEquals(150, lineage.commonOpId(3, 200));
        assertEquals(200, lineage.commonOpId(4, 200));
        assertEquals(4, lineage.lastTerm());
        assertEquals(
                Lineage.EMPTY.begin(1, 1).begin(5, 90),
                lineage.begin(5, 90),
                "terms past a cut leave nothing");
    }
}
