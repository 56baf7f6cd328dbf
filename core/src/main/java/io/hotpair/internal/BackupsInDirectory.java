package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.log.BackupStore;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Scheduled backups as sealed directories in a directory. */
final class BackupsInDirectory implements BackupPlace {
    private final Path parent;
    private final String prefix;
    private final BackupStore store;
    private final Function<Path, BackupManifest> maker;

    /**
     * Makes it.
     *
     * @param maker makes a backup in a directory
     */
    BackupsInDirectory(
            Path parent, String prefix, BackupStore store, Function<Path, BackupManifest> maker) {
        this.parent = parent;
        this.prefix = prefix;
        this.store = store;
        this.maker = maker;
    }

    @Override
    public String suffix() {
        return "";
    }

    @Override
    public boolean isMine() {
        return true;
    }

    @Override
    public void check() {
        store.discard(store.begin(parent.resolve(prefix + "check")));
    }

    @Override
    public BackupManifest make(String name) {
        store.discardPartial(parent, prefix);
        return maker.apply(parent.resolve(name));
    }

    @Override
    public List<String> names() {
        return store.list(parent);
    }

    @Override
    public void delete(String name) {
        store.remove(parent.resolve(name));
    }
}
