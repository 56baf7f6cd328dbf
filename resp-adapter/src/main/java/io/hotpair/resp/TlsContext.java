package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of a listener get their TLS from: certificate, key and trust as they were
 * when they were read last. Thread-safe.
 *
 * <p>The costly steps of a handshake are done by threads of its own, so that who opens many
 * connections takes no time from clients that are in.
 */
final class TlsContext {
    private final TlsConfig config;
    private final ThreadPoolExecutor handshakes;
    private volatile SslContext context;

    /**
     * Reads the files.
     *
     * @param threads how many threads do the costly steps
     * @param name what the threads are called
     * @throws HotpairException {@code NETWORK} if a file can't be read or used
     */
    TlsContext(TlsConfig config, int threads, String name) {
        this.config = config;
        context = read(config);
        AtomicInteger number = new AtomicInteger();
        handshakes =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> {
                            Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                            thread.setDaemon(true);
                            return thread;
                        });
        handshakes.allowCoreThreadTimeOut(true);
    }

    /**
     * Reads the files again, for connections that begin from now on.
     *
     * @throws HotpairException {@code NETWORK} if a file can't be read or used; all is as before
     *     then
     */
    void reload() {
        context = read(config);
    }

    /** A handler for a connection that begins. */
    SslHandler newHandler(Channel channel) {
        SSLEngine engine = context.newEngine(channel.alloc());
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setUseCipherSuitesOrder(config.prefersServerCiphers());
        engine.setSSLParameters(parameters);
        // A flood of connections that are closed at once leaves nothing to do but this question.
        Executor steps =
                step ->
                        handshakes.execute(
                                () -> {
                                    if (channel.isOpen()) {
                                        step.run();
                                    }
                                });
        SslHandler handler = new SslHandler(engine, steps);
        // The connection looks after its time-outs itself.
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }

    void close() {
        handshakes.shutdownNow();
    }

    // ---- files

    private static SslContext read(TlsConfig config) {
        List<X509Certificate> chain = certificates("tls-cert-file", config.certFile());
        PrivateKey key = TlsKeyFile.read(config.keyFile(), config.keyFilePass());
        checkPair(key, chain.get(0), config);
        SslContextBuilder builder =
                SslContextBuilder.forServer(key, chain)
                        .sslProvider(SslProvider.JDK)
                        .protocols(config.protocols())
                        .clientAuth(
                                switch (config.authClients()) {
                                    case YES -> ClientAuth.REQUIRE;
                                    case OPTIONAL -> ClientAuth.OPTIONAL;
                                    case NO -> ClientAuth.NONE;
                                });
        if (config.caCertFile() != null) {
            builder.trustManager(certificates("tls-ca-cert-file", config.caCertFile()));
        }
        if (!config.ciphers().isEmpty()) {
            builder.ciphers(config.ciphers());
        }
        try {
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw unusable("tls-ciphers=" + config.ciphers(), "ciphers that this JDK knows", e);
        }
    }

    private static List<X509Certificate> certificates(String what, Path file) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            byte[] bytes = Files.readAllBytes(file);
            for (var each : factory.generateCertificates(new ByteArrayInputStream(bytes))) {
                certificates.add((X509Certificate) each);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(what + "=" + file, "a file of certificates as PEM", e);
        }
        if (certificates.isEmpty()) {
            throw unusable(what + "=" + file, "at least one certificate as PEM", null);
        }
        return certificates;
    }

    /** A key that is not the certificate's would fail every handshake, without a word here. */
    private static void checkPair(PrivateKey key, X509Certificate certificate, TlsConfig config) {
        boolean pair;
        try {
            Signature signature = Signature.getInstance(algorithm(key));
            byte[] text = certificate.getEncoded();
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            pair = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            throw unusable(
                    "tls-key-file=" + config.keyFile(), "the key of " + config.certFile(), e);
        }
        if (!pair) {
            throw unusable(
                    "tls-key-file=" + config.keyFile(), "the key of " + config.certFile(), null);
        }
    }

    private static String algorithm(PrivateKey key) {
        return switch (key.getAlgorithm().toUpperCase(Locale.ROOT)) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "DSA" -> "SHA256withDSA";
            default -> key.getAlgorithm();
        };
    }

    static HotpairException unusable(String what, String expected, @Nullable Throwable cause) {
        return new HotpairException(
                HotpairException.Category.NETWORK,
                what + ", expected " + expected + (cause == null ? "" : ": " + why(cause)),
                cause);
    }

    /** A file that is not there says so by its type only: its message is its name. */
    private static @Nullable String why(Throwable cause) {
        return cause instanceof IOException ? cause.toString() : cause.getMessage();
    }
}
