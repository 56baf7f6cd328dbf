package io.hotpair.resp;

import io.hotpair.Expiry;
import io.hotpair.Session;
import io.hotpair.SetOptions;
import io.hotpair.ValueCondition;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The options of SET, MSETEX and GETEX, with what excludes what as in Redis. */
final class StringOptions {
    private boolean ifAbsent;
    private boolean ifPresent;
    private @Nullable ValueCondition comparison;
    private boolean previous;
    private boolean keepDeadline;
    private boolean persist;
    private ExpireTime.@Nullable Unit unit;
    private int timeArgument;

    private StringOptions() {}

    static StringOptions ofSet(Request request) {
        return of(request, 3, true);
    }

    /** Those of MSETEX, which begin behind its pairs. */
    static StringOptions ofMsetex(Request request, int from) {
        return of(request, from, false);
    }

    private static StringOptions of(Request request, int from, boolean ofSet) {
        StringOptions options = new StringOptions();
        for (int i = from; i < request.count(); i++) {
            if (request.is(i, "NX") && !options.ifPresent && !options.compares()) {
                options.ifAbsent = true;
            } else if (request.is(i, "XX") && !options.ifAbsent && !options.compares()) {
                options.ifPresent = true;
            } else if (ofSet && options.takeComparison(request, i)) {
                i++;
            } else if (ofSet && request.is(i, "GET")) {
                options.previous = true;
            } else if (request.is(i, "KEEPTTL") && options.unit == null) {
                options.keepDeadline = true;
            } else {
                i = options.time(request, i);
            }
        }
        return options;
    }

    private boolean takeComparison(Request request, int at) {
        if (ifAbsent || ifPresent || compares() || at + 1 == request.count()) {
            return false;
        }
        comparison = comparison(request, at);
        return compares();
    }

    /**
     * What a word and the argument behind it ask of the present value; null if it is no such word.
     */
    static @Nullable ValueCondition comparison(Request request, int at) {
        if (request.is(at, "IFEQ")) {
            return ValueCondition.ifEqual(request.copy(at + 1));
        }
        if (request.is(at, "IFNE")) {
            return ValueCondition.ifNotEqual(request.copy(at + 1));
        }
        if (request.is(at, "IFDEQ")) {
            return ValueDigest.ifEqual(request.copy(at + 1));
        }
        return request.is(at, "IFDNE") ? ValueDigest.ifNotEqual(request.copy(at + 1)) : null;
    }

    private boolean compares() {
        return comparison != null;
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
    SetOptions asSetOptions(long deadlineMs) {
        SetOptions options = SetOptions.plain().on(condition()).expiring(expiry(deadlineMs));
        return previous ? options.returningPrevious() : options;
    }

    Expiry expiry(long deadlineMs) {
        if (keepDeadline) {
            return Expiry.unchanged();
        }
        return deadlineMs == Session.NEVER
                ? Expiry.never()
                : Expiry.at(Instant.ofEpochMilli(deadlineMs));
    }

    ValueCondition condition() {
        if (comparison != null) {
            return comparison;
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
