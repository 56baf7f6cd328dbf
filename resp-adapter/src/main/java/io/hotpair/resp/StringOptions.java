package io.hotpair.resp;

import io.hotpair.Expiry;
import io.hotpair.Session;
import io.hotpair.SetOptions;
import io.hotpair.ValueCondition;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The options of SET and GETEX, with what excludes what as in Redis. */
final class StringOptions {
    private boolean ifAbsent;
    private boolean ifPresent;
    private boolean ifEqual;
    private int comparedArgument;
    private boolean previous;
    private boolean keepDeadline;
    private boolean persist;
    private ExpireTime.@Nullable Unit unit;
    private int timeArgument;

    private StringOptions() {}

    static StringOptions ofSet(Request request) {
        StringOptions options = new StringOptions();
        for (int i = 3; i < request.count(); i++) {
            if (request.is(i, "NX") && !options.ifPresent && !options.compares()) {
                options.ifAbsent = true;
            } else if (request.is(i, "XX") && !options.ifAbsent && !options.compares()) {
                options.ifPresent = true;
            } else if (options.comparison(request, i)) {
                i++;
            } else if (request.is(i, "GET")) {
                options.previous = true;
            } else if (request.is(i, "KEEPTTL") && options.unit == null) {
                options.keepDeadline = true;
            } else {
                i = options.time(request, i);
            }
        }
        return options;
    }

    private boolean comparison(Request request, int at) {
        boolean isEqual = request.is(at, "IFEQ");
        if ((!isEqual && !request.is(at, "IFNE"))
                || ifAbsent
                || ifPresent
                || compares()
                || at + 1 == request.count()) {
            return false;
        }
        ifEqual = isEqual;
        comparedArgument = at + 1;
        return true;
    }

    private boolean compares() {
        return comparedArgument > 0;
    }

    static StringOptions ofGetex(Request request) {
        StringOptions options = new StringOptions();
        for (int i = 2; i < request.count(); i++) {
            if (request.is(i, "PERSIST") && options.unit == null) {
                options.persist = true;
            } else {
                i = options.time(request, i);
            }
        }
        return options;
    }

    private int time(Request request, int at) {
        ExpireTime.Unit asked = unit(request, at);
        boolean excluded = keepDeadline || persist || (unit != null && unit != asked);
        if (asked == null || excluded || at + 1 == request.count()) {
            throw CommandException.syntax();
        }
        unit = asked;
        timeArgument = at + 1;
        return at + 1;
    }

    static ExpireTime.@Nullable Unit unit(Request request, int at) {
        if (request.is(at, "EX")) {
            return ExpireTime.Unit.SECONDS;
        }
        if (request.is(at, "PX")) {
            return ExpireTime.Unit.MILLISECONDS;
        }
        if (request.is(at, "EXAT")) {
            return ExpireTime.Unit.UNIX_SECONDS;
        }
        return request.is(at, "PXAT") ? ExpireTime.Unit.UNIX_MILLISECONDS : null;
    }

    /**
     * The deadline that is asked for; {@link Session#NEVER} without one. Errors of syntax come
     * before errors of numbers, so the number is read only here.
     */
    long deadlineMs(Request request, String command, long nowMs) {
        ExpireTime.Unit given = unit;
        return given == null
                ? Session.NEVER
                : ExpireTime.positive(request.integer(timeArgument), given, command, nowMs);
    }

    /** Whether the value is to be set whatever is there, and nothing returned of it. */
    boolean isPlain() {
        return !ifAbsent && !ifPresent && !compares() && !previous && !keepDeadline;
    }

    /** What SET is asked to do, in the words of the keyspace. */
    SetOptions asSetOptions(Request request, long deadlineMs) {
        Expiry expiry = Expiry.never();
        if (keepDeadline) {
            expiry = Expiry.unchanged();
        } else if (deadlineMs != Session.NEVER) {
            expiry = Expiry.at(Instant.ofEpochMilli(deadlineMs));
        }
        SetOptions options = SetOptions.plain().on(condition(request)).expiring(expiry);
        return previous ? options.returningPrevious() : options;
    }

    private ValueCondition condition(Request request) {
        if (compares()) {
            byte[] value = request.copy(comparedArgument);
            return ifEqual ? ValueCondition.ifEqual(value) : ValueCondition.ifNotEqual(value);
        }
        if (ifAbsent) {
            return ValueCondition.ifAbsent();
        }
        return ifPresent ? ValueCondition.ifPresent() : ValueCondition.always();
    }

    boolean returnsPrevious() {
        return previous;
    }

    boolean changesDeadline() {
        return persist || unit != null;
    }
}
