package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.Session;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Executes commands on a keyspace as a client's are, in the caller's thread and without a network:
 * it has a connection that was never made, and an event loop that never runs.
 */
final class LocalClient implements AutoCloseable {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 64;
    private static final long MAX_CLIENT_MEMORY = 1L << 42;
    private static final long SCRIPT_POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final RespServer server;
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("hotpair-local", true), NioIoHandler.newFactory());
    private final NioSocketChannel channel = new NioSocketChannel();
    private final Worker worker;
    private final Client client;

    /**
     * Makes one.
     *
     * @param limits says what scripts and libraries of functions may take
     */
    LocalClient(Keyspace keyspace, RespConfig limits) {
        this(keyspace, keyspace.config().clock()::currentTimeMs, KeyArea.COUNT, limits);
    }

    /** Makes one with so many databases, for which it is as late as somebody says. */
    LocalClient(Keyspace keyspace, LongSupplier nowMs, int databases, RespConfig limits) {
        RespConfig config =
                RespConfig.builder()
                        .port(0)
                        .databases(databases)
                        .queryBufferLimit(MAX_BYTES)
                        .clientMemoryLimit(MAX_CLIENT_MEMORY)
                        .scriptMemoryLimit(limits.scriptMemoryLimitBytes())
                        .scriptCacheLimit(limits.scriptCacheLimitBytes())
                        .scriptTimeout(limits.scriptTimeout())
                        .build();
        server = new RespServer(KeyspacePort.of(keyspace, nowMs), config);
        server.unhurried(true);
        worker = new Worker(loops.next(), server, 0);
        server.workers().add(worker);
        Session session = keyspace.session();
        client = new Connection(1, channel, worker, session).client();
        // It comes from no address, so nobody else would let it in.
        client.account(server.acl().defaultAccount());
    }

    /** The command or subcommand that a request names, or null if there is none. */
    @Nullable Command find(Request request) {
        Command command =
                server.commands().find(request.bytes(), request.offset(0), request.length(0));
        if (command == null || command.subcommands().isEmpty() || request.count() == 1) {
            return command;
        }
        return command.subcommands().get(request.inError(1).toLowerCase(Locale.ROOT));
    }

    /**
     * Executes a command.
     *
     * @return the first error in the reply, or null
     */
    @Nullable String execute(Request request) {
        ReplyBuffer reply = worker.reply();
        reply.begin(2, MAX_BYTES);
        Dispatcher dispatcher = worker.dispatcher();
        HotpairException unused = dispatcher.takeFailure();
        Dispatcher.Result result = dispatcher.execute(request, client, reply);
        Parked parked = client.parked();
        if (result == Dispatcher.Result.PARKED && parked != null) {
            finish(dispatcher, parked, reply);
        }
        return firstError(reply.bytes(), reply.length());
    }

    /**
     * What to throw after an error: of the keyspace's own kind if it was the keyspace that refused
     * what was executed last, and else that the command can't be executed, here or anywhere.
     */
    RuntimeException refusal(String message) {
        HotpairException cause = worker.dispatcher().takeFailure();
        if (cause == null
                || cause.category() == HotpairException.Category.WRONG_TYPE
                || cause.category() == HotpairException.Category.WRONG_VALUE) {
            return new IllegalArgumentException(message, cause);
        }
        return new HotpairException(cause.category(), message, cause);
    }

    /**
     * Adds libraries of functions, all or none.
     *
     * @param whose begins the message if they can't be loaded
     * @throws HotpairException as a write may fail
     * @throws IllegalArgumentException if one can't be loaded here
     */
    void addLibraries(Iterable<byte[]> sources, FunctionSet.Policy policy, String whose) {
        String error =
                execute(
                        request(
                                "FUNCTION".getBytes(StandardCharsets.US_ASCII),
                                "RESTORE".getBytes(StandardCharsets.US_ASCII),
                                RdbPayload.ofLibraries(sources),
                                policy.name().getBytes(StandardCharsets.US_ASCII)));
        if (error != null) {
            throw refusal(whose + ": " + error);
        }
    }

    /** Selects a database, without a word. */
    void select(int database) {
        client.database(database);
    }

    /**
     * Executes commands as one step.
     *
     * @return the first error, or null
     */
    @Nullable String executeTogether(List<Request> requests) {
        String error = execute(request("MULTI"));
        for (Request request : requests) {
            error = error == null ? execute(request) : error;
        }
        if (error != null) {
            String unused = execute(request("DISCARD"));
            return error;
        }
        return execute(request("EXEC"));
    }

    /** A request that is made here. */
    static Request request(String... words) {
        return request(
                Stream.of(words)
                        .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                        .toArray(byte[][]::new));
    }

    static Request request(byte[]... arguments) {
        int length = 0;
        for (byte[] argument : arguments) {
            length += argument.length;
        }
        byte[] all = new byte[length];
        Request request = new Request();
        request.reset();
        request.locate(all, 0);
        int at = 0;
        for (byte[] argument : arguments) {
            System.arraycopy(argument, 0, all, at, argument.length);
            request.add(at, argument.length);
            at += argument.length;
        }
        return request;
    }

    /** What goes in steps, to let others have their turns, has nobody to wait for. */
    private void finish(Dispatcher dispatcher, Parked parked, ReplyBuffer reply) {
        if (parked instanceof ScriptRun script) {
            // It takes long, so it has a thread of its own.
            while (!script.isDone()) {
                LockSupport.parkNanos(this, SCRIPT_POLL_NS);
            }
        }
        long delayNs;
        do {
            delayNs = dispatcher.advance(parked, ReplyBuffer.NO_TERM, client, reply);
        } while (delayNs == 0);
        if (delayNs != Parked.DONE) {
            parked.cancel();
            client.unpark();
            throw new IllegalArgumentException("expected a command that does not wait");
        }
    }

    /** Goes from one part of a reply to the next, over the bytes of strings. */
    private static @Nullable String firstError(byte[] reply, int length) {
        int at = 0;
        while (at < length) {
            int kind = reply[at];
            int end = at;
            while (reply[end] != '\r') {
                end++;
            }
            String line = new String(reply, at + 1, end - at - 1, StandardCharsets.ISO_8859_1);
            if (kind == '-') {
                return line;
            }
            at = end + 2;
            if (kind == '$' && !line.equals("-1")) {
                at += Integer.parseInt(line) + 2;
            }
        }
        return null;
    }

    /** Waits until all writes are as far as the server's level says; returns whether they are. */
    boolean awaitAcknowledged() {
        Session session = client.session();
        if (session.lastOpId() == 0) {
            return true;
        }
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        server.keyspace()
                .whenAcknowledged(
                        server.acknowledgement(),
                        session.lastOpId(),
                        session.lastTerm(),
                        done::complete);
        return done.join();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // There is nothing that it could wait for.
    public void close() {
        server.scripts().close();
        channel.unsafe().closeForcibly();
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
