package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A password as it is kept: hashed, compared in a time that does not depend on what differs. */
final class PasswordHash {
    /** The longest password that is accepted, as in Redis. */
    static final int MAX_LENGTH = 512;

    private static final String HEX = "0123456789abcdef";

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

    /**
     * One that was hashed before.
     *
     * @throws AclException if it is not 64 digits of lower case
     */
    static PasswordHash ofHex(String hex) {
        if (hex.length() != 64 || !hex.chars().allMatch(c -> HEX.indexOf(c) >= 0)) {
            throw AclException.notAHash();
        }
        return new PasswordHash(HexFormat.of().parseHex(hex));
    }

    /** 64 hexadecimal digits, lower-case. */
    String hex() {
        return HexFormat.of().formatHex(digest);
    }

    boolean matches(PasswordHash other) {
        return MessageDigest.isEqual(digest, other.digest);
    }

    @Override
    public String toString() {
        return "PasswordHash";
    }
}
