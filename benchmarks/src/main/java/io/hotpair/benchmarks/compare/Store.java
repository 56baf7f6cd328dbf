package io.hotpair.benchmarks.compare;

import io.hotpair.Acknowledgement;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What {@link Stores} compares, in the order of the table. */
enum Store {
    HOTPAIR_NO_LOG("hotpair-no-log") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return HotpairStore.inMemory(dataset);
        }
    },
    HOTPAIR_MEMORY("hotpair-memory") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return HotpairStore.logged(dataset, directory, Acknowledgement.MEMORY);
        }
    },
    /** What all are compared with. */
    HOTPAIR_LOG("hotpair-log") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return HotpairStore.logged(dataset, directory, Acknowledgement.LOG);
        }
    },
    CHRONICLE_MAP("chronicle-map") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return ChronicleMapContestant.persisted(dataset, directory.resolve("map"));
        }
    },
    ROCKSDB("rocksdb") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return new RocksDbStore(directory);
        }
    },
    LMDB("lmdb") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return new LmdbStore(dataset, directory);
        }
    },
    MVSTORE("mvstore") {
        @Override
        Contestant open(Dataset dataset, Path directory) {
            return new H2Store(dataset, directory.resolve("mvstore"));
        }
    };

    private final String label;

    Store(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /**
     * Makes an empty one.
     *
     * @param directory its own, empty
     */
    abstract Contestant open(Dataset dataset, Path directory);

    boolean isHotpair() {
        return this == HOTPAIR_NO_LOG || this == HOTPAIR_MEMORY || this == HOTPAIR_LOG;
    }

    static Store of(String label) {
        return Arrays.stream(values())
                .filter(store -> store.label.equals(label))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "store=" + label + ", expected one of " + labels()));
    }

    static String labels() {
        return Arrays.stream(values()).map(Store::label).collect(Collectors.joining(", "));
    }
}
