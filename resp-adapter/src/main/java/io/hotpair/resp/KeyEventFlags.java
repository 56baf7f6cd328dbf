package io.hotpair.resp;

/** Which events of keys are told, and where, as {@code notify-keyspace-events} says it. */
final class KeyEventFlags {
    static final int KEYSPACE = 1;
    static final int KEYEVENT = 1 << 1;

    /** The letters of the classes, in the order in which Redis prints them. */
    private static final String LETTERS = "g$lshzxetdn";

    private static final int FIRST_CLASS = 2;
    private static final int ALL = mask("g$lshzxetd");
    private static final int KEY_MISS = 1 << 20;

    private KeyEventFlags() {}

    /** The bit of a class of events. */
    static int of(char letter) {
        int at = LETTERS.indexOf(letter);
        return letter == 'm' ? KEY_MISS : at < 0 ? 0 : 1 << (FIRST_CLASS + at);
    }

    private static int mask(String letters) {
        int mask = 0;
        for (int i = 0; i < letters.length(); i++) {
            mask |= of(letters.charAt(i));
        }
        return mask;
    }

    /** Reads the letters. */
    static int parse(String text) {
        int flags = 0;
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            int flag =
                    switch (letter) {
                        case 'A' -> ALL;
                        case 'K' -> KEYSPACE;
                        case 'E' -> KEYEVENT;
                        default -> of(letter);
                    };
            if (flag == 0) {
                throw new IllegalArgumentException(
                        "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
            }
            flags |= flag;
        }
        return flags;
    }

    /** The letters as Redis prints them. */
    static String text(int flags) {
        StringBuilder text = new StringBuilder();
        if ((flags & ALL) == ALL) {
            text.append('A');
        } else {
            for (int i = 0; i < LETTERS.length(); i++) {
                append(text, flags & of(LETTERS.charAt(i)), LETTERS.charAt(i));
            }
        }
        append(text, flags & KEYSPACE, 'K');
        append(text, flags & KEYEVENT, 'E');
        append(text, flags & KEY_MISS, 'm');
        return text.toString();
    }

    private static void append(StringBuilder text, int flag, char letter) {
        if (flag != 0) {
            text.append(letter);
        }
    }

    /** Whether anything would be told anywhere. */
    static boolean tellsAnything(int flags) {
        return (flags & (KEYSPACE | KEYEVENT)) != 0 && (flags & ~(KEYSPACE | KEYEVENT)) != 0;
    }
}
