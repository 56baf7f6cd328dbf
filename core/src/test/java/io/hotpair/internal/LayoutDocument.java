package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tables of a document that says where bytes stand, as things to hold against memory. Whatever
 * does not hold names its line.
 */
final class LayoutDocument {
    /** What a table's first column says where things are, or what they are. */
    private static final Set<String> COLUMNS = Set.of("offset", "bits", "name", "value", "kind");

    /** Columns that have numbers; of those in others nothing depends. */
    private static final Set<String> NUMBERS = Set.of("offset", "size", "bits", "value", "kind");

    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final Map<String, Table> tables = new LinkedHashMap<>();

    /** Reads a document. A table has the name of the heading above it. */
    LayoutDocument(Path path) {
        try {
            read(path.getFileName().toString(), Files.readAllLines(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(String name, List<String> lines) {
        String heading = "";
        Table table = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            List<String> cells = cells(line);
            if (line.startsWith("#")) {
                heading = line.replaceFirst("#+ ", "");
            } else if (cells.isEmpty()) {
                table = null;
            } else if (table == null) {
                table = new Table(cells);
                if (!COLUMNS.contains(cells.get(0)) || tables.put(heading, table) != null) {
                    throw new AssertionError(
                            name
                                    + ":"
                                    + (i + 1)
                                    + ": expected one table of a known shape: "
                                    + line);
                }
            } else if (!cells.get(0).startsWith("---")) {
                table.rows.add(new Row(name + ":" + (i + 1) + ": " + line, table.columns, cells));
            }
        }
    }

    private static List<String> cells(String line) {
        if (!line.startsWith("|")) {
            return List.of();
        }
        String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|", -1);
        return Arrays.stream(cells).map(String::trim).toList();
    }

    Collection<String> titles() {
        return tables.keySet();
    }

    Table table(String title) {
        Table table = tables.get(title);
        if (table == null) {
            throw new AssertionError("title=" + title + ", expected one of " + titles());
        }
        return table;
    }

    /** One table. */
    static final class Table {
        private final List<String> columns;
        private final List<Row> rows = new ArrayList<>();
        private String wrong = "";

        private Table(List<String> columns) {
            this.columns = columns;
        }

        /** The row of a field, or of a name. */
        Row row(String field) {
            String column = columns.contains("field") ? "field" : "name";
            for (Row row : rows) {
                if (row.cell(column).equals(field)) {
                    row.checked = true;
                    return row;
                }
            }
            throw new AssertionError("field=" + field + ", expected one of " + rows);
        }

        /** Says that fields follow each other without gaps, from 0 to an end. */
        void hasNoGaps(long end) {
            long next = 0;
            for (Row row : rows) {
                if (!row.cell("offset").isEmpty()) {
                    row.mustBe("offset", next, row.number("offset"));
                    next += row.cell("size").isEmpty() ? 0 : row.number("size");
                }
            }
            rows.get(rows.size() - 1).mustBe("the end of all", end, next);
        }

        /** Says that each bit of a word is in one row. */
        void hasAllBits(int size) {
            long next = 0;
            for (Row row : rows) {
                row.mustBe("the first of the bits", next, row.lowBit());
                next = row.highBit() + 1;
            }
            rows.get(rows.size() - 1).mustBe("the last of the bits", size, next);
        }

        /** The same table with one of its numbers wrong, for each of them. */
        List<Table> withOneWrongNumber() {
            List<Table> wrong = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                for (int column = 0; column < columns.size(); column++) {
                    if (NUMBERS.contains(columns.get(column))) {
                        String cell = rows.get(i).cell(columns.get(column));
                        for (String other : wrongNumbers(cell)) {
                            wrong.add(with(i, column, other));
                        }
                    }
                }
            }
            return wrong;
        }

        private static List<String> wrongNumbers(String cell) {
            List<String> wrong = new ArrayList<>();
            Matcher number = NUMBER.matcher(cell);
            while (cell.matches("\\d+( to \\d+)?") && number.find()) {
                String other = Long.toString(Long.parseLong(number.group()) + 1);
                wrong.add(cell.substring(0, number.start()) + other + cell.substring(number.end()));
            }
            return wrong;
        }

        /** What is wrong with it. */
        String wrong() {
            return wrong;
        }

        private Table with(int index, int column, String cell) {
            Table changed = new Table(columns);
            changed.wrong = rows.get(index).line + " with " + columns.get(column) + " " + cell;
            for (int i = 0; i < rows.size(); i++) {
                List<String> cells = new ArrayList<>(rows.get(i).cells.values());
                if (i == index) {
                    cells.set(column, cell);
                }
                changed.rows.add(new Row(rows.get(i).line, columns, cells));
            }
            return changed;
        }

        /** Says that no row was left out. */
        void isChecked() {
            for (Row row : rows) {
                if (!row.checked) {
                    throw new AssertionError(row + ", expected a check of this row");
                }
            }
        }
    }

    /** One row. */
    static final class Row {
        private final String line;
        private final Map<String, String> cells = new LinkedHashMap<>();
        private boolean checked;

        private Row(String line, List<String> columns, List<String> values) {
            this.line = line;
            if (columns.size() != values.size()) {
                throw new AssertionError(line + ", expected " + columns);
            }
            for (int i = 0; i < columns.size(); i++) {
                cells.put(columns.get(i), values.get(i));
            }
        }

        String cell(String column) {
            String cell = cells.get(column);
            if (cell == null) {
                throw new AssertionError(line + ", expected a column " + column);
            }
            return cell;
        }

        private long number(String column) {
            String cell = cell(column);
            if (!cell.matches("\\d+")) {
                throw new AssertionError(line + ", expected a number: " + column);
            }
            return Long.parseLong(cell);
        }

        int offset() {
            return (int) number("offset");
        }

        private void mustBe(String what, long inCode, long inDocument) {
            assertEquals(inCode, inDocument, line + ": " + what + " differs from the code's");
        }

        /** Says that a value of the table is this one. */
        void is(long inCode) {
            String column = cells.containsKey("kind") ? "kind" : "value";
            mustBe(column, inCode, number(column));
        }

        /** Says that memory has a number there, in the documented size and order of bytes. */
        void holds(Mem mem, long start, long value) {
            mustHold(bytes(mem, start + offset(), (int) number("size")), value);
        }

        /** Says so of an array that begins where the structure does. */
        void holds(byte[] structure, long value) {
            int size = (int) number("size");
            mustHold(Arrays.copyOfRange(structure, offset(), offset() + size), value);
        }

        private void mustHold(byte[] there, long value) {
            byte[] inCode = new byte[there.length];
            boolean bigEndian = cell("type").equals("big-endian");
            for (int i = 0; i < inCode.length; i++) {
                inCode[bigEndian ? inCode.length - 1 - i : i] = (byte) (value >>> (8 * i));
            }
            assertArrayEquals(inCode, there, line + ": what stands there differs from the code's");
        }

        /** Says that memory has these bytes there. */
        void holds(Mem mem, long start, byte[] value) {
            byte[] there = bytes(mem, start + offset(), value.length);
            assertArrayEquals(value, there, line + ": what stands there differs from the code's");
        }

        /** Says that the rest of a structure is these bytes. */
        void isRest(byte[] structure, byte[] value) {
            byte[] rest = Arrays.copyOfRange(structure, offset(), structure.length);
            assertArrayEquals(value, rest, line + ": what stands there differs from the code's");
        }

        /** Says that a word of an array is a number. */
        void isWord(long[] words, int start, long value) {
            mustBe("what stands there", value, words[start + offset()]);
        }

        private long lowBit() {
            return Long.parseLong(cell("bits").replaceFirst(" to .*", ""));
        }

        private long highBit() {
            return Long.parseLong(cell("bits").replaceFirst(".* to ", ""));
        }

        /** Says that some bits of a word are a number. */
        void hasBits(long word, long value) {
            int low = (int) lowBit();
            int high = (int) highBit();
            long inDocument = word << (Long.SIZE - 1 - high) >>> (Long.SIZE - 1 - high + low);
            mustBe("what these bits of the code's word are", value, inDocument);
        }

        /** Says that one bit of a word is set, and no other. */
        void isOnlyBit(long word) {
            mustBe("the word with this bit", word, 1L << number("bits"));
        }

        @Override
        public String toString() {
            return line;
        }
    }

    private static byte[] bytes(Mem mem, long address, int count) {
        byte[] bytes = new byte[count];
        mem.copyOut(address, bytes, 0, count);
        return bytes;
    }
}
