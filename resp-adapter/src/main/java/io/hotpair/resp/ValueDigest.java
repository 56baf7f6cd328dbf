package io.hotpair.resp;

import com.dynatrace.hash4j.hashing.Hashing;
import io.hotpair.ValueCondition;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** What stands for a value: its XXH3 of 64 bits, as 16 hexadecimal digits. */
final class ValueDigest {
    private static final int DIGITS = 16;

    private ValueDigest() {}

    static String of(byte[] value) {
        return HexFormat.of().toHexDigits(Hashing.xxh3_64().hashBytesToLong(value));
    }

    static ValueCondition ifEqual(byte[] digest) {
        return ValueCondition.ifTested(value -> value != null && matches(value, digest));
    }

    static ValueCondition ifNotEqual(byte[] digest) {
        return ValueCondition.ifTested(value -> value == null || !matches(value, digest));
    }

    /** As in Redis, only the length of a digest is looked at, and that only if there is a value. */
    private static boolean matches(byte[] value, byte[] digest) {
        if (digest.length != DIGITS) {
            throw new CommandException("ERR must be exactly 16 hexadecimal characters");
        }
        return of(value).equalsIgnoreCase(new String(digest, StandardCharsets.ISO_8859_1));
    }
}
