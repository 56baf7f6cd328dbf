package io.hotpair.resp;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a listener speaks TLS; made by {@link #builder}, given to {@link RespConfigBuilder#tls}. The
 * names are those of Redis's {@code tls-...} parameters. Immutable.
 */
public final class TlsConfig {
    /** Whether clients have to show a certificate. */
    public enum ClientAuth {
        /** They have to; Redis's default, and ours. */
        YES,
        /** They need not. */
        NO,
        /** They need not, but what they show must be right. */
        OPTIONAL
    }

    private final Path certFile;
    private final Path keyFile;
    private final @Nullable String keyFilePass;
    private final @Nullable Path caCertFile;
    private final ClientAuth authClients;
    private final int port;
    private final List<String> protocols;
    private final List<String> ciphers;
    private final boolean prefersServerCiphers;
    private final boolean alone;

    TlsConfig(TlsConfigBuilder from) {
        certFile = from.certFile;
        keyFile = from.keyFile;
        keyFilePass = from.keyFilePass;
        caCertFile = from.caCertFile;
        authClients = from.authClients;
        port = from.port;
        protocols = List.copyOf(from.protocols);
        ciphers = from.allCiphers();
        prefersServerCiphers = from.prefersServerCiphers;
        alone = from.alone;
    }

    /**
     * Starts a configuration.
     *
     * @param certFile the server's certificate, and those that lead from it to its authority, as
     *     PEM
     * @param keyFile its private key, as PEM of PKCS#8 or PKCS#1
     * @return a builder with every default set
     */
    public static TlsConfigBuilder builder(Path certFile, Path keyFile) {
        return new TlsConfigBuilder(certFile, keyFile);
    }

    Path certFile() {
        return certFile;
    }

    Path keyFile() {
        return keyFile;
    }

    @Nullable String keyFilePass() {
        return keyFilePass;
    }

    @Nullable Path caCertFile() {
        return caCertFile;
    }

    /**
     * Whether clients have to show a certificate.
     *
     * @return whether
     */
    public ClientAuth authClients() {
        return authClients;
    }

    /**
     * The port that was asked for.
     *
     * @return the port, 0 for any free one
     */
    public int port() {
        return port;
    }

    /**
     * The versions of the protocol.
     *
     * @return their names
     */
    public List<String> protocols() {
        return protocols;
    }

    /** Java's names; empty for the JDK's choice. */
    List<String> ciphers() {
        return ciphers;
    }

    boolean prefersServerCiphers() {
        return prefersServerCiphers;
    }

    /** Whether there is no port for plain text. */
    boolean isAlone() {
        return alone;
    }

    @Override
    public String toString() {
        return "TlsConfig[port="
                + port
                + ", authClients="
                + authClients
                + ", protocols="
                + protocols
                + "]";
    }
}
