package io.hotpair.replication.ratis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;

/** Key stores for tests. */
final class KeyStoreFiles {

    private KeyStoreFiles() {}

    /** Has a store believe the certificate of its own key. */
    static void trustOwn(Path file, String password, String alias) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, password.toCharArray());
            }
            store.setCertificateEntry(alias + "-trusted", store.getCertificate(alias));
            try (OutputStream out = Files.newOutputStream(file)) {
                store.store(out, password.toCharArray());
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("file=" + file + ", expected a key store", e);
        }
    }
}
