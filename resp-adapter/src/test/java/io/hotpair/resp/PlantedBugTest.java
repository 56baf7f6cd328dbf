package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.reflect.Method;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fuzz is worth what it finds: each bug that is planted here must be found. With {@code
 * -Dhotpair.plantedRuns=N} each is looked for N times from different seeds, for the mean.
 */
class PlantedBugTest {
    private static final int RUNS = Integer.getInteger("hotpair.plantedRuns", 1);
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);

    /** How many executions are enough, with much to spare: a bug costs at most some seconds. */
    private static final long ENOUGH = 300_000;

    /**
     * A bug.
     *
     * @param fuzz which fuzz is to find it
     */
    record Bug(String name, String fuzz, String file, String from, String to) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Bug parser(String name, String file, String from, String to) {
        return new Bug(name, "parser", file, from, to);
    }

    private static Bug command(String name, String file, String from, String to) {
        return new Bug(name, "commands", file, from, to);
    }

    private static Bug connections(String name, String file, String from, String to) {
        return new Bug(name, "connections", file, from, to);
    }

    static Stream<Bug> bugs() {
        return Stream.of(inParser(), inCommands(), betweenConnections()).flatMap(bugs -> bugs);
    }

    private static Stream<Bug> inParser() {
        return Stream.of(
                parser(
                        "an argument is taken before its last line feed has come",
                        "RequestParser",
                        "if (end - start - position - 2 < bulkLength) {",
                        "if (end - start - position - 1 < bulkLength) {"),
                parser(
                        "a line is taken before its line feed has come",
                        "RequestParser",
                        "return i + 1 < end ? i : -1;",
                        "return i;"),
                parser(
                        "what was scanned includes a carriage return that is looked for again",
                        "RequestParser",
                        "scanned = i - start;",
                        "scanned = i + 1 - start;"),
                parser(
                        "one argument too many before authentication",
                        "RequestParser",
                        "count > MAX_ARGUMENTS_BEFORE_AUTH)",
                        "count > MAX_ARGUMENTS_BEFORE_AUTH + 1)"),
                parser(
                        "a long argument before authentication, by one byte",
                        "RequestParser",
                        "bulk > MAX_BULK_BEFORE_AUTH)",
                        "bulk > MAX_BULK_BEFORE_AUTH + 1)"),
                parser(
                        "an argument of the longest length is refused",
                        "RequestParser",
                        "bulk > maxBulkLength)",
                        "bulk >= maxBulkLength)"),
                parser(
                        "a null among the arguments",
                        "RequestParser",
                        "if (bulk < 0 || ",
                        "if (bulk < NONE || "),
                parser(
                        "a count of arguments beyond 32 bits",
                        "RequestParser",
                        "if (count > Integer.MAX_VALUE) {",
                        "if (count > 0xFFFFFFFFL) {"),
                parser(
                        "a line may be twice as long as it may",
                        "RequestParser",
                        "if (end - start - from > MAX_LINE) {",
                        "if (end - start - from > 2 * MAX_LINE) {"),
                parser(
                        "what was scanned is not forgotten behind a command",
                        "RequestParser",
                        "position = 0;\n        scanned = 0;",
                        "position = 0;"),
                parser(
                        "a rewind forgets nothing of the command that was begun",
                        "RequestParser",
                        "error = \"\";\n        forget();",
                        "error = \"\";"),
                parser(
                        "too little room is asked for",
                        "RequestParser",
                        "(long) position + bulkLength + 2;",
                        "(long) position + bulkLength;"),
                parser(
                        "what was read ahead is not given back",
                        "ReadAhead",
                        "parser.rewindTo(start());",
                        "parser.rewindTo(starts[count]);"),
                parser(
                        "two commands that were read ahead share a place",
                        "ReadAhead",
                        "parser.takeRequest(requests[count]);",
                        "parser.takeRequest(requests[count / 15]);"),
                parser(
                        "who has not authenticated is read ahead",
                        "ReadAhead",
                        "authenticated ? CAPACITY : 1;",
                        "CAPACITY;"),
                parser(
                        "the array of a command is kept behind it",
                        "ReadAhead",
                        "requests[next++].reset();",
                        "next++;"),
                parser(
                        "room for many arguments is kept",
                        "Request",
                        "if (offsets.length > MAX_KEPT_ARGUMENTS) {",
                        "if (offsets.length > 1_000_000) {"),
                parser(
                        "room for all arguments that are announced",
                        "Request",
                        "Math.min(Math.max(arguments, 0), MAX_EXPECTED_ARGUMENTS)",
                        "Math.min(Math.max(arguments, 0), 100_000)"),
                parser(
                        "room for less than no arguments, which overflows to very much",
                        "Request",
                        "Math.min(Math.max(arguments, 0), MAX_EXPECTED_ARGUMENTS)",
                        "Math.min(arguments, MAX_EXPECTED_ARGUMENTS) & 0xFFFF"),
                parser(
                        "the first byte of a line does not count to its length",
                        "RequestParser",
                        "lineEnd(0, \"too big mbulk count string\")",
                        "lineEnd(1, \"too big mbulk count string\")"),
                parser(
                        "a vertical tab ends a word",
                        "InlineArguments",
                        "!endsWord(bytes[at])",
                        "!isBlank(bytes[at])"),
                parser(
                        "something may follow a quote",
                        "InlineArguments",
                        """
                        } else if (b == '\\'') {
                                        return at == end || isBlank(bytes[at]);\
                        """,
                        "} else if (b == '\\'') { return true;"),
                parser(
                        "a digit of an escaped byte is taken twice",
                        "InlineArguments",
                        "<< 4 | hex(bytes[at + 2]);",
                        "<< 4 | hex(bytes[at + 1]);"),
                parser(
                        "a zero with a sign is a number",
                        "Decimals",
                        "return length == 1;",
                        "return digits == 1;"));
    }

    private static Stream<Bug> inCommands() {
        return Stream.of(
                command(
                        "an index from the end counts the other way",
                        "StringCommands",
                        "getRange(request.copy(1), start, end)",
                        "getRange(request.copy(1), Math.abs(start), end)"),
                command(
                        "the least number has no opposite",
                        "StringCommands",
                        "if (decrement == Long.MIN_VALUE) {",
                        "if (decrement == Long.MAX_VALUE) {"),
                command(
                        "several values are set whatever is there",
                        "StringCommands",
                        "options.condition(),",
                        "ValueCondition.always(),"),
                command(
                        "a deadline overflows",
                        "ExpireTime",
                        "if (ms > Long.MAX_VALUE - nowMs) {",
                        "if (ms == Long.MAX_VALUE) {"),
                command(
                        "a command takes more arguments than it has",
                        "StringCommands",
                        "add(table, \"strlen\", 2, \"key\")",
                        "add(table, \"strlen\", -2, \"key\")"),
                command(
                        "a number of keys is not compared with the keys",
                        "SetCommands",
                        "if (keyCount > request.count() - 2) {",
                        "if (keyCount > request.count()) {"),
                command(
                        "a map is an array in RESP3",
                        "HashCommands",
                        "reply.closeMap(from, count[0]);",
                        "reply.closeArray(from, 2 * count[0]);"),
                command(
                        "a score is a string in RESP3",
                        "SortedSetCommands",
                        "        } else {\n            reply.number(score);",
                        "        } else {\n            reply.bulk(Doubles.text(score));"),
                command(
                        "a status in the place of a number",
                        "KeyCommands",
                        "persist(request.copy(1));",
                        "persist(request.copy(1));"
                                + " if (changed) { client.noteWrite(); reply.ok(); return; }"),
                command(
                        "nothing taken is an empty array",
                        "ListCommands",
                        "if (elements == null) {\n            reply.nullArray();",
                        "if (elements == null) {\n            reply.array(0);"),
                command(
                        "an error may hold a line break",
                        "ReplyBuffer",
                        "c == '\\r' || c == '\\n' ? (byte) ' ' : (byte) c;",
                        "c == '\\r' ? (byte) ' ' : (byte) c;"),
                command(
                        "the header of an array has room for one digit",
                        "ReplyBuffer",
                        "int headerLength = Decimals.lengthOf(elements) + 3;",
                        "int headerLength = 4;"),
                command(
                        "what was answered before an error stays",
                        "Dispatcher",
                        "reply.truncate(from);\n            ground =\n                    isExec",
                        "ground =\n                    isExec"),
                command(
                        "a reply does not wait for what was written",
                        "HashCommands",
                        "request.copies(2));\n        client.noteWrite();\n"
                                + "        reply.integer(deleted);",
                        "request.copies(2));\n        reply.integer(deleted);"),
                command(
                        "a read removes a deadline",
                        "StringCommands",
                        "void strlen(Request request, Client client, ReplyBuffer reply) {",
                        "void strlen(Request request, Client client, ReplyBuffer reply) {\n"
                                + "client.session().keys().persist(request.copy(1));"),
                command(
                        "what ends with an error has written",
                        "StringCommands",
                        "if (LongDouble.parse(increment) == null) {",
                        "if (LongDouble.parse(increment) == null) {\n"
                                + "client.session().strings().append(request.copy(1), new"
                                + " byte[1]);"),
                command(
                        "a deadline that was to be kept is lost",
                        "StringOptions",
                        "return Expiry.unchanged();",
                        "return Expiry.never();"),
                command(
                        "milliseconds are taken for seconds",
                        "StringCommands",
                        "setWithTime(r, c, out, ExpireTime.Unit.MILLISECONDS, \"psetex\")",
                        "setWithTime(r, c, out, ExpireTime.Unit.SECONDS, \"psetex\")"),
                command(
                        "RESTORE forgets the deadline",
                        "DumpCommands",
                        "if (value.end() && deadlineMs != 0) {",
                        "if (value.end() && deadlineMs < 0) {"),
                command(
                        "DUMP leaves out the sign of a score",
                        "RdbValueWriter",
                        "Double.doubleToRawLongBits(element.score())",
                        "Double.doubleToRawLongBits(Math.abs(element.score()))"),
                command(
                        "the other condition on a deadline",
                        "KeyCommands",
                        "return DeadlineCondition.GT;",
                        "return DeadlineCondition.ALWAYS;"),
                command(
                        "a pair without a value is left out",
                        "HashCommands",
                        "if (request.count() % 2 != 0) {",
                        "if (request.count() < 4) {"),
                command(
                        "DISCARD leaves the transaction open",
                        "TransactionCommands",
                        "client.transaction().discard();\n        reply.ok();",
                        "reply.ok();"));
    }

    private static Stream<Bug> betweenConnections() {
        return Stream.of(
                connections(
                        "a channel without subscribers is kept",
                        "PubSub",
                        "if (topic.total() == 0) {",
                        "if (topic.total() < 0) {"),
                connections(
                        "shard channels are counted with the others",
                        "Subscriptions",
                        "return kind.isShard() ? shards : channels + patterns;",
                        "return kind.isShard() ? shards : channels + patterns + shards;"),
                connections(
                        "a push overtakes replies that wait",
                        "Outbox",
                        "if (queue.isEmpty() && encoded.length",
                        "if (encoded.length"),
                connections(
                        "a reply that is left out takes the push before it along",
                        "ReplyBuffer",
                        "if (pushes[i] >= from) {",
                        "if (pushes[i] > from) {"),
                connections(
                        "the wait of one that has gone goes on",
                        "Connection",
                        "if (parked != null) {\n            parked.cancel();",
                        "if (parked != null) {"),
                connections(
                        "one that has gone is still to be told of keys",
                        "Connection",
                        "server.tracking().disable(client);\n        account.close();",
                        "account.close();"),
                connections(
                        "one that has gone is still shown commands",
                        "Connection",
                        "server.monitors().remove(client);",
                        ""),
                connections(
                        "who quits is a subscriber until the connection is closed",
                        "Connection",
                        "client.unsubscribeAll();\n        server.tracking().disable(client);\n"
                                + "        reply.close();",
                        "server.tracking().disable(client);\n        reply.close();"),
                connections(
                        "nothing goes on when a client takes its replies again",
                        "Connection",
                        "if (channel.isWritable() && !running && !closed) {",
                        "if (channel.isWritable() && running && !closed) {"),
                connections(
                        "reading does not go on behind a wait",
                        "Connection",
                        "if (channel.config().isAutoRead() != read) {",
                        "if (!read) {"),
                connections(
                        "RESET leaves the client a monitor",
                        "Client",
                        "server.monitors().remove(this);",
                        ""),
                connections(
                        "what NOLOOP asks for counts for the writes of all",
                        "Tracking",
                        "&& !(mode.noLoop() && by.is(client))) {",
                        "&& !mode.noLoop()) {"),
                connections(
                        "what OPTOUT asks for is turned round",
                        "Tracking",
                        ": mode.optOut() && client.isCachingSet())) {",
                        ": mode.optOut() && !client.isCachingSet())) {"),
                connections(
                        "MULTI forgets what CLIENT CACHING has said",
                        "Dispatcher",
                        "if (!isClient && !client.transaction().isOpen()) {",
                        "if (!isClient) {"),
                connections(
                        "who has invalidated a key is told before the reply",
                        "Worker",
                        "afterReply.add(message);",
                        "byte[] now = message.encode(); if (now != null) { reply.push(now); }"),
                connections(
                        "FLUSHALL forgets no tracked key",
                        "Tracking",
                        "void flushed() {\n        clear();",
                        "void flushed() {"),
                connections(
                        "a key that comes into being is not seen by WATCH",
                        "ClientTransaction",
                        "}\n        return isWritten(version, before);",
                        "}\n        return false;"),
                connections(
                        "a wait begins anew with all its time",
                        "BlockedClient",
                        "whole.toMillis() - TimeUnit.NANOSECONDS.toMillis(waitedNs);",
                        "whole.toMillis() - (waitedNs < 0 ? 1 : 0);"),
                connections(
                        "CLIENT UNBLOCK wakes nobody",
                        "UnblockWait",
                        "asking.connection().wake(this);",
                        ""),
                connections(
                        "a pause gets milder",
                        "Pause",
                        "writesOnly = writesOnly && onlyWrites;",
                        "writesOnly = onlyWrites;"));
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void shouldBeFound(Bug bug) throws ReflectiveOperationException {
        Class<?> fuzz = PlantedVariant.load("FuzzRun", bug.file(), bug.from(), bug.to());
        Method run = fuzz.getDeclaredMethod("run", String.class, long.class, long.class);
        run.setAccessible(true);
        long sum = 0;
        for (int i = 0; i < RUNS; i++) {
            long seed = SEED + 1_000_003L * i;
            Object @Nullable [] found = (Object[]) run.invoke(null, bug.fuzz(), seed, ENOUGH);
            assertNotNull(found, () -> bug + ": not found in " + ENOUGH + ", seed=" + seed);
            sum += (Long) found[0];
            if (i + 1 == RUNS) {
                String what = String.valueOf(found[1]).lines().findFirst().orElse("");
                System.out.printf("%s | %s | %d | %s%n", bug, bug.file(), sum / RUNS, what);
            }
        }
    }
}
