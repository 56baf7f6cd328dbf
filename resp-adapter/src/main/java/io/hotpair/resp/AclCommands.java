package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.AclSelector.Denial;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** ACL: who may do what. */
final class AclCommands {
    private static final int MAX_PASSWORD_BITS = 4096;
    private static final int PASSWORD_BITS = 256;
    private static final long LOG_ENTRIES = 10;

    private final CommandTable table;
    private final SecureRandom random = new SecureRandom();

    private AclCommands(CommandTable table) {
        this.table = table;
    }

    static void register(CommandTable table) {
        AclCommands commands = new AclCommands(table);
        Command acl =
                table.add("acl", -2, Group.SERVER)
                        .since("6.0.0")
                        .summary("Tells of users and what they may do, and changes it.");
        commands.registerForAll(acl);
        commands.registerForAdministrators(acl);
        table.addSubcommand(acl, "help", 2)
                .flags(LOADING, STALE)
                .since("6.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(acl, out));
    }

    private void registerForAll(Command acl) {
        sub(acl, "cat", -2, "[categoryname]")
                .complexity("O(N), N being the number of commands")
                .summary("Lists the categories of commands, or the commands of one.")
                .does(this::cat);
        sub(acl, "genpass", -2, "[bits]")
                .summary("Makes a password, hexadecimal and hard to guess.")
                .does(this::genPass);
        sub(acl, "whoami", 2, "")
                .summary("Names the user of the connection.")
                .does((r, c, out) -> out.bulk(c.account().name()));
    }

    private void registerForAdministrators(Command acl) {
        admin(acl, "deluser", -3, "username...")
                .summary("Removes users, and ends their connections.")
                .does((r, c, out) -> out.integer(c.server().acl().delete(words(r, 2))));
        admin(acl, "dryrun", -4, "username command [arg...]")
                .since("7.0.0")
                .summary("Says whether a user may execute a command, without executing it.")
                .does(this::dryRun);
        admin(acl, "getuser", 3, "username")
                .summary("Describes a user.")
                .does(AclCommands::getUser);
        admin(acl, "list", 2, "")
                .complexity("O(N), N being the number of users")
                .summary("Describes all users, as lines of rules.")
                .does((r, c, out) -> write(c.server().acl().lines(), out));
        admin(acl, "load", 2, "")
                .complexity("O(N), N being the number of users")
                .summary("Reads the users from the file of the configuration.")
                .does((r, c, out) -> withFile(c, out, Acl::load));
        admin(acl, "log", -2, "[count|RESET]")
                .complexity("O(N), N being the number of entries")
                .summary("Lists what was refused lately, or forgets it.")
                .does(AclCommands::log);
        admin(acl, "save", 2, "")
                .complexity("O(N), N being the number of users")
                .summary("Writes the users to the file of the configuration.")
                .does((r, c, out) -> withFile(c, out, Acl::save));
        admin(acl, "setuser", -3, "username [rule...]")
                .complexity("O(N), N being the number of rules")
                .summary("Changes what a user is and may do, or makes a user.")
                .does(AclCommands::setUser);
        admin(acl, "users", 2, "")
                .complexity("O(N), N being the number of users")
                .summary("Names all users.")
                .does(
                        (r, c, out) ->
                                write(
                                        c.server().acl().all().stream()
                                                .map(AclAccount::name)
                                                .toList(),
                                        out));
    }

    private Command sub(Command acl, String name, int arity, String syntax) {
        return table.addSubcommand(acl, name, arity)
                .flags(NOSCRIPT, LOADING, STALE)
                .since("6.0.0")
                .syntax(syntax);
    }

    private Command admin(Command acl, String name, int arity, String syntax) {
        return sub(acl, name, arity, syntax).flags(ADMIN);
    }

    /** Arguments from one on, a character for each byte. */
    private static List<String> words(Request request, int from) {
        List<String> words = new ArrayList<>();
        for (int i = from; i < request.count(); i++) {
            words.add(request.text(i));
        }
        return words;
    }

    private static void write(List<String> texts, ReplyBuffer reply) {
        reply.array(texts.size());
        texts.forEach(reply::bulk);
    }

    private static CommandException wrongArguments(Request request) {
        return new CommandException(
                "ERR unknown subcommand or wrong number of arguments for '"
                        + request.inError(1, 128)
                        + "'. Try ACL HELP.");
    }

    private void cat(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw wrongArguments(request);
        }
        List<String> names = new ArrayList<>();
        if (request.count() == 2) {
            for (Category category : Category.values()) {
                names.add(category.text().substring(1));
            }
        } else {
            Category category = AclCatalog.category(request.inError(2));
            if (category == null) {
                throw new CommandException(
                        "ERR Unknown category '" + request.inError(2, 128) + "'");
            }
            for (Command command : table.everything()) {
                if (command.categories().contains(category)) {
                    names.add(command.fullName());
                }
            }
        }
        write(names, reply);
    }

    private void genPass(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw wrongArguments(request);
        }
        long bits = request.count() == 3 ? request.integer(2) : PASSWORD_BITS;
        if (bits <= 0 || bits > MAX_PASSWORD_BITS) {
            throw new CommandException(
                    "ERR ACL GENPASS argument must be the number of bits for the output password,"
                            + " a positive number up to "
                            + MAX_PASSWORD_BITS);
        }
        int digits = (int) (bits + 3) / 4;
        StringBuilder password = new StringBuilder(digits);
        for (int i = 0; i < digits; i++) {
            password.append(Character.forDigit(random.nextInt(16), 16));
        }
        reply.bulk(password.toString());
    }

    private static void setUser(Request request, Client client, ReplyBuffer reply) {
        String name = request.text(2);
        if (AclUser.hasSpaces(name)) {
            throw new CommandException("ERR Usernames can't contain spaces or null characters");
        }
        try {
            client.server().acl().set(name, words(request, 3));
        } catch (AclException e) {
            throw new CommandException("ERR " + e.text());
        }
        reply.ok();
    }

    private static void getUser(Request request, Client client, ReplyBuffer reply) {
        AclAccount account = client.server().acl().find(request.text(2));
        if (account == null) {
            reply.nullValue();
            return;
        }
        AclUser user = account.user();
        reply.map(6);
        reply.bulk("flags");
        reply.set(user.flags().size());
        user.flags().forEach(reply::bulk);
        reply.bulk("passwords");
        write(user.passwords().stream().map(PasswordHash::hex).toList(), reply);
        describe(user.root(), reply);
        reply.bulk("selectors");
        reply.array(user.additional().size());
        for (AclSelector selector : user.additional()) {
            reply.map(3);
            describe(selector, reply);
        }
    }

    private static void describe(AclSelector selector, ReplyBuffer reply) {
        reply.bulk("commands");
        reply.bulk(selector.describeCommands());
        reply.bulk("keys");
        reply.bulk(selector.describeKeys());
        reply.bulk("channels");
        reply.bulk(selector.describeChannels());
    }

    private void dryRun(Request request, Client client, ReplyBuffer reply) {
        AclAccount account = client.server().acl().find(request.text(2));
        if (account == null) {
            throw new CommandException("ERR User '" + request.inError(2) + "' not found");
        }
        Command command = commandAt(request, 3);
        if (command == null) {
            throw new CommandException("ERR Command '" + request.inError(3) + "' not found");
        }
        if (!command.acceptsArguments(request.count() - 3)) {
            throw CommandException.arity(command.fullName());
        }
        long verdict = account.user().check(command, request, 3);
        if (verdict == AclSelector.OK) {
            reply.ok();
            return;
        }
        Denial why = Denial.of(verdict);
        int argument = Denial.argument(verdict);
        reply.bulk(
                switch (why) {
                    case COMMAND ->
                            "This user has no permissions to run the '"
                                    + command.fullName()
                                    + "' command";
                    case KEY -> noAccess(request, argument, "key");
                    default -> noAccess(request, argument, "channel");
                });
    }

    private static String noAccess(Request request, int argument, String what) {
        return "This user has no permissions to access the '"
                + request.inError(argument)
                + "' "
                + what;
    }

    private @Nullable Command commandAt(Request request, int at) {
        Command command = table.find(request.bytes(), request.offset(at), request.length(at));
        if (command == null || command.subcommands().isEmpty() || request.count() == at + 1) {
            return command;
        }
        return command.subcommands().get(request.text(at + 1).toLowerCase(Locale.ROOT));
    }

    private static void log(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw wrongArguments(request);
        }
        AclLog log = client.server().acl().log();
        if (request.count() == 3 && request.is(2, "RESET")) {
            log.reset();
            reply.ok();
            return;
        }
        long count = request.count() == 3 ? request.integer(2) : LOG_ENTRIES;
        List<AclLog.Entry> entries = log.latest(count);
        long nowMs = client.keyspace().currentTimeMs();
        reply.array(entries.size());
        for (AclLog.Entry entry : entries) {
            reply.map(7);
            reply.bulk("count");
            reply.integer(entry.count());
            reply.bulk("reason");
            reply.bulk(AclUser.lower(entry.why().name()));
            reply.bulk("context");
            reply.bulk(AclUser.lower(entry.context().name()));
            reply.bulk("object");
            reply.bulk(entry.object());
            reply.bulk("username");
            reply.bulk(entry.userName());
            reply.bulk("age-seconds");
            reply.number((nowMs - entry.timeMs()) / 1000.0);
            reply.bulk("client-info");
            reply.bulk(entry.clientInfo());
        }
    }

    // ---- the file

    /** What is done with the file. */
    private interface FileTask {
        void run(Acl acl);
    }

    /** Reads or writes in a thread of its own, as the device may take its time. */
    private static void withFile(Client client, ReplyBuffer reply, FileTask task) {
        Acl acl = client.server().acl();
        if (!acl.hasFile()) {
            throw new CommandException(
                    "ERR This Redis instance is not configured to use an ACL file. You may want to"
                            + " specify users via the ACL SETUSER command and then issue a CONFIG"
                            + " REWRITE (assuming you have a Redis configuration file set) in order"
                            + " to store users in the Redis configuration.");
        }
        if (client.transaction().isExecuting()) {
            run(task, acl);
            reply.ok();
            return;
        }
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                run(task, acl);
                                done.complete(true);
                            } catch (RuntimeException | Error e) {
                                done.completeExceptionally(e);
                            }
                        },
                        "hotpair-acl-file");
        thread.setDaemon(true);
        thread.start();
        BlockedClient.await(client, reply, done, false, (found, out) -> out.ok());
    }

    private static void run(FileTask task, Acl acl) {
        try {
            task.run(acl);
        } catch (AclException e) {
            throw new CommandException("ERR " + e.text());
        }
    }
}
