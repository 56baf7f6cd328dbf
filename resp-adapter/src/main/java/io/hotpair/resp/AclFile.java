package io.hotpair.resp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The users in a file, as Redis has them: {@code user name rules...}, a line for each. Errors name
 * the file without its directory, as clients see them.
 */
final class AclFile {
    private static final String FAILED_LOAD =
            "WARNING: ACL errors detected, no change to the previously active ACL rules was"
                    + " performed";

    private final Path path;
    private final String name;

    AclFile(Path path) {
        this.path = path.toAbsolutePath();
        name = String.valueOf(path.getFileName());
    }

    // ---- reading

    /**
     * Reads the users.
     *
     * @param newUser makes one without rights
     * @param allChannels whether one that begins anew may use all channels
     * @throws AclException if it can't be read, or a line is wrong; the message says of each why
     */
    Map<String, AclAccount> read(Supplier<AclUser> newUser, boolean allChannels) {
        Map<String, AclAccount> accounts = new TreeMap<>();
        StringBuilder errors = new StringBuilder();
        String[] lines = text().split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i].strip();
            if (!line.isEmpty()) {
                Line each = new Line(name + ":" + (i + 1), line.split(" ", -1), errors);
                each.read(accounts, i + 1, newUser.get(), allChannels);
            }
        }
        if (errors.length() > 0) {
            throw AclException.of(errors + FAILED_LOAD);
        }
        return accounts;
    }

    private String text() {
        try {
            return Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            RespServer.LOGGER.warn("The users' file {} can't be read: {}", path, e.toString());
            throw AclException.of(
                    "Error loading ACLs, opening file '"
                            + name
                            + "': "
                            + (Files.exists(path)
                                    ? "it can't be read"
                                    : "No such file or directory"));
        }
    }

    /**
     * A line that is not blank.
     *
     * @param where the file and the line's number
     * @param errors what is wrong with any of them
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Line(String where, String[] words, StringBuilder errors) {
        void read(Map<String, AclAccount> accounts, int number, AclUser user, boolean allChannels) {
            if (!words[0].equals("user") || words.length < 2) {
                wrong(where + " should start with user keyword followed by the username. ");
                return;
            }
            String userName = words[1];
            if (AclUser.hasSpaces(userName)) {
                wrong("'" + where + ": username '" + userName + "' contains invalid characters. ");
                return;
            }
            if (accounts.putIfAbsent(userName, new AclAccount(userName, user)) != null) {
                wrong("WARNING: Duplicate user '" + userName + "' found on line " + number + ". ");
                return;
            }
            apply(user, allChannels);
        }

        private void apply(AclUser user, boolean allChannels) {
            List<String> rules;
            try {
                rules = AclUser.merged(Arrays.asList(words).subList(2, words.length));
            } catch (AclException e) {
                wrong(where + ": Unmatched parenthesis in selector definition.");
                return;
            }
            boolean failed = false;
            for (String rule : rules) {
                try {
                    user.apply(rule.strip(), allChannels);
                } catch (AclException e) {
                    if (e.namesUnknown()) {
                        wrong(
                                where
                                        + ": Error in applying operation '"
                                        + rule
                                        + "': "
                                        + e.text()
                                        + ". ");
                    } else if (!failed) {
                        // The rule itself may be a password.
                        wrong(where + ": " + e.text() + ". ");
                        failed = true;
                    }
                }
            }
        }

        private void wrong(String what) {
            errors.append(what);
        }
    }

    // ---- writing

    /** Puts lines into the place of what was there, as one step that a crash can't tear. */
    void write(List<String> lines) {
        if (lines.stream().anyMatch(line -> line.chars().anyMatch(c -> c == '\n' || c == '\r'))) {
            throw AclException.of("a rule has an end of line in it");
        }
        byte[] bytes = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        try {
            WholeFile.write(path, bytes, WholeFile.OWNER_ONLY);
        } catch (IOException e) {
            RespServer.LOGGER.warn("The users' file {} can't be written: {}", path, e.toString());
            throw AclException.of(
                    "There was an error trying to save the ACLs. Please check the server logs for"
                            + " more information");
        }
    }
}
