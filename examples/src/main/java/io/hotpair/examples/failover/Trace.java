package io.hotpair.examples.failover;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The keys of a cache trace, in request order, repeated for ever. */
final class Trace {
    /** Made once with a seeded generator: four fifths Zipf 0.9 over 8,000 keys, the rest a loop. */
    private static final String SHIPPED = "/traces/zipf-loop.txt.gz";

    private static final int MAX_REQUESTS = 200_000;

    private final int[] keys;
    private final String source;

    private Trace(int[] keys, String source) {
        this.keys = keys;
        this.source = source;
    }

    /** Reads a trace file, or the trace that the example ships if the path is empty. */
    static Trace read(String path) {
        try (InputStream in =
                path.isEmpty()
                        ? Trace.class.getResourceAsStream(SHIPPED)
                        : Files.newInputStream(Path.of(path))) {
            if (in == null) {
                throw new IllegalStateException("trace=" + SHIPPED + ", expected in the jar");
            }
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(new GZIPInputStream(in), US_ASCII));
            int[] keys = reader.lines().limit(MAX_REQUESTS).mapToInt(Integer::parseInt).toArray();
            return new Trace(keys, path.isEmpty() ? "shipped with the example" : path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int key(long request) {
        return keys[(int) (request % keys.length)];
    }

    @Override
    public String toString() {
        return keys.length + " requests, " + source;
    }
}
