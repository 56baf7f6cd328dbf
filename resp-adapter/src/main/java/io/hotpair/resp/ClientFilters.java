package io.hotpair.resp;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Which clients CLIENT LIST and CLIENT KILL are about: the filters of Redis, and as in Valkey 9 all
 * of them for both commands, more of what CLIENT LIST tells, and most also for what is not so.
 */
final class ClientFilters {
    private static final String NOT = "NOT-";
    private static final Set<String> ONLY_POSITIVE = Set.of("MAXAGE", "IDLE");
    private static final Set<String> TYPES =
            Set.of("normal", "master", "replica", "slave", "pubsub");

    /** All letters that CLIENT LIST may have for flags, here or in Valkey. */
    private static final String FLAGS = "OSMPxbtRBdcuAUreTIiEN";

    /** Makes a filter of the value of an option. */
    @FunctionalInterface
    private interface Maker {
        Predicate<Client> of(ClientFilters filters, int value);
    }

    private static final Map<String, Maker> MAKERS =
            Map.ofEntries(
                    Map.entry("TYPE", ClientFilters::type),
                    Map.entry("USER", ClientFilters::user),
                    Map.entry("ADDR", text(Client::address)),
                    Map.entry("LADDR", text(Client::localAddress)),
                    Map.entry("IP", text(Client::host)),
                    Map.entry("NAME", text(ClientFilters::name)),
                    Map.entry("LIB-NAME", text(Client::libraryName)),
                    Map.entry("LIB-VER", text(Client::libraryVersion)),
                    Map.entry("FLAGS", ClientFilters::flags),
                    Map.entry("DB", ClientFilters::database),
                    Map.entry("MAXAGE", (filters, value) -> filters.seconds(value, "maxage")),
                    Map.entry("IDLE", (filters, value) -> filters.seconds(value, "idle")));

    private final Request request;
    private final Client asking;
    private final boolean lists;
    // Of an option that is given twice, the last counts.
    private final Map<String, Predicate<Client>> filters = new HashMap<>();
    private boolean skipsAsking;

    private ClientFilters(Request request, Client asking, boolean lists) {
        this.request = request;
        this.asking = asking;
        this.lists = lists;
        skipsAsking = !lists;
    }

    /** Those of CLIENT LIST. */
    static ClientFilters ofList(Request request, Client asking) {
        return new ClientFilters(request, asking, true).read();
    }

    /** Those of CLIENT KILL, in its newer form. */
    static ClientFilters ofKill(Request request, Client asking) {
        return new ClientFilters(request, asking, false).read();
    }

    /** Whether the client that asks is spared. */
    boolean skipsAsking() {
        return skipsAsking;
    }

    /** Whether a client is meant, whoever asks. */
    Predicate<Client> wanted() {
        return filters.values().stream().reduce(client -> true, Predicate::and);
    }

    private ClientFilters read() {
        int i = 2;
        while (i < request.count()) {
            if (i + 1 == request.count()) {
                throw CommandException.syntax();
            }
            String option = request.text(i).toUpperCase(Locale.ROOT);
            String name = option.startsWith(NOT) ? option.substring(NOT.length()) : option;
            if (name.equals("ID")) {
                i = ids(option, i + 1);
            } else {
                value(option, name, i + 1);
                i += 2;
            }
        }
        return this;
    }

    private void value(String option, String name, int value) {
        if (option.equals("SKIPME")) {
            skipsAsking = request.is(value, "YES");
            if (!skipsAsking && !request.is(value, "NO")) {
                throw CommandException.syntax();
            }
            return;
        }
        Maker maker = MAKERS.get(name);
        boolean isNegative = !option.equals(name);
        if (maker == null || (isNegative && ONLY_POSITIVE.contains(name))) {
            throw CommandException.syntax();
        }
        Predicate<Client> filter = maker.of(this, value);
        filters.put(option, isNegative ? filter.negate() : filter);
    }

    /** Takes one id or several, and says what is behind them. */
    private int ids(String option, int from) {
        Set<Long> all = new HashSet<>();
        int i = from;
        while (i < request.count() && (i == from || !isOption(i))) {
            all.add(id(i++));
        }
        boolean isNegative = option.startsWith(NOT);
        filters.put(option, client -> all.contains(client.id()) != isNegative);
        return i;
    }

    private boolean isOption(int argument) {
        return !request.isInteger(argument)
                && (!lists || isOption(request.text(argument).toUpperCase(Locale.ROOT)));
    }

    private static boolean isOption(String option) {
        String name = option.startsWith(NOT) ? option.substring(NOT.length()) : option;
        return name.equals("ID") || name.equals("SKIPME") || MAKERS.containsKey(name);
    }

    private long id(int argument) {
        if (lists) {
            if (!request.isInteger(argument)) {
                throw new CommandException("ERR Invalid client ID");
            }
        } else if (!request.isInteger(argument) || request.integer(argument) < 1) {
            throw new CommandException("ERR client-id should be greater than 0");
        }
        return request.integer(argument);
    }

    private static Maker text(Function<Client, String> told) {
        return (filters, value) -> {
            String wanted = filters.request.text(value);
            // What is not said is not the same as nothing.
            return client -> !wanted.isEmpty() && told.apply(client).equals(wanted);
        };
    }

    private static String name(Client client) {
        String name = client.name();
        return name == null ? "" : name;
    }

    private Predicate<Client> type(int value) {
        String type = request.text(value).toLowerCase(Locale.ROOT);
        if (!TYPES.contains(type)) {
            throw new CommandException("ERR Unknown client type '" + request.inError(value) + "'");
        }
        String name = type.equals("slave") ? "replica" : type;
        return client -> name.equals(type(client));
    }

    private static String type(Client client) {
        if (client.connection().isTransferring()) {
            return "replica";
        }
        return client.isSubscriber() ? "pubsub" : "normal";
    }

    private Predicate<Client> user(int value) {
        AclAccount account = asking.server().acl().find(request.text(value));
        if (account == null) {
            throw new CommandException("ERR No such user '" + request.inError(value) + "'");
        }
        return client -> client.account() == account;
    }

    private Predicate<Client> flags(int value) {
        String wanted = request.text(value);
        if (!wanted.chars().allMatch(flag -> FLAGS.indexOf(flag) >= 0)) {
            boolean isNegative = request.text(value - 1).toUpperCase(Locale.ROOT).startsWith(NOT);
            throw new CommandException(
                    "ERR Unknown flags found in the "
                            + (isNegative ? "NOT-FLAGS" : "provided")
                            + " filter: "
                            + request.inError(value));
        }
        return client -> {
            String flags = ClientCommands.flags(client);
            return wanted.chars().allMatch(flag -> flags.indexOf(flag) >= 0);
        };
    }

    private Predicate<Client> database(int value) {
        String option = request.text(value - 1).toUpperCase(Locale.ROOT);
        long number =
                request.integer(
                        value,
                        Integer.MIN_VALUE,
                        Integer.MAX_VALUE,
                        "ERR " + option + " is not an integer or out of range");
        int count = asking.server().databases().count();
        if (number < 0 || number >= count) {
            throw new CommandException(
                    "ERR " + option + " number should be between 0 and " + (count - 1));
        }
        return client -> client.database() == number;
    }

    /** For so many seconds connected, or silent. */
    private Predicate<Client> seconds(int value, String what) {
        long least =
                request.integer(
                        value,
                        Long.MIN_VALUE,
                        Long.MAX_VALUE,
                        "ERR " + what + " is not an integer or out of range");
        if (least < 1) {
            throw new CommandException("ERR " + what + " should be greater than 0");
        }
        return what.equals("idle")
                ? client -> ClientCommands.idleSeconds(client) >= least
                : client -> ClientCommands.ageSeconds(client) >= least;
    }
}
