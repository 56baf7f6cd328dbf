package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A password as it is kept: hashed, compared in a time that does not depend on what differs. */
final class PasswordHash {
    /** The longest password that is accepted, as in Redis. */
    static final int MAX_LENGTH = 512;

    private final byte[] digest;

    private PasswordHash(byte[] digest) {
        this.digest = digest;
    }

    static PasswordHash of(String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        return of(bytes, 0, bytes.length);
    }

    static PasswordHash of(byte[] bytes, int offset, int length) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(bytes, offset, length);
            return new PasswordHash(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    boolean matches(PasswordHash other) {
        return MessageDigest.isEqual(digest, other.digest);
    }

    @Override
    public String toString() {
        return "PasswordHash";
    }
}
