package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.log.Lineage;
import io.hotpair.log.Lineage.TermStart;
import io.hotpair.replication.register.TopologyState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Pins the formats of {@code replication/docs/consensus.md}. */
class RegisterCodecTest {

    private static final TopologyState EXAMPLE =
            new TopologyState(
                    7,
                    3,
                    "a",
                    Set.of("a", "b"),
                    1,
                    new Lineage(List.of(new TermStart(1, 1), new TermStart(3, 500))),
                    Map.of("a", 0x1122_3344_5566_7788L, "b", 2L));

    /** The example of the document. */
    private static final String EXAMPLE_HEX =
            "48505453010000006b000000ca326fe807000000000000000300000000000000"
                    + "0100000002000200020000000100610100610100620100000000000000010000"
                    + "00000000000300000000000000f4010000000000000100618877665544332211"
                    + "0100620200000000000000";

    @Test
    void shouldEncodeAStateAsDocumented() {
        byte[] bytes = RegisterCodec.encode(EXAMPLE);
        assertEquals(EXAMPLE_HEX, HexFormat.of().formatHex(bytes));
        assertEquals(EXAMPLE, RegisterCodec.decodeState(bytes, "test"));
    }

    @Test
    void shouldKeepEveryFieldOfAStateAtItsOffset() {
        ByteBuffer in = little(RegisterCodec.encode(EXAMPLE));
        assertEquals("HPTS", ascii(in, 0, 4));
        assertEquals(1, in.getShort(4));
        assertEquals(0, in.getShort(6));
        assertEquals(in.capacity(), in.getInt(8));
        assertEquals(7, in.getLong(16));
        assertEquals(3, in.getLong(24));
        assertEquals(1, in.getInt(32));
        assertEquals(2, in.getShort(36));
        assertEquals(2, in.getShort(38));
        assertEquals(2, in.getInt(40));
        assertEquals(1, in.getShort(44));
        assertEquals("a", ascii(in, 46, 1));
    }

    @Test
    void shouldKeepTheLastChangeOfAnImageAtItsOffset() {
        LeasedRegister.Image image =
                new LeasedRegister.Image(new ChangeId(new UUID(1, 2), 3), EXAMPLE);
        byte[] bytes = RegisterCodec.encode(image);
        ByteBuffer in = little(bytes);
        assertEquals("HPTR", ascii(in, 0, 4));
        assertEquals(1, in.getShort(4));
        assertEquals(bytes.length, in.getInt(8));
        assertEquals(1, in.getLong(16));
        assertEquals(2, in.getLong(24));
        assertEquals(3, in.getLong(32));
        assertEquals("HPTS", ascii(in, 40, 4));
        assertEquals(image, RegisterCodec.decodeImage(bytes, "test"));
    }

    @Test
    void shouldKeepTheFieldsOfRequestsAtTheirOffsets() {
        ByteBuffer renewal = little(RegisterCodec.encode(new RegisterRequest.Renew("node", 5, 6)));
        assertEquals(1, renewal.get(0));
        assertEquals(2, renewal.get(1));
        assertEquals(4, renewal.getShort(2));
        assertEquals("node", ascii(renewal, 4, 4));
        assertEquals(5, renewal.getLong(8));
        assertEquals(6, renewal.getLong(16));

        ByteBuffer change =
                little(RegisterCodec.encode(new RegisterRequest.CompareAndSet("b", 6, EXAMPLE)));
        assertEquals(3, change.get(1));
        assertEquals(6, change.getLong(5));
        assertEquals("HPTS", ascii(change, 13, 4));

        assertEquals(1, RegisterCodec.encode(new RegisterRequest.Read("b"))[1]);
    }

    @Test
    void shouldKeepTheFieldsOfRepliesAtTheirOffsets() {
        RegisterReply reply = new RegisterReply(11, true, false, true, 0x1004, 12, EXAMPLE);
        ByteBuffer in = little(RegisterCodec.encode(reply));
        assertEquals(1, in.get(0));
        assertEquals(1 | 4, in.get(1));
        assertEquals(0x1004, in.getShort(2));
        assertEquals(11, in.getLong(4));
        assertEquals(12, in.getLong(12));
        assertEquals("HPTS", ascii(in, 20, 4));
    }

    @Test
    void shouldReadBackWhatItWrote() {
        TopologyState empty = TopologyState.INITIAL;
        assertEquals(empty, RegisterCodec.decodeState(RegisterCodec.encode(empty), "test"));
        for (RegisterRequest request :
                List.of(
                        new RegisterRequest.Read("ä"),
                        new RegisterRequest.Renew("b", -1, Long.MIN_VALUE),
                        new RegisterRequest.CompareAndSet("c", Long.MAX_VALUE, EXAMPLE))) {
            byte[] bytes = RegisterCodec.encode(request);
            assertEquals(request, RegisterCodec.decodeRequest(bytes, "test"));
        }
        RegisterReply reply = new RegisterReply(1, false, true, false, 0xFFFF, 0, EXAMPLE);
        assertEquals(reply, RegisterCodec.decodeReply(RegisterCodec.encode(reply), "test"));
        assertEquals(77, RegisterCodec.decodeRaftTerm(RegisterCodec.encodeRaftTerm(77), "test"));
    }

    @Test
    void shouldNoticeEveryFlippedBitOfAState() {
        byte[] bytes = RegisterCodec.encode(EXAMPLE);
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            HotpairException failure =
                    assertThrows(
                            HotpairException.class,
                            () -> RegisterCodec.decodeState(damaged, "test"),
                            "bit=" + bit);
            assertEquals(Category.CORRUPTION, failure.category(), "bit=" + bit);
        }
    }

    @Test
    void shouldNoticeEveryTruncation() {
        byte[] image = RegisterCodec.encode(new LeasedRegister.Image(ChangeId.NONE, EXAMPLE));
        byte[] request = RegisterCodec.encode(new RegisterRequest.CompareAndSet("b", 6, EXAMPLE));
        for (int length = 0; length < image.length; length++) {
            byte[] cut = Arrays.copyOf(image, length);
            assertThrows(HotpairException.class, () -> RegisterCodec.decodeImage(cut, "test"));
        }
        for (int length = 0; length < request.length; length++) {
            byte[] cut = Arrays.copyOf(request, length);
            assertThrows(HotpairException.class, () -> RegisterCodec.decodeRequest(cut, "test"));
        }
    }

    @Test
    void shouldRefuseAVersionThatItDoesNotKnow() {
        byte[] bytes = RegisterCodec.encode(EXAMPLE);
        little(bytes).putShort(4, (short) 2);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 12);
        crc.update(bytes, 16, bytes.length - 16);
        little(bytes).putInt(12, (int) crc.getValue());
        HotpairException failure =
                assertThrows(
                        HotpairException.class, () -> RegisterCodec.decodeState(bytes, "test"));
        assertEquals(Category.UNKNOWN_VERSION, failure.category());
    }

    @Test
    void shouldRefuseAStateThatIsTooLarge() {
        List<TermStart> terms = new ArrayList<>();
        for (long term = 1; term <= 20_000; term++) {
            terms.add(new TermStart(term, term));
        }
        TopologyState large =
                new TopologyState(1, 20_000, null, Set.of(), 1, new Lineage(terms), Map.of());
        assertThrows(IllegalArgumentException.class, () -> RegisterCodec.encode(large));
    }

    @Test
    void shouldGiveEqualStatesEqualBytes() {
        TopologyState other =
                new TopologyState(
                        7,
                        3,
                        "a",
                        Set.of("b", "a"),
                        1,
                        EXAMPLE.lineage(),
                        Map.of("b", 2L, "a", 0x1122_3344_5566_7788L));
        assertArrayEquals(RegisterCodec.encode(EXAMPLE), RegisterCodec.encode(other));
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String ascii(ByteBuffer in, int offset, int length) {
        byte[] bytes = new byte[length];
        in.get(offset, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
