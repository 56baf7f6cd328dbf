package io.hotpair.resp;

import io.hotpair.Session.ReadTrace;
import io.hotpair.resp.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All commands there are. Found by the bytes of their names, whatever the case, without making a
 * string of them. Filled by its constructor, then only read.
 */
final class CommandTable {
    private static final int SLOTS = 1024;

    private final Map<String, Command> byName = new LinkedHashMap<>();
    private final List<Command> everything = new ArrayList<>();
    private final Command[][] slots = new Command[SLOTS][];

    CommandTable() {
        StringCommands.register(this);
        LcsCommand.register(this);
        BitCommands.register(this);
        HyperLogLogCommands.register(this);
        HashCommands.register(this);
        ListCommands.register(this);
        SetCommands.register(this);
        SortedSetCommands.register(this);
        GeoCommands.register(this);
        StreamCommands.register(this);
        PubSubCommands.register(this);
        KeyCommands.register(this);
        SortCommand.register(this);
        DumpCommands.register(this);
        MigrateCommand.register(this);
        TransactionCommands.register(this);
        ScriptCommands.register(this);
        FunctionCommands.register(this);
        ConnectionCommands.register(this);
        ClientCommands.register(this);
        ServerCommands.register(this);
        ModuleCommands.register(this);
        SaveCommands.register(this);
        ReplicationCommands.register(this);
        SyncCommands.register(this);
        SentinelCommands.register(this);
        WaitCommands.register(this);
        CommandCommands.register(this);
        AclCommands.register(this);
        ClusterCommands.register(this);
        for (Command command : everything) {
            if (!KeyMisses.reads(command)) {
                command.readTrace(ReadTrace.NONE);
            }
        }
    }

    /** Adds a command, of which the caller then says the rest. */
    Command add(String name, int arity, Group group) {
        Command command = new Command(everything.size(), name, arity, group, null);
        if (byName.put(name, command) != null) {
            throw new IllegalStateException("command=" + name + ", expected it once");
        }
        everything.add(command);
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        int slot = hash(bytes, 0, bytes.length) & (SLOTS - 1);
        Command[] before = slots[slot] == null ? new Command[0] : slots[slot];
        Command[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = command;
        slots[slot] = after;
        return command;
    }

    Command addSubcommand(Command container, String name, int arity) {
        Command command = new Command(everything.size(), name, arity, container.group(), container);
        if (container.subcommands().put(name, command) != null) {
            throw new IllegalStateException(
                    "subcommand=" + command.fullName() + ", expected it once");
        }
        everything.add(command);
        return command;
    }

    /** The command of a name, or null if there is none. Allocates nothing. */
    @Nullable Command find(byte[] bytes, int offset, int length) {
        Command[] candidates = slots[hash(bytes, offset, length) & (SLOTS - 1)];
        if (candidates != null) {
            for (Command candidate : candidates) {
                if (isName(candidate.name(), bytes, offset, length)) {
                    return candidate;
                }
            }
        }
        return null;
    }

    /** The command of a name, subcommands as {@code client|list}, or null if there is none. */
    @Nullable Command find(String fullName) {
        int bar = fullName.indexOf('|');
        if (bar < 0) {
            return byName.get(fullName);
        }
        Command container = byName.get(fullName.substring(0, bar));
        return container == null ? null : container.subcommands().get(fullName.substring(bar + 1));
    }

    /** All but subcommands. */
    Collection<Command> commands() {
        return byName.values();
    }

    /** All, subcommands included; a command's id is its index. */
    List<Command> everything() {
        return everything;
    }

    /** How many ids there are. */
    int size() {
        return everything.size();
    }

    private static int hash(byte[] bytes, int offset, int length) {
        int hash = length;
        for (int i = offset; i < offset + length; i++) {
            // Setting this bit makes a letter lower-case; what it does to others does not matter.
            hash = hash * 31 + (bytes[i] | 0x20);
        }
        return hash ^ (hash >>> 10);
    }

    private static boolean isName(String name, byte[] bytes, int offset, int length) {
        if (name.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            int b = bytes[offset + i];
            if (b >= 'A' && b <= 'Z') {
                b += 'a' - 'A';
            }
            if (b != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
