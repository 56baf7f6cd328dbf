package io.hotpair.resp;

import io.hotpair.Session.ReadTrace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What a command is. Everything that is said of it elsewhere, by COMMAND, in errors, in the
 * documentation, comes from here. Filled once while the table is made, then only read.
 */
final class Command {
    /** What a command does or needs, in the order in which COMMAND INFO tells. */
    enum Flag {
        WRITE,
        READONLY,
        DENYOOM,
        ADMIN,
        PUBSUB,
        NOSCRIPT,
        BLOCKING,
        LOADING,
        STALE,
        SKIP_MONITOR,
        SKIP_SLOWLOG,
        FAST,
        NO_AUTH,
        NO_MANDATORY_KEYS,
        NO_ASYNC_LOADING,
        NO_MULTI,
        MOVABLE_KEYS("movablekeys"),
        ALLOW_BUSY;

        private final String text;

        Flag() {
            text = name().toLowerCase(Locale.ROOT);
        }

        Flag(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /** What access rules call the commands, in the order in which COMMAND INFO tells. */
    enum Category {
        KEYSPACE,
        READ,
        WRITE,
        SET,
        SORTEDSET,
        LIST,
        HASH,
        STRING,
        BITMAP,
        HYPERLOGLOG,
        GEO,
        STREAM,
        PUBSUB,
        ADMIN,
        FAST,
        SLOW,
        BLOCKING,
        DANGEROUS,
        CONNECTION,
        TRANSACTION,
        SCRIPTING;

        String text() {
            return "@" + name().toLowerCase(Locale.ROOT);
        }
    }

    /** Which arguments name channels of publish and subscribe. */
    enum Channels {
        NONE,
        /** The first one, where something is published. */
        PUBLISHED,
        /** All, which are subscribed to. */
        SUBSCRIBED,
        /** All, which are patterns that are subscribed to. */
        PATTERNS
    }

    /** What a command does with a key, where its options decide. */
    @FunctionalInterface
    interface VariableAccess {
        /**
         * Tells it in the words of COMMAND INFO.
         *
         * @param from where the command begins in the request
         */
        List<String> of(Request request, int from);
    }

    /** The chapter of the documentation. */
    enum Group {
        STRING,
        BITMAP,
        HASH,
        LIST,
        SET,
        SORTED_SET,
        HYPERLOGLOG,
        GEO,
        STREAM,
        PUBSUB,
        GENERIC,
        TRANSACTIONS,
        SCRIPTING,
        CONNECTION,
        SERVER,
        CLUSTER;

        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What a command does. Executed in the event loop's thread; must not block. */
    @FunctionalInterface
    interface Function {
        void execute(Request request, Client client, ReplyBuffer reply);
    }

    private final String name;
    private final int arity;
    private final @Nullable Command container;
    private final Group group;
    private final Set<Flag> flags = EnumSet.noneOf(Flag.class);
    private final Set<Category> extraCategories = EnumSet.noneOf(Category.class);
    private final Map<String, Command> subcommands = new LinkedHashMap<>();
    private final List<String> tips = new ArrayList<>();
    private final List<String> floating = new ArrayList<>();
    private final int id;
    private final List<KeySpec> keys = new ArrayList<>();
    private String since = "1.0.0";
    private String syntax = "";
    private String summary = "";
    private String complexity = "O(1)";
    private @Nullable Function function;
    private KeySpec.@Nullable Legacy plainKeys;
    private boolean readsOneKey;
    private final boolean readsInOneStep;
    private boolean write;
    private boolean heldWithWrites;
    private @Nullable BiPredicate<Request, Client> writesNothing;
    private boolean touchesKeys;
    private ReadTrace readTrace = ReadTrace.USE;
    private boolean unqueued;
    private boolean inSubscribedMode;
    private Channels channels = Channels.NONE;
    private @Nullable VariableAccess variableAccess;

    Command(int id, String name, int arity, Group group, @Nullable Command container) {
        this.id = id;
        this.name = name;
        this.arity = arity;
        this.group = group;
        this.container = container;
        readsInOneStep = KeyMisses.readsInOneStep(this);
    }

    Command flags(Flag... which) {
        flags.addAll(List.of(which));
        write = flags.contains(Flag.WRITE);
        touchesKeys = write || flags.contains(Flag.READONLY);
        return this;
    }

    /** Says that what it answers may rest on keys, though it neither reads nor writes itself. */
    Command touchingKeys() {
        touchesKeys = true;
        return this;
    }

    Command categories(Category... which) {
        extraCategories.addAll(List.of(which));
        return this;
    }

    /**
     * Says that keys stand between two places.
     *
     * @param first the first key's place, the command's name being 0
     * @param last the last key's place, counted from the end if negative
     * @param step how far they are apart
     * @param access what is done with them, in the words of COMMAND INFO
     * @return this
     */
    Command keys(int first, int last, int step, String... access) {
        return keys(KeySpec.between(first, last, step, access));
    }

    /** Adds a place where keys are, behind those that were added before. */
    Command keys(KeySpec spec) {
        keys.add(spec);
        plainKeys = keys.size() == 1 && spec.isRange() ? KeySpec.legacy(keys) : null;
        List<KeySpec> read = keys.stream().filter(each -> !each.access().contains("OW")).toList();
        readsOneKey = read.size() == 1 && read.get(0).isOneKey();
        if (!spec.isRange()) {
            flags.add(Flag.MOVABLE_KEYS);
        }
        return this;
    }

    /** Says what is done with the keys, where that depends on the other arguments. */
    Command variableAccess(VariableAccess access) {
        variableAccess = access;
        return this;
    }

    /** Says what its reads leave behind, where that is another thing than of most. */
    Command readTrace(ReadTrace trace) {
        readTrace = trace;
        return this;
    }

    Command channels(Channels which) {
        channels = which;
        return this;
    }

    /** Notes on the keys that were added last. */
    Command keyNotes(String notes) {
        int last = keys.size() - 1;
        keys.set(last, keys.get(last).withNotes(notes));
        return this;
    }

    Command tips(String... which) {
        tips.addAll(List.of(which));
        return this;
    }

    /** Lets it be executed at once between MULTI and EXEC. */
    Command unqueued() {
        unqueued = true;
        return this;
    }

    /** Lets it be executed for a client that has subscribed and speaks RESP2. */
    Command inSubscribedMode() {
        inSubscribedMode = true;
        return this;
    }

    /** Has a pause of writes hold it, for Redis counts it among them. */
    Command heldWithWrites() {
        heldWithWrites = true;
        return this;
    }

    /** The same, but for calls of which it is known that they write nothing. */
    Command heldWithWritesUnless(BiPredicate<Request, Client> exception) {
        writesNothing = exception;
        return heldWithWrites();
    }

    Command since(String version) {
        since = version;
        return this;
    }

    Command syntax(String text) {
        syntax = text;
        return this;
    }

    /** Says which arguments are floating point numbers. */
    Command floating(String... names) {
        floating.addAll(List.of(names));
        return this;
    }

    Command summary(String text) {
        summary = text;
        return this;
    }

    Command complexity(String text) {
        complexity = text;
        return this;
    }

    Command does(Function what) {
        function = what;
        return this;
    }

    int id() {
        return id;
    }

    /** The name alone, lower-case. */
    String name() {
        return name;
    }

    /** The name with its container's, as {@code client|list}. */
    String fullName() {
        return container == null ? name : container.name + "|" + name;
    }

    int arity() {
        return arity;
    }

    boolean acceptsArguments(int count) {
        return arity >= 0 ? count == arity : count >= -arity;
    }

    Group group() {
        return group;
    }

    Set<Flag> flags() {
        return flags;
    }

    boolean has(Flag flag) {
        return flags.contains(flag);
    }

    boolean isWrite() {
        return write;
    }

    /** Whether a pause of writes holds it. */
    boolean isHeldWithWrites() {
        return write || heldWithWrites;
    }

    /** Whether a pause of writes holds it when it is called so. */
    boolean isHeldWithWrites(Request request, Client client) {
        BiPredicate<Request, Client> exception = writesNothing;
        return isHeldWithWrites() && (exception == null || !exception.test(request, client));
    }

    /** Whether what it answers rests on keys. */
    boolean touchesKeys() {
        return touchesKeys;
    }

    /** What the first of its reads leaves behind: those that only write have nothing to count. */
    ReadTrace readTrace() {
        return readTrace;
    }

    /** Whether its reads are a part of the step in which it writes. */
    boolean readsInOneStep() {
        return readsInOneStep;
    }

    /** Whether it reads one key, however often it looks at that. */
    boolean readsOneKey() {
        return readsOneKey;
    }

    /** Whether it is executed at once between MULTI and EXEC. */
    boolean isUnqueued() {
        return unqueued;
    }

    /** Whether it is executed for a client that has subscribed and speaks RESP2. */
    boolean isInSubscribedMode() {
        return inSubscribedMode;
    }

    Map<String, Command> subcommands() {
        return subcommands;
    }

    boolean isContainer() {
        return !subcommands.isEmpty() && function == null;
    }

    List<String> tips() {
        return tips;
    }

    /** Where keys are among the arguments. */
    List<KeySpec> keys() {
        return keys;
    }

    /** Where they are, if it is one range that no argument decides; else null. */
    KeySpec.@Nullable Legacy plainKeys() {
        return plainKeys;
    }

    /** Whether there are arguments that are really keys. */
    boolean hasKeys() {
        return keys.stream().anyMatch(spec -> !spec.isOfOthers());
    }

    /** Whether it gives the names of keys to others, which find the keys themselves: to scripts. */
    boolean handsKeysOn() {
        return group == Group.SCRIPTING;
    }

    Channels channels() {
        return channels;
    }

    /** What is done with a key, in the words of COMMAND INFO. */
    List<String> accessWords(KeySpec key, Request request, int from) {
        VariableAccess variable = variableAccess;
        return variable == null ? key.access() : variable.of(request, from);
    }

    /** What a key is needed for, of {@link KeySpec#READ} and {@link KeySpec#WRITE}. */
    int access(KeySpec key, Request request, int from) {
        return KeySpec.permission(accessWords(key, request, from));
    }

    boolean isFloating(String argument) {
        return floating.contains(argument);
    }

    String since() {
        return since;
    }

    String syntax() {
        return syntax;
    }

    String summary() {
        return summary;
    }

    String complexity() {
        return complexity;
    }

    Function function() {
        Function known = function;
        if (known == null) {
            throw new IllegalStateException("function of " + name + "=null, expected one");
        }
        return known;
    }

    /** Its categories: those that its flags imply, and those that the table adds. */
    Set<Category> categories() {
        Set<Category> all =
                EnumSet.copyOf(extraCategories.isEmpty() ? Set.of(speed()) : extraCategories);
        all.add(speed());
        if (has(Flag.WRITE)) {
            all.add(Category.WRITE);
        }
        if (has(Flag.READONLY) && !all.contains(Category.SCRIPTING)) {
            all.add(Category.READ);
        }
        if (has(Flag.PUBSUB)) {
            all.add(Category.PUBSUB);
        }
        if (has(Flag.BLOCKING)) {
            all.add(Category.BLOCKING);
        }
        if (has(Flag.ADMIN)) {
            all.add(Category.ADMIN);
            all.add(Category.DANGEROUS);
        }
        return all;
    }

    private Category speed() {
        return has(Flag.FAST) ? Category.FAST : Category.SLOW;
    }
}
