"""A 200 comes after the disk said that it has the events: seen in the system calls of each of 1,000 requests."""

from __future__ import annotations

from collections import Counter

import httpx
from clients import batch, stored_ids
from tracing import calls, strace

from serving import served

REQUESTS = 1_000
SYNCS = ("fdatasync(", "fsync(")
WRITES = ("write(", "writev(", "sendto(", "sendmsg(")


def test_each_reply_follows_a_sync_of_its_own(tmp_path):
    trace = tmp_path / "trace"
    words = strace(trace, "-y", "-s", "16", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,write,writev,sendto,sendmsg")
    with served(tmp_path / "home", before=words) as server:
        key = server.key()
        server.start()
        sent = []
        with httpx.Client(auth=(key, ""), timeout=30) as http:
            for number in range(REQUESTS):
                ids, body = batch(f"r{number}", 1)
                assert http.post(f"{server.url}/v1/batch", json=body).status_code == 200
                sent += ids
        server.stop()
    since: Counter[int] = Counter()
    replies = []
    for thread, call in calls(trace):
        if call.startswith(SYNCS) and "shoal.db-wal>" in call and call.endswith("= 0"):
            since[thread] += 1
        elif call.startswith(WRITES) and "HTTP/1.1 200" in call:
            replies.append(since)
            since = Counter()
    replies = replies[-REQUESTS:]
    assert len(replies) == REQUESTS
    # The engine syncs too, on a thread of its own: one thread has to have synced before each of the replies.
    (committer, many), *_ = Counter(thread for each in replies for thread in each).most_common(1)
    assert many == REQUESTS, f"{REQUESTS - many} replies without a sync of thread {committer} before them"
    assert sorted(stored_ids(server.home)) == sorted(sent)
