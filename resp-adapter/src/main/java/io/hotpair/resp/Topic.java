package io.hotpair.resp;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Something that clients have subscribed to: a channel, a shard channel or a pattern. */
final class Topic {
    /** What is subscribed to. */
    enum Kind {
        CHANNEL(""),
        PATTERN("p"),
        SHARD("s");

        private final String letter;

        Kind(String letter) {
            this.letter = letter;
        }

        /** A word as this kind has it: {@code psubscribe} of {@code subscribe}. */
        String word(String plain) {
            return letter + plain;
        }

        /** Whether its subscriptions are counted together with those of channels and patterns. */
        boolean isShard() {
            return this == SHARD;
        }
    }

    private final Kind kind;
    private final KeyName name;
    private final @Nullable GlobPattern pattern;

    /** How many clients of each event loop there are; guarded by {@link PubSub}'s lock. */
    private final int[] counts;

    private int total;

    Topic(Kind kind, KeyName name, int workers) {
        this.kind = kind;
        this.name = name;
        pattern = kind == Kind.PATTERN ? new GlobPattern(name.bytes(), false) : null;
        counts = new int[workers];
    }

    Kind kind() {
        return kind;
    }

    KeyName name() {
        return name;
    }

    boolean matches(byte[] channel) {
        return pattern != null && matches(pattern, channel);
    }

    /** Whether a pattern fits; the empty channel fits the empty pattern alone, not the star. */
    static boolean matches(GlobPattern pattern, byte[] channel) {
        return channel.length == 0 ? pattern.isEmpty() : pattern.matches(channel);
    }

    int total() {
        return total;
    }

    boolean hasAt(int worker) {
        return counts[worker] > 0;
    }

    void add(int worker, int change) {
        counts[worker] += change;
        total += change;
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " with " + total + " subscribers";
    }
}
