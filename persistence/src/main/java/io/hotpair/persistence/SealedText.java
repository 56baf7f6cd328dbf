package io.hotpair.persistence;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * A small text file that an operator can read and a flipped bit can't change unseen: its last line
 * is the CRC32C of all bytes before it. Written atomically.
 */
final class SealedText {
    private static final String CRC_KEY = "crc32c=";

    /** No such file comes near it; read no more if a bad disk claims a longer one. */
    private static final int MAX_LENGTH = 16 * 1024 * 1024;

    private SealedText() {}

    static void write(Path file, List<String> lines) throws IOException {
        String body = String.join("\n", lines) + "\n";
        String text = body + CRC_KEY + checksum(body.getBytes(StandardCharsets.UTF_8)) + "\n";
        Directories.writeAtomically(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads.
     *
     * @return the lines, without the checksum
     * @throws io.hotpair.HotpairException {@code CORRUPTION} with both checksums
     */
    static List<String> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in);
        }
    }

    /**
     * Reads.
     *
     * @param file what to call it
     * @param in read to its end
     * @return the lines, without the checksum
     * @throws io.hotpair.HotpairException {@code CORRUPTION} with both checksums
     */
    static List<String> read(String file, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_LENGTH + 1);
        if (bytes.length > MAX_LENGTH) {
            throw Failures.corruption(file + " is longer than " + MAX_LENGTH + " bytes");
        }
        // ISO 8859-1 maps each byte to one char, so that offsets in the text are offsets in bytes.
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int seal = text.lastIndexOf("\n" + CRC_KEY) + 1;
        String stated = seal == 0 ? "none" : text.substring(seal + CRC_KEY.length());
        byte[] body = new byte[seal];
        System.arraycopy(bytes, 0, body, 0, seal);
        String computed = checksum(body);
        if (!stated.equals(computed + "\n")) {
            throw Failures.corruption(
                    file
                            + " at position "
                            + seal
                            + " is damaged: checksum="
                            + stated.strip()
                            + ", computed "
                            + computed);
        }
        return new String(body, StandardCharsets.UTF_8).lines().toList();
    }

    private static String checksum(byte[] body) {
        CRC32C crc = new CRC32C();
        crc.update(body);
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
