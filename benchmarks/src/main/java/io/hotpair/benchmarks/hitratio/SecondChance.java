package io.hotpair.benchmarks.hitratio;

import io.hotpair.internal.EvictionPolicy;

/** A policy that may change its mind about a record when it is chosen. */
interface SecondChance extends EvictionPolicy {
    /** The same word if the record goes; another one, to be stored, if it stays. */
    int onSelect(int access, int now);
}
