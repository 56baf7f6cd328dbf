package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.BitField;
import io.hotpair.BitOperator;
import io.hotpair.BitUnit;
import io.hotpair.Session;
import io.hotpair.StringOperations;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Bits of strings. */
final class BitCommands {
    private static final String BAD_OFFSET = "ERR bit offset is not an integer or out of range";
    private static final String BAD_BIT = "ERR bit is not an integer or out of range";
    private static final String BAD_TYPE =
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported"
                    + " but i64 is.";

    /** Those that hold the first value against the others. */
    private static final Set<BitOperator> NEED_TWO =
            EnumSet.of(BitOperator.DIFF, BitOperator.DIFF1, BitOperator.ANDOR);

    private BitCommands() {}

    static void register(CommandTable table) {
        registerBits(table);
        registerFields(table);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.BITMAP).categories(Category.BITMAP).syntax(syntax);
    }

    private static void registerBits(CommandTable table) {
        add(table, "setbit", 4, "key offset value")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "access", "update")
                .since("2.2.0")
                .summary("Sets or clears a bit, and returns what it was.")
                .does(BitCommands::setbit);
        add(table, "getbit", 3, "key offset")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("2.2.0")
                .summary("Returns a bit.")
                .does(
                        (r, c, out) -> {
                            long offset = offset(r, 2, c);
                            out.integer(strings(c).getBit(r.copy(1), offset) ? 1 : 0);
                        });
        add(table, "bitcount", -2, "key [start end [BYTE|BIT]]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("2.6.0")
                .complexity("O(N), N being the length of the part")
                .summary("Counts the bits that are set in a value or a part of it.")
                .does(BitCommands::bitcount);
        add(table, "bitpos", -3, "key bit [start [end [BYTE|BIT]]]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("2.8.7")
                .complexity("O(N), N being the length of the part")
                .summary("Finds the first bit of a kind in a value or a part of it.")
                .does(BitCommands::bitpos);
        add(table, "bitop", -4, "(AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE) destkey key...")
                .flags(WRITE, DENYOOM)
                .keys(2, 2, 1, "OW", "update")
                .keys(3, -1, 1, "RO", "access")
                .since("2.6.0")
                .complexity("O(N), N being the length of the longest value")
                .summary("Combines values bit by bit, and keeps the result.")
                .does(BitCommands::bitop);
    }

    private static void registerFields(CommandTable table) {
        add(
                        table,
                        "bitfield",
                        -2,
                        "key [GET encoding offset|[OVERFLOW (WRAP|SAT|FAIL)] (SET encoding offset"
                                + " value|INCRBY encoding offset increment)]...")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "access", "update", "variable_flags")
                .keyNotes("This command allows both access and modification of the key")
                .variableAccess(BitCommands::accessOfBitField)
                .since("3.2.0")
                .complexity("O(1) for each integer")
                .summary("Reads and changes integers of any length at any bit of a value.")
                .does((r, c, out) -> bitfield(r, c, out, false));
        add(table, "bitfield_ro", -2, "key [GET encoding offset]...")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("6.0.0")
                .complexity("O(1) for each integer")
                .summary("Reads integers of any length at any bit of a value.")
                .does((r, c, out) -> bitfield(r, c, out, true));
    }

    private static StringOperations strings(Client client) {
        return client.session().strings();
    }

    private static long offset(Request request, int argument, Client client) {
        return checkOffset(request.integer(argument, 0, Long.MAX_VALUE, BAD_OFFSET), client);
    }

    private static long checkOffset(long offset, Client client) {
        if (offset < 0 || offset >> 3 >= client.server().settings().maxBulkLength()) {
            throw new CommandException(BAD_OFFSET);
        }
        return offset;
    }

    private static void setbit(Request request, Client client, ReplyBuffer reply) {
        long offset = offset(request, 2, client);
        boolean bit = request.integer(3, 0, 1, BAD_BIT) == 1;
        boolean before = strings(client).setBit(request.copy(1), offset, bit);
        client.noteWrite();
        reply.integer(before ? 1 : 0);
    }

    private static boolean isAbsent(Request request, Client client) {
        int length = client.session().length(request.bytes(), request.offset(1), request.length(1));
        return length == Session.ABSENT;
    }

    private static BitUnit unit(Request request, int argument) {
        if (request.is(argument, "BIT")) {
            return BitUnit.BIT;
        }
        if (request.is(argument, "BYTE")) {
            return BitUnit.BYTE;
        }
        throw CommandException.syntax();
    }

    private static void bitcount(Request request, Client client, ReplyBuffer reply) {
        if (isAbsent(request, client)) {
            // Whatever else is asked is not looked at.
            reply.integer(0);
            return;
        }
        byte[] key = request.copy(1);
        int count = request.count();
        if (count == 2) {
            reply.integer(strings(client).bitCount(key));
            return;
        }
        if (count != 4 && count != 5) {
            throw CommandException.syntax();
        }
        long start = request.integer(2);
        long end = request.integer(3);
        if (start < 0 && end < 0 && start > end) {
            // Nothing whatever the unit is, which is not looked at.
            reply.integer(0);
            return;
        }
        BitUnit unit = count == 5 ? unit(request, 4) : BitUnit.BYTE;
        reply.integer(strings(client).bitCount(key, start, end, unit));
    }

    private static void bitpos(Request request, Client client, ReplyBuffer reply) {
        long bit = request.integer(2);
        if (bit != 0 && bit != 1) {
            throw new CommandException("ERR The bit argument must be 1 or 0.");
        }
        if (isAbsent(request, client)) {
            reply.integer(bit == 1 ? -1 : 0);
            return;
        }
        int count = request.count();
        if (count > 6) {
            throw CommandException.syntax();
        }
        byte[] key = request.copy(1);
        long start = count > 3 ? request.integer(3) : 0;
        BitUnit unit = count == 6 ? unit(request, 5) : BitUnit.BYTE;
        long place =
                count > 4
                        ? strings(client).bitPos(key, bit == 1, start, request.integer(4), unit)
                        : strings(client).bitPos(key, bit == 1, start);
        reply.integer(place);
    }

    private static void bitop(Request request, Client client, ReplyBuffer reply) {
        BitOperator operator = operator(request);
        if (operator == BitOperator.NOT && request.count() != 4) {
            throw new CommandException("ERR BITOP NOT must be called with a single source key.");
        }
        if (NEED_TWO.contains(operator) && request.count() < 5) {
            throw new CommandException(
                    "ERR BITOP " + operator + " must be called with at least two source keys.");
        }
        long length = strings(client).bitOp(operator, request.copy(2), request.copies(3));
        client.noteWrite();
        reply.integer(length);
    }

    private static BitOperator operator(Request request) {
        for (BitOperator operator : BitOperator.values()) {
            if (request.is(1, operator.name())) {
                return operator;
            }
        }
        throw CommandException.syntax();
    }

    private static List<String> accessOfBitField(Request request, int from) {
        for (int i = from + 2; i < request.count(); i++) {
            int left = request.count() - i - 1;
            if (request.is(i, "GET") && left >= 2) {
                i += 2;
            } else if (request.is(i, "OVERFLOW") && left >= 1) {
                i++;
            } else {
                return KeySpec.READS_AND_WRITES;
            }
        }
        return KeySpec.READS;
    }

    private static void bitfield(
            Request request, Client client, ReplyBuffer reply, boolean readOnly) {
        FieldArguments arguments = new FieldArguments(request, client);
        BitField[] steps = arguments.read();
        byte[] key = request.copy(1);
        List<? extends @Nullable Long> results;
        if (!arguments.writes) {
            // Without any step too the type is looked at.
            results =
                    isAbsent(request, client) || steps.length == 0
                            ? zeros(steps)
                            : strings(client).bitFieldRo(key, steps);
        } else if (readOnly) {
            throw new CommandException("ERR BITFIELD_RO only supports the GET subcommand");
        } else {
            results = strings(client).bitField(key, steps);
            client.noteWrite();
        }
        reply.array(results.size());
        for (Long result : results) {
            if (result == null) {
                reply.nullValue();
            } else {
                reply.integer(result);
            }
        }
    }

    private static List<Long> zeros(BitField[] steps) {
        return Collections.nCopies(steps.length, 0L);
    }

    /** The steps of BITFIELD. */
    private static final class FieldArguments {
        private final Request request;
        private final Client client;
        private final List<BitField> steps = new ArrayList<>();
        private BitField.Overflow overflow = BitField.Overflow.WRAP;
        private boolean writes;

        FieldArguments(Request request, Client client) {
            this.request = request;
            this.client = client;
        }

        BitField[] read() {
            for (int i = 2; i < request.count(); ) {
                i += step(i);
            }
            return steps.toArray(new BitField[0]);
        }

        private int step(int i) {
            int left = request.count() - i - 1;
            if (left >= 2 && request.is(i, "GET")) {
                add(BitField.Action.GET, i);
                return 3;
            }
            if (left >= 3 && request.is(i, "SET")) {
                add(BitField.Action.SET, i);
                return 4;
            }
            if (left >= 3 && request.is(i, "INCRBY")) {
                add(BitField.Action.INCREMENT, i);
                return 4;
            }
            if (left >= 1 && request.is(i, "OVERFLOW")) {
                overflow = overflow(i + 1);
                return 2;
            }
            throw CommandException.syntax();
        }

        private BitField.Overflow overflow(int argument) {
            if (request.is(argument, "WRAP")) {
                return BitField.Overflow.WRAP;
            }
            if (request.is(argument, "SAT")) {
                return BitField.Overflow.SATURATE;
            }
            if (request.is(argument, "FAIL")) {
                return BitField.Overflow.FAIL;
            }
            throw new CommandException("ERR Invalid OVERFLOW type specified");
        }

        private void add(BitField.Action action, int i) {
            int at = request.offset(i + 1);
            int length = request.length(i + 1);
            byte[] bytes = request.bytes();
            boolean signed = length > 0 && bytes[at] == 'i';
            boolean typed = signed || (length > 0 && bytes[at] == 'u');
            if (!typed || !Decimals.isLong(bytes, at + 1, length - 1)) {
                throw new CommandException(BAD_TYPE);
            }
            long bits = Decimals.parse(bytes, at + 1, length - 1);
            if (bits < 1 || bits > (signed ? 64 : 63)) {
                throw new CommandException(BAD_TYPE);
            }
            long offset = fieldOffset(i + 2, bits);
            long operand = 0;
            if (action != BitField.Action.GET) {
                operand = request.integer(i + 3);
                writes = true;
            }
            steps.add(new BitField(action, signed, (int) bits, offset, operand, overflow));
        }

        /** An offset in bits, or with a # in integers of the same length. */
        private long fieldOffset(int argument, long bits) {
            int at = request.offset(argument);
            int length = request.length(argument);
            boolean counted = length > 0 && request.bytes()[at] == '#';
            int skipped = counted ? 1 : 0;
            if (!Decimals.isLong(request.bytes(), at + skipped, length - skipped)) {
                throw new CommandException(BAD_OFFSET);
            }
            long offset = Decimals.parse(request.bytes(), at + skipped, length - skipped);
            // As in Redis, a product that does not fit wraps around.
            return checkOffset(counted ? offset * bits : offset, client);
        }
    }
}
