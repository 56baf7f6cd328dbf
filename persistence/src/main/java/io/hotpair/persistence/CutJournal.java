package io.hotpair.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The cuts that were made, in the file {@code cuts}: one line each, {@code cycle position keptOpId
 * directory}, the last being where the tail was saved. It makes a cut durable before the first
 * frame of the next term is there to tell of it, and whatever that term is.
 */
final class CutJournal {
    static final String FILE_NAME = "cuts";

    private final Path file;
    private final List<Entry> entries;

    /**
     * One cut.
     *
     * @param cut what was cut
     * @param tail the name of the directory where the tail was saved
     */
    record Entry(Cut cut, String tail) {
        String toLine() {
            Place boundary = cut.boundary();
            return boundary.cycle() + " " + boundary.position() + " " + cut.keptOpId() + " " + tail;
        }

        static Entry parse(String line, Path file) {
            String[] parts = line.split(" ", -1);
            if (parts.length != 4) {
                throw Failures.corruption(file + ": line=" + line + ", expected four fields");
            }
            Place boundary = new Place(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
            return new Entry(new Cut(boundary, Long.parseLong(parts[2])), parts[3]);
        }
    }

    private CutJournal(Path file, List<Entry> entries) {
        this.file = file;
        this.entries = entries;
    }

    /**
     * Reads the journal; an absent one is empty.
     *
     * @throws io.hotpair.HotpairException {@code CORRUPTION}
     */
    static CutJournal read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        List<Entry> entries = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : SealedText.read(file)) {
                entries.add(Entry.parse(line, file));
            }
        }
        return new CutJournal(file, entries);
    }

    List<Entry> entries() {
        return entries;
    }

    /** Adds a cut. On return it is durable. */
    void add(Entry entry) throws IOException {
        List<Entry> grown = new ArrayList<>(entries);
        grown.add(entry);
        write(grown);
        entries.add(entry);
    }

    /** The highest opId before a place that no cut behind it has ended, if there was that one. */
    long liveLimit(Place place, long lastOpId) {
        long limit = lastOpId;
        for (Entry entry : entries) {
            if (entry.cut().boundary().compareTo(place) > 0) {
                limit = Math.min(limit, entry.cut().keptOpId());
            }
        }
        return limit;
    }

    /**
     * Has the log end at a place. What the cuts behind it have ended before it stays so. On return
     * that is durable.
     *
     * @param lastOpId the last operation before that place
     */
    void endAt(Place place, long lastOpId) throws IOException {
        List<Entry> kept =
                new ArrayList<>(
                        entries.stream()
                                .filter(e -> e.cut().boundary().compareTo(place) <= 0)
                                .toList());
        if (kept.size() == entries.size()) {
            return;
        }
        long limit = liveLimit(place, lastOpId);
        if (limit < lastOpId) {
            kept.add(new Entry(new Cut(place, limit), entries.get(entries.size() - 1).tail()));
        }
        write(kept);
        entries.clear();
        entries.addAll(kept);
    }

    private void write(List<Entry> all) throws IOException {
        if (all.isEmpty()) {
            Files.deleteIfExists(file);
            Directories.force(Directories.parent(file));
            return;
        }
        SealedText.write(file, all.stream().map(Entry::toLine).toList());
    }
}
