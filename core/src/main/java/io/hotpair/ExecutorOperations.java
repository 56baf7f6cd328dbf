package io.hotpair;

import io.hotpair.internal.Executor;
import io.hotpair.internal.GeoCommands;
import io.hotpair.internal.HashCommands;
import io.hotpair.internal.HyperLogLogCommands;
import io.hotpair.internal.KeyCommands;
import io.hotpair.internal.ListCommands;
import io.hotpair.internal.SetCommands;
import io.hotpair.internal.SortedSetCommands;
import io.hotpair.internal.StreamCommands;
import io.hotpair.internal.StringCommands;

/** The typed operations, run by an executor. */
abstract class ExecutorOperations implements TypedOperations {

    abstract Executor executor();

    @Override
    public KeyOperations keys() {
        return new KeyCommands(executor());
    }

    @Override
    public StringOperations strings() {
        return new StringCommands(executor());
    }

    @Override
    public HashOperations hashes() {
        return new HashCommands(executor());
    }

    @Override
    public ListOperations lists() {
        return new ListCommands(executor());
    }

    @Override
    public SetOperations sets() {
        return new SetCommands(executor());
    }

    @Override
    public SortedSetOperations sortedSets() {
        return new SortedSetCommands(executor());
    }

    @Override
    public StreamOperations streams() {
        return new StreamCommands(executor());
    }

    @Override
    public GeoOperations geo() {
        return new GeoCommands(executor());
    }

    @Override
    public HyperLogLogOperations hyperLogLogs() {
        return new HyperLogLogCommands(executor());
    }
}
