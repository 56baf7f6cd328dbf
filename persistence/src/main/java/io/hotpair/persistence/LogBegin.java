package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.Lineage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a log begins that was shortened, or that begins with a snapshot of another log, in the file
 * {@code log.begin}. It is written before what lies before it is deleted: so it tells a segment
 * that was deleted from one that is missing, and whoever opens the log completes the deletion.
 *
 * @param cycle the first segment, or the first one that may come; 0 for a log that begins with its
 *     first operation
 * @param previousOpId the last live opId before it
 * @param lineage which terms wrote what is gone
 */
record LogBegin(int cycle, long previousOpId, Lineage lineage) {
    static final String FILE_NAME = "log.begin";

    /** The beginning of a log of which nothing was deleted. */
    static final LogBegin ORIGIN = new LogBegin(0, 0, Lineage.EMPTY);

    private static final int FORMAT_VERSION = 1;
    private static final String FORMAT_KEY = "format=";
    private static final String CYCLE_KEY = "cycle=";
    private static final String PREVIOUS_KEY = "previous-op-id=";
    private static final String TERM_KEY = "term=";
    private static final String FROM_KEY = " from-op-id=";

    /** Where the first frame is, or will be. */
    Place place() {
        return new Place(cycle, 0);
    }

    /** Whether a place lies in what was deleted. */
    boolean isAfter(Place place) {
        return place().compareTo(place) >= 0;
    }

    void write(Path directory) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(FORMAT_KEY + FORMAT_VERSION);
        lines.add(CYCLE_KEY + cycle);
        lines.add(PREVIOUS_KEY + previousOpId);
        for (Lineage.TermStart start : lineage.terms()) {
            lines.add(TERM_KEY + start.term() + FROM_KEY + start.firstOpId());
        }
        SealedText.write(directory.resolve(FILE_NAME), lines);
    }

    /**
     * Reads it.
     *
     * @return the beginning; {@link #ORIGIN} if the log was never shortened
     * @throws HotpairException {@code CORRUPTION} or {@code UNKNOWN_VERSION}
     */
    static LogBegin read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        if (!Files.exists(file)) {
            return ORIGIN;
        }
        List<String> lines = SealedText.read(file);
        String format = lines.isEmpty() ? "" : lines.get(0);
        if (!format.equals(FORMAT_KEY + FORMAT_VERSION)) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    file + ": " + format + ", expected " + FORMAT_KEY + FORMAT_VERSION);
        }
        try {
            return parse(lines);
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw Failures.corruption(file + ": lines=" + lines + ", expected cycle, opId, terms");
        }
    }

    private static LogBegin parse(List<String> lines) {
        List<Lineage.TermStart> terms = new ArrayList<>();
        for (String line : lines.subList(3, lines.size())) {
            int from = line.indexOf(FROM_KEY);
            terms.add(
                    new Lineage.TermStart(
                            Long.parseLong(line.substring(TERM_KEY.length(), from)),
                            Long.parseLong(line.substring(from + FROM_KEY.length()))));
        }
        return new LogBegin(
                Integer.parseInt(lines.get(1).substring(CYCLE_KEY.length())),
                Long.parseLong(lines.get(2).substring(PREVIOUS_KEY.length())),
                new Lineage(terms));
    }
}
