package io.hotpair.resp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A private key as PEM: PKCS#8 (RFC 5958), encrypted or not, or an RSA key as PKCS#1 (RFC 8017),
 * which older tools write.
 */
final class TlsKeyFile {
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]*)-----END \\1-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "DSA");

    /** Version 0 and the algorithm rsaEncryption without parameters, as PKCS#8 begins. */
    private static final byte[] RSA_HEADER = {
        0x02,
        0x01,
        0x00,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x2a,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xf7,
        0x0d,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    private TlsKeyFile() {}

    /**
     * Reads a key.
     *
     * @param password what it is encrypted with, or null
     * @throws io.hotpair.HotpairException {@code NETWORK} if it can't be read or used
     */
    static PrivateKey read(Path file, @Nullable String password) {
        try {
            Matcher pem = PEM.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
            if (!pem.find()) {
                throw new InvalidKeyException("there is no private key as PEM");
            }
            byte[] der = Base64.getMimeDecoder().decode(pem.group(2));
            return switch (pem.group(1)) {
                case "PRIVATE KEY" -> key(new PKCS8EncodedKeySpec(der));
                case "RSA PRIVATE KEY" -> key(new PKCS8EncodedKeySpec(wrapped(der)));
                case "ENCRYPTED PRIVATE KEY" -> key(decrypted(der, password));
                default ->
                        throw new InvalidKeyException(
                                pem.group(1)
                                        + " is not understood; 'openssl pkcs8 -topk8' converts it");
            };
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw TlsContext.unusable("tls-key-file=" + file, "a private key as PEM", e);
        }
    }

    private static PrivateKey key(PKCS8EncodedKeySpec encoded) throws GeneralSecurityException {
        InvalidKeySpecException last = new InvalidKeySpecException("unknown algorithm");
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException e) {
                last = e;
            }
        }
        throw last;
    }

    private static PKCS8EncodedKeySpec decrypted(byte[] der, @Nullable String password)
            throws IOException, GeneralSecurityException {
        if (password == null) {
            throw new InvalidKeyException("it is encrypted, and tls-key-file-pass is not set");
        }
        EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der);
        AlgorithmParameters parameters = encrypted.getAlgParameters();
        // The name of the newer scheme is told by its parameters alone.
        String algorithm =
                encrypted.getAlgName().equals("PBES2") || encrypted.getAlgName().endsWith(".13")
                        ? parameters.toString()
                        : encrypted.getAlgName();
        Key key =
                SecretKeyFactory.getInstance(algorithm)
                        .generateSecret(new PBEKeySpec(password.toCharArray()));
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.DECRYPT_MODE, key, parameters);
        return encrypted.getKeySpec(cipher);
    }

    /**
     * A key of PKCS#1 as PKCS#8 has it: in a string of octets, behind the name of its algorithm.
     */
    private static byte[] wrapped(byte[] rsa) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(RSA_HEADER);
        body.write(0x04);
        length(rsa.length, body);
        body.writeBytes(rsa);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0x30);
        length(body.size(), out);
        out.writeBytes(body.toByteArray());
        return out.toByteArray();
    }

    private static void length(int length, ByteArrayOutputStream out) {
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
    }
}
