package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Configuration;
import com.moilioncircle.redis.replicator.Constants;
import com.moilioncircle.redis.replicator.FileType;
import com.moilioncircle.redis.replicator.RedisReplicator;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.event.Event;
import com.moilioncircle.redis.replicator.rdb.datatype.ExpiredType;
import com.moilioncircle.redis.replicator.rdb.datatype.Function;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueStream;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyStringValueString;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyValuePair;
import com.moilioncircle.redis.replicator.rdb.datatype.TTLValue;
import com.moilioncircle.redis.replicator.rdb.datatype.ZSetEntry;
import com.moilioncircle.redis.replicator.rdb.iterable.ValueIterableRdbVisitor;
import com.moilioncircle.redis.replicator.rdb.iterable.datatype.KeyStringValueByteArrayIterator;
import com.moilioncircle.redis.replicator.rdb.iterable.datatype.KeyStringValueMapEntryIterator;
import com.moilioncircle.redis.replicator.rdb.iterable.datatype.KeyStringValueTTLMapEntryIterator;
import com.moilioncircle.redis.replicator.rdb.iterable.datatype.KeyStringValueZSetEntryIterator;
import com.moilioncircle.redis.replicator.util.CRC64;
import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.ScoredMember;
import io.hotpair.Session;
import io.hotpair.ZaddCondition;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the keys of a Redis RDB file, of versions up to 12, into a keyspace, and its libraries of
 * functions. Its checksum is checked before anything is written. Values of any length come element
 * by element.
 */
public final class RdbImport {
    private static final int HEADER_LENGTH = 9;
    private static final byte END_MARK = (byte) 0xFF;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int FIRST_VERSION_WITH_CHECKSUM = 5;
    private static final int LAST_VERSION = 12;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int BATCH = 128;

    /** Stands for all databases of a file, in the place of the number of one. */
    public static final int ALL_DATABASES = -1;

    /**
     * What was read. Immutable.
     *
     * @param keyCount keys that were written
     * @param expiredCount keys that were past their deadline, and left out
     * @param otherDatabaseCount keys of other databases, left out
     * @param libraryCount libraries of functions that were written
     */
    public record Report(
            long keyCount, long expiredCount, long otherDatabaseCount, int libraryCount) {}

    private final Path file;
    private final long length;
    private final Keyspace keyspace;

    /** Of libraries of functions; null if those are left out. */
    private final @Nullable RespConfig limits;

    private final Session session;
    private final long nowMs;
    private final int database;
    private final Databases.Mapping mapping;
    private final Progress progress;
    private long keyCount;
    private long expiredCount;
    private long otherDatabaseCount;
    private final List<byte[]> libraries = new ArrayList<>();
    private int libraryCount;
    private @Nullable RuntimeException failure;

    private RdbImport(
            Path file,
            long length,
            int database,
            Keyspace keyspace,
            @Nullable RespConfig limits,
            long nowMs,
            Progress progress) {
        this.keyspace = keyspace;
        this.limits = limits;
        this.file = file;
        this.length = length;
        this.database = database;
        this.progress = progress;
        session = keyspace.session();
        mapping = new Databases(KeyspacePort.of(keyspace), KeyArea.COUNT).present();
        this.nowMs = nowMs;
    }

    /**
     * Reads a file, as {@link #read(Path, int, Keyspace, RespConfig, Progress)} does, with the
     * limits of scripts that a listener has by default.
     *
     * @param file the RDB file
     * @param database the number of the database in it that is wanted, which becomes database 0, or
     *     {@link #ALL_DATABASES}, which keep their numbers
     * @param keyspace where the keys go
     * @param progress told how far it is, in bytes of the file
     * @return what was read
     * @throws HotpairException as the other one does
     * @throws IllegalArgumentException as the other one does
     * @throws UncheckedIOException if it can't be read
     */
    public static Report read(Path file, int database, Keyspace keyspace, Progress progress) {
        return read(file, database, keyspace, RespConfig.builder().build(), progress);
    }

    /**
     * Reads a file. Keys of the same name are replaced, all others stay, and so it is with
     * libraries of functions, which come before the keys and are of no database. On return all of
     * it is in the keyspace's log, if it has one.
     *
     * @param file the RDB file
     * @param database the number of the database in it that is wanted, which becomes database 0, or
     *     {@link #ALL_DATABASES}, which keep their numbers
     * @param keyspace where the keys go
     * @param listener how those are served who call the functions: its limits of scripts are those
     *     that libraries are loaded under
     * @param progress told how far it is, in bytes of the file
     * @return what was read
     * @throws HotpairException {@code CORRUPTION} if the file is damaged or is none, before
     *     anything is written; or as a write may fail, with a part of the keys written
     * @throws IllegalArgumentException if the file has a value that only a module of Redis
     *     understands, or a database from 255 on that is wanted; the keys before it are written. Or
     *     if a library of functions can't be loaded here; then nothing is written
     * @throws UncheckedIOException if it can't be read
     */
    public static Report read(
            Path file, int database, Keyspace keyspace, RespConfig listener, Progress progress) {
        try {
            return readBegin(file, Files.size(file), database, keyspace, listener, progress);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " can't be read: " + e.getMessage(), e);
        }
    }

    /** As {@link #read}, of a file that begins with so many bytes of RDB. */
    static Report readBegin(
            Path file,
            long length,
            int database,
            Keyspace keyspace,
            RespConfig limits,
            Progress progress)
            throws IOException {
        checkSum(file, length);
        long nowMs = keyspace.config().clock().currentTimeMs();
        return new RdbImport(file, length, database, keyspace, limits, nowMs, progress).run();
    }

    /** The keys of a file that is sound, at another time than the keyspace's own. */
    static Report readKeys(Path file, Keyspace keyspace, long nowMs, Progress progress)
            throws IOException {
        return new RdbImport(file, Files.size(file), ALL_DATABASES, keyspace, null, nowMs, progress)
                .run();
    }

    private static HotpairException corrupt(Path file, String what) {
        return new HotpairException(HotpairException.Category.CORRUPTION, file + " " + what);
    }

    /** A checksum of zero says that there is none. */
    static void checkSum(Path file, long length) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] header = in.readNBytes(HEADER_LENGTH);
            String magic = new String(header, StandardCharsets.US_ASCII);
            if (!magic.matches("REDIS\\d{4}")) {
                throw corrupt(file, "is no RDB file, which begins with REDIS and its version");
            }
            int version = Integer.parseInt(magic.substring(5));
            if (version > 0 && version < FIRST_VERSION_WITH_CHECKSUM) {
                return;
            }
            long crc = CRC64.crc64(header);
            byte[] buffer = new byte[BUFFER_BYTES];
            byte last = 0;
            long left = length - HEADER_LENGTH - CHECKSUM_LENGTH;
            while (left > 0) {
                int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (n < 0) {
                    throw new EOFException("it became shorter while it was read");
                }
                crc = CRC64.crc64(buffer, 0, n, crc);
                last = buffer[n - 1];
                left -= n;
            }
            byte[] end = in.readNBytes(CHECKSUM_LENGTH);
            long expected =
                    end.length < CHECKSUM_LENGTH
                            ? ~crc
                            : ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (expected == 0 && last != END_MARK) {
                throw corrupt(
                        file, "has no checksum and ends before its end mark: it is cut short");
            }
            if (expected != 0 && expected != crc) {
                throw corrupt(
                        file,
                        "is damaged, cut short, or followed by something else: checksum="
                                + Long.toHexString(expected)
                                + ", computed "
                                + Long.toHexString(crc));
            }
            if (version > LAST_VERSION) {
                throw new HotpairException(
                        HotpairException.Category.UNKNOWN_VERSION,
                        file + " has version=" + version + ", expected at most " + LAST_VERSION);
            }
        }
    }

    private Report run() throws IOException {
        try (CountingStream in =
                        new CountingStream(
                                new BufferedInputStream(Files.newInputStream(file)), length);
                Replicator replicator =
                        new RedisReplicator(in, FileType.RDB, Configuration.defaultSetting())) {
            replicator.setRdbVisitor(
                    new ValueIterableRdbVisitor(replicator, new RdbValues(replicator)));
            replicator.addEventListener(
                    (unused, event) -> {
                        takeOrEnd(event);
                        progress.at(Math.min(in.count, length), length);
                    });
            replicator.open();
        } catch (IOException | UncheckedIOException e) {
            RuntimeException cause = failure;
            if (cause != null) {
                throw cause;
            }
            throw e;
        }
        writeLibraries();
        awaitLogged();
        return new Report(keyCount, expiredCount, otherDatabaseCount, libraryCount);
    }

    /** The library goes on after any exception of a listener but this one. */
    private void takeOrEnd(Event event) {
        try {
            take(event);
        } catch (RuntimeException e) {
            failure = e;
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private void awaitLogged() {
        if (session.lastOpId() == 0) {
            return;
        }
        CompletableFuture<Boolean> logged = new CompletableFuture<>();
        keyspace.whenAcknowledged(
                keyspace.config().acknowledgement(),
                session.lastOpId(),
                session.lastTerm(),
                logged::complete);
        requireLogged(logged.join());
    }

    private void requireLogged(boolean isLogged) {
        if (!isLogged) {
            throw new HotpairException(
                    HotpairException.Category.OUTCOME_UNKNOWN,
                    "what was read of " + file + " did not all come to the log");
        }
    }

    private void take(Event event) {
        if (event instanceof Function library) {
            libraries.add(library.getCode());
        } else if (event instanceof KeyValuePair<?, ?> pair) {
            // All libraries stand before the first key.
            writeLibraries();
            take(pair);
        }
    }

    /** As a client's command would: all or none, by the same rules. */
    private void writeLibraries() {
        if (limits != null && !libraries.isEmpty()) {
            try (LocalClient client = new LocalClient(keyspace, limits)) {
                client.addLibraries(
                        libraries,
                        FunctionSet.Policy.REPLACE,
                        file + ": its libraries of functions can't be loaded");
                requireLogged(client.awaitAcknowledged());
            }
            libraryCount += libraries.size();
        }
        libraries.clear();
    }

    private void take(KeyValuePair<?, ?> pair) {
        long deadlineMs = deadlineMs(pair);
        long number = pair.getDb() == null ? 0 : pair.getDb().getDbNumber();
        byte[] key = key(number, (byte[]) pair.getKey());
        if (database != ALL_DATABASES && number != database) {
            otherDatabaseCount++;
            skip(pair);
        } else if (deadlineMs != Session.NEVER && deadlineMs <= nowMs) {
            expiredCount++;
            skip(pair);
        } else {
            int unused = session.keys().del(key);
            write(key, pair);
            if (deadlineMs != Session.NEVER) {
                boolean isSet = session.keys().pexpireAt(key, deadlineMs, DeadlineCondition.ALWAYS);
                assert isSet;
            }
            keyCount++;
        }
    }

    /** Where it goes. */
    private byte[] key(long number, byte[] name) {
        if (database != ALL_DATABASES) {
            return KeyArea.key(mapping.area(0), name);
        }
        if (number >= KeyArea.COUNT) {
            throw new IllegalArgumentException(
                    file + " has database=" + number + ", expected at most " + (KeyArea.COUNT - 1));
        }
        return KeyArea.key(mapping.area((int) number), name);
    }

    private static long deadlineMs(KeyValuePair<?, ?> pair) {
        Long value = pair.getExpiredValue();
        if (value == null || pair.getExpiredType() == ExpiredType.NONE) {
            return Session.NEVER;
        }
        return pair.getExpiredType() == ExpiredType.SECOND ? value * 1000 : value;
    }

    /** What comes element by element has to be read all the same. */
    private static void skip(KeyValuePair<?, ?> pair) {
        if (pair.getValue() instanceof Iterator<?> elements) {
            elements.forEachRemaining(element -> {});
        }
    }

    private void write(byte[] key, KeyValuePair<?, ?> pair) {
        if (pair instanceof KeyStringValueString string) {
            byte[] value = string.getValue();
            session.put(key, 0, key.length, value, 0, value.length, Session.NEVER);
        } else if (pair instanceof KeyStringValueByteArrayIterator elements) {
            writeElements(key, elements, isList(pair.getValueRdbType()));
        } else if (pair instanceof KeyStringValueMapEntryIterator hash) {
            writeHash(key, hash.getValue());
        } else if (pair instanceof KeyStringValueTTLMapEntryIterator hash) {
            writeHashWithDeadlines(key, hash.getValue());
        } else if (pair instanceof KeyStringValueZSetEntryIterator members) {
            writeSortedSet(key, members.getValue());
        } else if (pair instanceof KeyStringValueStream stream) {
            ((RdbStream) stream.getValue()).writeTo(session.streams(), key);
        } else {
            throw new IllegalArgumentException(
                    file
                            + " key="
                            + new String(KeyArea.name(key), StandardCharsets.ISO_8859_1)
                            + " rdbType="
                            + pair.getValueRdbType()
                            + ", expected a value of Redis itself, not of a module");
        }
    }

    private static boolean isList(int rdbType) {
        return rdbType == Constants.RDB_TYPE_LIST
                || rdbType == Constants.RDB_TYPE_LIST_ZIPLIST
                || rdbType == Constants.RDB_TYPE_LIST_QUICKLIST
                || rdbType == Constants.RDB_TYPE_LIST_QUICKLIST_2;
    }

    private void writeElements(
            byte[] key, KeyStringValueByteArrayIterator elements, boolean isList) {
        batches(
                elements.getValue(),
                batch -> {
                    long unused =
                            isList
                                    ? session.lists().rpush(key, batch.toArray(byte[][]::new))
                                    : session.sets().sadd(key, batch.toArray(byte[][]::new));
                });
    }

    private void writeHash(byte[] key, Iterator<Map.Entry<byte[], byte[]>> fields) {
        batches(
                fields,
                batch -> {
                    byte[][] all = new byte[2 * batch.size()][];
                    for (int i = 0; i < batch.size(); i++) {
                        all[2 * i] = batch.get(i).getKey();
                        all[2 * i + 1] = batch.get(i).getValue();
                    }
                    int unused = session.hashes().hset(key, all);
                });
    }

    private void writeHashWithDeadlines(byte[] key, Iterator<Map.Entry<byte[], TTLValue>> fields) {
        while (fields.hasNext()) {
            Map.Entry<byte[], TTLValue> field = fields.next();
            TTLValue value = field.getValue();
            Long deadlineMs = value.getExpires();
            if (deadlineMs == null || deadlineMs > nowMs) {
                boolean unused = session.hashes().hset(key, field.getKey(), value.getValue());
                if (deadlineMs != null) {
                    int[] unusedResult =
                            session.hashes()
                                    .hexpireAt(
                                            key,
                                            Instant.ofEpochMilli(deadlineMs),
                                            DeadlineCondition.ALWAYS,
                                            field.getKey());
                }
            }
        }
    }

    private void writeSortedSet(byte[] key, Iterator<ZSetEntry> members) {
        batches(
                members,
                batch -> {
                    ScoredMember[] all = new ScoredMember[batch.size()];
                    for (int i = 0; i < all.length; i++) {
                        ZSetEntry member = batch.get(i);
                        all[i] = new ScoredMember(member.getElement(), member.getScore());
                    }
                    long unused = session.sortedSets().zadd(key, ZaddCondition.ALWAYS, false, all);
                });
    }

    private static <T> void batches(Iterator<T> elements, Consumer<List<T>> to) {
        List<T> batch = new ArrayList<>(BATCH);
        // To ask once more whether there is a next one would read the one after it.
        while (elements.hasNext()) {
            batch.add(elements.next());
            if (batch.size() == BATCH) {
                to.accept(batch);
                batch.clear();
            }
        }
        if (!batch.isEmpty()) {
            to.accept(batch);
        }
    }

    /** Ends after some bytes, and knows how many were read of it. */
    private static final class CountingStream extends FilterInputStream {
        private final long limit;
        private long count;

        CountingStream(InputStream in, long limit) {
            super(in);
            this.limit = limit;
        }

        @Override
        public int read() throws IOException {
            int b = count == limit ? -1 : super.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (count == limit) {
                return -1;
            }
            int n = super.read(into, offset, (int) Math.min(length, limit - count));
            count += Math.max(0, n);
            return n;
        }
    }
}
