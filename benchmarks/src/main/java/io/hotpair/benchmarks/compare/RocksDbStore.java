package io.hotpair.benchmarks.compare;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * RocksDB as it comes, with its write-ahead log, which it does not sync; but without compression,
 * which would cost it time.
 */
final class RocksDbStore implements Contestant {
    private static final long REST_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);

    private final Options options =
            new Options()
                    .setCreateIfMissing(true)
                    .setCompressionType(CompressionType.NO_COMPRESSION);
    private final WriteOptions unsynced = new WriteOptions().setSync(false);
    private final RocksDB database;

    RocksDbStore(Path directory) {
        RocksDB.loadLibrary();
        try {
            database = RocksDB.open(options, directory.toString());
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Caller caller() {
        return new DatabaseCaller(database, unsynced);
    }

    @Override
    public void rest() {
        long giveUpNs = System.nanoTime() + REST_TIMEOUT_NS;
        while (isBusy() && System.nanoTime() - giveUpNs < 0) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private boolean isBusy() {
        return property("rocksdb.mem-table-flush-pending")
                        + property("rocksdb.num-running-flushes")
                        + property("rocksdb.compaction-pending")
                        + property("rocksdb.num-running-compactions")
                > 0;
    }

    private long property(String name) {
        try {
            return database.getLongProperty(name);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        database.close();
        unsynced.close();
        options.close();
    }

    private static final class DatabaseCaller extends StoreCaller {
        private final RocksDB database;
        private final WriteOptions options;

        DatabaseCaller(RocksDB database, WriteOptions options) {
            this.database = database;
            this.options = options;
        }

        @Override
        void put(int length) {
            try {
                database.put(options, key, 0, key.length, value, 0, length);
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        byte @Nullable [] read() {
            try {
                return database.get(key);
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
