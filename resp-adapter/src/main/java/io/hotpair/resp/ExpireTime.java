package io.hotpair.resp;

/** Deadlines as commands give them: in seconds or milliseconds, from now or from 1970. */
final class ExpireTime {
    /** How a time is given. */
    enum Unit {
        SECONDS(true, true),
        MILLISECONDS(false, true),
        UNIX_SECONDS(true, false),
        UNIX_MILLISECONDS(false, false);

        private final boolean seconds;
        private final boolean relative;

        Unit(boolean seconds, boolean relative) {
            this.seconds = seconds;
            this.relative = relative;
        }
    }

    private ExpireTime() {}

    /** The deadline of SET, GETEX and SETEX, which must be given by a number above zero. */
    static long positive(long given, Unit unit, String command, long nowMs) {
        if (given <= 0) {
            throw CommandException.invalidExpire(command);
        }
        return any(given, unit, command, nowMs);
    }

    /** The deadline of EXPIRE and its kin, which may lie in the past. */
    static long any(long given, Unit unit, String command, long nowMs) {
        long ms = given;
        if (unit.seconds) {
            if (given > Long.MAX_VALUE / 1000 || given < Long.MIN_VALUE / 1000) {
                throw CommandException.invalidExpire(command);
            }
            ms = given * 1000;
        }
        if (!unit.relative) {
            return ms;
        }
        if (ms > Long.MAX_VALUE - nowMs) {
            throw CommandException.invalidExpire(command);
        }
        return ms + nowMs;
    }
}
