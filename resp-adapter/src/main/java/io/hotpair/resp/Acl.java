package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.resp.AclSelector.Denial;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The users, and what they may. Thread-safe: a change makes a new {@link AclUser} under the lock
 * and publishes it in the user's {@link AclAccount}, so a check reads one volatile field and no
 * lock.
 *
 * <p>A command is checked against what its user may at that moment. Who changes rules can rely on
 * it when the change is answered: whatever begins to execute from then on is checked by the new
 * ones.
 */
final class Acl {
    private static final int MAX_LOGGED = 128;

    /** The user of whoever has not authenticated as another one. */
    static final String DEFAULT = "default";

    private final RespServer server;
    private final AclCatalog catalog;
    private final AclLog log;
    private final AclAccount defaultAccount;
    private final @Nullable AclFile file;

    /** By name; guarded by this. */
    private Map<String, AclAccount> accounts = new TreeMap<>();

    /** Compared with, where there is no such user, to take as long. */
    private final AclUser nobody;

    /**
     * Makes the users of a configuration.
     *
     * @throws IllegalArgumentException if a rule is not understood
     */
    Acl(RespServer server) {
        this.server = server;
        RespConfig config = server.config();
        catalog = new AclCatalog(server.commands());
        log = new AclLog(server.settings());
        AclUser initial = AclUser.unrestricted(catalog);
        config.passwords().forEach(initial::addPassword);
        nobody = new AclUser(catalog, false);
        nobody.addPassword(PasswordHash.of(server.runId()));
        defaultAccount = new AclAccount(DEFAULT, initial);
        accounts.put(DEFAULT, defaultAccount);
        config.users().forEach(this::define);
        file = config.aclFile() == null ? null : new AclFile(config.aclFile());
    }

    private void define(String name, List<String> rules) {
        AclUser user = name.equals(DEFAULT) ? defaultAccount.user() : newUser();
        if (name.equals(DEFAULT)) {
            user = user.copy();
            user.apply("reset", allChannels());
        }
        try {
            user = changed(user, rules);
        } catch (AclException e) {
            throw new IllegalArgumentException("user=" + name + ": " + e.text(), e);
        }
        AclUser defined = user;
        accounts.computeIfAbsent(name, n -> new AclAccount(n, defined)).user(defined);
    }

    AclCatalog catalog() {
        return catalog;
    }

    AclLog log() {
        return log;
    }

    /** Whether a user that is made or reset may use all channels. */
    private boolean allChannels() {
        return server.settings().aclAllChannelsByDefault();
    }

    AclUser newUser() {
        return new AclUser(catalog, allChannels());
    }

    // ---- who is who

    AclAccount defaultAccount() {
        return defaultAccount;
    }

    /** Whether who has just connected over the loopback may do what the default user may. */
    boolean isOpen() {
        AclUser user = defaultAccount.user();
        return user.needsNoPassword() && user.isOn();
    }

    /**
     * Whether nobody may be served at an address, or from there: the default user needs no
     * password, and only who is on this machine may be it then. Redis calls that its protected
     * mode.
     */
    boolean keepsOut(@Nullable InetSocketAddress address) {
        return isOpen() && !AllowedAddresses.isLoopback(address);
    }

    synchronized @Nullable AclAccount find(String name) {
        return accounts.get(name);
    }

    /** In the order of their names. */
    synchronized List<AclAccount> all() {
        return List.copyOf(accounts.values());
    }

    /** The user with a name and a password; null if there is none, or if a client may not be it. */
    @Nullable AclAccount authenticate(Client client, String name, PasswordHash password) {
        AclAccount account = find(name);
        // The same steps for a name that nobody has, so that time does not tell which there are.
        AclUser user = account == null ? nobody : account.user();
        boolean right = user.accepts(password);
        boolean keptOut =
                account == defaultAccount && user.needsNoPassword() && !client.isOnLoopback();
        return right && !keptOut ? account : null;
    }

    // ---- checks

    /**
     * Checks what a restricted user wants to do, and takes down what is refused.
     *
     * @return null if it is allowed, else why not
     */
    @Nullable Denial denial(
            Client client, Command command, Request request, AclLog.Context context) {
        long verdict = client.user().check(command, request, 0);
        if (verdict == AclSelector.OK) {
            return null;
        }
        Denial why = Denial.of(verdict);
        String object =
                why == Denial.COMMAND ? command.fullName() : request.text(Denial.argument(verdict));
        denied(client, why, context, object, client.account().name());
        return why;
    }

    /** Takes down what was refused. */
    void denied(Client client, Denial why, AclLog.Context context, String object, String userName) {
        log.add(
                new AclLog.Entry(
                        1,
                        why,
                        context,
                        shortened(object),
                        shortened(userName),
                        server.keyspace().currentTimeMs(),
                        ClientCommands.describe(client)));
    }

    /** The log outlives the client, so it keeps no more of what one sent than tells what it was. */
    private static String shortened(String text) {
        return text.length() <= MAX_LOGGED ? text : text.substring(0, MAX_LOGGED);
    }

    /** The error for a command that is refused when it arrives. */
    static CommandException refusal(Denial why, Command command) {
        return new CommandException(
                switch (why) {
                    case COMMAND ->
                            "NOPERM this user has no permissions to run the '"
                                    + command.fullName()
                                    + "' command";
                    case KEY ->
                            "NOPERM this user has no permissions to access one of the keys used as"
                                    + " arguments";
                    default ->
                            "NOPERM this user has no permissions to access one of the channels"
                                    + " used as arguments";
                });
    }

    /** The error for a command that was allowed when it arrived, and is not when EXEC comes. */
    static CommandException refusalAtExec(Denial why) {
        String reason =
                switch (why) {
                    case COMMAND -> "no permission to execute the command or subcommand";
                    case KEY -> "no permission to touch the specified keys";
                    default -> "no permission to access one of the channels used as arguments";
                };
        return new CommandException(
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and"
                        + " the EXEC call. This command is no longer allowed for the following"
                        + " reason: "
                        + reason);
    }

    /** The error for a command that a script calls. */
    static CommandException refusalInScript(Denial why) {
        return new CommandException(
                "The user executing the script can't "
                        + switch (why) {
                            case COMMAND -> "run this command or subcommand";
                            case KEY ->
                                    "access at least one of the keys mentioned in the command"
                                            + " arguments";
                            default -> "publish to the channel mentioned in the command";
                        });
    }

    // ---- changes

    private AclUser changed(AclUser before, List<String> rules) {
        AclUser after = before.copy();
        for (String rule : AclUser.merged(rules)) {
            try {
                after.apply(rule, allChannels());
            } catch (AclException e) {
                throw AclException.of("Error in ACL SETUSER modifier '" + rule + "': " + e.text());
            }
        }
        return after;
    }

    /**
     * Applies rules to a user, who is made if there is none, all of them or none.
     *
     * @throws AclException if one is not understood
     */
    synchronized void set(String name, List<String> rules) {
        AclAccount account = accounts.get(name);
        AclUser before = account == null ? newUser() : account.user();
        AclUser after = changed(before, rules);
        if (account == null) {
            accounts.put(name, new AclAccount(name, after));
            return;
        }
        account.user(after);
        if (!before.losesNoChannel(after)) {
            endSubscriptions(account, after);
        }
    }

    /**
     * Sets the password of the default user, in the place of those that there are.
     *
     * @param password none is needed if it is empty
     */
    void requirePassword(String password) {
        set(DEFAULT, List.of("resetpass", password.isEmpty() ? "nopass" : ">" + password));
    }

    /**
     * Disconnects those who have subscribed to what their user may not subscribe to any more, each
     * in its own event loop; so who subscribes at this moment is looked at behind that.
     */
    private void endSubscriptions(AclAccount account, AclUser after) {
        Worker current = server.currentWorker();
        for (Connection connection : server.clients().all()) {
            if (connection.client().account() != account) {
                continue;
            }
            if (connection.worker() == current) {
                endSubscriber(connection, account, after);
            } else {
                connection.worker().execute(() -> endSubscriber(connection, account, after));
            }
        }
    }

    private static void endSubscriber(Connection connection, AclAccount account, AclUser after) {
        Client client = connection.client();
        if (client.account() == account && client.isSubscriber()) {
            for (Topic.Kind kind : Topic.Kind.values()) {
                for (byte[] name : client.subscriptions().names(kind)) {
                    if (!after.keepsSubscription(kind, name)) {
                        end(connection);
                        return;
                    }
                }
            }
        }
    }

    /** The one whose command this is still gets its reply. */
    private static void end(Connection connection) {
        Client client = connection.client();
        if (connection.worker().loop().inEventLoop() && connection.worker().executing() == client) {
            client.close();
        } else {
            connection.kill();
        }
    }

    /**
     * Removes users, and disconnects their clients.
     *
     * @return how many there were
     */
    int delete(Collection<String> names) {
        if (names.contains(DEFAULT)) {
            throw new CommandException("ERR The 'default' user cannot be removed");
        }
        List<AclAccount> deleted = new ArrayList<>();
        synchronized (this) {
            for (String name : names) {
                AclAccount account = accounts.remove(name);
                if (account != null) {
                    deleted.add(account);
                }
            }
        }
        disconnect(deleted);
        return deleted.size();
    }

    private void disconnect(List<AclAccount> deleted) {
        // What a client has sent already finds that its user may do nothing, until it is gone.
        AclUser nothing = new AclUser(catalog, false);
        deleted.forEach(account -> account.user(nothing));
        for (Connection connection : server.clients().all()) {
            if (deleted.contains(connection.client().account())) {
                end(connection);
            }
        }
    }

    // ---- the file

    /** Whether there is a file for the users. */
    boolean hasFile() {
        return file != null;
    }

    /**
     * Reads the file of the configuration, if there is one, before the first client comes.
     *
     * @throws IllegalStateException if it can't be understood
     * @throws HotpairException {@code NETWORK} if it can't be read
     */
    void open() {
        if (file != null) {
            try {
                load();
            } catch (AclException e) {
                throw new IllegalStateException(
                        "aclfile: " + e.text() + ", expected lines 'user name rules...'", e);
            }
        }
    }

    /**
     * Reads the users from the file, in the place of those that there are: all of them, or none if
     * one is not understood. Clients of others than the default user are disconnected.
     *
     * @throws AclException if it can't be read or understood; the message says where
     */
    void load() {
        Map<String, AclAccount> read = present().read(this::newUser, allChannels());
        List<AclAccount> replaced;
        synchronized (this) {
            AclAccount readDefault = read.get(DEFAULT);
            defaultAccount.user(
                    readDefault == null ? AclUser.unrestricted(catalog) : readDefault.user());
            read.put(DEFAULT, defaultAccount);
            replaced = new ArrayList<>(accounts.values());
            replaced.remove(defaultAccount);
            accounts = read;
        }
        disconnect(replaced);
    }

    /**
     * Writes the users into the file.
     *
     * @throws AclException if that fails; what was in it is still there then
     */
    void save() {
        present().write(lines());
    }

    private AclFile present() {
        AclFile its = file;
        if (its == null) {
            throw AclException.of("there is no file for the users");
        }
        return its;
    }

    /** All users, each as the line of rules that makes it. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (AclAccount account : all()) {
            lines.add("user " + account.name() + " " + account.user().describe());
        }
        return lines;
    }

    // ---- rules of a configuration

    /** A character for each byte of the UTF-8 form. */
    static String bytesAsText(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /**
     * Checks rules that will make a user, and puts the hashes of passwords in their place.
     *
     * @throws IllegalArgumentException if one is not understood
     */
    static List<String> checkedRules(String name, String... rules) {
        List<String> checked = new ArrayList<>();
        AclUser user = new AclUser(new AclCatalog(new CommandTable()), false);
        try {
            for (String rule : AclUser.merged(Stream.of(rules).map(Acl::bytesAsText).toList())) {
                user.apply(rule, false);
                checked.add(rule.startsWith(">") ? "#" + AclUser.hashOf(rule).hex() : rule);
            }
        } catch (AclException e) {
            // The rule is not named: it may be a password.
            throw new IllegalArgumentException("user=" + name + ": " + e.text(), e);
        }
        return checked;
    }
}
