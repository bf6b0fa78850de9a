# SPDX-License-Identifier: BSL-1.0
"""mariadb_client.py ADDRESS WRITER_TOKEN READER_TOKEN ROUNDS MARIADBD MARIADB PLUGIN FOLDER

Somebody writes keys with one token, and at once MariaDB, which has the other, is to use them. Its data lie in
FOLDER while this runs. Prints, as one JSON object, how many tables could not be made because the key was not
there, how many keys were old ones after they had been changed, and the errors that are neither.
"""
import ctypes
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import hvac

MOST_TRIES = 1000
ENGINE = "InnoDB ENCRYPTED=YES ENCRYPTION_KEY_ID"
SECRET_TEXT = "a text that must not be found in a file"


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL) # PR_SET_PDEATHSIG


class Server:
    """mariadbd, and a client that is connected to it; without system tables, and so without users."""

    def __init__(self, address, token, mariadbd, mariadb, plugin, folder):
        base = os.path.dirname(os.path.dirname(mariadbd))
        self.process = subprocess.Popen(
            [mariadbd, "--no-defaults", f"--basedir={base}", f"--datadir={folder}", "--socket=socket",
             "--pid-file=pid", "--skip-networking", "--skip-grant-tables", "--innodb-use-native-aio=0",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-stats-persistent=0",
             f"--plugin-dir={os.path.dirname(plugin)}", "--plugin-load-add=hashicorp_key_management",
             f"--hashicorp-key-management-vault-url={address}/v1/versions",
             f"--hashicorp-key-management-token={token}",
             "--hashicorp-key-management-caching-enabled=off"]
            + (["--user=root"] if os.geteuid() == 0 else []),
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, preexec_fn=die_with_parent)
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            if "ready for connections" in line:
                break
        else:
            raise SystemExit("mariadbd does not start:\n" + "".join(self.log))
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
        self.client = subprocess.Popen(
            [mariadb, "--no-defaults", "--socket=socket", "--batch", "--skip-column-names", "--unbuffered",
             "--force"],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            bufsize=1, preexec_fn=die_with_parent)

    def ask(self, statement):
        """The lines that the statement gives, or its errors."""
        self.client.stdin.write(f"{statement};\nSELECT 'the end';\n")
        lines = []
        for line in self.client.stdout:
            if line == "the end\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit("mariadb ended:\n" + "\n".join(lines) + "".join(self.log))

    def stop(self):
        self.client.communicate("SHUTDOWN;\n")
        if self.process.wait() != 0:
            raise SystemExit("mariadbd ended badly:\n" + "".join(self.log))


class Keys:
    """Who writes them."""

    def __init__(self, address, token):
        self.kv = hvac.Client(url=address, token=token).secrets.kv.v2

    def write(self, key):
        self.kv.create_or_update_secret(str(key), {"data": secrets.token_hex(32)}, mount_point="versions")


def use_key(server, keys, key, seen):
    """A new key is used, and changed."""
    keys.write(key)
    table = f"shop.t{key}"
    for _ in range(MOST_TRIES):
        failure = server.ask(f"CREATE TABLE {table} (a TEXT) ENGINE={ENGINE}={key}")
        if not failure:
            break
        if f"{key} not available" not in " ".join(failure + server.ask("SHOW WARNINGS")):
            seen["errors"] += failure
            return
        seen["missing"] += 1
    else:
        raise SystemExit(f"{table} could not be made in {MOST_TRIES} tries")
    seen["errors"] += server.ask(f"INSERT INTO {table} VALUES ('{SECRET_TEXT}')")
    keys.write(key)
    version = server.ask("SELECT CURRENT_KEY_VERSION FROM information_schema.INNODB_TABLESPACES_ENCRYPTION "
                         f"WHERE NAME='shop/t{key}'")
    if version == ["1"]:
        seen["old"] += 1
    elif version != ["2"]:
        seen["errors"] += version


def main(address, writer_token, reader_token, rounds, mariadbd, mariadb, plugin, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    numbers = range(101, 101 + int(rounds))
    seen = {"keys": len(numbers), "missing": 0, "old": 0, "errors": []}
    try:
        server = Server(address, reader_token, mariadbd, mariadb, plugin, folder)
        keys = Keys(address, writer_token)
        seen["errors"] += server.ask("CREATE DATABASE shop")
        for key in numbers:
            use_key(server, keys, key, seen)
        server.stop()
        server = Server(address, reader_token, mariadbd, mariadb, plugin, folder)
        seen["read_again"] = sum(server.ask(f"SELECT a FROM shop.t{key}") == [SECRET_TEXT] for key in numbers)
        server.stop()
        files = Path(folder, "shop").iterdir()
        seen["in_clear"] = sum(SECRET_TEXT.encode() in file.read_bytes() for file in files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(seen))


main(*sys.argv[1:])
