package io.hotpair.benchmarks.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What to run.
 *
 * @param quick whether to be done in ten minutes
 * @param json where the figures go, besides the table
 * @param sections which parts
 * @param peers which contestants, besides Hotpair and ConcurrentHashMap
 * @param operations which operations
 * @param keyCounts how many keys
 * @param distributions which distributions of keys
 * @param threadCounts how many threads
 * @param rounds how many chunks of each contestant are measured, or 0 for the mode's number
 * @param commands which commands on collections
 * @param members how many elements collections have
 */
record Options(
        boolean quick,
        @Nullable Path json,
        Set<Section> sections,
        Set<Peer> peers,
        Set<Operation> operations,
        List<Integer> keyCounts,
        Set<Distribution> distributions,
        List<Integer> threadCounts,
        int rounds,
        Set<CollectionCommand> commands,
        List<Integer> members) {

    static final String USAGE =
            """
            ./benchmarks/compare [--quick] [--json FILE]
              --quick          less than ten minutes on two cores; else about an hour
              --json FILE      also write {"ratios": {...}, ...}
            for a part of it:
              --only LIST      of maps, memory, pauses, log, collections
              --peers LIST     of %s
              --ops LIST       of %s
              --sizes LIST     keys, as in 1m,10m
              --keys LIST      of uniform, zipf
              --threads LIST   as in 1,2
              --rounds N       chunks of each contestant
              --commands LIST  on collections, of %s
              --members LIST   elements of a collection, as in 100,10k,1m
            """;

    /** The parts of the comparison. */
    enum Section {
        MAPS,
        MEMORY,
        PAUSES,
        LOG,
        COLLECTIONS
    }

    static String usage() {
        return String.format(
                Locale.ROOT,
                USAGE,
                Peer.labels(),
                Arrays.stream(Operation.values())
                        .map(Operation::label)
                        .collect(Collectors.joining(", ")),
                CollectionCommand.labels());
    }

    static Options parse(String... arguments) {
        return new Parser(List.of(arguments)).parse();
    }

    boolean has(Section section) {
        return sections.contains(section);
    }

    private static final class Parser {
        private final List<String> arguments;
        private int at;
        private boolean quick;
        private @Nullable Path json;
        private Set<Section> sections = EnumSet.allOf(Section.class);
        private Set<Peer> peers = EnumSet.allOf(Peer.class);
        private Set<Operation> operations = EnumSet.allOf(Operation.class);
        private List<Integer> keyCounts = List.of(1_000_000, 10_000_000);
        private Set<Distribution> distributions = EnumSet.allOf(Distribution.class);
        private List<Integer> threadCounts = List.of(1, 2);
        private int rounds;
        private Set<CollectionCommand> commands = EnumSet.allOf(CollectionCommand.class);
        private List<Integer> members = List.of(100, 10_000, 1_000_000);

        Parser(List<String> arguments) {
            this.arguments = arguments;
        }

        Options parse() {
            while (at < arguments.size()) {
                option(arguments.get(at++));
            }
            return new Options(
                    quick,
                    json,
                    sections,
                    peers,
                    operations,
                    keyCounts,
                    distributions,
                    threadCounts,
                    rounds,
                    commands,
                    members);
        }

        private void option(String name) {
            switch (name) {
                case "--quick" -> quick = true;
                case "--json" -> json = Path.of(argument(name));
                case "--only" ->
                        sections = set(Section.class, argument(name), s -> label(s.name()));
                case "--peers" -> peers = set(Peer.class, argument(name), Peer::label);
                case "--ops" -> operations = set(Operation.class, argument(name), Operation::label);
                case "--sizes" -> keyCounts = list(argument(name), Parser::count);
                case "--keys" ->
                        distributions =
                                set(Distribution.class, argument(name), Distribution::label);
                case "--threads" -> threadCounts = list(argument(name), Parser::count);
                case "--rounds" -> rounds = count(argument(name));
                case "--commands" ->
                        commands =
                                set(
                                        CollectionCommand.class,
                                        argument(name),
                                        CollectionCommand::label);
                case "--members" -> members = list(argument(name), Parser::count);
                default -> throw new IllegalArgumentException("unknown option " + name);
            }
        }

        private String argument(String name) {
            if (at == arguments.size()) {
                throw new IllegalArgumentException(name + " without a value");
            }
            return arguments.get(at++);
        }

        private static String label(String constant) {
            return constant.toLowerCase(Locale.ROOT);
        }

        private static <E extends Enum<E>> Set<E> set(
                Class<E> type, String text, Function<E, String> label) {
            Set<E> chosen = EnumSet.noneOf(type);
            for (String name : text.split(",", -1)) {
                chosen.add(one(type, name, label));
            }
            return chosen;
        }

        private static <E extends Enum<E>> E one(
                Class<E> type, String name, Function<E, String> label) {
            for (E constant : type.getEnumConstants()) {
                if (label.apply(constant).equals(name)) {
                    return constant;
                }
            }
            throw new IllegalArgumentException(
                    "unknown " + label(type.getSimpleName()) + " " + name);
        }

        private static <T> List<T> list(String text, Function<String, T> parse) {
            List<T> parsed = new ArrayList<>();
            for (String part : text.split(",", -1)) {
                parsed.add(parse.apply(part));
            }
            return parsed;
        }

        /** As in 5, 200k or 10m. */
        private static int count(String text) {
            int unit = text.endsWith("m") ? 1_000_000 : text.endsWith("k") ? 1_000 : 1;
            String digits = unit == 1 ? text : text.substring(0, text.length() - 1);
            int count = Integer.parseInt(digits);
            if (count < 1) {
                throw new IllegalArgumentException(text + ", expected 1 or more");
            }
            return Math.multiplyExact(count, unit);
        }
    }
}
