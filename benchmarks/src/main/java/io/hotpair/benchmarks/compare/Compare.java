package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.util.List;

/** Compares Hotpair with its peers; {@code ./benchmarks/compare} runs it. */
public final class Compare {
    private final Options options;
    private final Report report = new Report(System.out, System.err);

    private Compare(Options options) {
        this.options = options;
    }

    /** Arguments: see {@link Options#USAGE}. */
    public static void main(String[] arguments) throws IOException {
        if (List.of(arguments).contains("--help")) {
            System.out.print(Options.usage());
            return;
        }
        try {
            new Compare(Options.parse(arguments)).run();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Options.usage());
            System.exit(2);
        }
        // Some of the peers leave threads behind.
        System.exit(0);
    }

    /** The JVMs of their own come first, while this one has not touched its heap. */
    private void run() throws IOException {
        if (options.has(Options.Section.PAUSES)) {
            new PausesSection(options, report).run();
        }
        if (options.has(Options.Section.MEMORY)) {
            new MemorySection(options, report).run();
        }
        if (options.has(Options.Section.LOG)) {
            new LogSection(options, report).run();
        }
        if (options.has(Options.Section.MAPS)) {
            new MapsSection(options, report).run();
        }
        if (options.has(Options.Section.COLLECTIONS)) {
            new CollectionsSection(CollectionsSection.Plan.of(options), report).run();
        }
        report.print();
        if (options.json() != null) {
            report.write(options.json());
        }
    }
}
