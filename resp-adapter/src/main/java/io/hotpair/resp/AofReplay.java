package io.hotpair.resp;

import com.moilioncircle.redis.replicator.util.CRC64;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.LongConsumer;

/**
 * Executes the commands of files of an append-only log, one after the other. A file may begin as an
 * RDB file. What stands between MULTI and EXEC is executed together when EXEC is there, so a log
 * that was cut inside of it ends before it.
 */
final class AofReplay implements AutoCloseable {
    private static final int FIRST_LENGTH = 1 << 20;
    private static final int RDB_END = 0xFF;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 64;

    private final Keyspace keyspace;
    private final RespConfig limits;
    private final AofImport.PastClock clock;
    private final LocalClient client;
    private final int database;
    private final boolean isForAll;
    private final Progress progress;
    private final long totalBytes;
    private long doneBytes;
    private long commandCount;
    private long otherDatabaseCount;
    private long cutBytes;

    private Path file = Path.of("");
    private long fileLength;
    private long read;
    private byte[] bytes = new byte[FIRST_LENGTH];
    private RequestParser parser = new RequestParser(MAX_ARRAY);
    private long selected;
    private long groupBeganAt;

    /**
     * Creates one.
     *
     * @param keyspace where commands are executed
     * @param limits says what libraries of functions may take
     * @param clock the keyspace's
     * @param database the number of the database in the log that is wanted, or {@link
     *     RdbImport#ALL_DATABASES}
     * @param totalBytes of all files together, for the progress
     */
    AofReplay(
            Keyspace keyspace,
            RespConfig limits,
            AofImport.PastClock clock,
            int database,
            Progress progress,
            long totalBytes) {
        this.keyspace = keyspace;
        this.limits = limits;
        this.clock = clock;
        this.database = database;
        isForAll = database == RdbImport.ALL_DATABASES;
        this.progress = progress;
        this.totalBytes = totalBytes;
        client = new LocalClient(keyspace, limits);
    }

    long commandCount() {
        return commandCount;
    }

    long otherDatabaseCount() {
        return otherDatabaseCount;
    }

    /** Bytes at the end of the log that are no whole command, or of a group without its EXEC. */
    long cutBytes() {
        return cutBytes;
    }

    /**
     * Executes what a file has.
     *
     * @param isLast whether it is the newest one, whose last command may be torn
     */
    void replay(Path next, boolean isLast) throws IOException {
        file = next;
        fileLength = Files.size(file);
        long rdbLength = rdbLength(file);
        if (rdbLength > 0) {
            RdbImport.Report base =
                    RdbImport.readBegin(
                            file,
                            rdbLength,
                            database,
                            keyspace,
                            limits,
                            (done, total) -> progress.at(doneBytes + done, totalBytes));
            otherDatabaseCount += base.otherDatabaseCount();
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            in.skipNBytes(rdbLength);
            begin(rdbLength);
            while (fill(in)) {
                executeAll();
                progress.at(Math.min(doneBytes + read, totalBytes), totalBytes);
            }
        }
        finish(isLast);
        doneBytes += fileLength;
    }

    /**
     * Nobody says how long the RDB part is, but its checksum stands behind its last byte. If the
     * byte before that is 0xFF as well, one of 256 checksums fits a byte too early, and then the
     * byte behind it is 0, with which no command begins: so the last of those that fit in a row is
     * it.
     */
    private static long rdbLength(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            byte[] magic = in.readNBytes(5);
            if (!new String(magic, StandardCharsets.US_ASCII).equals("REDIS")) {
                return 0;
            }
            long crc = CRC64.crc64(magic);
            long length = magic.length;
            // The 8 bytes that come next, the first of them lowest.
            long window = 0;
            long end = 0;
            for (byte b : in.readNBytes(CHECKSUM_LENGTH)) {
                window = shifted(window, b);
            }
            while (true) {
                int b = (int) (window & 0xFF);
                crc = CRC64.crc64((byte) b, crc);
                length++;
                int next = in.read();
                if (next < 0) {
                    // Whatever is wrong with a file without one, to read it as a whole will tell.
                    return end > 0 ? end : Files.size(file);
                }
                window = shifted(window, next);
                if (b == RDB_END && window == crc) {
                    end = length + CHECKSUM_LENGTH;
                } else if (end > 0) {
                    return end;
                }
            }
        }
    }

    private static long shifted(long window, int next) {
        return window >>> Byte.SIZE | (long) (next & 0xFF) << (Long.SIZE - Byte.SIZE);
    }

    private void begin(long at) {
        parser = new RequestParser(MAX_ARRAY);
        parser.input(bytes, 0, 0);
        read = at;
        selected = 0;
        if (isForAll) {
            client.select(0);
        }
        groupBeganAt = -1;
    }

    /** Where the next command begins in the file. */
    private long position() {
        return read - parser.remaining();
    }

    /** Reads more, if there is more and a whole command can still come of it. */
    private boolean fill(InputStream in) throws IOException {
        if (parser.needed() > parser.remaining() + (fileLength - read)) {
            return false;
        }
        int kept = parser.remaining();
        if (kept == MAX_ARRAY) {
            throw corrupt(position(), "has a command of more than " + MAX_ARRAY + " bytes");
        }
        if (kept == bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_ARRAY, 2L * kept));
        } else if (parser.start() > 0) {
            System.arraycopy(bytes, parser.start(), bytes, 0, kept);
        }
        int n = in.read(bytes, kept, bytes.length - kept);
        if (n <= 0) {
            parser.input(bytes, 0, kept);
            return false;
        }
        read += n;
        parser.input(bytes, 0, kept + n);
        return true;
    }

    private void executeAll() {
        while (parser.remaining() > 0) {
            long at = position();
            byte first = bytes[parser.start()];
            if (first != '*' && first != '#') {
                throw corrupt(at, "begins with byte " + (first & 0xFF) + ", expected *");
            }
            switch (parser.next(true)) {
                case INCOMPLETE -> {
                    return;
                }
                case ERROR -> throw corrupt(at, parser.error());
                case REQUEST -> {
                    if (first == '*') {
                        take(parser.request(), at);
                    } else {
                        noteTime(parser.request());
                    }
                }
            }
        }
    }

    /** A line such as #TS:1700000000 says when the next command was written. */
    private void noteTime(Request line) {
        String text = line.inError(0, 32);
        if (text.matches("#TS:\\d{1,15}")) {
            clock.reach(Long.parseLong(text.substring(4)) * 1000);
        }
    }

    /** Goes through the times at which XCLAIM says that entries were delivered. */
    static void timesOfDelivery(Request request, LongConsumer to) {
        for (int i = 5; i + 1 < request.count(); i++) {
            if (request.is(i, "TIME") && request.isInteger(i + 1)) {
                to.accept(request.integer(i + 1));
            }
        }
    }

    private void take(Request request, long at) {
        if (request.is(0, "SELECT")) {
            if (request.count() != 2 || !request.isInteger(1)) {
                throw refused(request, at, "expected the number of a database");
            }
            selected = request.integer(1);
            if (isForAll) {
                execute(request, at);
            }
        } else if (request.is(0, "SCRIPT") || request.is(0, "PFCOUNT")) {
            // Neither a script in the cache nor an estimate that Redis keeps is a part of the data.
            return;
        } else if (request.is(0, "MULTI") || request.is(0, "EXEC") || isFlush(request)) {
            groupBeganAt = request.is(0, "MULTI") ? at : groupBeganAt;
            execute(request, at);
            groupBeganAt = request.is(0, "EXEC") ? -1 : groupBeganAt;
        } else if (request.is(0, "FUNCTION")) {
            // Libraries are of no database.
            check(request, at);
            execute(request, at);
            commandCount++;
        } else if (!isForAll && isForSeveral(request)) {
            throw refused(request, at, "expected one that is about a single database");
        } else if (!isForAll && selected != database) {
            otherDatabaseCount++;
        } else {
            check(request, at);
            if (request.is(0, "XCLAIM")) {
                // When an entry was delivered is taken for now if that is later than now.
                timesOfDelivery(request, clock::reach);
            }
            execute(request, at);
            commandCount++;
        }
    }

    /** Whatever database is selected, such a command may be about the one that is wanted. */
    private static boolean isForSeveral(Request request) {
        return request.is(0, "SWAPDB")
                || request.is(0, "MOVE")
                || (request.is(0, "COPY") && has(request, 3, "DB"));
    }

    private static boolean isFlush(Request request) {
        return request.is(0, "FLUSHALL");
    }

    /** What a log does not have would do harm here: it would wait, or rest on the time of now. */
    private void check(Request request, long at) {
        Command command = client.find(request);
        if (command == null || !command.isWrite() || command.has(Command.Flag.BLOCKING)) {
            throw refused(request, at, "expected one that writes and is known here");
        }
        boolean isRelative =
                switch (command.fullName()) {
                    case "expire", "pexpire", "setex", "psetex" -> true;
                    case "set" -> has(request, 3, "EX", "PX");
                    case "getex" -> has(request, 2, "EX", "PX");
                    case "restore" -> !request.is(2, "0") && !has(request, 4, "ABSTTL");
                    default -> false;
                };
        if (isRelative) {
            throw refused(request, at, "expected a deadline since 1970, as Redis logs it");
        }
    }

    private static boolean has(Request request, int from, String... options) {
        for (int i = from; i < request.count(); i++) {
            for (String option : options) {
                if (request.is(i, option)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void execute(Request request, long at) {
        String error = client.execute(request);
        if (error != null) {
            throw client.refusal(about(request, at, error));
        }
    }

    private IllegalArgumentException refused(Request request, long at, String why) {
        return new IllegalArgumentException(about(request, at, why));
    }

    private String about(Request request, long at, String why) {
        return file
                + " position="
                + at
                + " command="
                + request.inError(0, 40).toUpperCase(Locale.ROOT)
                + ": "
                + why;
    }

    private HotpairException corrupt(long at, String what) {
        return new HotpairException(
                HotpairException.Category.CORRUPTION,
                file + " is damaged at position=" + at + ": " + what);
    }

    private void finish(boolean isLast) {
        long validTo = groupBeganAt >= 0 ? groupBeganAt : position();
        if (validTo == fileLength) {
            return;
        }
        if (!isLast) {
            throw corrupt(validTo, "ends within a command, but others come after it");
        }
        cutBytes = fileLength - validTo;
    }

    @Override
    public void close() {
        client.close();
    }
}
