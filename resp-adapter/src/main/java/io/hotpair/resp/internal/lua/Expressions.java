package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.Operations.Arithmetic;
import org.jspecify.annotations.Nullable;

/** The kinds of expressions. */
final class Expressions {
    private Expressions() {}

    /** A value that was written down. */
    static final class Constant extends Expression {
        private final @Nullable Object value;

        Constant(@Nullable Object value) {
            this.value = value;
        }

        @Nullable Object value() {
            return value;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            return value;
        }

        @Override
        @Nullable LuaString constantString() {
            return value instanceof LuaString string ? string : null;
        }

        @Override
        boolean isConstant() {
            return true;
        }
    }

    /** {@code ...} */
    static final class Varargs extends Expression {
        @Override
        @Nullable Object eval(Frame frame) {
            return Operations.first(frame.varargs);
        }

        @Override
        @Nullable Object[] evalAll(Frame frame) {
            return frame.varargs.clone();
        }

        @Override
        boolean isMultiple() {
            return true;
        }
    }

    /** A local variable. */
    static final class Local extends Expression {
        private final LocalVariable variable;
        private final int slot;

        Local(LocalVariable variable) {
            this.variable = variable;
            slot = variable.slot();
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object value = frame.slots[slot];
            return value instanceof Cell cell ? cell.value : value;
        }

        void set(Frame frame, @Nullable Object value) {
            if (frame.slots[slot] instanceof Cell cell) {
                cell.value = value;
            } else {
                frame.slots[slot] = value;
            }
        }

        @Override
        String describe() {
            return "local '" + variable.name() + "'";
        }
    }

    /** A local variable as its block sees it. */
    static final class LocalVariable {
        private final String name;
        private final int slot;
        private boolean captured;

        LocalVariable(String name, int slot) {
            this.name = name;
            this.slot = slot;
        }

        String name() {
            return name;
        }

        int slot() {
            return slot;
        }

        void capture() {
            captured = true;
        }

        boolean isCaptured() {
            return captured;
        }

        /** Begins its life. */
        void declare(Frame frame, @Nullable Object value) {
            if (captured) {
                frame.state.budget().allocateCell();
                frame.slots[slot] = new Cell(value);
            } else {
                frame.slots[slot] = value;
            }
        }
    }

    /** A variable of a function around. */
    static final class Upvalue extends Expression {
        private final String name;
        private final int index;

        Upvalue(String name, int index) {
            this.name = name;
            this.index = index;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            return frame.running().cells()[index].value;
        }

        void set(Frame frame, @Nullable Object value) {
            frame.running().cells()[index].value = value;
        }

        @Override
        String describe() {
            return "upvalue '" + name + "'";
        }
    }

    /** A global variable. */
    static final class Global extends Expression {
        private final LuaString name;
        private final int line;

        Global(LuaString name, int line) {
            this.name = name;
            this.line = line;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object value = frame.state.globals().get(name);
            if (value != null) {
                return value;
            }
            frame.line = line;
            return Operations.index(frame.state, frame.state.globals(), name, null);
        }

        void set(Frame frame, @Nullable Object value, int atLine) {
            frame.line = atLine;
            Operations.setIndex(frame.state, frame.state.globals(), name, value, null);
        }

        @Override
        String describe() {
            return "global '" + name + "'";
        }
    }

    /** An element of a table. */
    static final class Index extends Expression {
        private final Expression object;
        private final Expression key;
        private final int line;
        private final int slot;

        Index(Expression object, Expression key, int line, int slot) {
            this.object = object;
            this.key = key;
            this.line = line;
            this.slot = slot;
        }

        Expression object() {
            return object;
        }

        Expression key() {
            return key;
        }

        int line() {
            return line;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object table = object.eval(frame);
            Object name;
            if (key.isConstant()) {
                name = key.eval(frame);
            } else {
                frame.slots[slot] = table;
                name = key.eval(frame);
                frame.slots[slot] = null;
            }
            if (table instanceof LuaTable known) {
                Object value = known.get(name);
                if (value != null || known.metatable() == null) {
                    return value;
                }
            }
            frame.line = line;
            return Operations.index(frame.state, table, name, object);
        }

        @Override
        String describe() {
            LuaString name = key.constantString();
            return "field '" + (name == null ? "?" : name) + "'";
        }
    }

    /** An expression in parentheses: one value of it. */
    static final class Parenthesized extends Expression {
        private final Expression inner;

        Parenthesized(Expression inner) {
            this.inner = inner;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            return inner.eval(frame);
        }

        @Override
        @Nullable String describe() {
            return inner.describe();
        }

        @Override
        @Nullable LuaString constantString() {
            return inner.constantString();
        }
    }

    /** What is given to a function, or to a table: the last one may be several. */
    static @Nullable Object[] evalList(Frame frame, Expression[] list, int slot, int room) {
        int count = list.length;
        @Nullable Object[] values = new Object[room + count];
        if (count == 0) {
            return values;
        }
        frame.slots[slot] = values;
        int last = count - 1;
        for (int i = 0; i < last; i++) {
            values[room + i] = list[i].eval(frame);
        }
        if (list[last].isMultiple()) {
            values = Operations.append(values, room + last, list[last].evalAll(frame));
            frame.state.budget().allocate(8L * values.length);
        } else {
            values[room + last] = list[last].eval(frame);
        }
        frame.slots[slot] = null;
        return values;
    }

    /** A call of a function or of a method. */
    static final class Call extends Expression {
        private final Expression callee;
        private final @Nullable LuaString method;
        private final Expression[] args;
        private final int line;
        private final int slot;

        Call(Expression callee, @Nullable LuaString method, Expression[] args, int line, int slot) {
            this.callee = callee;
            this.method = method;
            this.args = args;
            this.line = line;
            this.slot = slot;
        }

        @Override
        boolean isMultiple() {
            return true;
        }

        @Override
        boolean isMethodCall() {
            return method != null;
        }

        @Override
        @Nullable String calleeName() {
            if (method != null) {
                return method.toString();
            }
            String description = callee.describe();
            return description == null
                    ? null
                    : description.substring(
                            description.indexOf('\'') + 1, description.length() - 1);
        }

        /** What is called, for errors: a method has no expression of its own. */
        private Expression calleeSite() {
            return method == null ? callee : new MethodName(method);
        }

        @Override
        @Nullable Object eval(Frame frame) {
            return Operations.first(evalAll(frame));
        }

        @Override
        @Nullable Object[] evalAll(Frame frame) {
            Object function;
            @Nullable Object[] given;
            if (method == null) {
                function = callee.eval(frame);
                frame.slots[slot + 1] = function;
                given = evalList(frame, args, slot, 0);
            } else {
                Object self = callee.eval(frame);
                frame.line = line;
                function = Operations.index(frame.state, self, method, callee);
                frame.slots[slot + 1] = self;
                given = evalList(frame, args, slot, 1);
                given[0] = self;
            }
            frame.slots[slot + 1] = null;
            frame.line = line;
            return invoke(frame, function, given);
        }

        private @Nullable Object[] invoke(
                Frame frame, @Nullable Object function, @Nullable Object[] given) {
            LuaState state = frame.state;
            if (function instanceof LuaClosure closure) {
                return closure.call(state, given);
            }
            if (function instanceof LuaFunction builtin) {
                state.callSite(this);
                frame.inBuiltin = true;
                // What is given is held while it runs, which may be long if it calls back.
                frame.slots[slot] = given;
                @Nullable Object[] results = builtin.call(state, given);
                frame.slots[slot] = null;
                frame.inBuiltin = false;
                return results;
            }
            LuaFunction meta = Operations.callable(state, function, calleeSite());
            return invoke(frame, meta, Operations.withSelf(function, given));
        }

        /**
         * As the last thing that a function does: one of a script is called when this one is gone.
         */
        void evalTail(Frame frame) {
            Object function;
            @Nullable Object[] given;
            if (method == null) {
                function = callee.eval(frame);
                frame.slots[slot + 1] = function;
                given = evalList(frame, args, slot, 0);
            } else {
                Object self = callee.eval(frame);
                frame.line = line;
                function = Operations.index(frame.state, self, method, callee);
                frame.slots[slot + 1] = self;
                given = evalList(frame, args, slot, 1);
                given[0] = self;
            }
            frame.slots[slot + 1] = null;
            frame.line = line;
            if (function instanceof LuaClosure closure) {
                frame.tailCall = closure;
                frame.result = given;
            } else {
                frame.result = invoke(frame, function, given);
            }
        }
    }

    /** What an error says of a method that is none. */
    private static final class MethodName extends Expression {
        private final LuaString name;

        MethodName(LuaString name) {
            this.name = name;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            return name;
        }

        @Override
        String describe() {
            return "method '" + name + "'";
        }
    }

    /** A function that is made here. */
    static final class Function extends Expression {
        private final Prototype prototype;

        Function(Prototype prototype) {
            this.prototype = prototype;
        }

        @Override
        Object eval(Frame frame) {
            Prototype.Upvalue[] upvalues = prototype.upvalues();
            frame.state.budget().allocateFunction(upvalues.length);
            Cell[] cells = new Cell[upvalues.length];
            for (int i = 0; i < cells.length; i++) {
                int index = upvalues[i].index();
                if (!upvalues[i].isLocalOfParent()) {
                    cells[i] = frame.running().cells()[index];
                } else if (frame.slots[index] instanceof Cell cell) {
                    cells[i] = cell;
                } else {
                    throw new IllegalStateException("slot=" + index + ", expected a cell");
                }
            }
            return new LuaClosure(prototype, cells);
        }
    }

    /** A table that is made here. */
    static final class Constructor extends Expression {
        private static final int FIELDS_PER_FLUSH = 50;

        private final Expression[] keys;
        private final Expression[] values;
        private final int line;
        private final int slot;
        private final int arraySize;
        private final int hashSize;

        /**
         * Makes one.
         *
         * @param keys what is before each equal sign; the same object as its value where there is
         *     none
         */
        Constructor(Expression[] keys, Expression[] values, int line, int slot) {
            this.keys = keys;
            this.values = values;
            this.line = line;
            this.slot = slot;
            int positional = 0;
            for (int i = 0; i < keys.length; i++) {
                positional += keys[i] == values[i] ? 1 : 0;
            }
            boolean open =
                    positional > 0
                            && keys[keys.length - 1] == values[keys.length - 1]
                            && values[keys.length - 1].isMultiple();
            arraySize = asFloatingByte(open ? positional - 1 : positional);
            hashSize = asFloatingByte(keys.length - positional);
        }

        /** The sizes are kept in a byte: three bits of mantissa, rounded up. */
        private static int asFloatingByte(int size) {
            int mantissa = size;
            int exponent = 0;
            while (mantissa >= 16) {
                mantissa = (mantissa + 1) >> 1;
                exponent++;
            }
            return mantissa << exponent;
        }

        @Override
        Object eval(Frame frame) {
            LuaState state = frame.state;
            LuaTable table = new LuaTable(state.budget(), arraySize, hashSize);
            frame.slots[slot] = table;
            @Nullable Object[] pending = null;
            int waiting = 0;
            int stored = 0;
            for (int i = 0; i < keys.length; i++) {
                if (keys[i] != values[i]) {
                    Object key = keys[i].eval(frame);
                    Object value = values[i].eval(frame);
                    frame.line = line;
                    Operations.rawSet(state, table, key, value);
                    continue;
                }
                if (pending == null) {
                    pending = new Object[Math.min(FIELDS_PER_FLUSH, keys.length - i)];
                    frame.slots[slot + 1] = pending;
                }
                if (waiting == FIELDS_PER_FLUSH) {
                    stored = flush(table, pending, waiting, stored);
                    waiting = 0;
                }
                if (i == keys.length - 1 && values[i].isMultiple()) {
                    @Nullable Object[] all =
                            Operations.append(pending, waiting, values[i].evalAll(frame));
                    stored = flush(table, all, all.length, stored);
                    waiting = 0;
                } else {
                    pending[waiting++] = values[i].eval(frame);
                }
            }
            if (pending != null && waiting > 0) {
                int unused = flush(table, pending, waiting, stored);
            }
            frame.slots[slot] = null;
            frame.slots[slot + 1] = null;
            return table;
        }

        private static int flush(LuaTable table, @Nullable Object[] from, int count, int stored) {
            table.growArray(stored + count);
            for (int i = 0; i < count; i++) {
                table.set(stored + i + 1, from[i]);
            }
            return stored + count;
        }
    }

    /** An operator with what is at its two sides. */
    abstract static class Binary extends Expression {
        private final Expression left;

        Binary(Expression left) {
            this.left = left;
        }

        final Expression left() {
            return left;
        }

        @Override
        final @Nullable Object eval(Frame frame) {
            return eval(frame, left.eval(frame));
        }

        /** Its value, when that of its left side is known. */
        abstract @Nullable Object eval(Frame frame, @Nullable Object a);
    }

    /**
     * Operators each of which is the left side of the next one. However many there are, they take
     * no more of the stack than one.
     */
    static final class Chain extends Expression {
        private final Expression first;
        private final Binary[] operators;

        Chain(Expression first, Binary[] operators) {
            this.first = first;
            this.operators = operators;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object value = first.eval(frame);
            for (Binary each : operators) {
                value = each.eval(frame, value);
            }
            return value;
        }
    }

    /** {@code and} and {@code or}. */
    static final class Logical extends Binary {
        private final boolean isAnd;
        private final Expression right;

        Logical(boolean isAnd, Expression left, Expression right) {
            super(left);
            this.isAnd = isAnd;
            this.right = right;
        }

        @Override
        @Nullable Object eval(Frame frame, @Nullable Object value) {
            return Operations.isTrue(value) == isAnd ? right.eval(frame) : value;
        }
    }

    /** {@code not} */
    static final class Not extends Expression {
        private final Expression operand;

        Not(Expression operand) {
            this.operand = operand;
        }

        @Override
        Object eval(Frame frame) {
            return !Operations.isTrue(operand.eval(frame));
        }
    }

    /** The sign. */
    static final class Negate extends Expression {
        private final Expression operand;
        private final int line;

        Negate(Expression operand, int line) {
            this.operand = operand;
            this.line = line;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object value = operand.eval(frame);
            if (value instanceof Double number) {
                return -number;
            }
            frame.line = line;
            return Operations.negate(frame.state, value, operand);
        }
    }

    /** {@code #} */
    static final class Length extends Expression {
        private final Expression operand;
        private final int line;

        Length(Expression operand, int line) {
            this.operand = operand;
            this.line = line;
        }

        @Override
        @Nullable Object eval(Frame frame) {
            Object value = operand.eval(frame);
            frame.line = line;
            return Operations.length(frame.state, value, operand);
        }
    }

    /** An operator of arithmetic. */
    static final class Calculation extends Binary {
        private final Arithmetic operator;
        private final Expression right;
        private final int line;
        private final int slot;

        Calculation(Arithmetic operator, Expression left, Expression right, int line, int slot) {
            super(left);
            this.operator = operator;
            this.right = right;
            this.line = line;
            this.slot = slot;
        }

        @Override
        @Nullable Object eval(Frame frame, @Nullable Object a) {
            Object b;
            if (right.isConstant() || a instanceof Double) {
                b = right.eval(frame);
            } else {
                frame.slots[slot] = a;
                b = right.eval(frame);
                frame.slots[slot] = null;
            }
            if (a instanceof Double x && b instanceof Double y) {
                return Operations.number(operator.apply(x, y));
            }
            frame.line = line;
            return Operations.arithmetic(frame.state, operator, a, b, left(), right);
        }
    }

    /** {@code ..} of two or more. */
    static final class Concatenation extends Binary {
        private final Expression[] operands;
        private final int line;
        private final int slot;

        Concatenation(Expression[] operands, int line, int slot) {
            super(operands[0]);
            this.operands = operands;
            this.line = line;
            this.slot = slot;
        }

        Expression[] operands() {
            return operands;
        }

        Concatenation withFirst(Expression first) {
            Expression[] others = operands.clone();
            others[0] = first;
            return new Concatenation(others, line, slot);
        }

        @Override
        @Nullable Object eval(Frame frame, @Nullable Object a) {
            @Nullable Object[] values = new Object[operands.length];
            values[0] = a;
            // The first operand may have used the slot for itself; the others leave it alone.
            frame.slots[slot] = values;
            for (int i = 1; i < values.length; i++) {
                values[i] = operands[i].eval(frame);
            }
            frame.line = line;
            Object result = Operations.concat(frame.state, values, operands);
            frame.slots[slot] = null;
            return result;
        }
    }

    /** The operators that compare. */
    enum Comparator {
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL
    }

    /** A comparison. */
    static final class Comparison extends Binary {
        private final Comparator operator;
        private final Expression right;
        private final int line;
        private final int slot;

        Comparison(Comparator operator, Expression left, Expression right, int line, int slot) {
            super(left);
            this.operator = operator;
            this.right = right;
            this.line = line;
            this.slot = slot;
        }

        @Override
        Object eval(Frame frame, @Nullable Object a) {
            Object b;
            if (right.isConstant() || a instanceof Double) {
                b = right.eval(frame);
            } else {
                frame.slots[slot] = a;
                b = right.eval(frame);
                frame.slots[slot] = null;
            }
            frame.line = line;
            LuaState state = frame.state;
            return switch (operator) {
                case EQUAL -> Operations.equal(state, a, b);
                case NOT_EQUAL -> !Operations.equal(state, a, b);
                case LESS -> Operations.lessThan(state, a, b);
                case LESS_OR_EQUAL -> Operations.lessOrEqual(state, a, b);
                case GREATER -> Operations.lessThan(state, b, a);
                case GREATER_OR_EQUAL -> Operations.lessOrEqual(state, b, a);
            };
        }
    }
}
