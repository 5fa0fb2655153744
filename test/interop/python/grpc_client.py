"""What the Python client `etcd3` makes of a server: one line a thing asked, the same for every server."""
import io
import sys
import threading

import etcd3

client = etcd3.client(host="127.0.0.1", port=int(sys.argv[1]))


def later(work):
    threading.Timer(0.2, work).start()


def lease():
    granted = client.lease(60)
    client.put("py/leased", "1", lease=granted)
    kept = granted.refresh()[0].TTL
    keys = list(granted.keys)
    granted.revoke()
    return granted.granted_ttl, kept, keys, client.get("py/leased")[0]


def lock():
    with client.lock("py", ttl=5) as held:
        return held.is_acquired()


def watch():
    events, cancel = client.watch_prefix("py/w")
    later(lambda: (client.put("py/w1", "a"), client.delete("py/w1")))
    seen = [next(events), next(events)]
    cancel()
    return [(type(event).__name__, event.key, event.value) for event in seen]


def watch_once():
    later(lambda: client.put("py/once", "1"))
    return client.watch_once("py/once", timeout=10).value


def transaction():
    at = client.transactions
    done, answers = client.transaction(
        compare=[at.value("py/k") == "v", at.version("py/none") == 0],
        success=[at.put("py/k", "w"), at.get("py/k")],
        failure=[at.delete("py/k")],
    )
    return done, answers[1][0][0]


def snapshot():
    file = io.BytesIO()
    client.snapshot(file)
    return len(file.getvalue()) % 512


asked = {
    "put": lambda: client.put("py/k", "v").prev_kv.value,
    "get": lambda: client.get("py/k")[0],
    "prefix": lambda: [(value, meta.key) for value, meta in client.get_prefix("py/", sort_order="descend")],
    "transaction": transaction,
    "replace": lambda: client.replace("py/k", "w", "x"),
    "put if not exists": lambda: client.put_if_not_exists("py/k", "y"),
    "lease": lease,
    "lock": lock,
    "watch": watch,
    "watch once": watch_once,
    "members": lambda: [member.name for member in client.members],
    "leader": lambda: client.status().leader.name,
    "alarms": lambda: list(client.list_alarms()),
    "compact": lambda: client.compact(2),
    "compact again": lambda: client.compact(2),
    "defragment": lambda: client.defragment(),
    "snapshot": snapshot,
    "delete": lambda: client.delete_prefix("py/").deleted,
}
for name, ask in asked.items():
    try:
        print(name, ask())
    except Exception as error:  # whatever it is, it must be the same
        print(name, type(error).__name__, error)
