package io.hotpair.resp;

import io.hotpair.resp.Command.Flag;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;

/**
 * The clients that watch what all others execute. Thread-safe.
 *
 * <p>A line gets its place in one order, as a message of a channel does, and goes through the inbox
 * of each event loop that has a monitor: all of them see the same lines in the same order. While
 * there is no monitor a command pays one load.
 */
final class Monitors {
    private static final int OVERHEAD = 64;
    private static final String REDACTED = " \"(redacted)\"";

    private final RespServer server;

    /** How many clients of each event loop watch. Guarded by this. */
    private int[] counts = {};

    private long sequence;
    private volatile boolean active;

    Monitors(RespServer server) {
        this.server = server;
    }

    /** Whether anybody watches. */
    boolean isActive() {
        return active;
    }

    /** Has a client watch from now on. Called by its event loop. */
    synchronized void add(Client client) {
        int index = client.connection().worker().index();
        if (counts.length <= index) {
            counts = Arrays.copyOf(counts, index + 1);
        }
        counts[index]++;
        client.monitorsSince(sequence);
        active = true;
    }

    /** Ends that, if it is so. Called by its event loop. */
    synchronized void remove(Client client) {
        if (client.isMonitor()) {
            counts[client.connection().worker().index()]--;
            client.monitorsSince(Client.NO_MONITOR);
            active = Arrays.stream(counts).anyMatch(count -> count > 0);
        }
    }

    /** Whether a command is shown: not what rules the server, where secrets are. */
    static boolean shows(Command command) {
        return !command.has(Flag.ADMIN);
    }

    /** What is shown of a command that was executed. */
    byte[] line(Command command, Request request, Client client) {
        long nowMs = server.keyspace().currentTimeMs();
        StringBuilder line = new StringBuilder();
        line.append(String.format(Locale.ROOT, "+%d.%03d000", nowMs / 1_000, nowMs % 1_000));
        boolean isScripted = client.transaction().isScripted();
        line.append(" [")
                .append(client.database())
                .append(' ')
                .append(isScripted ? "lua" : client.address())
                .append(']');
        BitSet secrets = secrets(command, request);
        for (int i = 0; i < request.count(); i++) {
            if (secrets.get(i)) {
                line.append(REDACTED);
            } else {
                line.append(' ');
                quote(request.copy(i), line);
            }
        }
        return line.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Which arguments are a name or a password, or may be one if it is written oddly. */
    private static BitSet secrets(Command command, Request request) {
        BitSet secrets = new BitSet();
        switch (command.name()) {
            case "auth" -> secrets.set(1, request.count());
            case "hello" -> {
                for (int i = 2; i < request.count(); i++) {
                    if (request.is(i, "AUTH")) {
                        secrets.set(i + 1, i + 3);
                    }
                }
            }
            case "migrate" -> secrets.or(MigrateArguments.secrets(request));
            default -> {}
        }
        return secrets;
    }

    private static void quote(byte[] bytes, StringBuilder to) {
        to.append('"');
        for (byte each : bytes) {
            switch (each) {
                case '\\', '"' -> to.append('\\').append((char) each);
                case '\n' -> to.append("\\n");
                case '\r' -> to.append("\\r");
                case '\t' -> to.append("\\t");
                case 7 -> to.append("\\a");
                case '\b' -> to.append("\\b");
                default -> {
                    if (each >= ' ' && each < 127) {
                        to.append((char) each);
                    } else {
                        to.append(String.format(Locale.ROOT, "\\x%02x", each & 0xFF));
                    }
                }
            }
        }
        to.append('"');
    }

    /** Shows a line to all who watch. Called by any event loop. */
    void tell(byte[] encoded) {
        synchronized (this) {
            Line line = new Line(encoded, ++sequence);
            for (Worker worker : server.workers()) {
                if (worker.index() < counts.length && counts[worker.index()] > 0) {
                    worker.inbox().offer(line);
                }
            }
        }
        for (Worker worker : server.workers()) {
            worker.inbox().signalIfAny();
        }
    }

    /** A line on its way. */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    private record Line(byte[] encoded, long sequence) implements Inbox.Delivery {
        @Override
        public long bytes() {
            return (long) encoded.length + OVERHEAD;
        }

        @Override
        public void deliver(Inbox at) {
            at.forEachMonitor(sequence, client -> client.connection().push(encoded));
        }
    }
}
