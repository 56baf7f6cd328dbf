package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/**
 * LMDB, a transaction for each put, without a sync ({@code MDB_NOSYNC}) and with a writable map
 * ({@code MDB_WRITEMAP}), which spares it a system call for each page.
 */
final class LmdbStore implements Contestant {
    private static final byte[] NAME = "stores".getBytes(US_ASCII);
    private static final long BYTES_PER_KEY = 1_000;

    private final Env<ByteBuffer> environment;
    private final Dbi<ByteBuffer> database;

    LmdbStore(Dataset dataset, Path directory) {
        environment =
                Env.create()
                        .setMapSize((256L << 20) + dataset.keyCount() * BYTES_PER_KEY)
                        .setMaxDbs(1)
                        .open(directory.toFile(), EnvFlags.MDB_NOSYNC, EnvFlags.MDB_WRITEMAP);
        database = environment.openDbi(NAME, DbiFlags.MDB_CREATE);
    }

    @Override
    public Caller caller() {
        return new EnvironmentCaller(environment, database);
    }

    @Override
    public void close() {
        environment.close();
    }

    /** It takes buffers off the heap only: copying into them is part of a put. */
    private static final class EnvironmentCaller extends StoreCaller {
        private final Env<ByteBuffer> environment;
        private final Dbi<ByteBuffer> database;
        private final ByteBuffer keyBuffer = ByteBuffer.allocateDirect(Keys.LENGTH);
        private final ByteBuffer valueBuffer = ByteBuffer.allocateDirect(Dataset.MAX_VALUE_LENGTH);

        EnvironmentCaller(Env<ByteBuffer> environment, Dbi<ByteBuffer> database) {
            this.environment = environment;
            this.database = database;
        }

        @Override
        void put(int length) {
            keyBuffer.clear().put(key).flip();
            valueBuffer.clear().put(value, 0, length).flip();
            try (Txn<ByteBuffer> transaction = environment.txnWrite()) {
                boolean unused = database.put(transaction, keyBuffer, valueBuffer);
                transaction.commit();
            }
        }

        @Override
        byte @Nullable [] read() {
            keyBuffer.clear().put(key).flip();
            try (Txn<ByteBuffer> transaction = environment.txnRead()) {
                ByteBuffer found = database.get(transaction, keyBuffer);
                if (found == null) {
                    return null;
                }
                byte[] copy = new byte[found.remaining()];
                found.get(copy);
                return copy;
            }
        }
    }
}
