package io.hotpair.resp;

import com.moilioncircle.redis.replicator.util.CRC64;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * An RDB file, being written.
 *
 * <pre>
 *   "REDIS", version as 4 digits
 *   0xFA, name, value                  what is said of the file
 *   0xF5, code (string)                for each library of functions
 *   0xFE, database
 *   0xFB, count of keys, of those with a deadline
 *   0xFC, deadline (8 bytes)           before a key that has one
 *   type, key (string), value          see {@link RdbValueWriter}
 *   0xFF, CRC64 (Jones) of all before  8 bytes, the lowest first
 * </pre>
 */
final class RdbFile {
    private static final int AUX = 0xFA;
    private static final int RESIZE = 0xFB;
    private static final int DEADLINE_MS = 0xFC;
    private static final int SELECT = 0xFE;
    private static final int END = 0xFF;

    private final OutputStream stream;
    private final RdbBuffer out = new RdbBuffer(this::take);
    private long crc;
    private int selected = -1;

    RdbFile(OutputStream stream) {
        this.stream = stream;
    }

    private void take(byte[] bytes, int length) {
        crc = CRC64.crc64(bytes, 0, length, crc);
        try {
            stream.write(bytes, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where values are written to. */
    RdbBuffer out() {
        return out;
    }

    void begin(int version, String redisVersion, long nowMs, boolean isBaseOfLog) {
        byte[] magic =
                String.format(Locale.ROOT, "REDIS%04d", version)
                        .getBytes(StandardCharsets.US_ASCII);
        out.raw(magic, 0, magic.length);
        say("redis-ver", redisVersion);
        say("redis-bits", "64");
        say("ctime", Long.toString(nowMs / 1000));
        say("aof-base", isBaseOfLog ? "1" : "0");
    }

    private void say(String name, String value) {
        out.one(AUX)
                .string(name.getBytes(StandardCharsets.US_ASCII))
                .string(value.getBytes(StandardCharsets.US_ASCII));
    }

    /** Writes a library of functions; all of them stand before the keys. */
    void library(byte[] source) {
        out.one(RdbPayload.LIBRARY).string(source);
    }

    /** Says how many keys of a database are to come. */
    void beginDatabase(int number, long keyCount, long timedCount) {
        select(number);
        out.one(RESIZE).length(keyCount).length(timedCount);
    }

    /** The keys that follow are of a database. */
    void select(int number) {
        if (number != selected) {
            out.one(SELECT).length(number);
            selected = number;
        }
    }

    /** Begins a key, whose value follows. */
    void key(byte[] key, int type, long deadlineMs) {
        if (deadlineMs != 0) {
            out.one(DEADLINE_MS).lowestFirst(deadlineMs, Long.BYTES);
        }
        out.one(type).string(key);
    }

    void end() {
        out.one(END).flush();
        out.lowestFirst(crc, Long.BYTES).flush();
        try {
            stream.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
