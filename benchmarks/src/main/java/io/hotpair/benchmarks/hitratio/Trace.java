package io.hotpair.benchmarks.hitratio;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Requests for keys, in their order. Keys are numbered from 0 in the order of their hashes, which
 * is the order in which an index holds them.
 */
final class Trace {
    private static final String SUFFIX = ".txt.gz";

    /**
     * So long that a tick, a part of the limit, is a whole number of bytes in small caches, too.
     */
    private static final int EQUAL_LENGTH = 1024;

    private static final int MIN_LENGTH = 48;
    private static final int MAX_LENGTH = 1 << 20;

    private final String name;
    private final int[] requests;
    private final long[] hashes;
    private boolean lengthsVary;

    private Trace(String name, int[] requests, long[] hashes) {
        this.name = name;
        this.requests = requests;
        this.hashes = hashes;
    }

    /** Makes one of keys, each any number. */
    static Trace of(String name, long[] keys) {
        long[] hashed = Arrays.stream(keys).map(Trace::spread).toArray();
        long[] hashes = Arrays.stream(hashed).sorted().distinct().toArray();
        int[] requests = new int[keys.length];
        for (int i = 0; i < keys.length; i++) {
            requests[i] = Arrays.binarySearch(hashes, hashed[i]);
        }
        return new Trace(name, requests, hashes);
    }

    /** Reads one: gzip, one decimal key a line. */
    static Trace read(Path file) throws IOException {
        String name = fileName(file).replace(SUFFIX, "");
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.US_ASCII))) {
            return of(name, lines.lines().mapToLong(Long::parseLong).toArray());
        }
    }

    /** The traces in a directory, by name. */
    static Path[] list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> fileName(file).endsWith(SUFFIX))
                    .sorted()
                    .toArray(Path[]::new);
        }
    }

    private static String fileName(Path file) {
        return Objects.requireNonNull(file.getFileName()).toString();
    }

    /** A bijection (of SplitMix64), so that different keys have different hashes. */
    static long spread(long key) {
        long z = key + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    String name() {
        return name;
    }

    int requestCount() {
        return requests.length;
    }

    int keyCount() {
        return hashes.length;
    }

    int key(int request) {
        return requests[request];
    }

    long hash(int key) {
        return hashes[key];
    }

    /** From now on, records differ in length: it says nothing of how often they are asked for. */
    void varyLengths() {
        lengthsVary = true;
    }

    boolean lengthsVary() {
        return lengthsVary;
    }

    /** The length of a key's record, in bytes: log-normal around 300 if they vary. */
    int length(int key) {
        if (!lengthsVary) {
            return EQUAL_LENGTH;
        }
        SplittableRandom random = new SplittableRandom(hashes[key]);
        double normal = 0;
        for (int i = 0; i < 12; i++) {
            normal += random.nextDouble() - 0.5;
        }
        return (int) Math.max(MIN_LENGTH, Math.min(MAX_LENGTH, 300 * Math.exp(1.5 * normal)));
    }

    double meanLength() {
        long sum = 0;
        for (int key = 0; key < hashes.length; key++) {
            sum += length(key);
        }
        return (double) sum / hashes.length;
    }

    /** For each request the number of the next one for the same key, or the count of requests. */
    int[] nextRequests() {
        int[] next = new int[requests.length];
        int[] upcoming = new int[hashes.length];
        Arrays.fill(upcoming, requests.length);
        for (int i = requests.length - 1; i >= 0; i--) {
            next[i] = upcoming[requests[i]];
            upcoming[requests[i]] = i;
        }
        return next;
    }
}
