package io.hotpair.resp;

/**
 * Ends a command with an error reply. Carries no stack trace: it is an answer to the client, not a
 * failure of ours, and clients can ask for as many as they like.
 */
class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message the reply, its error code first, without the leading hyphen
     */
    CommandException(String message) {
        super(message, null, false, false);
    }

    /** The reply, its error code first. */
    String reply() {
        String message = getMessage();
        return message == null ? "ERR" : message;
    }

    static CommandException replyTooLong(long limitBytes) {
        return new CommandException(
                "ERR the reply is longer than the limit for client output, "
                        + limitBytes
                        + " bytes; if the command writes, it was executed");
    }

    static CommandException outOfMemory() {
        return new CommandException("OOM command not allowed when used memory > 'maxmemory'.");
    }

    static CommandException invalidExpire(String command) {
        return new CommandException("ERR invalid expire time in '" + command + "' command");
    }

    static CommandException arity(String command) {
        return new CommandException("ERR wrong number of arguments for '" + command + "' command");
    }

    static CommandException noSuchKey() {
        return new CommandException("ERR no such key");
    }

    static CommandException syntax() {
        return new CommandException("ERR syntax error");
    }

    static CommandException wrongType() {
        return new CommandException(
                "WRONGTYPE Operation against a key holding the wrong kind of value");
    }

    static CommandException notAnInteger() {
        return new CommandException("ERR value is not an integer or out of range");
    }

    static CommandException notBetween(long least, long most) {
        return new CommandException(
                "ERR value is out of range, value must between " + least + " and " + most);
    }

    static CommandException notAFloat() {
        return new CommandException("ERR value is not a valid float");
    }

    static CommandException incrementOverflow() {
        return new CommandException("ERR increment or decrement would overflow");
    }

    static CommandException decrementOverflow() {
        return new CommandException("ERR decrement would overflow");
    }

    static CommandException notFinite() {
        return new CommandException("ERR increment would produce NaN or Infinity");
    }

    static CommandException tooLong() {
        return new CommandException("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }

    static CommandException offsetRange() {
        return new CommandException("ERR offset is out of range");
    }

    static CommandException invalidCursor() {
        return new CommandException("ERR invalid cursor");
    }

    static CommandException notAuthenticated() {
        return new CommandException("NOAUTH Authentication required.");
    }

    static CommandException loading() {
        return new CommandException("LOADING Redis is loading the dataset in memory");
    }

    static CommandException noReplicas() {
        return new CommandException("NOREPLICAS Not enough good replicas to write.");
    }

    /**
     * @param withFunction whether what runs is a function, or a script
     */
    static CommandException busy(boolean withFunction) {
        return new CommandException(
                "BUSY Redis is busy running a script. You can only call "
                        + (withFunction ? "FUNCTION" : "SCRIPT")
                        + " KILL or SHUTDOWN NOSAVE.");
    }

    static CommandException unkillable() {
        return new CommandException(
                "UNKILLABLE Sorry the script already executed write commands against the dataset."
                        + " You can either wait the script termination or kill the server in a"
                        + " hard way using the SHUTDOWN NOSAVE command.");
    }

    static CommandException readOnly() {
        return new CommandException("READONLY You can't write against a read only replica.");
    }

    static CommandException wrongPassword() {
        return new CommandException(
                "WRONGPASS invalid username-password pair or user is disabled.");
    }
}
