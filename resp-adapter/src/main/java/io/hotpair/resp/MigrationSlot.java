package io.hotpair.resp;

import io.hotpair.Keyspace;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one place of a keyspace for a migration into it, which all of its listeners look at.
 * Thread-safe.
 */
final class MigrationSlot {
    /** That of what can't be migrated to. */
    static final MigrationSlot EMPTY = new MigrationSlot(null);

    private static final Map<Keyspace, MigrationSlot> ALL = new WeakHashMap<>();

    private final @Nullable WeakReference<Keyspace> target;
    private final List<Supplier<CompletableFuture<Void>>> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable RedisMigration active;

    private MigrationSlot(@Nullable Keyspace keyspace) {
        target = keyspace == null ? null : new WeakReference<>(keyspace);
    }

    static MigrationSlot of(Keyspace keyspace) {
        synchronized (ALL) {
            return ALL.computeIfAbsent(keyspace, MigrationSlot::new);
        }
    }

    /** The keyspace, or null if nothing can be migrated to it. */
    @Nullable Keyspace keyspace() {
        return target == null ? null : target.get();
    }

    /** The migration that goes on, or has failed and was not ended; or null. */
    @Nullable RedisMigration active() {
        return active;
    }

    /**
     * Takes the place.
     *
     * @param before what is expected to have it
     */
    synchronized void begin(@Nullable RedisMigration before, RedisMigration next) {
        RedisMigration present = active;
        if (present != before) {
            throw new IllegalStateException(
                    "a migration from "
                            + (present == null ? "nowhere" : present.source())
                            + " goes on, expected none: end it first");
        }
        active = next;
    }

    synchronized void end(RedisMigration migration) {
        if (active == migration) {
            active = null;
        }
    }

    /** Says who sends away the clients that wait for an element, when a migration begins. */
    void addListener(Supplier<CompletableFuture<Void>> listener) {
        listeners.add(listener);
    }

    void removeListener(Supplier<CompletableFuture<Void>> listener) {
        listeners.remove(listener);
    }

    /** Done when no client waits any more. */
    CompletableFuture<Void> sendWaitingAway() {
        return CompletableFuture.allOf(
                listeners.stream().map(Supplier::get).toArray(CompletableFuture<?>[]::new));
    }
}
