package io.hotpair.resp;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Of which kinds the replies of a command are, by their first byte, as Redis 7.0 has them: the
 * command, in RESP2, in RESP3. A null is {@code _} in both.
 */
final class ReplyKinds {
    private static final String TABLE =
            """
            get $_ $_ mget * * strlen : : getrange $ $ substr $ $ set +$_ +$_ mset + + msetnx : :
            msetex : : digest $_ $_ delex : : delifeq : :
            setnx : : setex + + psetex + + getset $_ $_ getdel $_ $_ getex $_ $_ append : :
            setrange : : incr : : decr : : incrby : : decrby : : incrbyfloat $ $
            setbit : : getbit : : bitcount : : bitpos : : bitop : : bitfield * * bitfield_ro * *
            hget $_ $_ hmget * * hexists : : hlen : : hstrlen : : hgetall * % hkeys * * hvals * *
            hrandfield $*_ $*_ hscan * * hset : : hmset + + hsetnx : : hincrby : : hincrbyfloat $ $
            hdel : : hexpire *_ *_ hpexpire *_ *_ httl *_ *_ hpttl *_ *_ hpersist *_ *_
            lpush : : rpush : : lpushx : : rpushx : : lpop $*_ $*_ rpop $*_ $*_ lmpop *_ *_ llen : :
            lindex $_ $_ lrange * * lpos :*_ :*_ lset + + linsert : : lrem : : ltrim + +
            lmove $_ $_ rpoplpush $_ $_
            sadd : : srem : : smove : : sismember : : smismember * * scard : : smembers * ~
            spop $*_ $~_ srandmember $*_ $*_ sscan * * sinter * ~ sunion * ~ sdiff * ~
            sinterstore : : sunionstore : : sdiffstore : : sintercard : :
            zadd :$_ :,_ zincrby $ , zrem : : zcard : : zscore $_ ,_ zmscore * * zrank :*_ :*_
            zrevrank :*_ :*_ zrandmember $*_ $*_ zscan * * zpopmin * * zpopmax * * zmpop *_ *_
            zcount : : zlexcount : : zrange * * zrevrange * * zrangebyscore * * zrevrangebyscore * *
            zrangebylex * * zrevrangebylex * * zrangestore : : zremrangebyrank : :
            zremrangebyscore : : zremrangebylex : : zunion * * zinter * * zdiff * *
            zunionstore : : zinterstore : : zdiffstore : : zintercard : :
            pfadd : : pfcount : : pfmerge + + geoadd : : geodist $_ $_ geopos * * geohash * *
            geosearch * * geosearchstore : :
            xadd $_ $_ xlen : : xrange *_ *_ xrevrange *_ *_ xdel : : xtrim : : xack : : xpending * *
            xdelex * * xackdel * *
            xclaim * * xautoclaim * * xsetid + + xread *_ %_ xreadgroup *_ %_
            xgroup|create + + xgroup|destroy : : xgroup|delconsumer : : xgroup|createconsumer : :
            xgroup|setid + + xinfo|stream * % xinfo|groups * * xinfo|consumers * *
            del : : unlink : : exists : : touch : : expire : : pexpire : : expireat : : pexpireat : :
            persist : : ttl : : pttl : : expiretime : : pexpiretime : : type + + rename + +
            renamenx : : copy : : move : : dbsize : : keys * * scan * * randomkey $_ $_
            object|encoding $_ $_ object|refcount :_ :_ dump $_ $_ restore + + sort *: *: sort_ro * *
            ping +$ +$ echo $ $ time * * select + + swapdb + + flushall + + flushdb + + multi + +
            discard + + watch + + unwatch + + exec *_ *_ hello * % publish : : lastsave : :
            command|count : : config|get * % memory|usage :_ :_ client|id : : client|getname $_ $_
            hotkeys|start + + hotkeys|stop +_ +_ hotkeys|get *_ *_ hotkeys|reset + +
            """;

    private static final Map<String, String[]> KINDS = kinds();

    private ReplyKinds() {}

    private static Map<String, String[]> kinds() {
        Map<String, String[]> all = new HashMap<>();
        String[] parts = TABLE.trim().split("\\s+", -1);
        for (int i = 0; i < parts.length; i += 3) {
            all.put(parts[i], new String[] {parts[i + 1], parts[i + 2]});
        }
        return all;
    }

    static void check(@Nullable Command command, WireReply reply, int protocol) {
        String[] kinds = command == null ? null : KINDS.get(command.fullName());
        if (kinds == null || reply.isError()) {
            return;
        }
        String allowed = kinds[protocol - 2];
        char kind = reply.isNull() ? '_' : reply.kind();
        if (allowed.indexOf(kind) < 0) {
            throw new AssertionError("kind of reply: expected one of " + allowed + ", was " + kind);
        }
    }
}
