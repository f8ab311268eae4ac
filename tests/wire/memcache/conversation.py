"""
Conversations with a real memcached 1.6.18, as they went over the wire.
"""

from __future__ import annotations

#: What was said in turn, by the conversation's name.
CONVERSATIONS: dict[str, list[tuple[str, bytes]]] = {
    "plain": [
        (
            "client",
            b"set k 5 0 5\r\nhello\r\n",
        ),
        (
            "backend",
            b"STORED\r\n",
        ),
        (
            "client",
            b"get k\r\n",
        ),
        (
            "backend",
            b"VALUE k 5 5\r\nhello\r\nEND\r\n",
        ),
        (
            "client",
            b"gets k absent k\r\n",
        ),
        (
            "backend",
            b"VALUE k 5 5 24\r\nhello\r\nVALUE k 5 5 24\r\nhello\r\nEND\r\n",
        ),
        (
            "client",
            b"get absent\r\n",
        ),
        (
            "backend",
            b"END\r\n",
        ),
        (
            "client",
            b"add k 0 0 1\r\nx\r\n",
        ),
        (
            "backend",
            b"NOT_STORED\r\n",
        ),
        (
            "client",
            b"append k 0 0 2\r\n!!\r\nprepend k 0 0 2 noreply\r\n<<\r\nget k\r\n",
        ),
        (
            "backend",
            b"STORED\r\nVALUE k 5 9\r\n<<hello!!\r\nEND\r\n",
        ),
        (
            "client",
            b"cas k 0 0 1 999\r\nx\r\n",
        ),
        (
            "backend",
            b"EXISTS\r\n",
        ),
        (
            "client",
            b"set n 0 0 2\r\n41\r\nincr n 1\r\ndecr n 50\r\nincr absent 1\r\nincr k 1\r\n",
        ),
        (
            "backend",
            b"STORED\r\n42\r\n0\r\nNOT_FOUND\r\n"
            b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
        ),
        (
            "client",
            b"touch k 100\r\ntouch absent 1\r\ngat 100 k\r\ngats 0 k n\r\n",
        ),
        (
            "backend",
            b"TOUCHED\r\nNOT_FOUND\r\nVALUE k 5 9\r\n<<hello!!\r\nEND\r\nVALUE k 5 9 26\r\n"
            b"<<hello!!\r\nVALUE n 0 2 29\r\n0 \r\nEND\r\n",
        ),
        (
            "client",
            b"delete k\r\ndelete k\r\ndelete n noreply\r\n",
        ),
        (
            "backend",
            b"DELETED\r\nNOT_FOUND\r\n",
        ),
        (
            "client",
            b"verbosity 1\r\nversion\r\n",
        ),
        (
            "backend",
            b"OK\r\nVERSION 1.6.18\r\n",
        ),
        (
            "client",
            b"set big 0 0 3000\r\n" + b"y" * 3000 + b"\r\nget big\r\n",
        ),
        (
            "backend",
            b"STORED\r\nVALUE big 0 3000\r\n" + b"y" * 3000 + b"\r\nEND\r\n",
        ),
        (
            "client",
            b"set k 0 0 3\r\n\r\n\r\r\nget k\n",
        ),
        (
            "backend",
            b"STORED\r\nVALUE k 0 3\r\n\r\n\r\r\nEND\r\n",
        ),
        (
            "client",
            b"bogus\r\n\r\n",
        ),
        (
            "backend",
            b"ERROR\r\nERROR\r\n",
        ),
        (
            "client",
            b"set k 0 0 x\r\nset " + b"k" * 251 + b" 0 0 5\r\nhello\r\n",
        ),
        (
            "backend",
            b"CLIENT_ERROR bad command line format\r\n"
            b"CLIENT_ERROR bad command line format\r\nERROR\r\n",
        ),
        (
            "client",
            b"set k 0 0 5\r\nhelloXXget k\r\n",
        ),
        (
            "backend",
            b"CLIENT_ERROR bad data chunk\r\nVALUE k 0 3\r\n\r\n\r\r\nEND\r\n",
        ),
        (
            "client",
            b"stats reset\r\nstats detail on\r\nstats items\r\nstats nonsense\r\n",
        ),
        (
            "backend",
            b"RESET\r\nOK\r\nSTAT items:1:number 3\r\nSTAT items:1:number_hot 0\r\n"
            b"STAT items:1:number_warm 1\r\nSTAT items:1:number_cold 2\r\n"
            b"STAT items:1:age_hot 0\r\nSTAT items:1:age_warm 0\r\nSTAT items:1:age 119\r\n"
            b"STAT items:1:mem_requested 185\r\nSTAT items:1:evicted 0\r\n"
            b"STAT items:1:evicted_nonzero 0\r\nSTAT items:1:evicted_time 0\r\n"
            b"STAT items:1:outofmemory 0\r\nSTAT items:1:tailrepairs 0\r\n"
            b"STAT items:1:reclaimed 0\r\nSTAT items:1:expired_unfetched 0\r\n"
            b"STAT items:1:evicted_unfetched 0\r\nSTAT items:1:evicted_active 0\r\n"
            b"STAT items:1:crawler_reclaimed 0\r\nSTAT items:1:crawler_items_checked 0\r\n"
            b"STAT items:1:lrutail_reflocked 0\r\nSTAT items:1:moves_to_cold 0\r\n"
            b"STAT items:1:moves_to_warm 0\r\nSTAT items:1:moves_within_lru 0\r\n"
            b"STAT items:1:direct_reclaims 0\r\nSTAT items:1:hits_to_hot 0\r\n"
            b"STAT items:1:hits_to_warm 0\r\nSTAT items:1:hits_to_cold 0\r\n"
            b"STAT items:1:hits_to_temp 0\r\nSTAT items:17:number 1\r\n"
            b"STAT items:17:number_hot 0\r\nSTAT items:17:number_warm 0\r\n"
            b"STAT items:17:number_cold 1\r\nSTAT items:17:age_hot 0\r\n"
            b"STAT items:17:age_warm 0\r\nSTAT items:17:age 0\r\n"
            b"STAT items:17:mem_requested 3062\r\nSTAT items:17:evicted 0\r\n"
            b"STAT items:17:evicted_nonzero 0\r\nSTAT items:17:evicted_time 0\r\n"
            b"STAT items:17:outofmemory 0\r\nSTAT items:17:tailrepairs 0\r\n"
            b"STAT items:17:reclaimed 0\r\nSTAT items:17:expired_unfetched 0\r\n"
            b"STAT items:17:evicted_unfetched 0\r\nSTAT items:17:evicted_active 0\r\n"
            b"STAT items:17:crawler_reclaimed 0\r\n"
            b"STAT items:17:crawler_items_checked 0\r\n"
            b"STAT items:17:lrutail_reflocked 0\r\nSTAT items:17:moves_to_cold 0\r\n"
            b"STAT items:17:moves_to_warm 0\r\nSTAT items:17:moves_within_lru 0\r\n"
            b"STAT items:17:direct_reclaims 0\r\nSTAT items:17:hits_to_hot 0\r\n"
            b"STAT items:17:hits_to_warm 0\r\nSTAT items:17:hits_to_cold 0\r\n"
            b"STAT items:17:hits_to_temp 0\r\nEND\r\nERROR\r\n",
        ),
        (
            "client",
            b"flush_all\r\nflush_all noreply\r\nmn\r\n",
        ),
        (
            "backend",
            b"OK\r\nMN\r\n",
        ),
        (
            "client",
            b"quit\r\n",
        ),
    ],
    "meta": [
        (
            "client",
            b"ms m 5 T0\r\nhello\r\n",
        ),
        (
            "backend",
            b"HD\r\n",
        ),
        (
            "client",
            b"mg m v k O1\r\nmg m t s\r\nmg none v\r\nmg m\r\n",
        ),
        (
            "backend",
            b"VA 5 km O1\r\nhello\r\nHD t-1 s5\r\nEN\r\nHD\r\n",
        ),
        (
            "client",
            b"mg m v k O1 q\r\nmg none k O2 q\r\nmg m k O3 q\r\nmn\r\n",
        ),
        (
            "backend",
            b"VA 5 km O1\r\nhello\r\nHD km O3\r\nMN\r\n",
        ),
        (
            "client",
            b"ms m 2 q k O4\r\nab\r\nms m 2 q ME k O5\r\nab\r\nms none 2 q MR O6 k\r\nab\r\nmn\r\n",
        ),
        (
            "backend",
            b"NS km O5\r\nNS O6 knone\r\nMN\r\n",
        ),
        (
            "client",
            b"md none q k O7\r\nmd m q k O8\r\nma none q k O9\r\nmn\r\n",
        ),
        (
            "backend",
            b"NF knone O7\r\nNF knone O9\r\nMN\r\n",
        ),
        (
            "client",
            b"ms c 1\r\n1\r\nma c\r\nma c v\r\nma c q\r\nmg c v\r\nmd c\r\nmd c\r\nme c\r\n"
            b"me m debug\r\n",
        ),
        (
            "backend",
            b"HD\r\nHD\r\nVA 1\r\n3\r\nVA 1\r\n4\r\nHD\r\nNF\r\nEN\r\nEN\r\n",
        ),
        (
            "client",
            b"mg x q\r\nmg y q\r\nget x\r\nmg x q\r\n",
        ),
        (
            "backend",
            b"END\r\n",
        ),
        (
            "client",
            b"ms m x\r\nms m 2 S3\r\nab\r\nmg\r\nmn\r\n",
        ),
        (
            "backend",
            b"CLIENT_ERROR bad command line format\r\nCLIENT_ERROR invalid flag\r\nERROR\r\nMN\r\n",
        ),
    ],
    "crawl": [
        (
            "client",
            b"set a 0 0 1\r\n1\r\nset b 0 0 1\r\n2\r\n",
        ),
        (
            "backend",
            b"STORED\r\nSTORED\r\n",
        ),
        (
            "client",
            b"lru_crawler metadump all\r\n",
        ),
        (
            "backend",
            b"key=a exp=-1 la=1795415250 cas=40 fetch=no cls=1 size=61\n"
            b"key=b exp=-1 la=1795415250 cas=41 fetch=no cls=1 size=61\nEND\r\n",
        ),
        (
            "client",
            b"version\r\n",
        ),
        (
            "backend",
            b"VERSION 1.6.18\r\n",
        ),
        (
            "client",
            b"watch\r\n",
        ),
        (
            "backend",
            b"OK\r\n",
        ),
        (
            "backend",
            b"ts=1795415250.130261 gid=5 type=item_get key=a status=found clsid=1 cfd=25 size=1\n",
        ),
    ],
}
