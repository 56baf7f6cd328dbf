package io.hotpair.internal;

import io.hotpair.BackupManifest;
import java.io.IOException;
import java.util.List;

/** Where scheduled backups are: a directory of sealed directories, or somebody's target. */
interface BackupPlace {
    /** What their names end with. */
    String suffix();

    /** Whether this node is the one that makes them now. */
    boolean isMine();

    /** Throws if none can be made there: asked before the first one is due, so that it is known. */
    void check() throws IOException;

    /** Makes one. */
    BackupManifest make(String name) throws IOException;

    /** What is there, and perhaps others' files. */
    List<String> names() throws IOException;

    /** Removes one. */
    void delete(String name) throws IOException;
}
