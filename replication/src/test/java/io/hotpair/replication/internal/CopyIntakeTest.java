package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.Lineage;
import io.hotpair.log.SnapshotReceiver;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a replica takes of a copy, and what it refuses whoever sends it. */
class CopyIntakeTest {
    private static final Lineage TERMS = Lineage.EMPTY.begin(2, 1).begin(5, 40);
    private static final byte[] CONTENT = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    private final Receiver receiver = new Receiver();

    /** Takes bytes, and says of them what a test wants. */
    private static final class Receiver implements SnapshotReceiver {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long opId = 50;
        long term = 5;
        @Nullable HotpairException failure;
        boolean closed;

        @Override
        public void write(byte[] from, int offset, int length) {
            fail();
            bytes.write(from, offset, length);
        }

        @Override
        public SavedSnapshot check(Runnable onProgress) {
            fail();
            return new SavedSnapshot(opId, term, Instant.EPOCH, Path.of("x"), bytes.size(), 1);
        }

        private void fail() {
            if (failure != null) {
                throw failure;
            }
        }

        @Override
        public Path install(Lineage lineage, long sharedOpId) {
            throw new AssertionError("installed");
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static Message message(Consumer<MessageWriter> writing) throws ProtocolException {
        MessageWriter out = new MessageWriter(5, 1);
        writing.accept(out);
        Message message = new Message();
        System.arraycopy(out.bytes(), 0, message.bytes(), 0, WireDescriptor.HEADER_LENGTH);
        int rest = message.checkHeader();
        System.arraycopy(
                out.bytes(),
                WireDescriptor.HEADER_LENGTH,
                message.bytes(),
                WireDescriptor.HEADER_LENGTH,
                rest);
        return message;
    }

    private CopyIntake begin(long length, long opId, Lineage terms, long atLeast)
            throws ProtocolException, CopyException {
        return CopyIntake.begin(
                () -> receiver, message(m -> m.copyBegin(length, opId, terms.terms())), atLeast);
    }

    private static Message part(long position, byte... bytes) throws ProtocolException {
        return message(m -> m.copyPart(position, bytes, bytes.length));
    }

    @Test
    void shouldTakeACopyPartByPart() throws Exception {
        try (CopyIntake intake = begin(10, 50, TERMS, 50)) {
            intake.take(part(0, (byte) 1, (byte) 2, (byte) 3));
            assertFalse(intake.isComplete());
            intake.take(part(3, (byte) 4, (byte) 5, (byte) 6, (byte) 7, (byte) 8, (byte) 9));
            intake.take(part(9, (byte) 10));
            assertTrue(intake.isComplete());
            assertEquals(10, intake.received());
            assertArrayEquals(CONTENT, receiver.bytes.toByteArray());
            intake.check(() -> {});
        }
        assertTrue(receiver.closed);
    }

    @Test
    void shouldRefuseACopyThatShowsTooLittleOrOfWhichNoTermIsKnown() {
        assertThrows(ProtocolException.class, () -> begin(10, 49, TERMS, 50));
        assertThrows(ProtocolException.class, () -> begin(10, 0, TERMS, 0));
        assertThrows(ProtocolException.class, () -> begin(0, 50, TERMS, 0));
        assertThrows(ProtocolException.class, () -> begin(-1, 50, TERMS, 0));
        Lineage later = Lineage.EMPTY.begin(5, 51);
        assertThrows(ProtocolException.class, () -> begin(10, 50, later, 0));
    }

    @Test
    void shouldRefusePartsThatAreDamagedOrNotTheNext() throws Exception {
        CopyIntake intake = begin(4, 50, TERMS, 0);
        intake.take(part(0, (byte) 1));
        assertThrows(ProtocolException.class, () -> intake.take(part(0, (byte) 1)));
        assertThrows(ProtocolException.class, () -> intake.take(part(2, (byte) 1)));
        assertThrows(ProtocolException.class, () -> intake.take(part(-1, (byte) 1)));
        assertThrows(ProtocolException.class, () -> intake.take(part(1, new byte[4])));
        Message damaged = part(1, (byte) 2, (byte) 3);
        damaged.bytes()[WireDescriptor.COPY_PART_BYTES_OFFSET + 1] ^= 64;
        ProtocolException e = assertThrows(ProtocolException.class, () -> intake.take(damaged));
        assertTrue(String.valueOf(e.getMessage()).contains("checksum="), e.getMessage());
        assertEquals(1, intake.received());
        assertArrayEquals(new byte[] {1}, receiver.bytes.toByteArray());
    }

    @Test
    void shouldSayThatACopyCannotBeTakenWithoutHarmToTheNode() throws Exception {
        CopyIntake intake = begin(1, 50, TERMS, 0);
        receiver.failure = new HotpairException(Category.LOG_FAILED, "no space");
        assertThrows(CopyException.class, () -> intake.take(part(0, (byte) 1)));
        receiver.failure = null;
        intake.take(part(0, (byte) 1));
        receiver.failure = new HotpairException(Category.CORRUPTION, "block 7");
        assertThrows(CopyException.class, () -> intake.check(() -> {}));
        receiver.failure = null;
        receiver.opId = 51;
        assertThrows(CopyException.class, () -> intake.check(() -> {}));
        receiver.opId = 50;
        receiver.term = 2;
        assertThrows(CopyException.class, () -> intake.check(() -> {}));
        receiver.term = 5;
        intake.check(() -> {});
    }
}
