package io.hotpair.resp.internal.lua;

/** {@code string.format}: what C's printf makes of a directive. */
final class StringFormat {
    private static final String FLAGS = "-+ #0";

    private final Arguments args;
    private final byte[] format;
    private final ByteBuilder out;
    private int at;
    private int argument;

    private boolean left;
    private boolean plus;
    private boolean blank;
    private boolean alternate;
    private boolean zero;
    private int width;
    private int precision;

    StringFormat(Arguments args) {
        this.args = args;
        format = args.string(0).bytes();
        out = new ByteBuilder(args.state());
    }

    LuaString format() {
        while (at < format.length) {
            int c = format[at++];
            if (c != '%') {
                out.append(c);
            } else if (at < format.length && format[at] == '%') {
                out.append('%');
                at++;
            } else {
                if (++argument >= args.count()) {
                    throw args.bad(argument, "no value");
                }
                directive();
            }
        }
        return out.toLuaString();
    }

    private int peek() {
        return at < format.length ? format[at] : 0;
    }

    private void directive() {
        readFlags();
        width = readTwoDigits();
        precision = -1;
        if (peek() == '.') {
            at++;
            precision = Math.max(0, readTwoDigits());
        }
        if (Numbers.isDigit(peek())) {
            throw args.state().error("invalid format (width or precision too long)");
        }
        int conversion = peek();
        at++;
        switch (conversion) {
            case 'c' -> pad(new byte[] {(byte) (int) args.number(argument)});
            case 'd', 'i' -> integer(Operations.toLong(args.number(argument)));
            case 'u' -> unsigned(Operations.toLong(args.number(argument)), 10, false);
            case 'o' -> unsigned(unsigned(args.number(argument)), 8, false);
            case 'x' -> unsigned(unsigned(args.number(argument)), 16, false);
            case 'X' -> unsigned(unsigned(args.number(argument)), 16, true);
            case 'e', 'E', 'f', 'g', 'G' -> floating(conversion, args.number(argument));
            case 'q' -> quoted(args.string(argument).bytes());
            case 's' -> string(args.string(argument).bytes());
            default ->
                    throw args.state()
                            .error(
                                    "invalid option '%"
                                            + (conversion == 0
                                                    ? ""
                                                    : String.valueOf((char) (conversion & 0xff)))
                                            + "' to 'format'");
        }
    }

    private void readFlags() {
        left = false;
        plus = false;
        blank = false;
        alternate = false;
        zero = false;
        int from = at;
        while (peek() != 0 && FLAGS.indexOf(peek()) >= 0) {
            switch (peek()) {
                case '-' -> left = true;
                case '+' -> plus = true;
                case ' ' -> blank = true;
                case '#' -> alternate = true;
                default -> zero = true;
            }
            at++;
        }
        if (at - from >= FLAGS.length() + 1) {
            throw args.state().error("invalid format (repeated flags)");
        }
    }

    private int readTwoDigits() {
        int value = -1;
        for (int i = 0; i < 2 && Numbers.isDigit(peek()); i++) {
            value = Math.max(0, value) * 10 + (format[at++] - '0');
        }
        return value;
    }

    private static long unsigned(double number) {
        if (number >= 0x1p63) {
            return number < 0x1p64 ? (long) (number - 0x1p63) ^ Long.MIN_VALUE : 0;
        }
        return Operations.toLong(number);
    }

    private void pad(byte[] text) {
        int missing = width - text.length;
        if (!left) {
            blanks(missing);
        }
        out.append(text);
        if (left) {
            blanks(missing);
        }
    }

    private void blanks(int count) {
        for (int i = 0; i < count; i++) {
            out.append(' ');
        }
    }

    private void string(byte[] text) {
        if (precision < 0 && text.length >= 100) {
            // Longer than what a directive may make: as it is.
            out.append(text);
            return;
        }
        int length = 0;
        int most = precision < 0 ? text.length : Math.min(precision, text.length);
        while (length < most && text[length] != 0) {
            length++;
        }
        pad(java.util.Arrays.copyOf(text, length));
    }

    private void quoted(byte[] text) {
        out.append('"');
        for (byte b : text) {
            switch (b) {
                case '"', '\\', '\n' -> {
                    out.append('\\');
                    out.append(b);
                }
                case '\r' -> out.append("\\r");
                case 0 -> out.append("\\000");
                default -> out.append(b);
            }
        }
        out.append('"');
    }

    private void integer(long value) {
        String digits = Long.toString(value);
        boolean isNegative = value < 0;
        number(isNegative ? "-" : sign(), isNegative ? digits.substring(1) : digits);
    }

    private String sign() {
        return plus ? "+" : blank ? " " : "";
    }

    private void unsigned(long value, int base, boolean isUpper) {
        String digits = Long.toUnsignedString(value, base);
        String prefix = "";
        if (alternate && value != 0) {
            prefix = base == 16 ? (isUpper ? "0X" : "0x") : base == 8 ? "0" : "";
        }
        number(prefix, isUpper ? digits.toUpperCase(java.util.Locale.ROOT) : digits);
    }

    private void number(String prefix, String digits) {
        String shown = precision == 0 && digits.equals("0") ? "" : digits;
        int zeros = precision - shown.length();
        if (precision < 0 && zero && !left) {
            zeros = width - prefix.length() - shown.length();
        }
        pad(LuaString.of(prefix + "0".repeat(Math.max(0, zeros)) + shown).bytes());
    }

    private void floating(int conversion, double value) {
        int digits = precision < 0 ? 6 : precision;
        String text =
                switch (conversion) {
                    case 'e', 'E' -> Numbers.exponential(value, digits);
                    case 'f' -> Numbers.fixed(value, digits);
                    default -> Numbers.general(value, digits, alternate);
                };
        boolean isNegative = text.startsWith("-");
        String prefix = isNegative ? "-" : sign();
        String size = isNegative ? text.substring(1) : text;
        boolean isFinite = Numbers.isDigit(size.charAt(0));
        if (zero && !left && isFinite) {
            size = "0".repeat(Math.max(0, width - prefix.length() - size.length())) + size;
        }
        String all = prefix + size;
        boolean isUpper = conversion == 'E' || conversion == 'G';
        pad(LuaString.of(isUpper ? all.toUpperCase(java.util.Locale.ROOT) : all).bytes());
    }
}
