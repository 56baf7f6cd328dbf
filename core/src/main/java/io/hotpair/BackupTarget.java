package io.hotpair;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * Where backups that are made from time to time go: an object store, another machine. An
 * implementation keeps streams under names. Called in a thread of the keyspace's own, one call at a
 * time; may take as long as it needs.
 */
public interface BackupTarget {

    /** Writes a backup. */
    @FunctionalInterface
    interface Content {
        /**
         * Writes all of it.
         *
         * @param out receives it; flushed, not closed
         * @throws IOException if the stream does
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Keeps a backup. It must appear under its name as a whole or not at all: what the content
     * throws while it is written, checked or not, ends the attempt, and nothing of it may stay.
     *
     * @param name lower-case letters, digits, hyphens and dots
     * @param content to be written once
     * @throws IOException if it can't be kept; it is tried again later
     */
    void store(String name, Content content) throws IOException;

    /**
     * Opens what is kept, for {@link Backup#restore(InputStream, java.nio.file.Path, Moment,
     * Progress)}.
     *
     * @param name its name
     * @return the stream; the caller closes it
     * @throws IOException if there is none, or it can't be read
     */
    InputStream open(String name) throws IOException;

    /**
     * What is kept.
     *
     * @return the names, in any order; names that no keyspace gave are left alone
     * @throws IOException if they can't be listed
     */
    List<String> names() throws IOException;

    /**
     * Removes a backup that is too old.
     *
     * @param name its name
     * @throws IOException if it can't be removed; it is tried again later
     */
    void delete(String name) throws IOException;
}
