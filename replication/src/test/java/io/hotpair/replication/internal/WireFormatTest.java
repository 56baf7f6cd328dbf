package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Holds {@code replication/docs/wire-format.md} and the code together. */
class WireFormatTest {
    private static final long TERM = 0x0102030405060708L;
    private static final long INCARNATION = 0x1112131415161718L;

    private final MessageWriter out = new MessageWriter(TERM, INCARNATION);

    @Test
    void shouldLayOutTheGreeting() {
        byte[] nonce = new byte[32];
        nonce[0] = 7;
        nonce[31] = 9;
        ByteBuffer bytes = little(PeerAuthentication.greeting(nonce, true));
        assertEquals(40, bytes.capacity());
        assertEquals("HPR1", text(bytes, 0, 4));
        assertEquals(1, bytes.getShort(4));
        assertEquals(1, bytes.getShort(6));
        assertEquals(7, bytes.get(8));
        assertEquals(9, bytes.get(39));
        assertEquals(0, little(PeerAuthentication.greeting(nonce, false)).getShort(6));
    }

    @Test
    void shouldProveOverRoleAndBothGreetings() {
        byte[] first = PeerAuthentication.greeting(new byte[32], true);
        byte[] nonce = new byte[32];
        nonce[0] = 1;
        byte[] second = PeerAuthentication.greeting(nonce, true);
        byte[] proof =
                PeerAuthentication.prove(
                        new SharedSecret("0123456789abcdef".getBytes(StandardCharsets.US_ASCII))
                                .key(),
                        "hotpair replica 1".getBytes(StandardCharsets.US_ASCII),
                        first,
                        second);
        assertEquals(WireDescriptor.PROOF_LENGTH, proof.length);
        assertEquals(
                "a4840ec7aa1447dd673732aff6565553c71a115354e3cb31b8c7af64b0e65ff2",
                HexFormat.of().formatHex(proof));
    }

    @Test
    void shouldLayOutTheHeader() {
        out.acknowledge(5, 6, 4);
        ByteBuffer bytes = written(48);
        assertEquals(48, bytes.getInt(0));
        assertEquals(7, bytes.getShort(4));
        assertEquals(0, bytes.getShort(6));
        assertEquals(TERM, bytes.getLong(8));
        assertEquals(INCARNATION, bytes.getLong(16));
        assertEquals(5, bytes.getLong(24));
        assertEquals(6, bytes.getLong(32));
        assertEquals(4, bytes.getLong(40));
    }

    @Test
    void shouldLayOutForceAndForced() {
        out.force(8);
        ByteBuffer force = written(32);
        assertEquals(13, force.getShort(4));
        assertEquals(8, force.getLong(24));
        out.clear();
        out.forced(9);
        ByteBuffer forced = written(32);
        assertEquals(14, forced.getShort(4));
        assertEquals(9, forced.getLong(24));
    }

    @Test
    void shouldLayOutJoin() {
        out.join(new UUID(3, 4), "node-b", "orders");
        ByteBuffer bytes = written(56);
        assertEquals(1, bytes.getShort(4));
        assertEquals(3, bytes.getLong(24));
        assertEquals(4, bytes.getLong(32));
        assertEquals(6, bytes.getShort(40));
        assertEquals(6, bytes.getShort(42));
        assertEquals("node-b", text(bytes, 44, 6));
        assertEquals("orders", text(bytes, 50, 6));
    }

    @Test
    void shouldLayOutProbeAndCommon() {
        out.probe(3, 4);
        ByteBuffer probe = written(40);
        assertEquals(2, probe.getShort(4));
        assertEquals(3, probe.getLong(24));
        assertEquals(4, probe.getLong(32));
        out.clear();
        out.common(5, 6);
        ByteBuffer common = written(40);
        assertEquals(3, common.getShort(4));
        assertEquals(5, common.getLong(24));
        assertEquals(6, common.getLong(32));
    }

    @Test
    void shouldLayOutFollow() {
        out.follow(3, 4, 5);
        ByteBuffer bytes = written(48);
        assertEquals(4, bytes.getShort(4));
        assertEquals(3, bytes.getLong(24));
        assertEquals(4, bytes.getLong(32));
        assertEquals(5, bytes.getInt(40));
        assertEquals(0, bytes.getInt(44));
    }

    @Test
    void shouldLayOutAFrameVerbatim() {
        FrameBuffer frame = Frames.of(new FrameEncoder(), 2, 0, "k");
        out.frame(frame);
        ByteBuffer bytes = written(24 + frame.length());
        assertEquals(5, bytes.getShort(4));
        for (int i = 0; i < frame.length(); i++) {
            assertEquals(frame.bytes()[i], bytes.get(24 + i));
        }
    }

    @Test
    void shouldLayOutHeartbeatAndRefusal() {
        out.heartbeat(3, 4);
        ByteBuffer heartbeat = written(40);
        assertEquals(6, heartbeat.getShort(4));
        assertEquals(3, heartbeat.getLong(24));
        assertEquals(4, heartbeat.getLong(32));
        out.clear();
        out.refuse(RefusalReason.DIVERGED, "why");
        ByteBuffer refusal = written(35);
        assertEquals(8, refusal.getShort(4));
        assertEquals(4, refusal.getInt(24));
        assertEquals(3, refusal.getInt(28));
        assertEquals("why", text(refusal, 32, 3));
    }

    @Test
    void shouldLayOutTheMessagesOfACopy() throws ProtocolException {
        out.copy(3);
        ByteBuffer copy = written(32);
        assertEquals(9, copy.getShort(4));
        assertEquals(3, copy.getLong(24));
        out.clear();
        Lineage terms = Lineage.EMPTY.begin(2, 1).begin(5, 40);
        out.copyBegin(1_000, 50, terms.terms());
        ByteBuffer begin = written(72);
        assertEquals(10, begin.getShort(4));
        assertEquals(1_000, begin.getLong(24));
        assertEquals(50, begin.getLong(32));
        assertEquals(2, begin.getLong(40));
        assertEquals(1, begin.getLong(48));
        assertEquals(5, begin.getLong(56));
        assertEquals(40, begin.getLong(64));
        assertEquals(terms, arrived().copyTerms());
        out.clear();
        out.copyPart(7, "123456789?".getBytes(StandardCharsets.US_ASCII), 9);
        ByteBuffer part = written(49);
        assertEquals(11, part.getShort(4));
        assertEquals(7, part.getLong(24));
        // The check value of CRC32C.
        assertEquals(0xE3069283, part.getInt(32));
        assertEquals(0, part.getInt(36));
        assertEquals("123456789", text(part, 40, 9));
        assertEquals(0xE3069283, arrived().copyPartCrc());
        assertEquals(9, arrived().copyPartLength());
        out.clear();
        out.copyAcknowledge(8);
        ByteBuffer acknowledged = written(32);
        assertEquals(12, acknowledged.getShort(4));
        assertEquals(8, acknowledged.getLong(24));
    }

    @Test
    void shouldRefuseTermsThatDoNotAscend() throws ProtocolException {
        out.copyBegin(1_000, 50, List.of(new Lineage.TermStart(2, 1), new Lineage.TermStart(2, 9)));
        Message message = arrived();
        assertThrows(ProtocolException.class, message::copyTerms);
    }

    private Message arrived() throws ProtocolException {
        Message message = new Message();
        System.arraycopy(out.bytes(), 0, message.bytes(), 0, out.length());
        int rest = message.checkHeader();
        assertEquals(out.length() - 24, rest);
        return message;
    }

    @Test
    void shouldNumberTheReasonsAsDocumented() {
        assertEquals(
                "1 NOT_MASTER, 2 OTHER_TERM, 3 NOT_RETAINED, 4 DIVERGED, 5 UNKNOWN_MEMBER, 6"
                        + " OTHER_KEYSPACE",
                String.join(
                        ", ",
                        Arrays.stream(RefusalReason.values())
                                .map(reason -> reason.code() + " " + reason)
                                .toList()));
        assertThrows(ProtocolException.class, () -> RefusalReason.of(7));
    }

    @Test
    void shouldMatchTheGoldenExample() {
        out.heartbeat(258, 257);
        assertEquals(
                "28000000060000000807060504030201181716151413121102010000000000000101000000000000",
                HexFormat.of().formatHex(out.bytes(), 0, out.length()));
    }

    @Test
    void shouldKnowTheLengthOfEveryMessage() {
        int[][] bounds = {
            {1, 46, 172},
            {2, 40, 40},
            {3, 40, 40},
            {4, 48, 48},
            {5, 88, 24 + FrameDescriptor.MAX_LENGTH},
            {6, 40, 40},
            {7, 48, 48},
            {8, 32, 512},
            {9, 32, 32},
            {11, 41, 65_576},
            {12, 32, 32},
            {13, 32, 32},
            {14, 32, 32}
        };
        for (int[] bound : bounds) {
            int type = bound[0];
            assertTrue(WireDescriptor.lengthFits(type, bound[1]), "type=" + type);
            assertTrue(WireDescriptor.lengthFits(type, bound[2]), "type=" + type);
            assertFalse(WireDescriptor.lengthFits(type, bound[1] - 1), "type=" + type);
            assertFalse(WireDescriptor.lengthFits(type, bound[2] + 1), "type=" + type);
        }
        assertFalse(WireDescriptor.lengthFits(10, 40));
        assertFalse(WireDescriptor.lengthFits(10, 55));
        assertTrue(WireDescriptor.lengthFits(10, 56));
        assertFalse(WireDescriptor.lengthFits(10, 57));
        assertTrue(WireDescriptor.lengthFits(10, 40 + 4096 * 16));
        assertFalse(WireDescriptor.lengthFits(10, 40 + 4097 * 16));
        assertFalse(
                IntStream.of(0, 13, 255, 65_535)
                        .anyMatch(type -> WireDescriptor.lengthFits(type, 40)));
    }

    @Test
    void shouldNotLetATextForgeALine() throws ProtocolException {
        out.refuse(RefusalReason.DIVERGED, "a\nERROR forged");
        Message message = new Message();
        System.arraycopy(out.bytes(), 0, message.bytes(), 0, out.length());
        int rest = message.checkHeader();
        assertEquals(out.length() - 24, rest);
        assertEquals("a?ERROR forged", message.refusalText());
    }

    @Test
    void shouldNotReadNamesPastTheMessage() throws ProtocolException {
        out.join(new UUID(1, 2), "b", "k");
        FrameDescriptor.putShort(out.bytes(), WireDescriptor.JOIN_NODE_LENGTH_OFFSET, 60_000);
        Message message = new Message();
        System.arraycopy(out.bytes(), 0, message.bytes(), 0, out.length());
        int rest = message.checkHeader();
        assertEquals(out.length() - 24, rest);
        assertThrows(ProtocolException.class, message::joinNode);
        assertThrows(ProtocolException.class, message::joinKeyspace);
    }

    private ByteBuffer written(int expectedLength) {
        assertEquals(expectedLength, out.length());
        ByteBuffer bytes = little(Arrays.copyOf(out.bytes(), out.length()));
        assertEquals(expectedLength, bytes.getInt(0));
        return bytes;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String text(ByteBuffer bytes, int offset, int length) {
        byte[] part = new byte[length];
        bytes.get(offset, part);
        return new String(part, StandardCharsets.UTF_8);
    }
}
