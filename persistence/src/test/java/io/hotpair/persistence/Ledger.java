package io.hotpair.persistence;

import io.hotpair.Keyspace;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a victim's writers were acknowledged, kept outside the victim. Writer {@code n} counts up in
 * the key {@code wn}, whose value is {@code v<number>}, with whatever follows a space, and says
 * {@code ack <n> <number>}.
 */
final class Ledger {
    private final Map<Integer, Long> acknowledged = new TreeMap<>();

    /** Takes an acknowledgement. */
    void note(String line) {
        String[] words = line.split(" ", -1);
        acknowledged.merge(Integer.valueOf(words[1]), Long.valueOf(words[2]), Math::max);
    }

    /** Takes the acknowledgements among lines. */
    void noteAll(List<String> lines) {
        lines.stream().filter(line -> line.startsWith("ack ")).forEach(this::note);
    }

    /** Forgets what a writer was acknowledged: it may be gone. */
    void forget(int writer) {
        acknowledged.remove(writer);
    }

    /** How many writes were acknowledged to those who are not forgotten. */
    long total() {
        return acknowledged.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Up to where a writer's writes are there. */
    static long kept(int writer, Keyspace keyspace) {
        String value = keyspace.get("w" + writer);
        return value == null ? 0 : Long.parseLong(value.substring(1).split(" ", -1)[0]);
    }

    /** How many of a writer's acknowledged writes are gone. */
    long lostBy(int writer, Keyspace keyspace) {
        return Math.max(0, acknowledged.getOrDefault(writer, 0L) - kept(writer, keyspace));
    }

    /** Throws unless all that was acknowledged is there. */
    void verify(Keyspace keyspace, String where) {
        acknowledged.forEach(
                (writer, number) -> {
                    if (lostBy(writer, keyspace) > 0) {
                        throw new IllegalStateException(
                                where
                                        + " writer="
                                        + writer
                                        + ": acknowledged "
                                        + number
                                        + ", kept "
                                        + kept(writer, keyspace));
                    }
                });
    }
}
