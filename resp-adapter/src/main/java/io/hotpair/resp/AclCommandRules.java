package io.hotpair.resp;

import io.hotpair.resp.AclCatalog.Entry;
import io.hotpair.resp.Command.Category;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which commands may be executed: a bit for each. Changed while a user is being defined, then only
 * read, by any thread; the check takes no memory.
 */
final class AclCommandRules {
    private final AclCatalog catalog;
    private final long[] bits;

    /** Also those that will be known one day; told by {@code +@all} alone. */
    private boolean future;

    /** Set by {@code +@all}, until anything is taken away: no bit needs to be looked at. */
    private boolean all;

    /** First arguments with which a command may be executed though its bit is not set. */
    private final Map<Integer, Set<String>> firstArguments = new HashMap<>(0);

    AclCommandRules(AclCatalog catalog) {
        this.catalog = catalog;
        bits = new long[(catalog.size() + Long.SIZE - 1) / Long.SIZE];
    }

    AclCommandRules copy() {
        AclCommandRules copy = new AclCommandRules(catalog);
        System.arraycopy(bits, 0, copy.bits, 0, bits.length);
        copy.future = future;
        copy.all = all;
        firstArguments.forEach(
                (index, arguments) ->
                        copy.firstArguments.put(index, new LinkedHashSet<>(arguments)));
        return copy;
    }

    /** Whether everything is allowed. */
    boolean isAll() {
        return all;
    }

    /** Whether a command that begins somewhere in a request is allowed. */
    boolean allows(Command command, Request request, int from) {
        return all
                || has(command.id())
                || (!firstArguments.isEmpty() && hasFirstArgument(command, request, from));
    }

    private boolean has(int index) {
        return (bits[index >> 6] & 1L << index) != 0;
    }

    private boolean hasFirstArgument(Command command, Request request, int from) {
        Set<String> allowed = firstArguments.get(command.id());
        if (allowed == null || request.count() - from < 2) {
            return false;
        }
        String given = lower(request.inError(from + 1));
        return allowed.stream().anyMatch(each -> lower(each).equals(given));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    // ---- changes

    void allowAll() {
        set(true);
    }

    void denyAll() {
        set(false);
    }

    private void set(boolean allowed) {
        Arrays.fill(bits, allowed ? -1L : 0);
        future = allowed;
        all = allowed;
        firstArguments.clear();
    }

    /** Allows or denies a command with all its subcommands. */
    private void change(Entry entry, boolean allowed) {
        change(entry.index(), allowed);
        firstArguments.remove(entry.index());
        for (Entry sub : entry.subcommands()) {
            change(sub.index(), allowed);
        }
    }

    private void change(int index, boolean allowed) {
        if (allowed) {
            bits[index >> 6] |= 1L << index;
        } else {
            bits[index >> 6] &= ~(1L << index);
            all = false;
        }
    }

    private void change(Category category, boolean allowed) {
        for (Entry entry : catalog.everything()) {
            if (entry.isIn(category)) {
                change(entry, allowed);
            }
        }
    }

    /** Applies a rule that begins with a plus or a minus. */
    void apply(String rule) {
        boolean allowed = rule.charAt(0) == '+';
        String name = rule.substring(1);
        if (name.startsWith("@")) {
            Category category = AclCatalog.category(name.substring(1));
            if (category == null) {
                throw AclException.unknownName();
            }
            change(category, allowed);
        } else if (allowed && name.indexOf('|') >= 0) {
            allowPart(name);
        } else {
            change(known(name), allowed);
        }
    }

    private Entry known(String name) {
        Entry entry = catalog.find(name);
        if (entry == null) {
            throw AclException.unknownName();
        }
        return entry;
    }

    /** Allows a subcommand, or a command with a certain first argument. */
    private void allowPart(String name) {
        int bar = name.lastIndexOf('|');
        Entry entry = known(name.substring(0, bar));
        if (entry.isSubcommand()) {
            throw AclException.firstArgumentOfSubcommand();
        }
        String part = name.substring(bar + 1);
        // In a file, what follows a space or the end of the line would be another rule.
        if (part.isEmpty() || AclUser.hasSpaces(part)) {
            throw AclException.syntax();
        }
        if (entry.isContainer()) {
            change(known(name), true);
            return;
        }
        Collection<String> allowed =
                firstArguments.computeIfAbsent(entry.index(), index -> new LinkedHashSet<>());
        if (allowed.stream().noneMatch(each -> lower(each).equals(lower(part)))) {
            allowed.add(part);
        }
    }

    // ---- description

    /**
     * Rules that lead to the same, in the words that Redis 7.0 would choose: categories as long as
     * one has more commands in common with what is left than not, then single commands.
     */
    String describe() {
        AclCommandRules described = new AclCommandRules(catalog);
        described.set(future);
        StringBuilder out = new StringBuilder(future ? "+@all" : "-@all");
        AclCommandRules left = copy();
        Set<Category> applied = EnumSet.noneOf(Category.class);
        for (Category best = left.best(applied, !future);
                best != null;
                best = left.best(applied, !future)) {
            described.change(best, !future);
            left.change(best, future);
            applied.add(best);
            out.append(future ? " -" : " +").append(best.text());
        }
        for (Entry entry : catalog.commands()) {
            describe(entry, described, out);
        }
        return out.toString();
    }

    /** The category that describes best what is left; null if none does. */
    private @Nullable Category best(Set<Category> applied, boolean allowed) {
        Category best = null;
        int leastDifferent = Integer.MAX_VALUE;
        int mostSame = 0;
        for (Category category : Category.values()) {
            if (applied.contains(category)) {
                continue;
            }
            int same = count(category, allowed);
            int different = count(category, !allowed);
            boolean better =
                    different < leastDifferent || (different == leastDifferent && same > mostSame);
            if (same > different && better) {
                best = category;
                leastDifferent = different;
                mostSame = same;
            }
        }
        return best;
    }

    private int count(Category category, boolean allowed) {
        int count = 0;
        for (Entry entry : catalog.everything()) {
            if (entry.isOfRedis() && entry.isIn(category) && has(entry.index()) == allowed) {
                count++;
            }
        }
        return count;
    }

    private void describe(Entry entry, AclCommandRules described, StringBuilder out) {
        boolean allowed = has(entry.index());
        if (allowed != described.has(entry.index())) {
            out.append(allowed ? " +" : " -").append(entry.name());
            described.change(entry, allowed);
        }
        for (Entry sub : entry.subcommands()) {
            describe(sub, described, out);
        }
        Set<String> first = firstArguments.get(entry.index());
        if (!allowed && first != null) {
            for (String argument : List.copyOf(first)) {
                out.append(" +").append(entry.name()).append('|').append(argument);
            }
        }
    }
}
