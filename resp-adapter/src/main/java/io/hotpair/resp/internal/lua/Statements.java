package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.Expressions.Call;
import io.hotpair.resp.internal.lua.Expressions.Global;
import io.hotpair.resp.internal.lua.Expressions.Index;
import io.hotpair.resp.internal.lua.Expressions.Local;
import io.hotpair.resp.internal.lua.Expressions.LocalVariable;
import io.hotpair.resp.internal.lua.Expressions.Upvalue;
import org.jspecify.annotations.Nullable;

/** The kinds of statements. */
final class Statements {
    private Statements() {}

    /** One after the other. */
    static final class Block extends Statement {
        private final Statement[] statements;
        private final int[] costs;

        /**
         * Makes one.
         *
         * @param costs the steps of each, without those of blocks in it
         */
        Block(Statement[] statements, int[] costs) {
            this.statements = statements;
            this.costs = costs;
        }

        @Override
        int execute(Frame frame) {
            for (int i = 0; i < statements.length; i++) {
                if (costs[i] > 0) {
                    frame.state.budget().steps(costs[i]);
                }
                int outcome = statements[i].execute(frame);
                if (outcome != NORMAL) {
                    return outcome;
                }
            }
            return NORMAL;
        }
    }

    /** A call whose results nobody wants. */
    static final class CallStatement extends Statement {
        private final Call call;

        CallStatement(Call call) {
            this.call = call;
        }

        @Override
        int execute(Frame frame) {
            @Nullable Object[] unused = call.evalAll(frame);
            return NORMAL;
        }
    }

    /** {@code local} */
    static final class Declaration extends Statement {
        private final LocalVariable[] variables;
        private final Expression[] values;
        private final int slot;

        Declaration(LocalVariable[] variables, Expression[] values, int slot) {
            this.variables = variables;
            this.values = values;
            this.slot = slot;
        }

        @Override
        int execute(Frame frame) {
            if (variables.length == 1 && values.length <= 1) {
                variables[0].declare(frame, values.length == 0 ? null : values[0].eval(frame));
                return NORMAL;
            }
            @Nullable Object[] all = Expressions.evalList(frame, values, slot, 0);
            for (int i = 0; i < variables.length; i++) {
                variables[i].declare(frame, i < all.length ? all[i] : null);
            }
            return NORMAL;
        }
    }

    /** {@code local function}, which its own body sees. */
    static final class LocalFunction extends Statement {
        private final LocalVariable variable;
        private final Expression function;

        LocalFunction(LocalVariable variable, Expression function) {
            this.variable = variable;
            this.function = function;
        }

        @Override
        int execute(Frame frame) {
            variable.declare(frame, null);
            Object made = function.eval(frame);
            if (frame.slots[variable.slot()] instanceof Cell cell) {
                cell.value = made;
            } else {
                frame.slots[variable.slot()] = made;
            }
            return NORMAL;
        }
    }

    /** One variable gets one value. */
    static final class Assignment extends Statement {
        private final Expression target;
        private final Expression value;
        private final int line;
        private final int slot;

        Assignment(Expression target, Expression value, int line, int slot) {
            this.target = target;
            this.value = value;
            this.line = line;
            this.slot = slot;
        }

        @Override
        int execute(Frame frame) {
            if (target instanceof Index index) {
                Object table = index.object().eval(frame);
                frame.slots[slot] = table;
                Object key = index.key().eval(frame);
                frame.slots[slot + 1] = key;
                Object assigned = value.eval(frame);
                frame.slots[slot] = null;
                frame.slots[slot + 1] = null;
                frame.line = line;
                Operations.setIndex(frame.state, table, key, assigned, index.object());
            } else {
                assign(frame, target, value.eval(frame), line);
            }
            return NORMAL;
        }
    }

    private static void assign(Frame frame, Expression target, @Nullable Object value, int line) {
        if (target instanceof Local local) {
            local.set(frame, value);
        } else if (target instanceof Upvalue upvalue) {
            upvalue.set(frame, value);
        } else if (target instanceof Global global) {
            global.set(frame, value, line);
        }
    }

    /** Several variables get several values, the last one first. */
    static final class MultipleAssignment extends Statement {
        private final Expression[] targets;
        private final Expression[] values;
        private final int line;
        private final int slot;

        MultipleAssignment(Expression[] targets, Expression[] values, int line, int slot) {
            this.targets = targets;
            this.values = values;
            this.line = line;
            this.slot = slot;
        }

        @Override
        int execute(Frame frame) {
            @Nullable Object[] places = new Object[2 * targets.length];
            frame.slots[slot + 1] = places;
            for (int i = 0; i < targets.length; i++) {
                if (targets[i] instanceof Index index) {
                    places[2 * i] = index.object().eval(frame);
                    places[2 * i + 1] = index.key().eval(frame);
                }
            }
            @Nullable Object[] all = Expressions.evalList(frame, values, slot, 0);
            frame.slots[slot + 1] = null;
            for (int i = targets.length - 1; i >= 0; i--) {
                Object value = i < all.length ? all[i] : null;
                if (targets[i] instanceof Index index) {
                    frame.line = line;
                    Operations.setIndex(
                            frame.state, places[2 * i], places[2 * i + 1], value, index.object());
                } else {
                    assign(frame, targets[i], value, line);
                }
            }
            return NORMAL;
        }
    }

    /** {@code if} */
    static final class If extends Statement {
        private final Expression[] conditions;
        private final Statement[] blocks;
        private final @Nullable Statement otherwise;

        If(Expression[] conditions, Statement[] blocks, @Nullable Statement otherwise) {
            this.conditions = conditions;
            this.blocks = blocks;
            this.otherwise = otherwise;
        }

        @Override
        int execute(Frame frame) {
            for (int i = 0; i < conditions.length; i++) {
                if (Operations.isTrue(conditions[i].eval(frame))) {
                    return blocks[i].execute(frame);
                }
            }
            return otherwise == null ? NORMAL : otherwise.execute(frame);
        }
    }

    /** {@code while} */
    static final class While extends Statement {
        private final Expression condition;
        private final int cost;
        private final Statement body;

        While(Expression condition, int cost, Statement body) {
            this.condition = condition;
            this.cost = cost;
            this.body = body;
        }

        @Override
        int execute(Frame frame) {
            while (Operations.isTrue(condition.eval(frame))) {
                frame.state.budget().steps(cost);
                int outcome = body.execute(frame);
                if (outcome == BREAK) {
                    break;
                }
                if (outcome == RETURN) {
                    return RETURN;
                }
            }
            return NORMAL;
        }
    }

    /** {@code repeat} */
    static final class Repeat extends Statement {
        private final Statement body;
        private final Expression condition;
        private final int cost;

        Repeat(Statement body, Expression condition, int cost) {
            this.body = body;
            this.condition = condition;
            this.cost = cost;
        }

        @Override
        int execute(Frame frame) {
            do {
                frame.state.budget().steps(cost);
                int outcome = body.execute(frame);
                if (outcome == BREAK) {
                    break;
                }
                if (outcome == RETURN) {
                    return RETURN;
                }
            } while (!Operations.isTrue(condition.eval(frame)));
            return NORMAL;
        }
    }

    /** {@code for} over numbers. */
    static final class NumericFor extends Statement {
        private final LocalVariable variable;
        private final Expression first;
        private final Expression last;
        private final @Nullable Expression step;
        private final Statement body;
        private final int line;

        NumericFor(
                LocalVariable variable,
                Expression first,
                Expression last,
                @Nullable Expression step,
                Statement body,
                int line) {
            this.variable = variable;
            this.first = first;
            this.last = last;
            this.step = step;
            this.body = body;
            this.line = line;
        }

        @Override
        int execute(Frame frame) {
            Object from = first.eval(frame);
            Object to = last.eval(frame);
            Object by = step == null ? (Object) 1.0 : step.eval(frame);
            frame.line = line;
            double at = number(frame, from, "initial value");
            double limit = number(frame, to, "limit");
            double increment = number(frame, by, "step");
            Budget budget = frame.state.budget();
            // The first step is taken back from the start, as in Lua 5.1.
            for (at = at - increment + increment;
                    increment > 0 ? at <= limit : limit <= at;
                    at += increment) {
                budget.step();
                variable.declare(frame, Operations.number(at));
                int outcome = body.execute(frame);
                if (outcome == BREAK) {
                    break;
                }
                if (outcome == RETURN) {
                    return RETURN;
                }
            }
            return NORMAL;
        }

        private static double number(Frame frame, @Nullable Object value, String what) {
            Double number = Operations.toNumber(frame.state, value);
            if (number == null) {
                throw frame.state.runtimeError("'for' " + what + " must be a number");
            }
            return number;
        }
    }

    /** {@code for} over what a function gives. */
    static final class GenericFor extends Statement {
        private final LocalVariable[] variables;
        private final Expression[] iterator;
        private final Statement body;
        private final int line;
        private final int slot;

        GenericFor(
                LocalVariable[] variables,
                Expression[] iterator,
                Statement body,
                int line,
                int slot) {
            this.variables = variables;
            this.iterator = iterator;
            this.body = body;
            this.line = line;
            this.slot = slot;
        }

        @Override
        int execute(Frame frame) {
            @Nullable Object[] given = Expressions.evalList(frame, iterator, slot, 0);
            Object function = given.length > 0 ? given[0] : null;
            Object invariant = given.length > 1 ? given[1] : null;
            Object control = given.length > 2 ? given[2] : null;
            frame.slots[slot] = function;
            frame.slots[slot + 1] = invariant;
            LuaState state = frame.state;
            while (true) {
                state.budget().step();
                frame.line = line;
                @Nullable Object[] values = next(frame, function, invariant, control);
                control = Operations.first(values);
                if (control == null) {
                    return NORMAL;
                }
                for (int i = 0; i < variables.length; i++) {
                    variables[i].declare(frame, i < values.length ? values[i] : null);
                }
                int outcome = body.execute(frame);
                if (outcome == BREAK) {
                    return NORMAL;
                }
                if (outcome == RETURN) {
                    return RETURN;
                }
            }
        }

        private @Nullable Object[] next(
                Frame frame,
                @Nullable Object function,
                @Nullable Object invariant,
                @Nullable Object control) {
            LuaState state = frame.state;
            @Nullable Object[] args = {invariant, control};
            if (function instanceof LuaClosure closure) {
                return closure.call(state, args);
            }
            state.callSite(GENERATOR);
            if (function instanceof LuaFunction builtin) {
                frame.inBuiltin = true;
                @Nullable Object[] values = builtin.call(state, args);
                frame.inBuiltin = false;
                return values;
            }
            return Operations.call(state, function, args, GENERATOR);
        }
    }

    private static final Expression GENERATOR =
            new Expression() {
                @Override
                @Nullable Object eval(Frame frame) {
                    return null;
                }

                @Override
                String calleeName() {
                    return "(for generator)";
                }
            };

    /** {@code break} */
    static final class Break extends Statement {
        @Override
        int execute(Frame frame) {
            return BREAK;
        }
    }

    /** {@code return} */
    static final class Return extends Statement {
        private final Expression[] values;
        private final int slot;

        Return(Expression[] values, int slot) {
            this.values = values;
            this.slot = slot;
        }

        @Override
        int execute(Frame frame) {
            if (values.length == 1 && values[0] instanceof Call call) {
                call.evalTail(frame);
            } else {
                frame.result = Expressions.evalList(frame, values, slot, 0);
            }
            return RETURN;
        }
    }
}
