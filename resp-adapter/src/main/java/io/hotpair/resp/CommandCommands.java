package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.SyntaxTree.Argument;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** COMMAND: tells what the table says. */
final class CommandCommands {
    private static final int INFO_FIELDS = 10;

    private final CommandTable table;

    private CommandCommands(CommandTable table) {
        this.table = table;
    }

    static void register(CommandTable table) {
        CommandCommands commands = new CommandCommands(table);
        Command command =
                table.add("command", -1, Group.SERVER)
                        .flags(LOADING, STALE)
                        .categories(Category.CONNECTION)
                        .tips("nondeterministic_output_order")
                        .since("2.8.13")
                        .complexity("O(N), N being the number of commands")
                        .summary("Describes all commands.")
                        .does((r, c, out) -> commands.infoOf(table.commands(), out));
        sub(table, command, "count", 2, "")
                .since("2.8.13")
                .summary("Counts the commands.")
                .does((r, c, out) -> out.integer(table.commands().size()));
        sub(table, command, "info", -2, "[command-name...]")
                .since("2.8.13")
                .tips("nondeterministic_output_order")
                .summary("Describes commands for programs.")
                .does(commands::info);
        sub(table, command, "docs", -2, "[command-name...]")
                .since("7.0.0")
                .tips("nondeterministic_output_order")
                .summary("Describes commands for people.")
                .does(commands::docs);
        sub(
                        table,
                        command,
                        "list",
                        -2,
                        "[FILTERBY (MODULE module-name|ACLCAT category|PATTERN pattern)]")
                .since("7.0.0")
                .tips("nondeterministic_output_order")
                .summary("Names the commands.")
                .does(commands::list);
        sub(table, command, "getkeys", -4, "command [argument...]")
                .since("2.8.13")
                .summary("Returns the keys of a command.")
                .does((r, c, out) -> commands.getKeys(r, out, false));
        sub(table, command, "getkeysandflags", -4, "command [argument...]")
                .since("7.0.0")
                .summary("Returns the keys of a command, and what it does with them.")
                .does((r, c, out) -> commands.getKeys(r, out, true));
        sub(table, command, "help", 2, "")
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(command, out));
    }

    private static Command sub(
            CommandTable table, Command command, String name, int arity, String syntax) {
        return table.addSubcommand(command, name, arity)
                .flags(LOADING, STALE)
                .categories(Category.CONNECTION)
                .syntax(syntax);
    }

    private void infoOf(Collection<Command> commands, ReplyBuffer reply) {
        reply.array(commands.size());
        for (Command command : commands) {
            writeInfo(command, reply);
        }
    }

    private void info(Request request, Client client, ReplyBuffer reply) {
        if (request.count() == 2) {
            infoOf(table.commands(), reply);
            return;
        }
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
            Command command = table.find(request.text(i).toLowerCase(Locale.ROOT));
            if (command == null) {
                reply.nullValue();
            } else {
                writeInfo(command, reply);
            }
        }
    }

    private static void writeInfo(Command command, ReplyBuffer reply) {
        KeySpec.Legacy keys = KeySpec.legacy(command.keys());
        reply.array(INFO_FIELDS);
        reply.bulk(command.fullName());
        reply.integer(command.arity());
        reply.set(command.flags().size());
        for (Flag flag : command.flags()) {
            reply.status(flag.text());
        }
        reply.integer(keys.first());
        reply.integer(keys.last());
        reply.integer(keys.step());
        reply.set(command.categories().size());
        for (Category category : command.categories()) {
            reply.status(category.text());
        }
        reply.set(command.tips().size());
        command.tips().forEach(reply::bulk);
        reply.set(command.keys().size());
        command.keys().forEach(spec -> writeKeys(spec, reply));
        reply.set(command.subcommands().size());
        for (Command sub : command.subcommands().values()) {
            writeInfo(sub, reply);
        }
    }

    private static void writeKeys(KeySpec keys, ReplyBuffer reply) {
        String notes = keys.notes();
        reply.map(notes == null ? 3 : 4);
        if (notes != null) {
            reply.bulk("notes");
            reply.bulk(notes);
        }
        reply.bulk("flags");
        reply.set(keys.access().size());
        keys.access().forEach(reply::status);
        reply.bulk("begin_search");
        writeStep(keys.begin().type(), keys.begin().spec(), reply);
        reply.bulk("find_keys");
        writeStep(keys.find().type(), keys.find().spec(), reply);
    }

    private static void writeStep(String type, Map<String, Object> spec, ReplyBuffer reply) {
        reply.map(2);
        reply.bulk("type");
        reply.bulk(type);
        reply.bulk("spec");
        reply.map(spec.size());
        spec.forEach(
                (name, value) -> {
                    reply.bulk(name);
                    if (value instanceof Integer number) {
                        reply.integer(number);
                    } else {
                        reply.bulk(value.toString());
                    }
                });
    }

    private void docs(Request request, Client client, ReplyBuffer reply) {
        Collection<Command> wanted = table.commands();
        if (request.count() > 2) {
            List<Command> named = new ArrayList<>();
            for (int i = 2; i < request.count(); i++) {
                Command command = table.find(request.text(i).toLowerCase(Locale.ROOT));
                if (command != null) {
                    named.add(command);
                }
            }
            wanted = named;
        }
        reply.map(wanted.size());
        for (Command command : wanted) {
            writeDocs(command, reply);
        }
    }

    private static void writeDocs(Command command, ReplyBuffer reply) {
        List<Argument> arguments = SyntaxTree.parse(command.syntax());
        boolean container = !command.subcommands().isEmpty();
        reply.bulk(command.fullName());
        reply.map(4 + (arguments.isEmpty() ? 0 : 1) + (container ? 1 : 0));
        reply.bulk("summary");
        reply.bulk(command.summary());
        reply.bulk("since");
        reply.bulk(command.since());
        reply.bulk("group");
        reply.bulk(command.group().text());
        reply.bulk("complexity");
        reply.bulk(command.complexity());
        if (!arguments.isEmpty()) {
            reply.bulk("arguments");
            new ArgumentDocs(command, reply).write(arguments);
        }
        if (container) {
            reply.bulk("subcommands");
            reply.map(command.subcommands().size());
            for (Command sub : command.subcommands().values()) {
                writeDocs(sub, reply);
            }
        }
    }

    private void list(Request request, Client client, ReplyBuffer reply) {
        List<String> names = new ArrayList<>();
        if (request.count() == 2) {
            table.everything().forEach(command -> names.add(command.fullName()));
        } else if (request.count() == 5 && request.is(2, "FILTERBY")) {
            filter(request, names);
        } else {
            throw CommandException.syntax();
        }
        reply.set(names.size());
        names.forEach(reply::bulk);
    }

    private void filter(Request request, List<String> names) {
        if (request.is(3, "PATTERN")) {
            GlobPattern pattern = new GlobPattern(request.copy(4), true);
            for (Command command : table.everything()) {
                if (pattern.matches(command.fullName().getBytes(StandardCharsets.US_ASCII))) {
                    names.add(command.fullName());
                }
            }
        } else if (request.is(3, "ACLCAT")) {
            String category = "@" + request.text(4).toLowerCase(Locale.ROOT);
            for (Command command : table.everything()) {
                if (command.categories().stream().anyMatch(c -> c.text().equals(category))) {
                    names.add(command.fullName());
                }
            }
        } else if (!request.is(3, "MODULE")) {
            throw CommandException.syntax();
        }
    }

    private void getKeys(Request request, ReplyBuffer reply, boolean withAccess) {
        Command command = found(request);
        if (command == null) {
            throw new CommandException("ERR Invalid command specified");
        }
        if (!command.hasKeys()) {
            throw new CommandException("ERR The command has no key arguments");
        }
        int count = request.count() - 2;
        if (!command.acceptsArguments(count)) {
            throw new CommandException("ERR Invalid number of arguments specified for command");
        }
        List<KeySpec.Found> found = KeySpec.find(command.keys(), request, 2);
        if (found.isEmpty() && !command.has(Command.Flag.NO_MANDATORY_KEYS)) {
            throw new CommandException("ERR Invalid arguments specified for command");
        }
        reply.array(found.size());
        for (KeySpec.Found key : found) {
            if (withAccess) {
                reply.array(2);
            }
            int argument = key.argument();
            reply.bulk(request.bytes(), request.offset(argument), request.length(argument));
            if (withAccess) {
                List<String> access = command.accessWords(key.spec(), request, 2);
                reply.set(access.size());
                access.forEach(reply::status);
            }
        }
    }

    private @Nullable Command found(Request request) {
        Command command = table.find(request.bytes(), request.offset(2), request.length(2));
        if (command == null || command.subcommands().isEmpty()) {
            return command;
        }
        return command.subcommands().get(request.text(3).toLowerCase(Locale.ROOT));
    }
}
