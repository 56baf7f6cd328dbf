package io.hotpair.resp;

import io.hotpair.resp.SyntaxTree.Argument;
import java.util.List;

/** Writes a command's arguments as COMMAND DOCS gives them. */
final class ArgumentDocs {
    private final Command command;
    private final ReplyBuffer reply;
    private int keyCount;

    ArgumentDocs(Command command, ReplyBuffer reply) {
        this.command = command;
        this.reply = reply;
    }

    void write(List<Argument> arguments) {
        reply.array(arguments.size());
        arguments.forEach(this::write);
    }

    private void write(Argument argument) {
        String token = argument.token();
        boolean key = argument.type().equals("key");
        boolean flagged = argument.optional() || argument.multiple();
        boolean composed = !argument.parts().isEmpty();
        reply.map(2 + count(key) + count(token != null) + count(flagged) + count(composed));
        reply.bulk("name");
        reply.bulk(argument.name());
        reply.bulk("type");
        reply.bulk(command.isFloating(argument.name()) ? "double" : argument.type());
        if (key) {
            reply.bulk("key_spec_index");
            reply.integer(keySpec());
        }
        if (token != null) {
            reply.bulk("token");
            reply.bulk(token);
        }
        if (flagged) {
            writeFlags(argument);
        }
        if (composed) {
            reply.bulk("arguments");
            write(argument.parts());
        }
    }

    /** What says where the key is: the arguments that are keys come in the same order. */
    private int keySpec() {
        return Math.max(0, Math.min(keyCount++, command.keys().size() - 1));
    }

    private void writeFlags(Argument argument) {
        reply.bulk("flags");
        reply.set(count(argument.optional()) + count(argument.multiple()));
        if (argument.optional()) {
            reply.status("optional");
        }
        if (argument.multiple()) {
            reply.status("multiple");
        }
    }

    private static int count(boolean present) {
        return present ? 1 : 0;
    }
}
