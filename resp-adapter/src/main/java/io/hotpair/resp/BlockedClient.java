package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.LongDouble;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command that waits for a key to have something for it. The keyspace waits, serves those who
 * wait in their order, and completes a future; this only parks the request meanwhile, and wakes the
 * connection then.
 *
 * <p>What was taken for a client that goes at that moment is gone with it, as it is when a reply is
 * lost on its way; one that goes earlier takes nothing, as its future is cancelled.
 *
 * @param <R> what it gets
 */
final class BlockedClient<R> implements Parked {
    /** The reply to one that waits when this node stops being the master. */
    static final String ROLE_LOST =
            "UNBLOCKED force unblock from blocking operation, instance state changed (master ->"
                    + " replica?)";

    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final BigInteger TOO_MANY_MS =
            BigInteger.valueOf(Long.MAX_VALUE).add(BigInteger.ONE);

    /** Writes the reply. */
    @FunctionalInterface
    interface Answer<R> {
        /**
         * Writes it.
         *
         * @param found what came, or null if the time is over
         */
        void write(@Nullable R found, ReplyBuffer reply);
    }

    private final Client client;
    private CompletableFuture<R> future;
    private boolean tries;
    private final Answer<R> answer;
    private final boolean takes;
    private final long term;

    private BlockedClient(
            Client client, CompletableFuture<R> future, Answer<R> answer, boolean takes) {
        this.client = client;
        this.future = future;
        this.answer = answer;
        this.takes = takes;
        // To lose this term would end the wait, so it is also the one in which something is taken.
        term = client.keyspace().term();
    }

    /**
     * Answers at once if there is something, else parks the command that is executing.
     *
     * @param future what the keyspace completes
     * @param takes whether the keyspace is changed when something comes
     * @param answer writes the reply, in the event loop's thread
     */
    static <R> void await(
            Client client,
            ReplyBuffer reply,
            CompletableFuture<R> future,
            boolean takes,
            Answer<R> answer) {
        BlockedClient<R> blocked = new BlockedClient<>(client, future, answer, takes);
        if (future.isDone()) {
            blocked.answer(reply);
            return;
        }
        client.park(blocked);
        future.whenComplete((found, failure) -> client.connection().wake(blocked))
                .exceptionally(failure -> null);
    }

    @Override
    public long advance(ReplyBuffer reply) {
        if (future.isDone() ? isMoved() : tries) {
            return waitAnew(reply);
        }
        if (!future.isDone()) {
            return UNTIL_WOKEN;
        }
        answer(reply);
        return DONE;
    }

    private boolean isMoved() {
        return future.handle((found, failure) -> failure instanceof Moved).join();
    }

    /** The client's database has other keys now: waits for those, as long as is left. */
    private long waitAnew(ReplyBuffer reply) {
        Command command = client.lastCommand();
        Client.Begun begun = client.begun();
        if (command == null || begun == null) {
            throw new IllegalStateException("begun=" + begun + ", expected a command that waits");
        }
        int from = reply.length();
        Request request = withTimeLeft(command, begun.request());
        if (request == null) {
            answer.write(null, reply);
            return DONE;
        }
        Request stored = client.server().databases().stored(command, request, client);
        client.session().origin(new Origin(client, command, stored));
        client.began(begun.request(), stored, begun.ns());
        Parked unused = client.takeParked();
        try {
            command.function().execute(stored, client, reply);
        } catch (CommandException | HotpairException e) {
            if (e instanceof HotpairException failure && !isOfValue(failure)) {
                throw failure;
            }
            if (command.name().equals("xreadgroup")) {
                throw StreamReadCommands.lost(stored, client);
            }
            // What is there of another type is as good as nothing to one who waits already.
            reply.truncate(from);
            future = new CompletableFuture<>();
            tries = true;
            client.park(this);
            return RETRY_NS;
        }
        return client.parked() == null ? DONE : UNTIL_WOKEN;
    }

    private static boolean isOfValue(HotpairException failure) {
        return switch (failure.category()) {
            case WRONG_TYPE, WRONG_VALUE -> true;
            default -> false;
        };
    }

    /** The same request for the time that is left of its own; null if that is over. */
    private @Nullable Request withTimeLeft(Command command, Request request) {
        boolean isRead = command.name().startsWith("xread");
        int at = command.name().endsWith("mpop") ? 1 : request.count() - 1;
        for (int i = request.is(1, "GROUP") ? 4 : 1; isRead && !request.is(i, "STREAMS"); i++) {
            at = request.is(i, "BLOCK") ? i + 1 : at;
        }
        Duration whole = isRead ? Duration.ofMillis(request.integer(at)) : timeout(request, at);
        if (whole.isZero()) {
            return request;
        }
        long waitedNs = client.keyspace().nanoTime() - client.lastCommandNs();
        long leftMs = whole.toMillis() - TimeUnit.NANOSECONDS.toMillis(waitedNs);
        if (leftMs <= 0) {
            return null;
        }
        BigDecimal left = BigDecimal.valueOf(leftMs, isRead ? 0 : 3);
        BitSet which = new BitSet();
        which.set(at);
        return request.replaced(which, old -> left.toString().getBytes(StandardCharsets.US_ASCII));
    }

    /** Says that the client's database has other keys from now on. Called in its event loop. */
    void move() {
        boolean unused = future.completeExceptionally(new Moved());
    }

    private void answer(ReplyBuffer reply) {
        R found;
        try {
            found = future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Unblocked unblocked) {
                unblocked.throwIfError();
                answer.write(null, reply);
                return;
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        if (found != null && takes) {
            // Which of the operations up to now it was is not told; to wait for the last one is to
            // wait for it too.
            client.noteWrite(client.keyspace().statistics().lastOpId(), term);
        }
        answer.write(found, reply);
    }

    @Override
    public void cancel() {
        boolean unused = future.cancel(false);
    }

    /**
     * Ends the wait as a time-out does, or with an error.
     *
     * @param then told whether that is how it ended; by any thread, once
     */
    void unblock(boolean withError, Consumer<Boolean> then) {
        Unblocked how = new Unblocked(withError);
        boolean unused = future.completeExceptionally(how);
        future.whenComplete((found, failure) -> then.accept(failure == how))
                .exceptionally(failure -> null);
    }

    /** Ends the wait because this node takes no writes any more. */
    void endForReplica() {
        boolean unused =
                future.completeExceptionally(
                        new HotpairException(HotpairException.Category.NOT_MASTER, ROLE_LOST));
    }

    /** Ends a wait for another one to begin. */
    private static final class Moved extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Moved() {
            super(null, null, false, false);
        }
    }

    /** Ends a wait from outside. */
    private static final class Unblocked extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean withError;

        Unblocked(boolean withError) {
            super(null, null, false, false);
            this.withError = withError;
        }

        void throwIfError() {
            if (withError) {
                throw new CommandException("UNBLOCKED client unblocked via CLIENT UNBLOCK");
            }
        }
    }

    /** How long an argument says that is to be waited: seconds, also parts of them; 0 for ever. */
    static Duration timeout(Request request, int argument) {
        LongDouble seconds = LongDouble.parse(request.text(argument));
        if (seconds == null) {
            throw new CommandException("ERR timeout is not a float or out of range");
        }
        LongDouble ms = seconds.times(1000);
        // The least part of a second is a millisecond: only a zero waits for ever.
        BigInteger wholeMs = ms.isFinite() ? ms.ceiling() : TOO_MANY_MS;
        // What does not fit is negative when Redis has converted it.
        if (wholeMs.signum() < 0 || wholeMs.compareTo(TOO_MANY_MS) >= 0) {
            throw new CommandException("ERR timeout is negative");
        }
        return Duration.ofMillis(wholeMs.longValue());
    }
}
