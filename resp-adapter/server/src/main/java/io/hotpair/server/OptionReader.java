package io.hotpair.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds options in a file, in the environment and on the command line. What can't be read is an
 * error that says where it stands; the others are read all the same, so that all errors are told at
 * once.
 */
final class OptionReader {
    private static final String PREFIX = "HOTPAIR_";

    /** What Kubernetes says of services whose names begin with "hotpair". */
    private static final String LINK_NAME =
            "HOTPAIR_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.+)?"
                    + "|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)";

    private static final String LINK = "(tcp|udp|sctp)://.*";

    private final Set<String> names;
    private final List<String> errors;

    /**
     * Makes a reader.
     *
     * @param names the options that there are, without dashes
     * @param errors receives what can't be read
     */
    OptionReader(Set<String> names, List<String> errors) {
        this.names = names;
        this.errors = errors;
    }

    /** Reads a line each, as in redis.conf. */
    Map<String, List<GivenOption>> ofFile(Path file) {
        Map<String, List<GivenOption>> given = new LinkedHashMap<>();
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "file=" + file + ", expected a file of options that can be read: " + e, e);
        }
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                String[] parts = line.split("\\s+", 2);
                String written = file + ":" + (i + 1) + ": " + parts[0];
                try {
                    String value = parts.length == 1 ? "" : ConfigLine.value(parts[1]);
                    String option = "--" + parts[0].toLowerCase(Locale.ROOT);
                    add(given, new GivenOption(option, value, written));
                } catch (IllegalArgumentException e) {
                    errors.add(written + ": " + e.getMessage());
                }
            }
        }
        return given;
    }

    /** Reads what begins with {@code HOTPAIR_}; but services of that name are not meant for us. */
    Map<String, List<GivenOption>> ofEnvironment(Map<String, String> environment) {
        Map<String, List<GivenOption>> given = new LinkedHashMap<>();
        new TreeMap<>(environment)
                .forEach(
                        (name, value) -> {
                            if (name.startsWith(PREFIX) && !isLink(name, value)) {
                                add(given, ofVariable(name, value));
                            }
                        });
        return given;
    }

    private boolean isLink(String name, String value) {
        return value.matches(LINK)
                || (name.matches(LINK_NAME) && !names.contains(optionName(name)));
    }

    private static GivenOption ofVariable(String name, String value) {
        return new GivenOption("--" + optionName(name), value, "environment variable " + name);
    }

    private static String optionName(String variable) {
        return variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Reads {@code --name value} and {@code --name=value}. */
    Map<String, List<GivenOption>> ofArguments(List<String> arguments) {
        Map<String, List<GivenOption>> given = new LinkedHashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
            if (equals > 0) {
                String option = argument.substring(0, equals);
                add(given, new GivenOption(option, argument.substring(equals + 1), option));
            } else if (i + 1 < arguments.size()) {
                add(given, new GivenOption(argument, arguments.get(++i), argument));
            } else {
                String name = argument.startsWith("--") ? argument.substring(2) : "";
                errors.add(
                        "option="
                                + argument
                                + (names.contains(name)
                                        ? ", expected a value after it"
                                        : ", expected one of those that --help lists, and a value"
                                                + " after it"));
            }
        }
        return given;
    }

    private static void add(Map<String, List<GivenOption>> given, GivenOption option) {
        // Behind the others, as an older name of the same may be among them: the last one counts.
        List<GivenOption> before = given.remove(option.option());
        List<GivenOption> all = before == null ? new ArrayList<>() : before;
        all.add(option);
        given.put(option.option(), all);
    }
}
