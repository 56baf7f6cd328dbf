package io.hotpair.replication.internal;

import static io.hotpair.log.FrameDescriptor.getInt;
import static io.hotpair.log.FrameDescriptor.getShort;
import static io.hotpair.log.FrameDescriptor.putInt;
import static io.hotpair.log.FrameDescriptor.putShort;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Both ends prove that they know the shared secret, before either reads anything whose length the
 * other chooses. Each proof is an HMAC-SHA256 over the role of who proves and both nonces, so a
 * proof can't be replayed, nor sent back to who made it. Thread-safe.
 */
final class PeerAuthentication {
    static final String ALGORITHM = "HmacSHA256";
    private static final byte[] REPLICA = "hotpair replica 1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MASTER = "hotpair master 1".getBytes(StandardCharsets.US_ASCII);

    private final @Nullable SecretKeySpec key;
    private final SecureRandom random = new SecureRandom();

    /**
     * Creates one.
     *
     * @param secret the shared secret, or null to ask for no proof
     */
    PeerAuthentication(@Nullable SharedSecret secret) {
        key = secret == null ? null : secret.key();
    }

    /**
     * The end that connected: proves first, so that who listens gives nothing away.
     *
     * @throws UnprovenException if the master does not know the secret, does not believe that this
     *     end does, or is none of ours
     */
    void asReplica(PeerSocket socket, long deadlineNs) throws IOException {
        byte[] own = greeting();
        socket.write(own, own.length);
        byte[] other = readGreeting(socket, deadlineNs);
        requireSameTerms(other);
        if (key != null) {
            byte[] proof = prove(key, REPLICA, own, other);
            socket.write(proof, proof.length);
            try {
                requireProof(socket, prove(key, MASTER, own, other), deadlineNs);
            } catch (EOFException | SocketException e) {
                throw new UnprovenException(
                        "ends the connection at this node's proof that it knows the shared secret,"
                                + " as one does that has another secret");
            }
        }
    }

    /**
     * The end that listens.
     *
     * @throws UnprovenException if the replica does not know the secret, or is none of ours
     */
    void asMaster(PeerSocket socket, long deadlineNs) throws IOException {
        byte[] other = readGreeting(socket, deadlineNs);
        byte[] own = greeting();
        socket.write(own, own.length);
        // Judged only now, so that the other end can say as well what does not fit.
        requireSameTerms(other);
        if (key != null) {
            requireProof(socket, prove(key, REPLICA, other, own), deadlineNs);
            byte[] proof = prove(key, MASTER, other, own);
            socket.write(proof, proof.length);
        }
    }

    private byte[] greeting() {
        byte[] nonce = new byte[WireDescriptor.NONCE_LENGTH];
        random.nextBytes(nonce);
        return greeting(nonce, key != null);
    }

    static byte[] greeting(byte[] nonce, boolean secret) {
        byte[] bytes = new byte[WireDescriptor.GREETING_LENGTH];
        putInt(bytes, WireDescriptor.GREETING_MAGIC_OFFSET, WireDescriptor.GREETING_MAGIC);
        putShort(bytes, WireDescriptor.GREETING_VERSION_OFFSET, WireDescriptor.VERSION);
        putShort(
                bytes,
                WireDescriptor.GREETING_FLAGS_OFFSET,
                secret ? WireDescriptor.FLAG_SECRET : 0);
        System.arraycopy(nonce, 0, bytes, WireDescriptor.GREETING_NONCE_OFFSET, nonce.length);
        return bytes;
    }

    private byte[] readGreeting(PeerSocket socket, long deadlineNs) throws IOException {
        byte[] bytes = new byte[WireDescriptor.GREETING_LENGTH];
        socket.readFully(bytes, 0, bytes.length, deadlineNs);
        if (getInt(bytes, WireDescriptor.GREETING_MAGIC_OFFSET) != WireDescriptor.GREETING_MAGIC) {
            throw new UnprovenException("is no node of a pair");
        }
        return bytes;
    }

    private void requireSameTerms(byte[] greeting) throws UnprovenException {
        int version = getShort(greeting, WireDescriptor.GREETING_VERSION_OFFSET);
        if (version != WireDescriptor.VERSION) {
            throw new UnprovenException(
                    "speaks protocol version=" + version + ", expected " + WireDescriptor.VERSION);
        }
        int flags = getShort(greeting, WireDescriptor.GREETING_FLAGS_OFFSET);
        if (flags != (key == null ? 0 : WireDescriptor.FLAG_SECRET)) {
            throw new UnprovenException(
                    key == null
                            ? "has a shared secret, and this node has none"
                            : "has no shared secret, and this node has one");
        }
    }

    private static void requireProof(PeerSocket socket, byte[] expected, long deadlineNs)
            throws IOException {
        byte[] proof = new byte[WireDescriptor.PROOF_LENGTH];
        socket.readFully(proof, 0, proof.length, deadlineNs);
        // Takes the same time wherever the first difference is.
        if (!MessageDigest.isEqual(expected, proof)) {
            throw new UnprovenException("does not know the shared secret");
        }
    }

    /** The proof: over who proves, and both greetings in the order in which they were sent. */
    static byte[] prove(SecretKeySpec key, byte[] role, byte[] first, byte[] second) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(role);
            mac.update(first);
            mac.update(second);
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
