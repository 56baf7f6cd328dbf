package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.KeyspaceOperations;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.SnapshotOptions;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A keyspace, without a log, or with one and the level for which each put waits. The log is forced
 * every second, as it always is; snapshots are saved when somebody asks, which nobody does here.
 */
final class HotpairStore implements Contestant {
    private static final byte[] FORCED = "forced".getBytes(US_ASCII);

    private final Keyspace keyspace;
    private final Acknowledgement level;
    private final boolean isLogged;

    private HotpairStore(
            Dataset dataset, KeyspaceBuilder builder, Acknowledgement level, boolean isLogged) {
        this.level = level;
        this.isLogged = isLogged;
        keyspace =
                Keyspace.open(
                        builder.name("stores")
                                .maxMemory(dataset.generousBytes() + (256L << 20))
                                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                .build());
    }

    static HotpairStore inMemory(Dataset dataset) {
        return new HotpairStore(
                dataset, Keyspace.builder().inMemory(), Acknowledgement.MEMORY, false);
    }

    static HotpairStore logged(Dataset dataset, Path directory, Acknowledgement level) {
        KeyspaceBuilder builder =
                Keyspace.builder()
                        .directory(directory)
                        .snapshots(SnapshotOptions.defaults().onDemand());
        return new HotpairStore(dataset, builder, level, true);
    }

    Keyspace keyspace() {
        return keyspace;
    }

    @Override
    public Caller caller() {
        return new KeyspaceCaller(keyspace, level);
    }

    @Override
    public void drain() {
        while (isLogged && keyspace.statistics().loggedOpId() < keyspace.statistics().lastOpId()) {
            LockSupport.parkNanos(10_000);
        }
    }

    /** What is not forced yet would be forced while somebody else is measured. */
    @Override
    public void rest() {
        if (isLogged) {
            keyspace.at(Acknowledgement.DISK).put(FORCED, FORCED);
        }
    }

    @Override
    public void close() {
        keyspace.close();
    }

    private static final class KeyspaceCaller extends StoreCaller {
        private final Keyspace keyspace;
        private final KeyspaceOperations atLevel;

        KeyspaceCaller(Keyspace keyspace, Acknowledgement level) {
            this.keyspace = keyspace;
            atLevel = keyspace.at(level);
        }

        @Override
        void put(int length) {
            atLevel.put(key, wholeValue(length));
        }

        @Override
        byte @Nullable [] read() {
            return keyspace.get(key);
        }
    }
}
