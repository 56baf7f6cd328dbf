package io.hotpair.resp;

/** A rule of access that is not understood. The message is for whoever wrote it. */
final class AclException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean namesUnknown;

    private AclException(String message, boolean namesUnknown) {
        super(message, null, false, false);
        this.namesUnknown = namesUnknown;
    }

    static AclException syntax() {
        return new AclException("Syntax error", false);
    }

    static AclException unknownName() {
        return new AclException("Unknown command or category name in ACL", true);
    }

    static AclException firstArgumentOfSubcommand() {
        return new AclException("Allowing first-arg of a subcommand is not supported", false);
    }

    static AclException keysAfterAll() {
        return afterAll("'allkeys'", "'resetkeys'", "patterns");
    }

    static AclException channelsAfterAll() {
        return afterAll("'allchannels'", "'resetchannels'", "channels");
    }

    private static AclException afterAll(String flag, String reset, String what) {
        return new AclException(
                "Adding a pattern after the * pattern (or the "
                        + flag
                        + " flag) is not valid and does not have any effect. Try "
                        + reset
                        + " to start with an empty list of "
                        + what,
                false);
    }

    static AclException noSuchPassword() {
        return new AclException(
                "The password you are trying to remove from the user does not exist", false);
    }

    static AclException notAHash() {
        return new AclException(
                "The password hash must be exactly 64 characters and contain only lowercase"
                        + " hexadecimal characters",
                false);
    }

    static AclException of(String message) {
        return new AclException(message, false);
    }

    /** Whether it names a command or a category that there is not. */
    boolean namesUnknown() {
        return namesUnknown;
    }

    String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
