package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.BackupTarget;
import io.hotpair.HotpairException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Scheduled backups as streams at somebody's target. */
final class BackupsAtTarget implements BackupPlace {
    private final BackupTarget target;
    private final Function<OutputStream, BackupManifest> maker;
    private final BooleanSupplier isMaster;

    /**
     * Makes it.
     *
     * @param isMaster whether this node is master now
     * @param maker writes a backup to a stream
     */
    BackupsAtTarget(
            BackupTarget target,
            BooleanSupplier isMaster,
            Function<OutputStream, BackupManifest> maker) {
        this.target = target;
        this.maker = maker;
        this.isMaster = isMaster;
    }

    @Override
    public String suffix() {
        return ".zip";
    }

    @Override
    public boolean isMine() {
        return isMaster.getAsBoolean();
    }

    /** It is asked for its names before each backup, and so is known to answer. */
    @Override
    public void check() {}

    @Override
    public BackupManifest make(String name) throws IOException {
        @Nullable BackupManifest[] made = new BackupManifest[1];
        target.store(name, out -> made[0] = write(out));
        BackupManifest manifest = made[0];
        if (manifest == null) {
            throw new IOException(target + " did not ask for the content of " + name);
        }
        return manifest;
    }

    /** The stream's own failure is to come back as what it was. */
    private BackupManifest write(OutputStream out) throws IOException {
        try {
            return maker.apply(out);
        } catch (HotpairException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw e;
        }
    }

    @Override
    public List<String> names() throws IOException {
        return target.names();
    }

    @Override
    public void delete(String name) throws IOException {
        target.delete(name);
    }
}
