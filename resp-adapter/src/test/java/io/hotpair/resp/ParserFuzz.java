package io.hotpair.resp;

import io.hotpair.resp.RequestParser.Outcome;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sends what {@link ParserSource} makes through the parser and the look-ahead before it, in pieces
 * and with rewinds as a {@link Connection} does, and compares with {@link ReferenceParser}: the
 * same commands at the same places, the same error, the same bytes left over, and nothing kept of
 * what was executed. One input is one execution.
 */
final class ParserFuzz implements AutoCloseable {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int MAX_LINE = 64 << 10;
    private static final int[] MAX_BULKS = {64, 16_384, 1 << 20, 512 << 20};
    private static final int MAX_KEPT_INDEX = 64 * 2 * Integer.BYTES;
    private static final int MAX_EXPECTED = 1_024;
    private static final int MAX_TRIES = 1_000;
    private static final byte GARBAGE = '$';

    private final FuzzServer server = new FuzzServer();
    private final ReadAhead ahead = new ReadAhead();

    /**
     * How one input is delivered.
     *
     * @param signedInAfter how many commands it takes until the client has authenticated
     */
    private record Delivery(long seed, int signedInAfter, int maxBulkLength) {}

    /**
     * Executes inputs until one fails.
     *
     * @return how many there were
     * @throws AssertionError that tells the seed, and the input in as few bytes as fail too
     */
    long run(long seed, long executions) {
        for (long i = 0; i < executions; i++) {
            SplittableRandom random = new SplittableRandom(seed + i * GOLDEN);
            byte[] input = new ParserSource(random).next();
            Delivery delivery =
                    new Delivery(
                            random.nextLong(),
                            signedInAfter(random),
                            MAX_BULKS[random.nextInt(MAX_BULKS.length)]);
            try {
                execute(input, delivery);
            } catch (AssertionError | RuntimeException | VirtualMachineError e) {
                throw new FuzzFailure(i + 1, described(input, delivery, seed + i * GOLDEN, e), e);
            }
        }
        return executions;
    }

    private static int signedInAfter(SplittableRandom random) {
        return switch (random.nextInt(10)) {
            case 0 -> Integer.MAX_VALUE;
            case 1 -> 1 + random.nextInt(3);
            default -> 0;
        };
    }

    private String described(byte[] input, Delivery delivery, long seed, Throwable failure) {
        byte[] least = input;
        int tries = 0;
        for (int size = input.length / 2; size > 0; size /= 2) {
            for (int at = 0; at + size <= least.length && tries++ < MAX_TRIES; ) {
                byte[] shorter = new byte[least.length - size];
                System.arraycopy(least, 0, shorter, 0, at);
                System.arraycopy(least, at + size, shorter, at, shorter.length - at);
                if (fails(shorter, delivery)) {
                    least = shorter;
                } else {
                    at += size;
                }
            }
        }
        return failure
                + "\nparser, seed="
                + seed
                + " "
                + delivery
                + "\n"
                + FuzzBytes.literal(least);
    }

    private boolean fails(byte[] input, Delivery delivery) {
        try {
            execute(input, delivery);
            return false;
        } catch (AssertionError | RuntimeException | VirtualMachineError e) {
            return true;
        }
    }

    private void execute(byte[] input, Delivery delivery) {
        server.signIn(delivery.signedInAfter() == 0);
        ahead.clear();
        new Turn(input, delivery).run();
    }

    /** One input on its way. */
    private final class Turn {
        private final byte[] input;
        private final Delivery delivery;
        private final SplittableRandom random;
        private final RequestParser parser;
        private ReferenceParser expected;

        /** Where the array begins in the input, how far it goes, and what is executed of it. */
        private byte[] array = {};

        private int base;
        private int arrived;
        private int executed;

        Turn(byte[] input, Delivery delivery) {
            this.input = input;
            this.delivery = delivery;
            random = new SplittableRandom(delivery.seed());
            parser = new RequestParser(delivery.maxBulkLength());
            expected = expectedOf(input.length);
        }

        private ReferenceParser expectedOf(int length) {
            return new ReferenceParser(
                    input, length, delivery.signedInAfter(), delivery.maxBulkLength());
        }

        void run() {
            // Whether a line is too long depends on how much of it has come when it is looked at.
            boolean isLong = input.length > MAX_LINE;
            int pieceLength = pieceLength(isLong);
            Outcome outcome = Outcome.INCOMPLETE;
            while (arrived < input.length && outcome == Outcome.INCOMPLETE) {
                int to = Math.min(input.length, arrived + 1 + random.nextInt(pieceLength));
                receive(to);
                if (isLong) {
                    expected = expectedOf(to);
                }
                outcome = executeWhatCame();
            }
            compareEnd(outcome);
        }

        private int pieceLength(boolean isLong) {
            if (isLong) {
                return input.length;
            }
            return switch (random.nextInt(4)) {
                case 0 -> input.length < 400 ? 1 : Math.max(64, input.length / 16);
                case 1 -> Math.max(16, input.length / 16);
                case 2 -> Math.max(1, input.length / 2);
                default -> 4 * input.length + 1;
            };
        }

        /** Appends to what is left, where it stands or in another array. */
        private void receive(int to) {
            int left = parser.remaining();
            int from = parser.start();
            boolean hasRoom = from + left + to - arrived <= array.length;
            if (!hasRoom || random.nextInt(3) == 0) {
                int before = random.nextInt(3);
                byte[] other = new byte[before + left + to - arrived + random.nextInt(40)];
                System.arraycopy(array, from, other, before, left);
                Arrays.fill(array, GARBAGE);
                base += from - before;
                array = other;
                from = before;
            }
            System.arraycopy(input, arrived, array, from + left, to - arrived);
            arrived = to;
            parser.input(array, from, to - base);
        }

        private Outcome executeWhatCame() {
            while (true) {
                Outcome outcome = ahead.fill(parser, server.client());
                if (outcome != Outcome.REQUEST) {
                    return outcome;
                }
                int most = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : Integer.MAX_VALUE;
                for (int i = 0; i < most && !ahead.isEmpty(); i++) {
                    executeNext();
                }
                ahead.giveBack(parser);
                if (!server.client().isAuthenticated() || random.nextInt(20) == 0) {
                    // As for a client that has just signed out.
                    parser.rewindTo(parser.start());
                }
            }
        }

        private void executeNext() {
            List<ReferenceParser.Parsed> commands = expected.commands();
            if (executed == commands.size()) {
                throw new AssertionError(
                        "unexpected command " + FuzzBytes.literal(ahead.current().copy(0)));
            }
            ReferenceParser.Parsed command = commands.get(executed++);
            Request request = ahead.current();
            boolean isSame = request.count() == command.arguments().size();
            for (int i = 0; isSame && i < request.count(); i++) {
                isSame = request.isSame(i, command.arguments().get(i));
            }
            if (!isSame) {
                throw new AssertionError("arguments of command " + executed + " differ");
            }
            int end = ahead.start() + ahead.length() + base;
            check("end of command " + executed, command.end(), end);
            if (ahead.start() + base > command.start()) {
                throw new AssertionError("command " + executed + " begins too late");
            }
            ahead.advance();
            if (executed == delivery.signedInAfter()) {
                server.signIn(true);
            }
            if (request.count() != 0
                    || request.bytes().length != 0
                    || request.indexBytes() > MAX_KEPT_INDEX) {
                throw new AssertionError("command " + executed + " is kept after it was executed");
            }
        }

        private void compareEnd(Outcome outcome) {
            if (!expected.error().equals(parser.error())) {
                throw new AssertionError(
                        "error: expected " + expected.error() + ", was " + parser.error());
            }
            check("is error", expected.error().isEmpty() ? 0 : 1, outcome == Outcome.ERROR ? 1 : 0);
            check("commands", expected.commands().size(), executed);
            check("consumed", expected.consumed(), parser.start() + base);
            if (outcome != Outcome.ERROR) {
                check("left", arrived - expected.consumed(), parser.remaining());
                check("needed", expected.needed(), parser.needed());
                int most = Math.max(MAX_EXPECTED, parser.remaining() / 2);
                if (parser.request().indexBytes() > most * 2 * Integer.BYTES) {
                    throw new AssertionError("room for arguments before they come");
                }
            }
        }

        private static void check(String what, long expected, long actual) {
            if (expected != actual) {
                throw new AssertionError(what + ": expected " + expected + ", was " + actual);
            }
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
