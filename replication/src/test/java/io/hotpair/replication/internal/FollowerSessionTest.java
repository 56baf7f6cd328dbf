package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import io.hotpair.log.MemoryLog;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a replica refuses, whoever says it. */
class FollowerSessionTest {
    private static final Leader LEADER = new Leader("a", 5, 11, 22);

    private static final FollowerListener NOBODY =
            new FollowerListener() {
                @Override
                public void onCut(long from, long to, Path savedTo, long durationNs) {}

                @Override
                public void onCopyBegun(long opId, long length) {}

                @Override
                public void onCopied(long opId, long length, long durationNs, Path savedTo) {}

                @Override
                public void onResumed(long opId) {}
            };

    private final FrameEncoder encoder = new FrameEncoder();
    private final MemoryLog log = new MemoryLog(new UUID(1, 1));
    private final MessageWriter out = new MessageWriter(5, 22);
    private final FollowerSession session =
            new FollowerSession(
                    new MemoryKeyspace(Path.of("b"), log, Clock.SYSTEM, true), LEADER, NOBODY);

    @Test
    void shouldRefuseAMasterOfALowerTermThanItsLog() {
        Frames.append(log, encoder, 6, "k");
        ProtocolException refused =
                assertThrows(ProtocolException.class, () -> session.begin("b", out));
        assertTrue(
                String.valueOf(refused.getMessage())
                        .startsWith("master's term=5, expected at least 6"));
    }

    @Test
    void shouldRefuseMessagesOfAnotherTermOrStart() throws Exception {
        session.begin("b", out);
        assertThrows(ProtocolException.class, () -> deliver(4, 11, m -> m.common(0, 0)));
        assertThrows(ProtocolException.class, () -> deliver(6, 11, m -> m.common(0, 0)));
        assertThrows(ProtocolException.class, () -> deliver(5, 12, m -> m.common(0, 0)));
        deliver(5, 11, m -> m.common(0, 0));
        assertTrue(session.following());
    }

    @Test
    void shouldRefuseACopyThatItDidNotAskFor() throws Exception {
        session.begin("b", out);
        assertThrows(
                ProtocolException.class,
                () -> deliver(5, 11, m -> m.copyBegin(9, 9, Lineage.EMPTY.begin(5, 1).terms())));
        assertThrows(
                ProtocolException.class, () -> deliver(5, 11, m -> m.copyPart(0, new byte[9], 9)));
    }

    @Test
    void shouldAskForACopyWhenTheMasterHasItsPlaceNoMore() throws Exception {
        Frames.append(log, encoder, 4, "k");
        session.begin("b", out);
        deliver(5, 11, m -> m.common(1, 4));
        NeedsCopyException need =
                assertThrows(
                        NeedsCopyException.class,
                        () -> deliver(5, 11, m -> m.refuse(RefusalReason.NOT_RETAINED, "gone")));
        assertEquals(1, need.sharedOpId());
        assertFalse(session.resumed());
    }

    @Test
    void shouldAskForACopyWhenItCannotGoBackToWhereTheHistoriesPart() throws Exception {
        Frames.append(log, encoder, 4, "k");
        Frames.append(log, encoder, 4, "l");
        FollowerSession shortened =
                new FollowerSession(
                        new MemoryKeyspace(Path.of("b"), log, Clock.SYSTEM, true), LEADER, NOBODY) {
                    @Override
                    void cutTo(long opId) {
                        throw new HotpairException(
                                HotpairException.Category.NOT_RETAINED, "opId=" + opId);
                    }
                };
        shortened.begin("b", out);
        MessageWriter sent = new MessageWriter(5, 11);
        sent.common(1, 4);
        NeedsCopyException need =
                assertThrows(
                        NeedsCopyException.class, () -> shortened.onMessage(received(sent), out));
        assertEquals(1, need.sharedOpId());
        out.clear();
        shortened.beginCopy("b", need.sharedOpId(), out);
        assertFalse(shortened.following());
    }

    @Test
    void shouldRefuseAFrameBeforeItFollowsAndOneOfAHigherTerm() throws Exception {
        session.begin("b", out);
        assertThrows(
                ProtocolException.class,
                () -> deliver(5, 11, m -> m.frame(Frames.of(encoder, 5, 0, "k"))));
        deliver(5, 11, m -> m.common(0, 0));
        assertThrows(
                ProtocolException.class,
                () -> deliver(5, 11, m -> m.frame(Frames.of(encoder, 6, 0, "k"))));
        deliver(5, 11, m -> m.frame(Frames.of(encoder, 5, 0, "k")));
        assertEquals(1, session.loggedOpId());
    }

    @Test
    void shouldRefuseACommonOpIdThatItDidNotAskFor() throws Exception {
        Frames.append(log, encoder, 1, "k");
        session.begin("b", out);
        assertThrows(ProtocolException.class, () -> deliver(5, 11, m -> m.common(2, 1)));
        assertThrows(ProtocolException.class, () -> deliver(5, 11, m -> m.common(-1, 1)));
        deliver(5, 11, m -> m.common(1, 1));
        assertThrows(ProtocolException.class, () -> deliver(5, 11, m -> m.common(1, 1)));
    }

    @Test
    void shouldRefuseAFrameThatLeavesAGap() throws Exception {
        session.begin("b", out);
        deliver(5, 11, m -> m.common(0, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> deliver(5, 11, m -> m.frame(Frames.of(encoder, 5, 1, "k"))));
        assertEquals(0, log.lastOpId());
    }

    @Test
    void shouldRefuseADamagedFrameBeforeTheLogSeesIt() throws Exception {
        session.begin("b", out);
        deliver(5, 11, m -> m.common(0, 0));
        FrameBuffer damaged = Frames.of(encoder, 5, 0, "k");
        damaged.bytes()[FrameDescriptor.HEADER_LENGTH + 8] ^= 1;
        HotpairException refused =
                assertThrows(HotpairException.class, () -> deliver(5, 11, m -> m.frame(damaged)));
        assertEquals(HotpairException.Category.CORRUPTION, refused.category());
        assertTrue(String.valueOf(refused.getMessage()).startsWith("frame at master a is damaged"));
        assertEquals(0, log.lastOpId());
    }

    @Test
    void shouldAcknowledgeOnceForManyFrames() throws Exception {
        session.begin("b", out);
        deliver(5, 11, m -> m.common(0, 0));
        deliver(5, 11, m -> m.frame(Frames.of(encoder, 5, 0, "1")));
        deliver(5, 11, m -> m.frame(Frames.of(encoder, 5, 1, "2", "3")));
        out.clear();
        session.acknowledge(out);
        session.acknowledge(out);
        MessageWriter expected = new MessageWriter(5, 22);
        expected.acknowledge(3, 2, 0);
        assertArrayEquals(
                Arrays.copyOf(expected.bytes(), expected.length()),
                Arrays.copyOf(out.bytes(), out.length()));
    }

    private void deliver(long term, long incarnation, Consumer<MessageWriter> message)
            throws Exception {
        MessageWriter sent = new MessageWriter(term, incarnation);
        message.accept(sent);
        session.onMessage(received(sent), out);
    }

    private static Message received(MessageWriter sent) throws ProtocolException {
        Message arrived = new Message();
        System.arraycopy(sent.bytes(), 0, arrived.bytes(), 0, WireDescriptor.HEADER_LENGTH);
        int rest = arrived.checkHeader();
        System.arraycopy(
                sent.bytes(),
                WireDescriptor.HEADER_LENGTH,
                arrived.bytes(),
                WireDescriptor.HEADER_LENGTH,
                rest);
        return arrived;
    }
}
