package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.Expressions.Call;
import io.hotpair.resp.internal.lua.Expressions.Comparator;
import io.hotpair.resp.internal.lua.Expressions.Constant;
import io.hotpair.resp.internal.lua.Expressions.Global;
import io.hotpair.resp.internal.lua.Expressions.Index;
import io.hotpair.resp.internal.lua.Expressions.Local;
import io.hotpair.resp.internal.lua.Expressions.LocalVariable;
import io.hotpair.resp.internal.lua.Expressions.Upvalue;
import io.hotpair.resp.internal.lua.Lexer.Token;
import io.hotpair.resp.internal.lua.Operations.Arithmetic;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the tree of a chunk. Follows the grammar in the manual of Lua 5.1, section 8. */
final class Parser {
    private static final int MAX_LEVELS = 200;
    private static final int UNARY_PRIORITY = 8;
    private static final int TOKENS_PER_STEP = 16;
    private static final Expression[] NONE = {};

    private final Lexer lexer;
    private final String source;
    private final Budget budget;
    private final Tree tree;
    private FunctionScope scope = new FunctionScope(null, 0);
    private int levels;

    /** Those within blocks that are parsed to their end, but not within the present one. */
    private int tokensInBlocks;

    Parser(byte[] bytes, String source, Budget budget, Tree tree) {
        this.source = source;
        this.budget = budget;
        this.tree = tree;
        lexer = new Lexer(bytes, source, budget, tree);
    }

    Prototype chunk() {
        scope.isVararg = true;
        scope.usesVarargs = true;
        lexer.next();
        Statement body = block();
        check(Token.EOS);
        return prototype(body, new boolean[0], 0, -1);
    }

    private Prototype prototype(Statement body, boolean[] captured, int line, int argSlot) {
        return new Prototype(
                source,
                line,
                captured,
                scope.isVararg,
                scope.usesVarargs ? -1 : argSlot,
                scope.slotCount(),
                scope.deepest(),
                scope.upvalues(),
                tree,
                body);
    }

    // ---- tokens

    private boolean is(Token token) {
        return lexer.token() == token;
    }

    private boolean accept(Token token) {
        if (!is(token)) {
            return false;
        }
        lexer.next();
        return true;
    }

    private void check(Token token) {
        if (!is(token)) {
            throw lexer.errorNear("'" + token.text() + "' expected");
        }
    }

    private void expect(Token token) {
        check(token);
        lexer.next();
    }

    private void expectClosing(Token token, Token opening, int line) {
        if (accept(token)) {
            return;
        }
        String expected = "'" + token.text() + "' expected";
        throw lexer.errorNear(
                line == lexer.line()
                        ? expected
                        : expected + " (to close '" + opening.text() + "' at line " + line + ")");
    }

    private String name() {
        check(Token.NAME);
        String name = lexer.text();
        lexer.next();
        return name;
    }

    private void enterLevel() {
        if (++levels > MAX_LEVELS) {
            throw lexer.error("chunk has too many syntax levels");
        }
        scope.enterNode();
    }

    private void leaveLevel() {
        levels--;
        scope.leaveNode();
    }

    // ---- statements

    private boolean endsBlock() {
        return switch (lexer.token()) {
            case ELSE, ELSEIF, END, EOS, UNTIL -> true;
            default -> false;
        };
    }

    private Statement block() {
        int mark = scope.mark();
        Statement block = openBlock();
        scope.close(mark);
        return block;
    }

    /** A block whose variables are still seen behind it. */
    private Statement openBlock() {
        List<Statement> statements = new ArrayList<>();
        List<Integer> costs = new ArrayList<>();
        int begun = lexer.count();
        int inBlocksBefore = tokensInBlocks;
        int unpaid = 0;
        int total = 0;
        enterLevel();
        boolean isLast = false;
        while (!isLast && !endsBlock()) {
            isLast = is(Token.RETURN) || is(Token.BREAK);
            int from = ownTokens();
            statements.add(statement());
            boolean unused = accept(Token.SEMICOLON);
            unpaid += ownTokens() - from;
            int cost = unpaid / TOKENS_PER_STEP;
            unpaid %= TOKENS_PER_STEP;
            costs.add(cost);
            total += cost;
        }
        leaveLevel();
        tokensInBlocks = inBlocksBefore + lexer.count() - begun;
        return statements.size() == 1 && total == 0
                ? statements.get(0)
                : new Statements.Block(
                        statements.toArray(new Statement[0]),
                        costs.stream().mapToInt(each -> each).toArray());
    }

    /** The tokens so far without those of blocks within the present one: what takes time here. */
    private int ownTokens() {
        return lexer.count() - tokensInBlocks;
    }

    /** What it costs to evaluate what began there. */
    private int cost(int from) {
        return 1 + (ownTokens() - from) / TOKENS_PER_STEP;
    }

    private Statement statement() {
        int line = lexer.line();
        enterLevel();
        Statement statement =
                switch (lexer.token()) {
                    case IF -> ifStatement(line);
                    case WHILE -> whileStatement(line);
                    case DO -> {
                        lexer.next();
                        Statement body = block();
                        expectClosing(Token.END, Token.DO, line);
                        yield body;
                    }
                    case FOR -> forStatement(line);
                    case REPEAT -> repeatStatement(line);
                    case FUNCTION -> functionStatement(line);
                    case LOCAL -> {
                        lexer.next();
                        yield accept(Token.FUNCTION) ? localFunction() : declaration();
                    }
                    case RETURN -> returnStatement();
                    case BREAK -> breakStatement();
                    default -> expressionStatement();
                };
        leaveLevel();
        return statement;
    }

    private Statement ifStatement(int line) {
        List<Expression> conditions = new ArrayList<>();
        List<Statement> blocks = new ArrayList<>();
        do {
            lexer.next();
            conditions.add(expression());
            expect(Token.THEN);
            blocks.add(block());
        } while (is(Token.ELSEIF));
        Statement otherwise = accept(Token.ELSE) ? block() : null;
        expectClosing(Token.END, Token.IF, line);
        return new Statements.If(
                conditions.toArray(NONE), blocks.toArray(new Statement[0]), otherwise);
    }

    private Statement whileStatement(int line) {
        lexer.next();
        int from = ownTokens();
        Expression condition = expression();
        int cost = cost(from);
        expect(Token.DO);
        scope.enterLoop();
        Statement body = block();
        scope.leaveLoop();
        expectClosing(Token.END, Token.WHILE, line);
        return new Statements.While(condition, cost, body);
    }

    private Statement repeatStatement(int line) {
        lexer.next();
        int mark = scope.mark();
        scope.enterLoop();
        Statement body = openBlock();
        scope.leaveLoop();
        expectClosing(Token.UNTIL, Token.REPEAT, line);
        int from = ownTokens();
        Expression condition = expression();
        scope.close(mark);
        return new Statements.Repeat(body, condition, cost(from));
    }

    private Statement forStatement(int line) {
        lexer.next();
        String first = name();
        Statement loop =
                switch (lexer.token()) {
                    case ASSIGN -> numericFor(first, line);
                    case COMMA, IN -> genericFor(first, line);
                    default -> throw lexer.errorNear("'=' or 'in' expected");
                };
        expectClosing(Token.END, Token.FOR, line);
        return loop;
    }

    private Statement numericFor(String name, int line) {
        lexer.next();
        Expression first = expression();
        expect(Token.COMMA);
        Expression last = expression();
        Expression step = accept(Token.COMMA) ? expression() : null;
        expect(Token.DO);
        int mark = scope.mark();
        LocalVariable variable = scope.makeLocal(lexer, name, 0);
        scope.activate(variable);
        Statement body = loopBody();
        scope.close(mark);
        return new Statements.NumericFor(variable, first, last, step, body, line);
    }

    private Statement loopBody() {
        scope.enterLoop();
        Statement body = block();
        scope.leaveLoop();
        return body;
    }

    private Statement genericFor(String first, int line) {
        List<String> names = new ArrayList<>(List.of(first));
        while (accept(Token.COMMA)) {
            names.add(name());
        }
        expect(Token.IN);
        int slot = scope.take(2);
        Expression[] iterator = expressions();
        expect(Token.DO);
        int mark = scope.mark();
        LocalVariable[] variables = locals(names);
        Statement body = loopBody();
        scope.close(mark);
        scope.give(2);
        return new Statements.GenericFor(variables, iterator, body, line, slot);
    }

    /** Makes variables that are seen from now on. */
    private LocalVariable[] locals(List<String> names) {
        LocalVariable[] variables = new LocalVariable[names.size()];
        for (int i = 0; i < variables.length; i++) {
            variables[i] = scope.makeLocal(lexer, names.get(i), i);
        }
        for (LocalVariable each : variables) {
            scope.activate(each);
        }
        return variables;
    }

    private Statement functionStatement(int line) {
        lexer.next();
        Expression target = variable(name());
        boolean isMethod = false;
        while (!isMethod && (is(Token.DOT) || is(Token.COLON))) {
            isMethod = is(Token.COLON);
            lexer.next();
            Expression key = new Constant(LuaString.of(name()));
            target = new Index(target, key, lexer.lastLine(), scope.take(1));
            scope.give(1);
        }
        Expression function = function(isMethod, line);
        int slot = scope.take(2);
        scope.give(2);
        return new Statements.Assignment(target, function, line, slot);
    }

    private Statement localFunction() {
        LocalVariable variable = locals(List.of(name()))[0];
        return new Statements.LocalFunction(variable, function(false, lexer.line()));
    }

    private Statement declaration() {
        List<String> names = new ArrayList<>();
        do {
            names.add(name());
        } while (accept(Token.COMMA));
        int slot = scope.take(1);
        Expression[] values = accept(Token.ASSIGN) ? expressions() : NONE;
        scope.give(1);
        return new Statements.Declaration(locals(names), values, slot);
    }

    private Statement returnStatement() {
        lexer.next();
        int slot = scope.take(1);
        Expression[] values = endsBlock() || is(Token.SEMICOLON) ? NONE : expressions();
        scope.give(1);
        return new Statements.Return(values, slot);
    }

    private Statement breakStatement() {
        lexer.next();
        if (!scope.isInLoop()) {
            throw lexer.errorNear("no loop to break");
        }
        return new Statements.Break();
    }

    private Statement expressionStatement() {
        Expression first = suffixed();
        if (first instanceof Call call) {
            return new Statements.CallStatement(call);
        }
        List<Expression> targets = new ArrayList<>();
        targets.add(first);
        checkAssignable(first);
        while (accept(Token.COMMA)) {
            Expression next = suffixed();
            targets.add(next);
            checkAssignable(next);
        }
        expect(Token.ASSIGN);
        int single = scope.take(2);
        Expression[] values = expressions();
        scope.give(2);
        int line = lexer.lastLine();
        if (targets.size() == 1 && values.length == 1) {
            return new Statements.Assignment(first, values[0], line, single);
        }
        return new Statements.MultipleAssignment(
                targets.toArray(NONE), values, line, scope.fresh(2));
    }

    private void checkAssignable(Expression target) {
        boolean assignable =
                target instanceof Local
                        || target instanceof Upvalue
                        || target instanceof Global
                        || target instanceof Index;
        if (!assignable) {
            throw lexer.errorNear("syntax error");
        }
    }

    // ---- expressions

    private Expression[] expressions() {
        List<Expression> list = new ArrayList<>();
        do {
            list.add(expression());
        } while (accept(Token.COMMA));
        return list.toArray(NONE);
    }

    private Expression expression() {
        return expression(0);
    }

    private static int leftPriority(Token operator) {
        return switch (operator) {
            case OR -> 1;
            case AND -> 2;
            case LESS, GREATER, LE, GE, NE, EQ -> 3;
            case CONCAT -> 5;
            case PLUS, MINUS -> 6;
            case TIMES, DIVIDE, PERCENT -> 7;
            case CARET -> 10;
            default -> 0;
        };
    }

    private static int rightPriority(Token operator) {
        return switch (operator) {
            case CONCAT -> 4;
            case CARET -> 9;
            default -> leftPriority(operator);
        };
    }

    private Expression expression(int limit) {
        enterLevel();
        Expression first = unary();
        List<Expressions.Binary> chain = List.of();
        Expression left = first;
        while (leftPriority(lexer.token()) > limit) {
            Token operator = lexer.token();
            lexer.next();
            int slot = scope.take(1);
            Expression right = expression(rightPriority(operator));
            scope.give(1);
            Expressions.Binary both = binary(operator, left, right, slot);
            chain = chain.isEmpty() ? new ArrayList<>() : chain;
            chain.add(both);
            left = both;
        }
        leaveLevel();
        return chain.isEmpty() ? first : chained(first, chain);
    }

    /** What is concatenated stays in one node with what follows. */
    private static Expression chained(Expression first, List<Expressions.Binary> operators) {
        int last = operators.size() - 1;
        if (last == 0) {
            return operators.get(0);
        }
        return operators.get(last) instanceof Expressions.Concatenation concatenation
                ? concatenation.withFirst(chained(first, operators.subList(0, last)))
                : new Expressions.Chain(first, operators.toArray(new Expressions.Binary[0]));
    }

    private Expression unary() {
        int line = lexer.line();
        return switch (lexer.token()) {
            case NOT -> {
                lexer.next();
                yield new Expressions.Not(expression(UNARY_PRIORITY));
            }
            case MINUS -> {
                lexer.next();
                yield negated(expression(UNARY_PRIORITY), line);
            }
            case HASH -> {
                lexer.next();
                yield new Expressions.Length(expression(UNARY_PRIORITY), line);
            }
            default -> simple();
        };
    }

    private static Expression negated(Expression operand, int line) {
        return operand instanceof Constant constant && constant.value() instanceof Double number
                ? new Constant(-number)
                : new Expressions.Negate(operand, line);
    }

    private Expressions.Binary binary(Token operator, Expression left, Expression right, int slot) {
        int line = lexer.lastLine();
        return switch (operator) {
            case AND -> new Expressions.Logical(true, left, right);
            case OR -> new Expressions.Logical(false, left, right);
            case CONCAT -> concatenation(left, right, line, slot);
            case PLUS -> calculation(Arithmetic.ADD, left, right, slot);
            case MINUS -> calculation(Arithmetic.SUB, left, right, slot);
            case TIMES -> calculation(Arithmetic.MUL, left, right, slot);
            case DIVIDE -> calculation(Arithmetic.DIV, left, right, slot);
            case PERCENT -> calculation(Arithmetic.MOD, left, right, slot);
            case CARET -> calculation(Arithmetic.POW, left, right, slot);
            case EQ -> comparison(Comparator.EQUAL, left, right, slot);
            case NE -> comparison(Comparator.NOT_EQUAL, left, right, slot);
            case LESS -> comparison(Comparator.LESS, left, right, slot);
            case LE -> comparison(Comparator.LESS_OR_EQUAL, left, right, slot);
            case GREATER -> comparison(Comparator.GREATER, left, right, slot);
            default -> comparison(Comparator.GREATER_OR_EQUAL, left, right, slot);
        };
    }

    private Expressions.Binary calculation(
            Arithmetic operator, Expression left, Expression right, int slot) {
        return new Expressions.Calculation(operator, left, right, lexer.lastLine(), slot);
    }

    private Expressions.Binary comparison(
            Comparator operator, Expression left, Expression right, int slot) {
        return new Expressions.Comparison(operator, left, right, lexer.lastLine(), slot);
    }

    private static Expressions.Binary concatenation(
            Expression left, Expression right, int line, int slot) {
        if (!(right instanceof Expressions.Concatenation chain)) {
            return new Expressions.Concatenation(new Expression[] {left, right}, line, slot);
        }
        Expression[] behind = chain.operands();
        Expression[] all = new Expression[behind.length + 1];
        all[0] = left;
        System.arraycopy(behind, 0, all, 1, behind.length);
        return new Expressions.Concatenation(all, line, slot);
    }

    private Expression simple() {
        Expression value;
        switch (lexer.token()) {
            case NUMBER -> value = new Constant(Operations.number(lexer.number()));
            case STRING -> value = new Constant(lexer.string());
            case NIL -> value = new Constant(null);
            case TRUE -> value = new Constant(true);
            case FALSE -> value = new Constant(false);
            case DOTS -> {
                if (!scope.isVararg) {
                    throw lexer.errorNear("cannot use '...' outside a vararg function");
                }
                scope.usesVarargs = true;
                value = new Expressions.Varargs();
            }
            case OPEN_BRACE -> {
                return constructor();
            }
            case FUNCTION -> {
                lexer.next();
                return function(false, lexer.line());
            }
            default -> {
                return suffixed();
            }
        }
        lexer.next();
        return value;
    }

    private Expression primary() {
        switch (lexer.token()) {
            case OPEN -> {
                int line = lexer.line();
                lexer.next();
                Expression inner = expression();
                expectClosing(Token.CLOSE, Token.OPEN, line);
                return new Expressions.Parenthesized(inner);
            }
            case NAME -> {
                return variable(name());
            }
            default -> throw lexer.errorNear("unexpected symbol");
        }
    }

    private Expression variable(String name) {
        budget.steps(scope.variableCount() >>> 3);
        LocalVariable local = scope.local(name);
        if (local != null) {
            return new Local(local);
        }
        int upvalue = scope.upvalue(lexer, name);
        return upvalue >= 0
                ? new Upvalue(name, upvalue)
                : new Global(LuaString.of(name), lexer.lastLine());
    }

    private Expression suffixed() {
        int deepestBefore = scope.beginChain();
        Expression value = primary();
        while (true) {
            Expression next = suffix(value);
            if (next == null) {
                break;
            }
            // Each makes the tree deeper by one, though not the grammar.
            if (scope.deepen() > 10 * MAX_LEVELS) {
                throw lexer.error("chunk has too many syntax levels");
            }
            value = next;
        }
        scope.endChain(deepestBefore);
        return value;
    }

    private @Nullable Expression suffix(Expression value) {
        switch (lexer.token()) {
            case DOT -> {
                lexer.next();
                Expression key = new Constant(LuaString.of(name()));
                return new Index(value, key, lexer.lastLine(), 0);
            }
            case OPEN_BRACKET -> {
                lexer.next();
                int slot = scope.take(1);
                Expression key = expression();
                scope.give(1);
                expect(Token.CLOSE_BRACKET);
                return new Index(value, key, lexer.lastLine(), slot);
            }
            case COLON -> {
                lexer.next();
                LuaString method = LuaString.of(name());
                return call(value, method);
            }
            case OPEN, STRING, OPEN_BRACE -> {
                return call(value, null);
            }
            default -> {
                return null;
            }
        }
    }

    private Expression call(Expression callee, @Nullable LuaString method) {
        int line = lexer.line();
        int slot = scope.take(2);
        Expression[] args;
        switch (lexer.token()) {
            case OPEN -> {
                if (line != lexer.lastLine()) {
                    throw lexer.errorNear("ambiguous syntax (function call x new statement)");
                }
                lexer.next();
                args = is(Token.CLOSE) ? NONE : expressions();
                expectClosing(Token.CLOSE, Token.OPEN, line);
            }
            case STRING -> {
                args = new Expression[] {new Constant(lexer.string())};
                lexer.next();
            }
            case OPEN_BRACE -> args = new Expression[] {constructor()};
            default -> throw lexer.errorNear("function arguments expected");
        }
        scope.give(2);
        return new Call(callee, method, args, line, slot);
    }

    private Expression constructor() {
        int line = lexer.line();
        int slot = scope.take(2);
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        expect(Token.OPEN_BRACE);
        while (!is(Token.CLOSE_BRACE)) {
            field(keys, values);
            if (!accept(Token.COMMA) && !accept(Token.SEMICOLON)) {
                break;
            }
        }
        expectClosing(Token.CLOSE_BRACE, Token.OPEN_BRACE, line);
        scope.give(2);
        return new Expressions.Constructor(
                keys.toArray(NONE), values.toArray(NONE), lexer.lastLine(), slot);
    }

    private void field(List<Expression> keys, List<Expression> values) {
        Expression key = null;
        if (is(Token.NAME) && lexer.lookAhead() == Token.ASSIGN) {
            key = new Constant(LuaString.of(name()));
            expect(Token.ASSIGN);
        } else if (accept(Token.OPEN_BRACKET)) {
            key = expression();
            expect(Token.CLOSE_BRACKET);
            expect(Token.ASSIGN);
        }
        Expression value = expression();
        keys.add(key == null ? value : key);
        values.add(value);
    }

    private Expression function(boolean isMethod, int line) {
        FunctionScope outer = scope;
        scope = new FunctionScope(outer, line);
        List<LocalVariable> parameters = new ArrayList<>();
        expect(Token.OPEN);
        if (isMethod) {
            parameters.addAll(List.of(locals(List.of("self"))));
        }
        parameters(parameters);
        int argSlot = scope.isVararg ? locals(List.of("arg"))[0].slot() : -1;
        LocalVariable arg = scope.local("arg");
        expect(Token.CLOSE);
        Statement body = block();
        expectClosing(Token.END, Token.FUNCTION, line);
        boolean[] captured = new boolean[parameters.size() + (argSlot >= 0 ? 1 : 0)];
        for (int i = 0; i < parameters.size(); i++) {
            captured[i] = parameters.get(i).isCaptured();
        }
        if (argSlot >= 0 && arg != null) {
            captured[parameters.size()] = arg.isCaptured();
        }
        Prototype made = prototype(body, captured, line, argSlot);
        scope = outer;
        return new Expressions.Function(made);
    }

    private void parameters(List<LocalVariable> parameters) {
        if (is(Token.CLOSE)) {
            return;
        }
        do {
            if (is(Token.NAME)) {
                parameters.addAll(List.of(locals(List.of(name()))));
            } else if (accept(Token.DOTS)) {
                scope.isVararg = true;
                return;
            } else {
                throw lexer.errorNear("<name> or '...' expected");
            }
        } while (accept(Token.COMMA));
    }
}
