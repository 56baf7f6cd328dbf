package io.hotpair.replication.internal;

import javax.crypto.spec.SecretKeySpec;

/** The secret by which nodes know each other. Never printed. */
public final class SharedSecret {
    private final SecretKeySpec key;

    /**
     * Copies.
     *
     * @param bytes the secret
     */
    public SharedSecret(byte[] bytes) {
        key = new SecretKeySpec(bytes, PeerAuthentication.ALGORITHM);
    }

    SecretKeySpec key() {
        return key;
    }
}
