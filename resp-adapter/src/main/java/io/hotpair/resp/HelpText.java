package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What HELP answers of a command with subcommands: the table, in the form of Redis. */
final class HelpText {
    private HelpText() {}

    static void write(Command container, ReplyBuffer reply) {
        List<String> lines = new ArrayList<>();
        lines.add(head(container));
        for (Command sub : container.subcommands().values()) {
            String name = sub.name().toUpperCase(Locale.ROOT);
            lines.add(sub.syntax().isEmpty() ? name : name + " " + sub.syntax());
            lines.add("    " + sub.summary());
        }
        write(lines, reply);
    }

    /** The same of lines that are Redis's own. */
    static void write(Command container, List<String> ofSubcommands, ReplyBuffer reply) {
        List<String> lines = new ArrayList<>();
        lines.add(head(container));
        lines.addAll(ofSubcommands);
        lines.add("HELP");
        lines.add("    Prints this help.");
        write(lines, reply);
    }

    private static String head(Command container) {
        return container.name().toUpperCase(Locale.ROOT)
                + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:";
    }

    private static void write(List<String> lines, ReplyBuffer reply) {
        reply.array(lines.size());
        for (String line : lines) {
            reply.status(line);
        }
    }
}
