package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Group;

/** MODULE, for those who ask: there are no modules, and no client can bring code of its own. */
final class ModuleCommands {
    private ModuleCommands() {}

    static void register(CommandTable table) {
        Command module =
                table.add("module", -2, Group.SERVER)
                        .since("4.0.0")
                        .summary("Answers as a server without modules.");
        table.addSubcommand(module, "list", 2)
                .flags(ADMIN, NOSCRIPT)
                .tips("nondeterministic_output_order")
                .since("4.0.0")
                .summary("Lists no modules: there are none.")
                .does((request, client, reply) -> reply.array(0));
        refused(table, module, "load", -3, "path [arg...]").since("4.0.0");
        refused(table, module, "loadex", -3, "path [CONFIG (name value)...] [ARGS (arg)...]")
                .since("7.0.0");
        refused(table, module, "unload", 3, "name").since("4.0.0");
        table.addSubcommand(module, "help", 2)
                .flags(LOADING, STALE)
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((request, client, reply) -> HelpText.write(module, reply));
    }

    private static Command refused(
            CommandTable table, Command module, String name, int arity, String syntax) {
        return table.addSubcommand(module, name, arity)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
                .syntax(syntax)
                .summary("Refuses: no native code is loaded into the application.")
                .does(
                        (request, client, reply) -> {
                            throw new CommandException(
                                    "ERR MODULE command not allowed. If the enable-module-command"
                                            + " option is set to \"local\", you can run it from a"
                                            + " local connection, otherwise you need to set this"
                                            + " option in the configuration file, and then restart"
                                            + " the server.");
                        });
    }
}
