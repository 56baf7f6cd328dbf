package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Certificates and keys that openssl makes anew for each test. */
final class TestCertificates {
    private final Path directory;

    /** Makes an authority, {@code ca}, and {@code server} and {@code client} by it. */
    TestCertificates(Path directory) {
        RealRedis.require("openssl");
        this.directory = directory;
        authority("ca");
        make("server", "ca", 10);
        make("client", "ca", 10);
    }

    Path cert(String name) {
        return directory.resolve(name + ".crt");
    }

    Path key(String name) {
        return directory.resolve(name + ".key");
    }

    void authority(String name) {
        openssl(
                "req -x509 -newkey rsa:2048 -nodes -days 10 -subj /CN="
                        + name
                        + " -keyout "
                        + name
                        + ".key -out "
                        + name
                        + ".crt");
    }

    /** Makes a certificate that an authority signs for so many days, fewer than 1 if it is over. */
    void make(String name, String authority, int days) {
        openssl(
                "req -newkey rsa:2048 -nodes -subj /CN="
                        + name
                        + " -keyout "
                        + name
                        + ".key -out "
                        + name
                        + ".csr");
        try {
            Files.writeString(
                    directory.resolve("san.cnf"), "subjectAltName=IP:127.0.0.1,DNS:localhost");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        openssl(
                "x509 -req -in "
                        + name
                        + ".csr -CA "
                        + authority
                        + ".crt -CAkey "
                        + authority
                        + ".key -CAcreateserial -extfile san.cnf -days "
                        + days
                        + " -out "
                        + name
                        + ".crt");
    }

    void openssl(String arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ", -1)));
        try {
            Process process =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(directory.resolve("openssl.log").toFile())
                            .start();
            assertEquals(0, process.waitFor(), arguments);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while openssl ran", e);
        }
    }

    TlsConfigBuilder config() {
        return TlsConfig.builder(cert("server"), key("server")).port(0).caCertFile(cert("ca"));
    }

    /** A client's side: trusts the authority, and shows the certificate of a name, if any. */
    SSLContext client(@Nullable String name) {
        try {
            SslContextBuilder builder =
                    SslContextBuilder.forClient()
                            .sslProvider(SslProvider.JDK)
                            .trustManager(cert("ca").toFile());
            if (name != null) {
                builder.keyManager(cert(name).toFile(), key(name).toFile());
            }
            return ((JdkSslContext) builder.build()).context();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SSLSocket socket(@Nullable String name, int port) throws IOException {
        return (SSLSocket)
                client(name)
                        .getSocketFactory()
                        .createSocket(InetAddress.getLoopbackAddress(), port);
    }

    RawClient connect(@Nullable String name, int port) {
        try {
            return new RawClient(socket(name, port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
