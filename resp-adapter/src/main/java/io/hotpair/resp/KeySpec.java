package io.hotpair.resp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where keys are among a command's arguments: what COMMAND INFO says, and what finds them.
 *
 * @param begin where to begin to look
 * @param find which arguments from there on are keys
 * @param access what is done with them, in the words of COMMAND INFO
 * @param notes what else there is to say, or null
 */
record KeySpec(Begin begin, Find find, List<String> access, @Nullable String notes) {
    /** What a key can be needed for. */
    static final int READ = 1;

    static final int WRITE = 2;

    /** What is done with a key, in the words of COMMAND INFO. */
    static final List<String> READS = List.of("RO", "access");

    static final List<String> OVERWRITES = List.of("OW", "update");
    static final List<String> DELETES = List.of("RM", "delete");
    static final List<String> READS_AND_DELETES = List.of("RW", "access", "delete");
    static final List<String> READS_AND_WRITES = List.of("RW", "access", "update");

    /** There is no key. */
    static final long NONE = -1;

    /** The arguments are wrong. */
    static final long INVALID = -2;

    /** Where to begin. */
    sealed interface Begin {
        /** The name of this way in COMMAND INFO. */
        String type();

        /** Its parameters in COMMAND INFO. */
        Map<String, Object> spec();
    }

    /**
     * At an argument.
     *
     * @param index its place, the command's name being 0
     * @param unlessBehindKeys whether there is none if they stand behind the word KEYS of MIGRATE
     */
    record AtIndex(int index, boolean unlessBehindKeys) implements Begin {
        AtIndex(int index) {
            this(index, false);
        }

        @Override
        public String type() {
            return "index";
        }

        @Override
        public Map<String, Object> spec() {
            return ordered("index", index);
        }
    }

    /**
     * Behind a word.
     *
     * @param keyword the word, in capitals
     * @param from where the search for it begins; negative for the word KEYS of MIGRATE, of which
     *     COMMAND INFO says that it is looked for from the end
     */
    record BehindKeyword(String keyword, int from) implements Begin {
        @Override
        public String type() {
            return "keyword";
        }

        @Override
        public Map<String, Object> spec() {
            return ordered("keyword", keyword, "startfrom", from);
        }
    }

    /**
     * Nowhere that could be said, or behind an option that may stand anywhere: the last one counts.
     *
     * @param option the word, in capitals; null if no argument is such a key
     */
    record Unknown(@Nullable String option) implements Begin, Find {
        @Override
        public String type() {
            return "unknown";
        }

        @Override
        public Map<String, Object> spec() {
            return Map.of();
        }
    }

    /** Which arguments are keys. */
    sealed interface Find {
        /** The name of this way in COMMAND INFO. */
        String type();

        /** Its parameters in COMMAND INFO. */
        Map<String, Object> spec();
    }

    /**
     * A range.
     *
     * @param last the last one, counted from the first one, or from the end if negative
     * @param step how far they are apart
     * @param limit if more than 1, keys are only in this part of what is left
     */
    record Range(int last, int step, int limit) implements Find {
        @Override
        public String type() {
            return "range";
        }

        @Override
        public Map<String, Object> spec() {
            return ordered("lastkey", last, "keystep", step, "limit", limit);
        }
    }

    /**
     * As many as an argument says.
     *
     * @param count where that argument is
     * @param first where the first key is
     * @param step how far they are apart
     */
    record Counted(int count, int first, int step) implements Find {
        @Override
        public String type() {
            return "keynum";
        }

        @Override
        public Map<String, Object> spec() {
            return ordered("keynumidx", count, "firstkey", first, "keystep", step);
        }
    }

    /**
     * The one range that older clients are told of.
     *
     * @param first the first key's place, 0 for none
     * @param last the last key's place, counted from the end if negative
     * @param step how far they are apart
     */
    record Legacy(int first, int last, int step) {}

    /**
     * A key that was found.
     *
     * @param argument its place in the request
     * @param spec what found it
     */
    record Found(int argument, KeySpec spec) {}

    /** Keys between two places, the last one counted from the end if negative. */
    static KeySpec between(int first, int last, int step, String... access) {
        int relative = last < 0 ? last : last - first;
        return new KeySpec(new AtIndex(first), new Range(relative, step, 0), List.of(access), null);
    }

    /** As many keys as an argument says that stands before them. */
    static KeySpec counted(int countAt, String... access) {
        return counted(countAt, 1, access);
    }

    /** The same, where they are a step apart. */
    static KeySpec counted(int countAt, int step, String... access) {
        return new KeySpec(new AtIndex(countAt), new Counted(0, 1, step), List.of(access), null);
    }

    /** The one argument behind a word, if it is there. */
    static KeySpec behind(String keyword, int from, String... access) {
        return new KeySpec(
                new BehindKeyword(keyword, from), new Range(0, 1, 0), List.of(access), null);
    }

    /** The first half of what is behind a word. */
    static KeySpec halfBehind(String keyword, int from, String... access) {
        return new KeySpec(
                new BehindKeyword(keyword, from), new Range(-1, 1, 2), List.of(access), null);
    }

    /** The one key of MIGRATE, if it is not told several. */
    static KeySpec unlessBehindKeys(int index, String... access) {
        return new KeySpec(new AtIndex(index, true), new Range(0, 1, 0), List.of(access), null);
    }

    /** The keys of MIGRATE, if it is told several. */
    static KeySpec behindKeys(int from, String... access) {
        return new KeySpec(
                new BehindKeyword("KEYS", from), new Range(-1, 1, 0), List.of(access), null);
    }

    /** Keys whose names are not among the arguments. */
    static KeySpec unknown(String... access) {
        return new KeySpec(new Unknown(null), new Unknown(null), List.of(access), null);
    }

    /** The argument behind an option that may stand anywhere. */
    static KeySpec anywhereBehind(String option, String... access) {
        return new KeySpec(new Unknown(option), new Unknown(null), List.of(access), null);
    }

    KeySpec withNotes(String text) {
        return new KeySpec(begin, find, access, text);
    }

    /** Whether it is a range from an argument on, which older clients understand. */
    boolean isRange() {
        return begin instanceof AtIndex && find instanceof Range;
    }

    /** Whether it is one argument. */
    boolean isOneKey() {
        return isRange() && asLegacy().first() == asLegacy().last();
    }

    /** What older clients are told: all ranges as one, if they follow one another. */
    static Legacy legacy(List<KeySpec> specs) {
        if (specs.size() == 1 && specs.get(0).isRange()) {
            return specs.get(0).asLegacy();
        }
        int first = 0;
        int last = 0;
        for (KeySpec spec : specs) {
            if (spec.isRange()) {
                Legacy next = spec.asLegacy();
                if (next.step() == 1 && (last == 0 || last == next.first() - 1)) {
                    first = first == 0 ? next.first() : Math.min(first, next.first());
                    last = Integer.compareUnsigned(last, next.last()) > 0 ? last : next.last();
                }
            }
        }
        return new Legacy(first, last, first == 0 ? 0 : 1);
    }

    private Legacy asLegacy() {
        Range range = (Range) find;
        int first = ((AtIndex) begin).index();
        return new Legacy(
                first, range.last() < 0 ? range.last() : first + range.last(), range.step());
    }

    /**
     * Finds the keys of a command that is part of a request.
     *
     * @param specs where they are
     * @param request the request
     * @param from where the command begins in it
     * @return the keys; empty if the arguments are wrong
     */
    static List<Found> find(List<KeySpec> specs, Request request, int from) {
        if (!areValid(specs, request, from)) {
            return List.of();
        }
        List<Found> found = new ArrayList<>();
        for (KeySpec spec : specs) {
            long keys = spec.locate(request, from);
            if (isSome(keys)) {
                for (int i = first(keys); i <= last(keys); i += spec.step()) {
                    found.add(new Found(i, spec));
                }
            }
        }
        return found;
    }

    /** Whether all keys can be told from the arguments. Allocates nothing. */
    static boolean areValid(List<KeySpec> specs, Request request, int from) {
        for (int i = 0; i < specs.size(); i++) {
            if (specs.get(i).locate(request, from) == INVALID) {
                return false;
            }
        }
        return true;
    }

    /**
     * Where the keys are in a request, each one {@link #step()} behind the one before. Allocates
     * nothing.
     *
     * @param from where the command begins in it
     * @return for {@link #first} and {@link #last}; {@link #NONE} or {@link #INVALID}
     */
    long locate(Request request, int from) {
        int begins = isOfOthers() ? -1 : first(request, from);
        // An option that is not given has no key.
        return begins < 0 ? NONE : locate(request, from, begins);
    }

    static boolean isSome(long located) {
        return located >= 0;
    }

    static int first(long located) {
        return (int) (located >> Integer.SIZE);
    }

    static int last(long located) {
        return (int) located;
    }

    int step() {
        return find instanceof Range range
                ? range.step()
                : find instanceof Counted counted ? counted.step() : 1;
    }

    /** What is needed to do something, of {@link #READ} and {@link #WRITE}. */
    static int permission(List<String> access) {
        int permission = access.contains("access") ? READ : 0;
        boolean writes =
                access.contains("insert") || access.contains("delete") || access.contains("update");
        return writes ? permission | WRITE : permission;
    }

    /** Whether what is found there is the name of something else, for whoever routes by it. */
    boolean isOfOthers() {
        return access.contains("not_key");
    }

    private int first(Request request, int from) {
        if (begin instanceof AtIndex at) {
            boolean isElsewhere =
                    at.unlessBehindKeys() && MigrateArguments.keysWord(request, from) >= 0;
            return isElsewhere ? -1 : at.index();
        }
        if (begin instanceof Unknown unknown) {
            return unknown.option() == null ? -1 : lastBehind(unknown.option(), request, from);
        }
        BehindKeyword behind = (BehindKeyword) begin;
        if (behind.from() < 0) {
            int word = MigrateArguments.keysWord(request, from);
            return word < 0 || from + word + 1 == request.count() ? -1 : word + 1;
        }
        return find instanceof Range range && range.limit() > 0
                ? firstBehind(behind.keyword(), request, from)
                : lastBehind(behind, request, from);
    }

    /** Of XREAD and XREADGROUP, whose group and consumer may have any name, the word's too. */
    private static int firstBehind(String keyword, Request request, int from) {
        for (int i = from + 1; i < request.count() - 1; i++) {
            if (request.is(i, keyword)) {
                return i + 1 - from;
            }
            if (request.is(i, "GROUP")) {
                i += 2;
            }
        }
        return -1;
    }

    /** The command takes the last one as well, if an option is given more than once. */
    private static int lastBehind(BehindKeyword behind, Request request, int from) {
        int last = -1;
        for (int i = from + behind.from(); i < request.count() - 1; i++) {
            if (request.is(i, behind.keyword())) {
                last = ++i - from;
            }
        }
        return last;
    }

    /** Of SORT, the only command that has such an option: what others take is passed over. */
    private static int lastBehind(String option, Request request, int from) {
        int last = -1;
        for (int i = from + 2; i < request.count() - 1; i++) {
            if (request.is(i, option)) {
                last = i + 1 - from;
            } else if (request.is(i, "LIMIT")) {
                i += 2;
            } else if (request.is(i, "BY") || request.is(i, "GET")) {
                i++;
            }
        }
        return last;
    }

    private long locate(Request request, int from, int begins) {
        int count = request.count() - from;
        int first = begins;
        long last;
        if (find instanceof Unknown) {
            last = first;
        } else if (find instanceof Range range) {
            last = lastOf(range, first, count);
        } else {
            Counted counted = (Counted) find;
            int argument = from + first + counted.count();
            if (argument >= request.count() || !request.isInteger(argument)) {
                return INVALID;
            }
            first += counted.first();
            // So many arguments there are not; and it must not overflow.
            long keys = Math.max(0, Math.min(request.integer(argument), Integer.MAX_VALUE));
            last = first + (keys - 1) * counted.step();
        }
        return last >= count || last < first
                ? INVALID
                : (long) (from + first) << Integer.SIZE | from + last;
    }

    private static int lastOf(Range range, int first, int count) {
        if (range.last() >= 0) {
            return first + range.last();
        }
        return range.limit() == 0
                ? count + range.last()
                : first + (count - first) / range.limit() + range.last();
    }

    private static Map<String, Object> ordered(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put(namesAndValues[i].toString().toLowerCase(Locale.ROOT), namesAndValues[i + 1]);
        }
        return map;
    }
}
