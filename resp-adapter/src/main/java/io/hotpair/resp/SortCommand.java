package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.KeyArea;
import io.hotpair.ScoredMember;
import io.hotpair.SortedSetRange;
import io.hotpair.TransactionView;
import io.hotpair.resp.Command.Group;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SORT and SORT_RO: the elements of a list, a set or a sorted set in the order of their values, or
 * of the values of other keys. One step, whatever keys it reads: it shows them as of one moment.
 *
 * <p>ALPHA compares as the C locale does: by bytes, up to a zero byte.
 */
final class SortCommand {
    private static final String NOTES =
            "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive"
                    + " from the content of the key we sort";
    private static final String STORE_NOTES =
            "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear"
                    + " anywhere in the argument array";
    private static final byte[] NOTHING = {};

    private SortCommand() {}

    static void register(CommandTable table) {
        String options = "[BY pattern] [LIMIT offset count] [GET pattern...] [ASC|DESC] [ALPHA]";
        add(table, "sort", "key " + options + " [STORE destination]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RO", "access")
                .keys(KeySpec.unknown("RO", "access"))
                .keyNotes(NOTES)
                .keys(KeySpec.anywhereBehind("STORE", "OW", "update"))
                .keyNotes(STORE_NOTES)
                .since("1.0.0")
                .summary("Sorts the elements of a list, a set or a sorted set.")
                .does((request, client, reply) -> sort(request, client, reply, false));
        add(table, "sort_ro", "key " + options)
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .keys(KeySpec.unknown("RO", "access"))
                .keyNotes(NOTES)
                .since("7.0.0")
                .summary("Sorts the elements of a list, a set or a sorted set, and stores nothing.")
                .does((request, client, reply) -> sort(request, client, reply, true));
    }

    private static Command add(CommandTable table, String name, String syntax) {
        return table.add(name, -2, Group.GENERIC)
                .categories(
                        Command.Category.SET,
                        Command.Category.SORTEDSET,
                        Command.Category.LIST,
                        Command.Category.SLOW,
                        Command.Category.DANGEROUS)
                .syntax(syntax)
                .complexity("O(N+M*log(M)), N elements of the key and M that are returned");
    }

    private static void sort(
            Request request, Client client, ReplyBuffer reply, boolean isReadOnly) {
        Options options = new Options(request, client, isReadOnly);
        byte[] key = request.copy(1);
        byte[] destination = options.destination;
        int area = Databases.area(client);
        // It may run more than once, so it has no effect but in the view.
        List<byte @Nullable []> found =
                client.session()
                        .transaction(
                                view -> {
                                    List<byte @Nullable []> result =
                                            new Sort(view, options, area).of(key);
                                    if (destination != null) {
                                        store(view, destination, result);
                                    }
                                    return result;
                                });
        if (destination != null) {
            client.noteWrite();
            reply.integer(found.size());
            return;
        }
        ReplyLimit.check(client, found.size());
        reply.array(found.size());
        for (byte[] element : found) {
            reply.bulkOrNull(element);
        }
    }

    private static void store(
            TransactionView view, byte[] destination, List<byte @Nullable []> elements) {
        boolean unused = view.delete(destination);
        if (!elements.isEmpty()) {
            byte[][] values = new byte[elements.size()][];
            for (int i = 0; i < values.length; i++) {
                byte[] element = elements.get(i);
                values[i] = element == null ? NOTHING : element;
            }
            long length = view.lists().rpush(destination, values);
            assert length == values.length;
        }
    }

    /** What SORT is given behind its key. */
    private static final class Options {
        private final List<Pattern> gets = new ArrayList<>();
        private @Nullable Pattern by;
        private byte @Nullable [] destination;
        private final boolean isScripted;
        private boolean keepsOrder;
        private boolean descends;
        private boolean comparesText;
        private long offset;
        private long count = -1;

        Options(Request request, Client client, boolean isReadOnly) {
            isScripted = client.transaction().isScripted();
            int i = 2;
            while (i < request.count()) {
                int left = request.count() - i - 1;
                if (request.is(i, "ASC")) {
                    descends = false;
                } else if (request.is(i, "DESC")) {
                    descends = true;
                } else if (request.is(i, "ALPHA")) {
                    comparesText = true;
                } else if (request.is(i, "LIMIT") && left >= 2) {
                    offset = request.integer(++i);
                    count = request.integer(++i);
                } else if (request.is(i, "STORE") && left >= 1 && !isReadOnly) {
                    destination = request.copy(++i);
                } else if (request.is(i, "BY") && left >= 1) {
                    by = new Pattern(request.copy(++i));
                    keepsOrder |= by.isConstant();
                    if (!by.isConstant()) {
                        checkReadsAllKeys("BY", request, client);
                    }
                } else if (request.is(i, "GET") && left >= 1) {
                    checkReadsAllKeys("GET", request, client);
                    gets.add(new Pattern(request.copy(++i)));
                } else {
                    throw CommandException.syntax();
                }
                i++;
            }
        }
    }

    /** What a pattern makes a name of can be any key. */
    private static void checkReadsAllKeys(String option, Request request, Client client) {
        if (!client.readsAllKeys(request)) {
            throw new CommandException(
                    "ERR "
                            + option
                            + " option of SORT denied due to insufficient ACL permissions.");
        }
    }

    /** The name of a key, or of a key and a field, with a star in the place of the element. */
    private static final class Pattern {
        private final byte[] text;
        private final int star;
        private final int arrow;

        Pattern(byte[] text) {
            this.text = text;
            star = indexOf('*', 0);
            arrow = star < 0 ? -1 : arrowBehind(star);
        }

        private int indexOf(char wanted, int from) {
            for (int i = from; i < text.length; i++) {
                // A zero byte ends it, as it ends a string of C.
                if (text[i] == 0) {
                    return -1;
                }
                if (text[i] == wanted) {
                    return i;
                }
            }
            return -1;
        }

        /** An arrow with nothing behind it is a part of the key's name. */
        private int arrowBehind(int from) {
            int at = indexOf('-', from);
            while (at >= 0 && !(at + 1 < text.length && text[at + 1] == '>')) {
                at = indexOf('-', at + 1);
            }
            return at >= 0 && at + 2 < text.length && text[at + 2] != 0 ? at : -1;
        }

        boolean isConstant() {
            return star < 0;
        }

        private boolean isElement() {
            return text.length == 1 && text[0] == '#';
        }

        byte @Nullable [] valueFor(byte[] element, TransactionView view, int area) {
            if (isElement()) {
                return element;
            }
            if (isConstant()) {
                return null;
            }
            ByteArrayOutputStream key = new ByteArrayOutputStream();
            key.write(text, 0, star);
            key.write(element, 0, element.length);
            int end = arrow < 0 ? text.length : arrow;
            key.write(text, star + 1, end - star - 1);
            byte[] name = KeyArea.key(area, key.toByteArray());
            try {
                return arrow < 0
                        ? view.get(name)
                        : view.hashes()
                                .hget(name, Arrays.copyOfRange(text, arrow + 2, text.length));
            } catch (HotpairException e) {
                if (e.category() == Category.WRONG_TYPE) {
                    return null;
                }
                throw e;
            }
        }
    }

    /** An element and what it is sorted by. */
    private static final class Item {
        private final byte[] element;

        /** What counts without ALPHA. */
        private final double score;

        /** What counts with ALPHA; null if there is none. */
        private final byte @Nullable [] text;

        Item(byte[] element, double score, byte @Nullable [] text) {
            this.element = element;
            this.score = score;
            this.text = text;
        }
    }

    private static final class Sort {
        private final TransactionView view;
        private final Options options;
        private final int area;

        Sort(TransactionView view, Options options, int area) {
            this.view = view;
            this.options = options;
            this.area = area;
        }

        List<byte @Nullable []> of(byte[] key) {
            String type = view.keys().type(key);
            boolean isSet = "set".equals(type);
            List<byte[]> elements = elements(key, type);
            // What is stored must be the same everywhere, and a set has no order of its own. Of
            // scripts Redis once demanded that as well.
            boolean sortsAnyhow =
                    isSet
                            && options.keepsOrder
                            && (options.destination != null || options.isScripted);
            if (!options.keepsOrder || sortsAnyhow) {
                elements = sorted(elements, sortsAnyhow);
            } else if (options.descends && !isSet) {
                Collections.reverse(elements);
            }
            return output(limited(elements));
        }

        private List<byte[]> elements(byte[] key, @Nullable String type) {
            if (type == null) {
                return List.of();
            }
            return new ArrayList<>(
                    switch (type) {
                        case "list" -> view.lists().lrange(key, 0, -1);
                        case "set" -> view.sets().smembers(key);
                        case "zset" ->
                                view
                                        .sortedSets()
                                        .zrange(key, SortedSetRange.byIndex(0, -1))
                                        .stream()
                                        .map(ScoredMember::member)
                                        .toList();
                        default -> throw CommandException.wrongType();
                    });
        }

        private List<byte[]> sorted(List<byte[]> elements, boolean byItself) {
            Pattern by = byItself ? null : options.by;
            boolean comparesText = options.comparesText || byItself;
            List<Item> items = new ArrayList<>(elements.size());
            boolean areNumbers = true;
            for (byte[] element : elements) {
                byte[] value = by == null ? element : by.valueFor(element, view, area);
                Double score =
                        comparesText || value == null ? Double.valueOf(0) : Doubles.sortable(value);
                areNumbers &= score != null;
                items.add(new Item(element, score == null ? 0 : score, value));
            }
            if (!areNumbers) {
                throw new CommandException("ERR One or more scores can't be converted into double");
            }
            Comparator<Item> order = comparesText ? this::compareTexts : Sort::compareScores;
            items.sort(options.descends ? order.reversed() : order);
            return items.stream().map(item -> item.element).toList();
        }

        private static int compareScores(Item a, Item b) {
            if (a.score != b.score) {
                return a.score < b.score ? -1 : 1;
            }
            return Arrays.compareUnsigned(a.element, b.element);
        }

        private int compareTexts(Item a, Item b) {
            byte[] first = a.text;
            byte[] second = b.text;
            if (first == null || second == null) {
                return Boolean.compare(first != null, second != null);
            }
            return options.destination != null
                    ? Arrays.compareUnsigned(first, second)
                    : Arrays.compareUnsigned(
                            first, 0, lengthInC(first), second, 0, lengthInC(second));
        }

        private static int lengthInC(byte[] text) {
            int length = 0;
            while (length < text.length && text[length] != 0) {
                length++;
            }
            return length;
        }

        private List<byte[]> limited(List<byte[]> elements) {
            int size = elements.size();
            int from = (int) Math.min(Math.max(options.offset, 0), size);
            long count = options.count < 0 ? size : options.count;
            return elements.subList(from, (int) Math.min(size, from + Math.min(count, size)));
        }

        private List<byte @Nullable []> output(List<byte[]> elements) {
            List<byte @Nullable []> output = new ArrayList<>();
            for (byte[] element : elements) {
                if (options.gets.isEmpty()) {
                    output.add(element);
                }
                for (Pattern get : options.gets) {
                    output.add(get.valueFor(element, view, area));
                }
            }
            return output;
        }
    }
}
