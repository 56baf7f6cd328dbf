package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/**
 * An error that a script may catch. Carries no Java stack trace: scripts may raise as many as they
 * like.
 */
public final class LuaError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Object value;
    private final @Nullable String source;
    private final int line;

    LuaError(@Nullable Object value, @Nullable String source, int line) {
        super(null, null, false, false);
        this.value = value;
        this.source = source;
        this.line = line;
    }

    /**
     * What was raised.
     *
     * @return any value
     */
    public @Nullable Object value() {
        return value;
    }

    /**
     * The chunk in which it was raised.
     *
     * @return the chunk's name with its sign, {@code =[C]} if a library's function called the one
     *     that raised it, null if nobody knows
     */
    public @Nullable String source() {
        return source;
    }

    /**
     * The line in which it was raised.
     *
     * @return the line, from 1; -1 if there is none
     */
    public int line() {
        return line;
    }

    @Override
    public String getMessage() {
        return String.valueOf(value);
    }
}
