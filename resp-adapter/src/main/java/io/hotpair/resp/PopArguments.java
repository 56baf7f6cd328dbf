package io.hotpair.resp;

/**
 * What ZMPOP and its kin are given: keys, at which end, and how many elements.
 *
 * @param keys the keys
 * @param isSecond whether the second one of the two words for the ends was given
 * @param count at most how many elements
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record PopArguments(byte[][] keys, boolean isSecond, long count) {

    static PopArguments of(Request request, int countAt, String first, String second) {
        long keyCount =
                request.integer(countAt, 1, Long.MAX_VALUE, "ERR numkeys should be greater than 0");
        if (keyCount >= request.count() - countAt - 1) {
            throw CommandException.syntax();
        }
        int end = countAt + 1 + (int) keyCount;
        boolean isSecond = request.is(end, second);
        if (!isSecond && !request.is(end, first)) {
            throw CommandException.syntax();
        }
        return new PopArguments(
                request.copies(countAt + 1, (int) keyCount), isSecond, count(request, end + 1));
    }

    private static long count(Request request, int from) {
        if (from == request.count()) {
            return 1;
        }
        if (from + 1 == request.count() || !request.is(from, "COUNT")) {
            throw CommandException.syntax();
        }
        long count =
                request.integer(from + 1, 1, Long.MAX_VALUE, "ERR count should be greater than 0");
        if (from + 2 < request.count()) {
            throw CommandException.syntax();
        }
        return count;
    }
}
