package io.hotpair.resp;

import io.hotpair.ChangeListener.Event;
import io.hotpair.KeyArea;
import io.hotpair.Session;
import io.hotpair.WriteListener;
import io.hotpair.WriteListener.Write;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.ReplyBuffer.Ground;
import io.hotpair.resp.RequestParser.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Executes programs of {@link FuzzProgram} as a {@link Connection} does, from the bytes of
 * pipelines to the bytes of replies, and looks after each command at what must be so whatever the
 * command:
 *
 * <ul>
 *   <li>one well-formed reply, of the kind that the command has, and nothing changed of those
 *       before
 *   <li>no exception escapes, and no error tells of our insides
 *   <li>what only reads writes nothing, nor does what ends with an error
 *   <li>a reply to what has written waits for that write, one to what has read for the right to say
 *   <li>of the commonest commands the reply and what they leave are what {@link PlainModel} says
 * </ul>
 *
 * <p>And after each program: every key in another keyspace, by DUMP and RESTORE, gives an equal
 * digest; after FLUSHALL there is nothing left. One command is one execution.
 */
final class CommandFuzz implements AutoCloseable {
    private static final int MAX_COPIED = 8 << 20;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int MAX_PIECE = 2_000;
    private static final int MAX_REPLIES = 8;
    private static final int MAX_TRIES = 150;
    private static final long POLL_NS = 20_000;

    /** What was replaced is given back a little later. */
    private static final long MAX_RETIRED = 4 << 20;

    private static final String[] FUNCTION_FLUSH = {"FUNCTION", "FLUSH"};

    private final FuzzServer server = new FuzzServer();
    private final FuzzServer copy = new FuzzServer();
    private final PlainModel model = new PlainModel(server);
    private final TableSource table;
    private final List<Write> writes = new ArrayList<>();
    private final Client client = server.client();
    private final Worker worker = server.worker();
    private final ReplyBuffer reply = worker.reply();
    private final long usedAtFirst;
    private long executions;

    /** How many commands wait for EXEC. */
    private int queuedCount;

    CommandFuzz() {
        Thread owner = Thread.currentThread();
        WriteListener listener =
                all -> {
                    if (Thread.currentThread() == owner) {
                        writes.addAll(all);
                    }
                };
        server.keyspace().addWriteListener(listener);
        table = new TableSource(server.server().commands(), payloads());
        flush(server);
        usedAtFirst = used();
    }

    /** What DUMP gives of a value of each type. */
    private List<byte[]> payloads() {
        List<String[]> commands =
                List.of(
                        new String[] {"SET", "a", "value"},
                        new String[] {"RPUSH", "b", "1", "two", ""},
                        new String[] {"SADD", "c", "1", "2"},
                        new String[] {"HSET", "d", "f", "v", "g", "1"},
                        new String[] {"ZADD", "e", "1", "m", "inf", "n"},
                        new String[] {"XADD", "f", "1-1", "f", "v"},
                        new String[] {"PFADD", "g", "x", "y"});
        List<byte[]> payloads = new ArrayList<>();
        for (String[] command : commands) {
            WireReply unused = call(server, command);
            payloads.add(Objects.requireNonNull(dump(server, latin(command[1]))));
        }
        return payloads;
    }

    /** What DUMP gives; null if the key has expired. */
    private static byte @Nullable [] dump(FuzzServer from, byte[] key) {
        WireReply dumped = call(from, LocalClient.request(latin("DUMP"), key));
        if (dumped.kind() != '$') {
            throw new AssertionError("DUMP of " + FuzzBytes.literal(key) + ": " + dumped.text());
        }
        return dumped.isNull() ? null : latin(dumped.text());
    }

    private static WireReply call(FuzzServer of, String... words) {
        return call(of, LocalClient.request(words));
    }

    /** Executes a command of the test's own. */
    private static WireReply call(FuzzServer of, Request request) {
        ReplyBuffer into = of.worker().reply();
        into.begin(2, Integer.MAX_VALUE);
        Dispatcher dispatcher = of.worker().dispatcher();
        Dispatcher.Result result = dispatcher.execute(request, of.client(), into);
        Parked parked = of.client().parked();
        while (result == Dispatcher.Result.PARKED && parked != null) {
            long delayNs = dispatcher.advance(parked, ReplyBuffer.NO_TERM, of.client(), into);
            if (delayNs == Parked.DONE) {
                break;
            }
            LockSupport.parkNanos(POLL_NS);
        }
        return WireReply.read(into.bytes(), 0, into.length(), 2);
    }

    /** Removes everything: keys, functions, and which database has which area. */
    private static void flush(FuzzServer which) {
        for (String[] command : List.of(new String[] {"FLUSHALL"}, FUNCTION_FLUSH)) {
            WireReply flushed = call(which, command);
            if (!flushed.text().equals("OK")) {
                throw new AssertionError(command[0] + ": " + flushed.text());
            }
        }
        boolean unused = which.keyspace().delete(KeyArea.noneKey());
    }

    private long used() {
        return server.keyspace().statistics().usedMemoryBytes();
    }

    /**
     * Executes programs until one fails, or as many commands as are asked for.
     *
     * @return how many commands there were
     * @throws AssertionError that tells the seed, and the program in as few steps as fail too
     */
    long run(long seed, long most) {
        executions = 0;
        for (long i = 0; executions < most; i++) {
            FuzzProgram program = FuzzProgram.of(seed + i * GOLDEN, table);
            try {
                execute(program);
            } catch (AssertionError | RuntimeException | VirtualMachineError e) {
                long found = executions;
                String where = "\ncommands, seed=" + (seed + i * GOLDEN) + "\n";
                throw new FuzzFailure(found, e + where + shortest(program), e);
            }
        }
        return executions;
    }

    private FuzzProgram shortest(FuzzProgram program) {
        FuzzProgram least = program;
        int tries = 0;
        for (int size = program.steps().size() / 2; size > 0; size /= 2) {
            for (int at = 0; at + size <= least.steps().size() && tries++ < MAX_TRIES; ) {
                FuzzProgram shorter = least.without(at, at + size);
                if (fails(shorter)) {
                    least = shorter;
                } else {
                    at += size;
                }
            }
        }
        return least;
    }

    private static boolean fails(FuzzProgram program) {
        try (CommandFuzz anew = new CommandFuzz()) {
            anew.execute(program);
            return false;
        } catch (AssertionError | RuntimeException | VirtualMachineError e) {
            return true;
        }
    }

    private void execute(FuzzProgram program) {
        begin();
        SplittableRandom random = new SplittableRandom(program.seed());
        List<FuzzProgram.Step> steps = program.steps();
        Pipeline pipeline = new Pipeline(random);
        FuzzBytes bytes = new FuzzBytes();
        for (int i = 0; i < steps.size(); i++) {
            FuzzProgram.Step step = steps.get(i);
            if (step.command().length > 0) {
                bytes.command(step.command());
            }
            boolean passes = step.command().length == 0;
            if (passes || i + 1 == steps.size() || random.nextInt(6) == 0) {
                pipeline.send(bytes.toArray());
                bytes.clear();
            }
            if (passes) {
                server.advance(step.ms());
                copy.advance(step.ms());
            }
        }
        end();
    }

    private void begin() {
        client.transaction().discard();
        client.protocol(2);
        client.database(0);
        worker.readAhead().clear();
        queuedCount = 0;
        flush(server);
    }

    /** Looks at what is left when a program is over. */
    private void end() {
        client.transaction().discard();
        client.database(0);
        client.protocol(2);
        flush(copy);
        copyKeys();
        if (!server.keyspace().digest().equals(copy.keyspace().digest())) {
            throw new AssertionError("digest: a copy by DUMP and RESTORE differs");
        }
        flush(server);
        if (!keys().isEmpty() || used() > usedAtFirst + MAX_RETIRED) {
            throw new AssertionError("after FLUSHALL: keys=" + keys().size() + " used=" + used());
        }
    }

    /** All that are there; what has expired is not, even if it is not removed yet. */
    private List<byte[]> keys() {
        List<byte[]> keys = new ArrayList<>();
        Session session = server.keyspace().session();
        long cursor = 0;
        do {
            cursor = session.scan(cursor, 1_000, keys::add);
        } while (cursor != 0);
        return keys;
    }

    private void copyKeys() {
        Session session = server.keyspace().session();
        List<byte[]> keys = keys();
        // Those that are in no database last, for one of them says which database has which area.
        keys.sort(Comparator.comparing(KeyArea::isOwn));
        for (byte[] key : keys) {
            if (KeyArea.isOwn(key)) {
                copyOwn(key);
            } else {
                copyKey(key, session.deadlineMs(key, 0, key.length));
            }
        }
    }

    /** Copies what no client can name: the functions, or which database has which area. */
    private void copyOwn(byte[] key) {
        if ("hash".equals(server.keyspace().keys().type(key))) {
            for (Map.Entry<byte[], byte[]> each : server.keyspace().hashes().hgetAll(key)) {
                boolean unused = copy.keyspace().hashes().hset(key, each.getKey(), each.getValue());
            }
        } else {
            byte[] value = Objects.requireNonNull(server.keyspace().get(key));
            copy.keyspace().put(key, value);
        }
    }

    /** Copies a key to the database that has its area without any SWAPDB. */
    private void copyKey(byte[] key, long deadlineMs) {
        int area = KeyArea.of(key);
        byte[] name = KeyArea.name(key);
        client.database(server.server().databases().present().database(area));
        copy.client().database(area);
        Session session = server.keyspace().session();
        String type = session.keys().type(key);
        if ("string".equals(type) && session.length(key, 0, key.length) > MAX_COPIED) {
            // Most of it are zeros that take no memory here, but would in the copy.
            boolean unused = server.keyspace().delete(key);
            return;
        }
        byte[] payload = dump(server, name);
        if (payload == null) {
            return;
        }
        WireReply restored =
                call(
                        copy,
                        LocalClient.request(
                                latin("RESTORE"),
                                name,
                                latin(Long.toString(Math.max(0, deadlineMs))),
                                payload,
                                latin("ABSTTL")));
        if (!restored.text().equals("OK")) {
            throw new AssertionError(
                    "RESTORE of " + FuzzBytes.literal(name) + ": " + restored.text());
        }
        if ("stream".equals(type)) {
            // Groups and consumers have numbers, which a digest sees, and which are given anew.
            if (!Arrays.equals(payload, dump(copy, name)) && !hasOverflowed(name)) {
                throw new AssertionError("DUMP of the copy of " + FuzzBytes.literal(name));
            }
            boolean unused = server.keyspace().delete(key) && copy.keyspace().delete(key);
        }
    }

    /** Whether a number of a stream is below zero, as in Redis. None of those is restored. */
    private boolean hasOverflowed(byte[] stream) {
        return Stream.of("STREAM", "GROUPS")
                .map(what -> LocalClient.request(latin("XINFO"), latin(what), stream))
                .anyMatch(request -> hasNegative(call(server, request)));
    }

    private static boolean hasNegative(WireReply reply) {
        List<WireReply> elements = reply.elements();
        for (int i = 0; i < elements.size(); i++) {
            String name = elements.get(i).text();
            boolean isCount = name.equals("entries-added") || name.equals("entries-read");
            if ((isCount && elements.get(i + 1).text().startsWith("-"))
                    || hasNegative(elements.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What goes through the parser and the look-ahead in pieces. */
    private final class Pipeline {
        private final SplittableRandom random;
        private final RequestParser parser = new RequestParser(512 << 20);
        private byte[] left = {};

        Pipeline(SplittableRandom random) {
            this.random = random;
        }

        void send(byte[] bytes) {
            for (int from = 0; from < bytes.length; ) {
                int most = random.nextInt(4) == 0 ? bytes.length : MAX_PIECE;
                int to = Math.min(bytes.length, from + 1 + random.nextInt(most));
                receive(Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            if (parser.remaining() != 0) {
                throw new AssertionError("a whole command is left over");
            }
        }

        private void receive(byte[] piece) {
            byte[] array = Arrays.copyOf(left, left.length + piece.length);
            System.arraycopy(piece, 0, array, left.length, piece.length);
            parser.input(array, 0, array.length);
            ReadAhead ahead = worker.readAhead();
            reply.begin(client.protocol(), Integer.MAX_VALUE);
            worker.executing(client);
            while (ahead.fill(parser, client) == Outcome.REQUEST) {
                while (!ahead.isEmpty()) {
                    if (reply.count() >= MAX_REPLIES) {
                        reply.begin(client.protocol(), Integer.MAX_VALUE);
                    }
                    executeOne(ahead.current());
                    ahead.advance();
                    if (random.nextInt(10) == 0) {
                        ahead.giveBack(parser);
                    }
                }
            }
            worker.executing(null);
            if (!parser.error().isEmpty()) {
                throw new AssertionError("error: " + parser.error());
            }
            left = Arrays.copyOfRange(array, parser.start(), array.length);
        }
    }

    private void executeOne(Request request) {
        executions++;
        Command command = find(request);
        boolean queued = client.transaction().isOpen();
        boolean isModelled =
                !queued
                        && client.database() == 0
                        && server.server().keyspace().keyCount(KeyArea.NONE) == 0;
        PlainModel.Prediction prediction = isModelled ? model.predict(request) : null;
        byte[] before = Arrays.copyOf(reply.bytes(), reply.length());
        int count = reply.count();
        writes.clear();
        boolean waits = !answers(request);
        if (!Arrays.equals(before, 0, before.length, reply.bytes(), 0, before.length)) {
            throw new AssertionError("a reply has changed those before it");
        }
        writes.removeIf(CommandFuzz::isExpiry);
        if (waits) {
            checkWaits(command, count);
            return;
        }
        if (reply.count() != count + 1 || reply.end(count) != reply.length()) {
            throw new AssertionError("replies: expected one, were " + (reply.count() - count));
        }
        WireReply answer = read(before.length);
        checkAnswer(command, answer, queued);
        if (!answer.isError() && !answer.text().equals("QUEUED")) {
            checkGround(command, reply.ground(count));
        }
        if (prediction != null) {
            model.check(prediction, answer);
        }
    }

    private @Nullable Command find(Request request) {
        Command command =
                server.server()
                        .commands()
                        .find(request.bytes(), request.offset(0), request.length(0));
        if (command == null || command.subcommands().isEmpty() || request.count() < 2) {
            return command;
        }
        return command.subcommands().get(request.text(1).toLowerCase(Locale.ROOT));
    }

    private static boolean isExpiry(Write write) {
        return write.event() == Event.EXPIRED
                || write.origin() == WriteListener.FIELD_EXPIRY
                || (write.before() == WriteListener.Before.EXPIRED && write.type() == null);
    }

    /** Executes it; one that waits is given up at once, as if the client had gone. */
    private boolean answers(Request request) {
        Dispatcher dispatcher = worker.dispatcher();
        Dispatcher.Result result = dispatcher.execute(request, client, reply);
        Parked parked = client.parked();
        if (result == Dispatcher.Result.DONE && parked == null) {
            return true;
        }
        if (result != Dispatcher.Result.PARKED || parked == null) {
            throw new AssertionError("result=" + result + ", parked=" + parked);
        }
        if (parked instanceof ScriptRun script) {
            while (!script.isDone()) {
                LockSupport.parkNanos(POLL_NS);
            }
        }
        long delayNs;
        do {
            delayNs = dispatcher.advance(parked, ReplyBuffer.NO_TERM, client, reply);
        } while (delayNs == 0);
        if (delayNs == Parked.DONE) {
            return true;
        }
        parked.cancel();
        client.unpark();
        return false;
    }

    private void checkWaits(@Nullable Command command, int count) {
        boolean mayWait =
                command != null
                        && (command.has(Flag.BLOCKING)
                                || command.name().equals("wait")
                                || command.name().equals("waitaof"));
        if (!mayWait || reply.count() != count || !writes.isEmpty()) {
            throw new AssertionError("waits, and has said or written something: " + writes);
        }
    }

    private WireReply read(int from) {
        WireReply answer =
                WireReply.read(reply.bytes(), from, reply.length(), reply.isResp3() ? 3 : 2);
        if (answer.end() != reply.length()) {
            throw new AssertionError("more than one reply");
        }
        return answer;
    }

    private void checkAnswer(@Nullable Command command, WireReply answer, boolean queued) {
        boolean isQueued = queued && answer.kind() == '+' && answer.text().equals("QUEUED");
        if (!isQueued) {
            ReplyKinds.check(command, answer, reply.isResp3() ? 3 : 2);
        }
        if (client.isClosing()) {
            throw new AssertionError("the connection is to be closed: " + answer.text());
        }
        checkErrors(answer);
        checkTransaction(command, answer, isQueued);
        boolean isOfOthers =
                command != null
                        && (command.group() == Group.SCRIPTING || command.name().equals("exec"));
        boolean mayWrite = !isQueued && command != null && (command.isWrite() || isOfOthers);
        if (command != null && command.has(Flag.READONLY) && command.name().endsWith("_ro")) {
            mayWrite = false;
        }
        if (!mayWrite && !writes.isEmpty()) {
            throw new AssertionError("has written, and should only read: " + writes);
        }
        if (answer.isError() && !isOfOthers && !writes.isEmpty()) {
            throw new AssertionError("has written, and answers " + answer.text() + ": " + writes);
        }
    }

    /** Our own words for what nobody should see. */
    private static void checkErrors(WireReply answer) {
        if (answer.isError()) {
            String text = answer.text();
            boolean isLong =
                    text.matches("ERR ((key|value|member|field).*length=|pattern of \\d+ bytes).*");
            if (!isLong
                    && (text.contains(", expected ")
                            || text.contains("Exception")
                            || text.contains("null")
                            || text.contains("internal error"))) {
                throw new AssertionError("an error that is not for clients: " + text);
            }
        }
        answer.elements().forEach(CommandFuzz::checkErrors);
    }

    /** EXEC answers each command that waited for it, and like DISCARD ends the transaction. */
    private void checkTransaction(@Nullable Command command, WireReply answer, boolean isQueued) {
        if (isQueued) {
            queuedCount++;
            return;
        }
        String name = command == null ? "" : command.name();
        boolean ends = name.equals("exec") || (name.equals("discard") && !answer.isError());
        if (ends && client.transaction().isOpen() && !answer.text().contains("number of arg")) {
            throw new AssertionError(name + " has not ended the transaction");
        }
        if (name.equals("exec") && answer.kind() == '*' && !answer.isNull()) {
            if (answer.elements().size() != queuedCount) {
                throw new AssertionError(
                        "replies of EXEC: expected "
                                + queuedCount
                                + ", were "
                                + answer.elements().size());
            }
        }
        if (!client.transaction().isOpen()) {
            queuedCount = 0;
        }
    }

    /** A reply waits for what its command has written. */
    private void checkGround(@Nullable Command command, Ground ground) {
        if (!writes.isEmpty()) {
            long last = writes.get(writes.size() - 1).opId();
            if (ground != Ground.WRITE || client.commandOpId() != last) {
                throw new AssertionError(
                        "ground=" + ground + " opId=" + client.commandOpId() + ", wrote " + last);
            }
        } else if (ground == Ground.NOTHING
                && command != null
                && command.has(Flag.READONLY)
                && command.hasKeys()) {
            throw new AssertionError("ground=" + ground + ", expected READ");
        }
    }

    @Override
    public void close() {
        server.close();
        copy.close();
    }
}
