package io.hotpair.persistence;

import io.hotpair.log.SnapshotBytes;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;

/** The bytes of a snapshot file as they are; whoever takes them checks them. */
final class SnapshotFileBytes implements SnapshotBytes {
    private final Path path;
    private final FileInputStream file;

    private SnapshotFileBytes(Path path, FileInputStream file) {
        this.path = path;
        this.file = file;
    }

    static SnapshotFileBytes open(Path path) {
        try {
            return new SnapshotFileBytes(path, new FileInputStream(path.toFile()));
        } catch (FileNotFoundException e) {
            throw Failures.logFailed("snapshot " + path + " can't be opened", e);
        }
    }

    @Override
    public int read(byte[] into, int most) {
        try {
            return file.read(into, 0, most);
        } catch (IOException e) {
            throw Failures.logFailed("snapshot " + path + " can't be read: " + e, e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw Failures.logFailed("snapshot " + path + " can't be closed", e);
        }
    }
}
