package io.hotpair.internal;

import io.hotpair.Snapshot;
import io.hotpair.log.OperationReader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A snapshot of an engine. */
public final class EngineSnapshot implements Snapshot {
    private final Engine engine;
    private final SnapshotView view;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Fixes the present state. */
    public EngineSnapshot(Engine engine) {
        this.engine = engine;
        view = engine.openSnapshot();
    }

    @Override
    public long opId() {
        return view.opId();
    }

    @Override
    public void forEach(Consumer<OperationReader> consumer) {
        if (closed.get()) {
            throw new IllegalStateException("snapshot is closed");
        }
        new SnapshotWalk(engine, view).run(consumer);
    }

    /**
     * Checks that it still shows what happened.
     *
     * @throws IllegalStateException if it was ended by a change of this node's role
     */
    void requireUnbroken() {
        engine.inSnapshot(view, edit -> {});
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            engine.closeSnapshot(view);
        }
    }
}
