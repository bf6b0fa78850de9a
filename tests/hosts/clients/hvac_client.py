# SPDX-License-Identifier: BSL-1.0
"""hvac_client.py ADDRESS USER PASSWORD ROUNDS: logs in, and then reads whatever it has just written.

Prints, as one JSON object, how many reads there were; how often old values were seen, or led to a write that
failed; how many requests were refused, for want of a state or of a token; and the errors that are neither.
"""
import json
import sys

import hvac
import requests
from hvac.exceptions import InvalidPath, VaultError

MISSING = "missing"
OUTDATED = "outdated"
REFUSALS = (403, 412, 429)
MOST_TRIES = 10000


class Tally:
    """Counts, over all clients of this program."""

    def __init__(self):
        self.reads = self.stale = self.refused = 0
        self.errors = []
        self.status = 0
        self.session = requests.Session()
        self.session.hooks["response"].append(self.see)

    def see(self, answer, *_args, **_kwargs):
        self.status = answer.status_code

    def client(self, address, token=None):
        return hvac.Client(url=address, token=token, session=self.session)

    def ask(self, call, *args, **kwargs):
        """What the call gives. MISSING: nothing is there; OUTDATED: something newer is; None: it failed."""
        try:
            return call(*args, **kwargs)
        except InvalidPath:
            return MISSING
        except VaultError as error:
            if "check-and-set" in str(error):
                return OUTDATED
            if self.status in REFUSALS:
                self.refused += 1
            else:
                self.errors.append(f"{self.status}: {error}")
            return None

    def insist(self, call, *args, **kwargs):
        """Asks until the call has done what it is to do."""
        for _ in range(MOST_TRIES):
            answer = self.ask(call, *args, **kwargs)
            if answer in (MISSING, OUTDATED):
                self.stale += 1
            elif answer is not None:
                return answer
        raise SystemExit(f"Nothing came of it in {MOST_TRIES} tries; {self.errors[:3]}")

    def expect(self, is_newest, answer):
        """Of a read: None was refused, and is counted already."""
        self.reads += 1
        if answer is not None and not is_newest(answer):
            self.stale += 1


def plain_values(tally, client, number):
    """KV version 1: write and read, list, delete and read."""
    kv = client.secrets.kv.v1
    tally.insist(kv.create_or_update_secret, "settings", {"number": number}, mount_point="kv")
    tally.expect(lambda got: got != MISSING and got["data"]["number"] == number,
                 tally.ask(kv.read_secret, "settings", mount_point="kv"))

    name = f"item{number}"
    tally.insist(kv.create_or_update_secret, f"list/{name}", {"a": "b"}, mount_point="kv")
    tally.expect(lambda got: got != MISSING and name in got["data"]["keys"],
                 tally.ask(kv.list_secrets, "list", mount_point="kv"))
    tally.insist(kv.delete_secret, f"list/{name}", mount_point="kv")
    tally.expect(lambda got: got == MISSING, tally.ask(kv.read_secret, f"list/{name}", mount_point="kv"))


def counted_versions(tally, client, number):
    """KV version 2: a counter that is read, and written only if nobody wrote it since."""
    kv = client.secrets.kv.v2

    def increment():
        got = kv.read_secret_version("counter", mount_point="versions")["data"]
        kv.create_or_update_secret("counter", {"count": got["data"]["count"] + 1},
                                   cas=got["metadata"]["version"], mount_point="versions")
        return True

    tally.insist(increment)
    tally.expect(lambda got: got != MISSING and got["data"]["data"]["count"] == number,
                 tally.ask(kv.read_secret_version, "counter", mount_point="versions"))


def fresh_token(tally, client, address):
    """A token is used at once."""
    made = tally.insist(client.auth.token.create, policies=["everything"])
    other = tally.client(address, made["auth"]["client_token"])
    tally.ask(other.auth.token.lookup_self)


def main(address, user, password, rounds):
    tally = Tally()
    client = tally.client(address)
    client.auth.userpass.login(username=user, password=password)
    tally.insist(client.secrets.kv.v2.create_or_update_secret, "counter", {"count": 0},
                 mount_point="versions")
    for number in range(1, int(rounds) + 1):
        plain_values(tally, client, number)
        counted_versions(tally, client, number)
        fresh_token(tally, client, address)
    print(json.dumps({"reads": tally.reads, "stale": tally.stale, "refused": tally.refused,
                      "errors": tally.errors}))


main(*sys.argv[1:])
