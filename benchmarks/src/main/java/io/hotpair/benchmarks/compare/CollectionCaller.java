package io.hotpair.benchmarks.compare;

import io.hotpair.HashOperations;
import io.hotpair.ListOperations;
import io.hotpair.Session;
import io.hotpair.SetOperations;
import io.hotpair.SortedSetOperations;

/** A session's views of collections, taken once, as a caller does who uses them again and again. */
record CollectionCaller(
        HashOperations hashes,
        SetOperations sets,
        SortedSetOperations sortedSets,
        ListOperations lists) {

    static CollectionCaller of(Session session) {
        return new CollectionCaller(
                session.hashes(), session.sets(), session.sortedSets(), session.lists());
    }
}
