package io.hotpair.resp;

import io.hotpair.resp.Command.Category;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The commands that access rules can name: those of the table, and those that Redis 7.0 has and
 * this server has not, so that rules written for Redis are understood. Each has an index, its bit
 * in a {@link AclCommandRules}; those of the table have their id. Filled by its constructor, then
 * only read.
 */
final class AclCatalog {
    /** What the table lacks, by categories. What it gets one day is skipped here. */
    private static final String ELSEWHERE =
            """
            fast connection: asking readonly readwrite
            slow: cluster cluster|countkeysinslot cluster|getkeysinslot cluster|help cluster|info \
              cluster|keyslot cluster|links cluster|myid cluster|nodes cluster|shards cluster|slots \
              function memory|malloc-stats memory|purge memory|stats module module|help script
            slow admin dangerous: cluster|addslots cluster|addslotsrange cluster|bumpepoch \
              cluster|count-failure-reports cluster|delslots cluster|delslotsrange \
              cluster|failover cluster|flushslots cluster|forget cluster|meet cluster|replicas \
              cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch \
              cluster|setslot cluster|slaves failover module|list module|load module|loadex \
              module|unload monitor psync replconf sync
            slow scripting: eval eval_ro evalsha evalsha_ro fcall fcall_ro function|dump \
              function|help function|kill function|list function|stats script|debug \
              script|exists script|flush script|help script|kill script|load
            slow scripting write: function|delete function|flush function|load function|restore
            slow keyspace write dangerous: restore-asking
            slow hyperloglog write admin dangerous: pfdebug
            slow hyperloglog admin dangerous: pfselftest
            """;

    private static final String FIRST_AFTER_REDIS_7_0 = "7.1";

    /** A command, or a subcommand. */
    static final class Entry {
        private final int index;
        private final String name;
        private final Set<Category> categories;
        private final @Nullable Entry container;
        private final boolean ofRedis;
        private final Map<String, Entry> subcommands = new LinkedHashMap<>();

        Entry(
                int index,
                String name,
                Set<Category> categories,
                @Nullable Entry container,
                boolean ofRedis) {
            this.index = index;
            this.name = name;
            this.categories = categories;
            this.container = container;
            this.ofRedis = ofRedis;
        }

        int index() {
            return index;
        }

        /** With its container's, as {@code client|list}. */
        String name() {
            return name;
        }

        boolean isIn(Category category) {
            return categories.contains(category);
        }

        boolean isSubcommand() {
            return container != null;
        }

        boolean isContainer() {
            return !subcommands.isEmpty();
        }

        /** Whether Redis 7.0 has it, so that rules are put into the words that Redis chooses. */
        boolean isOfRedis() {
            return ofRedis;
        }

        Iterable<Entry> subcommands() {
            return subcommands.values();
        }
    }

    private final Map<String, Entry> byName = new LinkedHashMap<>();
    private final List<Entry> everything = new ArrayList<>();
    private int size;

    AclCatalog(CommandTable table) {
        size = table.size();
        for (Command command : table.commands()) {
            Entry entry = add(command, null);
            for (Command sub : command.subcommands().values()) {
                Entry unused = add(sub, entry);
            }
        }
        ELSEWHERE.lines().forEach(this::addElsewhere);
    }

    private Entry add(Command command, @Nullable Entry container) {
        // Redis has SENTINEL only in a process that is nothing else.
        boolean ofRedis =
                command.since().compareTo(FIRST_AFTER_REDIS_7_0) < 0
                        && !command.fullName().startsWith("sentinel");
        return add(
                new Entry(
                        command.id(),
                        command.fullName(),
                        command.categories(),
                        container,
                        ofRedis));
    }

    private Entry add(Entry entry) {
        String name = entry.name;
        Entry container = entry.container;
        if (container == null) {
            byName.put(name, entry);
        } else {
            container.subcommands.put(name.substring(name.indexOf('|') + 1), entry);
        }
        everything.add(entry);
        return entry;
    }

    private void addElsewhere(String line) {
        int colon = line.indexOf(':');
        Set<Category> categories = EnumSet.noneOf(Category.class);
        for (String word : line.substring(0, colon).split(" ", -1)) {
            categories.add(Category.valueOf(word.toUpperCase(Locale.ROOT)));
        }
        for (String name : line.substring(colon + 1).trim().split("\\s+", -1)) {
            if (find(name) == null) {
                int bar = name.indexOf('|');
                Entry container = bar < 0 ? null : byName.get(name.substring(0, bar));
                Entry unused = add(new Entry(size++, name, categories, container, true));
            }
        }
    }

    /** The command of a name, a subcommand as {@code client|list}; null if there is none. */
    @Nullable Entry find(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        int bar = lower.indexOf('|');
        if (bar < 0) {
            return byName.get(lower);
        }
        Entry container = byName.get(lower.substring(0, bar));
        return container == null ? null : container.subcommands.get(lower.substring(bar + 1));
    }

    /** All but subcommands. */
    Iterable<Entry> commands() {
        return byName.values();
    }

    /** All, subcommands included. */
    List<Entry> everything() {
        return everything;
    }

    /** How many indices there are. */
    int size() {
        return size;
    }

    /** A category by its name without the at sign, whatever its case; null if there is none. */
    static @Nullable Category category(String name) {
        String text = "@" + name.toLowerCase(Locale.ROOT);
        for (Category category : Category.values()) {
            if (category.text().equals(text)) {
                return category;
            }
        }
        return null;
    }
}
