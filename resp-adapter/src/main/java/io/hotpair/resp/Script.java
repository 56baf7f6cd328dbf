package io.hotpair.resp;

import io.hotpair.resp.internal.lua.LuaChunk;
import io.hotpair.resp.internal.lua.LuaError;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;

/** A script as it was given, and compiled. Immutable but for what its executions were like. */
final class Script {
    /** What a script says that it does, or can stand. */
    enum Flag {
        NO_WRITES,
        ALLOW_OOM,
        ALLOW_STALE,
        NO_CLUSTER,
        ALLOW_CROSS_SLOT_KEYS;

        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Flag of(String text) {
            for (Flag each : values()) {
                if (each.text().equals(text)) {
                    return each;
                }
            }
            throw new CommandException("ERR Unexpected flag in script shebang: " + text);
        }
    }

    static final String CHUNK_NAME = "@user_script";
    private static final int OVERHEAD_BYTES = 256;

    /** What the tree of a chunk takes for each byte of its text, about. */
    private static final int TREE_FACTOR = 16;

    private final byte[] source;
    private final String sha;
    private final Set<Flag> flags;
    private final boolean hasShebang;
    private final LuaChunk chunk;
    private volatile boolean isLong;

    private Script(byte[] source, String sha) {
        this.source = source;
        this.sha = sha;
        hasShebang = source.length > 1 && source[0] == '#' && source[1] == '!';
        flags = EnumSet.noneOf(Flag.class);
        byte[] body = hasShebang ? body(source, flags) : source;
        try {
            chunk = LuaChunk.compile(body, CHUNK_NAME);
        } catch (LuaError e) {
            throw new CommandException(
                    "ERR Error compiling script (new function): " + e.getMessage());
        }
    }

    /**
     * Compiles a script.
     *
     * @throws CommandException if it is none
     */
    static Script compile(byte[] source) {
        return new Script(source, sha(source));
    }

    static String sha(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    /**
     * Reads the line that begins with an engine's name; what is left of it keeps the lines' count.
     */
    private static byte[] body(byte[] source, Set<Flag> flags) {
        int end = 0;
        while (end < source.length && source[end] != '\n') {
            end++;
        }
        if (end == source.length) {
            throw new CommandException("ERR Invalid script shebang");
        }
        String line = new String(source, 0, end, StandardCharsets.ISO_8859_1);
        String[] words = line.trim().split("\\s+", -1);
        if (!words[0].equals("#!lua")) {
            throw new CommandException("ERR Unexpected engine in script shebang: " + words[0]);
        }
        for (int i = 1; i < words.length; i++) {
            if (!words[i].startsWith("flags=")) {
                throw new CommandException("ERR Unknown lua shebang option: " + words[i]);
            }
            for (String flag : words[i].substring("flags=".length()).split(",", -1)) {
                if (!flag.isEmpty()) {
                    flags.add(Flag.of(flag));
                }
            }
        }
        byte[] body = new byte[source.length - end];
        System.arraycopy(source, end, body, 0, body.length);
        return body;
    }

    byte[] source() {
        return source;
    }

    String sha() {
        return sha;
    }

    LuaChunk chunk() {
        return chunk;
    }

    /** Whether it says anything of itself; one that does not is taken as of old. */
    boolean hasShebang() {
        return hasShebang;
    }

    boolean has(Flag flag) {
        return flags.contains(flag);
    }

    /** About what it takes. */
    long bytes() {
        return bytesFor(source.length);
    }

    /** About what one of a length takes. */
    static long bytesFor(int length) {
        return OVERHEAD_BYTES + (long) (1 + TREE_FACTOR) * length;
    }

    /** Whether it took long when it was executed last. */
    boolean isLong() {
        return isLong;
    }

    void isLong(boolean whether) {
        isLong = whether;
    }
}
