package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.StreamOperations;
import io.hotpair.WriteListener.Write;
import io.hotpair.resp.AclSelector.Denial;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.ReplyBuffer.Ground;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds a command, checks that it may run, runs it, and turns what goes wrong into the error that
 * the client expects. The order of the checks is Redis's, as a client may depend on which error
 * comes first.
 */
final class Dispatcher {
    private static final int MAX_NAME_IN_ERROR = 128;

    /** How an execution ended. */
    enum Result {
        /** Its reply is written. */
        DONE,
        /** It goes on later; {@link Client#parked()} says with what. */
        PARKED,
        /** It was not begun, because clients are paused; it is to be given again. */
        HELD,
        /** The connection is to be closed without a reply. */
        DROP
    }

    private final RespServer server;
    private final WorkerStatistics statistics;
    private final CommandTable table;
    private final @Nullable Command exec;
    private final @Nullable Command debug;
    private final boolean paired;
    private final Databases databases;
    private final MigrationSlot migration;
    private @Nullable HotpairException lastFailure;

    Dispatcher(RespServer server, WorkerStatistics statistics) {
        this.server = server;
        this.statistics = statistics;
        table = server.commands();
        exec = table.find("exec");
        debug = table.find("debug");
        paired = server.keyspace().topology() != null;
        databases = server.databases();
        migration = server.keyspace().migration();
    }

    Result execute(Request request, Client client, ReplyBuffer reply) {
        client.beginCommand();
        Command command = table.find(request.bytes(), request.offset(0), request.length(0));
        if (command == exec) {
            // Not within the transaction: what a failed attempt wrote into the reply is dropped.
            client.connection().worker().inbox().deliver();
        }
        int from = reply.length();
        try {
            if (command == null) {
                if (isOtherProtocol(request)) {
                    return crossProtocol(client);
                }
                throw unknownCommand(request);
            }
            command = withSubcommand(command, request);
            check(command, request, client);
        } catch (CommandException e) {
            return refuse(command, e, request, client, reply, from);
        }
        boolean isExec = command == exec;
        if (server.pause().isBegun() && holdsBack(command, request, client)) {
            return Result.HELD;
        }
        if (server.pubSub().isBehind()
                && (isExec || command.isWrite() || command.has(Flag.PUBSUB))) {
            client.park(new DeliveryWait(server.pubSub()));
            return Result.HELD;
        }
        if (client.transaction().isOpen() && !command.isUnqueued()) {
            return queue(command, request, client, reply, from);
        }
        return run(command, request, client, reply, from);
    }

    private Result refuse(
            @Nullable Command command,
            CommandException why,
            Request request,
            Client client,
            ReplyBuffer reply,
            int from) {
        client.transaction().refuse();
        forgetCaching(command, client);
        String error = why.reply();
        if (command != null) {
            statistics.rejected(command);
            if (command == exec) {
                client.transaction().discard();
                error = aborted(error);
            }
        }
        reply.error(error);
        finish(client, reply, from, Ground.NOTHING);
        if (command != null && command == exec) {
            // Who watches has seen MULTI, and sees that it is over.
            showNow(command, request, client);
        }
        return Result.DONE;
    }

    /** What CLIENT CACHING said was of the next command, or of the next transaction. */
    private static void forgetCaching(@Nullable Command command, Client client) {
        boolean isClient = command != null && command.fullName().startsWith("client");
        if (!isClient && !client.transaction().isOpen()) {
            client.caching(false);
        }
    }

    private static String aborted(String why) {
        return "EXECABORT Transaction discarded because of: "
                + (why.startsWith("ERR ") ? why.substring(4) : why);
    }

    private Result queue(
            Command command, Request request, Client client, ReplyBuffer reply, int from) {
        try {
            client.transaction().add(command, request);
        } catch (CommandException e) {
            return refuse(command, e, request, client, reply, from);
        }
        reply.status("QUEUED");
        finish(client, reply, from, Ground.NOTHING);
        return Result.DONE;
    }

    /**
     * Executes a command as a part of EXEC, whose transaction ends with what is thrown: that which
     * has nothing to do with the command itself. Its own errors are a reply among the others.
     */
    void executeQueued(Command command, Request request, Client client, ReplyBuffer reply) {
        int from = reply.length();
        long startNs = server.keyspace().nanoTime();
        Request stored = databases.stored(command, request, client);
        if (command.isWrite()) {
            willWrite(command, stored, client);
        }
        Origin origin = client.transaction().beginOrigin(command, stored);
        try {
            checkRightsAtExec(command, request, client);
            showCaller(command, request, client);
            command.function().execute(stored, client, reply);
            finishParked(client, reply);
            noteScriptError(command, reply, from);
        } catch (TransactionEnd e) {
            throw e;
        } catch (CommandException | IllegalArgumentException e) {
            failedQueued(command, e, client, reply, from);
        } catch (HotpairException e) {
            switch (e.category()) {
                case WRONG_TYPE, WRONG_VALUE -> failedQueued(command, e, client, reply, from);
                default -> throw e;
            }
        }
        if (origin != null) {
            origin.answered(reply, from);
        }
        long ns = server.keyspace().nanoTime() - startNs;
        statistics.executed(command, ns);
        noteDuration(command, request, client, ns);
        if (!client.transaction().isScripted()) {
            // Of what a script calls, the script has the cost.
            server.hotKeys().offer(command, request, ns, reply.length() - from);
        }
        show(command, request, client);
    }

    /** The keys that may be new, which a walk over the keyspace does not meet. */
    private static void willWrite(Command command, Request request, Client client) {
        if (client.session() instanceof TransactionSession inside && !command.handsKeysOn()) {
            for (KeySpec.Found found : KeySpec.find(command.keys(), request, 0)) {
                inside.willWrite(request.copy(found.argument()));
            }
        }
    }

    private void failedQueued(
            Command command, RuntimeException e, Client client, ReplyBuffer reply, int from) {
        reply.truncate(from);
        Ground unused = failed(e, client, reply);
        statistics.failed(command);
    }

    /** What goes in steps goes in one here, and what would wait is refused. */
    private static void finishParked(Client client, ReplyBuffer reply) {
        Parked parked = client.takeParked();
        if (parked == null) {
            return;
        }
        long delayNs = 0;
        try {
            while (delayNs == 0) {
                delayNs = parked.advance(reply);
                client.transaction().step();
            }
        } finally {
            if (delayNs != Parked.DONE) {
                parked.cancel();
            }
        }
        if (delayNs != Parked.DONE) {
            throw new CommandException("ERR the command can't wait inside a transaction");
        }
    }

    /**
     * Goes on with a parked command.
     *
     * @return {@link Parked#DONE}, or nanoseconds until the next call
     */
    long advance(Parked parked, long readTerm, Client client, ReplyBuffer reply) {
        int from = reply.length();
        if (readTerm != ReplyBuffer.NO_TERM) {
            reply.reads(readTerm);
        }
        long delayNs;
        long startNs = server.keyspace().nanoTime();
        Command command = client.lastCommand();
        Ground ground = Ground.READ;
        try {
            delayNs = parked.advance(reply);
            if (command != null && delayNs == Parked.DONE) {
                noteScriptError(command, reply, from);
            }
        } catch (CommandException | HotpairException | IllegalStateException e) {
            reply.truncate(from);
            ground =
                    parked instanceof BlockedClient && isNotMaster(e)
                            ? unblocked(client, reply)
                            : failed(e, client, reply);
            delayNs = Parked.DONE;
            if (command != null && !parked.isHeldBack()) {
                statistics.failed(command);
            }
        }
        long ns = server.keyspace().nanoTime() - startNs;
        Client.Begun begun = client.begun();
        if (begun != null) {
            ns += begun.ns();
        }
        if (delayNs != Parked.DONE && begun != null) {
            client.began(begun.request(), begun.stored(), ns);
        }
        if (delayNs == Parked.DONE) {
            if (command != null && begun != null) {
                long allNs = ns + parked.spentNs();
                executed(command, begun.request(), client, allNs, reply.length() - from);
            }
            client.unpark();
            if (!parked.isHeldBack() && command != null) {
                finish(client, reply, from, ground(command.touchesKeys(), client, ground));
            }
        }
        return delayNs;
    }

    /** A script answers with an error as with any other value, and has failed then. */
    private void noteScriptError(Command command, ReplyBuffer reply, int from) {
        if (command.group() == Command.Group.SCRIPTING
                && reply.length() > from
                && reply.bytes()[from] == '-') {
            statistics.failed(command);
        }
    }

    /** Counts a command. One that waited took what it took itself, however long it waited. */
    private void executed(
            Command command, Request request, Client client, long ns, int replyLength) {
        statistics.executed(command, ns);
        noteDuration(command, request, client, ns);
        server.hotKeys().offer(command, request, ns, replyLength);
    }

    private void noteDuration(Command command, Request request, Client client, long ns) {
        server.slowLog().offer(command, request, client, ns);
        server.latencies().offer(command, client, ns);
    }

    private Result run(
            Command command, Request request, Client client, ReplyBuffer reply, int from) {
        boolean mayWait = command.has(Flag.BLOCKING);
        if (mayWait && !client.connection().chargeWait(request)) {
            return Result.DROP;
        }
        boolean isExec = command == exec;
        boolean touchesKeys =
                command.touchesKeys() || (isExec && client.transaction().touchesKeys());
        if (paired && touchesKeys) {
            reply.reads(server.keyspace().term());
        }
        Ground ground = Ground.READ;
        Request stored;
        try {
            stored = databases.stored(command, request, client);
        } catch (HotpairException | IllegalStateException e) {
            // The keyspace is not to be read just now.
            ground = failed(e, client, reply);
            statistics.failed(command);
            forgetCaching(command, client);
            finish(client, reply, from, ground(touchesKeys, client, ground));
            return Result.DONE;
        }
        // Of one that waits somebody may want to hear by the time that it gets something.
        boolean isCopied = mayWait && stored == request;
        Request kept = isCopied ? request.copy() : stored;
        Origin origin = server.keyEvents().isListening() ? begin(command, kept, client) : null;
        if (origin == null) {
            client.session().origin(mayWait ? new Origin(client, command, kept) : null);
        }
        long startNs = server.keyspace().nanoTime();
        client.executed(command, startNs);
        client.beginReads(command);
        showCaller(command, request, client);
        try {
            if (command.readsInOneStep()) {
                KeyMisses.look(command, stored, client);
            }
            command.function().execute(stored, client, reply);
            noteScriptError(command, reply, from);
        } catch (CommandException
                | HotpairException
                | IllegalArgumentException
                | IllegalStateException e) {
            reply.truncate(from);
            ground =
                    isExec && e instanceof HotpairException environment
                            ? failedTransaction(environment, reply)
                            : failed(e, client, reply);
            statistics.failed(command);
        }
        long ns = server.keyspace().nanoTime() - startNs;
        if (origin != null) {
            end(origin, client, reply, from);
        }
        forgetCaching(command, client);
        if (client.parked() != null) {
            Request begun = isCopied ? kept : request.copy();
            client.began(begun, stored == request ? begun : stored, ns);
            show(command, request, client);
            return Result.PARKED;
        }
        executed(command, request, client, ns, reply.length() - from);
        finish(client, reply, from, ground(touchesKeys, client, ground));
        show(command, request, client);
        return Result.DONE;
    }

    private void show(Command command, Request request, Client client) {
        if (!command.has(Flag.SKIP_MONITOR)) {
            showNow(command, request, client);
        }
    }

    /** A script is shown before what it calls. */
    private void showCaller(Command command, Request request, Client client) {
        if (command.has(Flag.SKIP_MONITOR)) {
            showNow(command, request, client);
        }
    }

    private void showNow(Command command, Request request, Client client) {
        if (server.monitors().isActive() && Monitors.shows(command)) {
            byte[] line = server.monitors().line(command, request, client);
            if (client.transaction().isExecuting()) {
                client.transaction().showLater(line);
            } else {
                server.monitors().tell(line);
            }
        }
    }

    /** Has the keyspace say of each write that it was this command's. */
    private Origin begin(Command command, Request request, Client client) {
        Origin origin = new Origin(client, command, request);
        server.keyEvents().prepare(origin);
        client.session().origin(origin);
        client.connection().worker().beginLoggingWrites();
        return origin;
    }

    private void end(Origin origin, Client client, ReplyBuffer reply, int from) {
        List<Write> writes = client.connection().worker().endLoggingWrites();
        if (client.parked() == null) {
            origin.answered(reply, from);
        } else {
            origin.waits();
        }
        List<Origin> parts = client.transaction().takeOrigins();
        if (parts.stream().anyMatch(Origin::isFlush)) {
            server.tracking().flushed();
        }
        server.keyEvents().tell(parts.isEmpty() ? List.of(origin) : parts, writes);
    }

    private Ground failedTransaction(HotpairException failure, ReplyBuffer reply) {
        lastFailure = failure;
        reply.error(aborted(text(failure)));
        return Ground.NOTHING;
    }

    private static Ground ground(boolean touchesKeys, Client client, Ground ifRead) {
        if (client.commandOpId() != 0) {
            return Ground.WRITE;
        }
        return touchesKeys ? ifRead : Ground.NOTHING;
    }

    private static void finish(Client client, ReplyBuffer reply, int from, Ground ground) {
        if (client.commandOpId() != 0) {
            reply.wrote(client.commandOpId(), client.commandTerm());
        }
        switch (client.replyMode()) {
            case ON -> {}
            case OFF -> reply.mute(from);
            case SKIP_NEXT -> {
                reply.mute(from);
                client.replyMode(Client.ReplyMode.SKIP);
            }
            case SKIP -> {
                reply.mute(from);
                client.replyMode(Client.ReplyMode.ON);
            }
        }
        reply.end(ground);
    }

    private static Command withSubcommand(Command command, Request request) {
        if (command.subcommands().isEmpty() || request.count() < 2) {
            return command;
        }
        Command sub = command.subcommands().get(request.text(1).toLowerCase(Locale.ROOT));
        if (sub == null) {
            throw new CommandException(
                    "ERR unknown subcommand '"
                            + request.inError(1, MAX_NAME_IN_ERROR)
                            + "'. Try "
                            + command.name().toUpperCase(Locale.ROOT)
                            + " HELP.");
        }
        return sub;
    }

    private void check(Command command, Request request, Client client) {
        if (!command.acceptsArguments(request.count()) || command.isContainer()) {
            throw CommandException.arity(command.fullName());
        }
        if (command == debug && !DebugCommands.isAllowed(client)) {
            throw DebugCommands.notAllowed();
        }
        if (!client.isAuthenticated() && !command.has(Flag.NO_AUTH)) {
            throw CommandException.notAuthenticated();
        }
        if (client.transaction().isOpen() && command.has(Flag.NO_MULTI)) {
            throw new CommandException("ERR Command not allowed inside a transaction");
        }
        if (!client.user().isUnrestricted()) {
            checkRights(command, request, client);
        }
        if (ReplicationCommands.lacksReplicas(server) && isWrite(command, client)) {
            throw CommandException.noReplicas();
        }
        if (paired && command.isWrite()) {
            Topology topology = server.keyspace().topology();
            if (topology != null && topology.role() == Role.REPLICA) {
                throw CommandException.readOnly();
            }
        }
        RedisMigration following = migration.active();
        if (following != null && isWrite(command, client)) {
            throw CommandException.readOnly();
        }
        if (client.isSubscriber() && client.protocol() == 2 && !command.isInSubscribedMode()) {
            throw new CommandException(
                    "ERR Can't execute '"
                            + command.fullName()
                            + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are"
                            + " allowed in this context");
        }
        if (following != null && following.isLoading() && !command.has(Flag.LOADING)) {
            throw CommandException.loading();
        }
        if (!command.has(Flag.ALLOW_BUSY)) {
            server.scripts().requireNotBusy();
        }
        if (client.isMonitor() && (command.touchesKeys() || command.name().endsWith("publish"))) {
            throw new CommandException("ERR Replica can't interact with the keyspace");
        }
    }

    private boolean isWrite(Command command, Client client) {
        return command == exec ? client.transaction().isWrite() : command.isWrite();
    }

    /** Holds a command back while clients are paused. */
    private boolean holdsBack(Command command, Request request, Client client) {
        boolean isHeldWithWrites =
                command == exec
                        ? client.transaction().isHeldWithWrites()
                        : command.isHeldWithWrites(request, client);
        if (!server.pause().holds(command, isHeldWithWrites)) {
            return false;
        }
        client.park(new PauseWait(server.pause(), client, isHeldWithWrites));
        return true;
    }

    private void checkRights(Command command, Request request, Client client) {
        boolean queued = client.transaction().isOpen();
        AclLog.Context context = queued ? AclLog.Context.MULTI : AclLog.Context.TOPLEVEL;
        Denial why = server.acl().denial(client, command, request, context);
        if (why != null) {
            throw Acl.refusal(why, command);
        }
    }

    /** The rules may have changed since it was queued. */
    private void checkRightsAtExec(Command command, Request request, Client client) {
        if (!client.user().isUnrestricted()) {
            Denial why = server.acl().denial(client, command, request, AclLog.Context.MULTI);
            if (why != null) {
                throw Acl.refusalAtExec(why);
            }
        }
    }

    /**
     * Writes the error for a failure.
     *
     * @return what the error rests on: one about values rests on what was read
     */
    private Ground failed(RuntimeException failure, Client client, ReplyBuffer reply) {
        if (failure instanceof CommandException e) {
            reply.error(e.reply());
            return Ground.READ;
        }
        if (failure instanceof HotpairException e) {
            lastFailure = e;
            reply.error(text(e));
            return switch (e.category()) {
                case WRONG_VALUE, WRONG_TYPE -> Ground.READ;
                default -> Ground.NOTHING;
            };
        }
        reply.error("ERR " + message(failure));
        if (failure instanceof IllegalStateException) {
            // The keyspace is closed, or a bug: either way this listener has nothing more to give.
            RespServer.LOGGER.warn(
                    "A command of client id={} addr={} failed",
                    client.id(),
                    client.address(),
                    failure);
            client.close();
        }
        return Ground.NOTHING;
    }

    private static boolean isNotMaster(RuntimeException failure) {
        return failure instanceof HotpairException e
                && e.category() == HotpairException.Category.NOT_MASTER;
    }

    /**
     * What the keyspace has refused since the last call, of which clients only get a sentence.
     *
     * @return the last failure; null if there was none
     */
    @Nullable HotpairException takeFailure() {
        HotpairException failure = lastFailure;
        lastFailure = null;
        return failure;
    }

    /** As in Redis, one that waited for a master to have something is sent away. */
    private static Ground unblocked(Client client, ReplyBuffer reply) {
        reply.error(BlockedClient.ROLE_LOST);
        client.close();
        return Ground.NOTHING;
    }

    private static String text(HotpairException failure) {
        return switch (failure.category()) {
            case MEMORY_LIMIT -> CommandException.outOfMemory().reply();
            case NOT_MASTER -> CommandException.readOnly().reply();
            case NOT_ENOUGH_REPLICAS -> CommandException.noReplicas().reply();
            case LOG_FAILED, DISK_FULL ->
                    "MISCONF the log can't be written, so commands that may modify the data set are"
                            + " disabled: "
                            + message(failure);
            case BUSY -> "TRYAGAIN the log can't keep up, so the command was not executed";
            case LOADING -> "LOADING " + message(failure);
            case WRONG_VALUE -> wrongValue(failure);
            case WRONG_TYPE -> CommandException.wrongType().reply();
            case OUTCOME_UNKNOWN -> Outbox.UNKNOWN_OUTCOME;
            default -> "ERR " + message(failure);
        };
    }

    private static String wrongValue(HotpairException failure) {
        if (StreamOperations.NO_GROUP.equals(failure.getMessage())) {
            return "NOGROUP the consumer group this client was blocked on no longer exists";
        }
        if (StreamOperations.NO_STREAM.equals(failure.getMessage())) {
            return "UNBLOCKED the stream key no longer exists";
        }
        return CommandException.notAnInteger().reply();
    }

    private static String message(RuntimeException failure) {
        String message = failure.getMessage();
        byte[] utf8 =
                (message == null ? failure.getClass().getSimpleName() : message)
                        .getBytes(StandardCharsets.UTF_8);
        return new String(utf8, StandardCharsets.ISO_8859_1);
    }

    private static CommandException unknownCommand(Request request) {
        StringBuilder arguments = new StringBuilder();
        for (int i = 1; i < request.count() && arguments.length() < MAX_NAME_IN_ERROR; i++) {
            int left = MAX_NAME_IN_ERROR - arguments.length();
            arguments.append('\'').append(request.inError(i, left)).append("' ");
        }
        return new CommandException(
                "ERR unknown command '"
                        + request.inError(0, MAX_NAME_IN_ERROR)
                        + "', with args beginning with: "
                        + arguments);
    }

    /** Whether a web browser, or something that was tricked into talking to us, is at the end. */
    private static boolean isOtherProtocol(Request request) {
        return request.is(0, "POST") || request.is(0, "HOST:");
    }

    private static Result crossProtocol(Client client) {
        RespServer.LOGGER.warn(
                "Possible cross protocol scripting: client id={} addr={} sent POST or Host:;"
                        + " disconnected",
                client.id(),
                client.address());
        return Result.DROP;
    }
}
