package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Everything that can be compared, in the order of the table. */
enum Peer {
    IDLE("idle") {
        @Override
        Contestant open(Dataset dataset) {
            return new IdleContestant();
        }
    },
    TWO_MISS_BOUND("two-miss-bound") {
        @Override
        Contestant open(Dataset dataset) {
            return new TwoMissBound(dataset);
        }
    },
    HOTPAIR("hotpair") {
        @Override
        Contestant open(Dataset dataset) {
            return new HotpairContestant(dataset.generousBytes() + (256L << 20));
        }
    },
    CHM("chm") {
        @Override
        Contestant open(Dataset dataset) {
            return new ChmContestant();
        }
    },
    /** Shares the map of {@link #CHM}, and so is made of that one. */
    CHM_TOUCH("chm-touch") {
        @Override
        Contestant open(Dataset dataset) {
            throw new UnsupportedOperationException("chm-touch comes with chm");
        }
    },
    CHM_LONGS("chm-longs") {
        @Override
        Contestant open(Dataset dataset) {
            return new ChmLongsContestant();
        }
    },
    CAFFEINE("caffeine") {
        @Override
        Contestant open(Dataset dataset) {
            return new CaffeineContestant(dataset);
        }
    },
    CHRONICLE_MAP("chronicle-map") {
        @Override
        Contestant open(Dataset dataset) {
            return new ChronicleMapContestant(dataset);
        }
    },
    OHC_LINKED("ohc-linked") {
        @Override
        Contestant open(Dataset dataset) {
            return OhcContestant.linked(dataset);
        }
    },
    OHC_CHUNKED("ohc-chunked") {
        @Override
        Contestant open(Dataset dataset) {
            return OhcContestant.chunked(dataset);
        }
    },
    EHCACHE("ehcache") {
        @Override
        Contestant open(Dataset dataset) {
            return new EhcacheContestant(dataset);
        }
    },
    MAPDB("mapdb") {
        @Override
        Contestant open(Dataset dataset) {
            return new MapDbContestant();
        }
    },
    INFINISPAN("infinispan") {
        @Override
        Contestant open(Dataset dataset) {
            return new InfinispanContestant();
        }
    };

    private final String label;

    Peer(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /** Makes an empty one; throws whatever the peer throws where it can't run. */
    abstract Contestant open(Dataset dataset);

    boolean isOnHeap() {
        return this == CHM || this == CHM_LONGS || this == CAFFEINE;
    }

    /** Whether it is a map that stands by itself. */
    boolean isMap() {
        return this != IDLE && this != TWO_MISS_BOUND && this != CHM_TOUCH;
    }

    /** Whether it can hold values of different lengths side by side. */
    boolean holdsVaryingValues() {
        return isMap() && this != OHC_CHUNKED;
    }

    static Peer of(String label) {
        return Arrays.stream(values())
                .filter(peer -> peer.label.equals(label))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "peer=" + label + ", expected one of " + labels()));
    }

    static String labels() {
        return Arrays.stream(values()).map(Peer::label).collect(Collectors.joining(", "));
    }
}
