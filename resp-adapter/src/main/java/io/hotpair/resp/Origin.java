package io.hotpair.resp;

import io.hotpair.Session;
import io.hotpair.WriteListener.Write;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command on whose behalf keys are written, and what it wrote: the keyspace hands it back with
 * each write. Filled by the thread that executes the command; one that waits for a key is filled by
 * whichever thread serves it.
 */
final class Origin {
    private final Client client;
    private final Command command;
    private final Request request;
    private final List<Write> writes = new ArrayList<>(2);
    private List<byte[]> missing = List.of();
    private StreamProbe probe = StreamProbe.NONE;
    private List<byte[]> besides = List.of();
    private Databases.@Nullable Mapping mapping;
    private boolean served;
    private boolean failed;
    private boolean nothing;
    private boolean zero;
    private int nulls;
    private String error = "";

    /**
     * Creates one.
     *
     * @param request its arguments; they must stay as they are for as long as it writes, but for
     *     MIGRATE's, at which nobody looks when it writes
     */
    Origin(Client client, Command command, Request request) {
        this.client = client;
        this.command = command;
        this.request = request;
    }

    /** Says which database had which area when it was executed, as a part of a transaction. */
    void mapping(Databases.Mapping then) {
        mapping = then;
    }

    /** That, or null if it is no part of one. */
    Databases.@Nullable Mapping mapping() {
        return mapping;
    }

    Client client() {
        return client;
    }

    Command command() {
        return command;
    }

    Request request() {
        return request;
    }

    /** Whether it deletes everything, which is told as one thing. */
    boolean isFlush() {
        return command.name().startsWith("flush");
    }

    List<Write> writes() {
        return writes;
    }

    /** Takes down which of the keys that it will read are not there. */
    void missing(List<byte[]> keys) {
        missing = keys;
    }

    List<byte[]> missing() {
        return missing;
    }

    void probe(StreamProbe before) {
        probe = before;
    }

    /** What the command did to streams besides what its name says. */
    List<byte[]> besides() {
        return served ? probe.changed(client.keyspace().unnoticed()) : besides;
    }

    /** The same command when it is served, after a while, by whichever thread. */
    Origin served(List<Write> its) {
        Origin later = new Origin(client, command, request);
        later.writes.addAll(its);
        later.probe = probe;
        later.served = true;
        return later;
    }

    /** Takes down what the command's reply says of its success. */
    void answered(ReplyBuffer reply, int from) {
        // Now, as in a transaction what comes after it may do the same, or undo it.
        besides = probe.changed(client.unnoticed());
        byte[] bytes = reply.bytes();
        int length = reply.length() - from;
        if (length < 3) {
            return;
        }
        if (command.name().equals("bitfield")) {
            nulls = countNulls(bytes, from, reply.length() - 1);
        }
        if (command.name().equals("ltrim") || command.name().equals("hsetex")) {
            // The ones that say yes of a key that is not there.
            byte[] key = request.copy(1);
            nothing = client.session().deadlineMs(key, 0, key.length) == Session.ABSENT;
        }
        char second = (char) bytes[from + 1];
        switch (bytes[from]) {
            case '-' -> {
                failed = true;
                error = new String(bytes, from, Math.min(length, 16), StandardCharsets.ISO_8859_1);
            }
            case '_' -> nothing = true;
            case '$', '*' -> nothing = second == '-';
            case ':' -> zero = second == '0' || second == '-';
            default -> {}
        }
    }

    /** Takes down that it is not answered yet. */
    void waits() {
        nothing = true;
    }

    /** How many of the elements of its answer are null. */
    int nulls() {
        return nulls;
    }

    private static int countNulls(byte[] bytes, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += bytes[i] == '_' || (bytes[i] == '$' && bytes[i + 1] == '-') ? 1 : 0;
        }
        return count;
    }

    /** Whether it was answered with an error. */
    boolean hasFailed() {
        return failed;
    }

    /** Whether its error came of a key that is not there. */
    boolean missedItsKey() {
        return error.startsWith("-NOGROUP") || error.startsWith("-ERR no such key");
    }

    /** Whether it was answered with null. */
    boolean foundNothing() {
        return failed || nothing;
    }

    /** Whether it was answered with zero or less, or an error. */
    boolean refused() {
        return failed || zero;
    }

    /** Whether it was answered with null, zero or less. */
    boolean didNothing() {
        return failed || nothing || zero;
    }
}
