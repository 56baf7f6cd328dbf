package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The latest commands that took long. Thread-safe. */
final class SlowLog {
    private static final byte[] REDACTED = "(redacted)".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_ARGUMENTS = 32;
    private static final int MAX_ARGUMENT_LENGTH = 128;

    private final Settings settings;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    SlowLog(Settings settings) {
        this.settings = settings;
    }

    /**
     * A command that took long.
     *
     * @param id grows by one from entry to entry
     * @param timeMs when it ran
     * @param durationUs how long
     * @param arguments what it was, shortened
     * @param address who sent it
     * @param clientName what the sender called itself
     */
    record Entry(
            long id,
            long timeMs,
            long durationUs,
            List<byte[]> arguments,
            String address,
            String clientName) {}

    private boolean isSlow(long durationNs) {
        long thresholdUs = settings.slowLogThresholdUs();
        return thresholdUs >= 0 && durationNs >= TimeUnit.MICROSECONDS.toNanos(thresholdUs);
    }

    /** Keeps a command if it took long, and is one of those that are kept. */
    void offer(Command command, Request request, Client client, long durationNs) {
        if (isSlow(durationNs)
                && !command.has(Command.Flag.NO_AUTH)
                && !command.has(Command.Flag.SKIP_SLOWLOG)) {
            add(command, request, client, durationNs, client.keyspace().currentTimeMs());
        }
    }

    private void add(Command command, Request request, Client client, long durationNs, long nowMs) {
        List<byte[]> arguments = shortened(command, request);
        String name = client.name();
        synchronized (this) {
            entries.addFirst(
                    new Entry(
                            nextId++,
                            nowMs,
                            TimeUnit.NANOSECONDS.toMicros(durationNs),
                            arguments,
                            client.address(),
                            name == null ? "" : name));
            while (entries.size() > settings.slowLogMaxLength()) {
                entries.removeLast();
            }
        }
    }

    synchronized List<Entry> latest(long count) {
        List<Entry> latest = new ArrayList<>();
        for (Entry entry : entries) {
            if (latest.size() == count) {
                break;
            }
            latest.add(entry);
        }
        return latest;
    }

    synchronized int size() {
        return entries.size();
    }

    synchronized void reset() {
        entries.clear();
    }

    private static List<byte[]> shortened(Command command, Request request) {
        int count = Math.min(request.count(), MAX_ARGUMENTS);
        List<byte[]> arguments = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            if (i == MAX_ARGUMENTS - 1 && request.count() > MAX_ARGUMENTS) {
                arguments.add(more(request.count() - MAX_ARGUMENTS + 1, "arguments"));
            } else if (isSecret(command, request, i)) {
                arguments.add(REDACTED.clone());
            } else if (request.length(i) > MAX_ARGUMENT_LENGTH) {
                arguments.add(shortened(request, i));
            } else {
                arguments.add(request.copy(i));
            }
        }
        return arguments;
    }

    /** Whether an argument may be a password. */
    private static boolean isSecret(Command command, Request request, int argument) {
        return switch (command.fullName()) {
            case "migrate" -> MigrateArguments.secrets(request).get(argument);
            case "acl|setuser" -> argument > 1;
            case "config|set" -> argument > 1 && request.is(argument - 1, "REQUIREPASS");
            default -> false;
        };
    }

    private static byte[] shortened(Request request, int argument) {
        byte[] rest = more(request.length(argument) - MAX_ARGUMENT_LENGTH, "bytes");
        byte[] shortened = new byte[MAX_ARGUMENT_LENGTH + rest.length];
        System.arraycopy(
                request.bytes(), request.offset(argument), shortened, 0, MAX_ARGUMENT_LENGTH);
        System.arraycopy(rest, 0, shortened, MAX_ARGUMENT_LENGTH, rest.length);
        return shortened;
    }

    private static byte[] more(int count, String what) {
        return ("... (" + count + " more " + what + ")").getBytes(StandardCharsets.US_ASCII);
    }
}
