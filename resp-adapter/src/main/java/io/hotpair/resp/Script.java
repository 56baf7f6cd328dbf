package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.LuaChunk;
import io.hotpair.resp.internal.lua.LuaError;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A script as it was given; compiled by its first execution. */
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

    private final byte[] source;
    private final String sha;
    private final Set<Flag> flags;
    private final boolean hasShebang;
    private volatile @Nullable LuaChunk chunk;
    private volatile boolean isLong;

    /**
     * Makes one, and reads what it says of itself.
     *
     * @throws CommandException if that is nothing known
     */
    Script(byte[] source, String sha) {
        this.source = source;
        this.sha = sha;
        hasShebang = source.length > 1 && source[0] == '#' && source[1] == '!';
        flags = EnumSet.noneOf(Flag.class);
        if (hasShebang) {
            readFlags(firstLine(source), flags);
        }
    }

    /**
     * The script compiled, once.
     *
     * @throws CommandException if it is none
     */
    LuaChunk compile(Budget budget) {
        LuaChunk known = chunk;
        if (known != null) {
            return known;
        }
        // Without the line that begins with an engine's name; what is left keeps the lines' count.
        byte[] body =
                hasShebang
                        ? Arrays.copyOfRange(source, firstLine(source).length(), source.length)
                        : source;
        try {
            LuaChunk compiled = LuaChunk.compile(body, CHUNK_NAME, budget);
            chunk = compiled;
            return compiled;
        } catch (LuaError e) {
            throw new CommandException(
                    "ERR Error compiling script (new function): " + e.getMessage());
        }
    }

    static String sha(byte[] bytes) {
        return HexFormat.of().formatHex(sha1().digest(bytes));
    }

    static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    private static String firstLine(byte[] source) {
        int end = 0;
        while (end < source.length && source[end] != '\n') {
            end++;
        }
        if (end == source.length) {
            throw new CommandException("ERR Invalid script shebang");
        }
        return new String(source, 0, end, StandardCharsets.ISO_8859_1);
    }

    private static void readFlags(String line, Set<Flag> flags) {
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
    }

    byte[] source() {
        return source;
    }

    String sha() {
        return sha;
    }

    boolean isCompiled() {
        return chunk != null;
    }

    /** Whether it says anything of itself; one that does not is taken as of old. */
    boolean hasShebang() {
        return hasShebang;
    }

    boolean has(Flag flag) {
        return flags.contains(flag);
    }

    /** About what it takes; before it is compiled, that of its text. */
    long bytes() {
        LuaChunk compiled = chunk;
        return OVERHEAD_BYTES + source.length + (compiled == null ? 0 : compiled.bytes());
    }

    /** Whether it took long when it was executed last. */
    boolean isLong() {
        return isLong;
    }

    void isLong(boolean whether) {
        isLong = whether;
    }
}
