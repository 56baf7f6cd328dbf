package io.hotpair.resp;

import io.hotpair.resp.TlsConfig.ClientAuth;
import io.netty.handler.ssl.CipherSuiteConverter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds a {@link TlsConfig}. A setter checks its value; none touches a file. Not thread-safe. */
public final class TlsConfigBuilder {
    private static final int MAX_PORT = 65_535;
    private static final Set<String> VERSIONS = Set.of("TLSv1.2", "TLSv1.3");

    final Path certFile;
    final Path keyFile;
    @Nullable String keyFilePass;
    @Nullable Path caCertFile;
    ClientAuth authClients = ClientAuth.YES;
    int port = 6380;
    List<String> protocols = List.of("TLSv1.2", "TLSv1.3");
    private List<String> ciphers = List.of();
    private List<String> cipherSuites = List.of();
    boolean prefersServerCiphers;
    boolean alone;

    TlsConfigBuilder(Path certFile, Path keyFile) {
        this.certFile = Objects.requireNonNull(certFile, "certFile");
        this.keyFile = Objects.requireNonNull(keyFile, "keyFile");
    }

    /**
     * Sets the port. The default is 6380.
     *
     * @param port 1 to 65535, or 0 for any free one, which {@link RespListener#tlsPort()} tells
     * @return this
     */
    public TlsConfigBuilder port(int port) {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("tls-port=" + port + ", expected 0 to " + MAX_PORT);
        }
        this.port = port;
        return this;
    }

    /**
     * Sets what the private key is encrypted with. By default it is not.
     *
     * @param password the password
     * @return this
     */
    public TlsConfigBuilder keyFilePass(String password) {
        keyFilePass = Objects.requireNonNull(password, "password");
        return this;
    }

    /**
     * Sets whose certificates are trusted when clients show theirs.
     *
     * @param file certificates of authorities, as PEM
     * @return this
     */
    public TlsConfigBuilder caCertFile(Path file) {
        caCertFile = Objects.requireNonNull(file, "file");
        return this;
    }

    /**
     * Sets whether clients have to show a certificate. The default is {@code YES}, as with Redis.
     *
     * @param whether whether
     * @return this
     */
    public TlsConfigBuilder authClients(ClientAuth whether) {
        authClients = Objects.requireNonNull(whether, "whether");
        return this;
    }

    /**
     * Sets the versions of the protocol. The default is {@code TLSv1.2} and {@code TLSv1.3}.
     *
     * @param versions one or both of these
     * @return this
     */
    public TlsConfigBuilder protocols(String... versions) {
        if (versions.length == 0 || !VERSIONS.containsAll(List.of(versions))) {
            throw new IllegalArgumentException(
                    "tls-protocols=" + List.of(versions) + ", expected TLSv1.2, TLSv1.3 or both");
        }
        protocols = List.of(versions);
        return this;
    }

    /**
     * Sets the ciphers for {@code TLSv1.2}, the preferred ones first, by their names in Java or in
     * OpenSSL. The default is the JDK's choice.
     *
     * @param names such as {@code ECDHE-RSA-AES256-GCM-SHA384}; no expressions such as {@code HIGH}
     * @return this
     */
    public TlsConfigBuilder ciphers(String... names) {
        List<String> known = new ArrayList<>();
        for (String name : names) {
            String java = name.startsWith("TLS_") ? name : CipherSuiteConverter.toJava(name, "TLS");
            if (java == null) {
                throw new IllegalArgumentException(
                        "tls-ciphers="
                                + name
                                + ", expected the name of a cipher such as"
                                + " ECDHE-RSA-AES256-GCM-SHA384");
            }
            known.add(java);
        }
        ciphers = known;
        return this;
    }

    /**
     * Sets the ciphers for {@code TLSv1.3}, the preferred ones first. The default is the JDK's
     * choice.
     *
     * @param names such as {@code TLS_AES_256_GCM_SHA384}
     * @return this
     */
    public TlsConfigBuilder cipherSuites(String... names) {
        for (String name : names) {
            if (!name.startsWith("TLS_")) {
                throw new IllegalArgumentException(
                        "tls-ciphersuites="
                                + name
                                + ", expected the name of a cipher such as"
                                + " TLS_AES_256_GCM_SHA384");
            }
        }
        cipherSuites = List.of(names);
        return this;
    }

    /** What the JDK is told: one list for all versions. What is not said is left to the JDK. */
    List<String> allCiphers() {
        List<String> all = new ArrayList<>(cipherSuites);
        all.addAll(ciphers);
        return List.copyOf(all);
    }

    /**
     * Sets whether the server's order of ciphers counts, not the client's. The default is the
     * client's.
     *
     * @param whether whether
     * @return this
     */
    public TlsConfigBuilder preferServerCiphers(boolean whether) {
        prefersServerCiphers = whether;
        return this;
    }

    /**
     * Closes the port for plain text: there is the one for TLS alone. By default there are both.
     *
     * @return this
     */
    public TlsConfigBuilder alone() {
        alone = true;
        return this;
    }

    /**
     * Makes the configuration.
     *
     * @return the configuration
     * @throws IllegalStateException if clients are to show certificates, and there is nobody whose
     *     certificates are trusted
     */
    public TlsConfig build() {
        if (authClients != ClientAuth.NO && caCertFile == null) {
            throw new IllegalStateException(
                    "tls-auth-clients="
                            + authClients
                            + " without tls-ca-cert-file, expected a file, or tls-auth-clients=NO");
        }
        return new TlsConfig(this);
    }
}
