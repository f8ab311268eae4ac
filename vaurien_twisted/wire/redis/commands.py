# -*- test-case-name: tests.wire.redis.test_commands -*-
"""
Properties of single Redis commands: the position of their first key, and the errors with which
a server may answer them.  From the command tables of Redis 7
(U{https://redis.io/docs/latest/commands/command/}).
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: The index of the first key, if it is not argument 1.
KEY_INDEXES = {
    **dict.fromkeys(("BITOP", "MEMORY", "OBJECT", "PFDEBUG", "XGROUP", "XINFO"), 2),
    "MIGRATE": 3,
}

#: The index of the number of keys, which precedes the first key.
COUNTED = {
    **dict.fromkeys(("EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"), 2),
    **dict.fromkeys(("BLMPOP", "BZMPOP"), 2),
    **dict.fromkeys(("LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION"), 1),
}

#: The index from which to search the word STREAMS, which precedes the first key.
STREAMS = {"XREAD": 1, "XREADGROUP": 4}

#: Commands that a server answers with the null array of RESP2 if there is no result.
ARRAYS = _names("BLMPOP BLPOP BRPOP BZMPOP BZPOPMAX BZPOPMIN EXEC LMPOP XREAD XREADGROUP ZMPOP")

#: Commands that write.
WRITING = _names(
    """
    APPEND BITFIELD BITOP BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN COPY DECR
    DECRBY DEL EXPIRE EXPIREAT FLUSHALL FLUSHDB GEOADD GEORADIUS GEORADIUSBYMEMBER GEOSEARCHSTORE
    GETDEL GETEX GETSET HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX INCR INCRBY INCRBYFLOAT LINSERT
    LMOVE LMPOP LPOP LPUSH LPUSHX LREM LSET LTRIM MIGRATE MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT
    PFADD PFDEBUG PFMERGE PSETEX RENAME RENAMENX RESTORE RESTORE-ASKING RPOP RPOPLPUSH RPUSH RPUSHX
    SADD SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTERSTORE SMOVE SORT SPOP SREM SUNIONSTORE
    SWAPDB UNLINK XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XREADGROUP XSETID XTRIM ZADD ZDIFFSTORE
    ZINCRBY ZINTERSTORE ZMPOP ZPOPMAX ZPOPMIN ZRANGESTORE ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK
    ZREMRANGEBYSCORE ZUNIONSTORE
    """
)

#: Commands that a server carries out while it loads its data.
LOADING = _names(
    """
    AUTH CLIENT COMMAND DEBUG DISCARD ECHO EXEC HELLO INFO LASTSAVE MONITOR MULTI PSUBSCRIBE PUBLISH
    PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF RESET ROLE SELECT SHUTDOWN SPUBLISH SSUBSCRIBE
    SUBSCRIBE SUNSUBSCRIBE TIME UNSUBSCRIBE UNWATCH WATCH
    """
)

#: Commands that a replica carries out although it has lost its master.
STALE = LOADING | _names(
    "ACL CONFIG EVAL EVALSHA EVALSHA_RO EVAL_RO FAILOVER FCALL FCALL_RO REPLICAOF SLAVEOF"
)

#: Commands that have no key, which a cluster does not redirect.
KEYLESS = LOADING | _names(
    """
    ACL ASKING BGREWRITEAOF BGSAVE CLUSTER CONFIG DBSIZE FAILOVER FLUSHALL FLUSHDB FUNCTION KEYS
    LATENCY LOLWUT MODULE PFSELFTEST PING PSYNC PUBSUB RANDOMKEY REPLICAOF SAVE SCAN SCRIPT SLAVEOF
    SLOWLOG SWAPDB SYNC WAIT
    """
)

#: Commands of several keys, for which a cluster may be in the middle of a migration.
SEVERAL = _names(
    """
    BITOP BLMPOP BLPOP BRPOP BZMPOP BZPOPMAX BZPOPMIN COPY DEL EXISTS LMPOP MGET MSET MSETNX PFCOUNT
    PFMERGE RENAME RENAMENX SDIFF SDIFFSTORE SINTER SINTERCARD SINTERSTORE SMOVE SUNION SUNIONSTORE
    TOUCH UNLINK ZDIFF ZDIFFSTORE ZINTER ZINTERCARD ZINTERSTORE ZMPOP ZUNION ZUNIONSTORE
    """
)


def subjectAt(command: str, args: list[bytes]) -> int:
    """
    The index of the command's subject: its first key, otherwise its first argument.

    @param args: the arguments read so far, at least one; the first is the command's name.
    @return: an index.  If it is beyond C{args}, the arguments up to it are needed.
    """
    index = KEY_INDEXES.get(command)
    if index is not None:
        return index
    index = COUNTED.get(command)
    if index is not None:
        if len(args) <= index:
            return index
        return 1 if args[index] == b"0" else index + 1
    index = STREAMS.get(command)
    if index is not None:
        read = len(args)
        if read - 2 >= index and args[-2].upper() == b"STREAMS":
            return read - 1
        return read
    return 1


def subjectOf(command: str, args: list[bytes]) -> bytes:
    """
    The subject, if C{args} contains it, otherwise the first argument, otherwise C{b""}.
    """
    start = STREAMS.get(command)
    if start is not None:
        indexes = range(start + 1, len(args))
        index = next((at for at in indexes if args[at - 1].upper() == b"STREAMS"), 1)
    else:
        index = subjectAt(command, args)
    for at in (index, 1):
        if at < len(args):
            return args[at]
    return b""


#: Common commands that only read.
READING = _names(
    """
    BITCOUNT BITPOS DUMP EXISTS GEOPOS GEOSEARCH GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN
    HMGET HSCAN HVALS LINDEX LLEN LRANGE MGET PFCOUNT PTTL SCARD SDIFF SINTER SISMEMBER SMEMBERS
    SRANDMEMBER SSCAN STRLEN SUNION TTL TYPE XINFO XLEN XPENDING XRANGE XREAD XREVRANGE ZCARD ZCOUNT
    ZRANGE ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANK ZSCAN ZSCORE
    """
)

#: The names of all known commands.
KNOWN = WRITING | READING | STALE | KEYLESS
