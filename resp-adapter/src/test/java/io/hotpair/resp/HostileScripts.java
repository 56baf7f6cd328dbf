package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;

/** Scripts that want more than they may have, by what they attack. */
final class HostileScripts {
    private HostileScripts() {}

    /** What takes long by itself, done for ever: each must look at the clock while it works. */
    static List<String> longWork() {
        String[] works = {
            "s:lower()",
            "s:upper()",
            "s:reverse()",
            "s:sub(2)",
            "s:rep(2)",
            "s:len()",
            "s:byte(1, 7000)",
            "s:find('y', 1, true)",
            "s:find('xxxxxxxxxxxy', 1, true)",
            "s:find(s..'y', 1, true)",
            "s:find('y')",
            "s:find('x-y')",
            "s:find('[^x]')",
            "s:find(s)",
            "pcall(string.find, s, s..'%')",
            "s:match('(.-)y')",
            "s:match('^(x*)$')",
            "s:match('%bxy')",
            "s:match('%f[y]')",
            "('x'):find(s)",
            "('x'):find('['..s..']')",
            "s:gsub('x', 'y')",
            "s:gsub('', '')",
            "s:gsub('x', '%0%0')",
            "s:gsub('x', {x = 'y'})",
            "s:gsub('.', string.upper)",
            "s:gmatch('y')()",
            "string.format(s)",
            "string.format('%s', s)",
            "string.format('%q', s)",
            "string.format('%.99f', 1e308)",
            "string.format('%99.99e', 2.2250738585072e-308)",
            "string.format('%.14g', 4.9e-324)",
            "tostring(2.2250738585072e-308)",
            "2.2250738585072e-308 .. ''",
            "tonumber(digits)",
            "tonumber(s)",
            "tonumber(blanks)",
            "tonumber(digits, 36)",
            "tonumber(blanks, 2)",
            "pcall(function() return digits + 1 end)",
            "pcall(function() return -digits end)",
            "pcall(function() for i = digits, 1 do end end)",
            "math.abs(digits)",
            "s == same",
            "s < same",
            "s <= same",
            "s .. same",
            "long[same]",
            "rawget(long, same)",
            "rawequal(s, same)",
            "table.concat({s, s, s})",
            "table.concat(numbers, ',')",
            "table.concat(numbers, s, 1, 3)",
            "table.sort(numbers)",
            "table.maxn(holes)",
            "table.getn(holes)",
            "table.foreach(holes, function() end)",
            "table.foreachi(numbers, function() end)",
            "next(holes)",
            "#holes",
            "unpack(numbers, 1, 7000)",
            "select('#', unpack(numbers, 1, 7000))",
            "select(2, unpack(numbers, 1, 7000))",
            "math.max(unpack(numbers, 1, 7000))",
            "bit.bor(unpack(numbers, 1, 7000))",
            "string.char(unpack(small, 1, 7000))",
            "loadstring('return ' .. s)",
            "loadstring('--' .. s)",
            "loadstring(blanks)",
            "loadstring('return ' .. digits)",
            "loadstring('return \"' .. s .. '\"')",
            "loadstring('return [[' .. s .. ']]')",
            "loadstring(('x=1 '):rep(20000))",
            "load(function() return blanks end)",
            "cjson.encode(s)",
            "cjson.encode(numbers)",
            "cjson.encode(holes)",
            "cjson.decode(blanks .. '1')",
            "cjson.decode('1' .. blanks)",
            "cjson.decode('\"' .. s .. '\"')",
            "pcall(cjson.decode, '\"' .. s)",
            "pcall(cjson.decode, digits)",
            "pcall(cjson.decode, '1' .. ('e'):rep(390))",
            "cmsgpack.pack(s)",
            "cmsgpack.pack(numbers)",
            "cmsgpack.pack(holes)",
            "cmsgpack.unpack(cmsgpack.pack(numbers))",
            "struct.pack('s', s)",
            "struct.pack('c0', s)",
            "struct.pack(('b'):rep(7000), unpack(small, 1, 7000))",
            "pcall(struct.unpack, 's', s)",
            "struct.unpack('s', s..'\\0')",
            "struct.size(('i4'):rep(50000))",
            "redis.sha1hex(s)",
            "redis.error_reply(s)",
            "redis.status_reply(s)",
            "redis.log(redis.LOG_DEBUG, s)",
            "redis.pcall('set', 'key', s)",
            "redis.pcall('echo', s)",
            "redis.pcall(s)",
            "redis.pcall('mget', unpack(numbers, 1, 7000))",
            "redis.pcall('keys', '*')",
            "redis.acl_check_cmd('set', 'key', s)",
            "pcall(error, s)",
            "pcall(error, s, 1)",
            "pcall(assert, false, s)",
            "pcall(s)",
            "pcall(function() return s.x.y end)",
            "pcall(function() return _G[s] end)",
            "setmetatable({}, {__index = function() return s end}).x",
            "coroutine.wrap(function() return s end)()",
        };
        String setUp =
                "local s = ('x'):rep(900000) local same = ('x'):rep(899999)..'x'"
                        + " local long = {[s] = 1} local digits = ('1'):rep(100000)"
                        + " local blanks = (' '):rep(900000) local numbers, small, holes = {}, {}, {}"
                        + " for i = 1, 8000 do numbers[i] = i small[i] = i % 100 end"
                        + " for i = 1, 60000 do holes[i] = i end"
                        + " for i = 1, 60000 do holes[i] = nil end";
        List<String> all = new ArrayList<>();
        for (String each : works) {
            all.add(setUp + " while true do local a = " + each + " end");
        }
        return all;
    }

    /** Each keeps what it makes, so that it must be counted as long as it is kept. */
    static List<String> memory() {
        String[] kept = {
            "{}",
            "{1}",
            "{1, 2, 3, nil, 5}",
            "{x = 1}",
            "{{{{}}}}",
            "setmetatable({}, {})",
            "function() end",
            "function() return t end",
            "(function(...) return arg end)(1, 2, 3)",
            "(function(a) return function() return a end end)(s)",
            "#t .. s",
            "s:rep(10, #t)",
            "s:sub(1, 900)",
            "s:upper()",
            "s:lower()",
            "s:reverse()",
            "s:gsub('x', 'y', 1)",
            "s:gmatch('.')",
            "s:rep(100):gmatch('.')",
            "('x'):gmatch(s..#t)",
            "string.gfind(s..#t, '.')",
            "s:match('.*')",
            "string.format('%s', s)",
            "string.format('%d', #t + 1e9)",
            "string.char(65, 66, #t % 256)",
            "tostring(#t + 1e9)",
            "tostring({})",
            "type(t)",
            "loadstring('return 1')",
            "loadstring(('x=1 '):rep(1000))",
            "loadstring('return {' .. ('1,'):rep(1000) .. '}')",
            "loadstring('return \"' .. s .. '\"')",
            "loadstring('return function() return function() ' .. ('x=1 '):rep(500) .. ' end end')()()",
            "loadstring('local a = 1; return function() return a end')()",
            "load((function() local d return function() if not d then d = 1 return ('x=1 '):rep(99) end end end)())",
            "select(2, loadstring('x = = ' .. s))",
            "select(2, loadstring(s .. ' ='))",
            "select(2, pcall(error, s..#t))",
            "select(2, pcall(error, {s..#t}))",
            "select(2, pcall(function() local x = nil; return x.y end))",
            "coroutine.create(function() end)",
            "coroutine.wrap(function() end)",
            "coroutine.status(coroutine.create(function() end))",
            "cjson.new()",
            "cjson.encode({s})",
            "cjson.decode('[1,[2,[3,{\"a\":4}]]]')",
            "cmsgpack.pack(s)",
            "cmsgpack.unpack(cmsgpack.pack({1, {2, {3, s}}}))",
            "struct.pack('s', s)",
            "struct.unpack('s', s..'\\0')",
            "bit.tohex(#t)",
            "redis.sha1hex(tostring(#t))",
            "redis.error_reply(s..#t)",
            "redis.status_reply(s..#t)",
            "redis.pcall('echo', s)",
            "redis.pcall('nosuch' .. s)",
            "redis.pcall('hset', 'key')",
            "redis.pcall('lrange', 'list', 0, -1)",
            "redis.pcall('time')",
            "table.concat({s, s})",
            "{unpack({1, 2, 3, 4, 5, 6, 7, 8, 9})}",
            "{pcall(unpack, {}, 1, 1000)}",
            "setmetatable({s..#t}, {__mode = 'kv'})",
        };
        List<String> all = new ArrayList<>();
        for (String each : kept) {
            all.add(
                    "redis.call('rpush', 'list', 1, 2, 3) local s = ('x'):rep(1000) local t = {}"
                            + " while true do t[#t + 1] = "
                            + each
                            + " end");
        }
        String[] others = {
            "local s = ('x'):rep(100000) return s:gsub('x', function() return s end)",
            "local s = ('x'):rep(100000) return s:gsub('x', {x = s})",
            "local s = ('x'):rep(100000) return s:gsub('x', s)",
            "local s = ('x'):rep(100000) return s:gsub('x', s:rep(10))",
            "local n = 0 return (('x'):rep(1000):gsub('x', function() n = n + 1 return"
                    + " ('y'):rep(100000) end))",
            "local function f(s) return (s:gsub('x', function() return f(s..s) end)) end return f('x')",
            "local s = ('x'):rep(1000) while true do s = s:gsub('x', '%0%0') end",
            "local s = '' while true do s = s..'xxxxxxxxxx'..s..'y' end",
            "local t = {} while true do t[1] = {t[1], t[1]} end",
            "local t = {} for i = 1, 1e9 do t[i] = true end",
            "local t = {} for i = 1, 1e9 do t[-i] = true end",
            "local t = {} for i = 1, 1e9 do t[i + 0.5] = true end",
            "local t = {} for i = 1, 1e9 do t[{}] = t end",
            "local t = {} for i = 1, 1e9 do table.insert(t, 1) end",
            "local f = function() end for i = 1, 1e9 do local g = f f = function() return g end end",
            "local mt = {} for i = 1, 1e9 do mt = setmetatable({}, mt) end",
            "local function f(...) return {...}, f(1, 1, 1, 1, ...) end return f()",
            "return table.concat((function() local t = {} for i = 1, 2000 do t[i] ="
                    + " ('x'):rep(10000) end return t end)())",
            "local s = ('x'):rep(4000000) return table.concat({s, s, s, s, s, s})",
            "return ('x'):rep(1e9)",
            "return ('x'):rep(2^31 - 1)",
            "return ('x'):rep(7000000):rep(2)",
            "return ('x'):rep(4000000):upper()..('y'):rep(4000000)",
            "return cjson.encode((function() local t = {} for i = 1, 100000 do t[i] ="
                    + " ('x'):rep(100) end return t end)())",
            "return cjson.decode('[' .. ('[],'):rep(300000) .. '1]')",
            "return cjson.decode('[' .. ('{\"a\":1},'):rep(100000) .. '1]')",
            "cjson.encode_sparse_array(false, 0) return cjson.encode({[2^31-1] = 1})",
            "return cmsgpack.unpack('\\221\\255\\255\\255\\255' .. ('\\144'):rep(1000000))",
            "return loadstring('return ' .. ('{},'):rep(500000) .. '{}')",
            "return loadstring(('x=1 '):rep(1000000))",
            "return assert(load(function() return ('x'):rep(100000)..'=1 ' end))",
            "return assert(load(function() return (' '):rep(100000) end))",
            "local c = {} for i = 1, 10 do c[i] = coroutine.wrap(function() local s ="
                    + " ('x'):rep(1000000) coroutine.yield() return s end) c[i]() end return 1",
        };
        all.addAll(List.of(others));
        return all;
    }

    /**
     * What nests, in calls of all kinds. Each ends with an error of the script, or its catching.
     */
    static List<String> depth() {
        List<String> all = new ArrayList<>();
        String[] functions = {
            "function f() return 1 + f() end f()",
            "function f() return (f()) end f()",
            "function f() f() end f()",
            "function f(...) local a = f(...) end f(1, 2, 3)",
            "function f() local t = {f()} end f()",
            "function f() local t = {x = f()} end f()",
            "function f() return not f() end f()",
            "function f() return -f() end f()",
            "function f() return #f() end f()",
            "function f() return f()..'' end f()",
            "function f() return f() and 1 end f()",
            "function f() return f().x end f()",
            "function f() return f()[1] end f()",
            "function f() return f():x() end f()",
            "function f() return f()() end f()",
            "function f() if f() then end end f()",
            "function f() while f() do end end f()",
            "function f() repeat local x = f() until x end f()",
            "function f() for i = f(), 1 do end end f()",
            "function f() for i in f() do end end f()",
            "function f() for i in f do end end f()",
            "function f() local a, b = 1, f() end f()",
            "function f() return pcall(f) end local a, b = f() error(b)",
            "function f() local a = pcall(f) return a end f() error('end')",
            "function f() pcall(f) pcall(f) end f()",
            "function f() return xpcall(f, f) end f() error('end')",
            "function f() error(tostring(xpcall(error, f))) end f()",
            "function f() return ('x'):gsub('x', f) end f()",
            "function f() return ('x'):gsub('x', setmetatable({}, {__index = f})) end f()",
            "function f() table.sort({2, 1}, f) end f()",
            "function f() table.foreach({1}, f) end f()",
            "function f() table.foreachi({1}, f) end f()",
            "function f() return load(f) end f() error('end')",
            "function f() return tostring(setmetatable({}, {__tostring = f})) end f()",
            "function f() return setmetatable({}, {__index = f}).x end f()",
            "function f() setmetatable({}, {__newindex = f}).x = 1 end f()",
            "function f() return setmetatable({}, {__call = f})() end f()",
            "function f() return setmetatable({}, {__call = f})(1) + 1 end f()",
            "function f() return setmetatable({}, {__concat = f})..'x' end f()",
            "function f() return setmetatable({}, {__unm = f}) * 1 end f()",
            "function f() return -setmetatable({}, {__unm = f}) end f()",
            "function f() return coroutine.wrap(f)() end f()",
            "function f() return coroutine.resume(coroutine.create(f)) end local a, b = f()"
                    + " error(tostring(b))",
            "function f() return coroutine.wrap(function() return pcall(f) end)() end f()"
                    + " error('end')",
            "function f() return redis.call('get', f()) end f()",
            "function f(n) return cjson.encode({f(n)}) end f()",
            "function f() return string.format('%s', f()) end f()",
            "function f() return assert(loadstring('return ...'))(f()) end f()",
        };
        for (String each : functions) {
            // Scripts may not make global variables.
            all.add("local f " + each.replaceFirst("function f\\((.*?)\\)", "f = function($1)"));
        }
        for (String event :
                List.of("add", "sub", "mul", "div", "mod", "pow", "eq", "lt", "le", "concat")) {
            String operator =
                    switch (event) {
                        case "add" -> "+";
                        case "sub" -> "-";
                        case "mul" -> "*";
                        case "div" -> "/";
                        case "mod" -> "%";
                        case "pow" -> "^";
                        case "eq" -> "==";
                        case "lt" -> "<";
                        case "le" -> "<=";
                        default -> "..";
                    };
            all.add(
                    "local mt = {} mt.__"
                            + event
                            + " = function(a, b) return a "
                            + operator
                            + " b end local a, b = setmetatable({}, mt), setmetatable({}, mt)"
                            + " return a "
                            + operator
                            + " b");
        }
        String[] tables = {
            "local t = {} setmetatable(t, {__index = t}) return t.x",
            "local function f(...) return f(1, ...) end return f()",
            "local t = {} setmetatable(t, {__newindex = t}) t.x = 1",
            "local t = {} for i = 1, 200 do t = setmetatable({}, {__index = t}) end return t.x",
            "local t = {} for i = 1, 200 do t = setmetatable({}, {__newindex = t}) end t.x = 1",
            "local t = {} t.t = t return cjson.encode(t)",
            "local t = {} for i = 1, 100000 do t = {t} end return cjson.encode(t)",
            "cjson.encode_max_depth(2^30) local t = {} t[1] = t return cjson.encode(t)",
            "cjson.decode_max_depth(2^30) return cjson.decode(('['):rep(1000000))",
            "cjson.decode_max_depth(2^30) return cjson.decode(('{\"a\":'):rep(200000))",
            "return cmsgpack.unpack(('\\145'):rep(1000000))",
            "return cmsgpack.unpack(('\\129'):rep(1000000))",
            "return string.find(('x'):rep(100000), ('x?'):rep(100000))",
            "return string.find(('x'):rep(100000), ('x*'):rep(100000))",
            "return string.find(('x'):rep(100000), ('x-'):rep(100000)..'y')",
            "return string.find(('x'):rep(100000), ('(x)'):rep(100))",
            "return string.find('x', ('('):rep(100000))",
            "return string.find('x', (')'):rep(100000))",
            "return string.find('x', ('%'):rep(99999))",
            "return string.find('x', ('['):rep(100000))",
            "return string.find(('x'):rep(3000), ('(x*)'):rep(31)..'y')",
        };
        all.addAll(List.of(tables));
        return all;
    }

    /** Programs that are long or deep as they are written. */
    static List<String> sources() {
        List<String> all = new ArrayList<>();
        for (String operator :
                List.of("+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", ">=", "and", "or")) {
            all.add("local x = 1 return x" + (" " + operator + " x").repeat(150));
            all.add("local x = 1 return x" + (" " + operator + " x").repeat(20_000));
            all.add("local x = {} return x" + (" " + operator + " (x)").repeat(100_000));
        }
        for (String operator :
                List.of("not ", "- ", "#", "-(", "(", "{", "{x=", "{[", "f(", "f{")) {
            all.add("return " + operator.repeat(150) + "1");
            all.add("return " + operator.repeat(200_000) + "1");
        }
        for (String suffix : List.of("()", ".x", "[1]", ":x()", "''", "{}", "[f]", "(f)")) {
            all.add("local f = {} return f" + suffix.repeat(1_900));
            all.add("local f = {} return f" + suffix.repeat(100_000));
        }
        for (String block :
                List.of(
                        "do ",
                        "if x then ",
                        "if x then else ",
                        "while x do ",
                        "repeat ",
                        "for i = 1, 2 do ",
                        "for i in x do ",
                        "local function f() ",
                        "x = function() ",
                        "return function() ",
                        "f(function() ")) {
            all.add(block.repeat(200_000));
        }
        String chain = "f";
        for (int i = 0; i < 60; i++) {
            chain = "f(" + chain + ")" + "()".repeat(1_900);
        }
        all.add("local function f() return f end return " + chain);
        all.add("if 1 == 2 then " + "elseif 1 == 2 then ".repeat(100_000) + "end return 1");
        all.add("local x " + "x = 1 ".repeat(200_000));
        all.add("local x = 1 while true do " + "x = x + 1 ".repeat(20_000) + "end");
        all.add("local x = 1 while true do x = (" + "x + ".repeat(40_000) + "x) % 3 end");
        all.add("local x = 1 while " + "x == 1 and ".repeat(40_000) + "x == 1 do end");
        all.add("local x = 1 repeat until " + "x == 2 or ".repeat(40_000) + "x == 2");
        all.add("local x = 1 while true do local t = {" + "x,".repeat(40_000) + "} end");
        all.add("local x = 1 while true do local t = {" + "[x]=x,".repeat(30_000) + "} end");
        all.add("local x = 1 while true do x = select('#', " + "x,".repeat(40_000) + "1) end");
        all.add("local x = 1 while true do " + "x,".repeat(30_000) + "x = 1 end");
        all.add("local x = 1 while true do " + "if x == 2 then end ".repeat(10_000) + "end");
        all.add("return {" + "{},".repeat(200_000) + "}");
        all.add("return \"" + "x".repeat(3_000_000) + "\"");
        all.add("return [[" + "\n".repeat(3_000_000) + "]]");
        all.add("--" + "x".repeat(3_000_000));
        all.add("--[[" + "x".repeat(3_000_000));
        all.add(" ".repeat(3_000_000) + "return 1");
        all.add("return " + "1".repeat(3_000_000));
        all.add("return 0x" + "f".repeat(3_000_000));
        all.add("x".repeat(3_000_000));
        all.add("local " + "x".repeat(1_000_000) + " = nil return " + "x".repeat(1_000_000) + ".y");
        all.add("goto " + "x ".repeat(300_000));
        all.add("local " + "x,".repeat(100_000) + "x");
        all.add("local function f(" + "x,".repeat(100_000) + "x) end");
        all.add("return " + "\\".repeat(1_000_000));
        all.add("return '" + "\\1".repeat(1_000_000) + "'");
        all.add("return [" + "=".repeat(1_000_000));
        all.add("return [=[" + "]".repeat(1_000_000));
        StringBuilder nested = new StringBuilder();
        for (int f = 0; f < 60; f++) {
            nested.append("local function f").append(f).append("() ");
            for (int v = 0; v < 190; v++) {
                nested.append("local v").append(f).append('_').append(v).append(' ');
            }
        }
        all.add(nested + "x=x ".repeat(100_000));
        return all;
    }

    /** Each calls a function of a library with all that it does not expect. */
    static List<String> arguments() {
        String[] modules = {
            "string", "table", "math", "coroutine", "bit", "cjson", "cmsgpack", "struct", "redis"
        };
        List<String> all = new ArrayList<>();
        for (String module : modules) {
            for (int first = 0; first < 12; first++) {
                all.add(withArguments(module, first));
            }
        }
        all.add(withArguments("_G", 0));
        all.add(withArguments("_G", 5));
        return all;
    }

    /** Calls all functions of a module; where the values begin decides which go together. */
    private static String withArguments(String module, int first) {
        return "local v = {2^31, -2^31, 2^53, 0/0, 1/0, -1, 0, {}, ('x'):rep(100000), '',"
                + " function() end, '%', true, 0.5, '!16i', '\\221\\255\\255\\255\\255'}"
                + " v[17] = setmetatable({}, {__index = v, __tostring = function() return {} end})"
                + " local n = 0 for name, f in pairs("
                + module
                + ") do if type(f) == 'function' then"
                + " for i = 1, 17 do local a, b, c = v[i], v[(i + "
                + first
                + ") % 17 + 1], v[(i + 2 * "
                + first
                + ") % 17 + 1] pcall(f) pcall(f, a) pcall(f, a, b) pcall(f, a, b, c)"
                + " pcall(f, 'x', a, b, c) pcall(f, {}, a, b) n = n + 1 end end end return n";
    }

    /** What tries to go on when it is to end. */
    static List<String> catching() {
        String[] forEver = {
            "while true do end",
            "for i = 1, 1e300 do end",
            "repeat until false",
            "local function g() return g() end g()",
            "while true do pcall(error) end",
            "(('x'):rep(100)):gsub('', function() while true do end end)",
            "table.sort({1, 2, 3}, function() while true do end end)",
            "string.find(('a'):rep(100000), '(.*)(.*)(.*)(.*)b')",
            "load(function() return ' ' end)",
            "while true do redis.call('get', 'key') end",
            "return setmetatable({}, {__index = function() while true do end end}).x",
        };
        List<String> all = new ArrayList<>();
        for (String each : forEver) {
            all.add("while true do pcall(function() " + each + " end) end");
            all.add(
                    "local function h() while true do end end while true do xpcall(function() "
                            + each
                            + " end, h) end");
            all.add(
                    "while true do coroutine.resume(coroutine.create(function() "
                            + each
                            + " end)) end");
            all.add(
                    "local c = coroutine.wrap(function() pcall(function() coroutine.yield() end) "
                            + each
                            + " end) pcall(c) pcall(c) pcall(c) while true do end");
        }
        return all;
    }

    /** What is returned, or comes from a command. */
    static List<String> replies() {
        return List.of(
                "local t = {} t[1] = t return t",
                "local t = {} t[1] = t t[2] = t return t",
                "local t = {} for i = 1, 100 do t[i] = t end return t",
                "local t = {1} for i = 1, 40 do t = {t, t} end return t",
                "local t = {} for i = 1, 100000 do t = {t} end return t",
                "local t = {} t.map = t redis.setresp(3) return t",
                "local t = {} t.map = {a = t, b = t} redis.setresp(3) return t",
                "local t = {} t.set = {[t] = true} redis.setresp(3) return t",
                "local t = {} t.map = {[t] = t} return t",
                "local t = {} t.ok = t return t",
                "local t = {} t.err = t return t",
                "local t = {} t.verbatim_string = t return t",
                "local s = ('x'):rep(1000000) local t = {} for i = 1, 1000 do t[i] = s end return t",
                "local s = {('x'):rep(1000)} for i = 1, 20 do s = {s, s} end return s",
                "return {ok = ('\\n'):rep(5000000)}",
                "return {err = ('\\n'):rep(3000000)}",
                "return redis.error_reply(('x'):rep(3000000))",
                "return {big_number = ('1'):rep(3000000)}",
                "return {verbatim_string = {string = ('x'):rep(3000000), format = ('x'):rep(100)}}",
                "return {double = 1/0}",
                "return setmetatable({}, {__index = function() return 1 end})",
                "local t = {} for i = 1, 300000 do t[i] = i end return t",
                "return coroutine.create(function() end)",
                "return function() end",
                "return cjson.null",
                "return 0/0",
                "return -2^63",
                "error({})",
                "error({err = {}})",
                "error({err = ('x'):rep(1000000)})",
                "error(('x'):rep(1000000))",
                "error(setmetatable({}, {__tostring = function() while true do end end}))",
                "error(nil)",
                "error(function() end)",
                "local t = {} t.err = t error(t)",
                "for i = 1, 30000 do redis.call('sadd', 'all', i) end"
                        + " while true do redis.call('smembers', 'all') end",
                "for i = 1, 3000 do redis.call('sadd', 'all', ('x'):rep(1000)..i) end local t = {}"
                        + " while true do t[#t + 1] = redis.call('smembers', 'all') end",
                "redis.call('set', 'big', ('x'):rep(3000000)) local t = {} for i = 1, 100 do t[i] ="
                        + " redis.call('mget', 'big', 'big') end",
                "redis.call('set', 'big', ('x'):rep(1000000)) return redis.call('mget', 'big', 'big',"
                        + " 'big', 'big', 'big', 'big', 'big', 'big', 'big')",
                "redis.call('setrange', 'big', 7000000, 'x') return redis.call('get', 'big')",
                "while true do redis.call('publish', 'c', ('x'):rep(100000)) end",
                "while true do redis.call('append', 'key', ('x'):rep(100000)) end",
                "local i = 0 while true do i = i + 1 redis.call('set', 'k'..i, ('x'):rep(10000)) end",
                "while true do redis.log(redis.LOG_DEBUG, ('x'):rep(10000)) end",
                "while true do redis.call('keys', '*') end",
                "return redis.call('scan', 0, 'count', 1000000000)",
                "return redis.call('blpop', 'nothing', 0)",
                "return redis.call('wait', 1, 0)",
                "return redis.call('flushall')",
                "return redis.call(('x'):rep(1000000))",
                "local a = {} for i = 1, 7900 do a[i] = ('x'):rep(1000) end"
                        + " return redis.call('echo', unpack(a))");
    }
}
