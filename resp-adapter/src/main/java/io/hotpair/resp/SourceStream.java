package io.hotpair.resp;

import io.hotpair.DeadlineHold;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Executes what a Redis sends to its replicas, in order. What stands between MULTI and EXEC is
 * executed together when EXEC is there. The {@link #offset} is always behind a whole command or
 * group, so the stream can be taken up again there.
 */
final class SourceStream {
    private static final int FIRST_LENGTH = 1 << 18;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 64;
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private final LocalClient client;
    private final int databases;
    private final DeadlineHold deadlines;
    private final BooleanSupplier stopping;
    private final List<Request> group = new ArrayList<>();
    private boolean inGroup;
    private byte[] bytes = new byte[FIRST_LENGTH];
    private RequestParser parser = new RequestParser(MAX_ARRAY);
    private long received;
    private long selected;
    private long selectedAtGroup;
    private long selectedAtOffset;
    private volatile long offset;
    private boolean asked;
    private boolean warned;

    /**
     * Creates one.
     *
     * @param databases how many there are here
     */
    SourceStream(
            LocalClient client, int databases, DeadlineHold deadlines, BooleanSupplier stopping) {
        this.client = client;
        this.databases = databases;
        this.deadlines = deadlines;
        this.stopping = stopping;
    }

    /** The bytes of the stream that are executed. May be read by any thread. */
    long offset() {
        return offset;
    }

    /** Begins behind a full copy. */
    void begin(long at) {
        offset = at;
        selectedAtOffset = 0;
        resume();
    }

    /** Begins where it was: what came of a command that is not whole comes again. */
    void resume() {
        parser = new RequestParser(MAX_ARRAY);
        parser.input(bytes, 0, 0);
        received = offset;
        selected = selectedAtOffset;
        inGroup = false;
        group.clear();
    }

    /** Whether it was asked for the offset since the last call. */
    boolean takeAsked() {
        boolean was = asked;
        asked = false;
        return was;
    }

    /**
     * Reads once, and executes what is whole.
     *
     * @return whether there is more to come
     */
    boolean advance(InputStream in) throws IOException {
        int kept = parser.remaining();
        if (kept == MAX_ARRAY) {
            throw new IllegalArgumentException(
                    "a command is longer than " + MAX_ARRAY + " bytes, expected less");
        }
        if (kept == bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_ARRAY, 2L * kept));
        } else if (parser.start() > 0) {
            System.arraycopy(bytes, parser.start(), bytes, 0, kept);
        }
        int n = in.read(bytes, kept, bytes.length - kept);
        parser.input(bytes, 0, kept + Math.max(0, n));
        received += Math.max(0, n);
        executeAll();
        return n >= 0;
    }

    private void executeAll() {
        while (parser.remaining() > 0 && !stopping.getAsBoolean()) {
            switch (parser.next(true)) {
                case INCOMPLETE -> {
                    return;
                }
                case ERROR ->
                        throw new IllegalArgumentException(
                                "the stream is damaged at offset="
                                        + (received - parser.remaining())
                                        + ": "
                                        + parser.error());
                case REQUEST -> take(parser.request());
            }
        }
    }

    private void take(Request request) {
        if (request.is(0, "SELECT") && request.count() == 2 && request.isInteger(1)) {
            select(request);
        } else if (request.is(0, "MULTI")) {
            inGroup = true;
            selectedAtGroup = selected;
        } else if (request.is(0, "EXEC")) {
            executeGroup();
        } else if (request.is(0, "REPLCONF")) {
            asked = true;
        } else if (!isNoData(request)) {
            check(request);
            if (inGroup) {
                group.add(request.copy());
            } else {
                execute(List.of(request), selected);
            }
        }
        if (!inGroup && !stopping.getAsBoolean()) {
            selectedAtOffset = selected;
            offset = received - parser.remaining();
        }
    }

    private void select(Request request) {
        selected = request.integer(1);
        if (inGroup) {
            group.add(request.copy());
        }
    }

    /** Messages and scripts are not in a keyspace. */
    private static boolean isNoData(Request request) {
        return request.is(0, "PING")
                || request.is(0, "PUBLISH")
                || request.is(0, "SPUBLISH")
                || request.is(0, "PFCOUNT")
                || request.is(0, "SCRIPT");
    }

    private void check(Request request) {
        if (selected >= databases && !request.is(0, "FLUSHALL")) {
            throw refused(
                    request, "database=" + selected + ", expected at most " + (databases - 1));
        }
        Command command = client.find(request);
        if (command == null || !command.isWrite() || command.has(Command.Flag.BLOCKING)) {
            throw refused(request, "expected one that writes and is known here");
        }
        if (command.name().equals("xclaim")) {
            // When an entry was delivered is taken for now if that is later than now.
            AofReplay.timesOfDelivery(request, deadlines::reach);
        }
    }

    private void executeGroup() {
        inGroup = false;
        List<Request> all = List.copyOf(group);
        group.clear();
        if (!all.isEmpty()) {
            execute(all, selectedAtGroup);
        }
    }

    /** Executes one command, or several as one; again where the log has no room now. */
    private void execute(List<Request> requests, long database) {
        client.select(database < databases ? (int) database : 0);
        String error = attempt(requests);
        while (error != null) {
            if (!isPassing(error)) {
                throw client.refusal(about(requests.get(0), error));
            }
            if (stopping.getAsBoolean()) {
                return;
            }
            if (!warned) {
                warned = true;
                RespServer.LOGGER.warn("What is migrated waits: {}", error);
            }
            LockSupport.parkNanos(this, RETRY_NS);
            error = attempt(requests);
        }
        warned = false;
    }

    private static boolean isPassing(String error) {
        String why = error.replaceFirst("^EXECABORT Transaction discarded because of: ", "");
        return why.startsWith("TRYAGAIN ")
                || why.startsWith("MISCONF ")
                || why.startsWith("NOREPLICAS ");
    }

    private @Nullable String attempt(List<Request> requests) {
        return requests.size() == 1
                ? client.execute(requests.get(0))
                : client.executeTogether(requests);
    }

    private IllegalArgumentException refused(Request request, String why) {
        return new IllegalArgumentException(about(request, why));
    }

    private String about(Request request, String why) {
        return "offset="
                + offset
                + " command="
                + request.inError(0, 40).toUpperCase(Locale.ROOT)
                + ": "
                + why;
    }
}
