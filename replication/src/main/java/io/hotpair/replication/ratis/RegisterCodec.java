package io.hotpair.replication.ratis;

import io.hotpair.HotpairException;
import io.hotpair.log.Lineage;
import io.hotpair.log.Lineage.TermStart;
import io.hotpair.replication.register.TopologyState;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of the register: in snapshots, in the consensus engine's log, and between voters. The
 * layout, with an example, is in {@code replication/docs/consensus.md}. Little-endian.
 */
final class RegisterCodec {

    static final int VERSION = 1;

    /** {@code HPTS}, a state. */
    static final int STATE_MAGIC = 0x5354_5048;

    /** {@code HPTR}, a state with the change that led to it. */
    static final int IMAGE_MAGIC = 0x5254_5048;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 4;
    static final int LENGTH_OFFSET = 8;
    static final int CHECKSUM_OFFSET = 12;
    static final int ENVELOPE_LENGTH = 16;

    static final int STATE_VERSION_OFFSET = 16;
    static final int TERM_OFFSET = 24;
    static final int MIN_IN_SYNC_OFFSET = 32;
    static final int IN_SYNC_COUNT_OFFSET = 36;
    static final int INCARNATION_COUNT_OFFSET = 38;
    static final int LINEAGE_COUNT_OFFSET = 40;
    static final int MASTER_OFFSET = 44;

    static final int CLIENT_OFFSET = 16;
    static final int CALL_OFFSET = 32;
    static final int IMAGE_STATE_OFFSET = 40;

    /** Far above any real state, and far below what the consensus engine would carry. */
    static final int MAX_LENGTH = 1 << 18;

    private static final int NO_NAME = 0xFFFF;

    private static final int READ = 1;
    private static final int RENEW = 2;
    private static final int COMPARE_AND_SET = 3;

    private static final int COMMITTED = 1;
    private static final int ACCEPTED = 2;
    private static final int EVERY_VOTER_READY = 4;

    private RegisterCodec() {}

    // ---- states and images

    static byte[] encode(TopologyState state) {
        byte[] bytes = new byte[stateLength(state)];
        ByteBuffer out = wrap(bytes);
        beginEnvelope(out, STATE_MAGIC);
        putState(out, state);
        sealEnvelope(bytes);
        return bytes;
    }

    /**
     * Reads a state.
     *
     * @param source says in errors where the bytes are from
     */
    static TopologyState decodeState(byte[] bytes, String source) {
        ByteBuffer in = openEnvelope(bytes, STATE_MAGIC, source);
        return decoded(source, () -> getState(in));
    }

    static byte[] encode(LeasedRegister.Image image) {
        byte[] state = encode(image.state());
        byte[] bytes = new byte[IMAGE_STATE_OFFSET + state.length];
        ByteBuffer out = wrap(bytes);
        beginEnvelope(out, IMAGE_MAGIC);
        out.putLong(image.lastChange().client().getMostSignificantBits());
        out.putLong(image.lastChange().client().getLeastSignificantBits());
        out.putLong(image.lastChange().call());
        out.put(state);
        sealEnvelope(bytes);
        return bytes;
    }

    static LeasedRegister.Image decodeImage(byte[] bytes, String source) {
        ByteBuffer in = openEnvelope(bytes, IMAGE_MAGIC, source);
        return decoded(
                source,
                () -> {
                    UUID client = new UUID(in.getLong(), in.getLong());
                    ChangeId change = new ChangeId(client, in.getLong());
                    return new LeasedRegister.Image(change, decodeState(rest(in), source));
                });
    }

    private static int stateLength(TopologyState state) {
        long length = MASTER_OFFSET + 2L + nameLength(state.master());
        for (String name : state.inSync()) {
            length += 2 + nameLength(name);
        }
        length += 16L * state.lineage().terms().size();
        for (String name : state.incarnations().keySet()) {
            length += 2 + nameLength(name) + 8;
        }
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "length=" + length + ", expected a state of at most " + MAX_LENGTH + " bytes");
        }
        return (int) length;
    }

    private static void putState(ByteBuffer out, TopologyState state) {
        out.putLong(state.version());
        out.putLong(state.term());
        out.putInt(state.minInSync());
        out.putShort((short) state.inSync().size());
        out.putShort((short) state.incarnations().size());
        out.putInt(state.lineage().terms().size());
        putName(out, state.master());
        for (String name : state.inSync()) {
            putName(out, name);
        }
        for (TermStart start : state.lineage().terms()) {
            out.putLong(start.term());
            out.putLong(start.firstOpId());
        }
        state.incarnations()
                .forEach(
                        (name, incarnation) -> {
                            putName(out, name);
                            out.putLong(incarnation);
                        });
    }

    private static TopologyState getState(ByteBuffer in) {
        long version = in.getLong();
        long term = in.getLong();
        int minInSync = in.getInt();
        int inSyncCount = Short.toUnsignedInt(in.getShort());
        int incarnationCount = Short.toUnsignedInt(in.getShort());
        int lineageCount = in.getInt();
        String master = getName(in);
        Set<String> inSync = new HashSet<>();
        for (int i = 0; i < inSyncCount; i++) {
            inSync.add(requireName(getName(in)));
        }
        List<TermStart> lineage = new ArrayList<>();
        for (int i = 0; i < lineageCount; i++) {
            lineage.add(new TermStart(in.getLong(), in.getLong()));
        }
        Map<String, Long> incarnations = new HashMap<>();
        for (int i = 0; i < incarnationCount; i++) {
            incarnations.put(requireName(getName(in)), in.getLong());
        }
        return new TopologyState(
                version, term, master, inSync, minInSync, new Lineage(lineage), incarnations);
    }

    // ---- requests and replies

    static byte[] encode(RegisterRequest request) {
        byte[] bytes = new byte[4 + nameLength(request.requester()) + bodyLength(request)];
        ByteBuffer out = wrap(bytes);
        out.put((byte) VERSION);
        out.put((byte) kind(request));
        putName(out, request.requester());
        if (request instanceof RegisterRequest.Renew renewal) {
            out.putLong(renewal.term());
            out.putLong(renewal.incarnation());
        } else if (request instanceof RegisterRequest.CompareAndSet change) {
            out.putLong(change.expectedVersion());
            out.put(encode(change.next()));
        }
        return bytes;
    }

    static RegisterRequest decodeRequest(byte[] bytes, String source) {
        ByteBuffer in = wrap(bytes);
        return decoded(
                source,
                () -> {
                    requireVersion(Byte.toUnsignedInt(in.get()), source);
                    int kind = in.get();
                    String requester = requireName(getName(in));
                    return switch (kind) {
                        case READ -> new RegisterRequest.Read(requester);
                        case RENEW ->
                                new RegisterRequest.Renew(requester, in.getLong(), in.getLong());
                        case COMPARE_AND_SET ->
                                new RegisterRequest.CompareAndSet(
                                        requester, in.getLong(), decodeState(rest(in), source));
                        default ->
                                throw new IllegalArgumentException(
                                        "kind=" + kind + ", expected 1 to 3");
                    };
                });
    }

    static byte[] encode(RegisterReply reply) {
        byte[] state = encode(reply.state());
        byte[] bytes = new byte[20 + state.length];
        ByteBuffer out = wrap(bytes);
        out.put((byte) VERSION);
        out.put(
                (byte)
                        ((reply.isCommitted() ? COMMITTED : 0)
                                | (reply.isAccepted() ? ACCEPTED : 0)
                                | (reply.everyVoterReady() ? EVERY_VOTER_READY : 0)));
        out.putShort((short) reply.missingVoters());
        out.putLong(reply.raftTerm());
        out.putLong(reply.leaseLeftMs());
        out.put(state);
        return bytes;
    }

    static RegisterReply decodeReply(byte[] bytes, String source) {
        ByteBuffer in = wrap(bytes);
        return decoded(
                source,
                () -> {
                    requireVersion(Byte.toUnsignedInt(in.get()), source);
                    int flags = in.get();
                    int missingVoters = Short.toUnsignedInt(in.getShort());
                    return new RegisterReply(
                            in.getLong(),
                            (flags & COMMITTED) != 0,
                            (flags & ACCEPTED) != 0,
                            (flags & EVERY_VOTER_READY) != 0,
                            missingVoters,
                            in.getLong(),
                            decodeState(rest(in), source));
                });
    }

    static byte[] encodeRaftTerm(long term) {
        byte[] bytes = new byte[9];
        wrap(bytes).put((byte) VERSION).putLong(term);
        return bytes;
    }

    static long decodeRaftTerm(byte[] bytes, String source) {
        ByteBuffer in = wrap(bytes);
        return decoded(
                source,
                () -> {
                    requireVersion(Byte.toUnsignedInt(in.get()), source);
                    return in.getLong();
                });
    }

    private static int kind(RegisterRequest request) {
        if (request instanceof RegisterRequest.Renew) {
            return RENEW;
        }
        return request instanceof RegisterRequest.CompareAndSet ? COMPARE_AND_SET : READ;
    }

    private static int bodyLength(RegisterRequest request) {
        if (request instanceof RegisterRequest.Renew) {
            return 16;
        }
        return request instanceof RegisterRequest.CompareAndSet change
                ? 8 + stateLength(change.next())
                : 0;
    }

    // ---- envelopes

    private static void beginEnvelope(ByteBuffer out, int magic) {
        out.putInt(magic);
        out.putShort((short) VERSION);
        out.putShort((short) 0);
        out.putInt(out.capacity());
        out.putInt(0);
    }

    private static void sealEnvelope(byte[] bytes) {
        wrap(bytes).putInt(CHECKSUM_OFFSET, checksum(bytes));
    }

    /** The checksum comes before the version, so that damage is not taken for a version. */
    private static ByteBuffer openEnvelope(byte[] bytes, int magic, String source) {
        ByteBuffer in = wrap(bytes);
        if (bytes.length < ENVELOPE_LENGTH
                || in.getInt(MAGIC_OFFSET) != magic
                || in.getInt(LENGTH_OFFSET) != bytes.length) {
            throw corrupt(source, "length=" + bytes.length + ", expected a whole register", null);
        }
        int stored = in.getInt(CHECKSUM_OFFSET);
        int computed = checksum(bytes);
        if (stored != computed) {
            throw corrupt(
                    source,
                    "checksum="
                            + Integer.toHexString(computed)
                            + ", expected "
                            + Integer.toHexString(stored),
                    null);
        }
        requireVersion(Short.toUnsignedInt(in.getShort(VERSION_OFFSET)), source);
        return in.position(ENVELOPE_LENGTH);
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, CHECKSUM_OFFSET);
        crc.update(bytes, ENVELOPE_LENGTH, bytes.length - ENVELOPE_LENGTH);
        return (int) crc.getValue();
    }

    private static void requireVersion(int version, String source) {
        if (version != VERSION) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    source + ": version=" + version + ", expected " + VERSION);
        }
    }

    // ---- names and buffers

    private static int nameLength(@Nullable String name) {
        return name == null ? 0 : name.getBytes(StandardCharsets.UTF_8).length;
    }

    private static void putName(ByteBuffer out, @Nullable String name) {
        if (name == null) {
            out.putShort((short) NO_NAME);
            return;
        }
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= NO_NAME) {
            throw new IllegalArgumentException(
                    "name length=" + bytes.length + ", expected less than " + NO_NAME);
        }
        out.putShort((short) bytes.length);
        out.put(bytes);
    }

    private static @Nullable String getName(ByteBuffer in) {
        int length = Short.toUnsignedInt(in.getShort());
        if (length == NO_NAME) {
            return null;
        }
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String requireName(@Nullable String name) {
        if (name == null) {
            throw new IllegalArgumentException("name=null, expected a name");
        }
        return name;
    }

    private static byte[] rest(ByteBuffer in) {
        byte[] bytes = new byte[in.remaining()];
        in.get(bytes);
        return bytes;
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads fields in the order in which they stand. */
    private interface Fields<T> {
        T read();
    }

    private static <T> T decoded(String source, Fields<T> fields) {
        try {
            return fields.read();
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw corrupt(source, "expected a register's fields", e);
        }
    }

    private static HotpairException corrupt(String source, String what, @Nullable Throwable cause) {
        return new HotpairException(
                HotpairException.Category.CORRUPTION, source + ": " + what, cause);
    }
}
