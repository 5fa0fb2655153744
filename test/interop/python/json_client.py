"""What the Python client `etcd3gw`, over the JSON gateway, makes of a server: one line a thing asked."""
import sys
import threading

from etcd3gw.client import Etcd3Client


def lease(client):
    granted = client.lease(60)
    client.put("gw/leased", "1", lease=granted)
    return granted.ttl() > 50, granted.refresh(), granted.keys(), granted.revoke(), client.get("gw/leased")


def lock(client):
    with client.lock("gw", ttl=5) as held:
        return held.is_acquired()


def watch(client):
    threading.Timer(0.2, lambda: client.put("gw/w", "1")).start()
    event = client.watch_once("gw/w", timeout=10)
    return event["kv"]["key"], event["kv"]["value"]


asked = {
    "members": lambda client: [member["name"] for member in client.members()],
    "put": lambda client: client.put("gw/k", "v"),
    "get": lambda client: client.get("gw/k"),
    "prefix": lambda client: client.get_prefix("gw/"),
    "create": lambda client: (client.create("gw/new", "a"), client.create("gw/new", "a")),
    "replace": lambda client: (client.replace("gw/new", "a", "b"), client.replace("gw/new", "a", "b")),
    "lease": lease,
    "lock": lock,
    "watch": watch,
    "delete": lambda client: (client.delete("gw/k"), client.delete("gw/k"), client.delete_prefix("gw/")),
}
for path in ("/v3/", "/v3beta/"):
    client = Etcd3Client(port=int(sys.argv[1]), api_path=path)
    for name, ask in asked.items():
        try:
            answer = ask(client)
        except Exception as error:  # whatever it is, it must be the same
            answer = type(error).__name__, str(error)
        print(path, name, answer)
